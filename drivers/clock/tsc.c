/* The time-stamp counter as a clock (Intel SDM 3B, 18.17). Its frequency, in this order: CPUID leaf 0x15, a
 * hypervisor's leaf 0x40000010 (VMware's, also KVM's and Xen's way), measured (measure.c). x86 only. */
#include <arch/cpu.h>
#include <core/clock.h>
#include <drivers/clock/measure.h>

COMPONENT("tsc", "time-stamp counter as clock");

static uint64_t stated_hz(void)
{
	struct cpuid c;

	if (cpuid(0, 0).eax >= 0x15) {
		c = cpuid(0x15, 0);
		if (c.eax && c.ebx && c.ecx)
			return (uint64_t)c.ecx * c.ebx / c.eax;
	}
	if (cpuid(1, 0).ecx >> 31) {
		c = cpuid(0x40000000, 0);
		if (c.eax >= 0x40000010)
			return cpuid(0x40000010, 0).eax * 1000ull;
	}
	return 0;
}

static uint64_t tsc_probe(void)
{
	uint64_t hz = stated_hz();

	return hz ? hz : measured_speeds()->tsc_hz;
}

SET_ENTRY(clocksource, tsc, struct clocksource) = {
	"tsc", rdtsc, tsc_probe, .rating = 300, .flags = CLOCKSOURCE_VDSO,
};
