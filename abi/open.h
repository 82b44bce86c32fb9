/* What open(2) and openat(2) share. */
#ifndef ABI_OPEN_H
#define ABI_OPEN_H

long open_by_name(int dirfd, const char __user *name, int flags, uint32_t mode);

#endif
