/* Disks as files of /dev: what fs/dev/block.c gives to a kernel that has disks, as an entry of a set. */
#ifndef FS_BLOCKFILE_H
#define FS_BLOCKFILE_H

#include <fs/vfs.h>

struct blockfile {
	const char *name; /* of the entry */
	/* Name below /dev and number of disk @index, from 0. Return: there is one. */
	bool (*describe)(unsigned index, const char **name, uint32_t *rdev);
	/* @inode is a block device: give @f its operations. -ENXIO: there is no such disk. */
	int (*open)(struct inode *inode, struct file *f);
	/* Write everything back that files of all disks keep. May sleep; of locks from RANK_WRITE_BACK on none is held. */
	void (*sync)(void);
};
SET_DECLARE(blockfile, struct blockfile, 32);

/** block_files_sync() - sync(2): of all that keeps something from a disk. */
static inline void block_files_sync(void)
{
	set_for_each(blockfile, b)
		b->sync();
}

#endif
