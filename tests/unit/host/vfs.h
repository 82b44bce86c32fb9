/* For tests of file systems: memory, a set with the file systems that are linked, and what lies on other floors. */
#ifndef TESTS_UNIT_HOST_VFS_H
#define TESTS_UNIT_HOST_VFS_H

#include <fs/vfs.h>
#include <linux/fcntl.h>

/** host_vfs_init() - 64 MiB of memory, nothing mounted. */
void host_vfs_init(void);
/** host_tmp() - a path in the directory of host_run(). */
const char *host_tmp(const char *name);
/** host_number() - atoi(). */
int host_number(const char *text);

#endif
