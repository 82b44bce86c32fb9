/* flock(2), and the record locks of fcntl(2). */
#include <abi/code.h>
#include <abi/syscall.h>
#include <core/process.h>
#include <core/uaccess.h>
#include <fs/files.h>
#include <fs/lock.h>
#include <linux/fs.h>

COMPONENT("file-calls", "system calls on files, directories and descriptors");

long sys_flock(int fd, unsigned operation)
{
	struct file *f = fd_get(fd);
	struct file_lock want = { .kind = FILE_LOCK_FLOCK, .pid = current->process->pid, .end = UINT64_MAX };
	unsigned op = operation & ~(unsigned)LOCK_NB;
	long r = -EINVAL;

	if (!f)
		return -EBADF;
	want.owner = f;
	want.exclusive = op == LOCK_EX;
	if (op == LOCK_SH || op == LOCK_EX || op == LOCK_UN)
		r = file_lock_set(f, &want, op == LOCK_UN, !(operation & LOCK_NB));
	file_put(f);
	return r;
}
SYSCALL(flock);

/* From struct flock to bytes from the start of the file. */
static int resolve(struct file *f, const struct flock *l, struct file_lock *out)
{
	off_t start, end;

	switch (l->l_whence) {
	case SEEK_SET:
		start = 0;
		break;
	case SEEK_CUR:
		start = f->pos;
		break;
	case SEEK_END:
		start = f->inode ? (off_t)f->inode->size : 0;
		break;
	default:
		return -EINVAL;
	}
	if (__builtin_add_overflow(start, l->l_start, &start))
		return -EOVERFLOW;
	end = INT64_MAX;
	if (l->l_len > 0) {
		if (__builtin_add_overflow(start, l->l_len - 1, &end))
			return -EOVERFLOW;
	} else if (l->l_len < 0) {
		end = start - 1;
		start += l->l_len;
	}
	if (start < 0)
		return -EINVAL;
	out->start = (uint64_t)start;
	out->end = end == INT64_MAX ? UINT64_MAX : (uint64_t)end;
	return 0;
}

static int import(struct file *f, const struct flock __user *from, bool ofd, struct flock *l, struct file_lock *out)
{
	if (copy_from_user(l, from, sizeof(*l)))
		return -EFAULT;
	if (ofd && l->l_pid)
		return -EINVAL;
	*out = (struct file_lock){
		.kind = ofd ? FILE_LOCK_OFD : FILE_LOCK_POSIX,
		.exclusive = l->l_type == F_WRLCK,
		.owner = ofd ? (const void *)f : current->process->files,
		.pid = ofd ? -1 : current->process->pid,
	};
	return resolve(f, l, out);
}

static long set_lock(struct file *f, unsigned long arg, bool ofd, bool wait)
{
	struct file_lock want;
	struct flock l;
	int r = import(f, (const struct flock __user *)arg, ofd, &l, &want);

	if (r)
		return r;
	switch (l.l_type) {
	case F_RDLCK:
		if (!FILE_READABLE(f))
			return -EBADF;
		break;
	case F_WRLCK:
		if (!FILE_WRITABLE(f))
			return -EBADF;
		break;
	case F_UNLCK:
		break;
	default:
		return -EINVAL;
	}
	return file_lock_set(f, &want, l.l_type == F_UNLCK, wait);
}

static long get_lock(struct file *f, unsigned long arg, bool ofd)
{
	struct file_lock want, found;
	struct flock l;
	int r = import(f, (const struct flock __user *)arg, ofd, &l, &want);

	if (r)
		return r;
	if (l.l_type != F_RDLCK && l.l_type != F_WRLCK)
		return -EINVAL;
	if (!file_lock_test(f, &want, &found)) {
		l.l_type = F_UNLCK;
	} else {
		l.l_type = found.exclusive ? F_WRLCK : F_RDLCK;
		l.l_whence = SEEK_SET;
		l.l_start = (off_t)found.start;
		l.l_len = found.end == UINT64_MAX ? 0 : (off_t)(found.end - found.start + 1);
		l.l_pid = found.pid;
	}
	return copy_out((struct flock __user *)arg, &l);
}

static long f_getlk(int fd, struct file *f, unsigned long arg)
{
	return get_lock(f, arg, false);
}
FCNTL(F_GETLK, f_getlk);

static long f_setlk(int fd, struct file *f, unsigned long arg)
{
	return set_lock(f, arg, false, false);
}
FCNTL(F_SETLK, f_setlk);

static long f_setlkw(int fd, struct file *f, unsigned long arg)
{
	return set_lock(f, arg, false, true);
}
FCNTL(F_SETLKW, f_setlkw);

static long f_ofd_getlk(int fd, struct file *f, unsigned long arg)
{
	return get_lock(f, arg, true);
}
FCNTL(F_OFD_GETLK, f_ofd_getlk);

static long f_ofd_setlk(int fd, struct file *f, unsigned long arg)
{
	return set_lock(f, arg, true, false);
}
FCNTL(F_OFD_SETLK, f_ofd_setlk);

static long f_ofd_setlkw(int fd, struct file *f, unsigned long arg)
{
	return set_lock(f, arg, true, true);
}
FCNTL(F_OFD_SETLKW, f_ofd_setlkw);

/* Leases are not given (F_SETLEASE is EINVAL, as where a file system has none), so nobody has one. */
static long f_getlease(int fd, struct file *f, unsigned long arg)
{
	return F_UNLCK;
}
FCNTL(F_GETLEASE, f_getlease);
