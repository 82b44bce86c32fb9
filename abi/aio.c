/* io_setup(2), io_submit(2), io_getevents(2), io_pgetevents, io_cancel(2), io_destroy(2). */
#include <abi/deadline.h>
#include <abi/syscall.h>
#include <abi/vector.h>
#include <core/process.h>
#include <core/signal.h>
#include <fs/aio.h>
#include <fs/eventfd.h>
#include <fs/files.h>
#include <fs/notify.h>
#include <fs/vfs.h>
#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <linux/poll.h>

COMPONENT("aio", "asynchronous I/O (io_submit)");

#define EVENTS_MOST 0x10000000u
#define IOCB_KEY    0u /* what io_submit(2) writes into every iocb */
/* RWF_* that change nothing here: memory is always synced, no I/O waits. */
#define RWF_HARMLESS (RWF_HIPRI | RWF_DSYNC | RWF_SYNC)

long sys_io_setup(unsigned events, uint64_t __user *context)
{
	uint64_t id;
	long r;

	if (get_user_u64(&id, context))
		return -EFAULT;
	if (id || !events || events > EVENTS_MOST)
		return -EINVAL;
	r = aio_setup(events, &id);
	if (!r && put_user_u64(context, id)) {
		(void)aio_destroy(id); /* was made above */
		r = -EFAULT;
	}
	return r;
}
SYSCALL(io_setup);

long sys_io_destroy(uint64_t context)
{
	return aio_destroy(context);
}
SYSCALL(io_destroy);

/* An interrupted transfer is not begun again: its event says so. */
static long as_event(long r)
{
	return r == -ERESTARTSYS || r == -ERESTARTNOHAND ? -EINTR : r;
}

static long transfer(struct aio_request *request, const struct iocb *cb, struct file *f)
{
	bool write = cb->aio_lio_opcode == IOCB_CMD_PWRITE || cb->aio_lio_opcode == IOCB_CMD_PWRITEV;
	bool vectored = cb->aio_lio_opcode == IOCB_CMD_PREADV || cb->aio_lio_opcode == IOCB_CMD_PWRITEV;
	ssize_t (*move)(struct file *, struct io *, off_t *) = write ? f->ops->write : f->ops->read;
	void __user *buf = (void __user *)cb->aio_buf;
	off_t pos = cb->aio_offset;
	struct vector v = { .segments = v.some };
	struct io io;
	long r = 0;

	if (cb->aio_rw_flags & ~RWF_HARMLESS)
		return -EOPNOTSUPP;
	if (write ? !FILE_WRITABLE(f) : !FILE_READABLE(f))
		return -EBADF;
	if (!move || (f->ops->seek && pos < 0))
		return -EINVAL;
	if (vectored)
		r = vector_import(&v, buf, cb->aio_nbytes, &io);
	else if (!user_range_ok(buf, cb->aio_nbytes))
		r = -EFAULT;
	else
		io_init_user(&io, buf, MIN(cb->aio_nbytes, TRANSFER_MAX));
	if (r)
		return r;
	r = notify_moved(f, move(f, &io, f->ops->seek ? &pos : NULL), write ? IN_MODIFY : IN_ACCESS);
	vector_free(&v);
	aio_end(request, as_event(r));
	return 0;
}

static long submit_sync(struct aio_request *request, const struct iocb *cb, struct file *f)
{
	if (cb->aio_buf || cb->aio_offset || cb->aio_nbytes || cb->aio_rw_flags || !f->ops->fsync)
		return -EINVAL;
	aio_end(request, as_event(f->ops->fsync(f, cb->aio_lio_opcode == IOCB_CMD_FDSYNC)));
	return 0;
}

static long submit_poll(struct aio_request *request, const struct iocb *cb, struct file *f)
{
	if (cb->aio_buf != (uint16_t)cb->aio_buf || cb->aio_offset || cb->aio_nbytes || cb->aio_rw_flags)
		return -EINVAL;
	return aio_poll(request, f, (uint32_t)cb->aio_buf);
}

/* 0, and the request goes its way; or -errno. */
static long submit(struct aio_request *request, const struct iocb *cb, struct file *f)
{
	if (cb->aio_flags & IOCB_FLAG_RESFD) {
		struct file *result = fd_get((int)cb->aio_resfd);

		if (!result)
			return -EBADF;
		request->result = result;
		if (!eventfd_is(result))
			return -EINVAL;
	}
	switch (cb->aio_lio_opcode) {
	case IOCB_CMD_PREAD:
	case IOCB_CMD_PWRITE:
	case IOCB_CMD_PREADV:
	case IOCB_CMD_PWRITEV:
		return transfer(request, cb, f);
	case IOCB_CMD_FSYNC:
	case IOCB_CMD_FDSYNC:
		return submit_sync(request, cb, f);
	case IOCB_CMD_POLL:
		return submit_poll(request, cb, f);
	default:
		return -EINVAL;
	}
}

static long submit_one(struct aio_context *c, struct iocb __user *user)
{
	struct aio_request *request;
	struct iocb cb;
	struct file *f;
	long r;

	if (copy_in(&cb, user))
		return -EFAULT;
	if (cb.aio_reserved2 || (ssize_t)cb.aio_nbytes < 0)
		return -EINVAL;
	f = fd_get((int)cb.aio_fildes);
	if (!f)
		return -EBADF;
	request = aio_begin(c);
	if (is_err(request)) {
		file_put(f);
		return ptr_err(request);
	}
	request->event.obj = (uint64_t)user;
	request->event.data = cb.aio_data;
	r = put_user_u32((uint32_t __user *)&user->aio_key, IOCB_KEY) ? -EFAULT : submit(request, &cb, f);
	if (r)
		aio_drop(request);
	file_put(f);
	return r;
}

/* Partial: a request is made at once or waits for its file to be ready; none goes on beside the caller. */
long sys_io_submit(uint64_t context, long count, uint64_t __user *requests)
{
	struct aio_context *c;
	uint64_t user;
	long i, r = 0;

	if (count < 0)
		return -EINVAL;
	c = aio_context_get(context);
	if (!c)
		return -EINVAL;
	count = MIN(count, (long)aio_capacity(c));
	for (i = 0; i < count && !r; i++) {
		r = get_user_u64(&user, requests + i);
		if (!r)
			r = submit_one(c, (struct iocb __user *)user);
	}
	if (r)
		i--;
	aio_context_put(c);
	return i ? i : r;
}
SYSCALL(io_submit);

/* Partial: there is no request that could be cancelled. */
long sys_io_cancel(uint64_t context, struct iocb __user *request, struct io_event __user *unused)
{
	struct aio_context *c;
	uint32_t key;
	long r;

	if (get_user_u32(&key, (const uint32_t __user *)&request->aio_key))
		return -EFAULT;
	c = key == IOCB_KEY ? aio_context_get(context) : NULL;
	if (!c)
		return -EINVAL;
	r = aio_cancel(c, (uint64_t)request);
	aio_context_put(c);
	return r;
}
SYSCALL(io_cancel);

static long get_events(uint64_t context, long min, long max, struct io_event __user *events, uint64_t deadline_ns)
{
	struct aio_context *c = aio_context_get(context);
	long r;

	if (!c)
		return -EINVAL;
	r = min < 0 || min > max ? -EINVAL : aio_events(c, min, max, events, deadline_ns);
	aio_context_put(c);
	return r;
}

long sys_io_getevents(uint64_t context, long min, long max, struct io_event __user *events,
		      const struct __kernel_timespec __user *timeout)
{
	uint64_t deadline_ns;
	long r = deadline_from(timeout, &deadline_ns);

	if (!r)
		r = get_events(context, min, max, events, deadline_ns);
	return r == -ERESTARTSYS ? -EINTR : r;
}
SYSCALL(io_getevents);

/* The mask and its size, as the last argument points at them. */
struct mask_argument {
	uint64_t mask, size;
};

long sys_io_pgetevents(uint64_t context, long min, long max, struct io_event __user *events,
		       const struct __kernel_timespec __user *timeout, const struct mask_argument __user *mask)
{
	struct mask_argument m = { 0, 0 };
	signal_mask blocked;
	uint64_t deadline_ns;
	long r = deadline_from(timeout, &deadline_ns);

	if (r)
		return r;
	if (mask && copy_in(&m, mask))
		return -EFAULT;
	if (m.mask) {
		if (m.size != sizeof(blocked))
			return -EINVAL;
		if (copy_in(&blocked, (const signal_mask __user *)m.mask))
			return -EFAULT;
		signal_mask_push(blocked);
	}
	r = get_events(context, min, max, events, deadline_ns);
	if (r == -ERESTARTSYS)
		r = -EINTR;
	if (m.mask)
		signal_mask_pop(r == -EINTR);
	return r;
}
SYSCALL(io_pgetevents);
