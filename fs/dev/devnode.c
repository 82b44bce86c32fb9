/* Devices by number (fs/dev/devnode.h, blockfile.h). */
#include <fs/dev/blockfile.h>
#include <fs/dev/devnode.h>
#include <linux/errno.h>

COMPONENT("vfs", "files, paths, mounts and descriptors");

int device_open(struct inode *inode, struct file *f, unsigned flags)
{
	int r;

	if ((inode->mode & S_IFMT) == S_IFBLK) {
		set_for_each(blockfile, disks) {
			r = disks->open(inode, f);
			if (r != -ENXIO)
				return r;
		}
		return -ENXIO;
	}
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
