/* Calls that make, remove and rename names: what they share with their older forms in abi/legacy/. */
#ifndef ABI_NAMES_H
#define ABI_NAMES_H

long make_by_name(int dirfd, const char __user *name, uint32_t mode, uint64_t device);
long mknod_by_name(int dirfd, const char __user *name, uint32_t mode, unsigned device);
long unlink_by_name(int dirfd, const char __user *name, bool directory);
long rename_by_name(int dirfd, const char __user *name, int to_dirfd, const char __user *to_name, unsigned flags);
long link_by_name(int dirfd, const char __user *name, int to_dirfd, const char __user *to_name, unsigned flags);
long symlink_by_name(const char __user *target, int dirfd, const char __user *name);

#endif
