/* Extended attributes: setxattr(2), getxattr(2), listxattr(2), removexattr(2) and their forms l… and f…. */
#include <abi/path_at.h>
#include <abi/syscall.h>
#include <core/process.h>
#include <core/slab.h>
#include <core/uaccess.h>
#include <fs/files.h>
#include <fs/notify.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/xattr.h>

COMPONENT("file-calls", "system calls on files, directories and descriptors");

static int copy_attribute_name(char *to, const char __user *from)
{
	ssize_t n = strncpy_from_user(to, from, XATTR_NAME_MAX + 1);

	if (n < 0)
		return (int)n;
	return n == 0 || n > XATTR_NAME_MAX ? -ERANGE : 0;
}

/* What a call works on: by name, or by descriptor. */
struct target {
	struct path path;
	struct file *file;
};

static int by_name(struct target *t, const char __user *name, bool follow)
{
	t->file = NULL;
	return path_at_find(AT_FDCWD, name, follow ? 0 : AT_SYMLINK_NOFOLLOW, &t->path);
}

static int by_fd(struct target *t, int fd)
{
	t->file = fd_get(fd);
	if (!t->file)
		return -EBADF;
	if (!t->file->dentry) {
		file_put(t->file);
		return -EOPNOTSUPP;
	}
	t->path = (struct path){ t->file->mount, t->file->dentry };
	return 0;
}

static void target_put(struct target *t)
{
	if (t->file)
		file_put(t->file);
	else
		path_put(&t->path);
}

/* user.* is for files and directories, trusted.* and changes of security.* for the privileged. */
static int allowed(const struct inode *inode, const char *name, bool write)
{
	if (!strncmp(name, "user.", 5)) {
		if (!inode_is_regular(inode) && !inode_is_dir(inode))
			return write ? -EPERM : -ENODATA;
		return inode_permission(inode, write ? MAY_WRITE : MAY_READ);
	}
	if (!strncmp(name, "trusted.", 8) && current->process->credentials.euid != 0)
		return write ? -EPERM : -ENODATA;
	if (!strncmp(name, "trusted.", 8) || !strncmp(name, "security.", 9))
		return write && !inode_owned(inode) ? -EPERM : 0;
	return -EOPNOTSUPP;
}

static long set(struct target *t, const char __user *user_name, const void __user *user_value, size_t size, int flags,
		bool remove)
{
	struct inode *inode = t->path.dentry->inode;
	char name[XATTR_NAME_MAX + 1];
	void *value = NULL;
	long r = copy_attribute_name(name, user_name);

	if (!r && size > XATTR_SIZE_MAX)
		r = -E2BIG;
	if (!r && flags & ~(XATTR_CREATE | XATTR_REPLACE))
		r = -EINVAL;
	if (!r && !remove) {
		value = kmalloc(size ? size : 1);
		if (!value)
			r = -ENOMEM;
		else if (copy_from_user(value, user_value, size))
			r = -EFAULT;
	}
	if (!r)
		r = mount_writable(t->path.mount);
	if (!r)
		r = inode->ops->xattr_set ? allowed(inode, name, true) : -EOPNOTSUPP;
	if (!r) {
		mutex_lock(&inode->lock);
		r = inode->ops->xattr_set(inode, name, value, size, flags);
		mutex_unlock(&inode->lock);
		if (!r)
			notify_entry(t->path.dentry, IN_ATTRIB);
	}
	kfree(value);
	target_put(t);
	return r;
}

/* @user_name NULL: list the names. */
static long get(struct target *t, const char __user *user_name, void __user *to, size_t size)
{
	struct inode *inode = t->path.dentry->inode;
	char name[XATTR_NAME_MAX + 1];
	void *value = NULL;
	long r = user_name ? copy_attribute_name(name, user_name) : 0;

	size = MIN(size, (size_t)XATTR_LIST_MAX);
	if (!r && user_name)
		r = inode->ops->xattr_get ? allowed(inode, name, false) : -EOPNOTSUPP;
	if (!r && size) {
		value = kmalloc(size);
		if (!value)
			r = -ENOMEM;
	}
	if (!r) {
		mutex_lock(&inode->lock);
		if (user_name)
			r = inode->ops->xattr_get(inode, name, value, size);
		else
			r = inode->ops->xattr_list ? inode->ops->xattr_list(inode, value, size) : 0;
		mutex_unlock(&inode->lock);
	}
	if (r > 0 && size && copy_to_user(to, value, (size_t)r))
		r = -EFAULT;
	kfree(value);
	target_put(t);
	return r;
}

long sys_setxattr(const char __user *path, const char __user *name, const void __user *value, size_t size, int flags)
{
	struct target t;
	long r = by_name(&t, path, true);

	return r ? r : set(&t, name, value, size, flags, false);
}
SYSCALL(setxattr);

long sys_lsetxattr(const char __user *path, const char __user *name, const void __user *value, size_t size, int flags)
{
	struct target t;
	long r = by_name(&t, path, false);

	return r ? r : set(&t, name, value, size, flags, false);
}
SYSCALL(lsetxattr);

long sys_fsetxattr(int fd, const char __user *name, const void __user *value, size_t size, int flags)
{
	struct target t;
	long r = by_fd(&t, fd);

	return r ? r : set(&t, name, value, size, flags, false);
}
SYSCALL(fsetxattr);

long sys_removexattr(const char __user *path, const char __user *name)
{
	struct target t;
	long r = by_name(&t, path, true);

	return r ? r : set(&t, name, NULL, 0, 0, true);
}
SYSCALL(removexattr);

long sys_lremovexattr(const char __user *path, const char __user *name)
{
	struct target t;
	long r = by_name(&t, path, false);

	return r ? r : set(&t, name, NULL, 0, 0, true);
}
SYSCALL(lremovexattr);

long sys_fremovexattr(int fd, const char __user *name)
{
	struct target t;
	long r = by_fd(&t, fd);

	return r ? r : set(&t, name, NULL, 0, 0, true);
}
SYSCALL(fremovexattr);

long sys_getxattr(const char __user *path, const char __user *name, void __user *to, size_t size)
{
	struct target t;
	long r = by_name(&t, path, true);

	return r ? r : get(&t, name, to, size);
}
SYSCALL(getxattr);

long sys_lgetxattr(const char __user *path, const char __user *name, void __user *to, size_t size)
{
	struct target t;
	long r = by_name(&t, path, false);

	return r ? r : get(&t, name, to, size);
}
SYSCALL(lgetxattr);

long sys_fgetxattr(int fd, const char __user *name, void __user *to, size_t size)
{
	struct target t;
	long r = by_fd(&t, fd);

	return r ? r : get(&t, name, to, size);
}
SYSCALL(fgetxattr);

long sys_listxattr(const char __user *path, char __user *to, size_t size)
{
	struct target t;
	long r = by_name(&t, path, true);

	return r ? r : get(&t, NULL, to, size);
}
SYSCALL(listxattr);

long sys_llistxattr(const char __user *path, char __user *to, size_t size)
{
	struct target t;
	long r = by_name(&t, path, false);

	return r ? r : get(&t, NULL, to, size);
}
SYSCALL(llistxattr);

long sys_flistxattr(int fd, char __user *to, size_t size)
{
	struct target t;
	long r = by_fd(&t, fd);

	return r ? r : get(&t, NULL, to, size);
}
SYSCALL(flistxattr);
