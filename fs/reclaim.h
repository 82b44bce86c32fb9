/* Page caches whose pages can be read again when memory is short (fs/reclaim.c).
 *
 * A file system puts one of these beside a page cache, lists it when the cache gets pages, and takes it off before the
 * cache goes. Pages may vanish from a listed cache at any time; who holds a reference to one keeps it.
 */
#ifndef FS_RECLAIM_H
#define FS_RECLAIM_H

#include <fs/page_cache.h>

struct clean_cache {
	struct list node;         /* fs/reclaim.c's lock; empty: not listed */
	struct page_cache *cache; /* I: parent */
	uint64_t at;              /* the lock: where to look next */
};

static inline void clean_cache_init(struct clean_cache *c, struct page_cache *cache)
{
	list_init(&c->node);
	c->cache = cache;
	cache->clean = true;
	c->at = 0;
}
/** clean_cache_list() - the cache has pages. Cheap if it is listed. */
void clean_cache_list(struct clean_cache *c);
/** clean_cache_unlist() - it is about to go. */
void clean_cache_unlist(struct clean_cache *c);

#endif
