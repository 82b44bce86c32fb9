/* EROFS: the super block (erofs_fs.h). Read-only. */
#include <core/crc32c.h>
#include <core/log.h>
#include <core/slab.h>
#include <fs/erofs/erofs.h>
#include <linux/errno.h>
#include <linux/magic.h>

COMPONENT("erofs", "EROFS, the format of root images, in memory");

int erofs_damaged(struct erofs *fs, uint64_t nid, const char *what)
{
	if (!__atomic_exchange_n(&fs->said_damaged, true, __ATOMIC_RELAXED))
		log_err("erofs: the image is damaged: inode %lu: %s", (unsigned long)nid, what);
	return -EUCLEAN;
}

int erofs_unsupported(struct erofs *fs, uint64_t nid, const char *what)
{
	if (!__atomic_exchange_n(&fs->said_damaged, true, __ATOMIC_RELAXED))
		log_err("erofs: inode %lu cannot be read: %s", (unsigned long)nid, what);
	return -EOPNOTSUPP;
}

static void erofs_statfs(struct super *s, struct statfs_info *out)
{
	const struct erofs *fs = s->private;

	out->type = EROFS_SUPER_MAGIC_V1;
	out->block_size = 1ull << fs->block_bits;
	out->blocks = fs->blocks;
	out->files = fs->inode_count;
}

static void erofs_destroy(struct super *s)
{
	struct erofs *fs = s->private;

	erofs_compressed_close(fs);
	if (fs->disk)
		fs->disk->release(fs->disk);
	kfree(fs);
}

static const struct super_ops erofs_super_ops = {
	.statfs = erofs_statfs,
	.inode_by_number = erofs_inode_get,
	.destroy = erofs_destroy,
};

static uint32_t checksum(const struct erofs_super *sb, size_t n)
{
	static const uint32_t zero;
	uint32_t crc = crc32c(~0u, sb, offsetof(struct erofs_super, checksum));

	crc = crc32c(crc, &zero, sizeof(zero));
	return crc32c(crc, &sb->feature_compat, n - offsetof(struct erofs_super, feature_compat));
}

static int check_super(const void *image, uint64_t size, const char **why)
{
	const struct erofs_super *sb = (const void *)((const char *)image + EROFS_SUPER_OFFSET);
	uint64_t block;

	*why = "it is shorter than a super block";
	if (size < EROFS_SUPER_OFFSET + sizeof(*sb))
		return -EUCLEAN;
	*why = "it is not an EROFS image";
	if (sb->magic != EROFS_MAGIC)
		return -EUCLEAN;
	*why = "its block size is not 512 to 4096 bytes";
	if (sb->block_bits < 9 || sb->block_bits > PAGE_SHIFT)
		return -EOPNOTSUPP;
	*why = "it uses features that are not supported (make it with one device, without fragments)";
	if (sb->feature_incompat & ~(EROFS_INCOMPAT_ZERO_PADDING | EROFS_INCOMPAT_COMPRESSION | EROFS_INCOMPAT_CHUNKED) || sb->extra_devices ||
	    sb->directory_block_bits)
		return -EOPNOTSUPP;
	*why = "it is truncated";
	block = 1ull << sb->block_bits;
	if (size < EROFS_SUPER_OFFSET + block || (uint64_t)sb->blocks << sb->block_bits > size ||
	    (uint64_t)sb->meta_block << sb->block_bits > size)
		return -EUCLEAN;
	*why = "the checksum of its super block is wrong";
	if (sb->feature_compat & EROFS_COMPAT_CHECKSUM &&
	    checksum(sb, block > EROFS_SUPER_OFFSET ? block - EROFS_SUPER_OFFSET : block) != sb->checksum)
		return -EUCLEAN;
	return 0;
}

static int open_image(struct erofs_disk *disk, const void *image, uint64_t size, struct super **out, const char **why)
{
	const struct erofs_super *sb = (const void *)((const char *)image + EROFS_SUPER_OFFSET);
	const struct filesystem *type = filesystem_find("erofs");
	struct inode *root;
	struct erofs *fs;
	struct super *s;
	int r = check_super(image, size, why);

	if (r)
		goto fail;
	*why = "memory is short";
	fs = kmalloc(sizeof(*fs));
	s = fs ? super_alloc(type, &erofs_super_ops, fs) : NULL;
	if (!s) {
		kfree(fs);
		r = -ENOMEM;
		goto fail;
	}
	*fs = (struct erofs){
		.image = image,
		.disk = disk,
		.size = size,
		.block_bits = sb->block_bits,
		.meta = (uint64_t)sb->meta_block << sb->block_bits,
		.xattrs = (uint64_t)sb->xattr_block << sb->block_bits,
		.zero_padding = sb->feature_incompat & EROFS_INCOMPAT_ZERO_PADDING,
		.root_nid = sb->root_nid,
		.blocks = sb->blocks,
		.inode_count = sb->inode_count,
	};
	if (sb->build_time < INT64_MAX / 1000000000)
		fs->build_time_ns = (int64_t)sb->build_time * 1000000000 + sb->build_time_nsec % 1000000000;
	mutex_init(&fs->lock, RANK_INODE_TABLE);
	for (unsigned i = 0; i < EROFS_BUCKETS; i++)
		list_init(&fs->linked[i]);
	s->read_only = true;
	s->last_ino = size >> EROFS_SLOT_BITS; /* what lies above is free for a layer over it */
	root = erofs_inode_get(s, fs->root_nid);
	*why = "its root directory is damaged";
	r = is_err(root) ? (int)ptr_err(root) : 0;
	if (!r && !inode_is_dir(root)) {
		inode_put(root);
		r = -EUCLEAN;
	}
	if (!r) {
		s->root = dentry_root(root);
		if (!s->root)
			r = -ENOMEM;
	}
	if (r)
		super_put(s);
	else
		*out = s;
	return r;
fail:
	if (disk)
		disk->release(disk);
	return r;
}

int erofs_super_open(const void *image, uint64_t size, struct super **out, const char **why)
{
	return open_image(NULL, image, size, out, why);
}

int erofs_super_open_disk(struct erofs_disk *disk, const void *window, uint64_t size, struct super **out,
			  const char **why)
{
	uint64_t first = MIN(size, 2 * PAGE_SIZE); /* the super block, and all that its checksum is of */

	if (disk->load(disk, 0, first))
		return open_image(disk, window, size, out, why);
	disk->release(disk);
	*why = "it cannot be read";
	return -EIO;
}

static int erofs_mount(const struct filesystem *fs, const char *source, const char *options, struct super **out)
{
	const char *why;
	int r = erofs_disk_open(source, out, &why);

	if (r && r != -ENOTBLK)
		log_warn("erofs: %s: %s", source, why);
	return r;
}
FILESYSTEM(erofs, erofs_mount, 0);
