/* File systems that can be mounted: entries of a set, found by name. */
#ifndef FS_FILESYSTEM_H
#define FS_FILESYSTEM_H

#include <fs/vfs.h>

struct filesystem {
	const char *name; /* as in mount(2) and /proc/filesystems */
	/* A super with its root; one reference, the caller's. @source and @options are text, "" if none. -errno. */
	int (*mount)(const struct filesystem *fs, const char *source, const char *options, struct super **out);
	uint64_t flags;   /* FILESYSTEM_* */
};
#define FILESYSTEM_NODEV 1u /* needs no block device */
SET_DECLARE(filesystem, struct filesystem, 24);

/** FILESYSTEM() - FILESYSTEM(tmpfs, tmpfs_mount, FILESYSTEM_NODEV); */
#define FILESYSTEM(ident, fn, fl) SET_ENTRY(filesystem, ident, struct filesystem) = { #ident, fn, fl }

/** filesystem_find() - by name, or NULL. */
const struct filesystem *filesystem_find(const char *name);

#endif
