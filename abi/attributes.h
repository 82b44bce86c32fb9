/* Calls that change attributes: what they share with their older forms in abi/legacy/. */
#ifndef ABI_ATTRIBUTES_H
#define ABI_ATTRIBUTES_H

#include <fs/vfs.h>

/** change_by_name() - apply @change (changed on the way) to what @name is; @flags: AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH. */
long change_by_name(int dirfd, const char __user *name, unsigned flags, struct attribute_change *change);
long chown_by_name(int dirfd, const char __user *name, unsigned flags, uint32_t uid, uint32_t gid);
/** times_by_name() - utimensat(2) with times that were read already; NULL @times: now. @name NULL: @dirfd itself. */
struct time_pair {
	int64_t ns[2];  /* access, modification */
	bool now[2], omit[2];
};
long times_by_name(int dirfd, const char __user *name, unsigned flags, const struct time_pair *times);

#endif
