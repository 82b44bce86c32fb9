/* EROFS: extended attributes, behind the inode and in the shared area (erofs_fs.h). */
#include <fs/erofs/erofs.h>
#include <linux/errno.h>

COMPONENT("erofs", "EROFS, the format of root images, in memory");

static const char *const prefixes[] = {
	[1] = "user.", [2] = "system.posix_acl_access", [3] = "system.posix_acl_default",
	[4] = "trusted.", [6] = "security.",
};

struct attribute {
	const char *prefix, *name;
	unsigned name_len, value_size;
	const uint8_t *value;
};

/* The entry at @offset of the image, which may use @room bytes. Return: bytes it takes, 0: damaged. */
static uint64_t entry_at(struct erofs *fs, uint64_t offset, uint64_t room, struct attribute *out)
{
	struct erofs_xattr_entry e;
	uint64_t n;

	if (room < sizeof(e) || !erofs_at(fs, offset, sizeof(e)))
		return 0;
	memcpy(&e, fs->image + offset, sizeof(e));
	n = sizeof(e) + e.name_len + (uint64_t)e.value_size;
	if (n > room || !erofs_at(fs, offset, n))
		return 0;
	out->prefix = e.name_index < ARRAY_SIZE(prefixes) ? prefixes[e.name_index] : NULL;
	out->name = (const char *)fs->image + offset + sizeof(e);
	out->name_len = e.name_len;
	out->value = (const uint8_t *)out->name + e.name_len;
	out->value_size = e.value_size;
	return ALIGN_UP(n, (uint64_t)4);
}

/* Visit attributes until @visit returns nonzero, which is the result. */
static ssize_t for_each(struct erofs_inode *e, ssize_t (*visit)(void *ctx, const struct attribute *a), void *ctx)
{
	struct erofs *fs = erofs_of(&e->inode);
	struct erofs_xattr_header h;
	uint64_t at = e->xattrs + sizeof(h), end = e->xattrs + e->xattrs_size, n;
	struct attribute a;
	ssize_t r;

	if (!e->xattrs)
		return 0;
	memcpy(&h, fs->image + e->xattrs, sizeof(h));
	if (h.shared_count > (end - at) / 4)
		return erofs_damaged(fs, e->inode.ino, "its attributes are impossible");
	for (unsigned i = 0; i < h.shared_count; i++, at += 4) {
		uint32_t where;

		memcpy(&where, fs->image + at, sizeof(where));
		if (!entry_at(fs, fs->xattrs + (uint64_t)where * 4, UINT32_MAX, &a))
			return erofs_damaged(fs, e->inode.ino, "a shared attribute lies outside");
		r = a.prefix ? visit(ctx, &a) : 0;
		if (r)
			return r;
	}
	while (end - at >= sizeof(struct erofs_xattr_entry)) {
		n = entry_at(fs, at, end - at, &a);
		if (!n)
			return erofs_damaged(fs, e->inode.ino, "an attribute lies outside");
		r = a.prefix ? visit(ctx, &a) : 0;
		if (r)
			return r;
		if (n > end - at)
			break;
		at += n;
	}
	return 0;
}

struct wanted {
	const char *name;
	void *value;
	size_t size;
	ssize_t found; /* size of the value, or -errno */
};

static ssize_t visit_get(void *ctx, const struct attribute *a)
{
	struct wanted *w = ctx;
	size_t prefix = strlen(a->prefix);

	if (strncmp(w->name, a->prefix, prefix) || strlen(w->name + prefix) != a->name_len ||
	    memcmp(w->name + prefix, a->name, a->name_len))
		return 0;
	w->found = (ssize_t)a->value_size;
	if (w->size) {
		if (w->size < a->value_size)
			w->found = -ERANGE;
		else
			memcpy(w->value, a->value, a->value_size);
	}
	return 1;
}

ssize_t erofs_xattr_get(struct inode *inode, const char *name, void *value, size_t size)
{
	struct wanted w = { name, value, size, -ENODATA };
	ssize_t r = for_each(erofs_inode(inode), visit_get, &w);

	return r < 0 ? r : w.found;
}

struct listing {
	char *to;
	size_t size, used;
};

static ssize_t visit_list(void *ctx, const struct attribute *a)
{
	struct listing *l = ctx;
	size_t prefix = strlen(a->prefix), n = prefix + a->name_len + 1;

	if (l->size) {
		if (l->size - l->used < n)
			return -ERANGE;
		memcpy(l->to + l->used, a->prefix, prefix);
		memcpy(l->to + l->used + prefix, a->name, a->name_len);
		l->to[l->used + n - 1] = '\0';
	}
	l->used += n;
	return 0;
}

ssize_t erofs_xattr_list(struct inode *inode, char *list, size_t size)
{
	struct listing l = { list, size, 0 };
	ssize_t r = for_each(erofs_inode(inode), visit_list, &l);

	return r < 0 ? r : (ssize_t)l.used;
}
