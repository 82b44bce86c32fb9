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

/* What a call works on: by name (what a link leads to, or the link itself), or by descriptor. A pipe or a socket has no
 * path, and no attributes. */
enum by { BY_NAME, BY_LINK, BY_FD };
struct target {
	enum by by;
	int fd;
	const char __user *name;
	struct path path; /* filled by target_get(); dentry NULL: has none */
	struct file *file;
};

static int target_get(struct target *t)
{
	if (t->by != BY_FD)
		return path_at_find(AT_FDCWD, t->name, t->by == BY_NAME ? 0 : AT_SYMLINK_NOFOLLOW, &t->path);
	t->file = fd_get(t->fd);
	if (!t->file)
		return -EBADF;
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
static int allowed(const struct dentry *dentry, const char *name, bool write)
{
	const struct inode *inode = dentry ? dentry->inode : NULL;

	if (!strncmp(name, "user.", 5)) {
		if (!inode || (!inode_is_regular(inode) && !inode_is_dir(inode)))
			return write ? -EPERM : -ENODATA;
		return inode_permission(inode, write ? MAY_WRITE : MAY_READ);
	}
	if (!strncmp(name, "trusted.", 8) && current->process->credentials.euid != 0)
		return write ? -EPERM : -ENODATA;
	if (inode && (!strncmp(name, "trusted.", 8) || !strncmp(name, "security.", 9)))
		return write && !inode_owned(inode) ? -EPERM : 0;
	return -EOPNOTSUPP;
}

static long change(struct target *t, const char *name, const void *value, size_t size, int flags)
{
	struct inode *inode;
	long r = target_get(t);

	if (r)
		return r;
	r = t->path.mount ? mount_writable(t->path.mount) : 0;
	if (!r)
		r = allowed(t->path.dentry, name, true);
	if (!r) {
		inode = t->path.dentry->inode;
		if (inode->ops->xattr_set) {
			mutex_lock(&inode->lock);
			r = inode->ops->xattr_set(inode, name, value, size, flags);
			mutex_unlock(&inode->lock);
		} else {
			r = -EOPNOTSUPP;
		}
		if (!r)
			notify_entry(t->path.dentry, IN_ATTRIB);
	}
	target_put(t);
	return r;
}

static long set(struct target t, const char __user *user_name, const void __user *user_value, size_t size, int flags)
{
	char name[XATTR_NAME_MAX + 1];
	void *value;
	long r;

	if (flags & ~(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	r = copy_attribute_name(name, user_name);
	if (r)
		return r;
	if (size > XATTR_SIZE_MAX)
		return -E2BIG;
	value = kmalloc(size ? size : 1);
	if (!value)
		return -ENOMEM;
	r = copy_from_user(value, user_value, size) ? -EFAULT : change(&t, name, value, size, flags);
	kfree(value);
	return r;
}

static long remove(struct target t, const char __user *user_name)
{
	char name[XATTR_NAME_MAX + 1];
	long r = copy_attribute_name(name, user_name);

	return r ? r : change(&t, name, NULL, 0, 0);
}

/* @name NULL: list the names. */
static long read_out(struct target *t, const char *name, void __user *to, size_t size)
{
	struct inode *inode;
	void *value = NULL;
	long r = target_get(t);

	if (r)
		return r;
	inode = t->path.dentry ? t->path.dentry->inode : NULL;
	size = MIN(size, (size_t)XATTR_LIST_MAX);
	if (name)
		r = allowed(t->path.dentry, name, false);
	if (!r && name && !inode->ops->xattr_get)
		r = -EOPNOTSUPP;
	if (!r && size) {
		value = kmalloc(size);
		if (!value)
			r = -ENOMEM;
	}
	if (!r && inode && (name || inode->ops->xattr_list)) {
		mutex_lock(&inode->lock);
		r = name ? inode->ops->xattr_get(inode, name, value, size) : inode->ops->xattr_list(inode, value, size);
		mutex_unlock(&inode->lock);
	}
	if (r > 0 && size && copy_to_user(to, value, (size_t)r))
		r = -EFAULT;
	kfree(value);
	target_put(t);
	return r;
}

static long get(struct target t, const char __user *user_name, void __user *to, size_t size)
{
	char name[XATTR_NAME_MAX + 1];
	long r = copy_attribute_name(name, user_name);

	return r ? r : read_out(&t, name, to, size);
}

static long list(struct target t, char __user *to, size_t size)
{
	return read_out(&t, NULL, to, size);
}

long sys_setxattr(const char __user *path, const char __user *name, const void __user *value, size_t size, int flags)
{
	return set((struct target){ .by = BY_NAME, .name = path }, name, value, size, flags);
}
SYSCALL(setxattr);

long sys_getxattr(const char __user *path, const char __user *name, void __user *to, size_t size)
{
	return get((struct target){ .by = BY_NAME, .name = path }, name, to, size);
}
SYSCALL(getxattr);

long sys_listxattr(const char __user *path, char __user *to, size_t size)
{
	return list((struct target){ .by = BY_NAME, .name = path }, to, size);
}
SYSCALL(listxattr);

long sys_removexattr(const char __user *path, const char __user *name)
{
	return remove((struct target){ .by = BY_NAME, .name = path }, name);
}
SYSCALL(removexattr);

long sys_lsetxattr(const char __user *path, const char __user *name, const void __user *value, size_t size, int flags)
{
	return set((struct target){ .by = BY_LINK, .name = path }, name, value, size, flags);
}
SYSCALL(lsetxattr);

long sys_lgetxattr(const char __user *path, const char __user *name, void __user *to, size_t size)
{
	return get((struct target){ .by = BY_LINK, .name = path }, name, to, size);
}
SYSCALL(lgetxattr);

long sys_llistxattr(const char __user *path, char __user *to, size_t size)
{
	return list((struct target){ .by = BY_LINK, .name = path }, to, size);
}
SYSCALL(llistxattr);

long sys_lremovexattr(const char __user *path, const char __user *name)
{
	return remove((struct target){ .by = BY_LINK, .name = path }, name);
}
SYSCALL(lremovexattr);

long sys_fsetxattr(int fd, const char __user *name, const void __user *value, size_t size, int flags)
{
	return set((struct target){ .by = BY_FD, .fd = fd }, name, value, size, flags);
}
SYSCALL(fsetxattr);

long sys_fgetxattr(int fd, const char __user *name, void __user *to, size_t size)
{
	return get((struct target){ .by = BY_FD, .fd = fd }, name, to, size);
}
SYSCALL(fgetxattr);

long sys_flistxattr(int fd, char __user *to, size_t size)
{
	return list((struct target){ .by = BY_FD, .fd = fd }, to, size);
}
SYSCALL(flistxattr);

long sys_fremovexattr(int fd, const char __user *name)
{
	return remove((struct target){ .by = BY_FD, .fd = fd }, name);
}
SYSCALL(fremovexattr);
