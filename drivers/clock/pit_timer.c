/* The 8254's channel 0 as clock event, one-shot, for all processors: the last resort. It counts for 55 ms at most, so that a
 * machine which sleeps longer is woken meanwhile; one that waits for no time is not. Two port writes to arm. x86 only. */
#include <arch/port.h>
#include <drivers/clock/pit.h>
#include <drivers/clock/shared_timer.h>

COMPONENT("pit-timer", "8254 timer, where there is no other");

static void arm(uint64_t delta_ns)
{
	uint64_t most_ns = UINT16_MAX * NSEC_PER_SEC / PIT_HZ;
	uint32_t ticks = delta_ns >= most_ns ? UINT16_MAX : (uint32_t)(delta_ns * PIT_HZ / NSEC_PER_SEC) + 1;

	/* In mode 0 the first byte stops it, the second starts it anew. */
	outb(PIT_CHANNEL0, (uint8_t)ticks);
	outb(PIT_CHANNEL0, (uint8_t)(ticks >> 8));
}

static uint64_t pit_timer_probe(void)
{
	outb(PIT_COMMAND, PIT_ONE_SHOT);
	arm(UINT64_MAX);
	return pit_counts() ? PIT_HZ : 0;
}

static void pit_timer_start(void)
{
	static struct irq_handler handlers[PIT_LINES];
	static bool started;

	if (started)
		return; /* by the first processor */
	started = true;
	shared_timer_start(arm);
	outb(PIT_COMMAND, PIT_ONE_SHOT);
	pit_connect(handlers, shared_timer_interrupt, NULL);
}

SET_ENTRY(clockevent, pit_timer, struct clockevent) = {
	"pit", pit_timer_probe, pit_timer_start, shared_timer_set, .rating = 20,
};
