/* splice(2), tee(2), vmsplice(2). */
#include <core/uaccess.h>
#include <abi/syscall.h>
#include <abi/vector.h>
#include <fs/files.h>
#include <fs/pipe.h>
#include <fs/splice.h>

COMPONENT("splice", "moving bytes between a pipe and something else (splice, tee)");

#define FLAGS (SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT)

static long splice_at(struct file *in, off_t __user *in_offset, struct file *out, off_t __user *out_offset, size_t n,
		      unsigned flags)
{
	off_t in_pos = 0, out_pos = 0;
	long r;

	if ((in_offset && pipe_of(in)) || (out_offset && pipe_of(out)))
		return -ESPIPE;
	if ((in_offset && copy_in(&in_pos, in_offset)) || (out_offset && copy_in(&out_pos, out_offset)))
		return -EFAULT;
	if (in_pos < 0 || out_pos < 0)
		return -EINVAL;
	r = splice_files(in, in_offset ? &in_pos : NULL, out, out_offset ? &out_pos : NULL, n, flags);
	if (r > 0 && ((in_offset && copy_out(in_offset, &in_pos)) || (out_offset && copy_out(out_offset, &out_pos))))
		r = -EFAULT;
	return r;
}

long sys_splice(int in, off_t __user *in_offset, int out, off_t __user *out_offset, size_t n, unsigned flags)
{
	struct file *from, *to;
	long r = -EBADF;

	if (!n)
		return 0;
	if (flags & ~FLAGS)
		return -EINVAL;
	from = fd_get(in);
	to = fd_get(out);
	if (from && to)
		r = splice_at(from, in_offset, to, out_offset, MIN(n, TRANSFER_MAX), flags);
	if (from)
		file_put(from);
	if (to)
		file_put(to);
	return r;
}
SYSCALL(splice);

long sys_tee(int in, int out, size_t n, unsigned flags)
{
	struct file *from, *to;
	long r = -EBADF;

	if (flags & ~FLAGS)
		return -EINVAL;
	if (!n)
		return 0;
	from = fd_get(in);
	to = fd_get(out);
	if (from && to)
		r = splice_tee(from, to, n, flags);
	if (from)
		file_put(from);
	if (to)
		file_put(to);
	return r;
}
SYSCALL(tee);

/* Pages of the program are copied, not lent: writev(2) or readv(2) of a pipe. */
static long vmsplice_pipe(struct file *f, struct io *io, unsigned flags)
{
	struct pipe *p = pipe_of(f);

	if (!io->left)
		return 0;
	if (!p)
		return -EBADF;
	if (FILE_WRITABLE(f))
		return pipe_put(p, io, (flags & SPLICE_F_NONBLOCK) || (READ_ONCE(f->flags) & O_NONBLOCK));
	return f->ops->read(f, io, NULL);
}

long sys_vmsplice(int fd, const struct iovec __user *user, size_t count, unsigned flags)
{
	struct vector v;
	struct file *f;
	struct io io;
	long r;

	if (flags & ~FLAGS)
		return -EINVAL;
	f = fd_get(fd);
	if (!f)
		return -EBADF;
	r = vector_import(&v, user, count, &io);
	if (!r) {
		r = vmsplice_pipe(f, &io, flags);
		vector_free(&v);
	}
	file_put(f);
	return r;
}
SYSCALL(vmsplice);
