/* A path as a call gets it: a directory's descriptor and a program's string, copied once (abi/path_at.c). */
#ifndef ABI_PATH_AT_H
#define ABI_PATH_AT_H

#include <fs/vfs.h>

#define PATH_ON_STACK 256u /* longer ones are allocated */

struct path_at {
	const char *name;         /* the string, in kernel memory */
	const struct path *start; /* for path_walk(); NULL: the working directory, or the path is absolute */
	struct path directory;    /* what start points to; borrowed from file */
	struct file *file;        /* ref: of the directory's descriptor; NULL */
	char some[PATH_ON_STACK];
};

/** path_at_get() - Return: 0, and path_at_put() is due; -EFAULT, -ENAMETOOLONG, -EBADF, -ENOTDIR, -ENOMEM. */
int path_at_get(struct path_at *p, int dirfd, const char __user *name) __must_check;
/** path_at_get_empty() - the same where an empty name means @dirfd itself (AT_EMPTY_PATH). */
int path_at_get_empty(struct path_at *p, int dirfd, const char __user *name) __must_check;
/** path_at_is_fd() - does the empty name, by AT_EMPTY_PATH, mean @fd itself? */
bool path_at_is_fd(int fd, const char __user *name, unsigned flags);
/** path_at_nameless() - the same, and it is what no path leads to, a pipe or a socket: it with a reference, or NULL. */
struct file *path_at_nameless(int fd, const char __user *name, unsigned flags) __must_check;
void path_at_put_(struct path_at *p);
static inline void path_at_put(struct path_at *p)
{
	if (unlikely(p->file || p->name != p->some))
		path_at_put_(p);
}
#define PATH_AT_REAL (1u << 31) /* for access(2): WALK_REAL */
/**
 * path_at_find() - what @name is. @flags: AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH, PATH_AT_REAL.
 * Return: 0 with references in *@out.
 */
int path_at_find(int dirfd, const char __user *name, unsigned flags, struct path *out) __must_check;

#endif
