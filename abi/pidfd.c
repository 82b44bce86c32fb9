/* pidfd_open(2), pidfd_send_signal(2), pidfd_getfd(2). */
#include <abi/new_file.h>
#include <abi/siginfo.h>
#include <abi/syscall.h>
#include <core/process.h>
#include <core/uaccess.h>
#include <fs/pidfd.h>

COMPONENT("pidfd", "processes as files (pidfd_open)");

long sys_pidfd_open(int pid, unsigned flags)
{
	struct process *p;
	struct thread *t;
	long r;

	if (flags & ~(unsigned)O_NONBLOCK || pid <= 0)
		return -EINVAL;
	p = process_by_pid(pid);
	if (!p) {
		t = thread_by_tid(pid);
		if (!t)
			return -ESRCH;
		thread_put(t);
		return -EINVAL; /* a thread, but not the first of a process */
	}
	r = fd_of_new(pidfd_create(p, flags), true);
	process_put(p);
	return r;
}
SYSCALL(pidfd_open);

static long send(struct process *to, int signo, const siginfo_t __user *from)
{
	const struct process *p = current->process;
	struct signal_info info = { .signo = signo, .code = SI_USER, .pid = p->pid, .uid = p->credentials.uid };
	siginfo_t si;

	if (from) {
		if (copy_in(&si, from))
			return -EFAULT;
		if (si.si_signo != signo)
			return -EINVAL;
		/* What others get may not look as if the kernel had sent it. */
		if (to != p && (si.si_code >= 0 || si.si_code == SI_TKILL))
			return -EPERM;
		siginfo_read(&info, &si);
		info.signo = signo;
	}
	if (signo < 0 || signo > SIGNAL_COUNT)
		return -EINVAL;
	return signo ? signal_send_process(to, &info) : 0;
}

long sys_pidfd_send_signal(int pidfd, int signo, const siginfo_t __user *info, unsigned flags)
{
	struct process *p;
	struct file *f;
	long r;

	if (flags)
		return -EINVAL;
	f = fd_get(pidfd);
	if (!f)
		return -EBADF;
	p = pidfd_process(f);
	r = p ? send(p, signo, info) : -EBADF;
	file_put(f);
	return r;
}
SYSCALL(pidfd_send_signal);

long sys_pidfd_getfd(int pidfd, int fd, unsigned flags)
{
	struct file *f, *target;
	struct process *p;
	long r;

	if (flags)
		return -EINVAL;
	f = fd_get(pidfd);
	if (!f)
		return -EBADF;
	p = pidfd_process(f);
	target = p && p->files ? files_get_file(p->files, fd) : NULL;
	r = target ? fd_of_new(target, true) : -EBADF;
	file_put(f);
	return r;
}
SYSCALL(pidfd_getfd);
