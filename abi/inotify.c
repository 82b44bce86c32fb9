/* inotify_init1(2), inotify_add_watch(2), inotify_rm_watch(2). */
#include <abi/new_file.h>
#include <abi/path_at.h>
#include <abi/syscall.h>
#include <fs/inotify.h>
#include <linux/inotify.h>

COMPONENT("inotify", "watches of files (inotify)");

#define KNOWN_FLAGS (IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK | IN_MASK_CREATE | IN_MASK_ADD | IN_ISDIR | IN_ONESHOT)
#define KNOWN       (IN_ALL_EVENTS | IN_UNMOUNT | IN_Q_OVERFLOW | IN_IGNORED | KNOWN_FLAGS)

long sys_inotify_init1(int flags)
{
	struct file *f;

	if (flags & ~(IN_CLOEXEC | IN_NONBLOCK))
		return -EINVAL;
	f = inotify_create((unsigned)flags & IN_NONBLOCK);
	return is_err(f) ? ptr_err(f) : fd_of_new(f, flags & IN_CLOEXEC);
}
SYSCALL(inotify_init1);

static long add_watch(struct file *f, const char __user *name, uint32_t mask)
{
	struct inode *inode;
	struct path p;
	long r = path_at_find(AT_FDCWD, name, mask & IN_DONT_FOLLOW ? AT_SYMLINK_NOFOLLOW : 0, &p);

	if (r)
		return r;
	inode = p.dentry->inode;
	if (mask & IN_ONLYDIR && !inode_is_dir(inode))
		r = -ENOTDIR;
	else
		r = inode_permission(inode, MAY_READ);
	if (!r)
		r = inotify_watch(f, inode, mask);
	path_put(&p);
	return r;
}

long sys_inotify_add_watch(int fd, const char __user *name, uint32_t mask)
{
	struct file *f;
	long r;

	if (mask & ~(uint32_t)KNOWN || !mask)
		return -EINVAL;
	f = fd_get(fd);
	if (!f)
		return -EBADF;
	if (!inotify_is(f) || (mask & IN_MASK_ADD && mask & IN_MASK_CREATE))
		r = -EINVAL;
	else
		r = add_watch(f, name, mask);
	file_put(f);
	return r;
}
SYSCALL(inotify_add_watch);

long sys_inotify_rm_watch(int fd, int wd)
{
	struct file *f = fd_get(fd);
	long r;

	if (!f)
		return -EBADF;
	r = inotify_is(f) ? inotify_unwatch(f, wd) : -EINVAL;
	file_put(f);
	return r;
}
SYSCALL(inotify_rm_watch);
