/* /dev as a directory that nobody can change: the devices of this kernel, and nothing else. It stands in for devtmpfs where a
 * program is known to name no other files than devices, and tmpfs is not in the kernel.
 */
#include <core/slab.h>
#include <fs/dev/devnode.h>
#include <fs/filesystem.h>
#include <linux/errno.h>
#include <linux/magic.h>

COMPONENT("fixed-dev", "/dev as a directory that cannot be changed, for a kernel without tmpfs");

static void destroy(struct inode *inode)
{
	inode_fini(inode);
	kfree(inode);
}

static int lookup(struct inode *dir, struct dentry *d);

static const struct inode_ops dir_ops = { .lookup = lookup, .destroy = destroy };
static const struct inode_ops node_ops = { .destroy = destroy };
static const struct file_ops no_file_ops; /* what is opened has its device's */

static struct inode *make(struct super *s, const struct inode_ops *ops, uint32_t mode, uint64_t rdev)
{
	struct inode *inode = kzalloc(sizeof(*inode));

	if (!inode)
		return NULL;
	inode_init(inode, s, ops, &no_file_ops, mode);
	inode->rdev = rdev;
	inode->ino = rdev + 1; /* no device has number 0: that is the directory */
	return inode;
}

static int lookup(struct inode *dir, struct dentry *d)
{
	set_for_each(devnode, node) {
		struct inode *inode;

		if (!node->mode || strcmp(node->name, d->name))
			continue;
		inode = make(dir->super, &node_ops, node->mode, node->rdev);
		if (!inode)
			return -ENOMEM;
		dentry_attach(d, inode, false);
		break;
	}
	return 0;
}

static void statfs(struct super *s, struct statfs_info *out)
{
	out->type = TMPFS_MAGIC; /* as /dev has it elsewhere */
	out->block_size = PAGE_SIZE;
}

static void super_destroy(struct super *s)
{
}

static const struct super_ops super_ops = { .statfs = statfs, .destroy = super_destroy };

static int fixed_dev_mount(const struct filesystem *fs, const char *source, const char *options, struct super **out)
{
	struct super *s = super_alloc(fs, &super_ops, NULL);
	struct inode *root = s ? make(s, &dir_ops, S_IFDIR | 0555, 0) : NULL;

	if (root)
		s->root = dentry_root(root);
	if (!s || !s->root) {
		if (s)
			super_put(s);
		return -ENOMEM;
	}
	*out = s;
	return 0;
}
FILESYSTEM(fixed_dev, fixed_dev_mount, FILESYSTEM_NODEV);
