/* Process groups and sessions (credentials(7)), and waiting for children, of which there are none without fork(2). */
#include <abi/syscall.h>
#include <core/process.h>

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
	p->sid = p->pgid = p->pid;
	return p->sid;
}
SYSCALL(setsid);

long sys_wait4(int pid, int __user *status, int options, void __user *usage)
{
	return -ECHILD;
}
SYSCALL(wait4);

long sys_waitid(int type, int id, void __user *info, int options, void __user *usage)
{
	return -ECHILD;
}
SYSCALL(waitid);
