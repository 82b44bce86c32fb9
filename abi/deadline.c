/* Time-outs of calls that wait for events (abi/deadline.h). */
#include <core/clock.h>
#include <abi/deadline.h>

COMPONENT("time-calls", "system calls of clocks and timers, and sleeping");

uint64_t deadline_after(uint64_t ns)
{
	uint64_t now;

	if (!ns)
		return 0;
	now = clock_monotonic_ns();
	return ns < TIMER_NEVER - 1 - now ? now + ns : TIMER_NEVER - 1;
}

int deadline_from(const struct __kernel_timespec __user *ts, uint64_t *ret_deadline_ns)
{
	struct __kernel_timespec t;

	if (!ts) {
		*ret_deadline_ns = TIMER_NEVER;
		return 0;
	}
	if (copy_in(&t, ts))
		return -EFAULT;
	if (t.tv_sec < 0 || (uint64_t)t.tv_nsec >= NSEC_PER_SEC)
		return -EINVAL;
	if ((uint64_t)t.tv_sec >= INT64_MAX / NSEC_PER_SEC)
		*ret_deadline_ns = TIMER_NEVER - 1;
	else
		*ret_deadline_ns = deadline_after((uint64_t)t.tv_sec * NSEC_PER_SEC + (uint64_t)t.tv_nsec);
	return 0;
}

uint64_t deadline_left(uint64_t deadline_ns)
{
	uint64_t now;

	if (!deadline_ns)
		return 0;
	now = clock_monotonic_ns();
	return deadline_ns > now ? deadline_ns - now : 0;
}

int deadline_put_left(struct __kernel_timespec __user *ts, uint64_t deadline_ns)
{
	uint64_t left = deadline_left(deadline_ns);
	struct __kernel_timespec t = { (int64_t)(left / NSEC_PER_SEC), (int64_t)(left % NSEC_PER_SEC) };

	return ts && copy_to_user(ts, &t, sizeof(t)) ? -EFAULT : 0;
}
