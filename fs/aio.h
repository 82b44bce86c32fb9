/* Asynchronous I/O: contexts, requests and their ends (fs/aio.c). The calls are abi/aio.c. */
#ifndef FS_AIO_H
#define FS_AIO_H

#include <core/list.h>
#include <core/page.h> /* its BLOCK_SIZE before that of linux/fs.h */
#include <fs/file.h>
#include <linux/aio_abi.h>

struct aio_context;
struct process;

struct aio_hook;

/* From aio_begin() until its event is taken. */
struct aio_request {
	struct list node;            /* in its context's active or ended list; context's lock */
	struct aio_context *context; /* ref */
	struct file *result;         /* ref: the eventfd that is told; NULL; set by the caller before it is submitted */
	struct io_event event;       /* obj and data are set by the caller; res by aio_end() */
	/* Of a poll request: */
	uint32_t refs;               /* atomic: the context, and the list of those that were woken */
	uint32_t events;             /* I: what is waited for */
	bool ended;                  /* context's lock */
	bool woken;                  /* queued for the worker; its lock */
	struct file *file;           /* ref */
	struct aio_hook *hooks;      /* owned; on the file's queues */
	struct list woken_node;      /* worker's lock */
};

/** aio_setup() - io_setup(2) for the current process. 0; -EAGAIN, -ENOMEM. */
int aio_setup(unsigned events, uint64_t *ret_id);
/** aio_destroy() - io_destroy(2): what still waits is cancelled. -EINVAL. */
int aio_destroy(uint64_t id);
/** aio_context_get() - a context of the current process, with a reference. NULL: there is none with this id. */
struct aio_context *aio_context_get(uint64_t id) __must_check;
void aio_context_put(struct aio_context *c);
/** aio_capacity() - requests that a context takes. */
unsigned aio_capacity(const struct aio_context *c);
/** aio_begin() - room for one more request; err_ptr(-EAGAIN, -ENOMEM). aio_drop(): it was not submitted after all. */
struct aio_request *aio_begin(struct aio_context *c) __must_check;
void aio_drop(struct aio_request *r);
/** aio_end() - @r is done: its event can be had. */
void aio_end(struct aio_request *r, long result);
/** aio_poll() - @r ends when one of @events holds for @f. 0; -ENOMEM, -EINVAL: the request is the caller's still. */
int aio_poll(struct aio_request *r, struct file *f, uint32_t events);
/** aio_cancel() - end the poll request whose iocb was at @object. -EINPROGRESS: its event says so; -EINVAL. */
int aio_cancel(struct aio_context *c, uint64_t object);
/**
 * aio_events() - copy up to @max events to the program, waiting for @min until @deadline_ns (0: not at all).
 * Return: how many; -EFAULT, -EINVAL: destroyed meanwhile; -ERESTARTSYS.
 */
long aio_events(struct aio_context *c, long min, long max, struct io_event __user *to, uint64_t deadline_ns);

#endif
