/* The HPET's first comparator as clock event, for all processors (IA-PC HPET 1.0a, 2.3.8): where the local APIC has no
 * timer that can be used. Its interrupt takes the place of the PIT's ("legacy replacement", 2.4.4). x86 only.
 *
 * Left out: HPETs without that, and a comparator with messages for each processor, which QEMU's does not have by itself. */
#include <core/irq.h>
#include <drivers/clock/hpet.h>
#include <drivers/clock/shared_timer.h>

COMPONENT("hpet", "HPET as clock and as timer");

#define LEAST_TICKS 16u /* it must not count past the moment while that is written */

static uint64_t ticks_a_ns __sealed; /* times 2^32 */

static uint64_t hpet_timer_probe(void)
{
	uint64_t hz = hpet_find();

	if (!hz || !(hpet_get(HPET_CAPABILITIES) & HPET_CAPABLE_OLD_LINES) ||
	    !(hpet_get(HPET_TIMER0_CONFIGURATION) & HPET_TIMER_CAPABLE_64_BITS))
		return 0;
	ticks_a_ns = (hz << 32) / NSEC_PER_SEC;
	return hz;
}

static void arm(uint64_t delta_ns)
{
	uint64_t ticks = (uint64_t)((unsigned __int128)MIN(delta_ns, (uint64_t)INT64_MAX) * ticks_a_ns >> 32) + 1, moment;

	for (ticks = MAX(ticks, (uint64_t)LEAST_TICKS);; ticks *= 2) {
		moment = hpet_read() + ticks;
		/* It may interrupt in between, too early: then it is armed again. */
		hpet_put(HPET_TIMER0_COMPARATOR + 4, (uint32_t)(moment >> 32));
		hpet_put(HPET_TIMER0_COMPARATOR, (uint32_t)moment);
		if ((int64_t)(moment - hpet_read()) > 0)
			return;
	}
}

static void hpet_timer_start(void)
{
	static struct irq_handler handler = { .handle = shared_timer_interrupt, .name = "timer" };
	static bool started;
	uint32_t config;

	if (started)
		return; /* by the first processor */
	started = true;
	shared_timer_start(arm);
	config = hpet_get(HPET_TIMER0_CONFIGURATION);
	config &= ~(HPET_TIMER_LEVEL | HPET_TIMER_PERIODIC | HPET_TIMER_32_BITS | HPET_TIMER_MESSAGES);
	(void)irq_request(irq_isa(0), IRQ_EDGE, &handler); /* fails where nothing interrupts */
	hpet_put(HPET_TIMER0_COMPARATOR + 4, UINT32_MAX);
	hpet_put(HPET_TIMER0_CONFIGURATION, config | HPET_TIMER_INTERRUPTS);
	hpet_put(HPET_CONFIGURATION, hpet_get(HPET_CONFIGURATION) | HPET_OLD_LINES);
}

SET_ENTRY(clockevent, hpet_timer, struct clockevent) = {
	"hpet", hpet_timer_probe, hpet_timer_start, shared_timer_set, .rating = 50,
};
