/* The calls of signal(7): handlers, masks, waiting, sending. core/signal.c does the work. */
#include <abi/siginfo.h>
#include <abi/syscall.h>
#include <abi/timespec.h>
#include <arch/signal.h>
#include <core/process.h>
#include <core/signal.h>
#include <core/uaccess.h>

COMPONENT("signals", "signals: queues, handlers, frames on the program's stack");

#define MASK_SIZE sizeof(signal_mask)

long sys_rt_sigprocmask(int how, const signal_mask __user *set, signal_mask __user *old, size_t size)
{
	signal_mask was = signal_mask_get(), mask;

	if (size != MASK_SIZE)
		return -EINVAL;
	if (set) {
		if (get_user_u64(&mask, set))
			return -EFAULT;
		switch (how) {
		case SIG_BLOCK:
			mask |= was;
			break;
		case SIG_UNBLOCK:
			mask = was & ~mask;
			break;
		case SIG_SETMASK:
			break;
		default:
			return -EINVAL;
		}
		signal_mask_set(mask);
	}
	if (old && put_user_u64(old, was))
		return -EFAULT;
	return 0;
}
SYSCALL(rt_sigprocmask);

long sys_rt_sigpending(signal_mask __user *out, size_t size)
{
	signal_mask pending = signal_pending() & signal_mask_get();

	if (size > MASK_SIZE)
		return -EINVAL;
	return copy_to_user(out, &pending, size) ? -EFAULT : 0;
}
SYSCALL(rt_sigpending);

long sys_rt_sigsuspend(const signal_mask __user *mask, size_t size)
{
	signal_mask m;

	if (size != MASK_SIZE)
		return -EINVAL;
	if (get_user_u64(&m, mask))
		return -EFAULT;
	signal_mask_push(m);
	(void)thread_sleep_until(TIMER_NEVER, true); /* nothing but a signal ends it */
	signal_mask_pop(true);
	return -ERESTARTNOHAND;
}
SYSCALL(rt_sigsuspend);

long sys_rt_sigtimedwait(const signal_mask __user *set, siginfo_t __user *out, const struct timespec __user *timeout, size_t size)
{
	uint64_t deadline = TIMER_NEVER;
	struct signal_info info;
	siginfo_t si;
	signal_mask m;
	int signo = 0;
	long r;

	if (size != MASK_SIZE)
		return -EINVAL;
	if (get_user_u64(&m, set))
		return -EFAULT;
	m &= ~(signal_bit(SIGKILL) | signal_bit(SIGSTOP));
	if (timeout) {
		r = timespec_deadline(timeout, &deadline);
		if (r)
			return r;
	}
	r = wait_event_interruptible_until(&current->process->signals->arrived, (signo = signal_take(m, &info)) != 0, deadline);
	if (!signo)
		return r == -ETIMEDOUT ? -EAGAIN : -EINTR;
	if (out) {
		siginfo_fill(&si, &info);
		if (copy_out(out, &si))
			return -EFAULT;
	}
	return signo;
}
SYSCALL(rt_sigtimedwait);

long sys_rt_sigreturn(void)
{
	struct trap_frame *f = current->frame;
	signal_mask mask;

	if (arch_signal_return(f, &mask)) {
		signal_force(SIGSEGV, SI_KERNEL, frame_sp(f));
		return 0;
	}
	current->restart_data[0] = 0; /* what a handler interrupted is not gone on with */
	signal_mask_set(mask);
	__atomic_fetch_or(&current->work, WORK_FRAME, __ATOMIC_RELAXED);
	return frame_result(f); /* entry code stores it where it is */
}
SYSCALL(rt_sigreturn);

long sys_sigaltstack(const stack_t __user *new, stack_t __user *old)
{
	struct signal_thread *s = current->signal;
	bool on_it = s->stack_size && frame_sp(current->frame) - s->stack_start - 1 < s->stack_size &&
		     !(s->stack_flags & SS_AUTODISARM);
	stack_t was = { .ss_sp = (void *)s->stack_start, .ss_size = s->stack_size }, n;

	was.ss_flags = (int)s->stack_flags | (on_it ? SS_ONSTACK : 0);
	if (new) {
		unsigned mode;

		if (copy_in(&n, new))
			return -EFAULT;
		mode = (unsigned)n.ss_flags & ~SS_AUTODISARM;
		if (on_it)
			return -EPERM;
		if (mode != 0 && mode != SS_ONSTACK && mode != SS_DISABLE)
			return -EINVAL;
		if (mode == SS_DISABLE) {
			s->stack_start = s->stack_size = 0;
		} else if (s->stack_start != (uint64_t)n.ss_sp || s->stack_size != n.ss_size) {
			if (n.ss_size < MINSIGSTKSZ)
				return -ENOMEM;
			s->stack_start = (uint64_t)n.ss_sp;
			s->stack_size = n.ss_size;
		}
		s->stack_flags = (unsigned)n.ss_flags & ~(unsigned)SS_ONSTACK;
	}
	return old ? copy_out(old, &was) : 0;
}
SYSCALL(sigaltstack);

static struct signal_info from_me(int signo, int code)
{
	return (struct signal_info){ .signo = signo, .code = code, .pid = current->process->pid,
				     .uid = current->process->credentials.uid };
}

static long send_to_process(int pid, const struct signal_info *info)
{
	struct process *p = process_by_pid(pid);
	long r = 0;

	if (!p)
		return -ESRCH;
	if (info->signo)
		r = signal_send_process(p, info);
	process_put(p);
	return r;
}

long sys_kill(int pid, int signo)
{
	struct signal_info info = from_me(signo, SI_USER);

	if (signo < 0 || signo > SIGNAL_COUNT)
		return -EINVAL;
	if (pid == -1 || pid == INT32_MIN)
		return -ESRCH; /* all but the caller: there is no other; and what cannot be negated */
	if (pid == 0 || (pid < -1 && -pid == current->process->pgid))
		pid = current->process->pid;
	return send_to_process(pid, &info);
}
SYSCALL(kill);

static long send_to_thread(int pid, int tid, const struct signal_info *info)
{
	struct thread *t;
	long r = 0;

	if (tid <= 0 || info->signo < 0 || info->signo > SIGNAL_COUNT)
		return -EINVAL;
	t = thread_by_tid(tid);
	if (!t)
		return -ESRCH;
	if (!t->process || (pid >= 0 && t->process->pid != pid))
		r = -ESRCH;
	else if (info->signo)
		r = signal_send_thread(t, info);
	thread_put(t);
	return r;
}

long sys_tgkill(int pid, int tid, int signo)
{
	struct signal_info info = from_me(signo, SI_TKILL);

	return pid <= 0 ? -EINVAL : send_to_thread(pid, tid, &info);
}
SYSCALL(tgkill);

long sys_tkill(int tid, int signo)
{
	struct signal_info info = from_me(signo, SI_TKILL);

	return send_to_thread(-1, tid, &info);
}
SYSCALL(tkill);

/* What a program sends with contents of its own may not look as if the kernel had sent it, but to itself. */
static long read_queued(int pid, int signo, const siginfo_t __user *from, struct signal_info *out)
{
	siginfo_t si;

	if (copy_in(&si, from))
		return -EFAULT;
	if ((si.si_code >= 0 || si.si_code == SI_TKILL) && pid != current->process->pid)
		return -EPERM;
	if (signo < 0 || signo > SIGNAL_COUNT)
		return -EINVAL;
	siginfo_read(out, &si);
	out->signo = signo;
	return 0;
}

long sys_rt_sigqueueinfo(int pid, int signo, const siginfo_t __user *from)
{
	struct signal_info info;
	long r = read_queued(pid, signo, from, &info);

	return r ? r : send_to_process(pid, &info);
}
SYSCALL(rt_sigqueueinfo);

long sys_rt_tgsigqueueinfo(int pid, int tid, int signo, const siginfo_t __user *from)
{
	struct signal_info info;
	long r = read_queued(pid, signo, from, &info);

	if (r)
		return r;
	return pid <= 0 ? -EINVAL : send_to_thread(pid, tid, &info);
}
SYSCALL(rt_tgsigqueueinfo);
