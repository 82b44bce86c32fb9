/* epoll_create(2), epoll_wait(2). */
#include <abi/deadline.h>
#include <abi/epoll.h>
#include <abi/new_file.h>
#include <abi/syscall.h>

COMPONENT("epoll", "sets of watched files (epoll)");

long sys_epoll_create(int size)
{
	return size > 0 ? fd_of_new(epoll_create(), false) : -EINVAL;
}
SYSCALL(epoll_create);

long sys_epoll_wait(int epfd, struct epoll_event __user *events, int max, int timeout_ms)
{
	return epoll_wait_user(epfd, events, max,
			       timeout_ms < 0 ? TIMER_NEVER : deadline_after((uint64_t)timeout_ms * 1000000));
}
SYSCALL(epoll_wait);
