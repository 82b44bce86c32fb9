/* poll(2), select(2): the calls that only older architectures have. */
#include <abi/deadline.h>
#include <abi/poll.h>
#include <abi/syscall.h>
#include <linux/time.h>

COMPONENT("poll", "waiting for several files (poll, select)");

/* Interrupted by a stop, and not by a handler, it starts again with its whole time. */
long sys_poll(struct pollfd __user *fds, unsigned count, int timeout_ms)
{
	return poll_user(fds, count, timeout_ms < 0 ? TIMER_NEVER : deadline_after((uint64_t)timeout_ms * 1000000));
}
SYSCALL(poll);

long sys_select(int count, void __user *in, void __user *out, void __user *except,
		struct __kernel_old_timeval __user *timeout)
{
	struct __kernel_old_timeval t;
	uint64_t deadline_ns = TIMER_NEVER, left;
	long found;

	if (timeout) {
		if (copy_in(&t, timeout))
			return -EFAULT;
		if (t.tv_sec < 0 || t.tv_usec < 0)
			return -EINVAL;
		if (t.tv_usec / 1000000 + t.tv_sec >= (long)(INT64_MAX / NSEC_PER_SEC))
			deadline_ns = TIMER_NEVER - 1;
		else
			deadline_ns = deadline_after((uint64_t)t.tv_sec * NSEC_PER_SEC + (uint64_t)t.tv_usec * 1000);
	}
	found = select_user(count, in, out, except, deadline_ns);
	if (timeout) {
		left = deadline_left(deadline_ns);
		t.tv_sec = (long)(left / NSEC_PER_SEC);
		t.tv_usec = (long)(left % NSEC_PER_SEC / 1000);
		(void)!copy_to_user(timeout, &t, sizeof(t));
	}
	return found;
}
SYSCALL(select);
