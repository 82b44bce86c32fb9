/* Process groups and sessions (credentials(7)), and waiting for children, of which there are none without fork(2). */
#include <abi/syscall.h>
#include <core/process.h>
#include <core/uaccess.h>
#include <fs/files.h>
#include <linux/capability.h>
#include <linux/signal.h>
#include <linux/wait.h>

COMPONENT("process-calls", "system calls of the process: identity, limits, sessions");

/* 0 and the process's own id mean the caller: there is no other. */
static bool is_self(int pid)
{
	return pid == 0 || pid == current->process->pid;
}

long sys_getpgid(int pid)
{
	return is_self(pid) ? current->process->pgid : -ESRCH;
}
SYSCALL(getpgid);

long sys_getsid(int pid)
{
	return is_self(pid) ? current->process->sid : -ESRCH;
}
SYSCALL(getsid);

long sys_setpgid(int pid, int group)
{
	struct process *p = current->process;

	if (group < 0)
		return -EINVAL;
	if (!is_self(pid))
		return -ESRCH;
	if (p->sid == p->pid || (group != 0 && group != p->pid))
		return -EPERM; /* a session's leader stays in its group; other groups do not exist */
	p->pgid = p->pid;
	return 0;
}
SYSCALL(setpgid);

long sys_setsid(void)
{
	struct process *p = current->process;

	if (p->pgid == p->pid)
		return -EPERM;
	if (p->terminal)
		p->terminal->end(p, p->terminal); /* the new session has none */
	p->sid = p->pgid = p->pid;
	return p->sid;
}
SYSCALL(setsid);

/* vhangup(2): the caller's terminal, if it has one, is given up. */
long sys_vhangup(void)
{
	struct process *p = current->process;

	if (!(p->credentials.cap_effective & 1ull << CAP_SYS_TTY_CONFIG))
		return -EPERM;
	if (p->terminal)
		p->terminal->end(p, p->terminal);
	return 0;
}
SYSCALL(vhangup);

#define WAIT_HOW   (WNOHANG | __WNOTHREAD | __WCLONE | __WALL)
#define WAITID_FOR (WEXITED | WSTOPPED | WCONTINUED)

/* Partial: ECHILD: there are no children. */
long sys_wait4(int pid, int __user *status, int options, void __user *usage)
{
	if (options & ~(int)(WAIT_HOW | WUNTRACED | WCONTINUED))
		return -EINVAL;
	return pid == INT32_MIN ? -ESRCH : -ECHILD;
}
SYSCALL(wait4);

static long wait_for(int type, int id, int options)
{
	struct file *f;

	if (options & ~(int)(WAIT_HOW | WNOWAIT | WAITID_FOR) || !(options & WAITID_FOR))
		return -EINVAL;
	switch (type) {
	case P_ALL:
		return -ECHILD;
	case P_PID:
		return id > 0 ? -ECHILD : -EINVAL;
	case P_PGID:
		return id >= 0 ? -ECHILD : -EINVAL;
	case P_PIDFD:
		if (id < 0)
			return -EINVAL;
		f = fd_get(id);
		if (!f)
			return -EBADF;
		file_put(f);
		return -ECHILD;
	default:
		return -EINVAL;
	}
}

/* Partial: ECHILD: there are no children. */
long sys_waitid(int type, int id, siginfo_t __user *info, int options, void __user *usage)
{
	const siginfo_t none = { 0 };
	long r = wait_for(type, id, options);

	/* What it is about is told of nobody, too: all but the rest of the union. */
	return info && copy_to_user(info, &none, offsetof(siginfo_t, si_status) + sizeof(none.si_status)) ? -EFAULT : r;
}
SYSCALL(waitid);
