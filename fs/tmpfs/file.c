/* Contents of tmpfs files: read, write, truncate, map (fs/tmpfs/tmpfs.h).
 *
 * Writers hold inode->lock. Readers and faults do not: they take pages from the page cache, whose spinlock makes a page
 * and its reference one, so that a truncate beside them frees nothing under their hands.
 */
#include <core/slab.h>
#include <core/wait.h>
#include <fs/tmpfs/tmpfs.h>
#include <linux/errno.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/mman.h>
#include <mm/mm.h>

COMPONENT("tmpfs", "files in memory");

#define FILE_SIZE_MAX ((uint64_t)INT64_MAX)
#define RECLAIM_TRIES 1000u /* of a write for which there is no memory, as long as some becomes free */
#define SEALS_OF_WRITE ((unsigned)(F_SEAL_WRITE | F_SEAL_FUTURE_WRITE | F_SEAL_GROW))

bool tmpfs_memory_short(void)
{
	uint64_t keep = MIN(page_total() / 32, (uint64_t)1024);

	return page_free_count() < keep && page_available_count() < keep;
}

static struct page *new_page(struct tmpfs *fs, unsigned flags)
{
	struct page *page;

	if (__atomic_add_fetch(&fs->pages_used, 1, __ATOMIC_RELAXED) > fs->pages_max || tmpfs_memory_short())
		goto full;
	page = page_alloc(0, flags);
	if (page)
		return page;
full:
	__atomic_fetch_sub(&fs->pages_used, 1, __ATOMIC_RELAXED);
	return NULL;
}

static void forget_pages(struct tmpfs *fs, uint64_t count)
{
	__atomic_fetch_sub(&fs->pages_used, count, __ATOMIC_RELAXED);
}

/* Does page @index still show something of the lower file? */
static inline bool lower_has(const struct tmpfs_inode *t, uint64_t index)
{
	return unlikely(t->lower) && index < (t->lower_size + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

/* Fill the new @page with what the lower file has at @index: the rest of it is zeroes already. */
static int copy_lower(struct tmpfs_inode *t, uint64_t index, struct page *page)
{
	size_t n = (size_t)MIN(t->lower_size - (index << PAGE_SHIFT), (uint64_t)PAGE_SIZE);
	struct vm_page from;
	int r = t->lower->ops->page(t->lower, index, false, &from);

	if (r)
		return r == -EFAULT ? -EIO : r;
	memcpy(page_address(page), page_direct(from.paddr), n);
	if (from.page)
		page_put(from.page);
	return 0;
}

/* Page @index of the file's own, made if need be. *@out: a reference. */
static int own_page(struct tmpfs_inode *t, uint64_t index, struct page **out)
{
	struct tmpfs *fs = tmpfs_of(&t->inode);
	struct page_cache *cache = &t->inode.pages;
	struct page *page;
	int r = 0;

	for (;;) {
		page = page_cache_find(cache, index);
		if (likely(page))
			break;
		page = new_page(fs, PAGE_ZERO);
		if (!page)
			return -ENOSPC;
		if (lower_has(t, index))
			r = copy_lower(t, index, page);
		if (!r)
			r = page_cache_insert(cache, index, page);
		if (!r)
			break;
		page_put(page);
		forget_pages(fs, 1);
		if (r != -EEXIST)
			return r == -ENOMEM ? -ENOSPC : r;
		r = 0; /* a fault beside us was faster */
	}
	*out = page;
	return 0;
}

/* A page appeared where mappings may show the lower file's: let them fault again. */
static void page_changed_place(struct tmpfs_inode *t, uint64_t index)
{
	if (unlikely(t->lower && READ_ONCE(t->inode.mapped)))
		mm_object_truncated(&t->inode.object, index);
}

static ssize_t read_hole(struct tmpfs_inode *t, struct io *io, uint64_t index, size_t offset, size_t n)
{
	size_t shown, moved;
	struct vm_page from;
	int r;

	if (!lower_has(t, index))
		return (ssize_t)io_zero(io, n);
	shown = (size_t)MIN(t->lower_size - (index << PAGE_SHIFT), (uint64_t)PAGE_SIZE);
	if (offset >= shown)
		return (ssize_t)io_zero(io, n);
	n = MIN(n, shown - offset);
	r = t->lower->ops->page(t->lower, index, false, &from);
	if (r)
		return r == -EFAULT ? -EIO : r;
	moved = io_put(io, (const char *)page_direct(from.paddr) + offset, n);
	if (from.page)
		page_put(from.page);
	return (ssize_t)moved;
}

static ssize_t tmpfs_read(struct file *f, struct io *io, off_t *pos)
{
	struct inode *inode = f->inode;
	struct tmpfs_inode *t = tmpfs_inode(inode);
	uint64_t size = READ_ONCE(inode->size), at = (uint64_t)*pos;
	size_t done = 0;
	ssize_t r = 0;

	while (io->left && at < size) {
		size_t offset = at & (PAGE_SIZE - 1), n = MIN(PAGE_SIZE - offset, io->left);
		struct page *page = page_cache_find(&inode->pages, at >> PAGE_SHIFT);

		n = (size_t)MIN((uint64_t)n, size - at);
		if (likely(page)) {
			r = (ssize_t)io_put(io, (char *)page_address(page) + offset, n);
			page_put(page);
		} else {
			r = read_hole(t, io, at >> PAGE_SHIFT, offset, n);
		}
		if (unlikely(r <= 0))
			break;
		at += (size_t)r;
		done += (size_t)r;
	}
	if (unlikely(!done && io->left && at < size))
		return r < 0 ? r : -EFAULT;
	*pos = (off_t)at;
	if (unlikely(inode->atime_ns <= inode->mtime_ns) && !(f->flags & O_NOATIME))
		inode->atime_ns = inode_now(); /* as Linux's relatime: once after each change */
	return (ssize_t)done;
}

/* Put @n bytes at @offset of page @index. Return: bytes moved, or -errno. inode->lock is held. */
static ssize_t write_page(struct tmpfs_inode *t, struct io *io, uint64_t index, size_t offset, size_t n)
{
	struct page *page = page_cache_find(&t->inode.pages, index);
	size_t moved;
	int r;

	if (unlikely(!page)) {
		r = own_page(t, index, &page);
		if (r)
			return r;
		moved = io_get(io, (char *)page_address(page) + offset, n);
		page_put(page);
		page_changed_place(t, index);
	} else {
		moved = io_get(io, (char *)page_address(page) + offset, n);
		page_put(page);
	}
	return moved ? (ssize_t)moved : -EFAULT;
}

/* There was no page, though the file system is not full and caches have enough of them. */
static bool memory_may_come(const struct tmpfs *fs)
{
	return READ_ONCE(fs->pages_used) < fs->pages_max && !tmpfs_memory_short() && page_reclaim_wait();
}

static ssize_t tmpfs_write(struct file *f, struct io *io, off_t *pos)
{
	struct inode *inode = f->inode;
	struct tmpfs_inode *t = tmpfs_inode(inode);
	size_t done = 0;
	ssize_t r = 0;
	uint64_t at, end, cut = 0;
	unsigned tries = RECLAIM_TRIES;

	if (unlikely(!io->left))
		return 0;
	mutex_lock(&inode->lock);
	at = unlikely(f->flags & O_APPEND) ? inode->size : (uint64_t)*pos;
	if (unlikely(at > FILE_SIZE_MAX || io->left > FILE_SIZE_MAX - at)) {
		mutex_unlock(&inode->lock);
		return -EFBIG;
	}
	end = at + io->left;
	if (unlikely(end > inode->size)) {
		r = file_size_allowed(at, &end);
		if (r) {
			mutex_unlock(&inode->lock);
			return r;
		}
		cut = at + io->left - end;
	}
	if (unlikely(t->seals & SEALS_OF_WRITE) &&
	    (t->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE) || end > inode->size)) {
		mutex_unlock(&inode->lock);
		return -EPERM;
	}
	while (io->left > cut) {
		size_t offset = at & (PAGE_SIZE - 1);

		r = write_page(t, io, at >> PAGE_SHIFT, offset, MIN(PAGE_SIZE - offset, io->left - cut));
		if (unlikely(r < 0)) {
			if (r == -ENOSPC && tries-- && memory_may_come(tmpfs_of(inode)))
				continue;
			break;
		}
		at += (size_t)r;
		done += (size_t)r;
	}
	if (likely(done)) {
		if (at > inode->size)
			WRITE_ONCE(inode->size, at);
		inode->mtime_ns = inode->ctime_ns = inode_now();
		*pos = (off_t)at;
		r = (ssize_t)done;
	}
	mutex_unlock(&inode->lock);
	return r;
}

int tmpfs_own_pages(struct tmpfs_inode *t)
{
	uint64_t end = (t->lower_size + PAGE_SIZE - 1) >> PAGE_SHIFT;
	struct page *page;
	int r;

	if (!t->lower)
		return 0;
	for (uint64_t i = 0; i < end; i++) {
		r = own_page(t, i, &page);
		if (r)
			return r;
		page_put(page);
	}
	page_changed_place(t, 0);
	return 0;
}

/* Bytes from @from to the end of its page become zero. */
static int zero_tail(struct tmpfs_inode *t, uint64_t from)
{
	size_t offset = from & (PAGE_SIZE - 1);
	struct page *page;
	int r;

	if (!offset)
		return 0;
	page = page_cache_find(&t->inode.pages, from >> PAGE_SHIFT);
	if (!page) {
		if (!lower_has(t, from >> PAGE_SHIFT))
			return 0;
		r = own_page(t, from >> PAGE_SHIFT, &page);
		if (r)
			return r;
		page_changed_place(t, from >> PAGE_SHIFT);
	}
	memset((char *)page_address(page) + offset, 0, PAGE_SIZE - offset);
	page_put(page);
	return 0;
}

static int set_size(struct tmpfs_inode *t, uint64_t size)
{
	struct inode *inode = &t->inode;
	uint64_t first_gone = (size + PAGE_SIZE - 1) >> PAGE_SHIFT;
	int r;

	if (size > FILE_SIZE_MAX)
		return -EFBIG;
	if (size > inode->size) {
		r = file_size_allowed(UINT64_MAX, &size);
		if (r)
			return r;
	}
	if (t->seals & (size < inode->size ? F_SEAL_SHRINK : size > inode->size ? F_SEAL_GROW : 0))
		return -EPERM;
	if (size < inode->size) {
		r = zero_tail(t, size);
		if (r)
			return r;
		WRITE_ONCE(inode->size, size);
		t->lower_size = MIN(t->lower_size, size);
		if (READ_ONCE(inode->mapped))
			mm_object_truncated(&inode->object, first_gone);
		forget_pages(tmpfs_of(inode), page_cache_truncate(&inode->pages, first_gone));
	} else {
		WRITE_ONCE(inode->size, size);
	}
	inode->mtime_ns = inode_now();
	return 0;
}

int tmpfs_setattr(struct inode *inode, const struct attribute_change *change)
{
	int r = 0;

	if (change->which & CHANGE_SIZE)
		r = set_size(tmpfs_inode(inode), change->size);
	if (!r)
		inode_change(inode, change);
	return r;
}

/* Does page @index, of which there is no own copy, show nothing but the lower file's page? */
static bool shows_lower(const struct tmpfs_inode *t, uint64_t index)
{
	return lower_has(t, index) &&
	       (t->lower_size == t->lower->size || t->lower_size - (index << PAGE_SHIFT) >= PAGE_SIZE) &&
	       (t->inode.size == t->lower_size || t->lower_size - (index << PAGE_SHIFT) >= PAGE_SIZE);
}

/* Either own pages in a row, or the lower file's as far as no own page hides them. */
static unsigned tmpfs_resident(struct inode *inode, uint64_t index, unsigned count, struct vm_page *out)
{
	struct tmpfs_inode *t = tmpfs_inode(inode);
	uint64_t pages = (READ_ONCE(inode->size) + PAGE_SIZE - 1) >> PAGE_SHIFT;
	uint64_t own = page_cache_next(&inode->pages, index);
	unsigned n = 0;

	if (index >= pages)
		return 0;
	count = (unsigned)MIN((uint64_t)count, pages - index);
	if (own > index) {
		count = (unsigned)MIN((uint64_t)count, own - index);
		while (count && !shows_lower(t, index + count - 1))
			count--; /* what shows of the lower file shows from its start on */
		return count && t->lower->ops->resident ? t->lower->ops->resident(t->lower, index, count, out) : 0;
	}
	for (; n < count; n++) {
		out[n].page = page_cache_find(&inode->pages, index + n);
		if (!out[n].page)
			break;
		out[n].paddr = page_paddr(out[n].page);
	}
	return n;
}

static int tmpfs_page(struct inode *inode, uint64_t index, bool write, struct vm_page *out)
{
	struct tmpfs_inode *t = tmpfs_inode(inode);
	struct page *page;
	int r;

	if (index >= (READ_ONCE(inode->size) + PAGE_SIZE - 1) >> PAGE_SHIFT)
		return -EFAULT;
	page = page_cache_find(&inode->pages, index);
	if (!page) {
		/* A page of the lower file that shows wholly is mapped where it lies. */
		if (!write && shows_lower(t, index))
			return t->lower->ops->page(t->lower, index, false, out);
		r = own_page(t, index, &page);
		if (r)
			return r == -ENOSPC ? -ENOMEM : r;
	}
	out->page = page;
	out->paddr = page_paddr(page);
	return 0;
}

/* A mapping through which the file can be written must not start out with pages of the lower one. */
static int tmpfs_mmap(struct file *f, struct vm_object **object, unsigned prot, unsigned flags)
{
	struct inode *inode = f->inode;
	struct tmpfs_inode *t = tmpfs_inode(inode);
	int r = 0;

	if (t->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE) && (flags & MAP_TYPE) != MAP_PRIVATE && prot & PROT_WRITE)
		return -EPERM;
	if (t->lower && (flags & MAP_TYPE) != MAP_PRIVATE && FILE_WRITABLE(f)) {
		mutex_lock(&inode->lock);
		r = tmpfs_own_pages(t);
		mutex_unlock(&inode->lock);
	}
	if (r)
		return r == -ENOSPC ? -ENOMEM : r;
	WRITE_ONCE(inode->mapped, true);
	inode_get(inode);
	*object = &inode->object;
	return 0;
}

static off_t tmpfs_seek(struct file *f, off_t offset, int whence)
{
	struct inode *inode = f->inode;
	struct tmpfs_inode *t = tmpfs_inode(inode);
	uint64_t size = READ_ONCE(inode->size), at;

	if ((whence != SEEK_DATA && whence != SEEK_HOLE) || t->lower)
		return file_seek_size(f, offset, whence);
	if (offset < 0 || (uint64_t)offset >= size)
		return -ENXIO;
	at = (uint64_t)offset >> PAGE_SHIFT;
	if (whence == SEEK_DATA) {
		at = page_cache_next(&inode->pages, at);
		if (at == UINT64_MAX || at << PAGE_SHIFT >= size)
			return -ENXIO;
	} else {
		while (at << PAGE_SHIFT < size && page_cache_next(&inode->pages, at) == at)
			at++;
	}
	f->pos = (off_t)MIN(MAX(at << PAGE_SHIFT, (uint64_t)offset), size);
	return f->pos;
}

static int punch(struct tmpfs_inode *t, uint64_t start, uint64_t end)
{
	struct tmpfs *fs = tmpfs_of(&t->inode);
	struct page *page;
	int r = tmpfs_own_pages(t); /* then a hole is a hole */

	if (r)
		return r;
	t->lower_size = 0;
	for (uint64_t at = start; at < end;) {
		uint64_t next = page_cache_next(&t->inode.pages, at >> PAGE_SHIFT);
		size_t offset, n;

		/* A file of exabytes may have two pages. */
		if (next >= (end + PAGE_SIZE - 1) >> PAGE_SHIFT)
			break;
		at = MAX(at, next << PAGE_SHIFT);
		offset = at & (PAGE_SIZE - 1);
		n = (size_t)MIN((uint64_t)(PAGE_SIZE - offset), end - at);

		if (n == PAGE_SIZE) {
			if (page_cache_remove(&t->inode.pages, at >> PAGE_SHIFT))
				forget_pages(fs, 1);
		} else {
			page = page_cache_find(&t->inode.pages, at >> PAGE_SHIFT);
			if (page) {
				memset((char *)page_address(page) + offset, 0, n);
				page_put(page);
			}
		}
		at += n;
	}
	if (READ_ONCE(t->inode.mapped))
		mm_object_truncated(&t->inode.object, start >> PAGE_SHIFT);
	return 0;
}

static long tmpfs_fallocate(struct file *f, int mode, off_t offset, off_t n)
{
	struct inode *inode = f->inode;
	struct tmpfs_inode *t = tmpfs_inode(inode);
	uint64_t start = (uint64_t)offset, end = start + (uint64_t)n;
	struct page *page;
	long r = 0;

	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE))
		return -EOPNOTSUPP;
	if (mode & FALLOC_FL_PUNCH_HOLE && !(mode & FALLOC_FL_KEEP_SIZE))
		return -EOPNOTSUPP;
	mutex_lock(&inode->lock);
	if (t->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE) ||
	    (t->seals & F_SEAL_GROW && !(mode & FALLOC_FL_KEEP_SIZE) && end > inode->size)) {
		mutex_unlock(&inode->lock);
		return -EPERM;
	}
	if (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE))
		r = punch(t, start, MIN(end, ALIGN_UP(inode->size, PAGE_SIZE)));
	if (!(mode & FALLOC_FL_PUNCH_HOLE)) {
		for (uint64_t i = start >> PAGE_SHIFT; !r && i < (end + PAGE_SIZE - 1) >> PAGE_SHIFT; i++) {
			r = thread_signal_pending(current) ? -EINTR : own_page(t, i, &page);
			if (!r) {
				page_put(page);
				page_changed_place(t, i);
			}
		}
		if (!r && !(mode & FALLOC_FL_KEEP_SIZE) && end > inode->size)
			WRITE_ONCE(inode->size, end);
	}
	inode->mtime_ns = inode->ctime_ns = inode_now();
	mutex_unlock(&inode->lock);
	return r;
}

static int tmpfs_fsync(struct file *f, bool data_only)
{
	return 0; /* memory is as safe as it gets */
}

static int tmpfs_file_getattr(struct inode *inode, struct attributes *out)
{
	uint64_t pages = READ_ONCE(inode->pages.count);

	if (tmpfs_inode(inode)->lower)
		pages = MAX(pages, (tmpfs_inode(inode)->lower_size + PAGE_SIZE - 1) >> PAGE_SHIFT);
	out->blocks = pages * (PAGE_SIZE / 512);
	return 0;
}

static void tmpfs_file_destroy(struct inode *inode)
{
	struct tmpfs_inode *t = tmpfs_inode(inode);

	forget_pages(tmpfs_of(inode), page_cache_truncate(&inode->pages, 0));
	if (t->lower)
		inode_put(t->lower);
	tmpfs_xattrs_free(t);
	inode_fini(inode);
	kfree(t);
}

const struct inode_ops tmpfs_file_inode_ops = {
	.setattr = tmpfs_setattr,
	.getattr = tmpfs_file_getattr,
	.page = tmpfs_page,
	.resident = tmpfs_resident,
	.xattr_get = tmpfs_xattr_get,
	.xattr_set = tmpfs_xattr_set,
	.xattr_list = tmpfs_xattr_list,
	.destroy = tmpfs_file_destroy,
};

const struct file_ops tmpfs_file_ops = {
	.read = tmpfs_read,
	.write = tmpfs_write,
	.seek = tmpfs_seek,
	.mmap = tmpfs_mmap,
	.fsync = tmpfs_fsync,
	.fallocate = tmpfs_fallocate,
};
