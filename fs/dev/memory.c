/* /dev/null, /dev/zero, /dev/full (null(4), full(4)). */
#include <core/thread.h>
#include <core/wait.h>
#include <fs/dev/devnode.h>
#include <fs/tmpfs/tmpfs.h>
#include <linux/errno.h>

COMPONENT("dev", "/dev and its files");

static off_t seek_nowhere(struct file *f, off_t offset, int whence)
{
	return 0;
}

static ssize_t null_read(struct file *f, struct io *io, off_t *pos)
{
	return 0;
}

static ssize_t null_write(struct file *f, struct io *io, off_t *pos)
{
	return (ssize_t)io->left;
}

static const struct file_ops null_ops = { .read = null_read, .write = null_write, .seek = seek_nowhere, .stream = true };
DEVNODE(null, "null", &null_ops, NULL, 1, 3, 0666);

#define ZERO_STEP (1ul << 20) /* between looks at signals */

static ssize_t zero_read(struct file *f, struct io *io, off_t *pos)
{
	size_t wanted = io->left;

	for (;;) {
		size_t n = MIN(io->left, ZERO_STEP), moved = io_zero(io, n);

		if (likely(!io->left))
			return (ssize_t)wanted;
		if (moved < n && io->left == wanted)
			return -EFAULT;
		if (moved < n || thread_signal_pending(current))
			return (ssize_t)(wanted - io->left);
	}
}

/* A shared mapping is memory of its own that starts as zeroes; a private one might as well be. */
static int zero_mmap(struct file *f, struct vm_object **object, unsigned prot, unsigned flags)
{
	struct tmpfs_inode *t = tmpfs_inode_new(f->inode->super, S_IFREG | 0600);

	if (!t)
		return -ENOMEM;
	t->inode.nlink = 0;
	t->inode.size = INT64_MAX;
	*object = &t->inode.object;
	return 0;
}

static const struct file_ops zero_ops = {
	.read = zero_read, .write = null_write, .seek = seek_nowhere, .mmap = zero_mmap, .stream = true,
};
DEVNODE(zero, "zero", &zero_ops, NULL, 1, 5, 0666);

static ssize_t full_write(struct file *f, struct io *io, off_t *pos)
{
	return -ENOSPC;
}

static const struct file_ops full_ops = {
	.read = zero_read, .write = full_write, .seek = seek_nowhere, .stream = true,
};
DEVNODE(full, "full", &full_ops, NULL, 1, 7, 0666);
