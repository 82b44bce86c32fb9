/* Pipes (fs/pipe.c): what pipe(2) makes; opening a FIFO is fs/fifo.h. */
#ifndef FS_PIPE_H
#define FS_PIPE_H

#include <fs/file.h>

struct pipe;

#define PIPE_CAPACITY_MAX (1ul << 20) /* for whoever has no CAP_SYS_RESOURCE; /proc/sys/fs/pipe-max-size */

/** pipe_create() - both ends of a new pipe. @flags: O_NONBLOCK. -ENOMEM. */
int pipe_create(unsigned flags, struct file *ret_ends[2]) __must_check;

/** pipe_of() - the pipe behind @f, NULL if it is none. */
struct pipe *pipe_of(struct file *f);
uint32_t pipe_capacity(const struct pipe *p);
/** pipe_set_capacity() - bytes it can hold, rounded up to whole pages. -EBUSY: more than that are in it; -ENOMEM. */
int pipe_set_capacity(struct pipe *p, uint32_t capacity) __must_check;

/* For splice(2) and its relatives. @nonblocking: -EAGAIN instead of waiting; all may also return -ERESTARTSYS. */
/**
 * pipe_lend() - copy at most @n of the oldest bytes to @buf, waiting for the first. They stay, and other readers wait,
 * until pipe_give_back(), which is due if the result is not 0 or negative.  Return: how many; 0 at the end.
 */
ssize_t pipe_lend(struct pipe *p, void *buf, size_t n, bool nonblocking);
void pipe_give_back(struct pipe *p, size_t taken);
/** pipe_wait_room() - bytes that can be put, waiting for the first. -EPIPE: nobody reads, SIGPIPE was sent. */
ssize_t pipe_wait_room(struct pipe *p, bool nonblocking);
/** pipe_put() - write(2). */
ssize_t pipe_put(struct pipe *p, struct io *io, bool nonblocking);

#endif
