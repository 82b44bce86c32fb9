/* Calls that only older architectures have: each says by a newer one what it means. */
#include <abi/clone.h>
#include <abi/itimer.h>
#include <abi/syscall.h>
#include <core/clock.h>
#include <core/process.h>
#include <core/thread.h>
#include <core/uaccess.h>
#include <core/wait.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/time.h>

COMPONENT("process-calls", "system calls of the process: identity, limits, sessions");

long sys_time(int64_t __user *out)
{
	uint64_t now = clock_realtime_ns() / NSEC_PER_SEC;

	if (out && put_user_u64((uint64_t __user *)out, now))
		return -EFAULT;
	return (long)now;
}
SYSCALL(time);

long sys_pause(void)
{
	(void)thread_sleep_until(TIMER_NEVER, true); /* nothing but a signal ends it */
	return -ERESTARTNOHAND;
}
SYSCALL(pause);

long sys_alarm(unsigned seconds)
{
	uint64_t left, interval;
	long r = itimer_real_set(seconds * NSEC_PER_SEC, 0, &left, &interval);

	/* A part of a second counts as a whole one, so that a timer that is set never reads as none. */
	return r ? r : (long)((left + NSEC_PER_SEC - 1) / NSEC_PER_SEC);
}
SYSCALL(alarm);

/* Both say what clone(2) says of processes.
 * Partial: ENOSYS: there is one process. */
long sys_fork(void)
{
	return sys_clone(SIGCHLD, 0, NULL, NULL, 0);
}
SYSCALL(fork);

/* Partial: ENOSYS: there is one process. */
long sys_vfork(void)
{
	return sys_clone(CLONE_VM | CLONE_VFORK | SIGCHLD, 0, NULL, NULL, 0);
}
SYSCALL(vfork);

long sys_getpgrp(void)
{
	return current->process->pgid;
}
SYSCALL(getpgrp);
