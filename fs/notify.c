/* Where what happens to files is told (fs/notify.h): the pointer, and what an open file means. */
#include <fs/notify.h>

COMPONENT("vfs", "files, paths, mounts and descriptors");

const struct notify_hooks *notify_hooks;

void notify_file_(struct file *f, uint32_t events)
{
	if (f->dentry && !(f->flags & O_PATH))
		notify_hooks->entry(f->dentry, events);
}
