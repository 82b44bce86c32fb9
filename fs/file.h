/* An open file: what a descriptor refers to, whatever is behind it (a file, a pipe, a socket, an event counter).
 *
 * Lifetime: counted; a descriptor holds one reference, a call in progress another. release() runs when the last one
 * goes, possibly sleeping.
 */
#ifndef FS_FILE_H
#define FS_FILE_H

#include <core/lock.h>
#include <core/ref.h>
#include <core/wait.h>
#include <fs/io.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>

struct dentry;
struct file;
struct inode;
struct mount;
struct vm_object;
struct dir_context;

/* poll(): a file adds its wait queues to the caller's table, if there is one, then says what is ready. */
struct poll_table {
	/** add() - the file's state changes are announced on @q. May sleep; called with no spinlock held. */
	void (*add)(struct poll_table *t, struct wait_queue *q);
};
static inline void poll_wait(struct poll_table *t, struct wait_queue *q)
{
	if (t)
		t->add(t, q);
}

struct file_ops {
	/* @pos: where, and moved on; NULL where position has no meaning. Return: bytes, or -errno (-EAGAIN: O_NONBLOCK).
	 * NULL: -EINVAL. */
	ssize_t (*read)(struct file *f, struct io *io, off_t *pos);
	ssize_t (*write)(struct file *f, struct io *io, off_t *pos);
	/* New position, which it also stores in f->pos; pos_lock is held. NULL: this file has no position (-ESPIPE), and
	 * read() and write() get a NULL @pos. */
	off_t (*seek)(struct file *f, off_t offset, int whence);
	/* EPOLL* bits that hold now. NULL: always readable and writable. */
	uint32_t (*poll)(struct file *f, struct poll_table *t);
	long (*ioctl)(struct file *f, unsigned cmd, unsigned long arg); /* NULL or -ENOTTY: not mine */
	/* How many bytes can be read at once (FIONREAD). NULL: by size and position, or -ENOTTY. */
	long (*readable_bytes)(struct file *f);
	/* What mmap(2) maps: *@object gets a reference. NULL: -ENODEV. */
	int (*mmap)(struct file *f, struct vm_object **object, unsigned prot, unsigned flags);
	int (*readdir)(struct file *f, struct dir_context *ctx);
	int (*fsync)(struct file *f, bool data_only);
	long (*fallocate)(struct file *f, int mode, off_t offset, off_t n);
	void (*release)(struct file *f);
	/* What /proc/self/fd/N reads as, for what has no path: "socket:[%lu]" with the file's number. */
	const char *link_name;
	bool stream;                  /* seek() is there, but a position means nothing: no lock, @pos may be NULL */
	uint32_t stat_mode;           /* st_mode of a file without an inode: S_IFIFO | 0600 … */
};

struct file {
	const struct file_ops *ops;   /* I */
	uint32_t refs;                /* atomic */
	uint32_t flags;               /* O_*: access mode I, O_APPEND O_NONBLOCK by fcntl: read once */
	uint32_t mode;                /* I: FILE_MAY_READ, FILE_MAY_WRITE; none for O_PATH */
	void *private;                /* the ops' own */
	off_t pos;                    /* pos_lock */
	struct mutex pos_lock;        /* RANK_FILE; taken only for what can seek and is shared */
	struct inode *inode;          /* borrowed from dentry; NULL: has none (pipe, socket …) */
	struct dentry *dentry;        /* ref; NULL likewise */
	struct mount *mount;          /* ref */
	uint64_t number;              /* a: file_number(), 0 until somebody asks */
	/* Watched by epoll: set once under epoll_lock when the first item is added; called before release(), with no
	 * reference left, to take the items off. A pointer, so that a kernel without epoll needs no part of it. */
	void (*watched)(struct file *f);
	struct list epoll_items;      /* epoll_lock; set up together with `watched`, not before */
	struct spinlock epoll_lock;   /* RANK_FILES: watched, epoll_items */
	int owner;                    /* F_SETOWN */
};

#define FILE_MAY_READ  1u
#define FILE_MAY_WRITE 2u
#define FILE_READABLE(f) ((f)->mode & FILE_MAY_READ)
#define FILE_WRITABLE(f) ((f)->mode & FILE_MAY_WRITE)

/** file_alloc() - one reference. @flags: O_*. Return: NULL if memory is short. */
struct file *file_alloc(const struct file_ops *ops, void *private, unsigned flags) __must_check;
/** file_number() - the inode number of a file that has no inode, for fstat(2) and /proc. */
uint64_t file_number(struct file *f);
static inline void file_get(struct file *f)
{
	ref_get(&f->refs);
}
/** file_try_get() - a reference, unless the last one is already gone. For who holds a pointer but no reference. */
static inline bool file_try_get(struct file *f)
{
	return ref_get_found(&f->refs);
}
void file_put_last_(struct file *f);
static inline void file_put(struct file *f)
{
	if (ref_put(&f->refs))
		file_put_last_(f);
}

#endif
