/* What programs for this processor are, and what they are told of it. */
#ifndef ARCH_ELF_H
#define ARCH_ELF_H

#define ARCH_ELF_MACHINE  183 /* EM_AARCH64 */
#define ARCH_ELF_PLATFORM "aarch64"

/** arch_hwcap(), arch_hwcap2() - AT_HWCAP and AT_HWCAP2, from the ID registers. */
uint64_t arch_hwcap(void);
uint64_t arch_hwcap2(void);

#endif
