/* The speed of the TSC, where nobody states it: against the local APIC's timer where the hypervisor is one whose timer
 * counts nanoseconds (QEMU's emulation, KVM), else both against a clock that states its own (HPET, ACPI's PM timer), else
 * against the PIT. x86 only.
 *
 * The timer runs in periods of a millisecond, and the processor sleeps until one ends. Reading it is one access, where
 * each reading of the PIT is three. How many periods a busy host slept through, a short window tells.
 */
#include <arch/apic.h>
#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <core/clock.h>
#include <drivers/clock/measure.h>

COMPONENT("tsc", "time-stamp counter as clock");

#define PERIOD_NS    1000000u
#define PERIODS_MOST 20u /* as far as a short window is right enough to tell them apart */
#define READINGS     3u  /* the first of them runs code for the first time */
#define SHORT_PAUSES 500u
#define SHORT_TRIES  4u
#define TRIES_MAX    8u
#define PAUSES_MOST  1000000u
#define WINDOW       200u /* of a second: of a clock that is read, not slept with */

/* Both counters at one moment; the timer counts down. @gap: the ticks of the TSC within which it was read. */
struct moment {
	uint64_t tsc, gap;
	uint32_t timer;
};

static bool timer_counts_ns(void)
{
	return cpuid_hypervisor("TCGTCGTCGTCG") || cpuid_hypervisor("KVMKVMKVM\0\0");
}

/* The closest of some: the emulator of a busy host may stop us between two readings. */
static struct moment moment_now(unsigned readings)
{
	struct moment best = { .gap = UINT64_MAX };

	for (unsigned i = 0; i < readings; i++) {
		uint64_t before = rdtsc();
		uint32_t timer = apic_timer_count();
		uint64_t gap = rdtsc() - before;

		if (gap < best.gap)
			best = (struct moment){ before + gap / 2, gap, timer };
	}
	return best;
}

static uint64_t ticks_a_second(const struct moment *a, const struct moment *b, uint64_t periods)
{
	int64_t ns = (int64_t)a->timer - b->timer + (int64_t)periods * PERIOD_NS;

	return ns > 0 ? (b->tsc - a->tsc) * NSEC_PER_SEC / (uint64_t)ns : 0;
}

/* How many periods ended between two moments, by what is roughly the speed; UINT64_MAX if that does not come out. */
static uint64_t periods_between(const struct moment *a, const struct moment *b, uint64_t rough)
{
	uint64_t ns = rough ? (b->tsc - a->tsc) * NSEC_PER_SEC / rough : 0;
	int64_t rest = (int64_t)ns - ((int64_t)a->timer - b->timer);
	int64_t periods = (rest + PERIOD_NS / 2) / PERIOD_NS, off = rest - periods * PERIOD_NS;

	return periods >= 0 && periods <= PERIODS_MOST && MAX(off, -off) < PERIOD_NS / 4 ? (uint64_t)periods : UINT64_MAX;
}

/* Each access of the timer may be an exit: as few of them as will do, and the same number whatever the host does. */
static uint64_t against_timer(void)
{
	struct moment first = moment_now(READINGS), last, before, after;
	uint64_t periods, window;

	irq_disable();
	arch_wait_for_interrupt();
	irq_disable(); /* further periods end without interrupting */
	last = after = moment_now(READINGS);
	window = last.tsc - first.tsc;
	for (unsigned tries = 0; tries < SHORT_TRIES && first.gap + last.gap < window / 200; tries++) {
		before = after;
		for (unsigned i = 0; i < SHORT_PAUSES; i++)
			cpu_relax();
		after = moment_now(1);
		periods = periods_between(&first, &last, ticks_a_second(&before, &after, before.timer < after.timer));
		if (periods != UINT64_MAX)
			return ticks_a_second(&first, &last, periods);
	}
	return 0;
}

/* Three counters at one moment, the closest of three readings; the timer counts down. */
struct meeting {
	uint64_t clock, tsc;
	uint32_t timer;
};

static struct meeting meeting_now(const struct clocksource *c)
{
	struct meeting best = { 0 };
	uint64_t best_gap = UINT64_MAX;

	for (unsigned i = 0; i < READINGS + 1; i++) {
		uint64_t before = rdtsc(), clock = c->read(), gap = rdtsc() - before;

		if (gap < best_gap) {
			best_gap = gap;
			best = (struct meeting){ clock, before + gap / 2, apic_timer_count() };
		}
	}
	return best;
}

static struct measured between(const struct meeting *a, const struct meeting *b, uint64_t hz)
{
	uint64_t ticks = MAX(b->clock - a->clock, 1ul);

	return (struct measured){ (b->tsc - a->tsc) * hz / ticks, (uint64_t)(a->timer - b->timer) * hz / ticks };
}

/* Two windows that agree count as one. A clock that stands still is no yardstick. */
static struct measured against_clock(const struct clocksource *c, uint64_t hz)
{
	struct meeting at[3];
	struct measured first, second;

	apic_timer_one_shot();
	apic_timer_set(UINT32_MAX);
	for (unsigned tries = 0; tries < TRIES_MAX; tries++) {
		for (unsigned i = 0; i < ARRAY_SIZE(at); i++) {
			uint64_t pauses = 0;

			at[i] = meeting_now(c);
			while (i < 2 && c->read() - at[i].clock < hz / WINDOW)
				if (pauses++ > PAUSES_MOST)
					return (struct measured){ 0, 0 };
		}
		first = between(&at[0], &at[1], hz);
		second = between(&at[1], &at[2], hz);
		if (MAX(first.tsc_hz, second.tsc_hz) - MIN(first.tsc_hz, second.tsc_hz) < first.tsc_hz / 1000)
			return between(&at[0], &at[2], hz);
	}
	return (struct measured){ 0, 0 };
}

static struct measured against_best_clock(void)
{
	const struct clocksource *best = NULL;
	uint64_t hz = 0;

	set_for_each(clocksource, c) {
		uint64_t this_hz = c->flags & CLOCKSOURCE_YARDSTICK && (!best || c->rating > best->rating) ? c->probe() : 0;

		if (this_hz) {
			best = c;
			hz = this_hz;
		}
	}
	return best ? against_clock(best, hz) : (struct measured){ 0, 0 };
}

const struct measured *measured_speeds(void)
{
	static struct measured result;

	if (result.tsc_hz || !apic_present())
		return &result;
	if (timer_counts_ns() && apic_timer_present()) {
		apic_timer_periodic(PERIOD_NS);
		for (unsigned tries = 0; tries < TRIES_MAX && !result.tsc_hz; tries++)
			result = (struct measured){ against_timer(), NSEC_PER_SEC };
		apic_timer_set(0);
		irq_enable();
	}
	if (!result.tsc_hz) {
		result = against_best_clock();
		apic_timer_set(0);
	}
	if (!result.tsc_hz)
		result = pit_measure();
	return &result;
}
