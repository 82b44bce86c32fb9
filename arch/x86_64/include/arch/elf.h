/* What programs for this processor are, and what they are told of it. */
#ifndef ARCH_ELF_H
#define ARCH_ELF_H

#define ARCH_ELF_MACHINE  62 /* EM_X86_64 */
#define ARCH_ELF_PLATFORM "x86_64"

/** arch_hwcap() - AT_HWCAP: CPUID leaf 1, EDX. arch_hwcap2() - AT_HWCAP2. */
uint64_t arch_hwcap(void);
uint64_t arch_hwcap2(void);

#endif
