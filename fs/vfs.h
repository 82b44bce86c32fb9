/* The VFS: file systems, inodes, directory entries, mounts, paths.
 *
 *     struct super    one mounted file system; lives as long as a mount or an inode of it
 *     struct inode    a file, whatever its names; counted; what reads and writes it is its file_ops
 *     struct dentry   a name in a directory (fs/dentry.c); cached in one hash table
 *     struct mount    a super's root put over a directory (fs/mount.c)
 *     struct path     a dentry as seen through a mount: what a path name leads to (fs/path.c)
 *
 * Locking. dentry_lock (one spinlock) covers names, parents, the hash table, mounts, and where a process's root and
 * working directory are: a path that is wholly cached is walked under it without touching a reference count.
 * inode->lock of a directory is held while entries in it are looked up, made or removed; for a file it covers size and
 * contents. Order: mount_lock, rename_lock, directories (parent before child), files, then dentry_lock.
 *
 * Directories of memory file systems are complete: every entry is a dentry that is kept, so a name that is not in the
 * cache does not exist, and readdir needs no help of the file system.
 */
#ifndef FS_VFS_H
#define FS_VFS_H

#include <core/process.h>
#include <core/ref.h>
#include <fs/file.h>
#include <fs/page_cache.h>
#include <linux/stat.h>
#include <mm/vm_object.h>

struct file_locks;
struct filesystem;
struct inode;
struct inode_watches;
struct path;
struct statfs_info;
struct super;

#define PATH_LIMIT 4096u /* PATH_MAX: bytes of a path, its zero included */
#define NAME_LIMIT 255u  /* NAME_MAX */

/* What stat(2) tells. Times are nanoseconds since the epoch. */
struct attributes {
	uint64_t device, ino, rdev, size, blocks; /* blocks: of 512 bytes */
	uint32_t mode, nlink, uid, gid, block_size;
	int64_t atime_ns, mtime_ns, ctime_ns, btime_ns;
};

/* What chmod, chown, truncate and utimensat change. */
struct attribute_change {
	unsigned which; /* CHANGE_* */
	uint32_t mode, uid, gid;
	uint64_t size;
	int64_t atime_ns, mtime_ns;
};
#define CHANGE_MODE  1u
#define CHANGE_UID   2u
#define CHANGE_GID   4u
#define CHANGE_SIZE  8u
#define CHANGE_ATIME 16u
#define CHANGE_MTIME 32u

/* readdir(): entries go to emit() one by one until it says no. */
struct dir_context {
	/** emit() - @type is DT_*; @next_pos: where to go on behind this entry. Return: false: no room, stop. */
	bool (*emit)(struct dir_context *ctx, const char *name, size_t len, uint64_t ino, unsigned type, off_t next_pos);
	off_t pos;
};

/* A NULL operation means that the file system cannot do it. Directory operations: the directory's lock is held. */
struct inode_ops {
	/* Find d->name: dentry_attach() what it is, or leave @d negative. 0 or -errno. */
	int (*lookup)(struct inode *dir, struct dentry *d);
	/* An entry of a complete directory that has no inode yet (dentry_add_lazy()): attach it. */
	int (*instantiate)(struct inode *dir, struct dentry *d);
	/* Make a directory complete before it is first used. */
	int (*populate)(struct inode *dir, struct dentry *d);
	/* A new file, directory, FIFO, socket or device by @mode; attaches it to @d. */
	int (*create)(struct inode *dir, struct dentry *d, uint32_t mode, uint64_t rdev);
	int (*symlink)(struct inode *dir, struct dentry *d, const char *target);
	int (*link)(struct inode *dir, struct dentry *d, struct inode *inode);
	int (*unlink)(struct inode *dir, struct dentry *d); /* also of directories, which are empty */
	/* @target may be negative. RENAME_EXCHANGE swaps. Both directories' locks are held. */
	int (*rename)(struct inode *dir, struct dentry *d, struct inode *to_dir, struct dentry *target, unsigned flags);
	/* readdir() of an inode that is not open, all entries without "." and ".." unless the format has them. */
	int (*iterate)(struct inode *dir, struct dir_context *ctx);
	/* Whatever differs from what the inode's fields say; they were filled in already. */
	int (*getattr)(struct inode *inode, struct attributes *out);
	/* NULL: only fields of the inode change, which inode_change() does. The inode's lock is held. */
	int (*setattr)(struct inode *inode, const struct attribute_change *change);
	/* Target of a symbolic link without inode->link. Return: its length, not zero-terminated. */
	ssize_t (*readlink)(struct inode *inode, char *buf, size_t size);
	/* Where a magic link of /proc leads: *@out gets references. */
	int (*follow)(struct inode *inode, struct path *out);
	/* Before an open() succeeds: choose other file_ops, allocate. 0 or -errno. May replace f->ops. */
	int (*open)(struct inode *inode, struct file *f);
	/* Page for a mapping, as vm_object_ops.page. */
	int (*page)(struct inode *inode, uint64_t index, bool write, struct vm_page *out);
	/* Pages in a row that lie in memory now, as vm_object_ops.resident. NULL: not known. */
	unsigned (*resident)(struct inode *inode, uint64_t index, unsigned count, struct vm_page *out);
	/* Extended attributes. @value NULL in set: remove. Sizes as getxattr(2); list: names with zeroes. */
	ssize_t (*xattr_get)(struct inode *inode, const char *name, void *value, size_t size);
	int (*xattr_set)(struct inode *inode, const char *name, const void *value, size_t size, int flags);
	ssize_t (*xattr_list)(struct inode *inode, char *list, size_t size);
	/* The last reference is gone: free it. May sleep. */
	void (*destroy)(struct inode *inode);
};

struct inode {
	const struct inode_ops *ops;     /* I */
	const struct file_ops *file_ops; /* I: what an open file of it does */
	struct super *super;             /* I: ref */
	uint32_t refs;                   /* atomic */
	uint32_t mode;                   /* S_IF* I, permissions: lock; read as it is */
	uint32_t nlink, uid, gid;        /* lock, of the directory too for nlink; read as they are */
	uint64_t ino;                    /* I */
	uint64_t size;                   /* lock; read as it is */
	uint64_t rdev;                   /* I: Linux's new_encode_dev() */
	int64_t atime_ns, mtime_ns, ctime_ns, btime_ns; /* lock; read as they are */
	struct mutex lock;               /* RANK_DIRECTORY or RANK_INODE */
	const char *link;                /* I: target of a symbolic link that lies in memory; owned by the file system */
	struct dentry *alias;            /* dentry_lock: one of its names, borrowed; for /proc */
	struct vm_object object;         /* mm/ maps this */
	bool mapped;                     /* a: was ever mapped: pages that change place must be unmapped */
	struct page_cache pages;
	struct inode_watches *watches;   /* a: owned; NULL until the first watch (fs/inotify.c) */
	struct file_locks *locks;        /* a: owned; NULL until the first lock (fs/lock.c) */
	void *private;                   /* the file system's or, for sockets and FIFOs, their owner's */
};

struct super_ops {
	void (*statfs)(struct super *s, struct statfs_info *out);
	void (*destroy)(struct super *s); /* the last reference is gone; frees what private is */
	/* The inode with this number, for file systems that can find it so; as a lower layer they must. */
	struct inode *(*inode_by_number)(struct super *s, uint64_t ino);
};

struct statfs_info {
	uint64_t type, block_size, blocks, blocks_free, files, files_free;
};

struct super {
	const struct super_ops *ops;     /* I */
	const struct filesystem *type;   /* I */
	struct dentry *root;             /* I: ref, given up by super_put()'s caller through mount */
	uint32_t refs;                   /* atomic: its root's mounts and its inodes */
	uint32_t mounts;                 /* atomic: how often it, or a part of it, is mounted */
	uint32_t device;                 /* I: st_dev */
	bool read_only;                  /* I */
	bool uncached;                   /* I: names are looked up anew each time (procfs) */
	uint64_t last_ino;               /* a: highest number given so far */
	void *private;
};

/* A name in a directory. */
struct dentry {
	struct dentry *hash_next;  /* dentry_lock */
	struct dentry *parent;     /* ref; itself: a root; dentry_lock */
	struct inode *inode;       /* ref; NULL: negative, or not instantiated yet; dentry_lock and the directory's lock */
	const char *name;          /* zero-terminated; dentry_lock and the directory's lock */
	uint32_t hash;             /* of parent and name; dentry_lock */
	uint32_t refs;             /* atomic; goes up from 0 only under dentry_lock */
	uint16_t name_len;
	uint8_t flags;             /* DENTRY_*; dentry_lock */
	uint8_t type;              /* DT_*, also before there is an inode */
	uint32_t mounts;           /* mounts on it; dentry_lock */
	struct list children;      /* dentry_lock; of sibling */
	struct list sibling;       /* dentry_lock; for the roots: to itself */
	struct list unused;        /* dentry_lock: in the list of cached ones without a reference */
	uint64_t position;         /* in its directory, for readdir: grows; dentry_lock */
	uint64_t private;          /* the file system's: what a lazy entry is */
	char short_name[32];       /* most names */
};
#define DENTRY_HASHED   1u /* can be found by name */
#define DENTRY_KEPT     2u /* holds a reference on itself: its directory is complete */
#define DENTRY_LAZY     4u /* exists, inode not made yet */
#define DENTRY_COMPLETE 8u /* a directory: every entry is a kept dentry */
#define DENTRY_UNUSED   16u /* in the list of unused ones */

extern struct spinlock dentry_lock; /* RANK_DENTRY */

/* One mount. */
struct mount {
	struct list node;          /* dentry_lock: all mounts, in order */
	struct mount *parent;      /* ref; NULL: the root; dentry_lock */
	struct dentry *point;      /* ref: in parent's super; dentry_lock */
	struct dentry *root;       /* I: ref; the super's root, or what a bind mount shows */
	struct super *super;       /* I: ref */
	bool attached;             /* dentry_lock: it is in the list, and so are those that it is on */
	bool expiring;             /* mount_lock: MNT_EXPIRE was asked for once */
	uint32_t refs;             /* atomic: open files, working directories, child mounts, and one for being mounted */
	uint32_t flags;            /* MS_RDONLY, MS_NOSUID …; a */
	int id;                    /* I */
	char *source;              /* I: owned */
};

struct path {
	struct mount *mount;
	struct dentry *dentry;
};

/* Where a process is in the tree (process->fs). */
struct fs_context {
	uint32_t refs;        /* atomic */
	uint32_t umask;       /* a */
	struct path root, cwd; /* dentry_lock; refs */
};

/* fs/fs_context.c */
struct fs_context *fs_context_create(void) __must_check; /* at the root of the first mount */
void fs_context_get(struct fs_context *fs);
void fs_context_put(struct fs_context *fs);
/** fs_context_set_cwd(), fs_context_set_root() - references of @to are taken. */
void fs_context_set_cwd(struct fs_context *fs, const struct path *to);
void fs_context_set_root(struct fs_context *fs, const struct path *to);

/* fs/inode.c */
/** inode_init() - set up what every inode has, with one reference; @super gets one. Times are now. */
void inode_init(struct inode *inode, struct super *super, const struct inode_ops *ops, const struct file_ops *file_ops,
		uint32_t mode);
static inline void inode_get(struct inode *inode)
{
	ref_get(&inode->refs);
}
void inode_put(struct inode *inode);
/** inode_fini() - what inode_init() set up; called by destroy() before the memory goes. */
void inode_fini(struct inode *inode);
int inode_getattr(struct inode *inode, struct attributes *out);
/** inode_change() - apply @change to the fields and set ctime; size excepted. The lock is held. */
void inode_change(struct inode *inode, const struct attribute_change *change);
/** inode_now() - nanoseconds since the epoch, for time stamps. */
int64_t inode_now(void);
#define MAY_EXEC  1u
#define MAY_WRITE 2u
#define MAY_READ  4u
/** inode_permission() - may the current process do this (@may: MAY_*)? 0 or -EACCES. */
int inode_permission(const struct inode *inode, unsigned may);
/** inode_permission_real() - the same for who started the program rather than who it acts as, for access(2). */
int inode_permission_real(const struct inode *inode, unsigned may);
/** inode_owned() - the current process owns it or is privileged. */
bool inode_owned(const struct inode *inode);

static inline bool inode_is_dir(const struct inode *inode)
{
	return (inode->mode & S_IFMT) == S_IFDIR;
}
static inline bool inode_is_link(const struct inode *inode)
{
	return (inode->mode & S_IFMT) == S_IFLNK;
}
static inline bool inode_is_regular(const struct inode *inode)
{
	return (inode->mode & S_IFMT) == S_IFREG;
}

/* fs/dentry.c */
uint32_t dentry_hash_name(const char *name, size_t len);
/** dentry_root() - the root entry of a super; takes over the inode's reference. NULL: no memory (reference put). */
struct dentry *dentry_root(struct inode *inode) __must_check;
void dentry_reuse_(struct dentry *d);
static inline void dentry_get(struct dentry *d)
{
	ref_get(&d->refs);
}
/** dentry_get_locked() - a reference to one found by name, which may have had none; dentry_lock is held. */
static inline void dentry_get_locked(struct dentry *d)
{
	if (unlikely(d->flags & DENTRY_UNUSED))
		dentry_reuse_(d);
	__atomic_fetch_add(&d->refs, 1, __ATOMIC_RELAXED); /* from 0, perhaps */
}
void dentry_put(struct dentry *d);
/** dentry_find_locked() - in the cache, no reference; dentry_lock is held. NULL: not cached. */
struct dentry *dentry_find_locked(struct dentry *dir, const char *name, size_t len, uint32_t name_hash);
/**
 * dentry_lookup() - the entry @name of @dir, from the cache or the file system; negative if it does not exist.
 * The directory's lock is held.  Return: with a reference, or err_ptr(-ENOMEM …).
 */
struct dentry *dentry_lookup(struct dentry *dir, const char *name, size_t len) __must_check;
/** dentry_resolve() - the same for a caller without the lock; -ENOENT if it does not exist. */
struct dentry *dentry_resolve(struct dentry *dir, const char *name, size_t len) __must_check;
/** dentry_populate() - make @dir complete if its file system does that. 0 or -errno. Its lock is held. */
int dentry_populate(struct dentry *dir);
/** dentry_attach() - negative @d becomes @inode; the reference moves. @keep: stays until dentry_detach(). */
void dentry_attach(struct dentry *d, struct inode *inode, bool keep);
/** dentry_add_lazy() - a kept entry of @dir whose inode comes later. -ENOMEM, -EEXIST. */
int dentry_add_lazy(struct dentry *dir, const char *name, size_t len, unsigned type, uint64_t what);
/** dentry_add() - a kept entry with an inode, whose reference moves (put on failure). NULL: no memory. Borrowed. */
struct dentry *dentry_add(struct dentry *dir, const char *name, struct inode *inode);
/** dentry_nameless() - an entry with @inode, whose reference moves (put on failure), that cannot be found by name. */
struct dentry *dentry_nameless(struct dentry *parent, const char *name, struct inode *inode) __must_check;
/** dentry_detach() - the name is gone: unhash @d, give up its being kept; who holds it still sees its inode. */
void dentry_detach(struct dentry *d);
/** dentry_move() - @d takes the place of @target, which is detached, or swaps with it if @exchange. */
void dentry_move(struct dentry *d, struct dentry *target, bool exchange);
/** dentry_is_below() - @d is @ancestor or lies below it. */
bool dentry_is_below(struct dentry *d, struct dentry *ancestor);
/** dentry_has_children() - a complete directory has entries. */
bool dentry_has_children(struct dentry *dir);
/* One character of a name into its hash; starts from 0. */
#define DENTRY_HASH_STEP(hash, c) (((hash) ^ (uint8_t)(c)) * 0x9e3779b1u)
/** dentry_readdir() - entries of a complete directory, behind `.` and `..`. For file_ops.readdir. */
int dentry_readdir(struct file *f, struct dir_context *ctx);
/** dentry_shrink() - free up to @count cached entries that nobody uses. Return: how many. */
unsigned dentry_shrink(unsigned count);
/** dentry_discard_tree() - an unmounted super's entries: give up everything that is kept below @root. */
void dentry_discard_tree(struct dentry *root);

/* fs/mount.c */
extern struct mutex mount_lock; /* RANK_MOUNT: mounting and unmounting */
static inline void mount_get(struct mount *m)
{
	ref_get(&m->refs);
}
void mount_put(struct mount *m);
static inline void path_get(const struct path *p)
{
	mount_get(p->mount);
	dentry_get(p->dentry);
}
static inline void path_put(const struct path *p)
{
	dentry_put(p->dentry);
	mount_put(p->mount);
}
/** mount_find_locked() - what is mounted on @point of @parent, or NULL; dentry_lock is held. Borrowed. */
struct mount *mount_find_locked(struct mount *parent, struct dentry *point);
extern struct list mount_list; /* dentry_lock: all mounts, for /proc/mounts */
/** mount_of_super() - a reference to a mount of it, or NULL. */
struct mount *mount_of_super(struct super *s) __must_check;
/** mount_add() - put @super (its reference moves) over @at (NULL: the first root). 0 or -errno. */
int mount_add(struct super *super, const struct path *at, const char *source, unsigned flags);
/** mount_detached() - a mount of @super (its reference moves) that is nowhere in the tree. NULL: no memory. */
struct mount *mount_detached(struct super *super) __must_check;
/** mount_filesystem() - mount(2): by name of the file system. @at: a path. */
int mount_filesystem(const char *type, const char *source, const struct path *at, unsigned long flags,
		     const char *options);
/** mount_bind() - put what @from is over @at too, @with_below: and what is mounted below it. mount_move() - a mount, @from its root, goes to @at. 0 or -errno. */
int mount_bind(const struct path *from, const struct path *at, bool with_below);
int mount_move(const struct path *from, const struct path *at);
/** mount_remove() - umount2(2): @flags: MNT_*. */
int mount_remove(const struct path *at, unsigned flags);
#define MNT_FORCE       1u
#define MNT_DETACH      2u
#define MNT_EXPIRE      4u
#define UMOUNT_NOFOLLOW 8u
/** mount_root_path() - the root of the first mount, with references. */
void mount_root_path(struct path *out);
/** mount_writable() - 0 or -EROFS. */
static inline int mount_writable(const struct mount *m)
{
	return unlikely((READ_ONCE(m->flags) & 1 /* MS_RDONLY */) || m->super->read_only) ? -EROFS : 0;
}
struct super *super_alloc(const struct filesystem *type, const struct super_ops *ops, void *private) __must_check;
static inline void super_get(struct super *s)
{
	ref_get(&s->refs);
}
void super_put(struct super *s);

/* fs/path.c */
#define WALK_FOLLOW    1u  /* the last component, if it is a symbolic link */
#define WALK_DIRECTORY 2u  /* it must be a directory */
#define WALK_EMPTY     4u  /* an empty name is the start itself (AT_EMPTY_PATH) */
#define WALK_BENEATH   8u  /* RESOLVE_BENEATH: never above the start; -EXDEV */
#define WALK_NO_LINKS  16u /* RESOLVE_NO_SYMLINKS: -ELOOP */
#define WALK_IN_ROOT   32u /* RESOLVE_IN_ROOT: the start is the root */
#define WALK_NO_XDEV   64u /* RESOLVE_NO_XDEV: -EXDEV */
#define WALK_NO_MAGIC  128u /* RESOLVE_NO_MAGICLINKS */
#define WALK_REAL      256u /* search as who started the program, for access(2) */
/**
 * path_walk() - resolve @name (kernel memory) from @start (NULL: the current process's working directory, or the first
 * root for a kernel thread). Return: 0 with references in *@out, or -errno.
 */
int path_walk(const struct path *start, const char *name, unsigned flags, struct path *out);

/** path_cross() - if something is mounted on @p, that instead. References move. */
void path_cross(struct path *p);
/** path_text() - the path of @p below @root (NULL: the first). Built at the end of @buf. Return: its first byte, or
 * err_ptr(-ENAMETOOLONG); unreachable and removed ones are marked as Linux does. */
char *path_text(const struct path *p, const struct path *root, char *buf, size_t size);

/* fs/open.c */
/** file_open() - open(2) on kernel memory. @start as in path_walk(). Return: a reference, or err_ptr(). */
struct file *file_open(const struct path *start, const char *name, unsigned flags, uint32_t mode,
		       unsigned walk_flags) __must_check;
/** file_open_path() - open what @p is (its references are taken anew). */
struct file *file_open_path(const struct path *p, unsigned flags) __must_check;
/** file_drop_path() - give up inode, dentry and mount of a file. */
void file_drop_path(struct file *f);
/** file_read_at(), file_write_at() - kernel callers: exec reads program headers so. Return: bytes, or -errno. */
ssize_t file_read_at(struct file *f, void *buf, size_t n, off_t pos);
ssize_t file_write_at(struct file *f, const void *buf, size_t n, off_t pos);
/** file_object() - what a mapping of @f maps, with a reference; err_ptr(-ENODEV …). */
struct vm_object *file_object(struct file *f, unsigned prot, unsigned flags) __must_check;
/** file_truncate() - ftruncate(2). */
int file_truncate(struct file *f, uint64_t size);
/** file_seek_size() - lseek(2) for a file whose end is inode->size: ready-made file_ops.seek. */
off_t file_seek_size(struct file *f, off_t offset, int whence);
/** file_seek_within() - the same for a file of @size bytes. */
off_t file_seek_within(struct file *f, off_t size, off_t offset, int whence);
/** dir_seek() - lseek(2) of a directory: ready-made file_ops.seek. */
off_t dir_seek(struct file *f, off_t offset, int whence);
/**
 * file_size_allowed() - may a file of the current process's grow to @size bytes (RLIMIT_FSIZE)? *@size is lowered to
 * what may be, if that is more than @at. Return: 0; -EFBIG, and SIGXFSZ was sent.
 */
int file_size_allowed(uint64_t at, uint64_t *size);
/** file_getattr() - fstat(2), also of files without an inode. */
int file_getattr(struct file *f, struct attributes *out);

/* fs/namespace.c: operations on names; paths are kernel memory. */
int vfs_make(const struct path *start, const char *name, uint32_t mode, uint64_t rdev);
int vfs_symlink(const char *target, const struct path *start, const char *name);
int vfs_link(const struct path *old, const struct path *start, const char *name);
int vfs_unlink(const struct path *start, const char *name, bool directory);
int vfs_rename(const struct path *start, const char *name, const struct path *to_start, const char *to_name,
	       unsigned flags);
int vfs_setattr(const struct path *p, struct attribute_change *change);

#endif
