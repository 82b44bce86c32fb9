/* nanosleep(2), clock_nanosleep(2), and going on with what a signal interrupted (restart_syscall(2)). */
#include <abi/cpu_time.h>
#include <abi/restart.h>
#include <abi/syscall.h>
#include <abi/timespec.h>
#include <core/clock.h>
#include <core/thread.h>
#include <core/uaccess.h>
#include <core/wait.h>

COMPONENT("time-calls", "system calls of clocks and timers, and sleeping");

long sys_restart_syscall(void)
{
	restart_function go_on = (restart_function)current->restart_data[0];

	/* Only a program that makes this call on its own has nothing to go on with. */
	return go_on ? go_on() : -EINTR;
}
SYSCALL(restart_syscall);

static long sleep_until(uint64_t deadline, struct timespec __user *left);

static long sleep_on(void)
{
	return sleep_until((uint64_t)current->restart_data[1], (struct timespec __user *)current->restart_data[2]);
}

/* A sleep for a time goes on, after a signal without a handler, until the moment that was meant at first. */
static long sleep_until(uint64_t deadline, struct timespec __user *left)
{
	uint64_t now;

	if (thread_sleep_until(deadline, true) == 0)
		return 0;
	now = clock_monotonic_ns();
	if (now >= deadline)
		return 0;
	if (left && timespec_write(left, deadline - now))
		return -EFAULT;
	restart_set(sleep_on, (long)deadline, (long)left, 0);
	return -ERESTART_RESTARTBLOCK;
}

long sys_nanosleep(const struct timespec __user *time, struct timespec __user *left)
{
	uint64_t deadline;
	int r = timespec_deadline(time, &deadline);

	return r ? r : sleep_until(deadline, left);
}
SYSCALL(nanosleep);

long sys_clock_nanosleep(int clock, int flags, const struct timespec __user *time, struct timespec __user *left)
{
	uint64_t ns, now;
	int r = clock_read(clock, &now);

	if (r)
		return r;
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_TAI:
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
		break;
	case CLOCK_THREAD_CPUTIME_ID:
		return -EINVAL;
	default:
		return -EOPNOTSUPP; /* sleeping by processor time */
	}
	r = timespec_read(time, &ns);
	if (r)
		return r;
	if (!(flags & TIMER_ABSTIME))
		return sleep_until(time_after(ns), left);
	if (clock == CLOCK_REALTIME || clock == CLOCK_TAI)
		ns = realtime_to_monotonic(ns);
	return thread_sleep_until(ns, true) ? -ERESTARTNOHAND : 0;
}
SYSCALL(clock_nanosleep);
