/* sendfile(2), copy_file_range(2): from a file to another descriptor by way of one page at a time.
 *
 * What was read but could not be written stays in the source: the position moves by what was written.
 */
#include <abi/syscall.h>
#include <abi/vector.h>
#include <core/page.h>
#include <core/uaccess.h>
#include <fs/files.h>
#include <fs/notify.h>
#include <fs/vfs.h>

COMPONENT("file-calls", "system calls on files, directories and descriptors");

#define BUFFER_PAGES 4u

struct copy {
	struct file *in, *out;
	off_t in_pos;
	off_t *out_pos; /* NULL: the file's own */
	size_t left;
};

static ssize_t write_some(struct copy *c, struct io *io)
{
	struct file *f = c->out;
	ssize_t r;

	if (!f->ops->seek || f->ops->stream)
		return f->ops->write(f, io, NULL);
	if (c->out_pos)
		return f->ops->write(f, io, c->out_pos);
	mutex_lock(&f->pos_lock);
	r = f->ops->write(f, io, &f->pos);
	mutex_unlock(&f->pos_lock);
	return r;
}

static ssize_t copy_run(struct copy *c, void *buffer)
{
	size_t done = 0;
	ssize_t r = 0, written;
	struct io io;

	while (c->left) {
		off_t pos = c->in_pos;

		io_init_kernel(&io, buffer, MIN(c->left, BUFFER_PAGES * PAGE_SIZE));
		r = c->in->ops->read(c->in, &io, &pos);
		if (r <= 0)
			break;
		io_init_kernel(&io, buffer, (size_t)r);
		written = write_some(c, &io);
		if (written <= 0) {
			r = written;
			break;
		}
		c->in_pos += written;
		done += (size_t)written;
		c->left -= (size_t)written;
		if (written < r)
			break;
		if (thread_signal_pending(current))
			break;
	}
	return done ? (ssize_t)done : r;
}

static ssize_t copy_files(struct copy *c)
{
	struct page *buffer;
	ssize_t r;

	if (!FILE_READABLE(c->in) || !FILE_WRITABLE(c->out))
		return -EBADF;
	if (!c->in->ops->read || !c->out->ops->write || !c->in->ops->seek)
		return -EINVAL;
	if (c->in_pos < 0)
		return -EINVAL;
	c->left = MIN(c->left, TRANSFER_MAX);
	buffer = page_alloc(2, 0);
	if (!buffer)
		return -ENOMEM;
	r = copy_run(c, page_address(buffer));
	page_put(buffer);
	if (r > 0) {
		current->io.read_bytes += (uint64_t)r;
		current->io.written_bytes += (uint64_t)r;
		notify_file(c->in, IN_ACCESS);
		notify_file(c->out, IN_MODIFY);
	}
	return r;
}
_Static_assert(BUFFER_PAGES == 1u << 2, "order of the buffer");

/* With an offset of its own the source's position stays; without, it moves. */
static ssize_t copy_from_position(struct copy *c, off_t __user *in_offset)
{
	off_t at = 0;
	ssize_t r;

	if (in_offset) {
		if (copy_in(&at, in_offset))
			return -EFAULT;
		c->in_pos = at;
		r = copy_files(c);
		if (r > 0 && copy_out(in_offset, &c->in_pos))
			r = -EFAULT;
		return r;
	}
	if (!c->in->ops->seek)
		return -EINVAL;
	c->in_pos = READ_ONCE(c->in->pos);
	r = copy_files(c);
	if (r > 0) {
		mutex_lock(&c->in->pos_lock);
		c->in->pos = c->in_pos;
		mutex_unlock(&c->in->pos_lock);
	}
	return r;
}

long sys_sendfile(int out, int in, off_t __user *offset, size_t n)
{
	struct copy c = { .in = fd_get(in), .out = fd_get(out), .left = n };
	off_t at = 0;
	long r = -EBADF;

	if (offset && copy_in(&at, offset))
		r = -EFAULT;
	else if (c.in && c.out && FILE_READABLE(c.in) && FILE_WRITABLE(c.out))
		r = (ssize_t)n < 0 ? -EINVAL : copy_from_position(&c, offset);
	if (offset && r <= 0 && copy_out(offset, &at)) /* a place that cannot be written is no offset's */
		r = -EFAULT;
	if (c.in)
		file_put(c.in);
	if (c.out)
		file_put(c.out);
	return r;
}
SYSCALL(sendfile);

static long copy_range(struct copy *c, off_t __user *in_offset, off_t __user *out_offset, unsigned flags)
{
	off_t to = 0, from;
	long r;

	if ((in_offset && copy_in(&from, in_offset)) || (out_offset && copy_in(&to, out_offset)))
		return -EFAULT;
	if (flags)
		return -EINVAL;
	if (!c->in->inode || !c->out->inode || !inode_is_regular(c->in->inode) || !inode_is_regular(c->out->inode))
		return c->in->inode && inode_is_dir(c->in->inode) ? -EISDIR : -EINVAL;
	if (c->out->flags & O_APPEND)
		return -EBADF;
	if (out_offset) {
		if (to < 0)
			return -EINVAL;
		c->out_pos = &to;
	}
	r = copy_from_position(c, in_offset);
	if (r > 0 && out_offset && copy_out(out_offset, &to))
		r = -EFAULT;
	return r;
}

long sys_copy_file_range(int in, off_t __user *in_offset, int out, off_t __user *out_offset, size_t n, unsigned flags)
{
	struct copy c = { .in = fd_get(in), .out = fd_get(out), .left = n };
	long r = -EBADF;

	if (c.in && c.out)
		r = copy_range(&c, in_offset, out_offset, flags);
	if (c.in)
		file_put(c.in);
	if (c.out)
		file_put(c.out);
	return r;
}
SYSCALL(copy_file_range);
