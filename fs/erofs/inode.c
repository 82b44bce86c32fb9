/* EROFS: inodes (erofs_fs.h), made on demand from the 32 or 64 bytes in the image. */
#include <core/ref.h>
#include <core/slab.h>
#include <fs/erofs/erofs.h>
#include <linux/errno.h>

COMPONENT("erofs", "EROFS, the format of root images, in memory");

/* What both sizes of inode say. */
struct facts {
	unsigned layout;
	uint32_t mode, nlink, uid, gid, where, xattr_count;
	uint64_t size;
	int64_t mtime_ns;
	uint64_t end; /* offset of the first byte behind the inode */
};

static int read_facts(struct erofs *fs, uint64_t nid, struct facts *out)
{
	uint64_t at = fs->meta + (nid << EROFS_SLOT_BITS);
	const struct erofs_inode_compact *c;
	const struct erofs_inode_extended *x;

	if (nid >= fs->size >> EROFS_SLOT_BITS)
		return erofs_damaged(fs, nid, "it lies outside");
	c = erofs_at(fs, at, sizeof(*c));
	if (!c)
		return erofs_damaged(fs, nid, "it lies outside");
	if (c->format & ~EROFS_FORMAT_KNOWN)
		return erofs_damaged(fs, nid, "its format is unknown");
	out->layout = EROFS_FORMAT_LAYOUT(c->format);
	out->xattr_count = c->xattr_count;
	out->mode = c->mode;
	if (!(c->format & EROFS_FORMAT_EXTENDED)) {
		out->size = c->size;
		out->where = c->where;
		out->uid = c->uid;
		out->gid = c->gid;
		out->nlink = c->nlink;
		out->mtime_ns = fs->build_time_ns;
		out->end = at + sizeof(*c);
		return 0;
	}
	x = erofs_at(fs, at, sizeof(*x));
	if (!x)
		return erofs_damaged(fs, nid, "it lies outside");
	out->size = x->size;
	out->where = x->where;
	out->uid = x->uid;
	out->gid = x->gid;
	out->nlink = x->nlink;
	out->mtime_ns = x->mtime < INT64_MAX / 1000000000 ?
				(int64_t)x->mtime * 1000000000 + x->mtime_nsec % 1000000000 : INT64_MAX;
	out->end = at + sizeof(*x);
	return 0;
}

/* Where the data lies; checked once here, so that reading needs no checks. Of a disk, the tail is read now. */
static int place_data(struct erofs *fs, struct erofs_inode *e, const struct facts *f)
{
	uint64_t block = 1ull << fs->block_bits, full, chunks;
	uint64_t nid = e->inode.ino;
	unsigned entry;

	e->layout = (uint8_t)f->layout;
	e->data = (uint64_t)f->where << fs->block_bits;
	e->tail = f->end + e->xattrs_size;
	if (f->size > INT64_MAX)
		return erofs_damaged(fs, nid, "its size is impossible");
	switch (f->layout) {
	case EROFS_FLAT_PLAIN:
		if (f->size && !erofs_within(fs, e->data, f->size))
			return erofs_damaged(fs, nid, "its data lies outside");
		return 0;
	case EROFS_FLAT_INLINE:
		full = f->size & ~(block - 1);
		if (full && !erofs_within(fs, e->data, full))
			return erofs_damaged(fs, nid, "its data lies outside");
		if (!erofs_at(fs, e->tail, f->size - full))
			return erofs_damaged(fs, nid, "its tail lies outside");
		return 0;
	case EROFS_CHUNKED:
		if (f->where & ~EROFS_CHUNK_KNOWN)
			return erofs_unsupported(fs, nid, "its chunks are of an unknown kind");
		e->chunk_bits = (uint8_t)(fs->block_bits + (f->where & EROFS_CHUNK_BITS));
		e->chunk_indexes = f->where & EROFS_CHUNK_INDEXES;
		entry = e->chunk_indexes ? sizeof(struct erofs_chunk_index) : sizeof(uint32_t);
		e->tail = ALIGN_UP(e->tail, (uint64_t)entry);
		chunks = (f->size >> e->chunk_bits) + !!(f->size & ((1ull << e->chunk_bits) - 1));
		if (chunks > fs->size / entry || !erofs_within(fs, e->tail, chunks * entry))
			return erofs_damaged(fs, nid, "its chunk table lies outside");
		return 0;
	case EROFS_COMPRESSED_FULL:
	case EROFS_COMPRESSED_COMPACT:
		if ((f->mode & S_IFMT) != S_IFREG)
			return erofs_damaged(fs, nid, "it is compressed, and no file");
		return erofs_compressed_open(e, e->tail);
	}
	return erofs_unsupported(fs, nid, "its layout is unknown");
}

static void erofs_inode_destroy(struct inode *inode)
{
	struct erofs *fs = erofs_of(inode);
	struct erofs_inode *e = erofs_inode(inode);

	mutex_lock(&fs->lock);
	list_del(&e->linked);
	mutex_unlock(&fs->lock);
	clean_cache_unlist(&e->clean);
	inode_fini(inode);
	kfree(e);
}

static const struct inode_ops dir_ops = {
	.lookup = erofs_lookup,
	.iterate = erofs_iterate,
	.xattr_get = erofs_xattr_get,
	.xattr_list = erofs_xattr_list,
	.destroy = erofs_inode_destroy,
};
static const struct inode_ops file_ops = {
	.page = erofs_page,
	.resident = erofs_resident,
	.xattr_get = erofs_xattr_get,
	.xattr_list = erofs_xattr_list,
	.destroy = erofs_inode_destroy,
};
static const struct inode_ops other_ops = {
	.xattr_get = erofs_xattr_get,
	.xattr_list = erofs_xattr_list,
	.destroy = erofs_inode_destroy,
};

static int fill(struct super *super, struct erofs_inode *e, uint64_t nid, const struct facts *f)
{
	struct erofs *fs = super->private;
	struct inode *inode = &e->inode;
	uint32_t type = f->mode & S_IFMT;
	uint64_t n;
	int r = 0;

	inode_init(inode, super, type == S_IFDIR ? &dir_ops : type == S_IFREG ? &file_ops : &other_ops,
		   type == S_IFDIR ? &erofs_dir_file_ops : type == S_IFREG ? &erofs_file_ops : NULL, f->mode);
	inode->ino = nid;
	inode->nlink = f->nlink;
	inode->uid = f->uid;
	inode->gid = f->gid;
	inode->atime_ns = inode->mtime_ns = inode->ctime_ns = inode->btime_ns = f->mtime_ns;
	list_init(&e->linked);
	clean_cache_init(&e->clean, &inode->pages);
	if (f->xattr_count) {
		e->xattrs = f->end;
		e->xattrs_size = (uint32_t)(sizeof(struct erofs_xattr_header) + (f->xattr_count - 1) * 4);
		if (!erofs_at(fs, e->xattrs, e->xattrs_size))
			return erofs_damaged(fs, nid, "its attributes lie outside");
	}
	switch (type) {
	case S_IFREG:
	case S_IFDIR:
	case S_IFLNK:
		inode->size = f->size;
		r = place_data(fs, e, f);
		break;
	case S_IFCHR:
	case S_IFBLK:
		inode->rdev = f->where;
		break;
	case S_IFIFO:
	case S_IFSOCK:
		break;
	default:
		r = erofs_damaged(fs, nid, "its type is unknown");
	}
	if (!r && type == S_IFLNK) {
		for (uint64_t done = 0; !r && done < f->size; done += n) {
			const uint8_t *at;

			r = erofs_data(e, done, &at, &n);
			if (!r && !at)
				r = erofs_damaged(fs, nid, "a link with a hole");
			if (!r)
				memcpy(e->link_text + done, at, (size_t)n);
		}
		e->link_text[f->size] = '\0';
		inode->link = e->link_text;
	}
	return r;
}

static struct inode *find_linked(struct list *bucket, uint64_t nid)
{
	struct erofs_inode *e;

	list_for_each(e, bucket, linked) {
		/* One whose last reference is gone is on its way out. */
		if (e->inode.ino == nid && ref_get_found(&e->inode.refs))
			return &e->inode;
	}
	return NULL;
}

struct inode *erofs_inode_get(struct super *super, uint64_t nid)
{
	struct erofs *fs = super->private;
	struct list *bucket = &fs->linked[nid % EROFS_BUCKETS];
	struct inode *inode = NULL;
	struct erofs_inode *e;
	struct facts f = { 0 };
	bool shared, is_link;
	int r = read_facts(fs, nid, &f);

	if (r)
		return err_ptr(r);
	is_link = (f.mode & S_IFMT) == S_IFLNK;
	if (is_link && (f.size == 0 || f.size >= PATH_LIMIT))
		return err_ptr(erofs_damaged(fs, nid, "its link has no possible length"));
	shared = f.nlink > 1 && (f.mode & S_IFMT) != S_IFDIR;
	if (shared) {
		mutex_lock(&fs->lock);
		inode = find_linked(bucket, nid);
		mutex_unlock(&fs->lock);
		if (inode)
			return inode;
	}
	e = kzalloc(sizeof(*e) + (is_link ? f.size + 1 : 0));
	if (!e)
		return err_ptr(-ENOMEM);
	r = fill(super, e, nid, &f);
	if (r) {
		inode_put(&e->inode);
		return err_ptr(r);
	}
	if (shared) {
		mutex_lock(&fs->lock);
		inode = find_linked(bucket, nid);
		if (!inode)
			list_add(bucket, &e->linked);
		mutex_unlock(&fs->lock);
	}
	if (!inode)
		return &e->inode;
	inode_put(&e->inode); /* another thread was faster */
	return inode;
}
