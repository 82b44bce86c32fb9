/* Bind mounts, moved mounts, flags of mount(2) and umount2(2). */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "suite.h"

static char base[300];

static const char *at(const char *name)
{
	static char paths[4][400];
	static unsigned turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", base, name);
	return path;
}

static long bind_to(const char *from, const char *to, unsigned long more)
{
	return mount(from, to, NULL, MS_BIND | more, NULL);
}

static bool is_there(const char *name)
{
	return access(at(name), F_OK) == 0;
}

static bool reads(const char *name, const char *text)
{
	char buf[100] = "";
	int fd = open(at(name), O_RDONLY);
	bool same = fd >= 0 && read(fd, buf, sizeof(buf) - 1) >= 0 && !strcmp(buf, text);

	if (fd >= 0)
		close(fd);
	return same;
}

static void binds(void)
{
	struct stat a, b;
	char path[100] = "", self[60];
	int fd;

	is(bind_to(at("one"), at("two"), 0), 0, "a directory bound to another");
	ok(reads("two/file", "first"), "shows what is in it");
	ok(stat(at("one/file"), &a) == 0 && stat(at("two/file"), &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev, "the same file");
	write_whole_file(at("two/new"), "x", 1);
	ok(is_there("one/new"), "made in one, seen in the other");
	fails(rename(at("one/new"), at("two/new2")), EXDEV, "a rename from mount to mount");
	fails(link(at("one/new"), at("two/new3")), EXDEV, "a link");
	unlink(at("one/new"));
	ok(!is_there("two/new"), "removed");
	is(bind_to(at("one/deep"), at("three"), 0), 0, "a part of it");
	ok(is_there("three/below") && !is_there("three/file"), "is what is seen");
	ok(stat(at("three/.."), &a) == 0 && stat(base, &b) == 0 && a.st_ino == b.st_ino, "its parent is where it is mounted");
	fails(rmdir(at("three")), EBUSY, "something is mounted there");
	fd = open(at("three/below"), O_RDONLY);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	readlink(self, path, sizeof(path) - 1);
	ok(strstr(path, "/three/below") != NULL, "its path is the one it was found by");
	fails(umount(at("three")), EBUSY, "it is in use");
	is(umount2(at("three"), MNT_DETACH), 0, "MNT_DETACH");
	ok(!is_there("three/below"), "is not there any more");
	ok(fstat(fd, &a) == 0, "but open still");
	close(fd);
	is(umount(at("two")), 0, "the first one");
	ok(!is_there("two/file") && is_there("one/file"), "leaves what it showed");

	is(bind_to(at("one/file"), at("target"), 0), 0, "a file over a file");
	ok(reads("target", "first"), "is read");
	write_whole_file(at("target"), "other", 5);
	ok(reads("one/file", "other"), "and written");
	is(umount(at("target")), 0, "unmounted");
	ok(reads("target", ""), "the file below");
	write_whole_file(at("one/file"), "first", 5);
	fails(bind_to(at("one/file"), at("two"), 0), ENOTDIR, "a file over a directory");
	fails(bind_to(at("one"), at("target"), 0), ENOTDIR, "a directory over a file");
	fails(bind_to(at("none"), at("two"), 0), ENOENT, "nothing");
	fails(bind_to(at("one"), at("none"), 0), ENOENT, "nowhere");
	fails(bind_to("", at("two"), 0), EINVAL, "without a name");
	fails(bind_to(NULL, at("two"), 0), EINVAL, "without any");
	fails(syscall(SYS_mount, 8, at("two"), 0, MS_BIND, 0), EFAULT, "a bad one");
}

static void binds_with_below(void)
{
	is(mount("deep", at("one/deep"), "tmpfs", 0, NULL), 0, "a mount within");
	mkdir(at("one/deep/deeper"), 0755);
	is(mount("deeper", at("one/deep/deeper"), "tmpfs", 0, NULL), 0, "another within that");
	write_whole_file(at("one/deep/deeper/inner"), "inner", 5);
	is(bind_to(at("one"), at("two"), 0), 0, "bound alone");
	ok(!is_there("two/deep/deeper/inner"), "they are not there");
	is(umount(at("two")), 0, "unbound");
	is(bind_to(at("one"), at("two"), MS_REC), 0, "bound with what is below");
	ok(reads("two/deep/deeper/inner", "inner"), "they are");
	is(bind_to(at("one/deep"), at("three"), MS_REC), 0, "a part of it");
	ok(reads("three/deeper/inner", "inner"), "with what is below that");
	is(umount2(at("three"), MNT_DETACH), 0, "away");
	fails(umount(at("two")), EBUSY, "it does not go alone");
	is(umount(at("two/deep/deeper")), 0, "the inner one goes");
	ok(reads("one/deep/deeper/inner", "inner"), "and stays where it was");
	is(umount2(at("two"), MNT_DETACH), 0, "the rest goes");
	is(bind_to(at("one"), at("one/deep"), MS_REC), 0, "into itself");
	ok(is_there("one/deep/file") && reads("one/deep/deep/deeper/inner", "inner"), "it is there once");
	is(umount2(at("one/deep"), MNT_DETACH), 0, "away");
	ok(reads("one/deep/deeper/inner", "inner"), "below it is what was");
	is(mount(NULL, at("one/deep"), NULL, MS_REC | MS_PRIVATE, NULL), 0, "MS_PRIVATE");
	is(mount(NULL, at("one/deep"), NULL, MS_SLAVE, NULL), 0, "MS_SLAVE");
	fails(mount(NULL, at("one/deep"), NULL, MS_SLAVE | MS_PRIVATE, NULL), EINVAL, "both");
	fails(mount(NULL, at("one"), NULL, MS_PRIVATE, NULL), EINVAL, "what is no mount");
	is(umount2(at("one/deep"), MNT_DETACH), 0, "all away");
}

static void with_flags(void)
{
	int here;

	is(bind_to(at("one"), at("two"), 0), 0, "bound again");
	is(bind_to(NULL, at("two"), MS_REMOUNT | MS_RDONLY), 0, "and made read-only");
	fails(open(at("two/file"), O_WRONLY), EROFS, "it is");
	ok(write_whole_file(at("one/file"), "first", 5) == 0, "the other is not");
	fails(mount(NULL, at("two/deep"), NULL, MS_REMOUNT, NULL), EINVAL, "not where it is mounted");
	fails(umount2(at("two"), MNT_EXPIRE | MNT_DETACH), EINVAL, "MNT_EXPIRE goes with nothing");
	fails(umount2(at("two"), 0x100), EINVAL, "an unknown flag");
	fails(umount2(at("two"), MNT_EXPIRE), EAGAIN, "MNT_EXPIRE at first");
	is(umount2(at("two"), MNT_EXPIRE), 0, "then");
	fails(umount2(at("two"), 0), EINVAL, "not mounted any more");
	fails(umount2(at("none"), 0), ENOENT, "not there");
	symlink("two", at("link"));
	bind_to(at("one"), at("two"), 0);
	fails(umount2(at("link"), UMOUNT_NOFOLLOW), EINVAL, "UMOUNT_NOFOLLOW");
	is(umount2(at("link"), 0), 0, "without it");
	here = open(".", O_PATH);
	chdir(base);
	syscall(SYS_setresuid, -1, 65534, -1);
	fails(bind_to("one", "two", 0), EPERM, "others may not");
	fails(umount("two"), EPERM, "nor unmount");
	syscall(SYS_setresuid, -1, 0, -1);
	fchdir(here);
	close(here);
}

/* Is it in the list of mounts? */
static bool mentioned(const char *source)
{
	FILE *f = fopen("/proc/mounts", "r");
	bool found = false;
	char line[1000];

	while (f && fgets(line, sizeof(line), f))
		found |= !strncmp(line, source, strlen(source));
	if (f)
		fclose(f);
	return found;
}

static void moves(void)
{
	is(mount("some", at("two"), "tmpfs", 0, NULL), 0, "a tmpfs");
	/* Mounts that the host shares with others cannot be moved. */
	mount(NULL, at("two"), NULL, MS_PRIVATE, NULL);
	write_whole_file(at("two/inside"), "x", 1);
	is(mount(at("two"), at("three"), NULL, MS_MOVE, NULL), 0, "MS_MOVE");
	ok(is_there("three/inside") && !is_there("two/inside"), "it is elsewhere");
	mkdir(at("three/sub"), 0755);
	fails(mount(at("three"), at("three/sub"), NULL, MS_MOVE, NULL), ELOOP, "into itself");
	fails(mount(at("three/sub"), at("two"), NULL, MS_MOVE, NULL), EINVAL, "not a mount");
	fails(mount(at("three"), at("target"), NULL, MS_MOVE, NULL), EINVAL, "over a file");
	is(bind_to(at("three/sub"), at("two"), 0), 0, "a part of it is bound");
	write_whole_file(at("two/late"), "y", 1);
	is(umount(at("three")), 0, "the whole goes");
	ok(is_there("two/late"), "the part stays");
	is(umount(at("two")), 0, "until it goes too");
	ok(!is_there("two/late"), "nothing is left");
	mount("outer", at("two"), "tmpfs", 0, NULL);
	mount(NULL, at("two"), NULL, MS_PRIVATE, NULL);
	mkdir(at("two/in"), 0755);
	is(mount("inner", at("two/in"), "tmpfs", 0, NULL), 0, "one on another");
	fails(umount(at("two")), EBUSY, "which is in use by it");
	is(umount2(at("two"), MNT_DETACH), 0, "both go");
	ok(!mentioned("inner") && !mentioned("outer"), "and are not among the mounts");
}

void suite_mounts(void)
{
	snprintf(base, sizeof(base), "%s", scratch("mounts"));
	mkdir(base, 0755);
	if (!is(mount("base", base, "tmpfs", 0, NULL), 0, "a place for all of this"))
		return;
	mount(NULL, base, NULL, MS_PRIVATE, NULL);
	mkdir(at("one"), 0755);
	mkdir(at("one/deep"), 0755);
	mkdir(at("one/deep/below"), 0755);
	mkdir(at("two"), 0755);
	mkdir(at("three"), 0755);
	write_whole_file(at("one/file"), "first", 5);
	write_whole_file(at("target"), "", 0);
	binds();
	binds_with_below();
	with_flags();
	moves();
	is(umount(base), 0, "all of it is unmounted");
}
