/* The relocation that means "no change, but keep the symbol" (psABI x86-64, 4.4.1). */
#ifndef ARCH_RELOC_H
#define ARCH_RELOC_H
#define ARCH_RELOC_NONE "R_X86_64_NONE"
#endif
