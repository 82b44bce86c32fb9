/* The speed of the TSC, where nobody states it: against the local APIC's timer where the hypervisor is one whose timer
 * counts nanoseconds (QEMU's emulation, KVM), else both against the PIT. x86 only.
 *
 * The timer runs in periods of a millisecond, and the processor sleeps until one ends. Reading it is one access, where
 * each reading of the PIT is three. How many periods a busy host slept through, a second and short window tells.
 */
#include <arch/apic.h>
#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <core/clock.h>
#include <drivers/clock/measure.h>

COMPONENT("tsc", "time-stamp counter as clock");

#define PERIOD_NS    1000000u
#define PERIODS_MOST 4u
#define READINGS     2u
#define SHORT_PAUSES 500u
#define TRIES_MAX    8u

/* Both counters at one moment; the timer counts down. */
struct moment {
	uint64_t tsc;
	uint32_t timer;
};

static bool timer_counts_ns(void)
{
	struct cpuid c = cpuid(1, 0);

	if (!(c.ecx >> 31))
		return false;
	c = cpuid(0x40000000, 0);
	return (c.ebx == 0x54474354 && c.ecx == 0x43544743 && c.edx == 0x47435447) || /* "TCGTCGTCGTCG" */
	       (c.ebx == 0x4b4d564b && c.ecx == 0x564b4d56 && c.edx == 0x4d);         /* "KVMKVMKVM" */
}

/* The closer of two: the emulator of a busy host may stop us between two readings. */
static struct moment moment_now(void)
{
	struct moment best = { 0 };
	uint64_t best_gap = UINT64_MAX;

	for (unsigned i = 0; i < READINGS; i++) {
		uint64_t before = rdtsc(), gap;
		uint32_t timer = apic_timer_count();

		gap = rdtsc() - before;
		if (gap < best_gap) {
			best_gap = gap;
			best = (struct moment){ before + gap / 2, timer };
		}
	}
	return best;
}

static uint64_t ticks_a_second(const struct moment *a, const struct moment *b, unsigned periods)
{
	int64_t ns = (int64_t)a->timer - b->timer + (int64_t)periods * PERIOD_NS;

	return ns > 0 ? (b->tsc - a->tsc) * NSEC_PER_SEC / (uint64_t)ns : 0;
}

static bool alike(uint64_t a, uint64_t b)
{
	return MAX(a, b) - MIN(a, b) < MAX(a, b) / 8;
}

static uint64_t against_timer(void)
{
	struct moment first = moment_now(), last, later;
	uint64_t hz, rough;

	irq_disable();
	arch_wait_for_interrupt();
	irq_enable();
	last = moment_now();
	for (unsigned i = 0; i < SHORT_PAUSES; i++)
		cpu_relax();
	later = moment_now();
	rough = ticks_a_second(&last, &later, last.timer < later.timer);
	for (unsigned periods = 1; periods <= PERIODS_MOST; periods++) {
		hz = ticks_a_second(&first, &last, periods);
		if (alike(hz, rough))
			return hz;
	}
	return 0;
}

const struct measured *measured_speeds(void)
{
	static struct measured result;

	if (result.tsc_hz || !apic_present())
		return &result;
	if (timer_counts_ns()) {
		apic_timer_periodic(PERIOD_NS);
		for (unsigned tries = 0; tries < TRIES_MAX && !result.tsc_hz; tries++)
			result = (struct measured){ against_timer(), NSEC_PER_SEC };
		apic_timer_set(0);
	}
	if (!result.tsc_hz)
		result = pit_measure();
	return &result;
}
