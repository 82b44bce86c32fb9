/* dup(2), dup3(2), fcntl(2). Commands are entries of a set, so that a kernel holds those its program uses. */
#include <abi/code.h>
#include <abi/syscall.h>
#include <core/cut.h>
#include <fs/files.h>
#include <fs/vfs.h>

COMPONENT("file-calls", "system calls on files, directories and descriptors");

/* What F_SETFL can change. */
#define SETTABLE ((unsigned)(O_APPEND | O_NONBLOCK | O_NOATIME | O_DIRECT | FASYNC))

long sys_dup(int fd)
{
	struct file *f = fd_get(fd);
	int r;

	if (!f)
		return -EBADF;
	r = fd_install(f, false, 0);
	if (r < 0)
		file_put(f);
	return r;
}
SYSCALL(dup);

long sys_dup3(int from, int to, int flags)
{
	struct file *f;
	int r;

	if (from == to || flags & ~O_CLOEXEC)
		return -EINVAL;
	f = fd_get(from);
	if (!f)
		return -EBADF;
	r = fd_replace(to, f, flags & O_CLOEXEC);
	if (r)
		file_put(f);
	return r ? r : to;
}
SYSCALL(dup3);

long sys_fcntl(int fd, unsigned command, unsigned long arg)
{
	struct file *f = fd_get(fd);
	long r = -EINVAL;

	if (!f)
		return -EBADF;
	set_for_each(fcntl, code) {
		if (code->command == command) {
			r = code->call(fd, f, arg);
			goto out;
		}
	}
	(void)cut_asked("fcntl", command, EINVAL);
out:
	file_put(f);
	return r;
}
SYSCALL(fcntl);

static long dup_from(struct file *f, unsigned long from, bool cloexec)
{
	int r;

	if (from > INT32_MAX)
		return -EINVAL;
	file_get(f);
	r = fd_install(f, cloexec, (int)from);
	if (r < 0)
		file_put(f);
	return r;
}

static long f_dupfd(int fd, struct file *f, unsigned long arg)
{
	return dup_from(f, arg, false);
}
FCNTL(F_DUPFD, f_dupfd);

static long f_dupfd_cloexec(int fd, struct file *f, unsigned long arg)
{
	return dup_from(f, arg, true);
}
FCNTL(F_DUPFD_CLOEXEC, f_dupfd_cloexec);

static long f_getfd(int fd, struct file *f, unsigned long arg)
{
	return fd_cloexec_get(fd) ? FD_CLOEXEC : 0;
}
FCNTL(F_GETFD, f_getfd);

static long f_setfd(int fd, struct file *f, unsigned long arg)
{
	return fd_cloexec_set(fd, arg & FD_CLOEXEC);
}
FCNTL(F_SETFD, f_setfd);

static long f_getfl(int fd, struct file *f, unsigned long arg)
{
	return (long)READ_ONCE(f->flags);
}
FCNTL(F_GETFL, f_getfl);

static long f_setfl(int fd, struct file *f, unsigned long arg)
{
	uint32_t flags = __atomic_load_n(&f->flags, __ATOMIC_RELAXED), wanted = (uint32_t)arg & SETTABLE;

	if (f->flags & O_PATH)
		return -EBADF;
	while (!__atomic_compare_exchange_n(&f->flags, &flags, (flags & ~SETTABLE) | wanted, true, __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED))
		;
	return 0;
}
FCNTL(F_SETFL, f_setfl);

static long f_getown(int fd, struct file *f, unsigned long arg)
{
	return f->owner;
}
FCNTL(F_GETOWN, f_getown);

static long f_setown(int fd, struct file *f, unsigned long arg)
{
	f->owner = (int)arg;
	return 0;
}
FCNTL(F_SETOWN, f_setown);
