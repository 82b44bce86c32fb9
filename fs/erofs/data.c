/* EROFS: contents of files. They lie in memory: reads copy from there, mappings get the pages in place.
 *
 * place_data() in inode.c has checked that flat data lies in the image; chunk tables are checked entry by entry here.
 */
#include <fs/erofs/erofs.h>
#include <linux/errno.h>

COMPONENT("erofs", "EROFS, the format of root images, in memory");

static int chunk_data(struct erofs_inode *e, uint64_t offset, const uint8_t **at, uint64_t *n)
{
	struct erofs *fs = erofs_of(&e->inode);
	uint64_t size = e->inode.size, chunk = offset >> e->chunk_bits, within = offset & ((1ull << e->chunk_bits) - 1);
	uint64_t left = MIN((1ull << e->chunk_bits) - within, size - offset);
	const uint8_t *entry;
	uint32_t block;

	if (e->chunk_indexes) {
		struct erofs_chunk_index index;

		entry = fs->image + e->tail + chunk * sizeof(index);
		memcpy(&index, entry, sizeof(index));
		if (index.device)
			return -EOPNOTSUPP;
		block = index.block;
	} else {
		entry = fs->image + e->tail + chunk * sizeof(block);
		memcpy(&block, entry, sizeof(block));
	}
	*n = left;
	*at = NULL;
	if (block == EROFS_CHUNK_HOLE)
		return 0;
	*at = erofs_at(fs, ((uint64_t)block << fs->block_bits) + within, left);
	return *at ? 0 : erofs_damaged(fs, e->inode.ino, "a chunk lies outside");
}

int erofs_data(struct erofs_inode *e, uint64_t offset, const uint8_t **at, uint64_t *n)
{
	struct erofs *fs = erofs_of(&e->inode);
	uint64_t size = e->inode.size, full;

	switch (e->layout) {
	case EROFS_FLAT_PLAIN:
		*at = fs->image + e->data + offset;
		*n = size - offset;
		return 0;
	case EROFS_FLAT_INLINE:
		full = size & ~((1ull << fs->block_bits) - 1);
		if (offset < full) {
			*at = fs->image + e->data + offset;
			*n = full - offset;
		} else {
			*at = fs->image + e->tail + (offset - full);
			*n = size - offset;
		}
		return 0;
	default:
		return chunk_data(e, offset, at, n);
	}
}

static ssize_t erofs_read(struct file *f, struct io *io, off_t *pos)
{
	struct erofs_inode *e = erofs_inode(f->inode);
	uint64_t at = (uint64_t)*pos, size = f->inode->size;
	size_t done = 0;

	while (io->left && at < size) {
		const uint8_t *from;
		uint64_t n;
		size_t want, moved;
		int r = erofs_data(e, at, &from, &n);

		if (r)
			return done ? (ssize_t)done : r;
		want = (size_t)MIN(n, (uint64_t)io->left);
		moved = from ? io_put(io, from, want) : io_zero(io, want);
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

/* A page that is not one page of the image: a copy in the page cache. */
static int copied_page(struct erofs_inode *e, uint64_t index, struct page **out)
{
	uint64_t start = index << PAGE_SHIFT, end = MIN(start + PAGE_SIZE, e->inode.size);
	struct page *page = page_cache_find(&e->inode.pages, index);
	int r = 0;

	if (page) {
		*out = page;
		return 0;
	}
	page = page_alloc(0, PAGE_ZERO);
	if (!page)
		return -ENOMEM;
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
	if (!r) {
		*out = page;
		return 0;
	}
	page_put(page);
	if (r == -EEXIST) { /* another thread was faster; nothing is ever removed */
		*out = page_cache_find(&e->inode.pages, index);
		return 0;
	}
	return r == -EUCLEAN ? -EIO : r;
}

/* Is what lies at @from, @n bytes of the file in a row, a whole page of the image? Behind the end of the file it holds
 * the zeroes of its last block. */
static bool in_place(const struct erofs_inode *e, const struct erofs *fs, const uint8_t *from, uint64_t n)
{
	return from && !((uintptr_t)from & (PAGE_SIZE - 1)) && erofs_at(fs, (uint64_t)(from - fs->image), PAGE_SIZE) &&
	       (n >= PAGE_SIZE || (fs->block_bits == PAGE_SHIFT && e->layout != EROFS_FLAT_INLINE));
}

/* Only what can be mapped where it lies. */
unsigned erofs_resident(struct inode *inode, uint64_t index, unsigned count, struct vm_page *out)
{
	uint64_t pages = (inode->size + PAGE_SIZE - 1) >> PAGE_SHIFT;
	struct erofs_inode *e = erofs_inode(inode);
	unsigned done = 0;

	if (index >= pages)
		return 0;
	count = (unsigned)MIN((uint64_t)count, pages - index);
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
	r = erofs_data(e, index << PAGE_SHIFT, &from, &n);
	if (r)
		return -EIO;
	if (in_place(e, erofs_of(inode), from, n)) {
		out->paddr = page_direct_paddr(from);
		out->page = NULL;
		return 0;
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
