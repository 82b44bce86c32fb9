/* Resource limits (getrlimit(2)): kept for the process, and looked at by the parts that they limit. */
#include <abi/cpu_time.h>
#include <abi/syscall.h>
#include <core/process.h>
#include <core/uaccess.h>
#include <linux/resource.h>

COMPONENT("process-calls", "system calls of the process: identity, limits, sessions");

static long change(struct process *p, unsigned which, const struct rlimit64 *new, struct rlimit64 *old)
{
	struct resource_limit *l = &p->limits[which];
	long r = 0;

	mutex_lock(&p->lock);
	*old = (struct rlimit64){ l->soft, l->hard };
	if (new) {
		if (new->rlim_cur > new->rlim_max)
			r = -EINVAL;
		else if (new->rlim_max > l->hard && p->credentials.euid != 0)
			r = -EPERM;
		else
			*l = (struct resource_limit){ new->rlim_cur, new->rlim_max };
	}
	mutex_unlock(&p->lock);
	return r;
}

long sys_prlimit64(int pid, unsigned which, const struct rlimit64 __user *new, struct rlimit64 __user *old)
{
	struct rlimit64 n, o;
	struct process *p;
	long r;

	if (new && copy_in(&n, new))
		return -EFAULT;
	if (pid == 0) {
		p = current->process;
		process_get(p);
	} else {
		p = process_by_pid(pid);
		if (!p)
			return -ESRCH;
	}
	r = which < RESOURCE_LIMITS ? change(p, which, new ? &n : NULL, &o) : -EINVAL;
	if (!r && new && which == RLIMIT_CPU && p == current->process)
		r = cpu_limit_changed();
	process_put(p);
	if (!r && old && copy_out(old, &o))
		r = -EFAULT;
	return r;
}
SYSCALL(prlimit64);

/* On 64-bit machines struct rlimit is struct rlimit64. */
long sys_getrlimit(unsigned which, struct rlimit64 __user *out)
{
	if (which < RESOURCE_LIMITS && !out)
		return -EFAULT;
	return sys_prlimit64(0, which, NULL, out);
}
SYSCALL(getrlimit);

long sys_setrlimit(unsigned which, const struct rlimit64 __user *new)
{
	return new ? sys_prlimit64(0, which, new, NULL) : -EFAULT;
}
SYSCALL(setrlimit);
