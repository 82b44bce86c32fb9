/* Names in tmpfs: made, linked, removed, renamed (fs/tmpfs/tmpfs.h). The directory's lock is held in all of them. */
#include <core/slab.h>
#include <fs/tmpfs/tmpfs.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>

COMPONENT("tmpfs", "files in memory");

static void dir_changed(struct inode *dir)
{
	dir->mtime_ns = dir->ctime_ns = inode_now();
}

struct tmpfs_inode *tmpfs_inode_new(struct super *super, uint32_t mode)
{
	struct tmpfs_inode *t = kmalloc(sizeof(*t));
	const struct process *p = current->process;
	struct inode *inode;

	if (!t)
		return NULL;
	inode = &t->inode;
	switch (mode & S_IFMT) {
	case S_IFREG:
		inode_init(inode, super, &tmpfs_file_inode_ops, &tmpfs_file_ops, mode);
		break;
	case S_IFDIR:
		inode_init(inode, super, &tmpfs_dir_ops, &tmpfs_dir_file_ops, mode);
		inode->nlink = 2;
		break;
	default:
		inode_init(inode, super, &tmpfs_other_ops, NULL, mode);
	}
	t->lower = NULL;
	t->lower_size = 0;
	t->seals = F_SEAL_SEAL;
	list_init(&t->xattrs);
	t->xattrs_own = true;
	inode->ino = __atomic_add_fetch(&super->last_ino, 1, __ATOMIC_RELAXED);
	if (p) {
		inode->uid = p->credentials.fsuid;
		inode->gid = p->credentials.fsgid;
	}
	inode->atime_ns = inode->mtime_ns = inode->ctime_ns = inode->btime_ns = inode_now();
	return t;
}

static int tmpfs_create(struct inode *dir, struct dentry *d, uint32_t mode, uint64_t rdev)
{
	struct tmpfs_inode *t;

	if (dir->mode & S_ISGID && (mode & S_IFMT) == S_IFDIR)
		mode |= S_ISGID;
	t = tmpfs_memory_short() ? NULL : tmpfs_inode_new(dir->super, mode);
	if (!t)
		return -ENOSPC;
	if (dir->mode & S_ISGID)
		t->inode.gid = dir->gid;
	t->inode.rdev = rdev;
	if (inode_is_dir(&t->inode))
		dir->nlink++;
	dentry_attach(d, &t->inode, true);
	dir_changed(dir);
	return 0;
}

struct dentry *tmpfs_make(struct dentry *dir, const char *name, uint32_t mode, uint64_t rdev)
{
	struct tmpfs_inode *t = tmpfs_inode_new(dir->inode->super, mode);

	if (!t)
		return NULL;
	t->inode.rdev = rdev;
	if (inode_is_dir(&t->inode))
		dir->inode->nlink++;
	return dentry_add(dir, name, &t->inode);
}

static struct tmpfs_inode *link_new(struct super *super, const char *target)
{
	struct tmpfs_inode *t = tmpfs_inode_new(super, S_IFLNK | 0777);
	char *text = kstrdup(target);

	if (!t || !text) {
		kfree(text);
		if (t)
			inode_put(&t->inode);
		return NULL;
	}
	t->inode.link = text;
	t->inode.size = strlen(text);
	return t;
}

struct dentry *tmpfs_make_link(struct dentry *dir, const char *name, const char *target)
{
	struct tmpfs_inode *t = link_new(dir->inode->super, target);

	return t ? dentry_add(dir, name, &t->inode) : NULL;
}

static int tmpfs_symlink(struct inode *dir, struct dentry *d, const char *target)
{
	struct tmpfs_inode *t = tmpfs_memory_short() ? NULL : link_new(dir->super, target);

	if (!t)
		return -ENOSPC;
	dentry_attach(d, &t->inode, true);
	dir_changed(dir);
	return 0;
}

static int tmpfs_link(struct inode *dir, struct dentry *d, struct inode *inode)
{
	if (tmpfs_memory_short())
		return -ENOSPC;
	inode->nlink++;
	inode_get(inode);
	dentry_attach(d, inode, true);
	dir_changed(dir);
	inode->ctime_ns = dir->ctime_ns;
	return 0;
}

static void lost_name(struct inode *dir, struct inode *inode)
{
	if (inode_is_dir(inode)) {
		inode->nlink = 0;
		dir->nlink--;
	} else {
		inode->nlink--;
	}
	inode->ctime_ns = inode_now();
}

static int tmpfs_unlink(struct inode *dir, struct dentry *d)
{
	lost_name(dir, d->inode);
	dir_changed(dir);
	return 0;
}

static int tmpfs_rename(struct inode *dir, struct dentry *d, struct inode *to_dir, struct dentry *target, unsigned flags)
{
	struct inode *victim = target->inode;

	if (victim && !(flags & RENAME_EXCHANGE))
		lost_name(to_dir, victim);
	if (inode_is_dir(d->inode)) {
		dir->nlink--;
		to_dir->nlink++;
	}
	if (flags & RENAME_EXCHANGE && inode_is_dir(victim)) {
		to_dir->nlink--;
		dir->nlink++;
	}
	dir_changed(dir);
	dir_changed(to_dir);
	d->inode->ctime_ns = dir->ctime_ns;
	return 0;
}

static int tmpfs_populate(struct inode *dir, struct dentry *d)
{
	struct tmpfs *fs = tmpfs_of(dir);

	return fs->lower_ops ? fs->lower_ops->populate(dir, d) : 0;
}

static int tmpfs_instantiate(struct inode *dir, struct dentry *d)
{
	return tmpfs_of(dir)->lower_ops->instantiate(dir, d);
}

static int tmpfs_dir_getattr(struct inode *inode, struct attributes *out)
{
	if (!tmpfs_inode(inode)->lower)
		out->size = PAGE_SIZE;
	return 0;
}

static void tmpfs_other_destroy(struct inode *inode)
{
	struct tmpfs_inode *t = tmpfs_inode(inode);

	kfree(inode->link);
	if (t->lower)
		inode_put(t->lower);
	tmpfs_xattrs_free(t);
	inode_fini(inode);
	kfree(t);
}

const struct inode_ops tmpfs_dir_ops = {
	.populate = tmpfs_populate,
	.instantiate = tmpfs_instantiate,
	.create = tmpfs_create,
	.symlink = tmpfs_symlink,
	.link = tmpfs_link,
	.unlink = tmpfs_unlink,
	.rename = tmpfs_rename,
	.getattr = tmpfs_dir_getattr,
	.xattr_get = tmpfs_xattr_get,
	.xattr_set = tmpfs_xattr_set,
	.xattr_list = tmpfs_xattr_list,
	.destroy = tmpfs_other_destroy,
};

const struct inode_ops tmpfs_other_ops = {
	.xattr_get = tmpfs_xattr_get,
	.xattr_set = tmpfs_xattr_set,
	.xattr_list = tmpfs_xattr_list,
	.destroy = tmpfs_other_destroy,
};

const struct file_ops tmpfs_dir_file_ops = {
	.seek = dir_seek,
	.readdir = dentry_readdir,
};
