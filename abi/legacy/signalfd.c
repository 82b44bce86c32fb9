/* signalfd(2) as the kernel has it: without flags. */
#include <abi/signalfd.h>
#include <abi/syscall.h>

COMPONENT("signalfd", "signals read from a file (signalfd)");

long sys_signalfd(int fd, const signal_mask __user *mask, size_t mask_size)
{
	return signalfd_user(fd, mask, mask_size, 0);
}
SYSCALL(signalfd);
