/* Files of /dev: entries of a set. The file system of /dev shows each; opening any inode with its number reaches it. */
#ifndef FS_DEVNODE_H
#define FS_DEVNODE_H

#include <fs/vfs.h>

struct devnode {
	const char *name;           /* below /dev */
	const struct file_ops *ops; /* of an open file of it */
	int (*open)(struct file *f); /* may refuse or change f->ops; NULL: nothing to do. f->flags: O_NOCTTY too */
	uint32_t rdev;              /* DEVNODE_NUMBER() */
	uint16_t mode;              /* S_IFCHR | permissions; 0: has no file of its own in /dev */
	uint16_t minors;            /* numbers in a row that it stands for */
};
SET_DECLARE(devnode, struct devnode, 32);

/* Linux's new_encode_dev(), for the numbers in use. */
#define DEVNODE_NUMBER(major, minor) (((major) << 8) | ((minor) & 0xff) | (((minor) & ~0xffu) << 12))

/** DEVNODE() - DEVNODE(null, "null", &null_ops, NULL, 1, 3, 0666); */
#define DEVNODE(ident, text, o, fn, major, minor, perm)                                            \
	SET_ENTRY(devnode, ident, struct devnode) = { (text), (o), (fn), DEVNODE_NUMBER(major, minor), S_IFCHR | (perm), 1 }
/** DEVNODE_RANGE() - of numbers whose files somebody else makes. */
#define DEVNODE_RANGE(ident, text, o, fn, major, count)                                            \
	SET_ENTRY(devnode, ident, struct devnode) = { (text), (o), (fn), DEVNODE_NUMBER(major, 0), 0, (count) }

/** device_open() - @inode is a character or block device: give @f its operations. @flags: open(2)'s. -ENXIO: not in this kernel. */
int device_open(struct inode *inode, struct file *f, unsigned flags);

#endif
