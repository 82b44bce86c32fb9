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

/* Until the process, or @t, has used that much. Context: may sleep. */
static int sleep_until_used(const struct thread *t, uint64_t ns)
{
	for (;;) {
		uint64_t used = cpu_time_read(current->process, t);

		if (used >= ns)
			return 0;
		if (thread_sleep_until(clock_monotonic_ns() + cpu_time_wait(ns - used, t), true))
			return -ERESTARTSYS;
	}
}

static long sleep_by_use(int clock, uint64_t until, struct timespec __user *left);

static long sleep_on_by_use(void)
{
	return sleep_by_use((int)current->restart_data[1], (uint64_t)current->restart_data[2],
			    (struct timespec __user *)current->restart_data[3]);
}

/* The same for a time, as sleep_until(): @left and going on. */
static long sleep_by_use(int clock, uint64_t until, struct timespec __user *left)
{
	struct thread *t;
	uint64_t used;
	int r = cpu_clock_of(clock, &t);

	if (r)
		return r;
	r = sleep_until_used(t, until);
	used = cpu_time_read(current->process, t);
	if (t)
		thread_put(t);
	if (!r || used >= until)
		return 0;
	if (left && timespec_write(left, until - used))
		return -EFAULT;
	restart_set(sleep_on_by_use, clock, (long)until, (long)left);
	return -ERESTART_RESTARTBLOCK;
}

/* clock_nanosleep(2) by processor time; one's own never goes on while one sleeps. */
static long sleep_by_cpu_clock(int clock, int flags, uint64_t ns, uint64_t now, struct timespec __user *left)
{
	struct thread *t;
	long r = cpu_clock_of(clock, &t);

	if (r)
		return r;
	if (t == current)
		r = -EINVAL;
	else if (flags & TIMER_ABSTIME)
		r = sleep_until_used(t, ns) ? -ERESTARTNOHAND : 0;
	if (t)
		thread_put(t);
	if (r || flags & TIMER_ABSTIME)
		return r;
	return sleep_by_use(clock, ns > TIME_FOREVER - now ? TIME_FOREVER : now + ns, left);
}

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
	case CLOCK_PROCESS_CPUTIME_ID:
		break;
	default:
		if (clock >= 0)
			return -EOPNOTSUPP; /* one's own time, a coarse clock, or one that wakes the machine */
	}
	r = timespec_read(time, &ns);
	if (r)
		return r;
	if (clock < 0 || clock == CLOCK_PROCESS_CPUTIME_ID)
		return sleep_by_cpu_clock(clock, flags, ns, now, left);
	if (!(flags & TIMER_ABSTIME))
		return sleep_until(time_after(ns), left);
	if (clock == CLOCK_REALTIME || clock == CLOCK_TAI)
		ns = realtime_to_monotonic(ns);
	return thread_sleep_until(ns, true) ? -ERESTARTNOHAND : 0;
}
SYSCALL(clock_nanosleep);
