/* eventfd2(2). */
#include <abi/new_file.h>
#include <abi/syscall.h>
#include <fs/eventfd.h>

COMPONENT("eventfd", "event counters (eventfd)");

long sys_eventfd2(unsigned value, unsigned flags)
{
	if (flags & ~(unsigned)(EFD_SEMAPHORE | EFD_CLOEXEC | EFD_NONBLOCK))
		return -EINVAL;
	return fd_of_new(eventfd_create(value, flags), flags & EFD_CLOEXEC);
}
SYSCALL(eventfd2);
