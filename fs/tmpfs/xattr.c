/* Extended attributes of tmpfs files: a list each (xattr(7)). Those of a lower file are copied at the first change. */
#include <core/slab.h>
#include <fs/tmpfs/tmpfs.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/xattr.h>

COMPONENT("tmpfs", "files in memory");

struct xattr {
	struct list node;
	size_t size;
	char *name; /* behind the value */
	char value[];
};

static struct xattr *find(struct tmpfs_inode *t, const char *name)
{
	struct xattr *x;

	list_for_each(x, &t->xattrs, node)
		if (!strcmp(x->name, name))
			return x;
	return NULL;
}

static int add(struct tmpfs_inode *t, const char *name, const void *value, size_t size)
{
	size_t name_size = strlen(name) + 1;
	struct xattr *x = kmalloc(sizeof(*x) + size + name_size);

	if (!x)
		return -ENOSPC;
	x->size = size;
	x->name = x->value + size;
	memcpy(x->value, value, size);
	memcpy(x->name, name, name_size);
	list_add_tail(&t->xattrs, &x->node);
	return 0;
}

void tmpfs_xattrs_free(struct tmpfs_inode *t)
{
	struct xattr *x, *next;

	list_for_each_safe(x, next, &t->xattrs, node)
		kfree(x);
	list_init(&t->xattrs);
}

/* The lower file's attributes, while ours are still all there. */
static struct inode *lower_of(struct tmpfs_inode *t)
{
	return t->lower && !t->xattrs_own && t->lower->ops->xattr_get ? t->lower : NULL;
}

static int take_over(struct tmpfs_inode *t)
{
	struct inode *lower = lower_of(t);
	char *names = NULL, *value = NULL;
	ssize_t n = 0;
	int r = 0;

	if (lower) {
		n = lower->ops->xattr_list(lower, NULL, 0);
		if (n > 0) {
			names = kmalloc((size_t)n);
			value = kmalloc(XATTR_SIZE_MAX);
			if (!names || !value)
				r = -ENOMEM;
			else
				n = lower->ops->xattr_list(lower, names, (size_t)n);
		}
	}
	for (ssize_t at = 0; !r && at < n; at += (ssize_t)strlen(names + at) + 1) {
		ssize_t size = lower->ops->xattr_get(lower, names + at, value, XATTR_SIZE_MAX);

		r = size < 0 ? (int)size : add(t, names + at, value, (size_t)size);
	}
	kfree(names);
	kfree(value);
	if (r)
		tmpfs_xattrs_free(t);
	else
		t->xattrs_own = true;
	return r;
}

ssize_t tmpfs_xattr_get(struct inode *inode, const char *name, void *value, size_t size)
{
	struct tmpfs_inode *t = tmpfs_inode(inode);
	struct inode *lower = lower_of(t);
	struct xattr *x;

	if (lower)
		return lower->ops->xattr_get(lower, name, value, size);
	x = find(t, name);
	if (!x)
		return -ENODATA;
	if (!size)
		return (ssize_t)x->size;
	if (size < x->size)
		return -ERANGE;
	memcpy(value, x->value, x->size);
	return (ssize_t)x->size;
}

int tmpfs_xattr_set(struct inode *inode, const char *name, const void *value, size_t size, int flags)
{
	struct tmpfs_inode *t = tmpfs_inode(inode);
	struct xattr *old;
	int r = t->xattrs_own ? 0 : take_over(t);

	if (r)
		return r;
	old = find(t, name);
	if (!old && (!value || flags & XATTR_REPLACE))
		return -ENODATA;
	if (old && value && flags & XATTR_CREATE)
		return -EEXIST;
	if (value)
		r = add(t, name, value, size);
	if (!r && old) {
		list_del(&old->node);
		kfree(old);
	}
	if (!r)
		inode->ctime_ns = inode_now();
	return r;
}

ssize_t tmpfs_xattr_list(struct inode *inode, char *list, size_t size)
{
	struct tmpfs_inode *t = tmpfs_inode(inode);
	struct inode *lower = lower_of(t);
	struct xattr *x;
	size_t n = 0;

	if (lower)
		return lower->ops->xattr_list(lower, list, size);
	list_for_each(x, &t->xattrs, node) {
		size_t len = strlen(x->name) + 1;

		if (size) {
			if (size - n < len)
				return -ERANGE;
			memcpy(list + n, x->name, len);
		}
		n += len;
	}
	return (ssize_t)n;
}
