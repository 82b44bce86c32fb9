/* EROFS: directories. Each block holds entries and then their names; names ascend through all blocks of a directory. */
#include <fs/erofs/erofs.h>
#include <linux/errno.h>

COMPONENT("erofs", "EROFS, the format of root images, in memory");

/* One block of a directory, checked as far as its entry count. */
struct block {
	const uint8_t *at;
	unsigned size;  /* bytes; the last block of a directory may be short */
	unsigned count; /* entries */
};

static int block_open(struct inode *dir, uint64_t number, struct block *b)
{
	struct erofs *fs = erofs_of(dir);
	uint64_t offset = number << fs->block_bits, n;
	struct erofs_dirent first;
	int r = erofs_data(erofs_inode(dir), offset, &b->at, &n);

	if (r)
		return r;
	b->size = (unsigned)MIN(n, 1ull << fs->block_bits);
	if (!b->at || b->size < sizeof(first))
		return erofs_damaged(fs, dir->ino, "a block of the directory is too short");
	memcpy(&first, b->at, sizeof(first));
	if (first.name_offset < sizeof(first) || first.name_offset % sizeof(first) || first.name_offset > b->size)
		return erofs_damaged(fs, dir->ino, "a block of the directory has no possible entry count");
	b->count = first.name_offset / sizeof(first);
	return 0;
}

struct entry {
	const char *name;
	unsigned len;
	uint64_t nid;
	unsigned type; /* DT_* */
};

static int entry_at(struct inode *dir, const struct block *b, unsigned i, struct entry *out)
{
	/* DT_* by EROFS_FT_*: unknown, file, directory, character, block, FIFO, socket, link. */
	static const uint8_t types[8] = { 0, 8, 4, 2, 6, 1, 12, 10 };
	struct erofs_dirent d, next;
	unsigned end = b->size;

	memcpy(&d, b->at + i * sizeof(d), sizeof(d));
	if (i + 1 < b->count) {
		memcpy(&next, b->at + (i + 1) * sizeof(next), sizeof(next));
		end = next.name_offset;
	}
	if (d.name_offset < b->count * sizeof(d) || d.name_offset >= end || end > b->size)
		return erofs_damaged(erofs_of(dir), dir->ino, "a name lies outside its block");
	out->name = (const char *)b->at + d.name_offset;
	out->len = end - d.name_offset;
	if (i + 1 == b->count)
		out->len = (unsigned)strnlen(out->name, out->len); /* the last one may be followed by zeroes */
	if (!out->len || out->len > NAME_LIMIT || memchr(out->name, '/', out->len) || memchr(out->name, 0, out->len))
		return erofs_damaged(erofs_of(dir), dir->ino, "a name is not possible");
	out->nid = d.nid;
	out->type = types[d.type & 7];
	return 0;
}

static uint64_t block_count(struct inode *dir)
{
	unsigned bits = erofs_of(dir)->block_bits;

	return (dir->size >> bits) + !!(dir->size & ((1ull << bits) - 1));
}

static int compare(const char *name, unsigned len, const struct entry *e)
{
	int r = memcmp(name, e->name, MIN(len, e->len));

	return r ? r : (int)len - (int)e->len;
}

/* Binary search: the last block whose first name is not behind the wanted one, then within it. */
int erofs_lookup(struct inode *dir, struct dentry *d)
{
	uint64_t low = 0, high = block_count(dir);
	struct inode *inode;
	struct entry e;
	struct block b;
	int r, order;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		r = block_open(dir, middle, &b);
		if (!r)
			r = entry_at(dir, &b, 0, &e);
		if (r)
			return r;
		if (compare(d->name, d->name_len, &e) < 0)
			high = middle;
		else
			low = middle + 1;
	}
	if (!low)
		return 0;
	r = block_open(dir, low - 1, &b);
	if (r)
		return r;
	for (unsigned from = 0, to = b.count; from < to;) {
		unsigned middle = (from + to) / 2;

		r = entry_at(dir, &b, middle, &e);
		if (r)
			return r;
		order = compare(d->name, d->name_len, &e);
		if (!order) {
			inode = erofs_inode_get(dir->super, e.nid);
			if (is_err(inode))
				return (int)ptr_err(inode);
			dentry_attach(d, inode, false);
			return 0;
		}
		if (order < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return 0;
}

/* A position is the block's number and the entry's in it; entries of a block are fewer than its bytes. */
int erofs_iterate(struct inode *dir, struct dir_context *ctx)
{
	unsigned bits = erofs_of(dir)->block_bits;
	uint64_t blocks = block_count(dir);
	struct entry e;
	struct block b;
	int r;

	while ((uint64_t)ctx->pos >> bits < blocks) {
		uint64_t number = (uint64_t)ctx->pos >> bits;

		r = block_open(dir, number, &b);
		if (r)
			return r;
		for (unsigned i = (unsigned)ctx->pos & ((1u << bits) - 1); i < b.count; i++) {
			off_t next = i + 1 < b.count ? ctx->pos + 1 : (off_t)((number + 1) << bits);

			r = entry_at(dir, &b, i, &e);
			if (r)
				return r;
			if (!ctx->emit(ctx, e.name, e.len, e.nid, e.type, next))
				return 0;
			ctx->pos = next;
		}
		ctx->pos = (off_t)((number + 1) << bits);
	}
	return 0;
}

static int erofs_readdir(struct file *f, struct dir_context *ctx)
{
	return erofs_iterate(f->inode, ctx);
}

const struct file_ops erofs_dir_file_ops = {
	.seek = dir_seek,
	.readdir = erofs_readdir,
};
