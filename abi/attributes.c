/* chmod, chown, utimensat, truncate, fallocate, in their forms by descriptor and by directory. */
#include <abi/attributes.h>
#include <abi/path_at.h>
#include <abi/syscall.h>
#include <core/process.h>
#include <core/uaccess.h>
#include <fs/files.h>
#include <fs/notify.h>
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/stat.h>
#include <linux/time.h>

COMPONENT("file-calls", "system calls on files, directories and descriptors");

#define UTIME_NOW_  ((1l << 30) - 1l)
#define UTIME_OMIT_ ((1l << 30) - 2l)

long change_by_name(int dirfd, const char __user *name, unsigned flags, struct attribute_change *change)
{
	struct path p;
	long r = path_at_find(dirfd, name, flags, &p);

	if (r)
		return r;
	r = vfs_setattr(&p, change);
	path_put(&p);
	return r;
}

/* A pipe or a socket keeps its attributes to itself, but for whom they may be changed is looked at. */
static long change_nameless(struct file *f, const struct attribute_change *c)
{
	struct attributes a;
	long r = file_getattr(f, &a);

	if (r || current->process->credentials.cap_effective & 1ull << CAP_CHOWN)
		return r;
	return (c->which & CHANGE_UID && c->uid != a.uid) || (c->which & CHANGE_GID && c->gid != a.gid) ? -EPERM : 0;
}

static long change_file(int fd, struct attribute_change *change)
{
	struct file *f = fd_get(fd);
	long r = -EBADF;

	if (!f)
		return r;
	if (f->dentry && !(f->flags & O_PATH)) {
		struct path p = { f->mount, f->dentry };

		r = vfs_setattr(&p, change);
	} else if (!f->dentry) {
		r = change_nameless(f, change);
	}
	file_put(f);
	return r;
}

long sys_fchmod(int fd, uint32_t mode)
{
	struct attribute_change c = { .which = CHANGE_MODE, .mode = mode };

	return change_file(fd, &c);
}
SYSCALL(fchmod);

long sys_fchmodat(int dirfd, const char __user *name, uint32_t mode)
{
	struct attribute_change c = { .which = CHANGE_MODE, .mode = mode };

	return change_by_name(dirfd, name, 0, &c);
}
SYSCALL(fchmodat);

static void owner_change(struct attribute_change *c, uint32_t uid, uint32_t gid)
{
	*c = (struct attribute_change){ .uid = uid, .gid = gid };
	if (uid != ~0u)
		c->which |= CHANGE_UID;
	if (gid != ~0u)
		c->which |= CHANGE_GID;
}

long chown_by_name(int dirfd, const char __user *name, unsigned flags, uint32_t uid, uint32_t gid)
{
	struct attribute_change c;
	struct file *nameless;
	long r;

	owner_change(&c, uid, gid);
	nameless = path_at_nameless(dirfd, name, flags);
	if (nameless) {
		r = change_nameless(nameless, &c);
		file_put(nameless);
		return r;
	}
	return change_by_name(dirfd, name, flags, &c);
}

long sys_fchownat(int dirfd, const char __user *name, uint32_t uid, uint32_t gid, int flags)
{
	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return chown_by_name(dirfd, name, (unsigned)flags, uid, gid);
}
SYSCALL(fchownat);

long sys_fchown(int fd, uint32_t uid, uint32_t gid)
{
	struct attribute_change c;

	owner_change(&c, uid, gid);
	return change_file(fd, &c);
}
SYSCALL(fchown);

long times_by_name(int dirfd, const char __user *name, unsigned flags, const struct time_pair *times)
{
	static const struct time_pair both_now = { .now = { true, true } };
	const struct time_pair *t = times ? times : &both_now;
	struct attribute_change c = { .which = CHANGE_ATIME | CHANGE_MTIME };
	int64_t now = inode_now();
	struct file *nameless;
	struct path p;
	long r;

	c.atime_ns = t->now[0] ? now : t->ns[0];
	c.mtime_ns = t->now[1] ? now : t->ns[1];
	if (t->omit[0])
		c.which &= ~CHANGE_ATIME;
	if (t->omit[1])
		c.which &= ~CHANGE_MTIME;
	if (!name && dirfd == AT_FDCWD)
		return -EFAULT;
	if (!name && flags)
		return -EINVAL;
	nameless = path_at_nameless(dirfd, name, flags);
	if (nameless) {
		file_put(nameless);
		return 0;
	}
	if (!name) {
		struct file *f = fd_get(dirfd);

		if (!f)
			return -EBADF;
		if (!f->dentry) {
			file_put(f);
			return 0;
		}
		p = (struct path){ f->mount, f->dentry };
		path_get(&p);
		file_put(f);
	} else {
		r = path_at_find(dirfd, name, flags, &p);
		if (r)
			return r;
	}
	r = 0;
	if (!inode_owned(p.dentry->inode)) { /* others may only say "now", if they may write */
		if (t->now[0] && t->now[1])
			r = inode_permission(p.dentry->inode, MAY_WRITE);
		else if (c.which)
			r = -EPERM;
	}
	if (!r && c.which)
		r = vfs_setattr(&p, &c);
	path_put(&p);
	return r;
}

long sys_utimensat(int dirfd, const char __user *name, const struct timespec __user *user, int flags)
{
	struct time_pair t = { .now = { false } };
	struct timespec ts[2];

	if (user && copy_from_user(ts, user, sizeof(ts)))
		return -EFAULT;
	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (!user)
		return times_by_name(dirfd, name, (unsigned)flags, NULL);
	for (int i = 0; i < 2; i++) {
		t.now[i] = ts[i].tv_nsec == UTIME_NOW_;
		t.omit[i] = ts[i].tv_nsec == UTIME_OMIT_;
		if (t.now[i] || t.omit[i])
			continue;
		if (ts[i].tv_nsec < 0 || ts[i].tv_nsec > 999999999)
			return -EINVAL;
		if (__builtin_mul_overflow(ts[i].tv_sec, 1000000000, &t.ns[i]) ||
		    __builtin_add_overflow(t.ns[i], ts[i].tv_nsec, &t.ns[i]))
			t.ns[i] = ts[i].tv_sec < 0 ? INT64_MIN : INT64_MAX; /* what 64 bits of nanoseconds can say */
	}
	return times_by_name(dirfd, name, (unsigned)flags, &t);
}
SYSCALL(utimensat);

long sys_truncate(const char __user *name, off_t size)
{
	struct attribute_change c = { .which = CHANGE_SIZE, .size = (uint64_t)size };

	return size < 0 ? -EINVAL : change_by_name(AT_FDCWD, name, 0, &c);
}
SYSCALL(truncate);

long sys_ftruncate(int fd, off_t size)
{
	struct file *f;
	long r;

	if (size < 0)
		return -EINVAL;
	f = fd_get(fd);
	if (!f)
		return -EBADF;
	r = FILE_WRITABLE(f) ? file_truncate(f, (uint64_t)size) : -EINVAL;
	file_put(f);
	return r;
}
SYSCALL(ftruncate);

long sys_fallocate(int fd, int mode, off_t offset, off_t n)
{
	struct file *f;
	off_t end;
	long r;

	if (offset < 0 || n <= 0)
		return -EINVAL;
	if (__builtin_add_overflow(offset, n, &end))
		return -EFBIG;
	f = fd_get(fd);
	if (!f)
		return -EBADF;
	if (!FILE_WRITABLE(f))
		r = -EBADF;
	else if (f->ops->fallocate)
		r = f->ops->fallocate(f, mode, offset, n);
	else
		r = f->inode && inode_is_regular(f->inode) ? -EOPNOTSUPP : f->ops->seek ? -ENODEV : -ESPIPE;
	if (!r)
		notify_file(f, IN_MODIFY);
	file_put(f);
	return r;
}
SYSCALL(fallocate);
