/* Giving back pages of files that can be read again, when memory is short (fs/reclaim.h, core/page.h).
 *
 * Caches take turns; in each, a page that was used since the last look is passed over once (the clock algorithm). Pages
 * that are mapped or in use have a second reference and stay: mm/reclaim.c unmaps them when it must be.
 * Locking: one spinlock for the list, which keeps a listed cache alive while it is looked at; caches' locks are tried.
 * Left out: an order between files; recently read ones go like others.
 */
#include <core/init.h>
#include <fs/reclaim.h>
#include <fs/vfs.h>

COMPONENT("vfs", "files, paths, mounts and descriptors");

#define LOOK_MAX 1024u /* pages looked at under the lock */
#define NAMES    256u  /* dropped at a time */

static struct spinlock lock = SPINLOCK_INIT(RANK_RECLAIM);
static struct list caches = LIST_INIT(caches); /* lock: of struct clean_cache.node */
static size_t cache_count;                     /* lock */

void clean_cache_list(struct clean_cache *c)
{
	if (likely(!list_empty(&c->node)))
		return;
	spin_lock(&lock);
	if (list_empty(&c->node)) {
		list_add_tail(&caches, &c->node);
		cache_count++;
	}
	spin_unlock(&lock);
}

void clean_cache_unlist(struct clean_cache *c)
{
	if (list_empty(&c->node))
		return;
	spin_lock(&lock);
	list_del(&c->node);
	cache_count--;
	spin_unlock(&lock);
}

/* A look at the first cache, which then goes to the end. *@look: pages left to look at. */
static size_t look_at_first(size_t *look, size_t wanted)
{
	struct clean_cache *c = list_first(&caches, struct clean_cache, node);
	size_t part = MIN(*look, LOOK_MAX), left = part, freed;

	freed = page_cache_evict(c->cache, &c->at, &left, wanted);
	*look -= MIN(*look, part - left + 1); /* an empty one costs a look as well */
	if (!c->at) {
		list_del(&c->node);
		list_add_tail(&caches, &c->node);
	}
	return freed;
}

static size_t reclaim(size_t wanted, enum page_reclaim how)
{
	size_t look, freed = 0;

	/* Names that nobody uses, each with an inode and its pages perhaps. */
	if (how == PAGE_RECLAIM_WAIT)
		freed = dentry_shrink(NAMES);
	if (!page_cache_clean_total())
		return freed;
	/* Twice all there is: the first time they may all have been used. */
	look = how == PAGE_RECLAIM_EARLY ? wanted * 4 + LOOK_MAX
					 : (page_cache_clean_total() + READ_ONCE(cache_count)) * 2 + LOOK_MAX;
	while (look && freed < wanted) {
		spin_lock(&lock);
		if (list_empty(&caches))
			look = 0;
		else
			freed += look_at_first(&look, wanted - freed);
		spin_unlock(&lock);
	}
	return freed;
}

static struct page_reclaimer reclaimer = { .reclaim = reclaim, .count = page_cache_clean_total };

static void fs_reclaim_init(void)
{
	page_reclaim_register(&reclaimer);
}
INITCALL(10, fs_reclaim_init);
