/* Mounting a tmpfs: its options, its limits (tmpfs(5)). */
#include <core/param.h>
#include <core/slab.h>
#include <fs/tmpfs/tmpfs.h>
#include <linux/errno.h>
#include <linux/magic.h>

COMPONENT("tmpfs", "files in memory");

static void tmpfs_statfs(struct super *s, struct statfs_info *out)
{
	struct tmpfs *fs = s->private;
	uint64_t used = __atomic_load_n(&fs->pages_used, __ATOMIC_RELAXED), left;

	out->type = TMPFS_MAGIC;
	out->block_size = PAGE_SIZE;
	out->blocks = fs->pages_max == UINT64_MAX ? page_total() : fs->pages_max;
	left = out->blocks - MIN(used, out->blocks);
	out->blocks_free = MIN(left, page_free_count());
	out->files = page_total();
	out->files_free = page_free_count();
}

static void tmpfs_super_destroy(struct super *s)
{
	struct tmpfs *fs = s->private;

	if (fs->lower)
		super_put(fs->lower);
	kfree(fs);
}

static const struct super_ops tmpfs_super_ops = { .statfs = tmpfs_statfs, .destroy = tmpfs_super_destroy };

static int octal(const char *text, uint32_t *out)
{
	uint32_t n = 0;

	for (; *text; text++) {
		if (*text < '0' || *text > '7' || n > 0777)
			return -EINVAL;
		n = n * 8 + (uint32_t)(*text - '0');
	}
	*out = n;
	return 0;
}

/* size=, mode=; others that Linux knows mean nothing here and are passed over. */
static int parse_options(struct tmpfs *fs, const char *options)
{
	char *copy = kstrdup(options), *at = copy;
	uint64_t bytes;
	int r = copy ? 0 : -ENOMEM;

	while (!r && at && *at) {
		char *comma = strchr(at, ',');

		if (comma)
			*comma = '\0';
		if (!strncmp(at, "size=", 5)) {
			r = param_number(at + 5, &bytes);
			if (!r && bytes)
				fs->pages_max = (bytes + PAGE_SIZE - 1) >> PAGE_SHIFT;
		} else if (!strncmp(at, "mode=", 5)) {
			r = octal(at + 5, &fs->root_mode);
		}
		at = comma ? comma + 1 : NULL;
	}
	kfree(copy);
	return r;
}

int tmpfs_super(const struct filesystem *type, const char *options, struct super **out)
{
	struct tmpfs *fs = kzalloc(sizeof(*fs));
	struct tmpfs_inode *root;
	struct super *s;
	int r;

	if (!fs)
		return -ENOMEM;
	fs->pages_max = UINT64_MAX;
	fs->root_mode = 01777;
	r = parse_options(fs, options);
	s = r ? NULL : super_alloc(type, &tmpfs_super_ops, fs);
	if (!s) {
		kfree(fs);
		return r ? r : -ENOMEM;
	}
	fs->super = s;
	root = tmpfs_inode_new(s, S_IFDIR | fs->root_mode);
	if (root)
		s->root = dentry_root(&root->inode);
	if (!s->root) {
		super_put(s);
		return -ENOMEM;
	}
	*out = s;
	return 0;
}

static int tmpfs_mount(const struct filesystem *fs, const char *source, const char *options, struct super **out)
{
	return tmpfs_super(fs, options, out);
}
FILESYSTEM(tmpfs, tmpfs_mount, FILESYSTEM_NODEV);
