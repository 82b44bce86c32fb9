/* Path names: walked over tmpfs and over mounts, with links, "..", trailing slashes, and the errors Linux has. */
/* UNIT: fs/dentry.c fs/inode.c fs/mount.c fs/namespace.c fs/open.c fs/path.c fs/fs_context.c fs/page_cache.c fs/reclaim.c fs/file.c fs/notify.c fs/io.c fs/tmpfs/dir.c fs/tmpfs/file.c fs/tmpfs/super.c fs/tmpfs/xattr.c core/page.c core/param.c */
#include <core/log.h>
#include <fs/filesystem.h>

#include "tests/unit/host/vfs.h"
#include "tests/unit/tap.h"

static const char *errno_name(int error)
{
	static char text[20];

	format_text(text, sizeof(text), "%d", error);
	return text;
}

/* Where @name leads, as text; or the error. */
static const char *walk_from(const struct path *start, const char *name, unsigned flags)
{
	static char buf[PATH_LIMIT];
	struct path p;
	int error = path_walk(start, name, flags, &p);
	char *text;

	if (error)
		return errno_name(error);
	text = path_text(&p, NULL, buf, sizeof(buf));
	path_put(&p);
	return is_err(text) ? errno_name((int)ptr_err(text)) : text;
}

static const char *walk(const char *name)
{
	return walk_from(NULL, name, WALK_FOLLOW);
}

#define E(error) errno_name(-(error))

static void leads(const char *name, const char *to)
{
	is_text(walk(name), to, "%s", name);
}

static void fails(const char *name, int error)
{
	char wanted[20];

	format_text(wanted, sizeof(wanted), "%d", -error);
	is_text(walk(name), wanted, "%.60s is refused", name);
}

static void plain(void)
{
	char longest[NAME_LIMIT + 2];
	static char endless[PATH_LIMIT + 10];

	is(vfs_make(NULL, "/a", S_IFDIR | 0755, 0), 0, "mkdir /a");
	is(vfs_make(NULL, "/a/b", S_IFDIR | 0755, 0), 0, "mkdir /a/b");
	is(vfs_make(NULL, "/a/b/file", S_IFREG | 0644, 0), 0, "a file /a/b/file");
	leads("/", "/");
	leads("///", "/");
	leads("/a/b/file", "/a/b/file");
	leads("//a///b//file", "/a/b/file");
	leads("/a/./b/./file", "/a/b/file");
	leads("/a/../a/b/../b/file", "/a/b/file");
	leads("/..", "/");
	leads("/../../a", "/a");
	leads("/a/b/", "/a/b");
	leads("/a/b/.", "/a/b");
	leads("a/b", "/a/b");
	fails("", ENOENT);
	fails("/nosuch", ENOENT);
	fails("/a/nosuch/file", ENOENT);
	fails("/a/b/file/", ENOTDIR);
	fails("/a/b/file/x", ENOTDIR);
	fails("/a/b/file/..", ENOTDIR);
	fails("/a/b/file/.", ENOTDIR);
	memset(longest, 'n', sizeof(longest));
	longest[0] = '/';
	longest[NAME_LIMIT + 1] = '\0';
	fails(longest, ENOENT);
	is(vfs_make(NULL, longest, S_IFREG | 0644, 0), 0, "a name of 255 bytes");
	leads(longest, longest);
	is(vfs_unlink(NULL, longest, false), 0, "and gone");
	{
		char over[NAME_LIMIT + 3];

		memset(over, 'n', sizeof(over));
		over[0] = '/';
		over[NAME_LIMIT + 2] = '\0';
		fails(over, ENAMETOOLONG);
	}
	for (size_t i = 0; i < PATH_LIMIT - 4; i += 2) {
		endless[i] = '/';
		endless[i + 1] = '.';
	}
	leads(endless, "/");
	is_text(walk_from(NULL, "/a/b/file", WALK_DIRECTORY), E(ENOTDIR), "a file where a directory is wanted");
}

static void links(void)
{
	char name[20], target[20];

	is(vfs_symlink("/a/b", NULL, "/abs"), 0, "a link /abs -> /a/b");
	is(vfs_symlink("b/../b", NULL, "/a/rel"), 0, "a link /a/rel -> b/../b");
	is(vfs_symlink("../../..", NULL, "/a/b/up"), 0, "a link /a/b/up -> ../../..");
	is(vfs_symlink("loop", NULL, "/loop"), 0, "a link /loop -> loop");
	is(vfs_symlink("/nowhere/at/all", NULL, "/dangling"), 0, "a link /dangling");
	leads("/abs/file", "/a/b/file");
	leads("/abs", "/a/b");
	leads("/abs/", "/a/b");
	leads("/abs/..", "/a");
	leads("/a/rel/file", "/a/b/file");
	leads("/a/b/up", "/");
	leads("/a/b/up/a/rel/up/abs/file", "/a/b/file");
	is_text(walk_from(NULL, "/abs", 0), "/abs", "the last link is not followed unasked");
	is_text(walk_from(NULL, "/abs/", 0), "/a/b", "but with a slash behind it");
	is_text(walk_from(NULL, "/a/rel/up", 0), "/a/b/up", "links before the last are");
	is_text(walk_from(NULL, "/abs/file", WALK_FOLLOW | WALK_NO_LINKS), E(ELOOP), "RESOLVE_NO_SYMLINKS");
	fails("/loop", ELOOP);
	fails("/loop/x", ELOOP);
	fails("/dangling", ENOENT);
	is(vfs_symlink("a", NULL, "/l0"), 0, "a chain of links");
	for (int i = 1; i <= 45; i++) {
		format_text(name, sizeof(name), "/l%d", i);
		format_text(target, sizeof(target), "l%d", i - 1);
		if (vfs_symlink(target, NULL, name))
			ok(false, "link %d", i);
	}
	leads("/l39", "/a");
	fails("/l40", ELOOP);
	is(vfs_symlink("", NULL, "/empty"), -ENOENT, "no link to an empty name");
	is(vfs_make(NULL, "/abs", S_IFREG, 0), -EEXIST, "a link is in the way of a file");
}

static void from_a_start(void)
{
	struct path a;

	is(path_walk(NULL, "/a", WALK_DIRECTORY, &a), 0, "start at /a");
	is_text(walk_from(&a, "b/file", 0), "/a/b/file", "a name from there");
	is_text(walk_from(&a, "/abs", WALK_FOLLOW), "/a/b", "an absolute one");
	is_text(walk_from(&a, "..", 0), "/", "its parent");
	is_text(walk_from(&a, "../a/b", WALK_BENEATH), E(EXDEV), "RESOLVE_BENEATH does not leave it");
	is_text(walk_from(&a, "b/..", WALK_BENEATH), "/a", "but may come back to it");
	is_text(walk_from(&a, "/b", WALK_BENEATH), E(EXDEV), "nor is an absolute name beneath");
	is_text(walk_from(&a, "b/up/b", WALK_FOLLOW | WALK_IN_ROOT), "/a/b", "RESOLVE_IN_ROOT stops at it");
	is_text(walk_from(&a, "/../b", WALK_IN_ROOT), "/a/b", "for absolute names too");
	is_text(walk_from(&a, "", WALK_EMPTY), "/a", "an empty name, if allowed");
	is_text(walk_from(&a, "", 0), E(ENOENT), "and if not");
	path_put(&a);
}

static void mounts(void)
{
	struct path at, held;

	is(vfs_make(NULL, "/mnt", S_IFDIR | 0755, 0), 0, "mkdir /mnt");
	is(vfs_make(NULL, "/mnt/hidden", S_IFREG | 0644, 0), 0, "a file in it");
	is(path_walk(NULL, "/mnt", WALK_DIRECTORY, &at), 0, "where to mount");
	is(mount_filesystem("tmpfs", "none", &at, 0, ""), 0, "mount");
	path_put(&at);
	fails("/mnt/hidden", ENOENT);
	is(vfs_make(NULL, "/mnt/sub", S_IFDIR | 0755, 0), 0, "mkdir /mnt/sub");
	leads("/mnt/sub", "/mnt/sub");
	leads("/mnt/sub/../..", "/");
	leads("/mnt/..", "/");
	leads("/mnt/../mnt/sub", "/mnt/sub");
	is(vfs_rename(NULL, "/a/b/file", NULL, "/mnt/file", 0), -EXDEV, "rename across a mount");
	is(vfs_unlink(NULL, "/mnt", true), -EBUSY, "a mount point is not removed");
	is_text(walk_from(NULL, "/mnt/sub", WALK_NO_XDEV), E(EXDEV), "RESOLVE_NO_XDEV");
	is(path_walk(NULL, "/mnt/sub", WALK_DIRECTORY, &held), 0, "a directory of the mount is held");
	is(path_walk(NULL, "/mnt", WALK_DIRECTORY, &at), 0, "the mount");
	is(mount_remove(&at, 0), -EBUSY, "is busy");
	path_put(&held);
	is(mount_remove(&at, MNT_DETACH), 0, "is unmounted lazily");
	path_put(&at);
	leads("/mnt/hidden", "/mnt/hidden");
}

static void moves(void)
{
	struct path held;

	is(vfs_make(NULL, "/d1", S_IFDIR | 0755, 0), 0, "mkdir /d1");
	is(vfs_make(NULL, "/d1/d2", S_IFDIR | 0755, 0), 0, "mkdir /d1/d2");
	is(path_walk(NULL, "/d1/d2", 0, &held), 0, "held");
	is(vfs_rename(NULL, "/d1", NULL, "/a/moved", 0), 0, "its parent is moved");
	is_text(walk_from(&held, ".", 0), "/a/moved/d2", "it is where its parent is");
	leads("/a/moved/d2/../..", "/a");
	fails("/d1/d2", ENOENT);
	is(vfs_rename(NULL, "/a/moved", NULL, "/a/moved/d2/x", 0), -EINVAL, "not into itself");
	is(vfs_unlink(NULL, "/a/moved", true), -ENOTEMPTY, "not removed while it has entries");
	is(vfs_unlink(NULL, "/a/moved/d2", true), 0, "the held one is removed");
	is_text(walk_from(&held, "x", 0), E(ENOENT), "nothing is found in it");
	is(vfs_make(&held, "x", S_IFREG, 0), -ENOENT, "nor made");
	path_put(&held);
	is(vfs_unlink(NULL, "/a/moved", true), 0, "its parent too");
}

/* Random names over a few directories: what was made is found, what was removed is not. */
static void churn(void)
{
	static bool exists[4][16];
	bool right = true;
	char name[40];

	for (unsigned d = 0; d < 4; d++) {
		format_text(name, sizeof(name), "/dir%u", d);
		right &= vfs_make(NULL, name, S_IFDIR | 0755, 0) == 0;
	}
	for (int round = 0; round < 20000; round++) {
		unsigned d = host_random() % 4, n = host_random() % 16, to_d = host_random() % 4, to = host_random() % 16;
		char other[40];
		bool *it = &exists[d][n], *there = &exists[to_d][to];
		int error;

		format_text(name, sizeof(name), "/dir%u/name-%u", d, n);
		format_text(other, sizeof(other), "/dir%u/name-%u", to_d, to);
		switch (host_random() % 4) {
		case 0:
			right &= vfs_make(NULL, name, S_IFREG | 0644, 0) == (*it ? -EEXIST : 0);
			*it = true;
			break;
		case 1:
			right &= vfs_unlink(NULL, name, false) == (*it ? 0 : -ENOENT);
			*it = false;
			break;
		case 2:
			error = vfs_rename(NULL, name, NULL, other, 0);
			right &= error == (*it ? 0 : -ENOENT);
			if (!error && it != there) {
				*it = false;
				*there = true;
			}
			break;
		default:
			right &= (strcmp(walk(name), name) == 0) == *it;
		}
	}
	ok(right, "20,000 random makings, removals, moves and look-ups");
}

int main(void)
{
	const struct filesystem *tmpfs;
	struct super *root;

	host_vfs_init();
	tmpfs = filesystem_find("tmpfs");
	is(tmpfs->mount(tmpfs, "root", "", &root) || mount_add(root, NULL, "root", 0), 0, "tmpfs is the root");
	plain();
	links();
	from_a_start();
	mounts();
	moves();
	churn();
	return tap_done();
}
