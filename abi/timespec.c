/* Times as programs hand them in. A time too far away to count in nanoseconds is never. */
#include <abi/timespec.h>
#include <core/clock.h>
#include <core/uaccess.h>

COMPONENT("time-calls", "system calls of clocks and timers, and sleeping");

int timespec_ns(const struct timespec *ts, uint64_t *out)
{
	if (ts->tv_sec < 0 || ts->tv_nsec < 0 || (uint64_t)ts->tv_nsec >= NSEC_PER_SEC)
		return -EINVAL;
	*out = (uint64_t)ts->tv_sec >= TIME_FOREVER / NSEC_PER_SEC ?
		       TIME_FOREVER : (uint64_t)ts->tv_sec * NSEC_PER_SEC + (uint64_t)ts->tv_nsec;
	return 0;
}

int timespec_read(const struct timespec __user *from, uint64_t *ret_ns)
{
	struct timespec ts;

	return copy_in(&ts, from) ? -EFAULT : timespec_ns(&ts, ret_ns);
}

int timespec_write(struct timespec __user *to, uint64_t ns)
{
	struct timespec ts = { (long)(ns / NSEC_PER_SEC), (long)(ns % NSEC_PER_SEC) };

	return copy_out(to, &ts);
}

uint64_t time_after(uint64_t ns)
{
	uint64_t now = clock_monotonic_ns();

	return ns > TIME_FOREVER - now ? TIME_FOREVER : now + ns;
}

int timespec_deadline(const struct timespec __user *from, uint64_t *out)
{
	uint64_t ns;
	int r = timespec_read(from, &ns);

	if (!r)
		*out = time_after(ns);
	return r;
}

uint64_t realtime_to_monotonic(uint64_t ns)
{
	uint64_t now = clock_realtime_ns();

	if (ns == TIME_FOREVER)
		return ns;
	return ns <= now ? clock_monotonic_ns() : time_after(ns - now);
}
