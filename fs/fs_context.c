/* Where a process is in the tree: root, working directory, umask (fs/vfs.h). */
#include <core/ref.h>
#include <core/slab.h>
#include <fs/vfs.h>

COMPONENT("vfs", "files, paths, mounts and descriptors");

struct fs_context *fs_context_create(void)
{
	struct fs_context *fs = kmalloc(sizeof(*fs));

	if (!fs)
		return NULL;
	fs->refs = 1;
	fs->umask = 022;
	mount_root_path(&fs->root);
	fs->cwd = fs->root;
	path_get(&fs->cwd);
	return fs;
}

void fs_context_get(struct fs_context *fs)
{
	ref_get(&fs->refs);
}

void fs_context_put(struct fs_context *fs)
{
	if (!fs || !ref_put(&fs->refs))
		return;
	path_put(&fs->cwd);
	path_put(&fs->root);
	kfree(fs);
}

static void replace(struct path *place, const struct path *to)
{
	struct path old;

	path_get(to);
	spin_lock(&dentry_lock);
	old = *place;
	*place = *to;
	spin_unlock(&dentry_lock);
	path_put(&old);
}

void fs_context_set_cwd(struct fs_context *fs, const struct path *to)
{
	replace(&fs->cwd, to);
}

void fs_context_set_root(struct fs_context *fs, const struct path *to)
{
	replace(&fs->root, to);
}
