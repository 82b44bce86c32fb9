/* epoll_create1(2), epoll_ctl(2), epoll_pwait(2), epoll_pwait2(2). */
#include <core/signal.h>
#include <abi/deadline.h>
#include <abi/epoll.h>
#include <abi/new_file.h>
#include <abi/syscall.h>

COMPONENT("epoll", "sets of watched files (epoll)");

#define EVENTS_MAX ((int)(INT32_MAX / sizeof(struct epoll_event)))

long sys_epoll_create1(int flags)
{
	if (flags & ~EPOLL_CLOEXEC)
		return -EINVAL;
	return fd_of_new(epoll_create(), flags & EPOLL_CLOEXEC);
}
SYSCALL(epoll_create1);

long sys_epoll_ctl(int epfd, int op, int fd, const struct epoll_event __user *user)
{
	struct epoll_event event = { 0, 0 };
	struct file *set, *f;
	struct epoll *ep;
	long r = -EBADF;

	if (op != EPOLL_CTL_DEL && copy_in(&event, user))
		return -EFAULT;
	set = fd_get(epfd);
	if (!set)
		return r;
	f = fd_get(fd);
	if (!f)
		goto out_set;
	ep = epoll_of(set);
	if (!f->ops->poll)
		r = -EPERM;
	else
		r = ep ? epoll_control(ep, op, fd, f, &event) : -EINVAL;
	file_put(f);
out_set:
	file_put(set);
	return r;
}
SYSCALL(epoll_ctl);

long epoll_wait_user(int epfd, struct epoll_event __user *events, int max, uint64_t deadline_ns)
{
	struct file *f;
	struct epoll *ep;
	long r = -EINVAL;

	f = fd_get(epfd);
	if (unlikely(!f))
		return -EBADF;
	ep = epoll_of(f);
	if (unlikely(max <= 0 || max > EVENTS_MAX))
		r = -EINVAL;
	else if (unlikely(!user_range_ok(events, (size_t)max * sizeof(*events))))
		r = -EFAULT;
	else if (likely(ep))
		r = epoll_wait_events(ep, events, max, deadline_ns);
	file_put(f);
	return r;
}

static long wait_masked(int epfd, struct epoll_event __user *events, int max, uint64_t deadline_ns,
			const signal_mask __user *mask, size_t mask_size)
{
	signal_mask blocked;
	long r;

	if (!mask)
		return epoll_wait_user(epfd, events, max, deadline_ns);
	if (mask_size != sizeof(blocked))
		return -EINVAL;
	if (copy_in(&blocked, mask))
		return -EFAULT;
	signal_mask_push(blocked);
	r = epoll_wait_user(epfd, events, max, deadline_ns);
	signal_mask_pop(r == -EINTR);
	return r;
}

long sys_epoll_pwait(int epfd, struct epoll_event __user *events, int max, int timeout_ms,
		     const signal_mask __user *mask, size_t mask_size)
{
	return wait_masked(epfd, events, max,
			   timeout_ms < 0 ? TIMER_NEVER : deadline_after((uint64_t)timeout_ms * 1000000), mask,
			   mask_size);
}
SYSCALL(epoll_pwait);

long sys_epoll_pwait2(int epfd, struct epoll_event __user *events, int max,
		      const struct __kernel_timespec __user *timeout, const signal_mask __user *mask, size_t mask_size)
{
	uint64_t deadline_ns;
	int error = deadline_from(timeout, &deadline_ns);

	return error ? error : wait_masked(epfd, events, max, deadline_ns, mask, mask_size);
}
SYSCALL(epoll_pwait2);
