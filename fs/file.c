/* Open files: made, and ended with their last reference (fs/file.h). */
#include <core/slab.h>
#include <fs/file.h>
#include <fs/vfs.h>

COMPONENT("vfs", "files, paths, mounts and descriptors");

static uint64_t file_last_number; /* atomic */

/* What is not set here stays as kmalloc left it: pos_lock's list is set up by mutex_init(). */
struct file *file_alloc(const struct file_ops *ops, void *private, unsigned flags)
{
	struct file *f = kmalloc(sizeof(*f));

	if (unlikely(!f))
		return NULL;
	f->ops = ops;
	f->refs = 1;
	f->flags = flags;
	f->private = private;
	f->pos = 0;
	mutex_init(&f->pos_lock, RANK_FILE);
	f->inode = NULL;
	f->dentry = NULL;
	f->mount = NULL;
	f->number = __atomic_add_fetch(&file_last_number, 1, __ATOMIC_RELAXED);
	f->watched = NULL;
	spin_init(&f->epoll_lock, RANK_FILES);
	f->owner = 0;
	return f;
}

void file_put_last_(struct file *f)
{
	if (f->watched)
		f->watched(f);
	if (f->ops->release)
		f->ops->release(f);
	if (f->dentry)
		file_drop_path(f);
	kfree(f);
}
