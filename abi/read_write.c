/* read(2), write(2), their positioned and vectored forms, lseek(2). */
#include <abi/syscall.h>
#include <abi/vector.h>
#include <core/thread.h>
#include <fs/files_table.h>
#include <fs/notify.h>
#include <fs/vfs.h>
#include <linux/fs.h>

COMPONENT("file-calls", "system calls on files, directories and descriptors");

static ssize_t no_operation(const struct file *f)
{
	return f->inode && inode_is_dir(f->inode) ? -EISDIR : -EINVAL;
}

/* @r bytes, or an error: who counts and who watches is told. */
static inline ssize_t have_read(struct file *f, ssize_t r)
{
	struct thread *t = current;

	t->io.reads++;
	if (r > 0)
		t->io.read_bytes += (uint64_t)r;
	return notify_moved(f, r, IN_ACCESS);
}

static inline ssize_t have_written(struct file *f, ssize_t r)
{
	struct thread *t = current;

	t->io.writes++;
	if (r > 0)
		t->io.written_bytes += (uint64_t)r;
	return notify_moved(f, r, IN_MODIFY);
}

static __always_inline ssize_t read_here(struct file *f, struct io *io)
{
	ssize_t r;

	if (unlikely(!FILE_READABLE(f)))
		return -EBADF;
	if (unlikely(!f->ops->read))
		return no_operation(f);
	if (!f->ops->seek || f->ops->stream) {
		r = f->ops->read(f, io, NULL);
	} else {
		mutex_lock(&f->pos_lock);
		r = f->ops->read(f, io, &f->pos);
		mutex_unlock(&f->pos_lock);
	}
	return have_read(f, r);
}

static __always_inline ssize_t write_here(struct file *f, struct io *io)
{
	ssize_t r;

	if (unlikely(!FILE_WRITABLE(f)))
		return -EBADF;
	if (unlikely(!f->ops->write))
		return no_operation(f);
	if (!f->ops->seek || f->ops->stream) {
		r = f->ops->write(f, io, NULL);
	} else {
		mutex_lock(&f->pos_lock);
		r = f->ops->write(f, io, &f->pos);
		mutex_unlock(&f->pos_lock);
	}
	return have_written(f, r);
}

static inline ssize_t read_at(struct file *f, struct io *io, off_t pos)
{
	if (unlikely(!f->ops->seek))
		return -ESPIPE;
	if (unlikely(!FILE_READABLE(f)))
		return -EBADF;
	if (unlikely(!f->ops->read))
		return no_operation(f);
	return have_read(f, f->ops->read(f, io, &pos));
}

static inline ssize_t write_at(struct file *f, struct io *io, off_t pos)
{
	if (unlikely(!f->ops->seek))
		return -ESPIPE;
	if (unlikely(!FILE_WRITABLE(f)))
		return -EBADF;
	if (unlikely(!f->ops->write))
		return no_operation(f);
	return have_written(f, f->ops->write(f, io, &pos));
}

/* As fd_get(): a single buffer's calls are so short that its call would be seen. */
static inline struct file *get_file(int fd)
{
	return files_look_up(current->process->files, fd);
}

/* More than one call moves must be all the program's, too: what is not becomes a place that nobody has. */
static inline void io_init_call(struct io *io, const void __user *buf, size_t n)
{
	if (unlikely(n > TRANSFER_MAX)) {
		if (!user_range_ok(buf, n))
			buf = (const void __user *)UINTPTR_MAX;
		n = TRANSFER_MAX;
	}
	io_init_user(io, buf, n);
}

/* What @r of a call that moved nothing becomes if the buffer, looked at or not, can be no program's: the copy routines find
 * that out for all others. @can: there is such an operation. */
static __attribute__((noinline)) __cold long moved_nothing(const struct file *f, bool can, long r, const char *at, size_t left)
{
	if (r == -EBADF || r == -ESPIPE || (!can && !f->inode))
		return r;
	return user_range_ok(at, left) ? r : -EFAULT;
}

long sys_read(int fd, void __user *buf, size_t n)
{
	struct file *f = get_file(fd);
	struct io io;
	long r;

	if (unlikely(!f))
		return -EBADF;
	io_init_call(&io, buf, n);
	r = read_here(f, &io);
	if (unlikely(r <= 0))
		r = moved_nothing(f, f->ops->read, r, io.at, io.left);
	file_put(f);
	return r;
}
SYSCALL(read);

long sys_write(int fd, const void __user *buf, size_t n)
{
	struct file *f = get_file(fd);
	struct io io;
	long r;

	if (unlikely(!f))
		return -EBADF;
	io_init_call(&io, buf, n);
	r = write_here(f, &io);
	if (unlikely(r <= 0))
		r = moved_nothing(f, f->ops->write, r, io.at, io.left);
	file_put(f);
	return r;
}
SYSCALL(write);

long sys_pread64(int fd, void __user *buf, size_t n, off_t pos)
{
	struct file *f;
	struct io io;
	long r;

	if (unlikely(pos < 0))
		return -EINVAL;
	f = get_file(fd);
	if (unlikely(!f))
		return -EBADF;
	io_init_call(&io, buf, n);
	r = read_at(f, &io, pos);
	if (unlikely(r <= 0))
		r = moved_nothing(f, f->ops->read, r, io.at, io.left);
	file_put(f);
	return r;
}
SYSCALL(pread64);

long sys_pwrite64(int fd, const void __user *buf, size_t n, off_t pos)
{
	struct file *f;
	struct io io;
	long r;

	if (unlikely(pos < 0))
		return -EINVAL;
	f = get_file(fd);
	if (unlikely(!f))
		return -EBADF;
	io_init_call(&io, buf, n);
	r = write_at(f, &io, pos);
	if (unlikely(r <= 0))
		r = moved_nothing(f, f->ops->write, r, io.at, io.left);
	file_put(f);
	return r;
}
SYSCALL(pwrite64);

#define POS_HERE (-1) /* preadv2, pwritev2: the file's own position */

/* RWF_* that change nothing here: memory is always synced, no I/O waits. */
#define RWF_HARMLESS (RWF_HIPRI | RWF_DSYNC | RWF_SYNC)

/* Before the vector is looked at, and without one byte to move all that is looked at. */
static long may_move(const struct file *f, bool here, bool write)
{
	if (!here && unlikely(!f->ops->seek))
		return -ESPIPE;
	if (unlikely(write ? !FILE_WRITABLE(f) : !FILE_READABLE(f)))
		return -EBADF;
	if (unlikely(write ? !f->ops->write : !f->ops->read))
		return f->inode && inode_is_dir(f->inode) ? 0 : -EINVAL;
	return 0;
}

static long vectored(int fd, const struct iovec __user *iov, size_t count, off_t pos, int flags, bool write)
{
	struct file *f = fd_get(fd);
	bool here = pos == POS_HERE;
	struct vector v;
	struct io io;
	long r;

	if (unlikely(!f))
		return -EBADF;
	r = may_move(f, here, write);
	if (likely(!r))
		r = vector_import(&v, iov, count, &io);
	if (likely(!r)) {
		if (unlikely(!io.left))
			r = 0;
		else if (unlikely(flags & ~RWF_HARMLESS))
			r = -EOPNOTSUPP;
		else if (here)
			r = write ? write_here(f, &io) : read_here(f, &io);
		else
			r = write ? write_at(f, &io, pos) : read_at(f, &io, pos);
		vector_free(&v);
	}
	file_put(f);
	return r;
}

long sys_readv(int fd, const struct iovec __user *iov, size_t count)
{
	return vectored(fd, iov, count, POS_HERE, 0, false);
}
SYSCALL(readv);

long sys_writev(int fd, const struct iovec __user *iov, size_t count)
{
	return vectored(fd, iov, count, POS_HERE, 0, true);
}
SYSCALL(writev);

/* On 64-bit machines the position is the fourth argument alone; its upper half, the fifth, is not looked at. */
long sys_preadv(int fd, const struct iovec __user *iov, size_t count, off_t pos)
{
	return pos < 0 ? -EINVAL : vectored(fd, iov, count, pos, 0, false);
}
SYSCALL(preadv);

long sys_pwritev(int fd, const struct iovec __user *iov, size_t count, off_t pos)
{
	return pos < 0 ? -EINVAL : vectored(fd, iov, count, pos, 0, true);
}
SYSCALL(pwritev);

long sys_preadv2(int fd, const struct iovec __user *iov, size_t count, off_t pos, unsigned long pos_high, int flags)
{
	return pos < POS_HERE ? -EINVAL : vectored(fd, iov, count, pos, flags, false);
}
SYSCALL(preadv2);

long sys_pwritev2(int fd, const struct iovec __user *iov, size_t count, off_t pos, unsigned long pos_high, int flags)
{
	return pos < POS_HERE ? -EINVAL : vectored(fd, iov, count, pos, flags, true);
}
SYSCALL(pwritev2);

long sys_lseek(int fd, off_t offset, unsigned whence)
{
	struct file *f = fd_get(fd);
	long r = -ESPIPE;

	if (!f)
		return -EBADF;
	if (f->ops->seek) {
		mutex_lock(&f->pos_lock);
		r = f->ops->seek(f, offset, (int)whence);
		mutex_unlock(&f->pos_lock);
	}
	file_put(f);
	return r;
}
SYSCALL(lseek);
