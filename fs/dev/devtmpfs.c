/* The file system of /dev: a tmpfs that starts with the devices this kernel has, and the links that programs expect. */
#include <fs/dev/blockfile.h>
#include <fs/dev/devnode.h>
#include <fs/tmpfs/tmpfs.h>
#include <linux/errno.h>

COMPONENT("dev", "/dev and its files");

static const struct {
	const char *name, *target;
} links[] = {
	{ "fd", "/proc/self/fd" },
	{ "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" },
	{ "stderr", "/proc/self/fd/2" },
};

static int devtmpfs_mount(const struct filesystem *fs, const char *source, const char *options, struct super **out)
{
	struct super *s;
	int r = tmpfs_super(fs, "mode=755", &s);

	if (r)
		return r;
	set_for_each(devnode, node)
		if (!r && node->mode && !tmpfs_make(s->root, node->name, node->mode, node->rdev))
			r = -ENOMEM;
	set_for_each(blockfile, disks) {
		const char *name;
		uint32_t rdev;

		for (unsigned i = 0; !r && disks->describe(i, &name, &rdev); i++)
			if (!tmpfs_make(s->root, name, S_IFBLK | 0660, rdev))
				r = -ENOMEM;
	}
	for (unsigned i = 0; !r && i < ARRAY_SIZE(links); i++)
		if (!tmpfs_make_link(s->root, links[i].name, links[i].target))
			r = -ENOMEM;
	if (r) {
		dentry_discard_tree(s->root);
		dentry_put(s->root);
		super_put(s);
		return r;
	}
	*out = s;
	return 0;
}
FILESYSTEM(devtmpfs, devtmpfs_mount, FILESYSTEM_NODEV);
