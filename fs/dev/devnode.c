/* Character devices by number (fs/dev/devnode.h). */
#include <fs/dev/devnode.h>
#include <linux/errno.h>

COMPONENT("vfs", "files, paths, mounts and descriptors");

int device_open(struct inode *inode, struct file *f, unsigned flags)
{
	int r;

	set_for_each(devnode, node) {
		if (inode->rdev < node->rdev || inode->rdev >= node->rdev + node->minors)
			continue;
		f->ops = node->ops;
		if (!node->open)
			return 0;
		f->flags |= flags & O_NOCTTY; /* for open() only */
		r = node->open(f);
		f->flags &= ~(uint32_t)O_NOCTTY;
		return r;
	}
	return -ENXIO;
}
