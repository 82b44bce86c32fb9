/* process_vm_readv(2), process_vm_writev(2), kcmp(2): of the caller itself, which is all the processes there are. */
#include <abi/syscall.h>
#include <abi/vector.h>
#include <core/process.h>
#include <core/uaccess.h>
#include <fs/files.h>
#include <linux/kcmp.h>

COMPONENT("process-vm-calls", "memory of processes read and written from outside");

static long find(int pid)
{
	struct thread *t = pid > 0 ? thread_by_tid(pid) : NULL;
	long r;

	if (!t)
		return -ESRCH;
	r = t->process == current->process ? 0 : -EPERM;
	thread_put(t);
	return r;
}

/* From one place to the other by way of the kernel, as far as both are there. */
static long move(struct io *from, struct io *to)
{
	char bytes[512];
	long done = 0;

	while (from->left && to->left) {
		size_t want = MIN(from->left, to->left), n, put;

		want = MIN(want, sizeof(bytes));
		n = io_get(from, bytes, want);
		put = io_put(to, bytes, n);
		done += (long)put;
		if (put < want)
			return done ? done : -EFAULT;
	}
	return done;
}

static long transfer(int pid, const struct iovec __user *local, size_t local_count, const struct iovec __user *remote,
		     size_t remote_count, unsigned long flags, bool write)
{
	struct vector here, there;
	struct io at_here, at_there;
	long r;

	if (flags)
		return -EINVAL;
	r = vector_import(&here, local, local_count, &at_here);
	if (r)
		return r;
	if (at_here.left)
		r = vector_import(&there, remote, remote_count, &at_there);
	if (at_here.left && !r) {
		r = find(pid);
		if (!r)
			r = write ? move(&at_here, &at_there) : move(&at_there, &at_here);
		vector_free(&there);
	}
	vector_free(&here);
	return r;
}

long sys_process_vm_readv(int pid, const struct iovec __user *local, size_t local_count, const struct iovec __user *remote,
			  size_t remote_count, unsigned long flags)
{
	return transfer(pid, local, local_count, remote, remote_count, flags, false);
}
SYSCALL(process_vm_readv);

long sys_process_vm_writev(int pid, const struct iovec __user *local, size_t local_count, const struct iovec __user *remote,
			   size_t remote_count, unsigned long flags)
{
	return transfer(pid, local, local_count, remote, remote_count, flags, true);
}
SYSCALL(process_vm_writev);

/* 0 the same, 1 or 2 by an order that means nothing but stays. */
static long compare_files(unsigned long a, unsigned long b)
{
	struct file *f = a <= INT32_MAX ? fd_get((int)a) : NULL, *g = b <= INT32_MAX ? fd_get((int)b) : NULL;
	long r = !f || !g ? -EBADF : f == g ? 0 : file_number(f) < file_number(g) ? 1 : 2;

	if (f)
		file_put(f);
	if (g)
		file_put(g);
	return r;
}

long sys_kcmp(int pid1, int pid2, int type, unsigned long a, unsigned long b)
{
	long r = find(pid1);

	if (!r)
		r = find(pid2);
	if (r)
		return r;
	switch (type) {
	case KCMP_FILE:
		return compare_files(a, b);
	case KCMP_VM:
	case KCMP_FILES:
	case KCMP_FS:
	case KCMP_SIGHAND:
	case KCMP_IO:
	case KCMP_SYSVSEM:
		return 0; /* threads share all of it */
	default:
		return -EINVAL;
	}
}
SYSCALL(kcmp);
