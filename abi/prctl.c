/* prctl(2): the call, and the options that concern threads and processes. Each is an entry of the set "prctl". */
#include <abi/code.h>
#include <abi/syscall.h>
#include <core/cut.h>
#include <core/log.h>
#include <core/process.h>
#include <core/uaccess.h>
#include <linux/capability.h>
#include <linux/prctl.h>

COMPONENT("process-calls", "system calls of the process: identity, limits, sessions");

long sys_prctl(int option, unsigned long a2, unsigned long a3, unsigned long a4, unsigned long a5)
{
	static uint64_t said; /* one bit for each of the first 64 options, the last for all others */
	uint64_t bit = 1ull << MIN((unsigned)option, 63u);

	set_for_each(prctl, p) {
		if (p->option == (uint64_t)(unsigned)option)
			return p->call(a2, a3, a4, a5);
	}
	if (!cut_asked("prctl", option, EINVAL) && !(__atomic_fetch_or(&said, bit, __ATOMIC_RELAXED) & bit))
		log_warn("%s: prctl option %d is not in this kernel: EINVAL", current->name, option);
	return -EINVAL;
}
SYSCALL(prctl);

static long set_name(unsigned long name, unsigned long a3, unsigned long a4, unsigned long a5)
{
	char text[sizeof(current->name)];
	ssize_t n = strncpy_from_user(text, (const char __user *)name, sizeof(text));

	if (n < 0)
		return n;
	text[MIN((size_t)n, sizeof(text) - 1)] = '\0';
	memcpy(current->name, text, sizeof(text));
	return 0;
}
PRCTL(PR_SET_NAME, set_name);

static long get_name(unsigned long to, unsigned long a3, unsigned long a4, unsigned long a5)
{
	return copy_to_user((void __user *)to, current->name, sizeof(current->name)) ? -EFAULT : 0;
}
PRCTL(PR_GET_NAME, get_name);

static long set_dumpable(unsigned long value, unsigned long a3, unsigned long a4, unsigned long a5)
{
	if (value > 1)
		return -EINVAL;
	current->process->dumpable = value;
	return 0;
}
PRCTL(PR_SET_DUMPABLE, set_dumpable);

static long get_dumpable(unsigned long a2, unsigned long a3, unsigned long a4, unsigned long a5)
{
	return current->process->dumpable;
}
PRCTL(PR_GET_DUMPABLE, get_dumpable);

/* The first program has no parent whose death could be told: the signal is kept, and never sent. */
static int parent_death_signal;

/* Partial: kept and never sent: there is no parent. */
static long set_pdeathsig(unsigned long signo, unsigned long a3, unsigned long a4, unsigned long a5)
{
	if (signo > 64)
		return -EINVAL;
	parent_death_signal = (int)signo;
	return 0;
}
PRCTL(PR_SET_PDEATHSIG, set_pdeathsig);

static long get_pdeathsig(unsigned long to, unsigned long a3, unsigned long a4, unsigned long a5)
{
	return put_user_u32((uint32_t __user *)to, (uint32_t)parent_death_signal);
}
PRCTL(PR_GET_PDEATHSIG, get_pdeathsig);

static long capbset_read(unsigned long cap, unsigned long a3, unsigned long a4, unsigned long a5)
{
	return cap > CAP_LAST_CAP ? -EINVAL : (long)(current->process->credentials.cap_bounding >> cap & 1);
}
PRCTL(PR_CAPBSET_READ, capbset_read);

static long capbset_drop(unsigned long cap, unsigned long a3, unsigned long a4, unsigned long a5)
{
	struct process *p = current->process;

	if (cap > CAP_LAST_CAP)
		return -EINVAL;
	if (!(p->credentials.cap_effective >> CAP_SETPCAP & 1))
		return -EPERM;
	mutex_lock(&p->lock);
	p->credentials.cap_bounding &= ~(1ull << cap);
	mutex_unlock(&p->lock);
	return 0;
}
PRCTL(PR_CAPBSET_DROP, capbset_drop);

static long set_no_new_privs(unsigned long value, unsigned long a3, unsigned long a4, unsigned long a5)
{
	if (value != 1 || a3 || a4 || a5)
		return -EINVAL;
	current->process->no_new_privs = true;
	return 0;
}
PRCTL(PR_SET_NO_NEW_PRIVS, set_no_new_privs);

static long get_no_new_privs(unsigned long a2, unsigned long a3, unsigned long a4, unsigned long a5)
{
	return a2 || a3 || a4 || a5 ? -EINVAL : current->process->no_new_privs;
}
PRCTL(PR_GET_NO_NEW_PRIVS, get_no_new_privs);

static long get_keepcaps(unsigned long a2, unsigned long a3, unsigned long a4, unsigned long a5)
{
	return current->process->credentials.keep_caps;
}
PRCTL(PR_GET_KEEPCAPS, get_keepcaps);

static long set_keepcaps(unsigned long keep, unsigned long a3, unsigned long a4, unsigned long a5)
{
	if (keep > 1)
		return -EINVAL;
	current->process->credentials.keep_caps = keep;
	return 0;
}
PRCTL(PR_SET_KEEPCAPS, set_keepcaps);

/* Partial: always 0. */
static long get_securebits(unsigned long a2, unsigned long a3, unsigned long a4, unsigned long a5)
{
	return 0;
}
PRCTL(PR_GET_SECUREBITS, get_securebits);

/* Seccomp is not here: mode 0, disabled.
 * Partial: always 0: there are no filters. */
static long get_seccomp(unsigned long a2, unsigned long a3, unsigned long a4, unsigned long a5)
{
	return 0;
}
PRCTL(PR_GET_SECCOMP, get_seccomp);

/* Timers fire at their time: the slack that they are allowed is not used.
 * Partial: always 50000. */
static long get_timerslack(unsigned long a2, unsigned long a3, unsigned long a4, unsigned long a5)
{
	return 50000;
}
PRCTL(PR_GET_TIMERSLACK, get_timerslack);

/* Partial: not used: timers fire at their time. */
static long set_timerslack(unsigned long ns, unsigned long a3, unsigned long a4, unsigned long a5)
{
	return 0;
}
PRCTL(PR_SET_TIMERSLACK, set_timerslack);

/* Without fork there are no orphans to adopt.
 * Partial: without effect: there are no orphans. */
static long set_child_subreaper(unsigned long on, unsigned long a3, unsigned long a4, unsigned long a5)
{
	return 0;
}
PRCTL(PR_SET_CHILD_SUBREAPER, set_child_subreaper);

/* Names of anonymous memory: as a Linux without CONFIG_ANON_VMA_NAME answers, said here so that nothing is logged.
 * Partial: always EINVAL, as without CONFIG_ANON_VMA_NAME. */
static long set_vma(unsigned long what, unsigned long start, unsigned long length, unsigned long name)
{
	return -EINVAL;
}
PRCTL(PR_SET_VMA, set_vma);

static long set_thp_disable(unsigned long on, unsigned long a3, unsigned long a4, unsigned long a5)
{
	return a3 || a4 || a5 ? -EINVAL : 0; /* there are no huge pages that could be given */
}
PRCTL(PR_SET_THP_DISABLE, set_thp_disable);
