/* The time-stamp counter as a clock (Intel SDM 3B, 18.17). Its frequency, in this order: CPUID leaf 0x15, a
 * hypervisor's leaf 0x40000010 (VMware's, also KVM's and Xen's way), KVM's clock, Xen's, measured (measure.c). x86 only.
 *
 * Trusted is a counter that runs at one speed always and stops never, as CPUID 0x80000007 says; others only for want of better. */
#include <arch/cpu.h>
#include <core/clock.h>
#include <drivers/clock/kvm_clock.h>
#include <drivers/clock/measure.h>
#include <drivers/clock/tsc.h>
#include <drivers/xen/clock.h>

COMPONENT("tsc", "time-stamp counter as clock");

static uint64_t stated_hz(void)
{
	struct cpuid c;

	if (cpuid(0, 0).eax >= 0x15) {
		c = cpuid(0x15, 0);
		if (c.eax && c.ebx && c.ecx)
			return (uint64_t)c.ecx * c.ebx / c.eax;
		/* The crystal is not told: then the nominal clock is, in MHz, and the counter runs at it. */
		if (c.eax && c.ebx && cpuid(0, 0).eax >= 0x16 && cpuid(0x16, 0).eax)
			return cpuid(0x16, 0).eax * 1000000ull;
	}
	if (cpuid(1, 0).ecx >> 31) {
		c = cpuid(0x40000000, 0);
		if (c.eax >= 0x40000010)
			return cpuid(0x40000010, 0).eax * 1000ull;
	}
	return kvm_clock_tsc_hz() ?: xen_clock_tsc_hz();
}

uint64_t tsc_hz(void)
{
	static uint64_t hz;

	if (!hz)
		hz = stated_hz();
	if (!hz)
		hz = measured_speeds()->tsc_hz;
	return hz;
}

static bool tsc_trusted(void)
{
	return cpu_features.invariant_tsc;
}

SET_ENTRY(clocksource, tsc, struct clocksource) = {
	"tsc", rdtsc, tsc_hz, .trusted = tsc_trusted, .rating = 300, .flags = CLOCKSOURCE_VDSO,
};
