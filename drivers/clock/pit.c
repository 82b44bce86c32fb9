/* The 8254 programmable interval timer, as the yardstick for counters whose speed nobody states (Intel 8254 data
 * sheet). Channel 0 counts down at 1,193,182 Hz, interrupts at zero and goes on counting: the processor sleeps until
 * then, and what has passed is read from the counter itself, however late the interrupt was served. x86 only. */
#include <arch/apic.h>
#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <arch/port.h>
#include <core/irq.h>
#include <drivers/clock/pit.h>

COMPONENT("pit", "8254 timer, to measure other clocks by");

#define PIT_CHANNEL0 0x40
#define PIT_COMMAND  0x43
#define PIT_ONE_SHOT 0x30 /* channel 0, both bytes, mode 0 */
#define PIT_LATCH    0x00
#define PIT_HZ       1193182u

#define WINDOW_TICKS (PIT_HZ / 500)
#define ALIVE_TRIES  1000u

/* Line 0 of the old controllers arrives at pin 2 of the I/O APIC on most machines, at pin 0 on some. */
static const unsigned pit_lines[] = { 0, 2 };

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

static struct moment moment_now(void)
{
	struct moment m;
	uint64_t before = rdtsc();

	m.pit = pit_count();
	m.tsc = before + (rdtsc() - before) / 2;
	m.apic = apic_timer_count();
	return m;
}

static bool pit_counts(void)
{
	uint16_t first = pit_count();

	for (unsigned tries = 0; tries < ALIVE_TRIES; tries++)
		if (pit_count() != first)
			return true;
	return false;
}

/* Let the window pass. If no interrupt comes, because nothing routes it here, the APIC timer's ends the wait. */
static void sleep_through_window(void)
{
	bool fired = false;
	struct irq_handler handlers[ARRAY_SIZE(pit_lines)];

	for (unsigned i = 0; i < ARRAY_SIZE(pit_lines); i++) {
		handlers[i] = (struct irq_handler){ .handle = pit_interrupt, .data = &fired };
		(void)irq_request(pit_lines[i], IRQ_EDGE, &handlers[i]);
	}
	irq_disable();
	while (!READ_ONCE(fired) && apic_timer_count() != 0) {
		arch_wait_for_interrupt();
		irq_disable();
	}
	irq_enable();
	for (unsigned i = 0; i < ARRAY_SIZE(pit_lines); i++)
		irq_release(pit_lines[i], &handlers[i]);
}

const struct measured *pit_measure(void)
{
	static struct measured result;
	struct moment first, last;
	uint32_t ticks;

	if (result.tsc_hz || !apic_present())
		return &result;
	outb(PIT_COMMAND, PIT_ONE_SHOT);
	outb(PIT_CHANNEL0, WINDOW_TICKS & 0xff);
	outb(PIT_CHANNEL0, WINDOW_TICKS >> 8);
	if (!pit_counts())
		return &result; /* no PIT here */
	apic_timer_set(UINT32_MAX);
	first = moment_now();
	sleep_through_window();
	last = moment_now();
	apic_timer_set(0);
	ticks = (uint16_t)(first.pit - last.pit);
	result.tsc_hz = (last.tsc - first.tsc) * PIT_HZ / ticks;
	result.apic_timer_hz = (uint64_t)(first.apic - last.apic) * PIT_HZ / ticks;
	return &result;
}
