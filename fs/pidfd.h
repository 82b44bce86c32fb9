/* Processes as files, pidfd_open(2) (fs/pidfd.c). */
#ifndef FS_PIDFD_H
#define FS_PIDFD_H

#include <fs/file.h>

struct process;

/** pidfd_create() - @flags: O_NONBLOCK. @p: ref taken. NULL: no memory. */
struct file *pidfd_create(struct process *p, unsigned flags) __must_check;
/** pidfd_process() - whose @f is, borrowed from it; NULL: @f is something else. */
struct process *pidfd_process(const struct file *f);

#endif
