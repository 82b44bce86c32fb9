/* EROFS: contents of files. Of an image in memory, reads copy from there, and mappings get the pages in place; of one on
 * a disk, both go through the page cache, which is filled a stretch at a time.
 *
 * place_data() in inode.c has checked that flat data lies in the image; chunk tables are checked entry by entry here.
 * Pages of the page cache may go at any time, when memory is short (fs/reclaim.h).
 */
#include <drivers/block.h>
#include <fs/erofs/erofs.h>
#include <linux/errno.h>

COMPONENT("erofs", "EROFS, the format of root images, in memory");

#define RECLAIM_TRIES 1000u /* of a read for which there is no memory, as long as some becomes free */
#define HOLE       UINT64_MAX
#define LOAD_BYTES (8 * PAGE_SIZE) /* of a disk's image made visible at a time */

static int chunk_extent(struct erofs_inode *e, uint64_t offset, uint64_t *where, uint64_t *n)
{
	struct erofs *fs = erofs_of(&e->inode);
	uint64_t size = e->inode.size, chunk = offset >> e->chunk_bits, within = offset & ((1ull << e->chunk_bits) - 1);
	uint64_t left = MIN((1ull << e->chunk_bits) - within, size - offset);
	const uint8_t *entry;
	uint32_t block;

	if (e->chunk_indexes) {
		struct erofs_chunk_index index;

		entry = erofs_at(fs, e->tail + chunk * sizeof(index), sizeof(index));
		if (!entry)
			return -EIO;
		memcpy(&index, entry, sizeof(index));
		if (index.device)
			return -EOPNOTSUPP;
		block = index.block;
	} else {
		entry = erofs_at(fs, e->tail + chunk * sizeof(block), sizeof(block));
		if (!entry)
			return -EIO;
		memcpy(&block, entry, sizeof(block));
	}
	*n = left;
	*where = HOLE;
	if (block == EROFS_CHUNK_HOLE)
		return 0;
	*where = ((uint64_t)block << fs->block_bits) + within;
	return erofs_within(fs, *where, left) ? 0 : erofs_damaged(fs, e->inode.ino, "a chunk lies outside");
}

/* Where byte @offset lies in the image, or HOLE; *@n: how many in a row. */
static inline int extent(struct erofs_inode *e, uint64_t offset, uint64_t *where, uint64_t *n)
{
	struct erofs *fs = erofs_of(&e->inode);
	uint64_t size = e->inode.size, full;

	switch (e->layout) {
	case EROFS_FLAT_PLAIN:
		*where = e->data + offset;
		*n = size - offset;
		return 0;
	case EROFS_FLAT_INLINE:
		full = size & ~((1ull << fs->block_bits) - 1);
		if (offset < full) {
			*where = e->data + offset;
			*n = full - offset;
		} else {
			*where = e->tail + (offset - full);
			*n = size - offset;
		}
		return 0;
	default:
		return chunk_extent(e, offset, where, n);
	}
}

int erofs_data(struct erofs_inode *e, uint64_t offset, const uint8_t **at, uint64_t *n)
{
	struct erofs *fs = erofs_of(&e->inode);
	uint64_t where;
	int r = extent(e, offset, &where, n);

	if (unlikely(r))
		return r;
	if (where == HOLE) {
		*at = NULL;
		return 0;
	}
	if (!fs->disk) {
		*at = fs->image + where;
		return 0;
	}
	*n = MIN(*n, LOAD_BYTES);
	*at = erofs_at(fs, where, *n);
	return *at ? 0 : -EIO;
}

/* Read the page at @index, which becomes *@out, and those behind it that lie in a row on the disk into the page cache.
 * -ENODATA: it is not whole sectors in a row; -EEXIST: another thread was faster. */
static int read_stretch(struct erofs_inode *e, uint64_t index, struct page **out)
{
	uint64_t offset = index << PAGE_SHIFT, where, n, bytes;
	struct block_piece pieces[BLOCK_PIECES_MAX];
	struct page *pages[BLOCK_PIECES_MAX];
	struct erofs *fs = erofs_of(&e->inode);
	unsigned count = 0, wanted;
	int r = extent(e, offset, &where, &n);

	if (r)
		return r;
	if (where == HOLE || where % BLOCK_SECTOR || (n < PAGE_SIZE && offset + n < e->inode.size))
		return -ENODATA;
	bytes = offset + n < e->inode.size ? ALIGN_DOWN(n, PAGE_SIZE) : n;
	bytes = MIN(bytes, BLOCK_PIECES_MAX * PAGE_SIZE);
	if (!erofs_within(fs, where, ALIGN_UP(bytes, (uint64_t)BLOCK_SECTOR)))
		return -ENODATA;
	wanted = (unsigned)(ALIGN_UP(bytes, PAGE_SIZE) / PAGE_SIZE);
	while (count < wanted && (!count || page_cache_next(&e->inode.pages, index + count) != index + count)) {
		uint64_t left = bytes - count * PAGE_SIZE;
		struct page *p = page_alloc(0, left < PAGE_SIZE ? PAGE_ZERO : 0);

		if (!p)
			break;
		pages[count] = p;
		pieces[count].data = page_address(p);
		pieces[count++].length = (uint32_t)MIN(ALIGN_UP(left, (uint64_t)BLOCK_SECTOR), PAGE_SIZE);
	}
	r = count ? fs->disk->read(fs->disk, where, pieces, count) : -ENOMEM;
	/* Behind the end of the file a mapping shows zeroes. */
	if (!r && count == wanted && bytes % PAGE_SIZE)
		memset((char *)pieces[count - 1].data + bytes % PAGE_SIZE, 0, PAGE_SIZE - bytes % PAGE_SIZE);
	for (unsigned i = 0; i < count; i++) {
		int inserted = r ? r : page_cache_insert(&e->inode.pages, index + i, pages[i]);

		if (!i && !inserted)
			*out = pages[0];
		else
			page_put(pages[i]);
		if (!i)
			r = inserted; /* of those behind it does not matter */
	}
	clean_cache_list(&e->clean);
	return r;
}

/* Put what the file has at page @index into the page cache, and into *@out. -EEXIST: another thread was faster. */
static int make_page(struct erofs_inode *e, uint64_t index, struct page **out)
{
	uint64_t start = index << PAGE_SHIFT, end = MIN(start + PAGE_SIZE, e->inode.size);
	struct page *page;
	int r = 0;

	if (erofs_of(&e->inode)->disk && !erofs_is_compressed(e)) {
		r = read_stretch(e, index, out);
		if (r != -ENODATA)
			return r;
		r = 0;
	}
	page = page_alloc(0, PAGE_ZERO);
	if (!page)
		return -ENOMEM;
	if (erofs_is_compressed(e)) {
		r = erofs_compressed_page(e, index, page_address(page));
		start = end;
	}
	for (uint64_t at = start; !r && at < end;) {
		const uint8_t *from;
		uint64_t n;

		r = erofs_data(e, at, &from, &n);
		if (r)
			break;
		n = MIN(n, end - at);
		if (from)
			memcpy((char *)page_address(page) + (at - start), from, (size_t)n);
		at += n;
	}
	if (!r)
		r = page_cache_insert(&e->inode.pages, index, page);
	if (r) {
		page_put(page);
		return r;
	}
	*out = page;
	clean_cache_list(&e->clean);
	return 0;
}

/* A page that is not one page of an image in memory: a copy in the page cache. */
static int copied_page(struct erofs_inode *e, uint64_t index, struct page **out)
{
	int r = -EEXIST;

	while (r == -EEXIST) {
		struct page *page = page_cache_find(&e->inode.pages, index);

		if (page) {
			page_cache_used(page);
			*out = page;
			return 0;
		}
		r = make_page(e, index, out);
	}
	return r == -EUCLEAN ? -EIO : r;
}

static ssize_t erofs_read(struct file *f, struct io *io, off_t *pos)
{
	struct erofs_inode *e = erofs_inode(f->inode);
	uint64_t at = (uint64_t)*pos, size = f->inode->size;
	bool paged = erofs_of(f->inode)->disk || erofs_is_compressed(e);
	unsigned tries = RECLAIM_TRIES;
	size_t done = 0;

	while (io->left && at < size) {
		struct page *page = NULL;
		const uint8_t *from = NULL;
		uint64_t n;
		size_t want, moved;
		int r;

		if (paged) {
			r = copied_page(e, at >> PAGE_SHIFT, &page);
			if (unlikely(r == -ENOMEM) && tries-- && page_reclaim_wait())
				continue;
			n = MIN(PAGE_SIZE - at % PAGE_SIZE, size - at);
		} else {
			r = erofs_data(e, at, &from, &n);
		}
		if (r)
			return done ? (ssize_t)done : r;
		if (page)
			from = (const uint8_t *)page_address(page) + at % PAGE_SIZE;
		want = (size_t)MIN(n, (uint64_t)io->left);
		moved = from ? io_put(io, from, want) : io_zero(io, want);
		if (page)
			page_put(page);
		at += moved;
		done += moved;
		if (moved < want)
			break;
	}
	if (!done && io->left && at < size)
		return -EFAULT;
	*pos = (off_t)at;
	return (ssize_t)done;
}

/* Is what lies at @from, @n bytes of the file in a row, a whole page of the image? Behind the end of the file it holds
 * the zeroes of its last block. */
static bool in_place(const struct erofs_inode *e, const struct erofs *fs, const uint8_t *from, uint64_t n)
{
	return from && !((uintptr_t)from & (PAGE_SIZE - 1)) && erofs_at(fs, (uint64_t)(from - fs->image), PAGE_SIZE) &&
	       (n >= PAGE_SIZE || (fs->block_bits == PAGE_SHIFT && e->layout != EROFS_FLAT_INLINE));
}

static unsigned cached_pages(struct inode *inode, uint64_t index, unsigned count, struct vm_page *out)
{
	unsigned done = 0;

	for (; done < count; done++) {
		struct page *page = page_cache_find(&inode->pages, index + done);

		if (!page)
			break;
		out[done] = (struct vm_page){ page_paddr(page), page };
	}
	return done;
}

/* Only what can be mapped where it lies, or was read already. */
unsigned erofs_resident(struct inode *inode, uint64_t index, unsigned count, struct vm_page *out)
{
	uint64_t pages = (inode->size + PAGE_SIZE - 1) >> PAGE_SHIFT;
	struct erofs_inode *e = erofs_inode(inode);
	unsigned done = 0;

	if (index >= pages)
		return 0;
	count = (unsigned)MIN((uint64_t)count, pages - index);
	if (erofs_of(inode)->disk || erofs_is_compressed(e))
		return cached_pages(inode, index, count, out);
	while (done < count) {
		const uint8_t *from;
		uint64_t n;

		if (erofs_data(e, (index + done) << PAGE_SHIFT, &from, &n) || !in_place(e, erofs_of(inode), from, n))
			break;
		do {
			out[done++] = (struct vm_page){ .paddr = page_direct_paddr(from) };
			from += PAGE_SIZE;
			n -= MIN(n, PAGE_SIZE);
		} while (done < count && n >= PAGE_SIZE);
	}
	return done;
}

int erofs_page(struct inode *inode, uint64_t index, bool write, struct vm_page *out)
{
	struct erofs_inode *e = erofs_inode(inode);
	const uint8_t *from;
	uint64_t n;
	int r;

	if (write || index >= (inode->size + PAGE_SIZE - 1) >> PAGE_SHIFT)
		return -EFAULT;
	if (!erofs_of(inode)->disk && !erofs_is_compressed(e)) {
		r = erofs_data(e, index << PAGE_SHIFT, &from, &n);
		if (r)
			return -EIO;
		if (in_place(e, erofs_of(inode), from, n)) {
			out->paddr = page_direct_paddr(from);
			out->page = NULL;
			return 0;
		}
	}
	r = copied_page(e, index, &out->page);
	if (!r)
		out->paddr = page_paddr(out->page);
	return r;
}

const struct file_ops erofs_file_ops = {
	.read = erofs_read,
	.seek = file_seek_size,
};
