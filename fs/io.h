/* struct io: where a transfer's bytes lie, in a program or in the kernel, and how far it has come.
 *
 * Every read and write below the system calls takes one, so that vectors, single buffers and kernel callers share one
 * path. Copies to and from a program may fault and sleep: no spinlock may be held.
 */
#ifndef FS_IO_H
#define FS_IO_H

#include <core/uaccess.h>
#include <linux/uio.h>

struct io {
	const struct iovec *next; /* segments after the current one; kernel copies of the program's vector */
	unsigned segments;        /* how many */
	bool kernel;              /* addresses are the kernel's own */
	char *at;                 /* in the current segment */
	size_t here;              /* bytes left in the current segment */
	size_t left;              /* bytes left in all */
};

static inline void io_init_user(struct io *io, const void __user *buf, size_t n)
{
	*io = (struct io){ .at = (char *)(uintptr_t)buf, .here = n, .left = n };
}
static inline void io_init_kernel(struct io *io, const void *buf, size_t n)
{
	*io = (struct io){ .at = (char *)(uintptr_t)buf, .here = n, .left = n, .kernel = true };
}
/** io_init_vector() - @vector is a kernel copy and outlives @io; its lengths were checked to add up. */
void io_init_vector(struct io *io, const struct iovec *vector, unsigned count);

size_t io_put_slow_(struct io *io, const void *from, size_t n);
size_t io_get_slow_(struct io *io, void *to, size_t n);
size_t io_zero_slow_(struct io *io, size_t n);

/** io_put() - copy @n kernel bytes into the place. Return: bytes moved; less than asked only on a fault or no room. */
static inline size_t io_put(struct io *io, const void *from, size_t n)
{
	if (unlikely(n > io->here || io->kernel))
		return io_put_slow_(io, from, n);
	n -= copy_to_user((void __user *)io->at, from, n);
	io->at += n;
	io->here -= n;
	io->left -= n;
	return n;
}
/** io_get() - copy @n bytes out of the place. Return: bytes moved, as above. */
static inline size_t io_get(struct io *io, void *to, size_t n)
{
	if (unlikely(n > io->here || io->kernel))
		return io_get_slow_(io, to, n);
	n -= copy_from_user(to, (const void __user *)io->at, n);
	io->at += n;
	io->here -= n;
	io->left -= n;
	return n;
}
/** io_zero() - put @n zero bytes. Return: bytes moved, as above. */
static inline size_t io_zero(struct io *io, size_t n)
{
	if (unlikely(n > io->here || io->kernel))
		return io_zero_slow_(io, n);
	n -= clear_user((void __user *)io->at, n);
	io->at += n;
	io->here -= n;
	io->left -= n;
	return n;
}
/** io_skip() - go on by @n bytes without touching memory. */
void io_skip(struct io *io, size_t n);

#endif
