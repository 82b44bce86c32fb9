/* The 8254 programmable interval timer, as the yardstick for counters whose speed nobody states (Intel 8254 data
 * sheet). Channel 0 counts down once from 65535 at 1,193,182 Hz; its interrupt is masked. x86 only. */
#include <arch/apic.h>
#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <arch/port.h>
#include <core/log.h>
#include <drivers/clock/pit.h>

COMPONENT("pit", "8254 timer, to measure other clocks by");

#define PIT_CHANNEL0 0x40
#define PIT_COMMAND  0x43
#define PIT_ONE_SHOT 0x30 /* channel 0, both bytes, mode 0 */
#define PIT_LATCH    0x00
#define PIT_HZ       1193182u

#define WINDOW_TICKS (PIT_HZ / 500)
#define TRIES_MAX    1000000u

static uint16_t pit_count(void)
{
	uint8_t low;

	outb(PIT_COMMAND, PIT_LATCH);
	low = inb(PIT_CHANNEL0);
	return (uint16_t)(inb(PIT_CHANNEL0) << 8 | low);
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
	m.apic = apic_present() ? apic_timer_count() : 0;
	return m;
}

const struct measured *pit_measure(void)
{
	static struct measured result;
	struct moment first, last;
	uint32_t ticks;
	irqflags_t flags;

	if (result.tsc_hz)
		return &result;
	flags = irq_save();
	if (apic_present())
		apic_timer_set(UINT32_MAX);
	outb(PIT_COMMAND, PIT_ONE_SHOT);
	outb(PIT_CHANNEL0, 0xff);
	outb(PIT_CHANNEL0, 0xff);
	(void)pit_count(); /* counting starts with the clock's next pulse */
	first = moment_now();
	for (unsigned tries = 0; tries < TRIES_MAX; tries++) {
		last = moment_now();
		if ((uint16_t)(first.pit - last.pit) >= WINDOW_TICKS)
			break;
	}
	if (apic_present())
		apic_timer_set(0);
	irq_restore(flags);
	ticks = (uint16_t)(first.pit - last.pit);
	if (ticks < WINDOW_TICKS)
		return &result; /* no PIT here */
	result.tsc_hz = (last.tsc - first.tsc) * PIT_HZ / ticks;
	result.apic_timer_hz = (uint64_t)(first.apic - last.apic) * PIT_HZ / ticks;
	return &result;
}
