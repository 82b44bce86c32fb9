/* The writable layer over a read-only root: a tmpfs whose directories fill themselves from a lower file system.
 *
 * A directory that is touched for the first time gets one lazy entry for each of the lower one's; an entry that is
 * looked up gets an inode that starts as a copy of the lower inode, with the same number, and shares its pages until
 * they are written. From then on it is a tmpfs like any other: no whiteouts, no opaque directories, renames and hard
 * links need nothing special, nothing is copied up but pages and attributes (docs/decisions/overlay-by-population.md).
 * Nothing goes back to the lower file system. Several names of a lower inode are one inode here too: linked inodes are
 * kept in a list by number as long as they are in use.
 */
#include <core/slab.h>
#include <fs/overlay/overlay.h>
#include <fs/tmpfs/tmpfs.h>
#include <linux/errno.h>

COMPONENT("overlay", "a layer in memory over a read-only root");

struct filling {
	struct dir_context ctx;
	struct dentry *dir;
	int error;
};

static bool fill_entry(struct dir_context *ctx, const char *name, size_t len, uint64_t ino, unsigned type, off_t next)
{
	struct filling *f = container_of(ctx, struct filling, ctx);

	if (name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')))
		return true;
	f->error = dentry_add_lazy(f->dir, name, len, type, ino);
	if (f->error == -EEXIST) /* made here before the directory was read, or twice in a damaged one */
		f->error = 0;
	return !f->error;
}

static int overlay_populate(struct inode *dir, struct dentry *d)
{
	struct filling f = { .ctx = { .emit = fill_entry }, .dir = d };
	struct tmpfs_inode *t = tmpfs_inode(dir);
	int r;

	if (!t->lower)
		return 0;
	r = t->lower->ops->iterate(t->lower, &f.ctx);
	return r ? r : f.error;
}

/* Inodes with several names here and below, so that each is found again: overlay->lock. */
struct overlay {
	struct mutex lock;
	struct list linked; /* of struct linked */
};

struct linked {
	struct list node;
	uint64_t ino;
	struct inode *inode; /* ref: kept until the end, they are few */
};

static struct inode *find_linked(struct overlay *o, uint64_t ino)
{
	struct linked *l;

	list_for_each(l, &o->linked, node)
		if (l->ino == ino)
			return l->inode;
	return NULL;
}

/* The inode that starts out as @lower, whose reference moves. */
static struct tmpfs_inode *inode_over(struct super *super, struct inode *lower)
{
	struct tmpfs_inode *t = tmpfs_inode_new(super, lower->mode);
	struct inode *inode;

	if (!t) {
		inode_put(lower);
		return NULL;
	}
	inode = &t->inode;
	t->lower = lower;
	t->xattrs_own = false;
	inode->ino = lower->ino;
	inode->nlink = lower->nlink;
	inode->uid = lower->uid;
	inode->gid = lower->gid;
	inode->size = lower->size;
	inode->rdev = lower->rdev;
	inode->atime_ns = lower->atime_ns + 1; /* behind mtime: reading is no reason to stamp it */
	inode->mtime_ns = lower->mtime_ns;
	inode->ctime_ns = lower->ctime_ns;
	inode->btime_ns = lower->btime_ns;
	if (inode_is_regular(inode)) {
		t->lower_size = lower->size;
	} else if (inode_is_link(inode)) {
		inode->link = kstrdup(lower->link);
		if (!inode->link) {
			inode_put(inode);
			return NULL;
		}
	}
	return t;
}

static int overlay_instantiate(struct inode *dir, struct dentry *d)
{
	struct tmpfs *fs = tmpfs_of(dir);
	struct overlay *o = fs->lower_private;
	struct inode *lower = fs->lower->ops->inode_by_number(fs->lower, d->private), *inode;
	struct tmpfs_inode *t;
	struct linked *l;

	if (is_err(lower))
		return (int)ptr_err(lower);
	if (inode_is_dir(lower) || lower->nlink < 2) {
		t = inode_over(dir->super, lower);
		if (!t)
			return -ENOMEM;
		dentry_attach(d, &t->inode, false); /* a lazy entry is kept already */
		return 0;
	}
	mutex_lock(&o->lock);
	inode = find_linked(o, lower->ino);
	if (inode) {
		inode_put(lower);
		inode_get(inode);
	} else {
		l = kmalloc(sizeof(*l));
		t = l ? inode_over(dir->super, lower) : NULL;
		if (!t) {
			if (!l)
				inode_put(lower);
			kfree(l);
			mutex_unlock(&o->lock);
			return -ENOMEM;
		}
		inode = &t->inode;
		inode_get(inode);
		*l = (struct linked){ .ino = inode->ino, .inode = inode };
		list_add(&o->linked, &l->node);
	}
	mutex_unlock(&o->lock);
	dentry_attach(d, inode, false);
	return 0;
}

static const struct tmpfs_lower_ops overlay_ops = {
	.populate = overlay_populate,
	.instantiate = overlay_instantiate,
};

/* What a kernel without this part does not define (absent/overlay.c), so that it can be asked for. */
const char overlay_present[] = "";

int overlay_super(struct super *lower, struct super **out)
{
	const struct filesystem *type = filesystem_find("overlay");
	struct overlay *o = kmalloc(sizeof(*o));
	struct inode *lower_root = lower->root->inode;
	struct tmpfs_inode *root;
	struct tmpfs *fs;
	struct super *s;
	int r = o ? tmpfs_super(type, "", &s) : -ENOMEM;

	if (r) {
		kfree(o);
		super_put(lower);
		return r;
	}
	mutex_init(&o->lock, RANK_INODE);
	list_init(&o->linked);
	fs = s->private;
	fs->lower = lower;
	fs->lower_ops = &overlay_ops;
	fs->lower_private = o;
	s->last_ino = lower->last_ino;
	inode_get(lower_root);
	root = inode_over(s, lower_root);
	if (!root) {
		dentry_put(s->root);
		super_put(s);
		return -ENOMEM;
	}
	dentry_put(s->root);
	s->root = dentry_root(&root->inode);
	if (!s->root) {
		super_put(s);
		return -ENOMEM;
	}
	*out = s;
	return 0;
}

static int overlay_mount(const struct filesystem *fs, const char *source, const char *options, struct super **out)
{
	return -EINVAL; /* layers of a program's own choice are not supported; the root's is made by the kernel */
}
FILESYSTEM(overlay, overlay_mount, FILESYSTEM_NODEV);
