/* mkdirat(2), mknodat(2), unlinkat(2), renameat2(2), linkat(2), symlinkat(2). */
#include <abi/names.h>
#include <abi/path_at.h>
#include <abi/syscall.h>
#include <core/process.h>
#include <linux/fcntl.h>
#include <linux/fs.h>

COMPONENT("file-calls", "system calls on files, directories and descriptors");

long make_by_name(int dirfd, const char __user *name, uint32_t mode, uint64_t device)
{
	struct path_at p;
	long r = path_at_get(&p, dirfd, name);

	if (r)
		return r;
	r = vfs_make(p.start, p.name, mode, device);
	path_at_put(&p);
	return r;
}

long sys_mkdirat(int dirfd, const char __user *name, uint32_t mode)
{
	return make_by_name(dirfd, name, S_IFDIR | (mode & 01777), 0);
}
SYSCALL(mkdirat);

long mknod_by_name(int dirfd, const char __user *name, uint32_t mode, unsigned device)
{
	uint32_t type = mode & S_IFMT;

	if (type == 0)
		mode |= S_IFREG;
	else if (type == S_IFDIR)
		return -EPERM;
	else if (type != S_IFREG && type != S_IFCHR && type != S_IFBLK && type != S_IFIFO && type != S_IFSOCK)
		return -EINVAL;
	if ((type == S_IFCHR || type == S_IFBLK) && current->process->credentials.euid != 0)
		return -EPERM;
	return make_by_name(dirfd, name, mode & (S_IFMT | 07777), device);
}

long sys_mknodat(int dirfd, const char __user *name, uint32_t mode, unsigned device)
{
	return mknod_by_name(dirfd, name, mode, device);
}
SYSCALL(mknodat);

long unlink_by_name(int dirfd, const char __user *name, bool directory)
{
	struct path_at p;
	long r = path_at_get(&p, dirfd, name);

	if (r)
		return r;
	r = vfs_unlink(p.start, p.name, directory);
	path_at_put(&p);
	return r;
}

long sys_unlinkat(int dirfd, const char __user *name, int flags)
{
	if (flags & ~AT_REMOVEDIR)
		return -EINVAL;
	return unlink_by_name(dirfd, name, flags & AT_REMOVEDIR);
}
SYSCALL(unlinkat);

long rename_by_name(int dirfd, const char __user *name, int to_dirfd, const char __user *to_name, unsigned flags)
{
	struct path_at from, to;
	long r;

	if (flags & ~(unsigned)(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT) ||
	    (flags & RENAME_EXCHANGE && flags & (RENAME_NOREPLACE | RENAME_WHITEOUT)))
		return -EINVAL;
	r = path_at_get(&from, dirfd, name);
	if (r)
		return r;
	r = path_at_get(&to, to_dirfd, to_name);
	if (!r) {
		r = vfs_rename(from.start, from.name, to.start, to.name, flags);
		path_at_put(&to);
	}
	path_at_put(&from);
	return r;
}

long sys_renameat2(int dirfd, const char __user *name, int to_dirfd, const char __user *to_name, unsigned flags)
{
	return rename_by_name(dirfd, name, to_dirfd, to_name, flags);
}
SYSCALL(renameat2);

long link_by_name(int dirfd, const char __user *name, int to_dirfd, const char __user *to_name, unsigned flags)
{
	struct path old;
	struct path_at to;
	unsigned find = flags & AT_SYMLINK_FOLLOW ? 0 : AT_SYMLINK_NOFOLLOW;
	long r = path_at_find(dirfd, name, find | (flags & AT_EMPTY_PATH), &old);

	if (r)
		return r;
	r = path_at_get(&to, to_dirfd, to_name);
	if (!r) {
		r = vfs_link(&old, to.start, to.name);
		path_at_put(&to);
	}
	path_put(&old);
	return r;
}

long sys_linkat(int dirfd, const char __user *name, int to_dirfd, const char __user *to_name, int flags)
{
	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return link_by_name(dirfd, name, to_dirfd, to_name, (unsigned)flags);
}
SYSCALL(linkat);

long symlink_by_name(const char __user *target, int dirfd, const char __user *name)
{
	struct path_at text, p;
	long r = path_at_get(&text, AT_FDCWD, target);

	if (r)
		return r;
	r = path_at_get(&p, dirfd, name);
	if (!r) {
		r = vfs_symlink(text.name, p.start, p.name);
		path_at_put(&p);
	}
	path_at_put(&text);
	return r;
}

long sys_symlinkat(const char __user *target, int dirfd, const char __user *name)
{
	return symlink_by_name(target, dirfd, name);
}
SYSCALL(symlinkat);
