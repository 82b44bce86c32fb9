/* Making, removing and renaming names, and changing attributes (fs/vfs.h).
 *
 * A directory's lock is held while an entry of it changes; two directories are locked by rename only, under
 * rename_lock, the ancestor first, else by address. A victim directory is locked inside its parent: parent before child.
 */
#include <core/log.h>
#include <fs/notify.h>
#include <fs/walk.h>
#include <linux/errno.h>
#include <linux/fs.h>

COMPONENT("vfs", "files, paths, mounts and descriptors");

static struct mutex rename_lock = MUTEX_INIT(rename_lock, RANK_RENAME);

/* May entries of @dir change? Its lock is held. */
static int directory_changeable(const struct path *dir)
{
	int r = mount_writable(dir->mount);

	if (!r && !(dir->dentry->flags & DENTRY_HASHED) && dir->dentry->parent != dir->dentry)
		r = -ENOENT; /* it was removed */
	if (!r)
		r = inode_permission(dir->dentry->inode, MAY_WRITE | MAY_EXEC);
	return r;
}

/*
 * Find where a new name goes, and lock its directory. @slash_ok: "name/" is fine.
 * On success the walk is held and *@out is a negative entry with a reference.
 */
static int new_name_begin(struct walk *w, const struct path *start, const char *name, bool slash_ok,
			  struct dentry **out)
{
	struct dentry *d;
	int r = walk_parent(w, start, name, 0);

	if (r)
		goto out;
	r = -EEXIST;
	if (w->last.special)
		goto out;
	mutex_lock(&w->at.dentry->inode->lock);
	d = dentry_lookup(w->at.dentry, w->last.name, w->last.len);
	r = is_err(d) ? (int)ptr_err(d) : 0;
	if (!r && d->inode)
		r = -EEXIST;
	if (!r && w->last.slash && !slash_ok)
		r = -ENOENT;
	if (!r)
		r = directory_changeable(&w->at);
	if (!r) {
		*out = d;
		return 0;
	}
	mutex_unlock(&w->at.dentry->inode->lock);
	if (!is_err(d))
		dentry_put(d);
out:
	walk_end(w);
	return r;
}

static void new_name_end(struct walk *w, struct dentry *d)
{
	mutex_unlock(&w->at.dentry->inode->lock);
	dentry_put(d);
	walk_end(w);
}

int vfs_make(const struct path *start, const char *name, uint32_t mode, uint64_t rdev)
{
	const struct process *p = current->process;
	struct inode *dir;
	struct dentry *d;
	struct walk w;
	int r = new_name_begin(&w, start, name, (mode & S_IFMT) == S_IFDIR, &d);

	if (r)
		return r;
	dir = w.at.dentry->inode;
	if (p && p->fs)
		mode &= ~READ_ONCE(p->fs->umask);
	r = dir->ops->create ? dir->ops->create(dir, d, mode, rdev) : -EPERM;
	if (!r)
		notify_name(dir, d, IN_CREATE);
	new_name_end(&w, d);
	return r;
}

int vfs_symlink(const char *target, const struct path *start, const char *name)
{
	struct inode *dir;
	struct dentry *d;
	struct walk w;
	int r = *target ? new_name_begin(&w, start, name, false, &d) : -ENOENT;

	if (r)
		return r;
	dir = w.at.dentry->inode;
	r = dir->ops->symlink ? dir->ops->symlink(dir, d, target) : -EPERM;
	if (!r)
		notify_name(dir, d, IN_CREATE);
	new_name_end(&w, d);
	return r;
}

int vfs_link(const struct path *old, const struct path *start, const char *name)
{
	struct inode *inode = old->dentry->inode, *dir;
	struct dentry *d;
	struct walk w;
	int r = new_name_begin(&w, start, name, false, &d);

	if (r)
		return r;
	dir = w.at.dentry->inode;
	if (old->mount != w.at.mount)
		r = -EXDEV;
	else if (inode_is_dir(inode) || !dir->ops->link)
		r = -EPERM;
	else
		r = dir->ops->link(dir, d, inode);
	if (!r) {
		notify_inode(inode, IN_ATTRIB);
		notify_name(dir, d, IN_CREATE);
	}
	new_name_end(&w, d);
	return r;
}

/* May @d be taken out of @dir (its lock is held)? */
static int may_remove(const struct path *dir, struct dentry *d)
{
	int r = directory_changeable(dir);

	if (!r && dir->dentry->inode->mode & S_ISVTX && !inode_owned(d->inode) && !inode_owned(dir->dentry->inode))
		r = -EPERM;
	if (!r && d->mounts)
		r = -EBUSY;
	return r;
}

/* A directory may go only if it is empty; its lock is held until it is gone, so that it stays so. */
static int victim_lock(struct dentry *d)
{
	int r;

	if (!inode_is_dir(d->inode))
		return 0;
	mutex_lock(&d->inode->lock);
	r = dentry_populate(d);
	if (!r && dentry_has_children(d))
		r = -ENOTEMPTY;
	if (r)
		mutex_unlock(&d->inode->lock);
	return r;
}

static void victim_unlock(struct inode *inode)
{
	if (inode_is_dir(inode))
		mutex_unlock(&inode->lock);
}

static int unlink_locked(struct walk *w, struct dentry *d, bool directory)
{
	struct inode *dir = w->at.dentry->inode, *inode = d->inode;
	int r;

	if (!inode)
		return -ENOENT;
	r = may_remove(&w->at, d);
	if (r)
		return r;
	if (directory && !inode_is_dir(inode))
		return -ENOTDIR;
	if (!directory && inode_is_dir(inode))
		return -EISDIR;
	if (!directory && w->last.slash)
		return -ENOTDIR;
	if (!dir->ops->unlink)
		return -EPERM;
	r = victim_lock(d);
	if (r)
		return r;
	r = dir->ops->unlink(dir, d);
	if (!r) {
		dentry_detach(d);
		if (!directory)
			notify_inode(inode, IN_ATTRIB); /* the count of its names */
		notify_name(dir, d, IN_DELETE);
	}
	victim_unlock(inode);
	return r;
}

int vfs_unlink(const struct path *start, const char *name, bool directory)
{
	struct dentry *d;
	struct walk w;
	int r = walk_parent(&w, start, name, 0);

	if (!r && w.last.special) {
		if (!w.last.len)
			r = directory ? -EBUSY : -EISDIR; /* the root */
		else if (!directory)
			r = -EISDIR;
		else
			r = w.last.len == 1 ? -EINVAL : -ENOTEMPTY;
	}
	if (!r) {
		mutex_lock(&w.at.dentry->inode->lock);
		d = dentry_lookup(w.at.dentry, w.last.name, w.last.len);
		r = is_err(d) ? (int)ptr_err(d) : unlink_locked(&w, d, directory);
		mutex_unlock(&w.at.dentry->inode->lock);
		if (!is_err(d))
			dentry_put(d);
	}
	walk_end(&w);
	return r;
}

static void lock_two(struct dentry *a, struct dentry *b)
{
	bool a_first;

	if (a == b) {
		mutex_lock(&a->inode->lock);
		return;
	}
	a_first = dentry_is_below(b, a) || (!dentry_is_below(a, b) && a->inode < b->inode);
	mutex_lock(a_first ? &a->inode->lock : &b->inode->lock);
	mutex_lock(a_first ? &b->inode->lock : &a->inode->lock);
}

static void unlock_two(struct dentry *a, struct dentry *b)
{
	mutex_unlock(&a->inode->lock);
	if (a != b)
		mutex_unlock(&b->inode->lock);
}

/* Both directories are locked, @d and @target were looked up in them. */
static int rename_locked(struct walk *from, struct dentry *d, struct walk *to, struct dentry *target, unsigned flags)
{
	struct inode *dir = from->at.dentry->inode, *to_dir = to->at.dentry->inode, *victim = target->inode;
	bool exchange = flags & RENAME_EXCHANGE;
	int r;

	if (!d->inode || (exchange && !victim))
		return -ENOENT;
	if (flags & RENAME_NOREPLACE && victim)
		return -EEXIST;
	if (d->inode == victim)
		return 0; /* two names of one file: nothing happens */
	r = may_remove(&from->at, d);
	if (!r)
		r = victim ? may_remove(&to->at, target) : directory_changeable(&to->at);
	if (r)
		return r;
	if (inode_is_dir(d->inode) && dentry_is_below(to->at.dentry, d))
		return -EINVAL;
	if (victim && inode_is_dir(victim) && dentry_is_below(from->at.dentry, target))
		return exchange ? -EINVAL : -ENOTEMPTY;
	if (!inode_is_dir(d->inode) && (from->last.slash || (to->last.slash && !exchange)))
		return -ENOTDIR;
	if (victim && !exchange && inode_is_dir(d->inode) != inode_is_dir(victim))
		return inode_is_dir(victim) ? -EISDIR : -ENOTDIR;
	if (!dir->ops->rename)
		return -EPERM;
	if (victim && !exchange) {
		r = victim_lock(target);
		if (r)
			return r;
	}
	r = dir->ops->rename(dir, d, to_dir, target, flags);
	if (!r) {
		dentry_move(d, target, exchange);
		notify_renamed(dir, from->last.name, from->last.len, to_dir, d);
		if (exchange)
			notify_renamed(to_dir, to->last.name, to->last.len, dir, target);
		else if (victim && !inode_is_dir(victim))
			notify_inode(victim, IN_ATTRIB);
	}
	if (victim && !exchange)
		victim_unlock(victim);
	return r;
}

int vfs_rename(const struct path *start, const char *name, const struct path *to_start, const char *to_name,
	       unsigned flags)
{
	struct dentry *d = NULL, *target = NULL;
	struct walk from, to;
	int r, r2;

	if (flags & ~(unsigned)(RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	if (flags == (RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	r = walk_parent(&from, start, name, 0);
	r2 = walk_parent(&to, to_start, to_name, 0);
	if (!r)
		r = r2;
	if (!r && from.at.mount != to.at.mount)
		r = -EXDEV;
	if (!r && (from.last.special || to.last.special))
		r = flags & RENAME_NOREPLACE && !from.last.special ? -EEXIST : -EBUSY;
	if (r)
		goto out;
	mutex_lock(&rename_lock);
	lock_two(from.at.dentry, to.at.dentry);
	d = dentry_lookup(from.at.dentry, from.last.name, from.last.len);
	target = dentry_lookup(to.at.dentry, to.last.name, to.last.len);
	if (is_err(d))
		r = (int)ptr_err(d);
	else if (is_err(target))
		r = (int)ptr_err(target);
	else
		r = rename_locked(&from, d, &to, target, flags);
	unlock_two(from.at.dentry, to.at.dentry);
	mutex_unlock(&rename_lock);
	if (!is_err(d))
		dentry_put(d);
	if (!is_err(target))
		dentry_put(target);
out:
	walk_end(&from);
	walk_end(&to);
	return r;
}

/* Rights as chmod(2), chown(2), utimensat(2), truncate(2) state them; times were checked by the caller. */
static int change_allowed(const struct inode *inode, const struct attribute_change *c)
{
	const struct process *p = current->process;
	bool root = !p || p->credentials.fsuid == 0;

	if (c->which & CHANGE_MODE && !inode_owned(inode))
		return -EPERM;
	if (c->which & CHANGE_UID && !root && !(inode_owned(inode) && c->uid == inode->uid))
		return -EPERM;
	if (c->which & CHANGE_GID && !root && !(inode_owned(inode) && c->gid == p->credentials.fsgid))
		return -EPERM;
	if (c->which & CHANGE_SIZE)
		return inode_permission(inode, MAY_WRITE);
	return 0;
}

/* The events that a change means. */
static uint32_t change_events(const struct attribute_change *c)
{
	unsigned times = c->which & (CHANGE_ATIME | CHANGE_MTIME);
	uint32_t events = c->which & (CHANGE_MODE | CHANGE_UID | CHANGE_GID) ? IN_ATTRIB : 0;

	if (c->which & CHANGE_SIZE)
		events |= IN_MODIFY;
	if (times == (CHANGE_ATIME | CHANGE_MTIME))
		return events | IN_ATTRIB;
	return times == CHANGE_ATIME ? events | IN_ACCESS : times == CHANGE_MTIME ? events | IN_MODIFY : events;
}

int vfs_setattr(const struct path *p, struct attribute_change *change)
{
	struct inode *inode = p->dentry->inode;
	int r = mount_writable(p->mount);

	if (r)
		return r;
	if (change->which & CHANGE_SIZE) {
		if (inode_is_dir(inode))
			return -EISDIR;
		if (!inode_is_regular(inode))
			return -EINVAL;
	}
	mutex_lock(&inode->lock);
	r = change_allowed(inode, change);
	if (!r && change->which & (CHANGE_UID | CHANGE_GID) && inode_is_regular(inode) && inode->mode & 06000) {
		change->mode = inode->mode & 01777; /* a new owner did not set these bits */
		change->which |= CHANGE_MODE;
	}
	if (!r && inode->ops->setattr)
		r = inode->ops->setattr(inode, change);
	else if (!r && change->which & CHANGE_SIZE)
		r = -EINVAL;
	else if (!r)
		inode_change(inode, change);
	mutex_unlock(&inode->lock);
	if (!r)
		notify_entry(p->dentry, change_events(change));
	return r;
}
