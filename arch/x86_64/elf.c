/* What a program is told of the processor (Linux: asm/elf.h, asm/hwcap2.h). */
#include <arch/cpu.h>
#include <arch/elf.h>

COMPONENT("cpu", "the processor: set-up, threads' registers, system call entry");

uint64_t arch_hwcap(void)
{
	return cpu_features.hwcap;
}

uint64_t arch_hwcap2(void)
{
	return cpu_features.hwcap2;
}
