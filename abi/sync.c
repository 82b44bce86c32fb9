/* fsync and its relatives, and advice about files: what lies in memory is where it will stay; a disk's files are asked. */
#include <abi/syscall.h>
#include <fs/dev/blockfile.h>
#include <fs/files.h>
#include <fs/vfs.h>
#include <linux/fadvise.h>
#include <linux/fs.h>

COMPONENT("file-calls", "system calls on files, directories and descriptors");

static long sync_file(int fd, bool data_only)
{
	struct file *f = fd_get(fd);
	long r;

	if (!f)
		return -EBADF;
	if (f->ops->fsync)
		r = f->ops->fsync(f, data_only);
	else
		r = f->inode && (inode_is_regular(f->inode) || inode_is_dir(f->inode)) ? 0 : -EINVAL;
	file_put(f);
	return r;
}

long sys_fsync(int fd)
{
	return sync_file(fd, false);
}
SYSCALL(fsync);

long sys_fdatasync(int fd)
{
	return sync_file(fd, true);
}
SYSCALL(fdatasync);

long sys_sync(void)
{
	block_files_sync();
	return 0;
}
SYSCALL(sync);

static long check_fd(int fd)
{
	struct file *f = fd_get(fd);

	if (!f)
		return -EBADF;
	file_put(f);
	return 0;
}

long sys_syncfs(int fd)
{
	long r = check_fd(fd);

	if (!r)
		block_files_sync();
	return r;
}
SYSCALL(syncfs);

long sys_sync_file_range(int fd, off_t offset, off_t n, unsigned flags)
{
	if (offset < 0 || n < 0 || flags & ~7u)
		return -EINVAL;
	return check_fd(fd);
}
SYSCALL(sync_file_range);

long sys_fadvise64(int fd, off_t offset, off_t n, int advice)
{
	struct file *f = fd_get(fd);
	long r = 0;

	if (!f)
		return -EBADF;
	if (!f->inode)
		r = -ESPIPE;
	else if (n < 0 || advice < POSIX_FADV_NORMAL || advice > POSIX_FADV_NOREUSE)
		r = -EINVAL;
	file_put(f);
	return r;
}
SYSCALL(fadvise64);

long sys_readahead(int fd, off_t offset, size_t n)
{
	struct file *f = fd_get(fd);
	long r = 0;

	if (!f)
		return -EBADF;
	if (!FILE_READABLE(f))
		r = -EBADF;
	else if (!f->inode || !inode_is_regular(f->inode))
		r = -EINVAL;
	file_put(f);
	return r;
}
SYSCALL(readahead);
