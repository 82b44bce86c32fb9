/* The clock: picks the best counter and the best timer, and keeps the page that the vDSO reads (core/timekeeping.h).
 * Written once at start and by clock_set_realtime(), under clock_lock; read without a lock. */
#include <core/clock.h>
#include <core/clock_internal.h>
#include <core/init.h>
#include <core/lock.h>
#include <core/log.h>
#include <core/param.h>
#include <core/slab.h>
#include <core/timekeeping.h>
#include <core/timer.h>

COMPONENT("clock", "time and timers");

union timekeeping_page timekeeping_page __aligned(4096);

static struct spinlock clock_lock = SPINLOCK_INIT(RANK_TIMER);
static const struct clocksource *source __sealed;
static const struct clockevent *event __sealed;
paddr_t clock_host_page __sealed;

uint64_t clock_monotonic_ns(void)
{
	const struct timekeeping *k = &timekeeping_page.t;

	if (unlikely(!source))
		return 0;
	return (uint64_t)((unsigned __int128)(source->read() - k->counter_base) * k->mult >> 32);
}

const char *clock_source_name(void)
{
	return source ? source->name : "none";
}

uint64_t clock_counter(void)
{
	return source ? source->read() : 0;
}

uint64_t clock_realtime_ns(void)
{
	return clock_monotonic_ns() + READ_ONCE(timekeeping_page.t.realtime_offset_ns);
}

void clock_set_realtime(uint64_t ns)
{
	struct timekeeping *k = &timekeeping_page.t;
	irqflags_t flags = spin_lock_irqsave(&clock_lock);

	__atomic_store_n(&k->seq, k->seq + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE); /* pairs with the reader's in exec/vdso */
	k->realtime_offset_ns = ns - clock_monotonic_ns();
	__atomic_store_n(&k->seq, k->seq + 1, __ATOMIC_RELEASE);
	spin_unlock_irqrestore(&clock_lock, flags);
}

void clockevent_set(uint64_t delta_ns)
{
	if (event)
		event->set(delta_ns);
}

void clock_start_cpu(void)
{
	if (source->start)
		source->start();
	event->start();
}

void clock_interrupt(void)
{
	timer_run_expired();
}

static const char *wanted_source, *wanted_event;

static int set_clocksource(char *value)
{
	wanted_source = kstrdup(value);
	return 0;
}
BOOT_PARAM(clocksource, "clocksource", set_clocksource);

static int set_timer(char *value)
{
	wanted_event = kstrdup(value);
	return 0;
}
BOOT_PARAM(whittle_timer, "whittle.timer", set_timer);

/* What a parameter names is better than any other. */
static int rating(const struct clocksource *c)
{
	if (wanted_source && !strcmp(wanted_source, c->name))
		return INT32_MAX;
	return c->rating + (c->trusted && c->trusted() ? 100 : 0);
}

static void pick_source(void)
{
	struct timekeeping *k = &timekeeping_page.t;
	uint64_t hz = 0;

	set_for_each(clocksource, c) {
		uint64_t this_hz = source && rating(c) <= rating(source) ? 0 : c->probe();

		if (this_hz) {
			source = c;
			hz = this_hz;
		}
	}
	if (!source)
		panic("no clock: this kernel has no driver for a counter of this machine");
	if (wanted_source && strcmp(wanted_source, source->name))
		log_warn("clocksource=%s: there is none, it is %s", wanted_source, source->name);
	k->counter_base = source->read();
	k->mult = (uint64_t)(((unsigned __int128)NSEC_PER_SEC << 32) / hz);
	k->vdso = source->flags & CLOCKSOURCE_PVCLOCK ? VDSO_PVCLOCK :
		  source->flags & CLOCKSOURCE_VDSO    ? VDSO_COUNTER : VDSO_NOTHING;
	k->realtime_offset_ns = clock_rtc_seconds() * NSEC_PER_SEC;
	log_info("clock: %s, %lu Hz", source->name, hz);
}

static int event_rating(const struct clockevent *e)
{
	return wanted_event && !strcmp(wanted_event, e->name) ? INT32_MAX : e->rating;
}

/* From the best down, since looking for one may take time: its speed is measured. */
static void pick_event(void)
{
	const struct clockevent *next;

	for (int64_t below = INT64_MAX; !event; below = event_rating(next)) {
		next = NULL;
		set_for_each(clockevent, e)
			if (event_rating(e) < below && (!next || event_rating(e) > event_rating(next)))
				next = e;
		if (!next)
			break;
		if (next->probe())
			event = next;
	}
	if (!event)
		panic("no timer: this kernel has no driver for a timer of this machine");
	if (wanted_event && strcmp(wanted_event, event->name))
		log_warn("whittle.timer=%s: there is none, it is %s", wanted_event, event->name);
	log_info("timer: %s", event->name);
	event->start();
}

static void clock_init(void)
{
	pick_source();
	pick_event();
}
INITCALL(30, clock_init);
