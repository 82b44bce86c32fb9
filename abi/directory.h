/* What getdents64(2) and getdents(2) share. */
#ifndef ABI_DIRECTORY_H
#define ABI_DIRECTORY_H

#include <fs/vfs.h>

/** directory_read() - call readdir of what @fd is, from its position on. 0, -EBADF, -ENOTDIR. */
long directory_read(int fd, struct dir_context *ctx);

#endif
