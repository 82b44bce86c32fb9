/* Processes as files: pidfd_open(2). One is ready to be read when its process has ended. */
#include <core/process.h>
#include <core/signal.h>
#include <fs/pidfd.h>

COMPONENT("pidfd", "processes as files (pidfd_open)");

static uint32_t pidfd_poll(struct file *f, struct poll_table *t)
{
	const struct process *p = f->private;

	poll_wait(t, &p->signals->arrived); /* woken when it begins to end */
	return READ_ONCE(p->exiting) && !READ_ONCE(p->thread_count) ? EPOLLIN | EPOLLRDNORM : 0;
}

static void pidfd_release(struct file *f)
{
	process_put(f->private);
}

static const struct file_ops pidfd_ops = {
	.poll = pidfd_poll,
	.release = pidfd_release,
	.link_name = "anon_inode:[pidfd]",
};

struct file *pidfd_create(struct process *p, unsigned flags)
{
	struct file *f = file_alloc(&pidfd_ops, p, O_RDWR | flags);

	if (f)
		process_get(p);
	return f;
}

struct process *pidfd_process(const struct file *f)
{
	return f->ops == &pidfd_ops ? f->private : NULL;
}
