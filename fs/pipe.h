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

#endif
