/* The local APIC's timer, told the moment by the time-stamp counter (Intel SDM 3A, 10.5.4.1): exact, and one write to arm,
 * however far. Where a processor or hypervisor offers it; each processor has its own. x86 only. */
#include <arch/apic.h>
#include <arch/cpu.h>
#include <core/clock.h>
#include <drivers/clock/tsc.h>

COMPONENT("tsc-deadline", "local APIC timer by the time-stamp counter");

#define CPUID_DEADLINE (1u << 24) /* 1 ecx */

static uint64_t ticks_a_ns __sealed; /* times 2^32 */

static uint64_t tsc_deadline_probe(void)
{
	uint64_t hz = apic_timer_present() && cpuid(1, 0).ecx & CPUID_DEADLINE ? tsc_hz() : 0;

	ticks_a_ns = (hz << 28) / NSEC_PER_SEC << 4;
	return hz;
}

static void tsc_deadline_arm(uint64_t delta_ns)
{
	uint64_t ticks = (uint64_t)((unsigned __int128)delta_ns * ticks_a_ns >> 32);

	/* Never is far beyond what the counter reaches; 0 would disarm. */
	wrmsr(MSR_TSC_DEADLINE, ticks > INT64_MAX ? INT64_MAX : rdtsc() + ticks);
}

SET_ENTRY(clockevent, tsc_deadline, struct clockevent) = {
	"tsc-deadline", tsc_deadline_probe, apic_timer_deadline, tsc_deadline_arm, .rating = 150,
};
