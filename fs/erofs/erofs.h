/* EROFS: what its files share (fs/erofs/). The image is never trusted: each position is checked when read.
 *
 * An image lies in memory, or on a disk (disk.c). Then what describes files is read into a window of the kernel's
 * addresses, so that all code sees an image in memory; contents of files are read into their page caches. */
#ifndef FS_EROFS_EROFS_H
#define FS_EROFS_EROFS_H

#include <fs/erofs/erofs_fs.h>
#include <fs/filesystem.h>
#include <fs/reclaim.h>

#define EROFS_BUCKETS 16u

struct block_piece;

/* How an image on a disk is reached (disk.c, which a kernel without disks lacks). */
struct erofs_disk {
	/* Make @n bytes at @offset of the image be in the window. May sleep. Return: they are. */
	bool (*load)(struct erofs_disk *d, uint64_t offset, uint64_t n);
	/* Read pieces from @offset of the image on, a multiple of 512. -EIO. */
	int (*read)(struct erofs_disk *d, uint64_t offset, const struct block_piece *pieces, unsigned count);
	void (*release)(struct erofs_disk *d);
};

struct erofs {
	const uint8_t *image;   /* borrowed: memory that stays, or the window; I */
	struct erofs_disk *disk; /* owned; NULL: the image lies in memory; I */
	uint64_t size;          /* bytes of it; I */
	unsigned block_bits;    /* I */
	uint64_t meta, xattrs;  /* bytes from the image's start; I */
	uint64_t root_nid;      /* I */
	uint64_t blocks, inode_count; /* I; for statfs */
	int64_t build_time_ns;  /* I */
	bool zero_padding;      /* I: compressed data ends with its last block */
	struct erofs_decoded *decoded; /* owned; a: compressed.c's */
	bool said_damaged;      /* a: one line was enough */
	struct mutex lock;      /* RANK_INODE_TABLE: linked */
	struct list linked[EROFS_BUCKETS]; /* lock: inodes with several names, so that each is one inode */
};

struct erofs_inode {
	struct inode inode;     /* ino is the nid */
	struct list linked;     /* erofs->lock */
	struct clean_cache clean; /* its page cache, if it has one */
	uint8_t layout;         /* enum erofs_layout; I, as all below */
	uint8_t chunk_bits;
	bool chunk_indexes;
	uint16_t advise;        /* compressed.c's, and the next */
	uint8_t second_algorithm;
	uint64_t data;          /* bytes from the image's start: blocks of the data */
	uint64_t tail;          /* the same: inline tail, or chunk table */
	uint64_t xattrs;        /* the same; 0: none */
	uint32_t xattrs_size;
	char link_text[];       /* target of a symbolic link */
};

static inline struct erofs *erofs_of(const struct inode *inode)
{
	return inode->super->private;
}
static inline struct erofs_inode *erofs_inode(struct inode *inode)
{
	return container_of(inode, struct erofs_inode, inode);
}
/** erofs_within() - @n bytes at @offset lie in the image. */
static inline bool erofs_within(const struct erofs *fs, uint64_t offset, uint64_t n)
{
	return offset <= fs->size && n <= fs->size - offset;
}
/** erofs_at() - @n bytes at @offset of the image, or NULL: they do not lie in it, or cannot be read. May sleep. */
static inline const void *erofs_at(const struct erofs *fs, uint64_t offset, uint64_t n)
{
	if (!erofs_within(fs, offset, n) || (fs->disk && !fs->disk->load(fs->disk, offset, n)))
		return NULL;
	return fs->image + offset;
}
/** erofs_damaged() - say once that the image is broken. Return: -EUCLEAN. */
int erofs_damaged(struct erofs *fs, uint64_t nid, const char *what);
/** erofs_unsupported() - say once that the image uses something that is not read here. Return: -EOPNOTSUPP. */
int erofs_unsupported(struct erofs *fs, uint64_t nid, const char *what);

/* inode.c */
/** erofs_inode_get() - inode @nid, with a reference; err_ptr(-EUCLEAN, -EOPNOTSUPP: compressed, -ENOMEM). */
struct inode *erofs_inode_get(struct super *super, uint64_t nid) __must_check;
/* data.c */
/**
 * erofs_data() - where byte @offset (below the size) lies. *@n: bytes in a row from there, at least 1; of a disk, up to
 * the end of the block at least. *@at: NULL: a hole. Return: 0, -EUCLEAN, -EIO.
 */
int erofs_data(struct erofs_inode *e, uint64_t offset, const uint8_t **at, uint64_t *n);
int erofs_page(struct inode *inode, uint64_t index, bool write, struct vm_page *out);
unsigned erofs_resident(struct inode *inode, uint64_t index, unsigned count, struct vm_page *out);
extern const struct file_ops erofs_file_ops;
/* compressed.c; weak in absent/ */
/** erofs_compressed_open() - look at what lies at @end, behind inode and attributes. -EUCLEAN, -EOPNOTSUPP, -ENOMEM. */
int erofs_compressed_open(struct erofs_inode *e, uint64_t end);
/** erofs_compressed_page() - fill @page with page @index, up to the file's end. -EUCLEAN, -ENOMEM, -EIO. May sleep. */
int erofs_compressed_page(struct erofs_inode *e, uint64_t index, char *page);
void erofs_compressed_close(struct erofs *fs);
static inline bool erofs_is_compressed(const struct erofs_inode *e)
{
	return e->layout == EROFS_COMPRESSED_FULL || e->layout == EROFS_COMPRESSED_COMPACT;
}
/* dir.c */
int erofs_lookup(struct inode *dir, struct dentry *d);
int erofs_iterate(struct inode *dir, struct dir_context *ctx);
extern const struct file_ops erofs_dir_file_ops;
/* xattr.c */
ssize_t erofs_xattr_get(struct inode *inode, const char *name, void *value, size_t size);
ssize_t erofs_xattr_list(struct inode *inode, char *list, size_t size);
/* super.c */
/**
 * erofs_super_open() - a super of the image of @size bytes at @image (memory that stays, 8-byte aligned).
 * *@why: on failure, one phrase that says what is wrong. Return: 0; -EUCLEAN, -EOPNOTSUPP, -ENOMEM.
 */
int erofs_super_open(const void *image, uint64_t size, struct super **out, const char **why);
/** erofs_super_open_disk() - the same for an image behind @disk, which is the super's, or is released on failure. */
int erofs_super_open_disk(struct erofs_disk *disk, const void *window, uint64_t size, struct super **out,
			  const char **why);
/* disk.c; weak in absent/ */
/** erofs_disk_open() - the image on the block device @name ("/dev/vda"). As above; -ENOTBLK: there is no such device. */
int erofs_disk_open(const char *name, struct super **out, const char **why);

#endif
