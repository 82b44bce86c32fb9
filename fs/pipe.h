/* Pipes (fs/pipe.c): what pipe(2) makes, and what a FIFO of a file system is once it is open. */
#ifndef FS_PIPE_H
#define FS_PIPE_H

#include <fs/file.h>

struct pipe;

/** pipe_create() - both ends of a new pipe. @flags: O_NONBLOCK. -ENOMEM. */
int pipe_create(unsigned flags, struct file *ret_ends[2]) __must_check;

/**
 * pipe_open_fifo() - open(2) of a FIFO: waits for the other side as fifo(7) says, then makes @f an end of the pipe.
 * @slot: where the inode keeps its pipe while it is open; NULL before the first open.
 * Return: 0; -ENXIO O_WRONLY | O_NONBLOCK without a reader; -ERESTARTSYS; -ENOMEM.
 */
int pipe_open_fifo(struct pipe **slot, struct file *f) __must_check;

/** pipe_of() - the pipe behind @f, NULL if it is none. */
struct pipe *pipe_of(struct file *f);
uint32_t pipe_capacity(const struct pipe *p);
/** pipe_set_capacity() - bytes it can hold, rounded up to whole pages. -EBUSY: more than that are in it; -ENOMEM. */
int pipe_set_capacity(struct pipe *p, uint32_t capacity) __must_check;

#endif
