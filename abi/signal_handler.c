/* Handlers of signals: rt_sigaction(2), and the step from the kernel into one. A kernel without that call needs no frames on
 * the program's stack (absent/signal_handler.c).
 */
#include <abi/rseq.h>
#include <abi/siginfo.h>
#include <abi/signal_handler.h>
#include <abi/syscall.h>
#include <arch/signal.h>
#include <core/process.h>
#include <core/signal.h>
#include <core/uaccess.h>

COMPONENT("signals", "signals: queues, handlers, frames on the program's stack");

#define ERESTARTNOINTR 513 /* restart whatever the handler says */

/* struct sigaction as the system call takes it: the libc's differs. */
struct kernel_sigaction {
	uint64_t handler, flags, restorer;
	signal_mask mask;
};

long sys_rt_sigaction(int signo, const struct kernel_sigaction __user *new, struct kernel_sigaction __user *old, size_t size)
{
	struct signal_action a = { 0 }, was;
	struct kernel_sigaction u;

	if (size != sizeof(signal_mask))
		return -EINVAL;
	if (new && copy_in(&u, new))
		return -EFAULT;
	if (signo < 1 || signo > SIGNAL_COUNT || (new && (signo == SIGKILL || signo == SIGSTOP)))
		return -EINVAL;
	if (new) {
		a = (struct signal_action){ u.handler, u.flags, u.restorer, u.mask };
	}
	signal_action_set(signo, new ? &a : NULL, &was);
	if (old) {
		u = (struct kernel_sigaction){ was.handler, was.flags, was.restorer, was.mask };
		if (copy_out(old, &u))
			return -EFAULT;
	}
	return 0;
}
SYSCALL(rt_sigaction);

/* The call that a handler interrupts. */
static void call_interrupted(struct trap_frame *frame, const struct signal_action *a)
{
	if (!arch_in_syscall(frame))
		return;
	switch (-frame_result(frame)) {
	case ERESTARTSYS:
		if (!(a->flags & SA_RESTART)) {
			frame_set_result(frame, -EINTR);
			break;
		}
		/* fall through */
	case ERESTARTNOINTR:
		arch_syscall_again(frame, arch_syscall_number(frame));
		break;
	case ERESTARTNOHAND:
	case ERESTART_RESTARTBLOCK:
		frame_set_result(frame, -EINTR);
		break;
	}
}

bool signal_run_handler(struct trap_frame *frame, const struct signal_info *info, const struct signal_action *a)
{
	struct signal_thread *s = current->signal;
	signal_mask before = s->restore ? s->saved : s->mask;
	siginfo_t out;

	s->restore = false;
	call_interrupted(frame, a);
	rseq_interrupted(frame);
	siginfo_fill(&out, info);
	if (arch_signal_frame(frame, &out, a, before)) {
		/* No stack to run on. If it was the SIGSEGV that says so, there is no way left. */
		if (info->signo == SIGSEGV)
			return false;
		signal_force(SIGSEGV, SI_KERNEL, frame_sp(frame));
		return true;
	}
	if (s->stack_flags & SS_AUTODISARM) {
		s->stack_size = 0;
		s->stack_flags = SS_DISABLE;
	}
	signal_mask_set(s->mask | a->mask | (a->flags & SA_NODEFER ? 0 : signal_bit(info->signo)));
	return true;
}
