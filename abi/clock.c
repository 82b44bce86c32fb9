/* clock_gettime(2) and its like, for those that do not ask the vDSO. */
#include <abi/cpu_time.h>
#include <abi/syscall.h>
#include <abi/timespec.h>
#include <core/clock.h>
#include <core/cpu.h>
#include <core/process.h>
#include <core/uaccess.h>
#include <linux/capability.h>

COMPONENT("time-calls", "system calls of clocks and timers, and sleeping");

/* Clocks of a process's or thread's processor time (clock_getcpuclockid(3)): ~id << 3 | 4 for threads | which. */
#define CPU_CLOCK_THREAD 4
#define CPU_CLOCK_WHICH  3

int cpu_clock_of(int clock, struct thread **ret_thread)
{
	int id = ~(clock >> 3);
	struct thread *t;

	*ret_thread = NULL;
	if (clock == CLOCK_PROCESS_CPUTIME_ID)
		return 0;
	if (clock != CLOCK_THREAD_CPUTIME_ID && (clock >= 0 || (clock & CPU_CLOCK_WHICH) == CPU_CLOCK_WHICH))
		return -EINVAL;
	if (clock < 0 && !(clock & CPU_CLOCK_THREAD))
		return id == 0 || id == current->process->pid ? 0 : -EINVAL;
	if (clock == CLOCK_THREAD_CPUTIME_ID || id == 0) {
		t = current;
		thread_get(t);
	} else {
		t = thread_by_tid(id);
	}
	if (!t || t->process != current->process) {
		if (t)
			thread_put(t);
		return -EINVAL;
	}
	*ret_thread = t;
	return 0;
}

uint64_t cpu_time_read(struct process *p, const struct thread *t)
{
	return t ? thread_run_time_ns(t) : process_run_time_ns(p);
}

uint64_t cpu_time_wait(uint64_t left, const struct thread *t)
{
	/* At most a day, so that no sum with the clock wraps: who waits looks again. */
	return MIN(MAX(t ? left : left / cpu_count, CPU_TIME_STEP_NS), 86400ul * NSEC_PER_SEC);
}

static int cpu_clock(int clock, uint64_t *out)
{
	struct thread *t;
	int r = cpu_clock_of(clock, &t);

	if (r)
		return r;
	*out = cpu_time_read(current->process, t);
	if (t)
		thread_put(t);
	return 0;
}

int clock_read(int clock, uint64_t *out)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_REALTIME_ALARM:
	case CLOCK_TAI:
		*out = clock_realtime_ns();
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		*out = clock_monotonic_ns();
		return 0;
	case CLOCK_PROCESS_CPUTIME_ID:
		*out = process_run_time_ns(current->process);
		return 0;
	case CLOCK_THREAD_CPUTIME_ID:
		*out = thread_run_time_ns(current);
		return 0;
	default:
		return clock < 0 ? cpu_clock(clock, out) : -EINVAL;
	}
}

long sys_clock_gettime(int clock, struct timespec __user *out)
{
	uint64_t ns;
	int r = clock_read(clock, &ns);

	return r ? r : timespec_write(out, ns);
}
SYSCALL(clock_gettime);

long sys_clock_getres(int clock, struct timespec __user *out)
{
	uint64_t ns;
	int r = clock_read(clock, &ns);

	return r || !out ? r : timespec_write(out, 1);
}
SYSCALL(clock_getres);

static long set_realtime(uint64_t ns)
{
	if (!(current->process->credentials.cap_effective >> CAP_SYS_TIME & 1))
		return -EPERM;
	clock_set_realtime(ns);
	return 0;
}

long sys_clock_settime(int clock, const struct timespec __user *from)
{
	uint64_t ns;
	int r;

	if (clock != CLOCK_REALTIME)
		return -EINVAL;
	r = timespec_read(from, &ns);
	return r ? r : set_realtime(ns);
}
SYSCALL(clock_settime);

long sys_gettimeofday(struct timeval __user *tv, struct timezone __user *tz)
{
	uint64_t ns = clock_realtime_ns();
	struct timeval out = { (long)(ns / NSEC_PER_SEC), (long)(ns % NSEC_PER_SEC / 1000) };
	struct timezone utc = { 0, 0 };

	if ((tv && copy_out(tv, &out)) || (tz && copy_out(tz, &utc)))
		return -EFAULT;
	return 0;
}
SYSCALL(gettimeofday);

long sys_settimeofday(const struct timeval __user *tv, const struct timezone __user *tz)
{
	struct timezone zone; /* the kernel keeps none, and Linux's is only read back */
	struct timeval t;

	if (tv && copy_in(&t, tv))
		return -EFAULT;
	if (tv && (t.tv_sec < 0 || t.tv_usec < 0 || t.tv_usec >= 1000000))
		return -EINVAL;
	if (tz && copy_in(&zone, tz))
		return -EFAULT;
	if (!tv)
		return tz && !(current->process->credentials.cap_effective >> CAP_SYS_TIME & 1) ? -EPERM : 0;
	return set_realtime((uint64_t)t.tv_sec * NSEC_PER_SEC + (uint64_t)t.tv_usec * 1000);
}
SYSCALL(settimeofday);
