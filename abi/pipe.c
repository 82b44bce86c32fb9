/* pipe2(2), and the fcntl(2) commands of pipes. */
#include <core/process.h>
#include <core/uaccess.h>
#include <abi/code.h>
#include <abi/pipe.h>
#include <abi/syscall.h>
#include <fs/files.h>
#include <fs/pipe.h>
#include <linux/capability.h>

COMPONENT("pipe", "pipes and FIFOs");


long pipe_user(int __user *fds, unsigned flags)
{
	struct file *ends[2];
	int numbers[2], error;

	error = pipe_create(flags, ends);
	if (error)
		return error;
	numbers[0] = fd_reserve(flags & O_CLOEXEC, 0);
	if (numbers[0] < 0) {
		error = numbers[0];
		goto out_files;
	}
	numbers[1] = fd_reserve(flags & O_CLOEXEC, 0);
	if (numbers[1] < 0) {
		error = numbers[1];
		goto out_first;
	}
	if (copy_to_user(fds, numbers, sizeof(numbers))) {
		error = -EFAULT;
		goto out_second;
	}
	fd_fill(numbers[0], ends[0]);
	fd_fill(numbers[1], ends[1]);
	return 0;

out_second:
	fd_unreserve(numbers[1]);
out_first:
	fd_unreserve(numbers[0]);
out_files:
	file_put(ends[0]);
	file_put(ends[1]);
	return error;
}

/* Partial: not O_DIRECT (packets) and O_NOTIFICATION_PIPE. */
long sys_pipe2(int __user *fds, unsigned flags)
{
	if (flags & ~(unsigned)(O_CLOEXEC | O_NONBLOCK)) /* O_DIRECT (packets) and O_NOTIFICATION_PIPE are not here */
		return -EINVAL;
	return pipe_user(fds, flags);
}
SYSCALL(pipe2);

static long fcntl_setpipe_sz(int fd, struct file *f, unsigned long arg)
{
	struct pipe *p = pipe_of(f);
	unsigned long capacity = PAGE_SIZE;
	int error;

	if (!p)
		return -EBADF;
	arg = (unsigned)arg;
	if (arg > INT32_MAX)
		return -EINVAL;
	while (capacity < arg)
		capacity *= 2;
	if (capacity > PIPE_CAPACITY_MAX && capacity > pipe_capacity(p) &&
	    !(current->process->credentials.cap_effective & 1ull << CAP_SYS_RESOURCE))
		return -EPERM;
	error = pipe_set_capacity(p, (uint32_t)capacity);
	return error ? error : (long)capacity;
}
FCNTL(F_SETPIPE_SZ, fcntl_setpipe_sz);

static long fcntl_getpipe_sz(int fd, struct file *f, unsigned long arg)
{
	struct pipe *p = pipe_of(f);

	return p ? (long)pipe_capacity(p) : -EBADF;
}
FCNTL(F_GETPIPE_SZ, fcntl_getpipe_sz);
