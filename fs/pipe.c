/* Pipes and FIFOs: pipe(7), fifo(7).
 *
 * A pipe is a byte_ring under a mutex, because copies may fault; copies go straight between ring and program. The end
 * of the last reader or writer and every transfer wake the other side, if anybody there waits. A write of at most
 * PIPE_BUF bytes goes in whole or not at all. A FIFO's pipe hangs from its inode while some file of it is open; f->pos
 * of a reader says how many writers there had been when it was opened.
 * Not done: packet mode (O_DIRECT).
 */
#include <core/process.h>
#include <core/signal.h>
#include <core/slab.h>
#include <asm/signal.h>
#include <fs/byte_ring.h>
#include <fs/fifo.h>
#include <fs/pipe.h>
#include <fs/vfs.h>
#include <linux/limits.h>

COMPONENT("pipe", "pipes and FIFOs");

#define PIPE_CAPACITY 65536u

struct pipe {
	struct mutex lock;             /* RANK_PIPE: everything but the wait queues */
	struct byte_ring ring;
	unsigned readers, writers;     /* open files that can read, write */
	uint32_t readers_ever, writers_ever; /* how many there have been: open of a FIFO waits for a change */
	struct wait_queue read_wait;   /* for bytes, or the last writer's end */
	struct wait_queue write_wait;  /* for room, or the last reader's end */
	bool lent;                     /* somebody copies its oldest bytes elsewhere: readers wait; lock */
	struct pipe **slot;            /* where a FIFO's inode refers to this; fifo_lock */
	unsigned files;                /* open files in all: fifo_lock */
};

/* Comings and goings of FIFO ends: which pipe an inode has. */
static struct mutex fifo_lock = MUTEX_INIT(fifo_lock, RANK_INODE);

static struct pipe *pipe_alloc(void)
{
	struct pipe *p = kzalloc(sizeof(*p));

	if (!p)
		return NULL;
	if (byte_ring_init(&p->ring, PIPE_CAPACITY)) {
		kfree(p);
		return NULL;
	}
	mutex_init(&p->lock, RANK_PIPE);
	wait_queue_init(&p->read_wait);
	wait_queue_init(&p->write_wait);
	return p;
}

static void pipe_free(struct pipe *p)
{
	byte_ring_fini(&p->ring);
	kfree(p);
}

static inline void wake(struct wait_queue *q, uint32_t events)
{
	if (wait_queue_active(q))
		wait_queue_wake(q, events);
}

/* There is nothing for this reader yet, and the lock is held: as wait_for_bytes(). */
static int wait_for_bytes_slow(struct pipe *p, bool nonblocking)
{
	for (;;) {
		int error;

		if (!p->ring.used && !p->writers && !p->lent)
			return 0;
		mutex_unlock(&p->lock);
		if (nonblocking)
			return -EAGAIN;
		error = wait_event_interruptible(&p->read_wait, (READ_ONCE(p->ring.used) || !READ_ONCE(p->writers)) &&
								!READ_ONCE(p->lent));
		if (error)
			return error;
		mutex_lock(&p->lock);
		if (p->ring.used && !p->lent)
			return 1;
	}
}

/* Until the pipe has bytes for this reader. Return: 1, or 0 at the end, with the lock held; -errno without. */
static inline int wait_for_bytes(struct pipe *p, bool nonblocking)
{
	mutex_lock(&p->lock);
	return likely(p->ring.used && !p->lent) ? 1 : wait_for_bytes_slow(p, nonblocking);
}

static ssize_t pipe_read(struct file *f, struct io *io, off_t *pos)
{
	struct pipe *p = f->private;
	ssize_t n;

	if (unlikely(io->left == 0))
		return 0;
	n = wait_for_bytes(p, READ_ONCE(f->flags) & O_NONBLOCK);
	if (unlikely(n < 0))
		return n;
	if (likely(n))
		n = byte_ring_read(&p->ring, io, io->left);
	mutex_unlock(&p->lock);
	if (likely(n > 0))
		wake(&p->write_wait, EPOLLOUT | EPOLLWRNORM);
	return n;
}

static ssize_t broken_pipe(void)
{
	struct signal_info info = { .signo = SIGPIPE };

	if (current->process)
		info.pid = current->process->pid;
	(void)signal_send_thread(current, &info); /* a full queue: then one is pending already */
	return -EPIPE;
}

/* Room for the rest of a write that began with @total bytes: whole if it must be atomic. */
static inline bool room_for(const struct pipe *p, size_t total)
{
	return READ_ONCE(p->ring.capacity) - READ_ONCE(p->ring.used) >= (total <= PIPE_BUF ? total : 1);
}

ssize_t pipe_put(struct pipe *p, struct io *io, bool nonblocking)
{
	size_t total = io->left;
	ssize_t done = 0, error = 0;

	if (unlikely(total == 0))
		return 0;
	mutex_lock(&p->lock);
	for (;;) {
		if (unlikely(!p->readers)) {
			mutex_unlock(&p->lock);
			if (!done)
				return broken_pipe();
			(void)broken_pipe();
			return done;
		}
		if (likely(room_for(p, total))) {
			error = byte_ring_write(&p->ring, io, io->left);
			if (likely(error > 0)) {
				done += error;
				error = 0;
			}
			if (likely(io->left == 0) || error)
				break;
			continue;
		}
		mutex_unlock(&p->lock);
		if (done)
			wake(&p->read_wait, EPOLLIN | EPOLLRDNORM);
		if (nonblocking)
			return done ? done : -EAGAIN;
		error = wait_event_interruptible(&p->write_wait, room_for(p, total) || !READ_ONCE(p->readers));
		if (error)
			return done ? done : error;
		mutex_lock(&p->lock);
	}
	mutex_unlock(&p->lock);
	if (likely(done))
		wake(&p->read_wait, EPOLLIN | EPOLLRDNORM);
	return done ? done : error;
}

static ssize_t pipe_write(struct file *f, struct io *io, off_t *pos)
{
	return pipe_put(f->private, io, READ_ONCE(f->flags) & O_NONBLOCK);
}

ssize_t pipe_lend(struct pipe *p, void *buf, size_t n, bool nonblocking)
{
	ssize_t r = wait_for_bytes(p, nonblocking);
	struct io io;

	if (r < 0)
		return r;
	if (r) {
		io_init_kernel(&io, buf, n);
		r = byte_ring_peek(&p->ring, &io, 0, n);
		p->lent = true;
	}
	mutex_unlock(&p->lock);
	return r;
}

void pipe_give_back(struct pipe *p, size_t taken)
{
	mutex_lock(&p->lock);
	byte_ring_drop(&p->ring, taken);
	p->lent = false;
	mutex_unlock(&p->lock);
	wake(&p->read_wait, EPOLLIN | EPOLLRDNORM);
	if (taken)
		wake(&p->write_wait, EPOLLOUT | EPOLLWRNORM);
}

ssize_t pipe_wait_room(struct pipe *p, bool nonblocking)
{
	for (;;) {
		uint32_t room;
		int error;

		if (!READ_ONCE(p->readers))
			return broken_pipe();
		room = p->ring.capacity - READ_ONCE(p->ring.used);
		if (room)
			return room;
		if (nonblocking)
			return -EAGAIN;
		error = wait_event_interruptible(&p->write_wait, room_for(p, 1) || !READ_ONCE(p->readers));
		if (error)
			return error;
	}
}

static uint32_t pipe_poll(struct file *f, struct poll_table *t)
{
	struct pipe *p = f->private;
	uint32_t events = 0;

	if (FILE_READABLE(f)) {
		poll_wait(t, &p->read_wait);
		if (READ_ONCE(p->ring.used))
			events |= EPOLLIN | EPOLLRDNORM;
		/* A FIFO that no writer has opened since this reader did is not hung up. */
		if (!READ_ONCE(p->writers) && (uint32_t)f->pos != READ_ONCE(p->writers_ever))
			events |= EPOLLHUP;
	}
	if (FILE_WRITABLE(f)) {
		poll_wait(t, &p->write_wait);
		if (p->ring.capacity - READ_ONCE(p->ring.used) >= MIN(p->ring.capacity, (uint32_t)PIPE_BUF))
			events |= EPOLLOUT | EPOLLWRNORM;
		if (!READ_ONCE(p->readers))
			events |= EPOLLERR;
	}
	return events;
}

static long pipe_readable_bytes(struct file *f)
{
	struct pipe *p = f->private;

	return READ_ONCE(p->ring.used);
}

/* The last file of a pipe is gone, or its open failed. */
static void pipe_drop_file(struct pipe *p)
{
	bool last;

	mutex_lock(&fifo_lock);
	last = --p->files == 0;
	if (last && p->slot)
		*p->slot = NULL;
	mutex_unlock(&fifo_lock);
	if (last)
		pipe_free(p);
}

static void pipe_end_gone(struct pipe *p, const struct file *f)
{
	mutex_lock(&p->lock);
	p->readers -= FILE_READABLE(f) != 0;
	p->writers -= FILE_WRITABLE(f) != 0;
	mutex_unlock(&p->lock);
	wake(&p->read_wait, EPOLLIN | EPOLLRDNORM | EPOLLERR | EPOLLHUP);
	wake(&p->write_wait, EPOLLOUT | EPOLLWRNORM | EPOLLERR | EPOLLHUP);
}

static void pipe_release(struct file *f)
{
	struct pipe *p = f->private;

	pipe_end_gone(p, f);
	pipe_drop_file(p);
}

static const struct file_ops pipe_ops = {
	.read = pipe_read,
	.write = pipe_write,
	.poll = pipe_poll,
	.readable_bytes = pipe_readable_bytes,
	.release = pipe_release,
	.link_name = "pipe:[%lu]",
	.stat_mode = S_IFIFO | 0600,
};

struct pipe *pipe_of(struct file *f)
{
	return f->ops == &pipe_ops ? f->private : NULL;
}

uint32_t pipe_capacity(const struct pipe *p)
{
	return READ_ONCE(p->ring.capacity);
}

int pipe_set_capacity(struct pipe *p, uint32_t capacity)
{
	int error;

	mutex_lock(&p->lock);
	error = byte_ring_resize(&p->ring, capacity);
	mutex_unlock(&p->lock);
	if (!error)
		wake(&p->write_wait, EPOLLOUT | EPOLLWRNORM);
	return error;
}

int pipe_create(unsigned flags, struct file *ret_ends[2])
{
	struct pipe *p = pipe_alloc();
	struct file *r, *w;

	if (!p)
		return -ENOMEM;
	r = file_alloc(&pipe_ops, p, O_RDONLY | (flags & O_NONBLOCK));
	w = file_alloc(&pipe_ops, p, O_WRONLY | (flags & O_NONBLOCK));
	p->files = (r != NULL) + (w != NULL);
	if (!r || !w) {
		if (r)
			file_put(r);
		else if (w)
			file_put(w);
		else
			pipe_free(p);
		return -ENOMEM;
	}
	p->readers = p->writers = 1;
	p->readers_ever = p->writers_ever = 1;
	w->number = file_number(r); /* both ends are one pipe:[N] */
	ret_ends[0] = r;
	ret_ends[1] = w;
	return 0;
}

static struct pipe *fifo_get(struct pipe **slot)
{
	struct pipe *p;

	mutex_lock(&fifo_lock);
	p = *slot;
	if (!p) {
		p = pipe_alloc();
		if (p)
			p->slot = slot;
		*slot = p;
	}
	if (p)
		p->files++;
	mutex_unlock(&fifo_lock);
	return p;
}

int fifo_open(struct inode *inode, struct file *f)
{
	struct pipe *p = fifo_get((struct pipe **)&inode->private);
	bool reads = FILE_READABLE(f), writes = FILE_WRITABLE(f);
	bool nonblocking = f->flags & O_NONBLOCK;
	uint32_t seen;
	int error = 0;

	if (!p)
		return -ENOMEM;
	mutex_lock(&p->lock);
	if (writes && !reads && nonblocking && !p->readers) {
		mutex_unlock(&p->lock);
		pipe_drop_file(p);
		return -ENXIO;
	}
	p->readers += reads;
	p->readers_ever += reads;
	p->writers += writes;
	p->writers_ever += writes;
	f->pos = p->writers ? 0 : p->writers_ever;
	seen = reads ? p->writers_ever : p->readers_ever;
	mutex_unlock(&p->lock);
	wake(&p->read_wait, 0);
	wake(&p->write_wait, 0);
	if (reads && !writes && !READ_ONCE(p->writers) && !nonblocking)
		error = wait_event_interruptible(&p->read_wait, READ_ONCE(p->writers_ever) != seen);
	else if (writes && !reads && !READ_ONCE(p->readers))
		error = wait_event_interruptible(&p->write_wait, READ_ONCE(p->readers_ever) != seen);
	if (error) {
		pipe_end_gone(p, f);
		pipe_drop_file(p);
		return error;
	}
	f->ops = &pipe_ops;
	f->private = p;
	return 0;
}
