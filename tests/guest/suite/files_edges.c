/* The finer points of files: flags of newer calls, seals, attributes, locks between descriptors, mappings, mounts. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>

#include "suite.h"

/* What musl does not declare. */
struct how {
	uint64_t flags, mode, resolve;
};
#define NO_SYMLINKS 0x04
#define BENEATH     0x08
#define IN_ROOT     0x10

static void nameless(void)
{
	char path[64], *name = strdup(scratch("linked"));
	int fd = open(scratch(""), O_TMPFILE | O_RDWR, 0600), again;
	struct stat st;

	if (fd < 0 && errno == EOPNOTSUPP && !in_guest())
		return; /* not every file system of a host can */
	ok(fd >= 0, "O_TMPFILE");
	ok(fstat(fd, &st) == 0 && st.st_nlink == 0, "has no link");
	is(write(fd, "abc", 3), 3, "can be written");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDWR | O_CREAT, 0600);
	ok(fstat(again, &st) == 0 && st.st_size == 3, "is opened again through /proc, with O_CREAT");
	close(again);
	fails(open(path, O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST, "O_EXCL says that it is there");
	is(linkat(AT_FDCWD, path, AT_FDCWD, name, AT_SYMLINK_FOLLOW), 0, "and gets a name through /proc");
	ok(stat(name, &st) == 0 && st.st_size == 3 && st.st_nlink == 1, "under which it is found");
	close(fd);
	is(unlink(name), 0, "unlink");
	free(name);
}

static long open_how(int dir, const char *name, uint64_t flags, uint64_t resolve)
{
	struct how how = { .flags = flags, .resolve = resolve };

	return syscall(SYS_openat2, dir, name, &how, sizeof(how));
}

static void resolving(void)
{
	char *base = strdup(scratch("resolve"));
	int dir, fd;

	mkdir(base, 0755);
	dir = open(base, O_RDONLY | O_DIRECTORY);
	mkdirat(dir, "sub", 0755);
	close(openat(dir, "sub/file", O_CREAT | O_WRONLY, 0644));
	symlinkat("sub/file", dir, "link");
	symlinkat("/etc", dir, "away");
	symlinkat("../..", dir, "up");
	symlinkat("loop2", dir, "loop1");
	symlinkat("loop1", dir, "loop2");
	fd = (int)open_how(dir, "link", O_RDONLY, BENEATH);
	ok(fd >= 0, "openat2 below a directory");
	close(fd);
	fails(open_how(dir, "../x", O_RDONLY, BENEATH), EXDEV, "RESOLVE_BENEATH: ..");
	fails(open_how(dir, "up", O_RDONLY, BENEATH), EXDEV, "RESOLVE_BENEATH: a link upwards");
	fails(open_how(dir, "away", O_RDONLY, BENEATH), EXDEV, "RESOLVE_BENEATH: an absolute link");
	fails(open_how(dir, "link", O_RDONLY, NO_SYMLINKS), ELOOP, "RESOLVE_NO_SYMLINKS");
	fails(open_how(dir, "away", O_RDONLY, IN_ROOT), ENOENT, "RESOLVE_IN_ROOT");
	fd = (int)open_how(dir, "../../sub/file", O_RDONLY, IN_ROOT);
	ok(fd >= 0, "RESOLVE_IN_ROOT: .. stays");
	close(fd);
	fails(open_how(dir, "sub", O_RDONLY, 1ull << 40), EINVAL, "openat2 with a bit that nobody knows");
	fails(openat(dir, "loop1", O_RDONLY), ELOOP, "a circle of links");
	fails(openat(dir, "sub/file/", O_RDONLY), ENOTDIR, "a slash behind a file");
	fails(openat(dir, "new/", O_CREAT | O_WRONLY, 0644), EISDIR, "a slash behind what is to be made");
	fails(openat(dir, "link", O_CREAT | O_EXCL | O_WRONLY, 0644), EEXIST, "O_EXCL and a link");
	fails(openat(dir, "sub", O_WRONLY), EISDIR, "a directory for writing");
	fails(openat(dir, "sub/file", O_RDONLY | O_DIRECTORY), ENOTDIR, "O_DIRECTORY and a file");
	fails(mkdirat(dir, "sub", 0755), EEXIST, "mkdir of what is there");
	fails(mkdirat(dir, ".", 0755), EEXIST, "mkdir of .");
	fails(unlinkat(dir, "sub/.", AT_REMOVEDIR), EINVAL, "rmdir of .");
	fails(unlinkat(dir, "sub", AT_REMOVEDIR), ENOTEMPTY, "rmdir of what is not empty");
	fd = openat(dir, "sub/file", O_PATH);
	ok(fd >= 0, "O_PATH");
	fails(write(fd, "x", 1), EBADF, "cannot be written");
	is(close(fd), 0, "close");
	unlinkat(dir, "sub/file", 0);
	unlinkat(dir, "sub", AT_REMOVEDIR);
	unlinkat(dir, "link", 0);
	unlinkat(dir, "away", 0);
	unlinkat(dir, "up", 0);
	unlinkat(dir, "loop1", 0);
	unlinkat(dir, "loop2", 0);
	close(dir);
	is(rmdir(base), 0, "all is cleaned up");
	free(base);
}

static void seals(void)
{
	int fd = memfd_create("test", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	char link[64], to[64] = { 0 };
	char *p;

	ok(fd >= 0, "memfd_create");
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ok(readlink(link, to, sizeof(to) - 1) > 0 && !strcmp(to, "/memfd:test (deleted)"), "its name in /proc");
	is(ftruncate(fd, 8192), 0, "ftruncate");
	p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ok(p != MAP_FAILED, "a shared mapping");
	p[4096] = 'x';
	is(pread(fd, to, 1, 4096), 1, "pread");
	is(to[0], 'x', "sees what the mapping wrote");
	is(pwrite(fd, "y", 1, 4096), 1, "pwrite");
	is(p[4096], 'y', "is seen by the mapping");
	is(FAULT_OF(p[0] = 1), 0, "inside the size");
	is(ftruncate(fd, 4096), 0, "shorter");
	is(FAULT_OF(p[4096] = 1), SIGBUS, "behind the end");
	munmap(p, 8192);
	is(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK), 0, "seals");
	is(fcntl(fd, F_GET_SEALS), F_SEAL_GROW | F_SEAL_SHRINK, "are there");
	fails(ftruncate(fd, 10), EPERM, "F_SEAL_SHRINK");
	fails(pwrite(fd, "x", 1, 4096), EPERM, "F_SEAL_GROW");
	is(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL), 0, "more of them");
	fails(pwrite(fd, "x", 1, 0), EPERM, "F_SEAL_WRITE");
	ok(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED && errno == EPERM,
	   "F_SEAL_WRITE and a shared mapping");
	fails(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EPERM, "F_SEAL_SEAL");
	close(fd);
}

static void extended_attributes(void)
{
	char *path = strdup(scratch("xattr")), list[256];
	char value[16];
	ssize_t n;

	write_whole_file(path, "", 0);
	if (setxattr(path, "user.one", "first", 5, 0) && errno == EOPNOTSUPP && !in_guest())
		goto out;
	is(getxattr(path, "user.one", value, sizeof(value)), 5, "getxattr");
	ok(!memcmp(value, "first", 5), "its value");
	is(getxattr(path, "user.one", NULL, 0), 5, "its size");
	fails(getxattr(path, "user.one", value, 2), ERANGE, "no room for it");
	fails(getxattr(path, "user.two", value, sizeof(value)), ENODATA, "one that is not there");
	fails(setxattr(path, "user.one", "x", 1, XATTR_CREATE), EEXIST, "XATTR_CREATE");
	fails(setxattr(path, "user.two", "x", 1, XATTR_REPLACE), ENODATA, "XATTR_REPLACE");
	is(setxattr(path, "user.two", "second", 6, 0), 0, "another");
	n = listxattr(path, list, sizeof(list));
	ok(n >= 18 && memmem(list, (size_t)n, "user.one\0", 9) && memmem(list, (size_t)n, "user.two\0", 9), "listxattr");
	is(removexattr(path, "user.one"), 0, "removexattr");
	fails(getxattr(path, "user.one", value, sizeof(value)), ENODATA, "it is gone");
out:
	unlink(path);
	free(path);
}

static void *lock_late(void *arg)
{
	int fd = *(int *)arg;

	sleep_ms(50);
	flock(fd, LOCK_UN);
	return NULL;
}

static void locks(void)
{
	char *path = strdup(scratch("lock"));
	int a = open(path, O_RDWR | O_CREAT, 0600), b = open(path, O_RDWR);
	struct flock l = { .l_type = F_WRLCK, .l_start = 10, .l_len = 10 };
	pthread_t t;

	is(flock(a, LOCK_EX), 0, "flock");
	fails(flock(b, LOCK_SH | LOCK_NB), EWOULDBLOCK, "another open file cannot have it");
	pthread_create(&t, NULL, lock_late, &a);
	is(flock(b, LOCK_EX), 0, "but waits for it");
	pthread_join(t, NULL);
	close(b);
	b = open(path, O_RDWR);
	is(flock(a, LOCK_EX | LOCK_NB), 0, "closing gives a lock up");
	is(fcntl(a, F_OFD_SETLK, &l), 0, "F_OFD_SETLK of ten bytes");
	l.l_start = 15;
	l.l_len = 1;
	fails(fcntl(b, F_OFD_SETLK, &l), EAGAIN, "no other open file gets one of them");
	is(fcntl(b, F_OFD_GETLK, &l), 0, "F_OFD_GETLK");
	ok(l.l_type == F_WRLCK && l.l_start == 10 && l.l_len == 10 && l.l_pid == -1, "says who has them");
	l = (struct flock){ .l_type = F_UNLCK, .l_start = 14, .l_len = 3 };
	is(fcntl(a, F_OFD_SETLK, &l), 0, "the middle is given up");
	l = (struct flock){ .l_type = F_WRLCK, .l_start = 14, .l_len = 3 };
	is(fcntl(b, F_OFD_SETLK, &l), 0, "and can be had");
	l = (struct flock){ .l_type = F_WRLCK, .l_start = 17, .l_len = 3 };
	fails(fcntl(b, F_OFD_SETLK, &l), EAGAIN, "what lies behind it is still held");
	close(a);
	is(fcntl(b, F_OFD_SETLK, &l), 0, "until the file is closed");
	close(b);
	unlink(path);
	free(path);
}

static void copies(void)
{
	char *from = strdup(scratch("from")), *to = strdup(scratch("to")), buf[10];
	int in, out;
	off_t at = 2;
	uint8_t sx[256];
	uint64_t size;
	uint32_t links;
	uint16_t mode;

	write_whole_file(from, "0123456789", 10);
	in = open(from, O_RDONLY);
	out = open(to, O_RDWR | O_CREAT | O_TRUNC, 0640);
	is(copy_file_range(in, &at, out, NULL, 5, 0), 5, "copy_file_range");
	is(at, 7, "moves the offset");
	is(lseek(in, 0, SEEK_CUR), 0, "not the position");
	is(lseek(out, 0, SEEK_CUR), 5, "but the target's");
	is(sendfile(out, in, NULL, 3), 3, "sendfile");
	is(lseek(in, 0, SEEK_CUR), 3, "moves the position");
	ok(pread(out, buf, 8, 0) == 8 && !memcmp(buf, "23456012", 8), "what came out");
	is(syscall(SYS_statx, out, "", AT_EMPTY_PATH, 0xfff, sx), 0, "statx");
	memcpy(&links, sx + 16, sizeof(links));
	memcpy(&mode, sx + 28, sizeof(mode));
	memcpy(&size, sx + 40, sizeof(size));
	ok(size == 8 && (mode & 07777) == 0640 && links == 1, "size, mode, links");
	is(fallocate(out, FALLOC_FL_KEEP_SIZE, 100, 5000), 0, "fallocate behind the end");
	is(lseek(out, 0, SEEK_END), 8, "leaves the size");
	is(ioctl(in, FIONREAD, &(int){ 0 }), 0, "FIONREAD of a file");
	fails(ioctl(in, TIOCGWINSZ, buf), ENOTTY, "no terminal");
	fails(lseek(in, -1, SEEK_SET), EINVAL, "a position before the file");
	fails(lseek(in, 0, 99), EINVAL, "lseek to nowhere");
	fails(pread(in, buf, 1, -1), EINVAL, "pread before the file");
	is(syscall(SYS_preadv2, in, &(struct iovec){ buf, 2 }, 1, -1l, -1l, 0), 2, "preadv2 at the position");
	is(lseek(in, 0, SEEK_CUR), 5, "which moves");
	fails(read(out + 1000, buf, 1), EBADF, "a descriptor that is not open");
	fails(write(in, buf, 1), EBADF, "one that cannot be written");
	is(syscall(SYS_close_range, (unsigned)out, (unsigned)out, 0), 0, "close_range");
	fails(close(out), EBADF, "closes");
	close(in);
	unlink(from);
	unlink(to);
	free(from);
	free(to);
}

static void directories(void)
{
	char *base = strdup(scratch("dirs")), name[32];
	struct dirent *e;
	unsigned seen = 0, removed = 0;
	struct stat st;
	int dir;
	DIR *d;

	mkdir(base, 0755);
	dir = open(base, O_RDONLY);
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "entry-with-a-name-%d", i);
		close(openat(dir, name, O_CREAT | O_WRONLY, 0600));
	}
	mkdirat(dir, "sub", 0755);
	ok(fstat(dir, &st) == 0 && (st.st_nlink == 3 || st.st_nlink == 1), "a directory counts those in it");
	d = fdopendir(dup(dir));
	while ((e = readdir(d)) != NULL) {
		seen++;
		if (e->d_type == DT_REG && removed < 50) {
			removed++;
			unlinkat(dir, e->d_name, 0);
		}
	}
	is(seen, 103, "entries that are removed on the way do not hide others");
	rewinddir(d);
	for (seen = 0; (e = readdir(d)) != NULL; seen++)
		if (e->d_type == DT_REG)
			unlinkat(dir, e->d_name, 0);
	is(seen, 53, "and are not seen again");
	closedir(d);
	fails(renameat(dir, "sub", dir, "sub/within"), EINVAL, "a directory into itself");
	is(syscall(SYS_renameat2, dir, "sub", dir, "sub2", 1), 0, "RENAME_NOREPLACE");
	is(unlinkat(dir, "sub2", AT_REMOVEDIR), 0, "rmdir");
	is(rmdir(base), 0, "rmdir of an open directory");
	fails(openat(dir, "x", O_CREAT | O_WRONLY, 0600), ENOENT, "takes no entries any more");
	close(dir);
	free(base);
}

/* What a host's user may not do, or should not. */
static void privileged(void)
{
	char *at = strdup(scratch("mnt"));
	struct stat before, after;
	char *file = malloc(200);
	int fd;

	snprintf(file, 200, "%s/file", at);
	mkdir(at, 0755);
	stat(at, &before);
	is(mount("none", at, "tmpfs", 0, "size=1m"), 0, "mount");
	ok(stat(at, &after) == 0 && after.st_dev != before.st_dev, "another device");
	fd = open(file, O_RDWR | O_CREAT, 0600);
	ok(fd >= 0, "a file in it");
	fails(umount(at), EBUSY, "umount of what is in use");
	fails(rmdir(at), EBUSY, "rmdir of a mount point");
	is(mount("none", at, "tmpfs", MS_REMOUNT | MS_RDONLY, ""), 0, "remount read-only");
	fails(open(file, O_RDWR), EROFS, "open for writing");
	fails(unlink(file), EROFS, "unlink");
	close(fd);
	is(umount(at), 0, "umount");
	fails(open(file, O_RDONLY), ENOENT, "it is gone");
	fails(mount("none", at, "nosuchfs", 0, ""), ENODEV, "a file system that nobody knows");
	is(rmdir(at), 0, "rmdir");
	free(at);
	free(file);
}

/* Several threads make, rename, link, read and remove the same few names: whatever happens, it is one of these. */
#define STORM_THREADS 4
#define STORM_ROUNDS  20000
static int storm_dir;
static unsigned storm_strange;

static bool expected(int error)
{
	return error == 0 || error == ENOENT || error == EEXIST || error == ENOTEMPTY || error == EISDIR ||
	       error == ENOTDIR || error == EINVAL || error == EPERM || error == EBUSY;
}

static void *storm_thread(void *arg)
{
	unsigned seed = (unsigned)(size_t)arg;
	char from[32], to[32], buf[100];
	struct stat st;

	for (int i = 0; i < STORM_ROUNDS; i++) {
		int fd = -1, r = 0, what = rand_r(&seed) % 10;

		snprintf(from, sizeof(from), "d%d/n%d", rand_r(&seed) % 2, rand_r(&seed) % 4);
		snprintf(to, sizeof(to), "d%d/n%d", rand_r(&seed) % 2, rand_r(&seed) % 4);
		if (rand_r(&seed) % 4 == 0)
			strcat(from, "/below");
		errno = 0;
		switch (what) {
		case 0:
		case 1:
			r = fd = openat(storm_dir, from, O_CREAT | O_RDWR, 0600);
			if (fd >= 0)
				r = write(fd, from, strlen(from)) == (ssize_t)strlen(from) ? 0 : -1;
			break;
		case 2:
			r = mkdirat(storm_dir, from, 0700);
			break;
		case 3:
			r = renameat(storm_dir, from, storm_dir, to);
			break;
		case 4:
			r = (int)syscall(SYS_renameat2, storm_dir, from, storm_dir, to, 2 /* RENAME_EXCHANGE */);
			break;
		case 5:
			r = unlinkat(storm_dir, from, 0);
			break;
		case 6:
			r = unlinkat(storm_dir, from, AT_REMOVEDIR);
			break;
		case 7:
			r = linkat(storm_dir, from, storm_dir, to, 0);
			break;
		case 8:
			r = fstatat(storm_dir, from, &st, 0);
			break;
		default:
			r = fd = openat(storm_dir, from, O_RDONLY);
			if (fd >= 0)
				r = read(fd, buf, sizeof(buf)) >= 0 || errno == EISDIR ? 0 : -1;
		}
		if (r < 0 && !expected(errno))
			__atomic_fetch_add(&storm_strange, 1, __ATOMIC_RELAXED);
		if (fd >= 0)
			close(fd);
	}
	return NULL;
}

static void empty(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY);
	struct dirent *e;
	DIR *d;

	if (fd < 0)
		return;
	d = fdopendir(dup(fd));
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		if (unlinkat(fd, e->d_name, 0)) {
			empty(fd, e->d_name);
			unlinkat(fd, e->d_name, AT_REMOVEDIR);
		}
	}
	closedir(d);
	close(fd);
}

static void storm(void)
{
	char *base = strdup(scratch("storm"));
	pthread_t t[STORM_THREADS];
	struct stat st;

	mkdir(base, 0755);
	storm_dir = open(base, O_RDONLY);
	mkdirat(storm_dir, "d0", 0755);
	mkdirat(storm_dir, "d1", 0755);
	for (int i = 0; i < STORM_THREADS; i++)
		pthread_create(&t[i], NULL, storm_thread, (void *)(size_t)(i + 1));
	for (int i = 0; i < STORM_THREADS; i++)
		pthread_join(t[i], NULL);
	is(storm_strange, 0, "four threads at the same names see only what can be");
	empty(storm_dir, "d0");
	empty(storm_dir, "d1");
	ok(fstatat(storm_dir, "d0", &st, 0) == 0 && (st.st_nlink == 2 || st.st_nlink == 1), "links add up");
	is(unlinkat(storm_dir, "d0", AT_REMOVEDIR) | unlinkat(storm_dir, "d1", AT_REMOVEDIR), 0, "all can be removed");
	close(storm_dir);
	is(rmdir(base), 0, "and the directory");
	free(base);
}

static void limited(void)
{
	struct rlimit old, limit;
	char *path = strdup(scratch("limited")), buf[100] = { 0 };
	int fd = open(path, O_CREAT | O_RDWR, 0600);

	getrlimit(RLIMIT_FSIZE, &old);
	limit = (struct rlimit){ 50, old.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	is(setrlimit(RLIMIT_FSIZE, &limit), 0, "RLIMIT_FSIZE");
	is(write(fd, buf, 100), 50, "a write stops there");
	fails(write(fd, buf, 1), EFBIG, "and goes no further");
	fails(ftruncate(fd, 51), EFBIG, "nor does ftruncate");
	is(pwrite(fd, buf, 10, 0), 10, "what is there can be written");
	setrlimit(RLIMIT_FSIZE, &old);
	signal(SIGXFSZ, SIG_DFL);
	close(fd);
	unlink(path);
	free(path);
}

/* What another user may do; as root, which the host's tests need not be. */
static void another_user(void)
{
	char *secret = strdup(scratch("secret")), *public = strdup(scratch("public")), *dir = strdup(scratch("private"));
	char *within = strdup(scratch("private/file"));

	chmod(scratch(""), 0755);
	close(open(secret, O_CREAT | O_WRONLY, 0600));
	close(open(public, O_CREAT | O_WRONLY, 0644));
	mkdir(dir, 0700);
	close(open(within, O_CREAT | O_WRONLY, 0666));
	is(setegid(1000) | seteuid(1000), 0, "another user");
	fails(open(secret, O_RDONLY), EACCES, "cannot read what is not for him");
	fails(open(within, O_RDONLY), EACCES, "nor look into a private directory");
	fails(open(public, O_WRONLY), EACCES, "nor write what he may read");
	is(close(open(public, O_RDONLY)), 0, "which he can read");
	fails(chmod(public, 0777), EPERM, "nor change its mode");
	fails(chown(public, 1000, 1000), EPERM, "nor its owner");
	is(access(secret, R_OK), 0, "access(2) asks for who started the program");
	fails(faccessat(AT_FDCWD, secret, R_OK, AT_EACCESS), EACCES, "AT_EACCESS for who it is now");
	is(seteuid(0) | setegid(0), 0, "root again");
	unlink(secret);
	unlink(public);
	unlink(within);
	rmdir(dir);
	free(secret);
	free(public);
	free(dir);
	free(within);
}

void suite_files_edges(void)
{
	storm();
	nameless();
	resolving();
	seals();
	extended_attributes();
	locks();
	copies();
	directories();
	limited();
	if (in_guest())
		privileged();
	if (geteuid() == 0)
		another_user();
}
