/* The local APIC's timer as clock event, one-shot (Intel SDM 3A, 10.5.4), its speed known or measured (measure.c). x86 only. */
#include <arch/apic.h>
#include <core/clock.h>
#include <drivers/clock/measure.h>

COMPONENT("apic-timer", "local APIC timer");

static uint64_t hz;

static uint64_t apic_timer_probe(void)
{
	hz = apic_present() ? measured_speeds()->apic_timer_hz : 0;
	return hz;
}

static void apic_timer_start(void)
{
	apic_timer_one_shot();
}

static void apic_timer_arm(uint64_t delta_ns)
{
	uint64_t ticks = delta_ns >= NSEC_PER_SEC ? hz : delta_ns * hz / NSEC_PER_SEC;

	/* A far moment takes several interrupts: each programs the rest (core/timer.c). */
	apic_timer_set((uint32_t)MIN(MAX(ticks, 1ul), (uint64_t)UINT32_MAX));
}

SET_ENTRY(clockevent, apic_timer, struct clockevent) = {
	"apic-timer", apic_timer_probe, apic_timer_start, apic_timer_arm, .rating = 100,
};
