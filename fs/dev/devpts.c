/* The file system of /dev/pts: a tmpfs whose files come and go with pseudo-terminals. There is one, mounted once. */
#include <core/log.h>
#include <fs/dev/devnode.h>
#include <fs/dev/pty.h>
#include <fs/tmpfs/tmpfs.h>
#include <linux/errno.h>
#include <linux/magic.h>

COMPONENT("pty", "pseudo-terminals");

#define MODE (S_IFCHR | 0620)

static struct mutex lock = MUTEX_INIT(lock, RANK_MOUNT); /* outermost: directories are changed under it */
static struct super *mounted;                            /* lock */
static const struct super_ops *tmpfs_ops;                /* I once mounted */

static void devpts_statfs(struct super *s, struct statfs_info *out)
{
	tmpfs_ops->statfs(s, out);
	out->type = DEVPTS_SUPER_MAGIC;
}

static void devpts_destroy(struct super *s)
{
	mutex_lock(&lock);
	mounted = NULL;
	mutex_unlock(&lock);
	tmpfs_ops->destroy(s);
}

static const struct super_ops devpts_ops = { .statfs = devpts_statfs, .destroy = devpts_destroy };

static int devpts_mount(const struct filesystem *fs, const char *source, const char *options, struct super **out)
{
	int r = 0;

	mutex_lock(&lock);
	if (mounted)
		r = -EBUSY;
	if (!r)
		r = tmpfs_super(fs, "mode=755", out);
	if (!r) {
		tmpfs_ops = (*out)->ops;
		(*out)->ops = &devpts_ops;
		mounted = *out;
	}
	mutex_unlock(&lock);
	return r;
}
FILESYSTEM(devpts, devpts_mount, FILESYSTEM_NODEV);

int devpts_add(unsigned index)
{
	struct inode *dir;
	char name[8];
	int r = -ENODEV;

	mutex_lock(&lock);
	if (mounted) {
		dir = mounted->root->inode;
		format_text(name, sizeof(name), "%u", index);
		mutex_lock(&dir->lock);
		r = tmpfs_make(mounted->root, name, MODE, DEVNODE_NUMBER(PTY_MAJOR, index)) ? 0 : -ENOMEM;
		mutex_unlock(&dir->lock);
	}
	mutex_unlock(&lock);
	return r;
}

/* The name may be gone already, or be another file's: programs may remove it. */
void devpts_remove(unsigned index)
{
	struct dentry *d;
	struct inode *dir;
	char name[8];

	mutex_lock(&lock);
	if (mounted) {
		dir = mounted->root->inode;
		format_text(name, sizeof(name), "%u", index);
		mutex_lock(&dir->lock);
		d = dentry_lookup(mounted->root, name, strlen(name));
		if (!is_err(d)) {
			if (d->inode && d->inode->rdev == DEVNODE_NUMBER(PTY_MAJOR, index) && !dir->ops->unlink(dir, d))
				dentry_detach(d);
			dentry_put(d);
		}
		mutex_unlock(&dir->lock);
	}
	mutex_unlock(&lock);
}
