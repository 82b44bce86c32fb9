/* Event counters: eventfd(2).
 *
 * The counter is one atomic word, so that nothing but the wait queue needs a lock: writers add, readers take all (or
 * one, EFD_SEMAPHORE), and each wakes the other side if anybody waits.
 */
#include <core/slab.h>
#include <fs/eventfd.h>

COMPONENT("eventfd", "event counters (eventfd)");

struct eventfd {
	uint64_t count;         /* atomic */
	bool refused;           /* atomic: a writer found it full since the last read, so the next read wakes */
	bool semaphore;         /* I */
	struct wait_queue wait; /* readers and writers */
};

#define COUNT_MAX (UINT64_MAX - 1)

static inline void wake(struct eventfd *e, uint32_t events)
{
	if (wait_queue_active(&e->wait))
		wait_queue_wake(&e->wait, events);
}

/* Return: what a read gives, 0 if the counter is 0. */
static inline uint64_t take(struct eventfd *e)
{
	uint64_t count = __atomic_load_n(&e->count, __ATOMIC_RELAXED);
	uint64_t left;

	do {
		if (!count)
			return 0;
		left = e->semaphore ? count - 1 : 0;
	} while (!__atomic_compare_exchange_n(&e->count, &count, left, true, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
	return count - left;
}

static inline bool add(struct eventfd *e, uint64_t value)
{
	uint64_t count = __atomic_load_n(&e->count, __ATOMIC_RELAXED);

	do {
		if (COUNT_MAX - count < value)
			return false;
	} while (!__atomic_compare_exchange_n(&e->count, &count, count + value, true, __ATOMIC_RELEASE,
					      __ATOMIC_RELAXED));
	return true;
}

/* The counter was taken from: tell writers, but only if there was one that had to wait. */
static inline void tell_writers(struct eventfd *e)
{
	if (unlikely(__atomic_load_n(&e->refused, __ATOMIC_SEQ_CST)) &&
	    __atomic_exchange_n(&e->refused, false, __ATOMIC_SEQ_CST))
		wake(e, EPOLLOUT);
}

/* Did not fit: the next read will tell. Return: it did fit by now. */
static bool refuse(struct eventfd *e, uint64_t value)
{
	__atomic_store_n(&e->refused, true, __ATOMIC_SEQ_CST);
	return add(e, value);
}

static ssize_t eventfd_read(struct file *f, struct io *io, off_t *pos)
{
	struct eventfd *e = f->private;
	uint64_t value;

	if (io->left < sizeof(value))
		return -EINVAL;
	value = take(e);
	if (unlikely(!value)) {
		int error;

		if (READ_ONCE(f->flags) & O_NONBLOCK)
			return -EAGAIN;
		error = wait_event_interruptible(&e->wait, (value = take(e)) != 0);
		if (!value)
			return error;
	}
	tell_writers(e);
	return io_put(io, &value, sizeof(value)) == sizeof(value) ? (ssize_t)sizeof(value) : -EFAULT;
}

static ssize_t eventfd_write(struct file *f, struct io *io, off_t *pos)
{
	struct eventfd *e = f->private;
	uint64_t value;

	if (io->left < sizeof(value))
		return -EINVAL;
	if (io_get(io, &value, sizeof(value)) != sizeof(value))
		return -EFAULT;
	if (value == UINT64_MAX)
		return -EINVAL;
	if (unlikely(!add(e, value))) {
		bool added = refuse(e, value);
		int error;

		if (!added && READ_ONCE(f->flags) & O_NONBLOCK)
			return -EAGAIN;
		error = wait_event_interruptible(&e->wait, added || (added = refuse(e, value)));
		if (!added)
			return error;
	}
	wake(e, EPOLLIN);
	return sizeof(value);
}

static uint32_t eventfd_poll(struct file *f, struct poll_table *t)
{
	struct eventfd *e = f->private;
	uint32_t events = 0;
	uint64_t count;

	poll_wait(t, &e->wait);
	count = __atomic_load_n(&e->count, __ATOMIC_RELAXED);
	if (unlikely(count >= COUNT_MAX)) {
		__atomic_store_n(&e->refused, true, __ATOMIC_SEQ_CST);
		count = __atomic_load_n(&e->count, __ATOMIC_SEQ_CST);
	}
	if (count > 0)
		events |= EPOLLIN;
	if (count == UINT64_MAX)
		events |= EPOLLERR;
	if (count < COUNT_MAX)
		events |= EPOLLOUT;
	return events;
}

static void eventfd_release(struct file *f)
{
	kfree(f->private);
}

static const struct file_ops eventfd_ops = {
	.read = eventfd_read,
	.write = eventfd_write,
	.poll = eventfd_poll,
	.release = eventfd_release,
	.link_name = "anon_inode:[eventfd]",
};

struct file *eventfd_create(uint64_t value, unsigned flags)
{
	struct eventfd *e = kmalloc(sizeof(*e));
	struct file *f;

	if (!e)
		return NULL;
	e->count = value;
	e->refused = false;
	e->semaphore = flags & EFD_SEMAPHORE;
	wait_queue_init(&e->wait);
	f = file_alloc(&eventfd_ops, e, O_RDWR | (flags & EFD_NONBLOCK));
	if (!f)
		kfree(e);
	return f;
}

bool eventfd_is(const struct file *f)
{
	return f->ops == &eventfd_ops;
}

void eventfd_signal(struct file *f)
{
	struct eventfd *e = f->private;

	(void)add(e, 1); /* full: whoever reads it will find it so */
	wake(e, EPOLLIN);
}
