/* ioctl(2): requests that any descriptor may take are entries of a set; the rest is the file's. */
#include <abi/code.h>
#include <abi/syscall.h>
#include <asm/ioctls.h>
#include <core/cut.h>
#include <core/uaccess.h>
#include <fs/files.h>
#include <fs/vfs.h>

COMPONENT("file-calls", "system calls on files, directories and descriptors");

long sys_ioctl(int fd, unsigned request, unsigned long arg)
{
	struct file *f = fd_get(fd);
	long r = -ENOTTY;

	if (!f)
		return -EBADF;
	if (f->flags & O_PATH) {
		file_put(f);
		return -EBADF;
	}
	set_for_each(ioctl, code) {
		if (code->request == request) {
			r = code->call(fd, f, arg);
			goto out;
		}
	}
	if (f->ops->ioctl)
		r = f->ops->ioctl(f, request, arg);
	if (r == -ENOTTY)
		(void)cut_asked("ioctl", request, ENOTTY);
out:
	file_put(f);
	return r;
}
SYSCALL(ioctl);

static long set_flag(struct file *f, unsigned long arg, uint32_t flag)
{
	uint32_t on;

	if (get_user_u32(&on, (const uint32_t __user *)arg))
		return -EFAULT;
	if (on)
		__atomic_fetch_or(&f->flags, flag, __ATOMIC_RELAXED);
	else
		__atomic_fetch_and(&f->flags, ~flag, __ATOMIC_RELAXED);
	return 0;
}

static long fionbio(int fd, struct file *f, unsigned long arg)
{
	return set_flag(f, arg, O_NONBLOCK);
}
IOCTL(FIONBIO, fionbio);

static long fioasync(int fd, struct file *f, unsigned long arg)
{
	return set_flag(f, arg, FASYNC);
}
IOCTL(FIOASYNC, fioasync);

static long fioclex(int fd, struct file *f, unsigned long arg)
{
	return fd_cloexec_set(fd, true);
}
IOCTL(FIOCLEX, fioclex);

static long fionclex(int fd, struct file *f, unsigned long arg)
{
	return fd_cloexec_set(fd, false);
}
IOCTL(FIONCLEX, fionclex);

static long fionread(int fd, struct file *f, unsigned long arg)
{
	long n = -ENOTTY;

	if (f->ops->readable_bytes)
		n = f->ops->readable_bytes(f);
	else if (f->inode && inode_is_regular(f->inode))
		n = MAX((off_t)f->inode->size - f->pos, (off_t)0);
	if (n < 0)
		return n;
	return put_user_u32((uint32_t __user *)arg, (uint32_t)MIN(n, (long)INT32_MAX));
}
IOCTL(FIONREAD, fionread);
