/* Xen's clock: nanoseconds since the machine began, from the shared page (core/pvclock.h; public/xen.h, vcpu_time_info), and
 * its wall clock; and Xen's one-shot timer of each processor (public/vcpu.h), whose interrupt is an event.
 *
 * Programs do not read the page themselves: it holds more than times. */
#include <core/clock.h>
#include <core/init.h>
#include <core/log.h>
#include "drivers/clock/pvclock.h"
#include "drivers/xen/clock.h"
#include "drivers/xen/xen.h"

COMPONENT("xen-clock", "Xen's clock and timer");

enum { VCPU_STOP_PERIODIC_TIMER = 7, VCPU_SET_SINGLE_SHOT_TIMER = 8 };

static struct pvclock_parts parts = { .stride = sizeof(struct xen_vcpu_info), .index = xen_vcpu };

static bool set_up(void)
{
	if (xen_present())
		parts.first = (const char *)&xen_shared->vcpus[0].time;
	return parts.first;
}

static uint64_t xen_clock_read(void)
{
	return pvclock_read(&parts);
}

static uint64_t xen_clock_probe(void)
{
	return set_up() ? NSEC_PER_SEC : 0;
}

uint64_t xen_clock_tsc_hz(void)
{
	struct pvclock_time copy;

	if (!set_up())
		return 0;
	(void)pvclock_copy(&parts, &copy);
	return pvclock_hz(&copy);
}

SET_ENTRY(clocksource, xen_clock, struct clocksource) = {
	"xen", xen_clock_read, xen_clock_probe, .rating = 350,
};

/* Exact, and Xen's own, where there is no battery clock. */
static void xen_wall_clock(void)
{
	struct pvclock_wall wall;
	struct pvclock_time copy;
	uint32_t version, high;

	if (!set_up())
		return;
	do {
		version = __atomic_load_n(&xen_shared->wall.version, __ATOMIC_ACQUIRE);
		wall = xen_shared->wall;
		high = xen_shared->wall_seconds_high;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (version & 1 || version != READ_ONCE(xen_shared->wall.version));
	clock_set_realtime((wall.seconds | (uint64_t)high << 32) * NSEC_PER_SEC + wall.nanoseconds + pvclock_copy(&parts, &copy));
}
INITCALL(31, xen_wall_clock);

/* ---- The timer ---- */

static uint64_t xen_timer_probe(void)
{
	return xen_clock_probe();
}

static void timer_event(void *unused)
{
	clock_interrupt();
}

static void xen_timer_start(void)
{
	(void)xen_hypercall(XEN_VCPU_OP, VCPU_STOP_PERIODIC_TIMER, xen_vcpu(), 0);
	if (xen_event_timer(timer_event))
		panic("Xen gives this processor no timer");
}

static void xen_timer_set(uint64_t delta_ns)
{
	struct {
		uint64_t expires;
		uint32_t flags;
	} t = { 0, 0 };
	struct pvclock_time copy;
	uint64_t now = pvclock_copy(&parts, &copy);

	t.expires = delta_ns < INT64_MAX - now ? now + delta_ns : INT64_MAX;
	(void)xen_hypercall(XEN_VCPU_OP, VCPU_SET_SINGLE_SHOT_TIMER, xen_vcpu(), (uintptr_t)&t);
}

SET_ENTRY(clockevent, xen_timer, struct clockevent) = {
	"xen", xen_timer_probe, xen_timer_start, xen_timer_set, .rating = 200,
};
