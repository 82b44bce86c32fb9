/* Paths that programs hand in (abi/path_at.h). */
#include <abi/path_at.h>
#include <core/slab.h>
#include <core/uaccess.h>
#include <fs/files.h>
#include <linux/fcntl.h>

COMPONENT("file-calls", "system calls on files, directories and descriptors");

static int copy_name(struct path_at *p, const char __user *name)
{
	ssize_t len = strncpy_from_user(p->some, name, PATH_ON_STACK);
	char *text;

	if (likely(len >= 0 && len < (ssize_t)PATH_ON_STACK)) {
		p->name = p->some;
		return 0;
	}
	if (len < 0)
		return (int)len;
	text = kmalloc(PATH_LIMIT);
	if (!text)
		return -ENOMEM;
	len = strncpy_from_user(text, name, PATH_LIMIT);
	if (len < 0 || len == (ssize_t)PATH_LIMIT) {
		kfree(text);
		return len < 0 ? (int)len : -ENAMETOOLONG;
	}
	p->name = text;
	return 0;
}

/* @empty: no name means the descriptor itself, which need not be a directory. */
static int set_start(struct path_at *p, int dirfd, bool empty)
{
	p->start = NULL;
	p->file = NULL;
	if (unlikely(!p->name[0] && !empty))
		return -ENOENT;
	if (likely(p->name[0] == '/' || dirfd == AT_FDCWD))
		return 0;
	p->file = fd_get(dirfd);
	if (!p->file)
		return -EBADF;
	if (!p->file->dentry)
		return empty && !p->name[0] ? -ENOENT : -ENOTDIR;
	p->directory = (struct path){ p->file->mount, p->file->dentry };
	p->start = &p->directory;
	return 0;
}

static int finish(struct path_at *p, int dirfd, bool empty)
{
	int r = set_start(p, dirfd, empty);

	if (unlikely(r))
		path_at_put(p);
	return r;
}

int path_at_get(struct path_at *p, int dirfd, const char __user *name)
{
	int r = copy_name(p, name);

	return likely(!r) ? finish(p, dirfd, false) : r;
}

int path_at_get_empty(struct path_at *p, int dirfd, const char __user *name)
{
	int r = copy_name(p, name);

	return likely(!r) ? finish(p, dirfd, true) : r;
}

bool path_at_is_fd(int fd, const char __user *name, unsigned flags)
{
	char first;

	return flags & AT_EMPTY_PATH && fd >= 0 && !copy_from_user(&first, name, 1) && !first;
}

struct file *path_at_nameless(int fd, const char __user *name, unsigned flags)
{
	struct file *f = path_at_is_fd(fd, name, flags) ? fd_get(fd) : NULL;

	if (f && f->dentry) {
		file_put(f);
		f = NULL;
	}
	return f;
}

void path_at_put_(struct path_at *p)
{
	if (p->file)
		file_put(p->file);
	if (p->name != p->some)
		kfree(p->name);
}

int path_at_find(int dirfd, const char __user *name, unsigned flags, struct path *out)
{
	unsigned walk = (flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW) | (flags & PATH_AT_REAL ? WALK_REAL : 0);
	struct path_at p;
	int r;

	if (unlikely(flags & AT_EMPTY_PATH)) {
		walk |= WALK_EMPTY;
		r = path_at_get_empty(&p, dirfd, name);
	} else {
		r = path_at_get(&p, dirfd, name);
	}
	if (unlikely(r))
		return r;
	r = path_walk(p.start, p.name, walk, out);
	path_at_put(&p);
	return r;
}
