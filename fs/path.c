/* Path walks (path_resolution(7)).
 *
 * A walk runs under dentry_lock and touches no reference as long as every name is in the cache. Where one is not, it
 * takes references to where it is, drops the lock, asks the file system (dentry_resolve()), and goes on from there.
 * A symbolic link makes a new text: its target and what was left. At most 40 are followed.
 */
#include <core/slab.h>
#include <fs/walk.h>
#include <linux/errno.h>

COMPONENT("vfs", "files, paths, mounts and descriptors");

#define LINKS_MAX 40u
#define CAP_DAC_OVERRIDE_BIT (1ull << 1)

static void walk_begin(struct walk *w, const struct path *start, const char *name, unsigned flags)
{
	const struct process *p = current->process;

	w->rest = name;
	w->buffer = NULL;
	w->held.mount = NULL;
	w->held.dentry = NULL;
	w->start = start;
	w->flags = flags;
	w->links = 0;
	w->privileged = !p || p->credentials.fsuid == 0 || p->credentials.cap_effective & CAP_DAC_OVERRIDE_BIT;
	if (unlikely(flags & WALK_REAL))
		w->privileged = !p || p->credentials.uid == 0;
}

void walk_end(struct walk *w)
{
	if (w->held.dentry)
		path_put(&w->held);
	w->held.dentry = NULL;
	if (w->buffer)
		kfree(w->buffer);
	w->buffer = NULL;
}

/* Drop dentry_lock, keeping w->at alive. What was held before is given up. */
static void walk_unlock(struct walk *w)
{
	struct path old = w->held;

	mount_get(w->at.mount);
	dentry_get_locked(w->at.dentry);
	w->held = w->at;
	spin_unlock(&dentry_lock);
	if (old.dentry)
		path_put(&old);
}

/* Take the lock again; @to, whose references move, is where the walk is now. */
static void walk_lock_at(struct walk *w, const struct path *to)
{
	struct path old = w->held;

	path_put(&old);
	w->held = *to;
	w->at = *to;
	spin_lock(&dentry_lock);
}

/* The root and the start of the walk; dentry_lock is held. */
static int walk_start(struct walk *w)
{
	struct process *p = current->process;
	static struct path first; /* dentry_lock: the first root, for kernel threads */
	const struct path *root = &first, *cwd = &first;

	if (likely(p && p->fs)) {
		root = &p->fs->root;
		cwd = &p->fs->cwd;
	} else if (!first.dentry) {
		struct mount *m = list_empty(&mount_list) ? NULL : list_first(&mount_list, struct mount, node);

		if (!m)
			return -ENOENT;
		first = (struct path){ m, m->root };
	}
	if (w->start)
		cwd = w->start;
	if (unlikely(w->flags & (WALK_IN_ROOT | WALK_BENEATH))) {
		root = cwd;
		if (w->flags & WALK_BENEATH && *w->rest == '/')
			return -EXDEV;
	}
	w->root = root;
	w->at = *w->rest == '/' ? *root : *cwd;
	return 0;
}

/* What is mounted on w->at, however often, is seen instead of it. Return: -EXDEV where that may not be. */
static inline int walk_cross(struct walk *w)
{
	while (unlikely(w->at.dentry->mounts)) {
		struct mount *m = mount_find_locked(w->at.mount, w->at.dentry);

		if (!m)
			break;
		if (w->flags & WALK_NO_XDEV)
			return -EXDEV;
		w->at.mount = m;
		w->at.dentry = m->root;
	}
	return 0;
}

void path_cross(struct path *p)
{
	struct path on = *p;

	spin_lock(&dentry_lock);
	while (on.dentry->mounts) {
		struct mount *m = mount_find_locked(on.mount, on.dentry);

		if (!m)
			break;
		on = (struct path){ m, m->root };
	}
	path_get(&on);
	spin_unlock(&dentry_lock);
	path_put(p);
	*p = on;
}

static int walk_up(struct walk *w)
{
	if (w->at.dentry == w->root->dentry && w->at.mount == w->root->mount)
		return w->flags & WALK_BENEATH ? -EXDEV : 0;
	while (w->at.dentry == w->at.mount->root) {
		if (!w->at.mount->parent)
			return 0;
		if (w->flags & WALK_NO_XDEV)
			return -EXDEV;
		w->at.dentry = w->at.mount->point;
		w->at.mount = w->at.mount->parent;
	}
	w->at.dentry = w->at.dentry->parent;
	return walk_cross(w);
}

/* The rest of the walk is @target (@len bytes), then what was left. */
static int walk_insert(struct walk *w, const char *target, size_t len, const char *after)
{
	size_t rest = strlen(after);
	char *text;

	if (!len)
		return -ENOENT;
	if (len + rest >= PATH_LIMIT)
		return -ENAMETOOLONG;
	text = kmalloc(len + rest + 1);
	if (!text)
		return -ENOMEM;
	memcpy(text, target, len);
	memcpy(text + len, after, rest + 1);
	if (w->buffer)
		kfree(w->buffer);
	w->buffer = text;
	w->rest = text;
	if (*text == '/') {
		if (w->flags & WALK_BENEATH)
			return -EXDEV;
		w->at = *w->root;
	}
	return 0;
}

/*
 * Follow @link, which was found in w->at; @after is what comes behind it in the text. dentry_lock is held before and
 * after, dropped meanwhile if the file system must be asked.
 */
static int walk_link(struct walk *w, struct dentry *link, const char *after)
{
	struct inode *inode = link->inode;
	struct path to;
	ssize_t len;
	char *buf;
	int r;

	if (++w->links > LINKS_MAX || w->flags & WALK_NO_LINKS)
		return -ELOOP;
	if (likely(inode->link))
		return walk_insert(w, inode->link, strlen(inode->link), after);

	dentry_get_locked(link);
	walk_unlock(w);
	if (inode->ops->follow) {
		r = w->flags & (WALK_NO_MAGIC | WALK_BENEATH) ? -ELOOP : inode->ops->follow(inode, &to);
		dentry_put(link);
		if (r) {
			spin_lock(&dentry_lock);
			return r;
		}
		walk_lock_at(w, &to);
		w->rest = after;
		return 0;
	}
	buf = kmalloc(PATH_LIMIT);
	len = buf ? inode->ops->readlink(inode, buf, PATH_LIMIT) : -ENOMEM;
	dentry_put(link);
	spin_lock(&dentry_lock);
	r = len < 0 ? (int)len : walk_insert(w, buf, (size_t)len, after);
	kfree(buf);
	return r;
}

/* The cache does not have it: ask the file system. On success w->at is the child, and held. */
static int walk_slow(struct walk *w, const char *name, size_t len, struct dentry **out)
{
	struct path here, there;

	walk_unlock(w);
	here = w->held;
	there.mount = here.mount;
	there.dentry = dentry_resolve(here.dentry, name, len);
	if (is_err(there.dentry)) {
		spin_lock(&dentry_lock);
		return (int)ptr_err(there.dentry);
	}
	w->held.dentry = there.dentry; /* it keeps its directory; the reference to the mount serves on */
	dentry_put(here.dentry);
	spin_lock(&dentry_lock);
	*out = there.dentry;
	return 0;
}

/* Walk w->rest from w->at; dentry_lock is held. @parent: stop before the last component. */
static int walk_run(struct walk *w, bool parent)
{
	for (;;) {
		struct dentry *dir = w->at.dentry, *d;
		const char *name = w->rest, *p, *next;
		uint32_t hash = 0;
		size_t len;
		bool last;
		char c;
		int r;

		while ((c = *name) == '/')
			name++;
		if (unlikely(!c)) {
			w->last = (struct path_last){ .name = name, .special = true };
			return 0;
		}
		if (unlikely(!inode_is_dir(dir->inode)))
			return -ENOTDIR;
		if (unlikely(!w->privileged)) {
			r = w->flags & WALK_REAL ? inode_permission_real(dir->inode, MAY_EXEC) :
						   inode_permission(dir->inode, MAY_EXEC);
			if (r)
				return r;
		}
		p = name;
		do { /* there is one character at least */
			hash = DENTRY_HASH_STEP(hash, c);
			c = *++p;
			if (unlikely(c == '/'))
				break;
		} while (c);
		len = (size_t)(p - name);
		if (unlikely(len > NAME_LIMIT))
			return -ENAMETOOLONG;
		for (next = p; *next == '/'; next++)
			;
		last = !*next;
		if (last && parent) {
			w->last = (struct path_last){ name, len, *p == '/',
						      name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')) };
			w->rest = next;
			return 0;
		}
		if (unlikely(name[0] == '.') && (len == 1 || (len == 2 && name[1] == '.'))) {
			w->rest = p;
			if (len == 2) {
				r = walk_up(w);
				if (r)
					return r;
			}
			continue;
		}

		d = dentry_find_locked(dir, name, len, hash);
		if (unlikely(!d || !d->inode)) {
			if (d ? !(d->flags & DENTRY_LAZY) : dir->flags & DENTRY_COMPLETE)
				return -ENOENT;
			r = walk_slow(w, name, len, &d);
			if (r)
				return r;
		}
		if (inode_is_link(d->inode) && (!last || *p || w->flags & WALK_FOLLOW)) {
			r = walk_link(w, d, p);
			if (r)
				return r;
			continue;
		}
		w->at.dentry = d;
		if (unlikely(d->mounts)) {
			r = walk_cross(w);
			if (r)
				return r;
		}
		if (last) {
			if (unlikely((*p || w->flags & WALK_DIRECTORY) && !inode_is_dir(w->at.dentry->inode)))
				return -ENOTDIR;
			w->rest = next;
			return 0;
		}
		w->rest = next;
	}
}

int path_walk(const struct path *start, const char *name, unsigned flags, struct path *out)
{
	struct walk w;
	int r;

	if (unlikely(!*name && !(flags & WALK_EMPTY)))
		return -ENOENT;
	walk_begin(&w, start, name, flags);
	spin_lock(&dentry_lock);
	r = walk_start(&w);
	if (likely(!r))
		r = walk_run(&w, false);
	if (likely(!r)) {
		if (unlikely(flags & WALK_DIRECTORY) && !inode_is_dir(w.at.dentry->inode)) {
			r = -ENOTDIR;
		} else {
			mount_get(w.at.mount);
			dentry_get_locked(w.at.dentry);
			*out = w.at;
		}
	}
	spin_unlock(&dentry_lock);
	if (unlikely(w.held.dentry || w.buffer))
		walk_end(&w);
	return r;
}

int walk_parent(struct walk *w, const struct path *start, const char *name, unsigned flags)
{
	int r = -ENOENT;

	walk_begin(w, start, name, flags);
	if (!*name)
		return r;
	spin_lock(&dentry_lock);
	r = walk_start(w);
	if (!r)
		r = walk_run(w, true);
	if (r)
		spin_unlock(&dentry_lock);
	else
		walk_unlock(w);
	if (!r && !inode_is_dir(w->at.dentry->inode))
		r = -ENOTDIR;
	return r;
}

int walk_parent_on(struct walk *w, struct dentry *link)
{
	int r;

	spin_lock(&dentry_lock);
	r = walk_link(w, link, w->last.slash ? "/" : "");
	if (!r)
		r = walk_run(w, true);
	if (r)
		spin_unlock(&dentry_lock);
	else
		walk_unlock(w);
	if (!r && !w->last.special && !inode_is_dir(w->at.dentry->inode))
		r = -ENOTDIR;
	return r;
}

char *path_text(const struct path *p, const struct path *root, char *buf, size_t size)
{
	static const char deleted[] = " (deleted)";
	struct path at = *p;
	char *to = buf + size;

	if (size < sizeof(deleted) + 1)
		return err_ptr(-ENAMETOOLONG);
	*--to = '\0';
	spin_lock(&dentry_lock);
	if (at.dentry != at.dentry->parent && !(at.dentry->flags & DENTRY_HASHED)) {
		to -= sizeof(deleted) - 1;
		memcpy(to, deleted, sizeof(deleted) - 1);
	}
	for (;;) {
		if (root && at.dentry == root->dentry && at.mount == root->mount)
			break;
		if (at.dentry == at.mount->root) {
			if (!at.mount->parent)
				break;
			at = (struct path){ at.mount->parent, at.mount->point };
			continue;
		}
		if ((size_t)(to - buf) < at.dentry->name_len + 1u) {
			to = err_ptr(-ENAMETOOLONG);
			break;
		}
		to -= at.dentry->name_len;
		memcpy(to, at.dentry->name, at.dentry->name_len);
		*--to = '/';
		at.dentry = at.dentry->parent;
	}
	spin_unlock(&dentry_lock);
	if (!is_err(to) && *to != '/') {
		if (to == buf)
			return err_ptr(-ENAMETOOLONG);
		*--to = '/';
	}
	return to;
}
