/* The 8254 programmable interval timer, as the yardstick for counters whose speed nobody states (Intel 8254 data
 * sheet). Channel 0 counts down at 1,193,182 Hz, interrupts at zero and goes on counting: the processor sleeps until
 * then, and what has passed is read from the counter itself, however late the interrupt was served. x86 only. */
#include <arch/apic.h>
#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <arch/port.h>
#include <drivers/clock/measure.h>
#include <drivers/clock/pit.h>

COMPONENT("pit", "8254 timer, to measure other clocks by");

#define WINDOW_TICKS (PIT_HZ / 1000)
#define TRIES_MAX    8u
#define APIC_ALARM   50000000u /* ticks: some ten to hundred milliseconds */
#define ALIVE_TRIES  1000u

static uint16_t pit_count(void)
{
	uint8_t low;

	outb(PIT_COMMAND, PIT_LATCH);
	low = inb(PIT_CHANNEL0);
	return (uint16_t)(inb(PIT_CHANNEL0) << 8 | low);
}

static bool pit_interrupt(void *fired)
{
	WRITE_ONCE(*(bool *)fired, true);
	return true;
}

/* The counters at one moment: the PIT is read between two readings of the TSC. */
struct moment {
	uint16_t pit;
	uint64_t tsc;
	uint32_t apic;
};

/* The closest of three: the emulator of a busy host may stop us between two readings. */
static struct moment moment_now(void)
{
	struct moment best = { .pit = 0 };
	uint64_t best_gap = UINT64_MAX;

	for (unsigned i = 0; i < 3; i++) {
		uint64_t before = rdtsc(), gap;
		uint16_t pit = pit_count();
		uint32_t apic = apic_timer_count();

		gap = rdtsc() - before;
		if (gap < best_gap) {
			best_gap = gap;
			best = (struct moment){ pit, before + gap / 2, apic };
		}
	}
	return best;
}

bool pit_counts(void)
{
	uint16_t first = pit_count();

	for (unsigned tries = 0; tries < ALIVE_TRIES; tries++)
		if (pit_count() != first)
			return true;
	return false;
}

/* One window. An interrupt that came before it, or none, because nothing routes it here, makes it unusable or long;
 * the APIC timer ends the sleep at the latest. */
static struct measured measure_once(bool *fired)
{
	struct moment first, last;
	uint16_t ticks;

	outb(PIT_COMMAND, PIT_ONE_SHOT);
	outb(PIT_CHANNEL0, WINDOW_TICKS & 0xff);
	outb(PIT_CHANNEL0, WINDOW_TICKS >> 8);
	WRITE_ONCE(*fired, false);
	apic_timer_one_shot();
	apic_timer_set(APIC_ALARM);
	if (!pit_counts())
		return (struct measured){ 0, 0 };
	first = moment_now();
	irq_disable();
	while (!READ_ONCE(*fired) && (uint16_t)(first.pit - pit_count()) < first.pit && apic_timer_count() != 0) {
		arch_wait_for_interrupt();
		irq_disable();
	}
	irq_enable();
	last = moment_now();
	ticks = MAX((uint16_t)(first.pit - last.pit), (uint16_t)1);
	return (struct measured){ (last.tsc - first.tsc) * PIT_HZ / ticks,
				  (uint64_t)(first.apic - last.apic) * PIT_HZ / ticks };
}

void pit_connect(struct irq_handler handlers[PIT_LINES], bool (*handle)(void *data), void *data)
{
	for (unsigned i = 0; i < PIT_LINES; i++) {
		handlers[i] = (struct irq_handler){ .handle = handle, .data = data, .name = "timer" };
		(void)irq_request(pit_lines[i], IRQ_EDGE, &handlers[i]); /* fails for the one that is not there */
	}
}

static bool agree(const struct measured *a, const struct measured *b)
{
	uint64_t more = MAX(a->tsc_hz, b->tsc_hz), less = MIN(a->tsc_hz, b->tsc_hz);

	return more - less < more / 1000;
}

struct measured pit_measure(void)
{
	struct irq_handler handlers[PIT_LINES];
	struct measured before, result;
	bool fired;

	pit_connect(handlers, pit_interrupt, &fired);
	/* A window that a busy host stretched beyond the counter's range is wrong, and no other is wrong alike. */
	result = measure_once(&fired);
	for (unsigned tries = 0; tries < TRIES_MAX && result.tsc_hz; tries++) {
		before = result;
		result = measure_once(&fired);
		if (agree(&before, &result))
			break;
	}
	apic_timer_set(0);
	for (unsigned i = 0; i < PIT_LINES; i++)
		irq_release(pit_lines[i], &handlers[i]);
	return result;
}
