/* siginfo_t as programs see it: which fields of the union hold depends on the signal and on si_code. */
#include <abi/siginfo.h>

COMPONENT("signals", "signals: queues, handlers, frames on the program's stack");

enum layout { LAYOUT_KILL, LAYOUT_TIMER, LAYOUT_FAULT, LAYOUT_CHILD, LAYOUT_POLL, LAYOUT_RT };

static enum layout layout_of(int signo, int code)
{
	if (code == SI_TIMER)
		return LAYOUT_TIMER;
	if (code < 0)
		return code == SI_TKILL ? LAYOUT_KILL : LAYOUT_RT;
	if (code == SI_USER || code == SI_KERNEL)
		return LAYOUT_KILL;
	switch (signo) {
	case SIGSEGV:
	case SIGBUS:
	case SIGILL:
	case SIGFPE:
	case SIGTRAP:
		return LAYOUT_FAULT;
	case SIGCHLD:
		return LAYOUT_CHILD;
	case SIGPOLL:
		return LAYOUT_POLL;
	default:
		return LAYOUT_KILL;
	}
}

void siginfo_fill(siginfo_t *out, const struct signal_info *info)
{
	memset(out, 0, sizeof(*out));
	out->si_signo = info->signo;
	out->si_errno = info->error;
	out->si_code = info->code;
	switch (layout_of(info->signo, info->code)) {
	case LAYOUT_KILL:
		out->si_pid = info->pid;
		out->si_uid = info->uid;
		break;
	case LAYOUT_TIMER:
		out->si_tid = info->timer_id;
		out->si_overrun = info->overrun;
		out->si_ptr = (void *)info->value;
		break;
	case LAYOUT_FAULT:
		out->si_addr = (void *)info->value;
		break;
	case LAYOUT_CHILD:
		out->si_pid = info->pid;
		out->si_uid = info->uid;
		out->si_status = info->status;
		break;
	case LAYOUT_POLL:
		out->si_band = info->status;
		out->si_fd = (int)info->value;
		break;
	case LAYOUT_RT:
		out->si_pid = info->pid;
		out->si_uid = info->uid;
		out->si_ptr = (void *)info->value;
		break;
	}
}

void siginfo_read(struct signal_info *out, const siginfo_t *from)
{
	*out = (struct signal_info){ .signo = from->si_signo, .code = from->si_code, .error = from->si_errno };
	out->pid = from->si_pid;
	out->uid = from->si_uid;
	out->value = (uint64_t)from->si_ptr;
}
