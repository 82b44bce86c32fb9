/* Moving bytes between a pipe and something else, splice(2), tee(2) (fs/splice.c). */
#ifndef FS_SPLICE_H
#define FS_SPLICE_H

#include <fs/file.h>

#define SPLICE_F_MOVE     1u /* no UAPI header has these */
#define SPLICE_F_NONBLOCK 2u
#define SPLICE_F_MORE     4u
#define SPLICE_F_GIFT     8u

/**
 * splice_files() - at least one of the two is a pipe.
 * @in_pos, @out_pos: where in a file, and moved on; NULL: its own position.
 * Return: bytes moved, 0 at the end; -EINVAL, -EBADF, -ESPIPE, -EAGAIN, -EPIPE, -ENOMEM, -ERESTARTSYS.
 */
ssize_t splice_files(struct file *in, off_t *in_pos, struct file *out, off_t *out_pos, size_t n, unsigned flags);
/** splice_tee() - copy from one pipe to another, and leave the bytes where they are. */
ssize_t splice_tee(struct file *in, struct file *out, size_t n, unsigned flags);

#endif
