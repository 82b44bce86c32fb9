/* tmpfs: files that live in memory only; also what lies over a read-only root (fs/overlay/).
 *
 * Directories are complete in the sense of fs/vfs.h: the dentries are the directory. A file's pages are its page cache.
 * A file may have a lower one, of which it starts as a copy: a page that it has not got itself is the lower one's, as
 * long as it lies wholly or partly below lower_size; what lies beyond is zeroes.
 */
#ifndef FS_TMPFS_H
#define FS_TMPFS_H

#include <fs/filesystem.h>

struct xattr;

struct tmpfs {
	struct super *super;      /* parent */
	uint64_t pages_max;       /* option size=, I; UINT64_MAX: as much as there is */
	uint64_t pages_used;      /* a */
	uint32_t root_mode;       /* option mode= */
	struct super *lower;      /* ref: fs/overlay; NULL */
	const struct tmpfs_lower_ops *lower_ops; /* NULL without a lower one */
	void *lower_private;      /* lower_ops' own */
};

struct tmpfs_inode {
	struct inode inode;
	struct inode *lower;      /* ref; inode.lock; NULL: none, or nothing of it is left */
	uint64_t lower_size;      /* bytes of the lower file that still show; inode.lock, and pages.lock for the two */
	struct list xattrs;       /* inode.lock; struct xattr, owned */
	unsigned seals;           /* F_SEAL_*: inode.lock for writing; fs/memfd.c */
	bool xattrs_own;          /* the lower one's attributes were taken over; inode.lock */
};

/* What fs/overlay adds to directories. */
struct tmpfs_lower_ops {
	int (*populate)(struct inode *dir, struct dentry *d);
	int (*instantiate)(struct inode *dir, struct dentry *d);
};

static inline struct tmpfs_inode *tmpfs_inode(struct inode *inode)
{
	return container_of(inode, struct tmpfs_inode, inode);
}
static inline struct tmpfs *tmpfs_of(const struct inode *inode)
{
	return inode->super->private;
}

extern const struct inode_ops tmpfs_dir_ops, tmpfs_file_inode_ops, tmpfs_other_ops;
extern const struct file_ops tmpfs_file_ops, tmpfs_dir_file_ops;

/** tmpfs_super() - a file system with an empty root. @options: size= mode=. Return: 0 with one reference. */
int tmpfs_super(const struct filesystem *fs, const char *options, struct super **out);
/** tmpfs_memory_short() - what is left is kept from files, so that programs can still run: one page in 32, at most 4 MiB. */
bool tmpfs_memory_short(void);
/** tmpfs_inode_new() - an inode of the type in @mode, number and owner set. NULL: no memory. */
struct tmpfs_inode *tmpfs_inode_new(struct super *super, uint32_t mode) __must_check;
/** tmpfs_make() - an entry of a @dir that nobody else can see yet, for /dev. NULL: no memory. Borrowed. */
struct dentry *tmpfs_make(struct dentry *dir, const char *name, uint32_t mode, uint64_t rdev);
struct dentry *tmpfs_make_link(struct dentry *dir, const char *name, const char *target);
/** tmpfs_own_pages() - give @t a copy of all it still has of its lower file. The lock is held. 0, -ENOSPC, -EIO. */
int tmpfs_own_pages(struct tmpfs_inode *t);
int tmpfs_setattr(struct inode *inode, const struct attribute_change *change);
void tmpfs_xattrs_free(struct tmpfs_inode *t);
ssize_t tmpfs_xattr_get(struct inode *inode, const char *name, void *value, size_t size);
int tmpfs_xattr_set(struct inode *inode, const char *name, const void *value, size_t size, int flags);
ssize_t tmpfs_xattr_list(struct inode *inode, char *list, size_t size);

#endif
