/* Files and directories in a file system that can be written. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "suite.h"

static void reading_and_writing(void)
{
	const char *path = scratch("plain");
	char buf[100] = "";
	struct stat st;
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0640);

	if (!ok(fd >= 0, "a file is created"))
		return;
	is(write(fd, "0123456789", 10), 10, "ten bytes are written");
	is(lseek(fd, 0, SEEK_CUR), 10, "the position is behind them");
	is(read(fd, buf, 10), 0, "where there is nothing to read");
	is(lseek(fd, 2, SEEK_SET), 2, "seek");
	ok(read(fd, buf, 3) == 3 && !memcmp(buf, "234", 3), "read from there");
	is(lseek(fd, -1, SEEK_END), 9, "seek from the end");
	ok(pread(fd, buf, 100, 8) == 2 && !memcmp(buf, "89", 2), "pread stops at the end");
	is(pwrite(fd, "XY", 2, 4), 2, "pwrite");
	is(lseek(fd, 0, SEEK_CUR), 9, "moves nothing");
	is(pwrite(fd, "Z", 1, 10000), 1, "a write far behind the end");
	is(fstat(fd, &st), 0, "fstat");
	is(st.st_size, 10001, "the size");
	ok(S_ISREG(st.st_mode) && (st.st_mode & 0777) == 0640 && st.st_nlink == 1, "type, mode and links");
	ok(pread(fd, buf, 100, 5000) == 100 && buf[0] == 0 && buf[99] == 0, "zeroes between");
	ok(pread(fd, buf, 20, 0) == 20 && !memcmp(buf, "0123XY6789\0\0", 12), "what was written before");
	is(ftruncate(fd, 5), 0, "ftruncate shortens");
	is(ftruncate(fd, 8), 0, "and lengthens");
	ok(pread(fd, buf, 100, 0) == 8 && !memcmp(buf, "0123X\0\0\0", 8), "with zeroes");
	fails(lseek(fd, -5, SEEK_SET), EINVAL, "no negative position");
	is(fsync(fd), 0, "fsync");
	is(fdatasync(fd), 0, "fdatasync");
	close(fd);
	fails(close(fd), EBADF, "closed twice");
	fails(read(fd, buf, 1), EBADF, "read of a closed descriptor");
	fails(open(path, O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST, "O_EXCL on what is there");
	fd = open(path, O_WRONLY | O_APPEND);
	is(write(fd, "end", 3), 3, "O_APPEND");
	fails(read(fd, buf, 1), EBADF, "no reading of a file opened for writing");
	close(fd);
	fd = open(path, O_RDONLY);
	ok(read(fd, buf, 100) == 11 && !memcmp(buf + 8, "end", 3), "appends");
	fails(write(fd, "x", 1), EBADF, "no writing of a file opened for reading");
	close(fd);
	fd = open(path, O_RDWR | O_TRUNC);
	ok(fstat(fd, &st) == 0 && st.st_size == 0, "O_TRUNC empties");
	close(fd);
	is(truncate(path, 3), 0, "truncate by name");
	ok(stat(path, &st) == 0 && st.st_size == 3, "the size again");
	is(unlink(path), 0, "unlink");
	fails(open(path, O_RDONLY), ENOENT, "gone");
	fails(unlink(path), ENOENT, "gone already");
}

static void vectors(void)
{
	char a[3], b[200], c[50];
	struct iovec out[3] = { { (void *)"abc", 3 }, { (void *)"", 0 }, { (void *)"defgh", 5 } };
	struct iovec in[3] = { { a, 3 }, { b, 4 }, { c, 50 } };
	int fd = open(scratch("vectors"), O_RDWR | O_CREAT, 0600), from, to;
	off_t at = 1;

	is(writev(fd, out, 3), 8, "writev");
	lseek(fd, 0, SEEK_SET);
	is(readv(fd, in, 3), 8, "readv");
	ok(!memcmp(a, "abc", 3) && !memcmp(b, "defg", 4) && c[0] == 'h', "the bytes in their places");
	is(preadv(fd, in, 2, 2), 6, "preadv");
	ok(!memcmp(a, "cde", 3) && !memcmp(b, "fgh", 3), "from there");
	is(pwritev(fd, out, 3, 8), 8, "pwritev");
	fails(syscall(SYS_readv, fd, in, 99999), EINVAL, "too many pieces");
	from = fd;
	to = open(scratch("sent"), O_RDWR | O_CREAT, 0600);
	is(sendfile(to, from, &at, 100), 15, "sendfile from an offset");
	is(at, 16, "which moves");
	ok(pread(to, b, 100, 0) == 15 && !memcmp(b, "bcdefghabcdefgh", 15), "copies");
	close(to);
	close(fd);
}

static void large(void)
{
	enum { CHUNK = 65536, CHUNKS = 64 };
	const char *path = scratch("large");
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	char *data = malloc(CHUNK), *back = malloc(CHUNK);
	bool right = true;
	struct stat st;

	for (int i = 0; i < CHUNKS; i++) {
		for (int j = 0; j < CHUNK; j++)
			data[j] = (char)(i * 31 + j * 7 + j / 256);
		right &= write(fd, data, CHUNK) == CHUNK;
	}
	ok(right, "4 MiB are written");
	right = true;
	for (int i = CHUNKS - 1; i >= 0; i--) {
		for (int j = 0; j < CHUNK; j++)
			data[j] = (char)(i * 31 + j * 7 + j / 256);
		right &= pread(fd, back, CHUNK, (off_t)i * CHUNK) == CHUNK && !memcmp(data, back, CHUNK);
	}
	ok(right, "and read back");
	ok(fstat(fd, &st) == 0 && st.st_size == CHUNK * CHUNKS && st.st_blocks * 512 >= st.st_size, "size and blocks");
	close(fd);
	unlink(path);
	free(data);
	free(back);
}

static int count_entries(const char *path, const char *name, int *ret_found)
{
	DIR *d = opendir(path);
	struct dirent *e;
	int n = 0;

	*ret_found = 0;
	if (!d)
		return -1;
	while ((e = readdir(d))) {
		n++;
		*ret_found += !strcmp(e->d_name, name);
	}
	closedir(d);
	return n;
}

static void directories(void)
{
	char path[300], dir[300], here[300];
	struct dirent *e;
	int found, seen = 0, fd;
	struct stat st;
	bool right = true;
	DIR *d;
	long place;

	snprintf(dir, sizeof(dir), "%s", scratch("dir"));
	is(mkdir(dir, 0755), 0, "mkdir");
	fails(mkdir(dir, 0755), EEXIST, "twice");
	ok(stat(dir, &st) == 0 && S_ISDIR(st.st_mode) && st.st_nlink >= 2, "it is a directory");
	for (int i = 0; i < 300; i++) {
		snprintf(path, sizeof(path), "%s/file-with-a-longer-name-%d", dir, i);
		fd = open(path, O_WRONLY | O_CREAT, 0600);
		right &= fd >= 0 && close(fd) == 0;
	}
	ok(right, "300 files in it");
	is(count_entries(dir, "file-with-a-longer-name-299", &found), 302, "302 entries");
	is(found, 1, "each once");
	fails(rmdir(dir), ENOTEMPTY, "it cannot be removed so");
	d = opendir(dir);
	for (int i = 0; i < 10; i++)
		e = readdir(d);
	place = telldir(d);
	e = readdir(d);
	snprintf(path, sizeof(path), "%s", e ? e->d_name : "");
	while (readdir(d))
		seen++;
	is(seen, 291, "the other entries");
	seekdir(d, place);
	e = readdir(d);
	ok(e && !strcmp(e->d_name, path), "seekdir goes back to one");
	rewinddir(d);
	for (seen = 0; (e = readdir(d)); seen++)
		if (e->d_name[0] == 'f' && unlinkat(dirfd(d), e->d_name, 0))
			break;
	is(seen, 302, "all can be unlinked while the directory is read");
	closedir(d);
	is(count_entries(dir, ".", &found), 2, "it is empty");
	snprintf(path, sizeof(path), "%s/sub", dir);
	is(mkdir(path, 0755), 0, "a directory within");
	is(chdir(path), 0, "chdir");
	ok(getcwd(here, sizeof(here)) && !strcmp(here, path), "getcwd");
	fd = open("../up", O_WRONLY | O_CREAT, 0600);
	ok(fd >= 0, "a path with ..");
	close(fd);
	fd = open("..", O_RDONLY | O_DIRECTORY);
	ok(fd >= 0 && faccessat(fd, "up", R_OK, 0) == 0, "a path from a descriptor");
	is(fstatat(fd, "sub", &st, 0), 0, "fstatat");
	ok(S_ISDIR(st.st_mode), "of a directory");
	fails(openat(fd, "up/x", O_RDONLY), ENOTDIR, "a file is no directory");
	fails(open("../up", O_RDONLY | O_DIRECTORY), ENOTDIR, "not even asked so");
	fails(open("..", O_WRONLY), EISDIR, "a directory is not written");
	fails(read(fd, path, 1), EISDIR, "nor read");
	is(fchdir(fd), 0, "fchdir");
	is(unlinkat(fd, "sub", AT_REMOVEDIR), 0, "AT_REMOVEDIR");
	fails(unlink("."), EISDIR, "unlink of a directory");
	fails(rmdir("up"), ENOTDIR, "rmdir of a file");
	is(unlink("up"), 0, "unlink of a file");
	close(fd);
	chdir("/");
	is(rmdir(dir), 0, "empty, it can be removed");
	fails(getcwd(here, 1) ? 0 : -1, ERANGE, "getcwd into one byte");
	memset(path, 'a', 299);
	path[0] = '/';
	path[299] = 0;
	fails(open(path, O_RDONLY), ENAMETOOLONG, "a name of 298 bytes");
	fails(open("", O_RDONLY), ENOENT, "a name of none");
	fails(open("/nosuch/file", O_RDWR | O_CREAT, 0600), ENOENT, "a directory that is not there");
}

static void names(void)
{
	char a[300], b[300], dir[300], target[20] = "";
	struct stat st, other;
	int fd, kept;

	snprintf(a, sizeof(a), "%s", scratch("a"));
	snprintf(b, sizeof(b), "%s", scratch("b"));
	snprintf(dir, sizeof(dir), "%s", scratch("d"));
	write_whole_file(a, "first", 5);
	write_whole_file(b, "second", 6);
	kept = open(b, O_RDONLY);
	is(rename(a, b), 0, "rename over a file");
	fails(access(a, F_OK), ENOENT, "the old name is gone");
	ok(stat(b, &st) == 0 && st.st_size == 5, "the new one is the file");
	ok(read(kept, target, 10) == 6 && !memcmp(target, "second", 6), "what it replaced is read still");
	ok(fstat(kept, &st) == 0 && st.st_nlink == 0, "without a name");
	close(kept);
	is(link(b, a), 0, "link");
	ok(stat(a, &st) == 0 && stat(b, &other) == 0 && st.st_ino == other.st_ino && st.st_nlink == 2, "two names, one file");
	fails(link(b, a), EEXIST, "link over a name");
	is(unlink(b), 0, "one name goes");
	ok(stat(a, &st) == 0 && st.st_nlink == 1, "the other stays");
	is(symlink("a", b), 0, "symlink");
	memset(target, 'x', sizeof(target));
	ok(readlink(b, target, sizeof(target)) == 1 && target[0] == 'a' && target[1] == 'x', "readlink");
	ok(lstat(b, &st) == 0 && S_ISLNK(st.st_mode) && st.st_size == 1, "lstat sees the link");
	ok(stat(b, &st) == 0 && S_ISREG(st.st_mode), "stat what it names");
	fd = open(b, O_RDONLY | O_NOFOLLOW);
	ok(fd == -1 && errno == ELOOP, "O_NOFOLLOW");
	is(unlink(b), 0, "unlink takes the link");
	is(access(a, F_OK), 0, "not the file");
	symlink(b, b);
	fails(stat(b, &st), ELOOP, "a link to itself");
	unlink(b);
	symlink("nowhere", b);
	fails(stat(b, &st), ENOENT, "a link to nowhere");
	fd = open(b, O_WRONLY | O_CREAT, 0600);
	ok(fd >= 0 && access(scratch("nowhere"), F_OK) == 0, "O_CREAT makes what it names");
	close(fd);
	unlink(b);
	unlink(scratch("nowhere"));
	mkdir(dir, 0755);
	snprintf(b, sizeof(b), "%s/inside", dir);
	is(rename(a, b), 0, "rename into a directory");
	snprintf(a, sizeof(a), "%s", scratch("d2"));
	is(rename(dir, a), 0, "rename of a directory");
	snprintf(b, sizeof(b), "%s/inside", a);
	is(access(b, F_OK), 0, "with all that is in it");
	mkdir(dir, 0755);
	fails(rename(dir, a), ENOTEMPTY, "not over one that is not empty");
	fails(rename(b, dir), EISDIR, "nor a file over a directory");
	fails(rename(dir, b), ENOTDIR, "nor a directory over a file");
	snprintf(b, sizeof(b), "%s/self", dir);
	fails(rename(dir, b), EINVAL, "nor a directory into itself");
	fails(syscall(SYS_renameat2, AT_FDCWD, dir, AT_FDCWD, a, 1), EEXIST, "RENAME_NOREPLACE");
	snprintf(b, sizeof(b), "%s/inside", a);
	fd = open(b, O_RDWR);
	is(unlink(b), 0, "unlink of an open file");
	ok(write(fd, "more", 4) == 4 && pread(fd, target, 4, 0) == 4 && !memcmp(target, "more", 4), "it lives on");
	close(fd);
	is(rmdir(a), 0, "the directory can be removed");
	is(rmdir(dir), 0, "the other too");
}

static void attributes(void)
{
	const char *path = scratch("attr");
	struct timespec times[2] = { { 1000000, 5 }, { 2000000, 7 } };
	struct stat st;
	struct statfs fs;
	mode_t mask = umask(027);
	int fd = open(path, O_RDWR | O_CREAT, 0777);

	ok(fstat(fd, &st) == 0 && (st.st_mode & 07777) == 0750, "umask takes bits");
	is(umask(mask), 027, "and tells the old one");
	is(fchmod(fd, 0604), 0, "fchmod");
	is(chmod(path, 0600), 0, "chmod");
	ok(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600, "the mode");
	is(utimensat(AT_FDCWD, path, times, 0), 0, "utimensat");
	ok(stat(path, &st) == 0 && st.st_mtim.tv_sec == 2000000 && st.st_mtim.tv_nsec == 7 &&
	   st.st_atim.tv_sec == 1000000, "the times");
	is(write(fd, "x", 1), 1, "a write");
	ok(fstat(fd, &st) == 0 && st.st_mtim.tv_sec > 1700000000, "changes them");
	is(fchown(fd, getuid(), getgid()), 0, "fchown");
	is(statfs(path, &fs), 0, "statfs");
	ok(fs.f_bsize > 0 && fs.f_namelen == 255, "block size and length of names");
	fails(access(path, 99), EINVAL, "access with an odd mode");
	fails(stat(scratch("nosuch"), &st), ENOENT, "stat of nothing");
	is(fallocate(fd, 0, 0, 10000), 0, "fallocate");
	ok(fstat(fd, &st) == 0 && st.st_size == 10000, "sets the size");
	close(fd);
	unlink(path);
}

static void descriptors(void)
{
	const char *path = scratch("fds");
	int fd = open(path, O_RDWR | O_CREAT, 0600), other, n = 0, one;
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char buf[10];

	other = dup(fd);
	ok(other > fd, "dup");
	write(fd, "shared", 6);
	is(lseek(other, 0, SEEK_CUR), 6, "shares the position");
	is(dup2(fd, 77), 77, "dup2");
	is(fcntl(77, F_GETFD), 0, "without FD_CLOEXEC");
	is(dup3(fd, 77, O_CLOEXEC), 77, "dup3 replaces");
	is(fcntl(77, F_GETFD), FD_CLOEXEC, "with it");
	fails(dup3(fd, fd, 0), EINVAL, "dup3 of the same");
	is(dup2(fd, fd), fd, "dup2 of the same");
	is(fcntl(fd, F_DUPFD, 100), 100, "F_DUPFD");
	close(100);
	close(77);
	is(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR, "F_GETFL");
	is(fcntl(fd, F_SETFL, O_APPEND), 0, "F_SETFL");
	ok(fcntl(other, F_GETFL) & O_APPEND, "is of the open file, not the descriptor");
	is(fcntl(fd, F_SETFD, FD_CLOEXEC), 0, "F_SETFD");
	is(fcntl(other, F_GETFD), 0, "is of the descriptor");
	is(fcntl(fd, F_SETLK, &lock), 0, "F_SETLK");
	is(flock(fd, LOCK_EX | LOCK_NB), 0, "flock");
	is(flock(fd, LOCK_UN), 0, "unlocked");
	fails(fcntl(fd, 9999), EINVAL, "fcntl 9999");
	fails(dup(9999), EBADF, "dup of nothing");
	fails(ioctl(fd, 0x9999, 0), ENOTTY, "an ioctl that a file lacks");
	is(ioctl(fd, FIONREAD, &n), 0, "FIONREAD");
	close(other);
	one = open(path, O_RDONLY);
	is(one, other, "the lowest free number is used");
	close(one);
	for (n = 0; n < 200; n++)
		if (open(path, O_RDONLY) < 0)
			break;
	is(n, 200, "200 more descriptors");
	for (n = 0; n < 200; n++)
		close(one + n);
	is(read(fd, buf, 0), 0, "a read of no bytes");
	close(fd);
	unlink(path);
}

static void devices(void)
{
	char buf[64], other[64];
	struct stat st;
	int fd = open("/dev/null", O_RDWR);

	ok(fd >= 0 && read(fd, buf, 10) == 0 && write(fd, buf, 10) == 10, "/dev/null");
	ok(fstat(fd, &st) == 0 && S_ISCHR(st.st_mode), "is a character device");
	close(fd);
	memset(buf, 1, sizeof(buf));
	fd = open("/dev/zero", O_RDWR);
	ok(fd >= 0 && read(fd, buf, 64) == 64 && buf[0] == 0 && buf[63] == 0, "/dev/zero");
	close(fd);
	fd = open("/dev/full", O_RDWR);
	ok(fd >= 0 && write(fd, buf, 1) == -1 && errno == ENOSPC, "/dev/full");
	close(fd);
	fd = open("/dev/urandom", O_RDONLY);
	ok(fd >= 0 && read(fd, buf, 64) == 64 && read(fd, other, 64) == 64 && memcmp(buf, other, 64), "/dev/urandom");
	close(fd);
}

static void proc(void)
{
	char buf[4000], path[300];
	int fd;
	ssize_t n;

	n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	ok(n > 0, "/proc/self/exe is a link");
	path[n > 0 ? n : 0] = 0;
	is(access(path, F_OK), 0, "to a file that is there");
	fd = open("/proc/self/maps", O_RDONLY);
	n = read(fd, buf, sizeof(buf) - 1);
	buf[n > 0 ? n : 0] = 0;
	ok(n > 0 && strchr(buf, '-') && strstr(buf, "r-xp"), "/proc/self/maps");
	close(fd);
	fd = open("/proc/meminfo", O_RDONLY);
	n = read(fd, buf, sizeof(buf) - 1);
	buf[n > 0 ? n : 0] = 0;
	ok(n > 0 && strstr(buf, "MemTotal:") && strstr(buf, "MemFree:"), "/proc/meminfo");
	close(fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd = open("/dev/null", O_RDONLY));
	n = readlink(path, buf, sizeof(buf));
	ok(n == 9 && !memcmp(buf, "/dev/null", 9), "/proc/self/fd");
	close(fd);
}

void suite_files(void)
{
	reading_and_writing();
	vectors();
	large();
	directories();
	names();
	attributes();
	descriptors();
	devices();
	proc();
}
