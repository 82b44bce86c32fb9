/* What the calls of abi/stat.c share with their older forms in abi/legacy/. */
#ifndef ABI_STAT_H
#define ABI_STAT_H

struct stat;

/** stat_by_name() - @flags: AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH. */
long stat_by_name(int dirfd, const char __user *name, struct stat __user *to, unsigned flags);
long access_by_name(int dirfd, const char __user *name, unsigned mode, unsigned flags);
long readlink_by_name(int dirfd, const char __user *name, char __user *to, int size);

#endif
