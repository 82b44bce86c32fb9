/* Character devices by number (fs/dev/devnode.h). */
#include <fs/dev/devnode.h>
#include <linux/errno.h>

COMPONENT("vfs", "files, paths, mounts and descriptors");

int device_open(struct inode *inode, struct file *f)
{
	set_for_each(devnode, node) {
		if (node->rdev != inode->rdev)
			continue;
		f->ops = node->ops;
		return node->open ? node->open(f) : 0;
	}
	return -ENXIO;
}
