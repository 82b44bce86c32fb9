/* eventfd(2). */
#include <abi/new_file.h>
#include <abi/syscall.h>
#include <fs/eventfd.h>

COMPONENT("eventfd", "event counters (eventfd)");

long sys_eventfd(unsigned value)
{
	return fd_of_new(eventfd_create(value, 0), false);
}
SYSCALL(eventfd);
