/* Signals read from a file: signalfd(2).
 *
 * The file knows only which signals it reads: they are those pending for whoever reads or polls, thread and process,
 * and reading one takes it from its queue. The process's own wait queue tells of new ones.
 */
#include <core/process.h>
#include <core/slab.h>
#include <asm/signal.h>
#include <asm/siginfo.h>
#include <fs/signalfd.h>
#include <linux/signalfd.h>

COMPONENT("signalfd", "signals read from a file (signalfd)");

struct signalfd {
	signal_mask mask; /* a */
};

/* Which fields of siginfo_t a signal has depends on its code: signalfd(2), sigaction(2). */
static void describe(struct signalfd_siginfo *out, const struct signal_info *info)
{
	*out = (struct signalfd_siginfo){
		.ssi_signo = (uint32_t)info->signo,
		.ssi_errno = info->error,
		.ssi_code = info->code,
	};
	switch (info->code) {
	case SI_TIMER:
		out->ssi_tid = (uint32_t)info->timer_id;
		out->ssi_overrun = (uint32_t)info->overrun;
		break;
	case SI_USER:
	case SI_TKILL:
	case SI_QUEUE:
	case SI_MESGQ:
		out->ssi_pid = (uint32_t)info->pid;
		out->ssi_uid = info->uid;
		break;
	default:
		if (info->signo == SIGCHLD) {
			out->ssi_pid = (uint32_t)info->pid;
			out->ssi_uid = info->uid;
			out->ssi_status = info->status;
		} else {
			out->ssi_addr = info->value;
		}
		return;
	}
	if (info->code != SI_USER && info->code != SI_TKILL) {
		out->ssi_ptr = info->value;
		out->ssi_int = (int32_t)info->value;
	}
}

static ssize_t signalfd_read(struct file *f, struct io *io, off_t *pos)
{
	struct signalfd *s = f->private;
	struct signalfd_siginfo out;
	struct signal_info info;
	ssize_t done = 0;

	if (io->left < sizeof(out))
		return -EINVAL;
	while (io->left >= sizeof(out)) {
		if (!signal_take(READ_ONCE(s->mask), &info)) {
			int error;

			if (done)
				break;
			if (READ_ONCE(f->flags) & O_NONBLOCK)
				return -EAGAIN;
			error = wait_event_interruptible(&current->process->signals->arrived,
							 signal_pending() & READ_ONCE(s->mask));
			if (error)
				return error;
			continue;
		}
		describe(&out, &info);
		if (io_put(io, &out, sizeof(out)) != sizeof(out))
			return done ? done : -EFAULT;
		done += (ssize_t)sizeof(out);
	}
	return done;
}

static uint32_t signalfd_poll(struct file *f, struct poll_table *t)
{
	struct signalfd *s = f->private;

	poll_wait(t, &current->process->signals->arrived);
	return signal_pending() & READ_ONCE(s->mask) ? EPOLLIN : 0;
}

static void signalfd_release(struct file *f)
{
	kfree(f->private);
}

static const struct file_ops signalfd_ops = {
	.read = signalfd_read,
	.poll = signalfd_poll,
	.release = signalfd_release,
	.link_name = "anon_inode:[signalfd]",
};

static signal_mask readable(signal_mask mask)
{
	return mask & ~(signal_bit(SIGKILL) | signal_bit(SIGSTOP));
}

int signalfd_change(struct file *f, signal_mask mask)
{
	struct signalfd *s = f->private;
	struct wait_queue *q = &current->process->signals->arrived;

	if (f->ops != &signalfd_ops)
		return -EINVAL;
	WRITE_ONCE(s->mask, readable(mask));
	if (wait_queue_active(q))
		wait_queue_wake(q, 0);
	return 0;
}

struct file *signalfd_create(signal_mask mask, unsigned flags)
{
	struct signalfd *s = kmalloc(sizeof(*s));
	struct file *f;

	if (!s)
		return NULL;
	s->mask = readable(mask);
	f = file_alloc(&signalfd_ops, s, O_RDWR | (flags & SFD_NONBLOCK));
	if (!f)
		kfree(s);
	return f;
}
