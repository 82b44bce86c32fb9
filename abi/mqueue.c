/* mq_open(2), mq_unlink(2), mq_timedsend(2), mq_timedreceive(2), mq_notify(2), mq_getsetattr(2). */
#include <abi/new_file.h>
#include <abi/syscall.h>
#include <abi/timespec.h>
#include <asm/siginfo.h>
#include <core/process.h>
#include <core/signal.h>
#include <core/slab.h>
#include <core/timer.h>
#include <core/uaccess.h>
#include <fs/mqueue.h>
#include <fs/vfs.h>

COMPONENT("mqueue", "POSIX message queues");

/* The C library has taken the slash off. @to has MQ_NAME_MAX + 2 bytes. */
static int copy_name(char *to, const char __user *name)
{
	ssize_t n = strncpy_from_user(to, name, MQ_NAME_MAX + 2);

	if (n < 0)
		return (int)n;
	if (n == 0)
		return -ENOENT;
	return n > (ssize_t)MQ_NAME_MAX ? -ENAMETOOLONG : 0;
}

long sys_mq_open(const char __user *name, int flags, uint32_t mode, const struct mq_attr __user *user)
{
	char text[MQ_NAME_MAX + 2];
	struct mq_attr attr;
	struct file *f;
	int r;

	if (user && copy_in(&attr, user))
		return -EFAULT;
	r = copy_name(text, name);
	if (r)
		return r;
	f = mq_file(text, (unsigned)flags, mode, user ? &attr : NULL);
	return is_err(f) ? ptr_err(f) : fd_of_new(f, true);
}
SYSCALL(mq_open);

long sys_mq_unlink(const char __user *name)
{
	char text[MQ_NAME_MAX + 2];
	int r = copy_name(text, name);

	return r ? r : mq_unlink(text);
}
SYSCALL(mq_unlink);

/* A moment of the wall clock. */
static int deadline(const struct timespec __user *user, uint64_t *out)
{
	uint64_t ns;
	int r;

	*out = TIMER_NEVER;
	if (!user)
		return 0;
	r = timespec_read(user, &ns);
	if (!r)
		*out = realtime_to_monotonic(ns);
	return r;
}

static long send(struct file *f, const char __user *from, size_t size, unsigned priority, uint64_t deadline_ns)
{
	long most = mq_message_size(f), r;
	struct mq_message *m;

	if (most < 0 || !FILE_WRITABLE(f))
		return -EBADF;
	if (size > (size_t)most)
		return -EMSGSIZE;
	m = kmalloc(sizeof(*m) + size);
	if (!m)
		return -ENOMEM;
	m->size = size;
	m->priority = priority;
	r = copy_from_user(m->text, from, size) ? -EFAULT : mq_send(f, m, deadline_ns);
	if (r)
		kfree(m);
	return r;
}

long sys_mq_timedsend(int fd, const char __user *from, size_t size, unsigned priority, const struct timespec __user *until)
{
	uint64_t deadline_ns;
	struct file *f;
	long r = deadline(until, &deadline_ns);

	if (r)
		return r;
	if (priority >= MQ_PRIORITY_MAX)
		return -EINVAL;
	f = fd_get(fd);
	if (!f)
		return -EBADF;
	r = send(f, from, size, priority, deadline_ns);
	file_put(f);
	return r;
}
SYSCALL(mq_timedsend);

/* A message that cannot be copied out is lost, as on Linux. */
static long receive(struct file *f, char __user *to, size_t size, uint32_t __user *priority, uint64_t deadline_ns)
{
	long most = mq_message_size(f), r;
	struct mq_message *m;

	if (most < 0 || !FILE_READABLE(f))
		return -EBADF;
	if (size < (size_t)most)
		return -EMSGSIZE;
	m = mq_receive(f, deadline_ns);
	if (is_err(m))
		return ptr_err(m);
	r = (long)m->size;
	if ((priority && put_user_u32(priority, m->priority)) || copy_to_user(to, m->text, m->size))
		r = -EFAULT;
	kfree(m);
	return r;
}

long sys_mq_timedreceive(int fd, char __user *to, size_t size, uint32_t __user *priority, const struct timespec __user *until)
{
	uint64_t deadline_ns;
	struct file *f;
	long r = deadline(until, &deadline_ns);

	if (r)
		return r;
	f = fd_get(fd);
	if (!f)
		return -EBADF;
	r = receive(f, to, size, priority, deadline_ns);
	file_put(f);
	return r;
}
SYSCALL(mq_timedreceive);

/* Partial: not SIGEV_THREAD, which is EOPNOTSUPP. */
long sys_mq_notify(int fd, const struct sigevent __user *user)
{
	struct mq_notice n = { 0 };
	struct sigevent e;
	struct file *f;
	long r;

	if (user && copy_in(&e, user))
		return -EFAULT;
	if (user && e.sigev_notify == SIGEV_THREAD)
		return -EOPNOTSUPP;
	if (user && ((e.sigev_notify != SIGEV_SIGNAL && e.sigev_notify != SIGEV_NONE) ||
		     (e.sigev_notify == SIGEV_SIGNAL && (unsigned)e.sigev_signo > SIGNAL_COUNT)))
		return -EINVAL;
	if (user && e.sigev_notify == SIGEV_SIGNAL)
		n = (struct mq_notice){ e.sigev_signo, (uint64_t)e.sigev_value.sival_ptr };
	f = fd_get(fd);
	if (!f)
		return -EBADF;
	r = mq_notify(f, user ? &n : NULL);
	file_put(f);
	return r;
}
SYSCALL(mq_notify);

long sys_mq_getsetattr(int fd, const struct mq_attr __user *new, struct mq_attr __user *old)
{
	struct mq_attr n, o;
	struct file *f;
	long r;

	if (new && copy_in(&n, new))
		return -EFAULT;
	if (new && n.mq_flags & ~(long)O_NONBLOCK)
		return -EINVAL;
	f = fd_get(fd);
	if (!f)
		return -EBADF;
	r = mq_attributes(f, new ? &n : NULL, &o);
	file_put(f);
	if (!r && old && copy_out(old, &o))
		r = -EFAULT;
	return r;
}
SYSCALL(mq_getsetattr);
