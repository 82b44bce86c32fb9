/* newfstatat(2), fstat(2), statx(2), statfs(2), faccessat(2), readlinkat(2). */
#include <abi/path_at.h>
#include <abi/stat.h>
#include <abi/syscall.h>
#include <asm/stat.h>
#include <asm/statfs.h>
#include <core/process.h>
#include <core/slab.h>
#include <core/uaccess.h>
#include <fs/files.h>
#include <linux/fcntl.h>

COMPONENT("file-calls", "system calls on files, directories and descriptors");

#define NS 1000000000

/* Times before 1970 have a positive part of a second too. */
static inline int64_t seconds(int64_t ns, uint32_t *rest)
{
	int64_t s = ns / NS, r = ns % NS;

	if (unlikely(r < 0)) {
		r += NS;
		s--;
	}
	*rest = (uint32_t)r;
	return s;
}

static long stat_out(struct stat __user *to, const struct attributes *a)
{
	struct stat st = {
		.st_dev = a->device,
		.st_ino = a->ino,
		.st_nlink = a->nlink,
		.st_mode = a->mode,
		.st_uid = a->uid,
		.st_gid = a->gid,
		.st_rdev = a->rdev,
		.st_size = (long)a->size,
		.st_blksize = (int)a->block_size,
		.st_blocks = (long)a->blocks,
	};
	uint32_t ns;

	st.st_atime = (unsigned long)seconds(a->atime_ns, &ns);
	st.st_atime_nsec = ns;
	st.st_mtime = (unsigned long)seconds(a->mtime_ns, &ns);
	st.st_mtime_nsec = ns;
	st.st_ctime = (unsigned long)seconds(a->ctime_ns, &ns);
	st.st_ctime_nsec = ns;
	return copy_out(to, &st);
}

long stat_by_name(int dirfd, const char __user *name, struct stat __user *to, unsigned flags)
{
	struct attributes a;
	struct path p;
	int r = path_at_find(dirfd, name, flags, &p);

	if (unlikely(r))
		return r;
	r = inode_getattr(p.dentry->inode, &a);
	path_put(&p);
	return likely(!r) ? stat_out(to, &a) : r;
}

long sys_fstat(int fd, struct stat __user *to)
{
	struct file *f = fd_get(fd);
	struct attributes a;
	int r;

	if (unlikely(!f))
		return -EBADF;
	r = file_getattr(f, &a);
	file_put(f);
	return likely(!r) ? stat_out(to, &a) : r;
}
SYSCALL(fstat);

/* glibc's fstat() is newfstatat(fd, "", AT_EMPTY_PATH). NULL, as newer Linux has it, is the same here alone. */
static bool is_fd_itself(int fd, const char __user *name, unsigned flags)
{
	return (!name && flags & AT_EMPTY_PATH && fd >= 0) || path_at_is_fd(fd, name, flags);
}

long sys_newfstatat(int dirfd, const char __user *name, struct stat __user *to, unsigned flags)
{
	if (flags & ~(unsigned)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT))
		return -EINVAL;
	if (is_fd_itself(dirfd, name, flags))
		return sys_fstat(dirfd, to);
	return stat_by_name(dirfd, name, to, flags);
}
SYSCALL(newfstatat);

static void statx_time(struct statx_timestamp *t, int64_t ns)
{
	t->tv_sec = seconds(ns, &t->tv_nsec);
}

static uint32_t device_major(uint64_t d)
{
	return (uint32_t)(d >> 8 & 0xfff);
}
static uint32_t device_minor(uint64_t d)
{
	return (uint32_t)((d & 0xff) | (d >> 12 & 0xfff00));
}

long sys_statx(int dirfd, const char __user *name, unsigned flags, unsigned mask, struct statx __user *to)
{
	struct attributes a;
	struct statx st = { 0 };
	struct path p;
	int r;

	if (flags & ~(unsigned)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_SYNC_TYPE) ||
	    (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE || mask & STATX__RESERVED)
		return -EINVAL;
	if (is_fd_itself(dirfd, name, flags)) {
		struct file *f = fd_get(dirfd);

		if (!f)
			return -EBADF;
		r = file_getattr(f, &a);
		file_put(f);
	} else {
		r = path_at_find(dirfd, name, flags, &p);
		if (r)
			return r;
		r = inode_getattr(p.dentry->inode, &a);
		st.stx_mnt_id = (uint64_t)p.mount->id;
		if (p.dentry == p.mount->root)
			st.stx_attributes |= STATX_ATTR_MOUNT_ROOT;
		path_put(&p);
		st.stx_mask |= STATX_MNT_ID;
	}
	if (r)
		return r;
	st.stx_mask |= STATX_BASIC_STATS | STATX_BTIME;
	st.stx_attributes_mask = STATX_ATTR_MOUNT_ROOT;
	st.stx_blksize = a.block_size;
	st.stx_nlink = a.nlink;
	st.stx_uid = a.uid;
	st.stx_gid = a.gid;
	st.stx_mode = (uint16_t)a.mode;
	st.stx_ino = a.ino;
	st.stx_size = a.size;
	st.stx_blocks = a.blocks;
	statx_time(&st.stx_atime, a.atime_ns);
	statx_time(&st.stx_btime, a.btime_ns);
	statx_time(&st.stx_ctime, a.ctime_ns);
	statx_time(&st.stx_mtime, a.mtime_ns);
	st.stx_rdev_major = device_major(a.rdev);
	st.stx_rdev_minor = device_minor(a.rdev);
	st.stx_dev_major = device_major(a.device);
	st.stx_dev_minor = device_minor(a.device);
	return copy_out(to, &st);
}
SYSCALL(statx);

static long statfs_out(struct statfs __user *to, const struct mount *m)
{
	struct statfs_info info = { .block_size = PAGE_SIZE };
	struct statfs st = { 0 };

	if (m->super->ops->statfs)
		m->super->ops->statfs(m->super, &info);
	st.f_type = info.type;
	st.f_bsize = info.block_size;
	st.f_frsize = info.block_size;
	st.f_blocks = info.blocks;
	st.f_bfree = info.blocks_free;
	st.f_bavail = info.blocks_free;
	st.f_files = info.files;
	st.f_ffree = info.files_free;
	st.f_fsid.val[0] = (int)m->super->device;
	st.f_namelen = NAME_LIMIT;
	st.f_flags = 0x20 /* ST_VALID */ | (m->flags & 0xf) | (m->super->read_only ? 1 : 0);
	return copy_out(to, &st);
}

long sys_statfs(const char __user *name, struct statfs __user *to)
{
	struct path p;
	long r = path_at_find(AT_FDCWD, name, 0, &p);

	if (r)
		return r;
	r = statfs_out(to, p.mount);
	path_put(&p);
	return r;
}
SYSCALL(statfs);

long sys_fstatfs(int fd, struct statfs __user *to)
{
	struct file *f = fd_get(fd);
	struct statfs st = { .f_bsize = PAGE_SIZE, .f_namelen = NAME_LIMIT };
	long r;

	if (!f)
		return -EBADF;
	r = f->mount ? statfs_out(to, f->mount) : copy_out(to, &st);
	file_put(f);
	return r;
}
SYSCALL(fstatfs);

#define R_W_X 7u /* R_OK 4, W_OK 2, X_OK 1: the same bits as MAY_* */

/* What has no path: its owner's bits, or everybody's. */
static long access_nameless(struct file *f, unsigned mode)
{
	struct attributes a;
	long r = file_getattr(f, &a);

	if (r)
		return r;
	return mode & ~(a.uid == current->process->credentials.euid ? a.mode >> 6 : a.mode) ? -EACCES : 0;
}

long access_by_name(int dirfd, const char __user *name, unsigned mode, unsigned flags)
{
	struct file *nameless;
	struct path p;
	long r;

	if (mode & ~R_W_X || flags & ~(unsigned)(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	nameless = path_at_nameless(dirfd, name, flags);
	if (nameless) {
		r = access_nameless(nameless, mode);
		file_put(nameless);
		return r;
	}
	r = path_at_find(dirfd, name, flags & AT_EACCESS ? flags & ~(unsigned)AT_EACCESS : flags | PATH_AT_REAL, &p);
	if (r)
		return r;
	if (flags & AT_EACCESS)
		r = inode_permission(p.dentry->inode, mode);
	else
		r = inode_permission_real(p.dentry->inode, mode);
	if (!r && mode & MAY_WRITE) {
		uint32_t type = p.dentry->inode->mode & S_IFMT;

		if (type == S_IFREG || type == S_IFDIR || type == S_IFLNK)
			r = mount_writable(p.mount);
	}
	path_put(&p);
	return r;
}

long sys_faccessat(int dirfd, const char __user *name, unsigned mode)
{
	return access_by_name(dirfd, name, mode, 0);
}
SYSCALL(faccessat);

long sys_faccessat2(int dirfd, const char __user *name, unsigned mode, unsigned flags)
{
	return access_by_name(dirfd, name, mode, flags);
}
SYSCALL(faccessat2);

static ssize_t read_magic(struct inode *inode, char *buf)
{
	struct path to;
	ssize_t n;
	char *text;
	int r = inode->ops->follow(inode, &to);

	if (r)
		return r;
	text = path_text(&to, NULL, buf, PATH_LIMIT);
	path_put(&to);
	if (is_err(text))
		return ptr_err(text);
	n = (ssize_t)strlen(text);
	memmove(buf, text, (size_t)n);
	return n;
}

long readlink_by_name(int dirfd, const char __user *name, char __user *to, int size)
{
	struct inode *inode;
	struct path p;
	char *buf = NULL;
	ssize_t n = 0;
	long r;

	if (size <= 0)
		return -EINVAL;
	r = path_at_find(dirfd, name, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, &p);
	if (r)
		return r;
	inode = p.dentry->inode;
	if (!inode_is_link(inode)) {
		r = path_at_is_fd(0, name, AT_EMPTY_PATH) ? -ENOENT : -EINVAL; /* the empty name means a link, or nothing */
	} else if (inode->link) {
		n = MIN((ssize_t)strlen(inode->link), (ssize_t)size);
		r = copy_to_user(to, inode->link, (size_t)n) ? -EFAULT : n;
	} else {
		buf = kmalloc(PATH_LIMIT);
		if (!buf)
			n = -ENOMEM;
		else if (inode->ops->readlink)
			n = inode->ops->readlink(inode, buf, PATH_LIMIT);
		else
			n = read_magic(inode, buf);
		r = n;
		if (n > 0) {
			n = MIN(n, (ssize_t)size);
			r = copy_to_user(to, buf, (size_t)n) ? -EFAULT : n;
		}
		kfree(buf);
	}
	path_put(&p);
	return r;
}

long sys_readlinkat(int dirfd, const char __user *name, char __user *to, int size)
{
	return readlink_by_name(dirfd, name, to, size);
}
SYSCALL(readlinkat);
