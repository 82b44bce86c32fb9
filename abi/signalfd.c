/* signalfd4(2). */
#include <core/uaccess.h>
#include <abi/new_file.h>
#include <abi/signalfd.h>
#include <abi/syscall.h>
#include <fs/signalfd.h>
#include <linux/signalfd.h>

COMPONENT("signalfd", "signals read from a file (signalfd)");

long signalfd_user(int fd, const signal_mask __user *mask, size_t mask_size, int flags)
{
	signal_mask wanted;
	struct file *f;
	int error;

	if (mask_size != sizeof(wanted))
		return -EINVAL;
	if (copy_in(&wanted, mask))
		return -EFAULT;
	if (flags & ~(SFD_CLOEXEC | SFD_NONBLOCK))
		return -EINVAL;
	if (fd == -1)
		return fd_of_new(signalfd_create(wanted, (unsigned)flags), flags & SFD_CLOEXEC);
	f = fd_get(fd);
	if (!f)
		return -EBADF;
	error = signalfd_change(f, wanted);
	file_put(f);
	return error ? error : fd;
}

long sys_signalfd4(int fd, const signal_mask __user *mask, size_t mask_size, int flags)
{
	return signalfd_user(fd, mask, mask_size, flags);
}
SYSCALL(signalfd4);
