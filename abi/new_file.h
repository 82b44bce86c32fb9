/* How a call that makes a file ends: the file gets a descriptor. */
#ifndef ABI_NEW_FILE_H
#define ABI_NEW_FILE_H

#include <fs/files.h>

/** fd_of_new() - the lowest free descriptor for @f, whose reference moves, also on failure. @f NULL: -ENOMEM. */
static inline long fd_of_new(struct file *f, bool cloexec)
{
	int fd;

	if (!f)
		return -ENOMEM;
	fd = fd_install(f, cloexec, 0);
	if (fd < 0)
		file_put(f);
	return fd;
}

#endif
