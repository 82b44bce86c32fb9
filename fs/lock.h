/* Locks of files as programs take them: flock(2), POSIX record locks, open-file-description locks (fs/lock.c). */
#ifndef FS_LOCK_H
#define FS_LOCK_H

#include <fs/vfs.h>

struct file_locks;
struct files;

enum file_lock_kind {
	FILE_LOCK_FLOCK, /* owner: the open file; whole files only */
	FILE_LOCK_POSIX, /* owner: the table of descriptors; gone when any descriptor of the file is closed */
	FILE_LOCK_OFD,   /* owner: the open file; conflicts with POSIX ones */
};

struct file_lock {
	struct list node;
	enum file_lock_kind kind;
	bool exclusive;
	const void *owner;
	int pid;             /* of who took it; -1: an open file */
	uint64_t start, end; /* bytes, both inclusive; end UINT64_MAX: to the end however far that is */
};

/**
 * file_lock_set() - take, change or (@unlock) give up [start, end] of @f's inode for want->owner.
 * @wait: sleep while another owner is in the way.  Return: 0, -EAGAIN, -EDEADLK, -ERESTARTSYS, -ENOLCK, -ENOMEM.
 */
int file_lock_set(struct file *f, const struct file_lock *want, bool unlock, bool wait);
/** file_lock_test() - a lock that would be in the way of @want. Return: false: none. */
bool file_lock_test(struct file *f, const struct file_lock *want, struct file_lock *found);
void file_locks_release_(struct file *f, const void *owner);
void file_locks_free(struct file_locks *l);
/** file_lock_closed() - a descriptor of @f was closed (@owner: its table), or @f itself ended (@owner: @f). */
static inline void file_lock_closed(struct file *f, const void *owner)
{
	if (unlikely(READ_ONCE(f->inode->locks)))
		file_locks_release_(f, owner);
}

#endif
