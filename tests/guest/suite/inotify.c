/* Watches of files and directories: inotify(7). */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include "suite.h"

static int in;
static char directory[300], path[400], other_path[400];

static const char *at(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}
static const char *at2(const char *name)
{
	snprintf(other_path, sizeof(other_path), "%s/%s", directory, name);
	return other_path;
}

static const struct {
	uint32_t bit;
	const char *name;
} bits[] = {
	{ IN_ACCESS, "access" }, { IN_MODIFY, "modify" }, { IN_ATTRIB, "attrib" }, { IN_CLOSE_WRITE, "closew" },
	{ IN_CLOSE_NOWRITE, "close" }, { IN_OPEN, "open" }, { IN_MOVED_FROM, "from" }, { IN_MOVED_TO, "to" },
	{ IN_CREATE, "create" }, { IN_DELETE, "delete" }, { IN_DELETE_SELF, "gone" }, { IN_MOVE_SELF, "moved" },
	{ IN_UNMOUNT, "unmount" }, { IN_Q_OVERFLOW, "overflow" }, { IN_IGNORED, "ignored" }, { IN_ISDIR, "/" },
};

static uint32_t last_cookie;

/* All events there are, in words: "open:name create/:dir …". */
static const char *events(void)
{
	static char text[2000];
	char buf[4096] __attribute__((aligned(8)));
	size_t used = 0;
	long n;

	text[0] = '\0';
	while ((n = read(in, buf, sizeof(buf))) > 0) {
		for (long i = 0; i < n;) {
			const struct inotify_event *e = (const struct inotify_event *)(buf + i);

			if (used)
				used += (size_t)snprintf(text + used, sizeof(text) - used, " ");
			for (size_t b = 0; b < sizeof(bits) / sizeof(bits[0]); b++)
				if (e->mask & bits[b].bit)
					used += (size_t)snprintf(text + used, sizeof(text) - used, "%s", bits[b].name);
			if (e->len)
				used += (size_t)snprintf(text + used, sizeof(text) - used, ":%s", e->name);
			if (e->len % sizeof(*e) || (e->len && memchr(e->name, 0, e->len) == NULL))
				used += (size_t)snprintf(text + used, sizeof(text) - used, "!");
			if (e->cookie)
				last_cookie = e->cookie;
			i += (long)(sizeof(*e) + e->len);
		}
	}
	return text;
}

static void saw(const char *wanted, const char *what)
{
	const char *got = events();

	if (!ok(!strcmp(got, wanted), "%s: %s", what, wanted))
		printf("#   got %s\n", got);
}

static void in_directory(void)
{
	struct timespec times[2] = { { 1, 0 }, { 2, 0 } };
	int fd, fd2, dir;
	char c = 'x', entries[1024];

	fd = open(at("file"), O_WRONLY | O_CREAT, 0644);
	saw("create:file open:file", "a file is made");
	write(fd, "text", 4);
	write(fd, "text", 4);
	saw("modify:file", "written twice");
	close(fd);
	saw("closew:file", "closed");
	fd = open(at("file"), O_RDONLY);
	read(fd, &c, 1);
	saw("open:file access:file", "read");
	pread(fd, &c, 1, 3);
	saw("access:file", "pread");
	read(fd, &c, 0);
	saw("", "a read of nothing");
	fd2 = dup(fd);
	close(fd);
	saw("", "one of two descriptors is closed");
	close(fd2);
	saw("close:file", "the other");
	close(open(at("file"), O_WRONLY | O_TRUNC));
	saw("open:file modify:file closew:file", "truncated as it is opened");
	truncate(at("file"), 100);
	saw("modify:file", "truncated by name");
	fd = open(at("file"), O_RDWR);
	ftruncate(fd, 50);
	saw("open:file modify:file", "by descriptor");
	fallocate(fd, 0, 0, 4096);
	saw("modify:file", "fallocate");
	fchmod(fd, 0600);
	saw("attrib:file", "fchmod");
	futimens(fd, times);
	saw("attrib:file", "both times");
	times[0].tv_nsec = UTIME_OMIT;
	futimens(fd, times);
	saw("modify:file", "the one of contents");
	fsetxattr(fd, "user.test", "v", 1, 0);
	saw("attrib:file", "an extended attribute");
	close(fd);
	saw("closew:file", "close");
	fd = open(at("file"), O_RDONLY);
	fd2 = open(at("copy"), O_WRONLY | O_CREAT, 0644);
	events();
	sendfile(fd2, fd, NULL, 10);
	saw("access:file modify:copy", "sendfile");
	close(fd);
	close(fd2);
	events();
	chmod(at("file"), 0644);
	chown(at("file"), 0, 0);
	saw("attrib:file", "the same twice is told once");
	close(open(at("file"), O_PATH));
	saw("", "O_PATH opens nothing");
	link(at("file"), at2("second"));
	saw("create:second", "a link");
	symlink("file", at("sym"));
	saw("create:sym", "a symbolic link");
	mkdir(at("sub"), 0755);
	saw("create/:sub", "a directory");
	mkfifo(at("fifo"), 0600);
	saw("create:fifo", "a FIFO");
	dir = open(at("sub"), O_RDONLY | O_DIRECTORY);
	syscall(SYS_getdents64, dir, entries, sizeof(entries));
	close(dir);
	saw("open/:sub access/:sub close/:sub", "the directory is read");
	rename(at("second"), at2("third"));
	saw("from:second to:third", "a rename");
	ok(last_cookie != 0, "with a cookie");
	rename(at("third"), at2("sub/third"));
	saw("from:third", "out of the directory");
	rename(at("sub/third"), at2("copy"));
	saw("to:copy", "into it, over another");
	unlink(at("copy"));
	unlink(at("sym"));
	unlink(at("fifo"));
	saw("delete:copy delete:sym delete:fifo", "removed");
	rmdir(at("sub"));
	saw("delete/:sub", "a directory");
	fd = open(at("file"), O_RDWR);
	unlink(at("file"));
	events();
	write(fd, "x", 1);
	saw("modify:file", "written when it has no name");
	close(fd);
	saw("closew:file", "closed");
}

static void of_files(void)
{
	int fd, wd, wd2;
	char *self;

	write_whole_file(at("self"), "x", 1);
	wd = inotify_add_watch(in, at("self"), IN_ALL_EVENTS);
	ok(wd > 0, "a watch of a file");
	fd = open(at("self"), O_RDWR);
	write(fd, "y", 1);
	saw("open modify", "events have no name");
	rename(at("self"), at2("self2"));
	saw("moved", "it is renamed");
	link(at("self2"), at2("self3"));
	saw("attrib", "it gets a name");
	unlink(at("self3"));
	saw("attrib", "and loses it");
	unlink(at("self2"));
	saw("attrib", "its last name");
	close(fd);
	saw("closew gone ignored", "its last descriptor");
	fails(inotify_rm_watch(in, wd), EINVAL, "that watch is gone");

	write_whole_file(at("self"), "x", 1);
	wd = inotify_add_watch(in, at("self"), IN_MODIFY);
	is(inotify_add_watch(in, at("self"), IN_OPEN), wd, "a watch that is changed is the same one");
	truncate(at("self"), 0);
	saw("", "not what it told before");
	is(inotify_add_watch(in, at("self"), IN_MODIFY | IN_MASK_ADD), wd, "added to");
	truncate(at("self"), 10);
	close(open(at("self"), O_RDONLY));
	saw("modify open", "both");
	fails(inotify_add_watch(in, at("self"), IN_MODIFY | IN_MASK_CREATE), EEXIST, "IN_MASK_CREATE");
	is(inotify_rm_watch(in, wd), 0, "inotify_rm_watch");
	saw("ignored", "its last event");
	wd2 = inotify_add_watch(in, at("self"), IN_OPEN | IN_ONESHOT);
	ok(wd2 > 0 && wd2 != wd, "numbers are not used again at once");
	close(open(at("self"), O_RDONLY));
	close(open(at("self"), O_RDONLY));
	saw("open ignored", "IN_ONESHOT");
	wd = inotify_add_watch(in, directory, IN_MODIFY | IN_EXCL_UNLINK);
	fd = open(at("self"), O_RDWR);
	write(fd, "x", 1);
	saw("modify:self", "IN_EXCL_UNLINK: with a name");
	unlink(at("self"));
	write(fd, "x", 1);
	saw("", "without");
	close(fd);
	inotify_rm_watch(in, wd);
	events();
	symlink("nowhere", at("link"));
	self = strdup(at("link"));
	fails(inotify_add_watch(in, self, IN_OPEN), ENOENT, "a link to nowhere");
	wd = inotify_add_watch(in, self, IN_ATTRIB | IN_DELETE_SELF | IN_DONT_FOLLOW);
	ok(wd > 0, "IN_DONT_FOLLOW");
	unlink(self);
	saw("attrib gone ignored", "the link itself");
	free(self);
	mkdir(at("dir"), 0755);
	wd = inotify_add_watch(in, at("dir"), IN_ALL_EVENTS | IN_ONLYDIR);
	ok(wd > 0, "IN_ONLYDIR");
	rename(at("dir"), at2("dir2"));
	saw("moved", "a directory is renamed");
	rmdir(at("dir2"));
	saw("gone ignored", "and removed");
}

static void of_mounts(void)
{
	mkdir(at("mount"), 0755);
	if (!is(mount("tmpfs", at("mount"), "tmpfs", 0, NULL), 0, "a file system is mounted"))
		return;
	write_whole_file(at("mount/file"), "x", 1);
	inotify_add_watch(in, at("mount/file"), IN_MODIFY);
	events();
	is(umount(at("mount")), 0, "unmounted in spite of the watch");
	saw("unmount ignored", "which is told");
	rmdir(at("mount"));
}

static void *modify_soon(void *name)
{
	sleep_ms(30);
	truncate(name, 5);
	return NULL;
}

static volatile bool returned;

static void *signal_until_returned(void *arg)
{
	for (int i = 0; i < 1000 && !returned; i++) {
		sleep_ms(10);
		pthread_kill(*(pthread_t *)arg, SIGUSR1);
	}
	return NULL;
}

static void on_signal(int sig)
{
	(void)sig;
}

static void waiting(void)
{
	struct sigaction sa = { .sa_handler = on_signal };
	struct pollfd p = { .fd = in, .events = POLLIN };
	pthread_t t, self = pthread_self();
	char buf[100], *name;
	int n = -1;

	write_whole_file(at("wait"), "x", 1);
	name = strdup(at("wait"));
	inotify_add_watch(in, name, IN_MODIFY);
	is(poll(&p, 1, 0), 0, "nothing to read");
	fails(read(in, buf, sizeof(buf)), EAGAIN, "IN_NONBLOCK");
	pthread_create(&t, NULL, modify_soon, name);
	is(poll(&p, 1, 5000), 1, "poll waits for an event");
	pthread_join(t, NULL);
	ok(ioctl(in, FIONREAD, &n) == 0 && n == sizeof(struct inotify_event), "FIONREAD");
	fails(read(in, buf, 4), EINVAL, "too small a buffer");
	fails(syscall(SYS_read, in, 8, 100), EFAULT, "a bad one");
	events();
	fcntl(in, F_SETFL, 0);
	pthread_create(&t, NULL, modify_soon, name);
	is(read(in, buf, sizeof(buf)), sizeof(struct inotify_event), "a read waits");
	pthread_join(t, NULL);
	sigaction(SIGUSR1, &sa, NULL);
	pthread_create(&t, NULL, signal_until_returned, &self);
	fails(read(in, buf, sizeof(buf)), EINTR, "until a signal");
	returned = true;
	pthread_join(t, NULL);
	fcntl(in, F_SETFL, O_NONBLOCK);
	is(poll(&p, 1, 0), 0, "and took nothing");
	free(name);
}

static void refused(void)
{
	char buf[sizeof(struct inotify_event)];
	int more[200], n, error, null = open("/dev/null", O_RDONLY);

	fails(inotify_init1(1), EINVAL, "an unknown flag");
	fails(inotify_add_watch(in, directory, 0), EINVAL, "a watch of nothing");
	fails(inotify_add_watch(in, directory, 0x00800000), EINVAL, "of an unknown event");
	fails(inotify_add_watch(in, directory, IN_OPEN | IN_MASK_ADD | IN_MASK_CREATE), EINVAL, "two ways at once");
	fails(inotify_add_watch(-1, directory, IN_OPEN), EBADF, "no descriptor");
	fails(inotify_add_watch(null, directory, IN_OPEN), EINVAL, "the wrong one");
	fails(inotify_add_watch(in, at("none"), IN_OPEN), ENOENT, "no such file");
	fails(syscall(SYS_inotify_add_watch, in, 8, IN_OPEN), EFAULT, "no name");
	fails(inotify_add_watch(in, at("wait"), IN_OPEN | IN_ONLYDIR), ENOTDIR, "not a directory");
	chmod(at("wait"), 0);
	syscall(SYS_setresuid, -1, 65534, -1);
	chmod(directory, 0755);
	fails(inotify_add_watch(in, at("wait"), IN_OPEN), EACCES, "one that may not be read");
	syscall(SYS_setresuid, -1, 0, -1);
	fails(inotify_rm_watch(-1, 1), EBADF, "rm_watch without a descriptor");
	fails(inotify_rm_watch(null, 1), EINVAL, "of the wrong one");
	fails(inotify_rm_watch(in, 9999), EINVAL, "of no watch");
	fails(write(in, buf, sizeof(buf)), EBADF, "it cannot be written");
	for (n = 0; n < 200; n++) {
		more[n] = inotify_init1(0);
		if (more[n] < 0)
			break;
	}
	error = errno;
	ok(n > 10 && n < 200 && error == EMFILE, "there is a limit to them");
	while (n--)
		close(more[n]);
	close(null);
}

static void overflow(void)
{
	char buf[8192] __attribute__((aligned(8)));
	uint32_t last = 0;
	int fd, n, count = 0;

	write_whole_file(at("many"), "xx", 2);
	inotify_add_watch(in, at("many"), IN_MODIFY | IN_ACCESS);
	fd = open(at("many"), O_RDWR);
	for (int i = 0; i < 9000; i++) {
		pwrite(fd, "y", 1, 0);
		pread(fd, buf, 1, 0);
	}
	close(fd);
	while ((n = (int)read(in, buf, sizeof(buf))) > 0)
		for (int i = 0; i < n; i += (int)sizeof(struct inotify_event)) {
			last = ((struct inotify_event *)(buf + i))->mask;
			count++;
		}
	ok(count == 16385 && last == IN_Q_OVERFLOW, "16384 events, and one that says there were more: %d", count);
}

void suite_inotify(void)
{
	int wd;

	snprintf(directory, sizeof(directory), "%s", scratch("watched"));
	mkdir(directory, 0755);
	in = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (!ok(in >= 0, "inotify_init1"))
		return;
	is(fcntl(in, F_GETFD), FD_CLOEXEC, "IN_CLOEXEC");
	wd = inotify_add_watch(in, directory, IN_ALL_EVENTS);
	ok(wd > 0, "a watch of a directory");
	in_directory();
	inotify_rm_watch(in, wd);
	events();
	of_files();
	of_mounts();
	waiting();
	refused();
	overflow();
	close(in);
#ifdef SYS_inotify_init
	in = (int)syscall(SYS_inotify_init);
	ok(in >= 0 && fcntl(in, F_GETFL) == O_RDONLY, "inotify_init");
	inotify_add_watch(in, directory, IN_OPEN);
	close(in);
	close(open(directory, O_RDONLY));
#endif
}
