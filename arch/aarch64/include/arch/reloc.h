/* The relocation that means "no change, but keep the symbol" (ELF for the Arm 64-bit architecture, 5.7.3). */
#ifndef ARCH_RELOC_H
#define ARCH_RELOC_H
#define ARCH_RELOC_NONE "R_AARCH64_NONE"
#endif
