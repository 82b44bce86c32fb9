/* Pages by index: a radix tree of 64-way nodes (fs/page_cache.c). What a file keeps in memory.
 *
 * Locking: its own spinlock; pages that are handed out carry a reference of their own.
 */
#ifndef FS_PAGE_CACHE_H
#define FS_PAGE_CACHE_H

#include <core/lock.h>
#include <core/page.h>

/* Bit of page->flags: differs from what it was read from; its cache's lock. page->private says that it was used. */
#define PAGE_DIRTY 4u

struct page_cache {
	struct spinlock lock; /* RANK_PAGE_CACHE */
	uint16_t height;      /* levels of nodes below root; 0: root is page 0 itself; lock */
	bool clean;           /* I once it has pages: they can be read again (fs/reclaim.h) */
	void *root;           /* lock */
	uint64_t count;       /* pages in the tree; lock */
};

static inline void page_cache_init(struct page_cache *c)
{
	spin_init(&c->lock, RANK_PAGE_CACHE);
	c->height = 0;
	c->clean = false;
	c->root = NULL;
	c->count = 0;
}
/** page_cache_find() - page @index with a reference, or NULL. */
struct page *page_cache_find(struct page_cache *c, uint64_t index) __must_check;
/**
 * page_cache_insert() - @page becomes page @index; the tree takes a reference of its own.
 * Return: 0; -EEXIST: there is one already; -ENOMEM.
 */
int page_cache_insert(struct page_cache *c, uint64_t index, struct page *page) __must_check;
/** page_cache_truncate() - drop pages from @index on. Return: how many there were. */
uint64_t page_cache_truncate(struct page_cache *c, uint64_t index);
/** page_cache_remove() - drop page @index. Return: there was one. */
bool page_cache_remove(struct page_cache *c, uint64_t index);
/**
 * page_cache_evict() - drop pages that nobody but the cache refers to, that are not PAGE_DIRTY, and that were not used since
 * the last look; for a cache whose pages can be read again. Begins at *@at, looks at up to *@look pages, drops up to
 * @wanted; both move on, *@at to 0 at the end. Does nothing if the cache is in use. Return: how many were dropped.
 */
size_t page_cache_evict(struct page_cache *c, uint64_t *at, size_t *look, size_t wanted);
/** page_cache_set_dirty() - @page, which is page @index if it is still there, was written to. Return: it was not dirty. */
bool page_cache_set_dirty(struct page_cache *c, uint64_t index, struct page *page);
/**
 * page_cache_take_dirty() - the first dirty page from @index up to @last, which is dirty no longer, with a reference; its
 * index goes to *@at. NULL: there is none.
 */
struct page *page_cache_take_dirty(struct page_cache *c, uint64_t index, uint64_t last, uint64_t *at) __must_check;
/** page_cache_used() - @page was looked at, and is to stay a while longer. The caller has a reference. */
static inline void page_cache_used(struct page *page)
{
	if (!READ_ONCE(page->private))
		WRITE_ONCE(page->private, 1);
}
/** page_cache_next() - index of the first page from @index on; UINT64_MAX: none. For SEEK_DATA and SEEK_HOLE. */
uint64_t page_cache_next(struct page_cache *c, uint64_t index);
/** page_cache_total() - pages of all files together, for /proc/meminfo. */
uint64_t page_cache_total(void);
/** page_cache_clean_total() - of them, those that can be read again. */
uint64_t page_cache_clean_total(void);

#endif
