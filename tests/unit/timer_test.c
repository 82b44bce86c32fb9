/* The heap of timers (core/timer.c): fires in order, forgets what was cancelled, programs the hardware for the next. */
/* UNIT: core/timer.c core/cpu.c */
#include <core/clock.h>
#include <core/clock_internal.h>
#include <core/timer.h>

#include "tests/unit/tap.h"

#define TIMERS 500

static uint64_t now_ns, programmed_delta;
static uint64_t last_fired_ns;
static unsigned fired, out_of_order;

uint64_t clock_monotonic_ns(void)
{
	return now_ns;
}
void clockevent_set(uint64_t delta_ns)
{
	programmed_delta = delta_ns;
}

static void on_fire(struct timer *t)
{
	fired++;
	out_of_order += t->expires_ns < last_fired_ns;
	last_fired_ns = t->expires_ns;
}

static struct timer again;
static unsigned again_count;

static void arm_again(struct timer *t)
{
	if (++again_count < 3)
		timer_arm(t, t->expires_ns + 10);
}

int main(void)
{
	static struct timer timers[TIMERS];
	unsigned cancelled = 0;

	for (unsigned i = 0; i < TIMERS; i++) {
		timer_init(&timers[i], on_fire);
		timer_arm(&timers[i], 1000 + host_random() % 10000);
	}
	for (unsigned i = 0; i < TIMERS; i += 3)
		cancelled += timer_cancel(&timers[i]);
	is(cancelled, (TIMERS + 2) / 3, "an armed timer says so when it is cancelled");
	ok(!timer_cancel(&timers[0]), "a second cancel finds nothing");
	for (unsigned i = 1; i < TIMERS; i += 3)
		timer_arm(&timers[i], 500 + host_random() % 20000);
	now_ns = 9000;
	timer_run_expired();
	ok(last_fired_ns <= 9000, "nothing fires early");
	is((long long)(now_ns + programmed_delta) > 9000, true, "the hardware is programmed for the next");
	now_ns = 30000;
	timer_run_expired();
	is(fired, TIMERS - cancelled, "every timer that is left fires once");
	is(out_of_order, 0, "they fire in order");

	timer_init(&again, arm_again);
	timer_arm(&again, now_ns + 5);
	is(programmed_delta, 5, "the first timer programs the hardware");
	now_ns += 100;
	timer_run_expired();
	is(again_count, 3, "a timer may arm itself again, and fires at once if that is due");
	programmed_delta = 0;
	timer_init(&timers[0], on_fire);
	timer_init(&timers[1], on_fire);
	timer_arm(&timers[0], now_ns + 50);
	programmed_delta = 0;
	timer_arm(&timers[1], now_ns + 60);
	is(programmed_delta, 0, "a later timer leaves the hardware alone");
	timer_arm(&timers[1], now_ns + 20);
	is(programmed_delta, 20, "moved before the first, it programs it");
	return tap_done();
}
