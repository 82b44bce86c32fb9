/* Pseudo-terminals: /dev/ptmx and /dev/pts/N (pty(7), pts(4)).
 *
 * What the master writes is typed at the terminal (fs/tty.c), which the slave reads; what the slave writes goes through
 * output processing into a ring that the master reads. The terminal's lock covers that ring too. A pair lives as long as
 * either side is open or it controls a process; its number is given again when it is gone.
 * Left out: packet mode, tabs and delays in output.
 */
#include <asm/ioctls.h>
#include <asm/signal.h>
#include <core/log.h>
#include <core/process.h>
#include <core/ref.h>
#include <core/slab.h>
#include <fs/dev/devnode.h>
#include <fs/dev/pty.h>
#include <fs/files.h>
#include <fs/tty.h>
#include <linux/capability.h>
#include <linux/errno.h>

COMPONENT("pty", "pseudo-terminals");

#define OUTPUT_SIZE 4096u /* a power of two */
#define INDEX(position) ((position) % OUTPUT_SIZE)

struct pty {
	struct tty tty;            /* its reference count is the pair's */
	unsigned index;            /* I */
	struct wait_queue master;  /* who reads or writes as the master */
	unsigned head, tail;       /* tty.lock: output */
	bool locked;               /* tty.lock: TIOCSPTLCK: the slave cannot be opened yet */
	bool was_open;             /* tty.lock: the slave, at any time */
	unsigned slaves;           /* tty.lock: open files of it */
	char output[OUTPUT_SIZE];
	char input[TTY_INPUT_SIZE];
	uint8_t line_ends[TTY_INPUT_SIZE / 8];
};

static struct spinlock pairs_lock = SPINLOCK_INIT(RANK_FILES);
static struct pty *pairs[PTY_MAX]; /* pairs_lock; borrowed: destroy() takes them out */

static struct pty *pty_of(struct tty *t)
{
	return container_of(t, struct pty, tty);
}

/* Output. The lock is held. */

static size_t output_room(const struct pty *p)
{
	return OUTPUT_SIZE - (READ_ONCE(p->head) - READ_ONCE(p->tail));
}

/* One character, as c_oflag says. Return: false, it does not fit. */
static bool show(struct pty *p, char c)
{
	tcflag_t o = p->tty.termios.c_oflag;
	bool pair = o & OPOST && o & ONLCR && c == '\n';

	if (output_room(p) < 1u + pair)
		return false;
	if (o & OPOST && o & OCRNL && c == '\r')
		c = '\n';
	if (pair)
		p->output[INDEX(p->head++)] = '\r';
	p->output[INDEX(p->head++)] = c;
	return true;
}

static void echo(struct tty *t, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)show(pty_of(t), bytes[i]); /* echo that nobody reads is lost */
	wait_queue_wake_all(&pty_of(t)->master, EPOLLIN | EPOLLRDNORM);
}

static size_t output_left(struct tty *t)
{
	return READ_ONCE(pty_of(t)->head) - READ_ONCE(pty_of(t)->tail);
}

static void drop_output(struct tty *t)
{
	pty_of(t)->tail = pty_of(t)->head;
	wait_queue_wake_all(&t->writable, EPOLLOUT | EPOLLWRNORM);
}

static void has_room(struct tty *t)
{
	if (wait_queue_active(&pty_of(t)->master))
		wait_queue_wake_all(&pty_of(t)->master, EPOLLOUT | EPOLLWRNORM);
}

static void destroy(struct tty *t)
{
	struct pty *p = pty_of(t);

	spin_lock(&pairs_lock);
	pairs[p->index] = NULL;
	spin_unlock(&pairs_lock);
	kfree(p);
}

/* The slave. */

static ssize_t slave_read(struct file *f, struct io *io, off_t *pos)
{
	return tty_read(f->private, f, io);
}

/* As much of @bytes as fits. */
static size_t slave_put(struct pty *p, const char *bytes, size_t n)
{
	irqflags_t flags = spin_lock_irqsave(&p->tty.lock);
	size_t done = 0;

	while (done < n && show(p, bytes[done]))
		done++;
	spin_unlock_irqrestore(&p->tty.lock, flags);
	if (done && wait_queue_active(&p->master))
		wait_queue_wake_all(&p->master, EPOLLIN | EPOLLRDNORM);
	return done;
}

static int wait_for_room(struct pty *p, const struct file *f)
{
	if (READ_ONCE(f->flags) & O_NONBLOCK)
		return -EAGAIN;
	return wait_event_interruptible(&p->tty.writable, output_room(p) > 1 || READ_ONCE(p->tty.hung_up));
}

static ssize_t slave_write(struct file *f, struct io *io, off_t *pos)
{
	struct tty *t = f->private;
	char bytes[256];
	size_t done = 0;
	int r;

	while (io->left) {
		size_t want = MIN(io->left, sizeof(bytes)), n = io_get(io, bytes, want);

		for (size_t at = 0; at < n;) {
			r = READ_ONCE(t->hung_up) ? -EIO : tty_wait_writable(t, f);
			if (!r) {
				size_t put = slave_put(pty_of(t), bytes + at, n - at);

				at += put;
				done += put;
				if (at < n)
					r = wait_for_room(pty_of(t), f);
			}
			if (r)
				return done ? (ssize_t)done : r;
		}
		if (n < want)
			return done ? (ssize_t)done : -EFAULT;
	}
	return (ssize_t)done;
}

static uint32_t slave_poll(struct file *f, struct poll_table *t)
{
	struct tty *tty = f->private;
	uint32_t events;

	poll_wait(t, &tty->readable);
	poll_wait(t, &tty->writable);
	events = tty_can_read(tty) ? EPOLLIN | EPOLLRDNORM : 0;
	if (READ_ONCE(tty->hung_up))
		return events | EPOLLOUT | EPOLLWRNORM | EPOLLERR | EPOLLHUP;
	if (output_room(pty_of(tty)) > 1 && !READ_ONCE(tty->stopped))
		events |= EPOLLOUT | EPOLLWRNORM;
	return events;
}

static long slave_ioctl(struct file *f, unsigned request, unsigned long arg)
{
	struct tty *t = f->private;

	if (READ_ONCE(t->hung_up))
		return request == TIOCSPGRP ? -ENOTTY : -EIO;
	return tty_ioctl(t, f, request, arg, false);
}

static long slave_readable(struct file *f)
{
	const struct tty *t = f->private;

	return (long)(READ_ONCE(t->line_start) - READ_ONCE(t->tail));
}

static void slave_release(struct file *f)
{
	struct tty *t = f->private;
	irqflags_t flags = spin_lock_irqsave(&t->lock);
	bool last = --pty_of(t)->slaves == 0;

	spin_unlock_irqrestore(&t->lock, flags);
	if (last)
		wait_queue_wake_all(&pty_of(t)->master, EPOLLIN | EPOLLHUP);
	tty_put(t);
}

static const struct file_ops slave_ops = {
	.read = slave_read,
	.write = slave_write,
	.poll = slave_poll,
	.ioctl = slave_ioctl,
	.readable_bytes = slave_readable,
	.release = slave_release,
};

/* @f becomes an open file of the slave. */
static int open_slave(struct tty *t, struct file *f)
{
	bool privileged = current->process && current->process->credentials.cap_effective & 1ull << CAP_SYS_ADMIN;
	struct pty *p = pty_of(t);
	irqflags_t flags = spin_lock_irqsave(&t->lock);
	int r = t->hung_up || p->locked ? -EIO : t->exclusive && !privileged ? -EBUSY : 0;

	if (!r) {
		p->was_open = true;
		p->slaves++;
	}
	spin_unlock_irqrestore(&t->lock, flags);
	if (r)
		return r;
	tty_get(t);
	f->private = t;
	f->ops = &slave_ops;
	tty_opened(t, f);
	return 0;
}

static int pts_open(struct file *f)
{
	unsigned index = (unsigned)(f->inode->rdev & 0xff);
	struct tty *t = NULL;
	int r;

	spin_lock(&pairs_lock);
	/* One whose last reference is gone is on its way out. */
	if (pairs[index] && ref_get_found(&pairs[index]->tty.refs))
		t = &pairs[index]->tty;
	spin_unlock(&pairs_lock);
	if (!t)
		return -EIO;
	r = open_slave(t, f);
	tty_put(t);
	return r;
}
DEVNODE_RANGE(pts, "pts", &slave_ops, pts_open, PTY_MAJOR, PTY_MAX);

/* The master. */

static bool master_can_read(const struct pty *p)
{
	return READ_ONCE(p->head) != READ_ONCE(p->tail) || (READ_ONCE(p->was_open) && !READ_ONCE(p->slaves));
}

static ssize_t master_read(struct file *f, struct io *io, off_t *pos)
{
	struct pty *p = f->private;
	char bytes[256];
	size_t done = 0;
	int r;

	if (!io->left)
		return 0;
	if (READ_ONCE(f->flags) & O_NONBLOCK)
		r = master_can_read(p) ? 0 : -EAGAIN;
	else
		r = wait_event_interruptible(&p->master, master_can_read(p));
	if (r)
		return r;
	while (io->left) {
		irqflags_t flags = spin_lock_irqsave(&p->tty.lock);
		size_t there = p->head - p->tail, want = MIN(io->left, sizeof(bytes)), n = MIN(want, there), moved;

		for (size_t i = 0; i < n; i++)
			bytes[i] = p->output[INDEX(p->tail++)];
		spin_unlock_irqrestore(&p->tty.lock, flags);
		if (!n)
			break;
		wait_queue_wake_all(&p->tty.writable, EPOLLOUT | EPOLLWRNORM);
		moved = io_put(io, bytes, n);
		done += moved;
		if (moved < n)
			return done ? (ssize_t)done : -EFAULT;
	}
	return done ? (ssize_t)done : -EIO; /* nobody has the slave open any more */
}

/* A line that is longer than the ring would wait for ever: it is cut off instead. */
static size_t type_room(const struct pty *p)
{
	const struct tty *t = &p->tty;
	bool complete = READ_ONCE(t->line_start) != READ_ONCE(t->tail);

	return !complete && READ_ONCE(t->termios.c_lflag) & ICANON ? TTY_INPUT_SIZE : tty_room(t);
}

static ssize_t master_write(struct file *f, struct io *io, off_t *pos)
{
	struct pty *p = f->private;
	char bytes[256];
	size_t done = 0;
	int r;

	while (io->left) {
		size_t room = type_room(p), want, n;

		if (!room) {
			if (done || READ_ONCE(f->flags) & O_NONBLOCK)
				return done ? (ssize_t)done : -EAGAIN;
			r = wait_event_interruptible(&p->master, type_room(p));
			if (r)
				return r;
			continue;
		}
		want = MIN(io->left, sizeof(bytes));
		want = MIN(want, room);
		n = io_get(io, bytes, want);
		tty_input(&p->tty, bytes, n);
		done += n;
		if (n < want)
			return done ? (ssize_t)done : -EFAULT;
	}
	return (ssize_t)done;
}

static uint32_t master_poll(struct file *f, struct poll_table *t)
{
	struct pty *p = f->private;
	uint32_t events = 0;

	poll_wait(t, &p->master);
	if (READ_ONCE(p->head) != READ_ONCE(p->tail))
		events |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(p->was_open) && !READ_ONCE(p->slaves))
		events |= EPOLLHUP;
	if (type_room(p))
		events |= EPOLLOUT | EPOLLWRNORM;
	return events;
}

static long master_readable(struct file *f)
{
	return (long)output_left(&((struct pty *)f->private)->tty);
}

/* TIOCGPTPEER: open the slave by way of the master. */
static long open_peer(const struct pty *p, unsigned flags)
{
	char name[24];
	struct file *f;
	int fd;

	format_text(name, sizeof(name), "/dev/pts/%u", p->index);
	f = file_open(NULL, name, flags & ~(unsigned)O_CLOEXEC, 0, 0);
	if (is_err(f))
		return ptr_err(f);
	fd = fd_install(f, flags & O_CLOEXEC, 0);
	if (fd < 0)
		file_put(f);
	return fd;
}

static long send_signal(struct pty *p, unsigned long signo)
{
	if (signo != SIGINT && signo != SIGQUIT && signo != SIGTSTP)
		return -EINVAL;
	tty_signal(&p->tty, (int)signo);
	return 0;
}

static long master_ioctl(struct file *f, unsigned request, unsigned long arg)
{
	struct pty *p = f->private;
	uint32_t __user *word = (uint32_t __user *)arg;
	uint32_t value;

	switch (request) {
	case TIOCGPTN:
		return put_user_u32(word, p->index);
	case TIOCSPTLCK:
		if (get_user_u32(&value, word))
			return -EFAULT;
		WRITE_ONCE(p->locked, value != 0);
		return 0;
	case TIOCGPTLCK:
		return put_user_u32(word, READ_ONCE(p->locked));
	case TIOCGPTPEER:
		return open_peer(p, (unsigned)arg);
	case TIOCSIG:
		return send_signal(p, arg);
	case TIOCSCTTY:
	case TIOCNOTTY:
		return -ENOTTY; /* it is not a terminal for anybody */
	default:
		return tty_ioctl(&p->tty, f, request, arg, true);
	}
}

static void master_release(struct file *f)
{
	struct pty *p = f->private;

	devpts_remove(p->index);
	tty_hang_up(&p->tty);
	tty_put(&p->tty);
}

static const struct file_ops master_ops = {
	.read = master_read,
	.write = master_write,
	.poll = master_poll,
	.ioctl = master_ioctl,
	.readable_bytes = master_readable,
	.release = master_release,
};

static const struct tty_ops pty_tty_ops = {
	.echo = echo,
	.has_room = has_room,
	.output_left = output_left,
	.drop_output = drop_output,
	.open = open_slave,
	.destroy = destroy,
};

/* A number for @p, the lowest that is free. */
static int number(struct pty *p)
{
	int r = -ENOSPC;

	spin_lock(&pairs_lock);
	for (unsigned i = 0; i < PTY_MAX && r; i++) {
		if (!pairs[i]) {
			pairs[i] = p;
			p->index = i;
			r = 0;
		}
	}
	spin_unlock(&pairs_lock);
	return r;
}

static int ptmx_open(struct file *f)
{
	struct pty *p = kzalloc(sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	p->tty.ops = &pty_tty_ops;
	p->tty.input = p->input;
	p->tty.line_ends = p->line_ends;
	p->tty.edits = true;
	p->tty.termios = tty_termios;
	tty_init(&p->tty);
	wait_queue_init(&p->master);
	p->locked = true;
	r = number(p);
	if (r) {
		kfree(p);
		return r;
	}
	r = devpts_add(p->index);
	if (r) {
		tty_put(&p->tty);
		return r;
	}
	f->private = p;
	return 0;
}
DEVNODE(ptmx, "ptmx", &master_ops, ptmx_open, 5, 2, 0666);
