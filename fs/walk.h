/* A path walk in progress (fs/path.c): for open(2) and the calls that make or remove names; others use path_walk(). */
#ifndef FS_WALK_H
#define FS_WALK_H

#include <fs/vfs.h>

/* The last component of a path whose directory was found. */
struct path_last {
	const char *name; /* in the caller's text or the walk's buffer, until walk_end(); not zero-terminated */
	size_t len;
	bool slash;       /* slashes follow it: must be a directory */
	bool special;     /* ".", ".." or nothing: not a name that can be made or removed */
};

struct walk {
	struct path at;         /* how far it has come; borrowed under dentry_lock, else what is held */
	const char *rest;       /* what is still to walk */
	char *buffer;           /* owned: the text that rest points into after a symbolic link; NULL */
	struct path held;       /* refs that keep `at` alive while dentry_lock is dropped; NULL: none */
	const struct path *root; /* where ".." and absolute links end; read under dentry_lock */
	const struct path *start; /* borrowed from the caller; NULL: the working directory */
	unsigned flags;         /* WALK_* */
	unsigned links;         /* symbolic links followed */
	bool privileged;        /* may search any directory */
	struct path_last last;
};

/** walk_parent() - find the directory of the last component: w->at, with references in w->held; w->last is it. */
int walk_parent(struct walk *w, const struct path *start, const char *name, unsigned flags);
/** walk_parent_on() - the last component turned out to be the symbolic link @link: go on to what it names. */
int walk_parent_on(struct walk *w, struct dentry *link);
void walk_end(struct walk *w);

#endif
