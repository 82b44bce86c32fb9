/* What getdents64(2) and getdents(2) share. */
#ifndef ABI_DIRECTORY_H
#define ABI_DIRECTORY_H

#include <fs/vfs.h>

/* Entries on their way to a program, in whichever form: ctx.emit is the form's. */
struct directory_reading {
	struct dir_context ctx;
	char __user *to;
	size_t left, done;
	int error;
};

/** directory_put() - one @entry of @size bytes. Return: there is more room. */
bool directory_put(struct directory_reading *r, const void *entry, size_t size);
/** directory_read() - the entries of @fd from its position on, @size bytes at most. Return: bytes; -EBADF, -ENOTDIR, -EINVAL: not
 * even one fits; -EFAULT. */
long directory_read(int fd, bool (*emit)(struct dir_context *, const char *, size_t, uint64_t, unsigned, off_t), void __user *to,
		    unsigned size);

#endif
