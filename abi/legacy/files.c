/* Calls of files that only older architectures have: each is a newer one with an argument less. */
#include <abi/attributes.h>
#include <abi/directory.h>
#include <abi/names.h>
#include <abi/open.h>
#include <abi/stat.h>
#include <abi/syscall.h>
#include <core/process.h>
#include <core/uaccess.h>
#include <fs/files.h>
#include <linux/fcntl.h>
#include <linux/stat.h>
#include <linux/time.h>
#include <linux/utime.h>

COMPONENT("file-calls", "system calls on files, directories and descriptors");

long sys_open(const char __user *name, int flags, uint32_t mode)
{
	return open_by_name(AT_FDCWD, name, flags, mode);
}
SYSCALL(open);

long sys_creat(const char __user *name, uint32_t mode)
{
	return open_by_name(AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC, mode);
}
SYSCALL(creat);

long sys_dup2(int from, int to)
{
	struct file *f = fd_get(from);
	int r;

	if (!f)
		return -EBADF;
	r = from == to ? 0 : fd_replace(to, f, false);
	if (r || from == to)
		file_put(f);
	return r ? r : to;
}
SYSCALL(dup2);

long sys_stat(const char __user *name, struct stat __user *to)
{
	return stat_by_name(AT_FDCWD, name, to, 0);
}
SYSCALL(stat);

long sys_lstat(const char __user *name, struct stat __user *to)
{
	return stat_by_name(AT_FDCWD, name, to, AT_SYMLINK_NOFOLLOW);
}
SYSCALL(lstat);

long sys_access(const char __user *name, unsigned mode)
{
	return access_by_name(AT_FDCWD, name, mode, 0);
}
SYSCALL(access);

long sys_readlink(const char __user *name, char __user *to, int size)
{
	return readlink_by_name(AT_FDCWD, name, to, size);
}
SYSCALL(readlink);

long sys_mkdir(const char __user *name, uint32_t mode)
{
	return make_by_name(AT_FDCWD, name, S_IFDIR | (mode & 01777), 0);
}
SYSCALL(mkdir);

long sys_mknod(const char __user *name, uint32_t mode, unsigned device)
{
	return mknod_by_name(AT_FDCWD, name, mode, device);
}
SYSCALL(mknod);

long sys_rmdir(const char __user *name)
{
	return unlink_by_name(AT_FDCWD, name, true);
}
SYSCALL(rmdir);

long sys_unlink(const char __user *name)
{
	return unlink_by_name(AT_FDCWD, name, false);
}
SYSCALL(unlink);

long sys_rename(const char __user *name, const char __user *to)
{
	return rename_by_name(AT_FDCWD, name, AT_FDCWD, to, 0);
}
SYSCALL(rename);

long sys_renameat(int dirfd, const char __user *name, int to_dirfd, const char __user *to)
{
	return rename_by_name(dirfd, name, to_dirfd, to, 0);
}
SYSCALL(renameat);

long sys_link(const char __user *name, const char __user *to)
{
	return link_by_name(AT_FDCWD, name, AT_FDCWD, to, 0);
}
SYSCALL(link);

long sys_symlink(const char __user *target, const char __user *name)
{
	return symlink_by_name(target, AT_FDCWD, name);
}
SYSCALL(symlink);

long sys_chmod(const char __user *name, uint32_t mode)
{
	struct attribute_change c = { .which = CHANGE_MODE, .mode = mode };

	return change_by_name(AT_FDCWD, name, 0, &c);
}
SYSCALL(chmod);

long sys_chown(const char __user *name, uint32_t uid, uint32_t gid)
{
	return chown_by_name(AT_FDCWD, name, 0, uid, gid);
}
SYSCALL(chown);

long sys_lchown(const char __user *name, uint32_t uid, uint32_t gid)
{
	return chown_by_name(AT_FDCWD, name, AT_SYMLINK_NOFOLLOW, uid, gid);
}
SYSCALL(lchown);

long sys_utime(const char __user *name, const struct utimbuf __user *user)
{
	struct time_pair t = { .now = { false } };
	struct utimbuf times;

	if (!user)
		return times_by_name(AT_FDCWD, name, 0, NULL);
	if (copy_in(&times, user))
		return -EFAULT;
	t.ns[0] = (int64_t)times.actime * 1000000000;
	t.ns[1] = (int64_t)times.modtime * 1000000000;
	return times_by_name(AT_FDCWD, name, 0, &t);
}
SYSCALL(utime);

static long times_of_day(int dirfd, const char __user *name, const struct timeval __user *user)
{
	struct time_pair t = { .now = { false } };
	struct timeval tv[2];

	if (!user)
		return times_by_name(dirfd, name, 0, NULL);
	if (copy_from_user(tv, user, sizeof(tv)))
		return -EFAULT;
	for (int i = 0; i < 2; i++) {
		if (tv[i].tv_usec < 0 || tv[i].tv_usec > 999999)
			return -EINVAL;
		t.ns[i] = (int64_t)tv[i].tv_sec * 1000000000 + tv[i].tv_usec * 1000;
	}
	return times_by_name(dirfd, name, 0, &t);
}

long sys_utimes(const char __user *name, const struct timeval __user *user)
{
	return times_of_day(AT_FDCWD, name, user);
}
SYSCALL(utimes);

long sys_futimesat(int dirfd, const char __user *name, const struct timeval __user *user)
{
	return times_of_day(dirfd, name, user);
}
SYSCALL(futimesat);

/* struct linux_dirent: the type is the last byte of an entry. */
struct dirent_old {
	unsigned long ino;
	unsigned long next;
	uint16_t size;
	char name[];
};
#define NAME_AT offsetof(struct dirent_old, name)

static bool emit(struct dir_context *ctx, const char *name, size_t len, uint64_t ino, unsigned type, off_t next)
{
	struct directory_reading *r = container_of(ctx, struct directory_reading, ctx);
	size_t size = ALIGN_UP(NAME_AT + len + 2, 8ul);
	union {
		struct dirent_old d;
		char bytes[ALIGN_UP(NAME_AT + NAME_LIMIT + 2, 8ul)];
	} buf;

	buf.d.ino = ino;
	buf.d.next = (unsigned long)next;
	buf.d.size = (uint16_t)size;
	memcpy(buf.d.name, name, len);
	memset(buf.d.name + len, 0, size - NAME_AT - len);
	buf.bytes[size - 1] = (char)type;
	return directory_put(r, &buf, size);
}

long sys_getdents(int fd, void __user *to, unsigned size)
{
	return directory_read(fd, emit, to, size);
}
SYSCALL(getdents);
