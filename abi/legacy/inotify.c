/* inotify_init(2). */
#include <abi/new_file.h>
#include <abi/syscall.h>
#include <fs/inotify.h>

COMPONENT("inotify", "watches of files (inotify)");

long sys_inotify_init(void)
{
	struct file *f = inotify_create(0);

	return is_err(f) ? ptr_err(f) : fd_of_new(f, false);
}
SYSCALL(inotify_init);
