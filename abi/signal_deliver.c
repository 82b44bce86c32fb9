/* What a thread does on its way back to the program when thread->work is set: end, stop, or run a handler (signal(7)).
 *
 * Also decides what becomes of an interrupted call: it is made again, or it fails with EINTR (signal(7),
 * "Interruption of system calls"; the codes are in core/wait.h).
 */
#include <abi/rseq.h>
#include <abi/signal_handler.h>
#include <abi/siginfo.h>
#include <abi/syscall.h>
#include <arch/signal.h>
#include <core/process.h>
#include <core/signal.h>
#include <exec/report.h>

COMPONENT("signals", "signals: queues, handlers, frames on the program's stack");

#define ERESTARTNOINTR 513 /* restart whatever the handler says */

static void __noreturn end_by_signal(struct trap_frame *frame, const struct signal_info *info)
{
	bool dumps = signal_default_of(info->signo) == SIGNAL_DUMPS;

	if (dumps && info->code != SI_USER && info->code != SI_TKILL)
		report_fault(frame, info);
	process_exit_all(info->signo | (dumps ? 0x80 : 0));
}

/* No handler ran after all: the call goes on as if nothing had been. */
static void call_resumed(struct trap_frame *frame)
{
	if (!arch_in_syscall(frame))
		return;
	switch (-frame_result(frame)) {
	case ERESTARTSYS:
	case ERESTARTNOINTR:
	case ERESTARTNOHAND:
		arch_syscall_again(frame, arch_syscall_number(frame));
		break;
	case ERESTART_RESTARTBLOCK:
		arch_syscall_again(frame, __NR_restart_syscall);
		break;
	}
}

static void deliver(struct trap_frame *frame)
{
	struct signal_thread *s = current->signal;
	struct signal_info info;

	for (;;) {
		struct signal_action a;
		int signo;

		signal_stop_wait();
		if (READ_ONCE(current->work) & WORK_EXIT)
			return;
		signo = signal_take(~s->mask, &info);
		if (!signo)
			break;
		a = signal_action_get(signo, true);
		if (a.handler == SIGNAL_IGNORE)
			continue;
		if (a.handler != SIGNAL_DEFAULT) {
			if (!signal_run_handler(frame, &info, &a))
				end_by_signal(frame, &info);
			continue;
		}
		switch (signal_default_of(signo)) {
		case SIGNAL_IGNORED:
		case SIGNAL_CONTINUES:
			break;
		case SIGNAL_STOPS:
			signal_stop();
			break;
		case SIGNAL_TERMINATES:
		case SIGNAL_DUMPS:
			end_by_signal(frame, &info);
		}
	}
	call_resumed(frame);
	if (s->restore) {
		s->restore = false;
		signal_mask_set(s->saved);
	}
}

void trap_return_work(struct trap_frame *frame)
{
	uint32_t work = READ_ONCE(current->work);

	if (work & WORK_EXIT)
		thread_exit();
	if (work & (WORK_FRAME | WORK_RSEQ))
		__atomic_fetch_and(&current->work, ~(WORK_FRAME | WORK_RSEQ), __ATOMIC_RELAXED);
	if (work & WORK_RSEQ)
		rseq_interrupted(frame);
	if (work & WORK_SIGNAL)
		deliver(frame);
}
