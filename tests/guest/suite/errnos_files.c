/* Each errno that the calls on files, descriptors and extended attributes choose themselves, and calls that only older
 * programs make. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <utime.h>

#include "errnos.h"

static int file, reader, dir, path_only, pipe_in, pipe_out, sock, event, epoll, zero;
static char name[320], text[8192];

static void descriptors(void)
{
	struct epoll_event e = { 0 };

	NO(EBADF, SYS_dup, NONE);
	NO(EBADF, SYS_dup2, NONE, 50);
	NO(EBADF, SYS_dup3, NONE, 50, 0);
	NO(EINVAL, SYS_dup3, file, file, 0);
	NO(EINVAL, SYS_close_range, 5, 4, 0);
	NO(EINVAL, SYS_close_range, 5, 6, 1 << 10);
	NO(EBADF, SYS_ioctl, NONE, 0, 0);
	NO(EBADF, SYS_ioctl, path_only, 0, 0);
	NO(EBADF, SYS_fcntl, NONE, F_GETFD);
	NO(EINVAL, SYS_fcntl, file, 999);
	NO(EINVAL, SYS_epoll_create, 0);
	NO(EINVAL, SYS_epoll_create1, 1);
	close((int)syscall(SYS_epoll_create, 1));
	OK(SYS_epoll_create, 1);
	OK(SYS_epoll_wait, epoll, &e, 1, 0);
	OK(SYS_epoll_pwait, epoll, &e, 1, 0, NULL, 8);
	NO(EBADF, SYS_epoll_wait, NONE, &e, 1, 0);
	NO(EBADF, SYS_epoll_pwait, NONE, &e, 1, 0, NULL, 8);
	NO(EINVAL, SYS_epoll_pwait, epoll, &e, 0, 0, NULL, 8);
	NO(EINVAL, SYS_epoll_pwait, file, &e, 1, 0, NULL, 8);
	NO(EFAULT, SYS_epoll_pwait, epoll, &e, 1, 0, BAD, 8);
	NO(EINVAL, SYS_epoll_pwait, epoll, &e, 1, 0, &e, 7);
	OK(SYS_epoll_pwait2, epoll, &e, 1, &(struct timespec){ 0, 0 }, NULL, 8);
	NO(EBADF, SYS_epoll_pwait2, NONE, &e, 1, NULL, NULL, 8);
	NO(EINVAL, SYS_epoll_pwait2, epoll, &e, 0, NULL, NULL, 8);
	NO(EINVAL, SYS_epoll_pwait2, epoll, &e, 1, &(struct timespec){ 0, -1 }, NULL, 8);
	NO(EFAULT, SYS_epoll_pwait2, epoll, &e, 1, BAD, NULL, 8);
	NO(EFAULT, SYS_epoll_pwait2, epoll, &e, 1, NULL, BAD, 8);
	NO(EPERM, SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, file, &e);
	NO(EBADF, SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, NONE, &e);
	NO(EINVAL, SYS_epoll_ctl, epoll, 9, event, &e);
	NO(EFAULT, SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, event, BAD);
	close((int)syscall(SYS_eventfd, 0));
	OK(SYS_eventfd, 0);
	NO(EINVAL, SYS_eventfd2, 0, 2);
	NO(EINVAL, SYS_memfd_create, "x", 1 << 10);
	NO(EFAULT, SYS_pipe2, BAD, 0);
	NO(EINVAL, SYS_pipe2, text, 1);
	OK(SYS_pipe, text);
	close(((int *)text)[0]);
	close(((int *)text)[1]);
	NO(EBADF, SYS_timerfd_settime, file + 900, 0, text, NULL);
	NO(EINVAL, SYS_timerfd_settime, file, 0, &(struct itimerspec){ 0 }, NULL);
	NO(EFAULT, SYS_timerfd_settime, file, 0, BAD, NULL);
	NO(EINVAL, SYS_timerfd_create, 99, 0);
	NO(EBADF, SYS_timerfd_gettime, NONE, text);
	NO(EINVAL, SYS_timerfd_gettime, file, text);
	NO(EBADF, SYS_signalfd4, NONE, text, 8, 0);
	NO(EFAULT, SYS_signalfd4, -1, BAD, 8, 0);
	NO(EINVAL, SYS_signalfd4, -1, text, 7, 0);
	NO(EINVAL, SYS_signalfd4, file, text, 8, 0);
	OK(SYS_signalfd, -1, text, 8);
	NO(EINVAL, SYS_select, -1, NULL, NULL, NULL, NULL);
	NO(EINVAL, SYS_select, 0, NULL, NULL, NULL, (&(struct timeval){ -1, 0 }));
	NO(EFAULT, SYS_select, 0, NULL, NULL, NULL, BAD);
	OK(SYS_select, 0, NULL, NULL, NULL, (&(struct timeval){ 0, 0 }));
	NO(EINVAL, SYS_pselect6, -1, NULL, NULL, NULL, NULL, NULL);
	NO(EFAULT, SYS_pselect6, 10, BAD, NULL, NULL, NULL, NULL);
	NO(EFAULT, SYS_pselect6, 0, NULL, NULL, NULL, NULL, BAD);
	NO(EFAULT, SYS_ppoll, BAD, 1, NULL, NULL, 8);
	NO(EFAULT, SYS_ppoll, NULL, 0, BAD, NULL, 8);
	NO(EFAULT, SYS_ppoll, NULL, 0, NULL, BAD, 8);
	NO(EINVAL, SYS_ppoll, NULL, 0, NULL, text, 7);
	NO(EINVAL, SYS_ppoll, text, 1 << 24, NULL, NULL, 8);
}

static void reading_and_writing(void)
{
	struct iovec v = { text, 1 }, bad = { text, (size_t)-1 };
	off_t offset = 0, negative = -1;

	NO(EBADF, SYS_read, NONE, text, 1);
	NO(EISDIR, SYS_read, dir, text, 1);
	NO(EINVAL, SYS_read, epoll, text, 1);
	NO(EBADF, SYS_write, reader, text, 1);
	NO(EBADF, SYS_write, dir, text, 1);
	NO(EINVAL, SYS_write, epoll, text, 1);
	NO(EBADF, SYS_pread64, NONE, text, 1, 0);
	NO(EINVAL, SYS_pread64, file, text, 1, -1L);
	NO(EISDIR, SYS_pread64, dir, text, 1, 0);
	NO(ESPIPE, SYS_pread64, pipe_out, text, 1, 0);
	NO(EBADF, SYS_pwrite64, NONE, text, 1, 0);
	NO(EINVAL, SYS_pwrite64, file, text, 1, -1L);
	NO(ESPIPE, SYS_pwrite64, pipe_in, text, 1, 0);
	NO(EBADF, SYS_readv, NONE, &v, 1);
	NO(EISDIR, SYS_readv, dir, &v, 1);
	NO(EINVAL, SYS_readv, file, &bad, 1);
	NO(EINVAL, SYS_readv, file, &v, 2000);
	NO(EBADF, SYS_writev, NONE, &v, 1);
	NO(EINVAL, SYS_writev, file, &bad, 1);
	NO(EBADF, SYS_preadv, NONE, &v, 1, 0, 0);
	NO(EINVAL, SYS_preadv, file, &v, 1, -1L, 0);
	NO(EISDIR, SYS_preadv, dir, &v, 1, 0, 0);
	NO(ESPIPE, SYS_preadv, pipe_out, &v, 1, 0, 0);
	NO(EBADF, SYS_pwritev, NONE, &v, 1, 0, 0);
	NO(EINVAL, SYS_pwritev, file, &v, 1, -1L, 0);
	NO(ESPIPE, SYS_pwritev, pipe_in, &v, 1, 0, 0);
	NO(EBADF, SYS_preadv2, NONE, &v, 1, 0, 0, 0);
	NO(EINVAL, SYS_preadv2, file, &bad, 1, 0, 0, 0);
	NO(EISDIR, SYS_preadv2, dir, &v, 1, 0, 0, 0);
	NO(ESPIPE, SYS_preadv2, pipe_out, &v, 1, 0, 0, 0);
	NO(EOPNOTSUPP, SYS_preadv2, file, &v, 1, 0, 0, 1 << 30);
	OK(SYS_pwritev2, file, &v, 1, 0, 0, 0);
	NO(EBADF, SYS_pwritev2, NONE, &v, 1, 0, 0, 0);
	NO(EINVAL, SYS_pwritev2, file, &bad, 1, 0, 0, 0);
	NO(ESPIPE, SYS_pwritev2, pipe_in, &v, 1, 0, 0, 0);
	NO(EOPNOTSUPP, SYS_pwritev2, file, &v, 1, 0, 0, 1 << 30);
	NO(EBADF, SYS_lseek, NONE, 0, SEEK_SET);
	NO(ESPIPE, SYS_lseek, pipe_out, 0, SEEK_SET);
	NO(EBADF, SYS_sendfile, sock, NONE, NULL, 1);
	NO(EBADF, SYS_sendfile, NONE, file, NULL, 1);
	NO(EFAULT, SYS_sendfile, sock, file, BAD, 1);
	NO(EINVAL, SYS_sendfile, sock, file, &negative, 1);
	NO(EBADF, SYS_copy_file_range, NONE, NULL, file, NULL, 1, 0);
	NO(EBADF, SYS_copy_file_range, file, NULL, reader, NULL, 1, 0);
	NO(EFAULT, SYS_copy_file_range, file, BAD, file, NULL, 1, 0);
	NO(EINVAL, SYS_copy_file_range, file, &offset, file, &offset, 1, 1);
	NO(EINVAL, SYS_copy_file_range, pipe_out, NULL, file, NULL, 1, 0);
	NO(EISDIR, SYS_copy_file_range, dir, NULL, file, NULL, 1, 0);
	NO(EBADF, SYS_splice, NONE, NULL, pipe_in, NULL, 1, 0);
	NO(EINVAL, SYS_splice, file, NULL, file, NULL, 1, 0);
	NO(EFAULT, SYS_splice, file, BAD, pipe_in, NULL, 1, 0);
	NO(EFAULT, SYS_splice, pipe_out, NULL, file, BAD, 1, 0);
	NO(EBADF, SYS_tee, NONE, pipe_in, 1, 0);
	NO(EINVAL, SYS_tee, file, pipe_in, 1, 0);
	NO(EBADF, SYS_vmsplice, NONE, &v, 1, 0);
	NO(EBADF, SYS_vmsplice, file, &v, 1, 0);
	NO(EINVAL, SYS_vmsplice, pipe_in, &v, 1, 1 << 10);
	OK(SYS_fadvise64, file, 0, 0, POSIX_FADV_NORMAL);
	NO(EBADF, SYS_fadvise64, NONE, 0, 0, POSIX_FADV_NORMAL);
	NO(EINVAL, SYS_fadvise64, file, 0, 0, 99);
	NO(ESPIPE, SYS_fadvise64, pipe_out, 0, 0, POSIX_FADV_NORMAL);
	OK(SYS_readahead, file, 0, 100);
	NO(EBADF, SYS_readahead, NONE, 0, 100);
	NO(EINVAL, SYS_readahead, pipe_out, 0, 100);
	OK(SYS_sync);
	OK(SYS_syncfs, file);
	NO(EBADF, SYS_syncfs, NONE);
	NO(EBADF, SYS_fsync, NONE);
	NO(EINVAL, SYS_fsync, pipe_in);
	NO(EBADF, SYS_fdatasync, NONE);
	NO(EINVAL, SYS_fdatasync, pipe_in);
	OK(SYS_sync_file_range, file, 0, 0, 0);
	NO(EBADF, SYS_sync_file_range, NONE, 0, 0, 0);
	NO(EINVAL, SYS_sync_file_range, file, -1L, 0, 0);
	NO(EINVAL, SYS_sync_file_range, file, 0, 0, 99);
	NO(EBADF, SYS_flock, NONE, 2);
	NO(EINVAL, SYS_flock, file, 16);
	NO(EBADF, SYS_fallocate, reader, 0, 0, 1);
	NO(EFBIG, SYS_fallocate, file, 0, INT64_MAX, 1);
	NO(EINVAL, SYS_fallocate, file, 0, 0, 0);
	NO(ESPIPE, SYS_fallocate, pipe_in, 0, 0, 1);
	NO(ENODEV, SYS_fallocate, zero, 0, 0, 1);
	NO(EOPNOTSUPP, SYS_fallocate, file, 1 << 10, 0, 1);
	NO(EBADF, SYS_ftruncate, NONE, 0);
	NO(EINVAL, SYS_ftruncate, file, -1L);
	NO(EINVAL, SYS_truncate, name, -1L);
}

/* Calls whose work would be as large as their numbers are. */
static void large_numbers(void)
{
	int huge = (int)syscall(SYS_memfd_create, "huge", 0);

	is(pwrite(huge, "x", 1, 1l << 61), 1, "a byte at 2 EiB");
	OK(SYS_fallocate, huge, 3 /* FALLOC_FL_PUNCH_HOLE, FALLOC_FL_KEEP_SIZE */, 0, (1l << 61) - 4096);
	is(pread(huge, text, 1, 1l << 61), 1, "is behind a hole of that size");
	OK(SYS_ftruncate, huge, 26);
	close(huge);
}

static void names(void)
{
	struct statfs fs;
	struct stat st;
	uint64_t how[3] = { 0 }; /* struct open_how */

	OK(SYS_open, name, O_RDONLY);
	close((int)syscall(SYS_creat, scratch("old"), 0600));
	OK(SYS_creat, scratch("old"), 0600);
	OK(SYS_stat, name, &st);
	OK(SYS_lstat, name, &st);
	OK(SYS_fstat, file, &st);
	NO(EBADF, SYS_fstat, NONE, &st);
	OK(SYS_fstatfs, file, &fs);
	NO(EBADF, SYS_fstatfs, NONE, &fs);
	NO(EBADF, SYS_newfstatat, NONE, "", &st, AT_EMPTY_PATH);
	NO(EINVAL, SYS_newfstatat, AT_FDCWD, name, &st, 1);
	NO(EBADF, SYS_statx, NONE, "", AT_EMPTY_PATH, 0x7ff, text);
	NO(EINVAL, SYS_statx, AT_FDCWD, name, 0x6000, 0x7ff, text);
	OK(SYS_faccessat, AT_FDCWD, name, R_OK);
	NO(EINVAL, SYS_faccessat, AT_FDCWD, name, 99);
	NO(EINVAL, SYS_faccessat2, AT_FDCWD, name, R_OK, 1);
	OK(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", text, 100);
	NO(EINVAL, SYS_readlinkat, AT_FDCWD, name, text, 100);
	NO(EINVAL, SYS_readlinkat, AT_FDCWD, "/proc/self/exe", text, 0);
	NO(EFAULT, SYS_readlinkat, AT_FDCWD, "/proc/self/exe", BAD, 100);
	NO(E2BIG, SYS_openat2, AT_FDCWD, name, memset(text, 1, 100), 100);
	NO(EFAULT, SYS_openat2, AT_FDCWD, name, BAD, sizeof(how));
	NO(EINVAL, SYS_openat2, AT_FDCWD, name, how, 3);
	NO(EINVAL, SYS_linkat, AT_FDCWD, name, AT_FDCWD, scratch("y"), 1);
	NO(EINVAL, SYS_unlinkat, AT_FDCWD, name, 1);
	OK(SYS_mknod, scratch("fifo"), S_IFIFO | 0600, 0);
	NO(EPERM, SYS_mknodat, AT_FDCWD, scratch("x"), S_IFDIR, 0);
	NO(EINVAL, SYS_mknodat, AT_FDCWD, scratch("x"), 0170000, 0);
	OK(SYS_lchown, name, 0, 0);
	OK(SYS_fchownat, AT_FDCWD, name, 0, 0, 0);
	NO(EINVAL, SYS_fchownat, AT_FDCWD, name, 0, 0, 1);
	NO(EBADF, SYS_fchown, NONE, 0, 0);
	NO(EBADF, SYS_fchown, path_only, 0, 0);
	OK(SYS_fchmodat, AT_FDCWD, name, 0644);
	NO(EBADF, SYS_fchmod, NONE, 0644);
	NO(EBADF, SYS_fchdir, NONE);
	NO(ENOTDIR, SYS_fchdir, file);
	NO(EFAULT, SYS_getcwd, BAD, 100);
	NO(ERANGE, SYS_getcwd, text, 1);
	mkdir(scratch("gone"), 0700);
	is(chdir(scratch("gone")), 0, "chdir");
	rmdir(scratch("gone"));
	NO(ENOENT, SYS_getcwd, text, 100);
	chdir("/");
	OK(SYS_chroot, "/");
	NO(EBADF, SYS_getdents64, NONE, text, 1000);
	NO(EINVAL, SYS_getdents64, dir, text, 1);
	NO(ENOTDIR, SYS_getdents64, file, text, 1000);
	lseek(dir, 0, SEEK_SET);
	OK(SYS_getdents, dir, text, 1000);
	lseek(dir, 0, SEEK_SET);
	NO(EINVAL, SYS_getdents, dir, text, 1);
	NO(EFAULT, SYS_getdents, dir, BAD, 1000);
	OK(SYS_utime, name, NULL);
	NO(EFAULT, SYS_utime, name, BAD);
	OK(SYS_utimes, name, NULL);
	NO(EFAULT, SYS_utimes, name, BAD);
	NO(EINVAL, SYS_utimes, name, ((struct timeval[]){ { 0, -1 }, { 0, 0 } }));
	OK(SYS_futimesat, AT_FDCWD, name, NULL);
	NO(EFAULT, SYS_futimesat, AT_FDCWD, name, BAD);
	NO(EINVAL, SYS_futimesat, AT_FDCWD, name, ((struct timeval[]){ { 0, 1000000 }, { 0, 0 } }));
	NO(EBADF, SYS_utimensat, NONE, NULL, NULL, 0);
	NO(EINVAL, SYS_utimensat, AT_FDCWD, name, NULL, 1);
	NO(EINVAL, SYS_utimensat, AT_FDCWD, name, ((struct timespec[]){ { 0, -1 }, { 0, 0 } }), 0);
	NO(EINVAL, SYS_umount2, name, 1 << 10);
	NO(EINVAL, SYS_umount2, name, 0);
}

/* Each of the three forms of a call on an attribute; the one on a link itself sees a file here, too. */
static void attributes(void)
{
	static char long_name[300], large[70000];

	memcpy(memset(long_name, 'a', 299), "user.", 5);
#define FORMS(error, what, ...)                                                                    \
	NO(error, SYS_##what, name, __VA_ARGS__);                                                  \
	NO(error, SYS_l##what, name, __VA_ARGS__);                                                 \
	NO(error, SYS_f##what, file, __VA_ARGS__)
	if (!in_guest() && syscall(SYS_setxattr, name, "user.x", "1", 1, 0) && errno == EOPNOTSUPP)
		return;
	OK(SYS_setxattr, name, "user.a", "12345", 5, 0);
	OK(SYS_lsetxattr, name, "user.a", "12345", 5, 0);
	OK(SYS_fsetxattr, file, "user.a", "12345", 5, 0);
	FORMS(E2BIG, setxattr, "user.b", large, 70000, 0);
	FORMS(EFAULT, setxattr, BAD, "1", 1, 0);
	FORMS(EFAULT, setxattr, "user.b", BAD, 1, 0);
	FORMS(EINVAL, setxattr, "user.b", "1", 1, 99);
	FORMS(ENODATA, setxattr, "user.none", "1", 1, XATTR_REPLACE);
	FORMS(EOPNOTSUPP, setxattr, "nonsense", "1", 1, 0);
	FORMS(ERANGE, setxattr, long_name, "1", 1, 0);
	FORMS(ERANGE, setxattr, "", "1", 1, 0);
	OK(SYS_lgetxattr, name, "user.a", text, 100);
	OK(SYS_fgetxattr, file, "user.a", text, 100);
	FORMS(EFAULT, getxattr, "user.a", BAD, 100);
	FORMS(ENODATA, getxattr, "user.none", text, 100);
	FORMS(EOPNOTSUPP, getxattr, "nonsense", text, 100);
	FORMS(ERANGE, getxattr, "user.a", text, 1);
	OK(SYS_llistxattr, name, text, 100);
	OK(SYS_flistxattr, file, text, 100);
	FORMS(EFAULT, listxattr, BAD, 100);
	FORMS(ERANGE, listxattr, text, 1);
	FORMS(EFAULT, removexattr, BAD);
	FORMS(ENODATA, removexattr, "user.none");
	FORMS(EOPNOTSUPP, removexattr, "nonsense");
	FORMS(ERANGE, removexattr, long_name);
	OK(SYS_removexattr, name, "user.a");
	OK(SYS_setxattr, name, "user.a", "1", 1, 0);
	OK(SYS_lremovexattr, name, "user.a");
	OK(SYS_setxattr, name, "user.a", "1", 1, 0);
	OK(SYS_fremovexattr, file, "user.a");
	NO(EBADF, SYS_fsetxattr, NONE, "user.a", "1", 1, 0);
	NO(EBADF, SYS_fgetxattr, NONE, "user.a", text, 1);
	NO(EBADF, SYS_flistxattr, NONE, text, 1);
	NO(EBADF, SYS_fremovexattr, NONE, "user.a");
	NO(EPERM, SYS_setxattr, "/dev/null", "user.a", "1", 1, 0);
	NO(EPERM, SYS_lsetxattr, "/dev/null", "user.a", "1", 1, 0);
	NO(EPERM, SYS_fsetxattr, zero, "user.a", "1", 1, 0);
	NO(EPERM, SYS_removexattr, "/dev/null", "user.a");
	NO(EPERM, SYS_lremovexattr, "/dev/null", "user.a");
	NO(EPERM, SYS_fremovexattr, zero, "user.a");
}

/* What has no path: pipes and sockets, by an empty name. */
static void nameless(void)
{
	const int it[] = { pipe_out, sock };

	for (unsigned i = 0; i < 2; i++) {
		OK(SYS_faccessat2, it[i], "", R_OK, AT_EMPTY_PATH);
		OK(SYS_fchownat, it[i], "", -1, -1, AT_EMPTY_PATH);
		OK(SYS_utimensat, it[i], "", NULL, AT_EMPTY_PATH);
		NO(ENOENT, SYS_faccessat, it[i], "", R_OK);
		NO(ENOENT, SYS_fchmodat, it[i], "", 0600);
		NO(ENOENT, SYS_openat, it[i], "", O_RDONLY);
		NO(EFAULT, SYS_faccessat2, it[i], NULL, R_OK, AT_EMPTY_PATH);
		NO(EPERM, SYS_fsetxattr, it[i], "user.a", "1", 1, 0);
		NO(ENODATA, SYS_fgetxattr, it[i], "user.a", text, 10);
		NO(EFAULT, SYS_fgetxattr, it[i], NULL, text, 10);
		NO(ENOTDIR, SYS_getdents64, it[i], text, 100);
	}
	NO(ENOENT, SYS_readlinkat, file, "", text, 100);
	NO(EFAULT, SYS_fgetxattr, file, NULL, text, 100);
	is(setegid(65534) | seteuid(65534), 0, "as nobody");
	NO(EPERM, SYS_fchown, pipe_out, 0, 0);
	NO(EPERM, SYS_fchownat, pipe_out, "", 0, 0, AT_EMPTY_PATH);
	is(seteuid(0) | setegid(0), 0, "as root");
	NO(EACCES, SYS_faccessat2, pipe_out, "", X_OK, AT_EMPTY_PATH);
}

void suite_errnos_files(void)
{
	int fd[2];

	snprintf(name, sizeof(name), "%s", scratch("errnos"));
	file = open(name, O_RDWR | O_CREAT, 0600);
	write(file, text, 100);
	reader = open(name, O_RDONLY);
	path_only = open(name, O_PATH);
	dir = open("/tmp", O_RDONLY | O_DIRECTORY);
	pipe(fd);
	pipe_out = fd[0];
	pipe_in = fd[1];
	write(pipe_in, text, 10);
	sock = socket(AF_UNIX, SOCK_STREAM, 0);
	event = eventfd(0, 0);
	epoll = epoll_create1(0);
	zero = open("/dev/zero", O_RDWR);
	descriptors();
	reading_and_writing();
	large_numbers();
	names();
	attributes();
	nameless();
	syscall(SYS_close_range, 3, 200, 0);
}
