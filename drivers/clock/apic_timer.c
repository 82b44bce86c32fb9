/* The local APIC's timer as clock event, one-shot (Intel SDM 3A, 10.5.4), its speed known or measured (measure.c). x86 only.
 *
 * Its clock is divided by 128: a nanosecond clock then counts steps of 128 ns, and for nine minutes. Not divided, it would
 * wake a machine that sleeps for longer than four seconds. */
#include <arch/apic.h>
#include <core/clock.h>
#include <drivers/clock/measure.h>

COMPONENT("apic-timer", "local APIC timer");

static uint64_t ticks_a_ns __sealed; /* times 2^32 */

static uint64_t apic_timer_probe(void)
{
	uint64_t hz = apic_timer_present() ? measured_speeds()->apic_timer_hz / APIC_TIMER_SLOW : 0;

	ticks_a_ns = (hz << 32) / NSEC_PER_SEC;
	return hz;
}

static void apic_timer_start(void)
{
	apic_timer_one_shot();
	apic_timer_divide(true);
}

static void apic_timer_arm(uint64_t delta_ns)
{
	uint64_t ticks = (uint64_t)((unsigned __int128)delta_ns * ticks_a_ns >> 32) + 1;

	/* A moment that is too far takes several interrupts: each programs the rest (core/timer.c). */
	apic_timer_set((uint32_t)MIN(ticks, (uint64_t)UINT32_MAX));
}

SET_ENTRY(clockevent, apic_timer, struct clockevent) = {
	"lapic", apic_timer_probe, apic_timer_start, apic_timer_arm, .rating = 100,
};
