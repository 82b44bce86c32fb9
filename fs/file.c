/* Open files: made, and ended with their last reference (fs/file.h). */
#include <core/slab.h>
#include <fs/file.h>
#include <fs/notify.h>
#include <fs/vfs.h>

COMPONENT("vfs", "files, paths, mounts and descriptors");

/* What is not set here stays as kmalloc left it: pos_lock's list is set up by mutex_init(). */
struct file *file_alloc(const struct file_ops *ops, void *private, unsigned flags)
{
	struct file *f = kmalloc(sizeof(*f));

	if (unlikely(!f))
		return NULL;
	f->ops = ops;
	f->refs = 1;
	f->flags = flags;
	f->mode = (flags + 1) & (FILE_MAY_READ | FILE_MAY_WRITE); /* O_RDONLY, O_WRONLY, O_RDWR are 0, 1, 2 */
	f->private = private;
	f->pos = 0;
	mutex_init(&f->pos_lock, RANK_FILE);
	f->inode = NULL;
	f->dentry = NULL;
	f->mount = NULL;
	f->number = 0;
	f->watched = NULL;
	spin_init(&f->epoll_lock, RANK_FILES);
	f->owner = 0;
	return f;
}

uint64_t file_number(struct file *f)
{
	static uint64_t last = 1000; /* atomic */
	uint64_t number = __atomic_load_n(&f->number, __ATOMIC_RELAXED), none = 0;

	if (number)
		return number;
	number = __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
	if (!__atomic_compare_exchange_n(&f->number, &none, number, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		number = none; /* another thread asked at the same time */
	return number;
}

void file_put_last_(struct file *f)
{
	if (f->watched)
		f->watched(f);
	notify_file(f, FILE_WRITABLE(f) ? IN_CLOSE_WRITE : IN_CLOSE_NOWRITE);
	if (f->ops->release)
		f->ops->release(f);
	if (f->dentry)
		file_drop_path(f);
	kfree(f);
}
