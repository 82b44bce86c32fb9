/* Mounts: which file system is put over which directory; mount(2) and umount2(2) below the system call.
 *
 * The list of mounts is under dentry_lock, so that path walks cross mounts without another lock; mount_lock serialises
 * mounting and unmounting. A bind mount shows a part of a super that is mounted elsewhere; a super's names are given up
 * with its last mount. Left out: propagation.
 */
#include <core/ref.h>
#include <core/slab.h>
#include <fs/filesystem.h>
#include <fs/notify.h>
#include <linux/errno.h>
#include <linux/mount.h>

COMPONENT("vfs", "files, paths, mounts and descriptors");

struct mutex mount_lock = MUTEX_INIT(mount_lock, RANK_MOUNT);
struct list mount_list = LIST_INIT(mount_list); /* dentry_lock */
static struct mount *first_mount;               /* dentry_lock; set once */
static int last_mount_id = 20;                  /* mount_lock */
static uint32_t last_device = 1;                /* atomic */

const struct filesystem *filesystem_find(const char *name)
{
	set_for_each(filesystem, fs)
		if (!strcmp(fs->name, name))
			return fs;
	return NULL;
}

struct super *super_alloc(const struct filesystem *type, const struct super_ops *ops, void *private)
{
	struct super *s = kzalloc(sizeof(*s));

	if (!s)
		return NULL;
	s->ops = ops;
	s->type = type;
	s->refs = 1;
	s->device = __atomic_add_fetch(&last_device, 1, __ATOMIC_RELAXED);
	s->private = private;
	return s;
}

void super_put(struct super *s)
{
	if (!ref_put(&s->refs))
		return;
	if (s->ops->destroy)
		s->ops->destroy(s);
	kfree(s);
}

struct mount *mount_find_locked(struct mount *parent, struct dentry *point)
{
	struct mount *m, *found = NULL;

	list_for_each(m, &mount_list, node)
		if (m->point == point && m->parent == parent)
			found = m; /* the newest of several on the same point lies on top of the others' roots */
	return found;
}

struct mount *mount_of_super(struct super *s)
{
	struct mount *m, *found = NULL;

	spin_lock(&dentry_lock);
	list_for_each(m, &mount_list, node) {
		if (m->super != s)
			continue;
		found = m;
		if (m->root == s->root)
			break; /* better than a part of it */
	}
	if (found)
		mount_get(found);
	spin_unlock(&dentry_lock);
	return found;
}

void mount_root_path(struct path *out)
{
	spin_lock(&dentry_lock);
	out->mount = first_mount;
	out->dentry = first_mount->root;
	path_get(out);
	spin_unlock(&dentry_lock);
}

/* The last reference is gone: nothing below is open. */
static void mount_free(struct mount *m)
{
	struct super *s = m->super;

	/* The super's root is there as long as anything below it is held. */
	if (__atomic_fetch_sub(&s->mounts, 1, __ATOMIC_ACQ_REL) == 1)
		dentry_discard_tree(s->root);
	dentry_put(m->root);
	super_put(s);
	if (m->point)
		dentry_put(m->point);
	if (m->parent)
		mount_put(m->parent);
	kfree(m->source);
	kfree(m);
}

void mount_put(struct mount *m)
{
	if (ref_put(&m->refs))
		mount_free(m);
}

/* A mount that nobody can see yet. NULL: no memory, and the super is given up. */
static struct mount *mount_new(struct super *super, const char *source, unsigned flags)
{
	struct mount *m = kzalloc(sizeof(*m));
	char *text = kstrdup(source);

	if (!m || !text) {
		kfree(m);
		kfree(text);
		dentry_discard_tree(super->root);
		dentry_put(super->root);
		super_put(super);
		return NULL;
	}
	m->root = super->root; /* its reference moves */
	m->super = super;
	__atomic_fetch_add(&super->mounts, 1, __ATOMIC_RELAXED);
	m->refs = 1;
	m->flags = flags;
	m->source = text;
	list_init(&m->node);
	return m;
}

struct mount *mount_detached(struct super *super)
{
	return mount_new(super, "none", 0);
}

/* @m goes over @at; NULL: it is the first root. dentry_lock is held. -EINVAL: @at was unmounted meanwhile. */
static int attach_locked(struct mount *m, const struct path *at)
{
	if (at && !at->mount->attached)
		return -EINVAL;
	if (at) {
		path_get(at);
		m->parent = at->mount;
		m->point = at->dentry;
		m->point->mounts++;
	} else {
		first_mount = m;
	}
	m->attached = true;
	list_add_tail(&mount_list, &m->node);
	return 0;
}

/* On failure @m is given up. */
static int attach(struct mount *m, const struct path *at)
{
	int r;

	mutex_lock(&mount_lock);
	m->id = ++last_mount_id;
	spin_lock(&dentry_lock);
	r = attach_locked(m, at);
	spin_unlock(&dentry_lock);
	mutex_unlock(&mount_lock);
	if (r)
		mount_put(m);
	return r;
}

/* Out of the tree, into @gone, whose mounts the caller puts. dentry_lock is held. */
static void detach_locked(struct mount *m, struct list *gone)
{
	list_del(&m->node);
	m->point->mounts--;
	m->attached = false;
	list_add_tail(gone, &m->node);
}

/* What is mounted below what was detached goes with it. */
static void detach_below_locked(struct list *gone)
{
	struct mount *m, *next;
	bool again;

	do {
		again = false;
		list_for_each_safe(m, next, &mount_list, node) {
			if (m->parent && !m->parent->attached) {
				detach_locked(m, gone);
				again = true;
			}
		}
	} while (again);
}

int mount_add(struct super *super, const struct path *at, const char *source, unsigned flags)
{
	struct mount *m = mount_new(super, source, flags);

	if (!m)
		return -ENOMEM;
	return attach(m, at);
}

/* A directory over a directory, or another file over another file. */
static int same_kind(const struct path *from, const struct path *at)
{
	return inode_is_dir(from->dentry->inode) == inode_is_dir(at->dentry->inode) ? 0 : -ENOTDIR;
}

/* Another mount of what @of shows from @root on, which nobody can see yet. NULL: no memory. */
static struct mount *mount_copy(const struct mount *of, struct dentry *root)
{
	struct mount *m = kzalloc(sizeof(*m));
	char *text = kstrdup(of->source);

	if (!m || !text) {
		kfree(m);
		kfree(text);
		return NULL;
	}
	super_get(of->super);
	dentry_get(root);
	m->root = root;
	m->super = of->super;
	__atomic_fetch_add(&m->super->mounts, 1, __ATOMIC_RELAXED);
	m->refs = 1;
	m->flags = READ_ONCE(of->flags);
	m->source = text;
	list_init(&m->node);
	return m;
}

/* What is mounted below @from, a mount before those on it. dentry_lock is held. Return: how many, of which @size are in @all. */
static unsigned mounts_below_locked(const struct path *from, struct mount **all, unsigned size)
{
	unsigned count = 0, before;
	struct mount *m;

	do { /* mount_move() may have put one behind those on it */
		before = count;
		list_for_each(m, &mount_list, node) {
			const struct dentry *d = m->point;
			bool below = false, has = false;

			if (m->parent == from->mount) {
				while (d != from->dentry && d->parent && d->parent != d)
					d = d->parent;
				below = d == from->dentry;
			}
			for (unsigned i = 0; i < MIN(before, size); i++) {
				below |= m->parent == all[i];
				has |= m == all[i];
			}
			if (!below || has)
				continue;
			if (count < size)
				all[count] = m;
			count++;
		}
	} while (count != before && count <= size);
	return count;
}

/* Copies of all that is mounted below @from go below @top, its copy. mount_lock is held. */
static int bind_below(const struct path *from, struct mount *top)
{
	unsigned size = 0, count;
	struct mount **all = NULL, **copies;
	int r = 0;

	for (;;) {
		spin_lock(&dentry_lock);
		count = mounts_below_locked(from, all, size);
		spin_unlock(&dentry_lock);
		if (count <= size)
			break;
		kfree(all);
		size = count + 8;
		all = kmalloc_array(2 * size, sizeof(*all));
		if (!all)
			return -ENOMEM;
	}
	copies = all + size;
	for (unsigned i = 0; i < count && !r; i++) {
		struct path at = { top, all[i]->point };

		for (unsigned j = 0; j < i; j++)
			if (all[j] == all[i]->parent)
				at.mount = copies[j];
		copies[i] = mount_copy(all[i], all[i]->root);
		if (!copies[i]) {
			r = -ENOMEM;
			break;
		}
		copies[i]->id = ++last_mount_id;
		spin_lock(&dentry_lock);
		r = attach_locked(copies[i], &at);
		spin_unlock(&dentry_lock);
		if (r)
			mount_put(copies[i]);
	}
	kfree(all);
	return r;
}

int mount_bind(const struct path *from, const struct path *at, bool with_below)
{
	struct list gone = LIST_INIT(gone);
	struct mount *m, *other, *next;
	int r = same_kind(from, at);

	if (r)
		return r;
	m = mount_copy(from->mount, from->dentry);
	if (!m)
		return -ENOMEM;
	mutex_lock(&mount_lock);
	m->id = ++last_mount_id;
	m->attached = true; /* so that others can be put on it; in no list yet, nobody finds it */
	if (with_below)
		r = bind_below(from, m);
	m->attached = false;
	spin_lock(&dentry_lock);
	if (!r)
		r = attach_locked(m, at);
	if (r)
		detach_below_locked(&gone);
	spin_unlock(&dentry_lock);
	mutex_unlock(&mount_lock);
	list_for_each_safe(other, next, &gone, node)
		mount_put(other);
	if (r)
		mount_put(m);
	return r;
}

/* Is @at on @m, or on what is mounted on it? */
static bool is_below(const struct path *at, const struct mount *m)
{
	for (const struct mount *up = at->mount; up; up = up->parent)
		if (up == m)
			return true;
	return false;
}

int mount_move(const struct path *from, const struct path *at)
{
	struct mount *m = from->mount, *old_parent = NULL;
	struct dentry *old_point = NULL;
	int r = from->dentry != m->root || !m->parent || same_kind(from, at) ? -EINVAL : 0;

	if (r)
		return r;
	mutex_lock(&mount_lock);
	spin_lock(&dentry_lock);
	if (!m->attached || !at->mount->attached) {
		r = -EINVAL; /* it was unmounted meanwhile */
	} else if (is_below(at, m)) {
		r = -ELOOP;
	} else {
		old_parent = m->parent;
		old_point = m->point;
		old_point->mounts--;
		list_del(&m->node);
		(void)attach_locked(m, at); /* it is attached: just looked */
	}
	spin_unlock(&dentry_lock);
	mutex_unlock(&mount_lock);
	if (old_point) {
		dentry_put(old_point);
		mount_put(old_parent);
	}
	return r;
}

/* mount(2) with MS_REMOUNT: flags change, the rest stays. */
static int mount_change(const struct path *at, unsigned long flags)
{
	if (at->dentry != at->mount->root)
		return -EINVAL;
	if (at->mount->super->read_only && !(flags & MS_RDONLY))
		return -EROFS;
	WRITE_ONCE(at->mount->flags, (uint32_t)flags & (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME));
	return 0;
}

int mount_filesystem(const char *type, const char *source, const struct path *at, unsigned long flags,
		     const char *options)
{
	const struct filesystem *fs;
	struct super *super;
	int r;

	if (flags & MS_REMOUNT)
		return mount_change(at, flags);
	if (flags & (MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE))
		return at->dentry == at->mount->root ? 0 : -EINVAL; /* there is one name space: nothing to propagate */
	if (!inode_is_dir(at->dentry->inode))
		return -ENOTDIR;
	fs = filesystem_find(type);
	if (!fs)
		return -ENODEV;
	r = fs->mount(fs, source, options, &super);
	if (r)
		return r;
	return mount_add(super, at, source,
			 (unsigned)flags & (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME));
}

int mount_remove(const struct path *at, unsigned flags)
{
	struct mount *m = at->mount, *next;
	struct list gone = LIST_INIT(gone);
	int r = 0;

	if (at->dentry != m->root || !m->parent)
		return -EINVAL;
	mutex_lock(&mount_lock);
	spin_lock(&dentry_lock);
	if (!m->attached)
		r = -EINVAL; /* another thread was faster */
	else if (!(flags & MNT_DETACH) && __atomic_load_n(&m->refs, __ATOMIC_RELAXED) > 2) /* being mounted, and the caller's */
		r = -EBUSY;
	else if (flags & MNT_EXPIRE && !m->expiring)
		r = -EAGAIN; /* next time, if nobody has used it */
	if (r == -EAGAIN)
		m->expiring = true;
	if (!r) {
		detach_locked(m, &gone);
		detach_below_locked(&gone);
	}
	spin_unlock(&dentry_lock);
	mutex_unlock(&mount_lock);
	list_for_each_safe(m, next, &gone, node) {
		list_del(&m->node);
		if (__atomic_load_n(&m->super->mounts, __ATOMIC_RELAXED) == 1)
			notify_unmounted(m->super);
		mount_put(m);
	}
	return r;
}
