/* Pages by index in a radix tree (fs/page_cache.h).
 *
 * A node has 64 slots and nothing else, so that it is one object of 512 bytes; empty nodes go when the tree is cut, not
 * before. Index 0 alone needs no node: small files are one pointer.
 */
#include <core/slab.h>
#include <fs/page_cache.h>
#include <linux/errno.h>

COMPONENT("vfs", "files, paths, mounts and descriptors");

#define NODE_SHIFT 6u
#define NODE_SLOTS (1u << NODE_SHIFT)
#define HEIGHT_MAX 11u /* 66 bits */

struct node {
	void *slots[NODE_SLOTS];
};

static uint64_t total, clean_total; /* atomic: pages in all trees, and in those that are clean */

uint64_t page_cache_total(void)
{
	return __atomic_load_n(&total, __ATOMIC_RELAXED);
}

uint64_t page_cache_clean_total(void)
{
	return __atomic_load_n(&clean_total, __ATOMIC_RELAXED);
}

static void count_pages(const struct page_cache *c, int64_t more)
{
	__atomic_fetch_add(&total, (uint64_t)more, __ATOMIC_RELAXED);
	if (c->clean)
		__atomic_fetch_add(&clean_total, (uint64_t)more, __ATOMIC_RELAXED);
}

static inline bool beyond(const struct page_cache *c, uint64_t index)
{
	return c->height < HEIGHT_MAX && index >> c->height * NODE_SHIFT;
}
static inline unsigned slot_at(uint64_t index, unsigned height)
{
	return (unsigned)(index >> (height - 1) * NODE_SHIFT) & (NODE_SLOTS - 1);
}

static struct page *find_locked(struct page_cache *c, uint64_t index)
{
	void *at = c->root;

	if (unlikely(beyond(c, index)))
		return NULL;
	for (unsigned h = c->height; h && at; h--)
		at = ((struct node *)at)->slots[slot_at(index, h)];
	return at;
}

struct page *page_cache_find(struct page_cache *c, uint64_t index)
{
	struct page *page;

	spin_lock(&c->lock);
	page = find_locked(c, index);
	if (likely(page))
		page_get(page);
	spin_unlock(&c->lock);
	return page;
}

int page_cache_insert(struct page_cache *c, uint64_t index, struct page *page)
{
	void **at;
	int r = -ENOMEM;

	spin_lock(&c->lock);
	while (beyond(c, index)) {
		if (c->root) { /* an empty tree just gets higher */
			struct node *n = kzalloc(sizeof(*n));

			if (!n)
				goto out;
			n->slots[0] = c->root;
			c->root = n;
		}
		c->height++;
	}
	at = &c->root;
	for (unsigned h = c->height; h; h--) {
		if (!*at) {
			*at = kzalloc(sizeof(struct node));
			if (!*at)
				goto out;
		}
		at = &((struct node *)*at)->slots[slot_at(index, h)];
	}
	r = -EEXIST;
	if (*at)
		goto out;
	page_get(page);
	page->private = 0;
	*at = page;
	c->count++;
	count_pages(c, 1);
	r = 0;
out:
	spin_unlock(&c->lock);
	return r;
}

/* Drop what lies at or behind @from, which counts from the first page below @at. Return: pages dropped. */
static uint64_t cut(void **at, unsigned height, uint64_t from)
{
	uint64_t dropped = 0;
	struct node *n = *at;

	if (!n)
		return 0;
	if (!height) {
		page_put(*at);
		*at = NULL;
		return 1;
	}
	for (unsigned i = slot_at(from, height); i < NODE_SLOTS; i++) {
		dropped += cut(&n->slots[i], height - 1, from & ((1ull << (height - 1) * NODE_SHIFT) - 1));
		from = 0;
	}
	for (unsigned i = 0; i < NODE_SLOTS; i++)
		if (n->slots[i])
			return dropped;
	kfree(n);
	*at = NULL;
	return dropped;
}

uint64_t page_cache_truncate(struct page_cache *c, uint64_t index)
{
	uint64_t dropped = 0;
	uint16_t height;
	void *root;

	spin_lock(&c->lock);
	if (!index) { /* all of it, maybe gigabytes: not under the lock */
		root = c->root;
		height = c->height;
		c->root = NULL;
		c->height = 0;
		c->count = 0;
		spin_unlock(&c->lock);
		dropped = cut(&root, height, 0);
		goto out;
	}
	if (!beyond(c, index)) {
		dropped = cut(&c->root, c->height, index);
		c->count -= dropped;
		if (!c->root)
			c->height = 0;
	}
	spin_unlock(&c->lock);
out:
	if (dropped)
		count_pages(c, -(int64_t)dropped);
	return dropped;
}

bool page_cache_remove(struct page_cache *c, uint64_t index)
{
	struct page *page = NULL;
	void **at = &c->root;

	spin_lock(&c->lock);
	if (!beyond(c, index)) {
		for (unsigned h = c->height; h && *at; h--)
			at = &((struct node *)*at)->slots[slot_at(index, h)];
		page = *at;
		if (page) {
			*at = NULL;
			c->count--;
		}
	}
	spin_unlock(&c->lock);
	if (page) {
		count_pages(c, -1);
		page_put(page);
	}
	return page != NULL;
}

struct eviction {
	uint64_t at;   /* index of the next page to look at */
	size_t look;   /* pages left to look at */
	size_t wanted; /* pages left to drop */
	size_t dropped;
};

static bool evictable(struct page *page)
{
	if (page->flags & PAGE_DIRTY || READ_ONCE(page->refs) != 1)
		return false;
	if (!READ_ONCE(page->private))
		return true;
	WRITE_ONCE(page->private, 0);
	return false;
}

/* What lies below @at begins at @base and is not before e->at. A node that has nothing left goes, too. */
static void evict_below(void **at, unsigned height, uint64_t base, struct eviction *e)
{
	const uint64_t span = 1ull << (height - 1) * NODE_SHIFT;
	struct node *n = *at;
	bool empty = true;

	for (unsigned i = 0; i < NODE_SLOTS; i++) {
		const uint64_t start = base + i * span;

		if (n->slots[i] && e->at < start + span && e->look && e->wanted) {
			e->at = MAX(e->at, start);
			if (height > 1) {
				evict_below(&n->slots[i], height - 1, start, e);
			} else {
				e->look--;
				if (evictable(n->slots[i])) {
					page_put(n->slots[i]);
					n->slots[i] = NULL;
					e->wanted--;
					e->dropped++;
				}
				e->at = start + 1;
			}
		}
		empty &= !n->slots[i];
	}
	if (e->look && e->wanted)
		e->at = base + NODE_SLOTS * span;
	if (empty) {
		kfree(n);
		*at = NULL;
	}
}

size_t page_cache_evict(struct page_cache *c, uint64_t *at, size_t *look, size_t wanted)
{
	struct eviction e = { *at, *look, wanted, 0 };

	if (!spin_trylock(&c->lock))
		return 0;
	if (c->root && c->height) {
		evict_below(&c->root, c->height, 0, &e);
		c->height = c->root ? c->height : 0;
	} else if (c->root && evictable(c->root)) {
		page_put(c->root);
		c->root = NULL;
		e.dropped = 1;
	}
	c->count -= e.dropped;
	spin_unlock(&c->lock);
	*at = e.look && e.dropped < wanted ? 0 : e.at;
	*look = e.look;
	count_pages(c, -(int64_t)e.dropped);
	return e.dropped;
}

bool page_cache_set_dirty(struct page_cache *c, uint64_t index, struct page *page)
{
	bool set = false;

	spin_lock(&c->lock);
	if (!(page->flags & PAGE_DIRTY) && find_locked(c, index) == page) {
		page->flags |= PAGE_DIRTY;
		set = true;
	}
	spin_unlock(&c->lock);
	return set;
}

/* The first page from @from on, counted from the first below @at; with any bit of @flags set, if there are some. */
static uint64_t next_below(const void *at, unsigned height, uint64_t from, unsigned flags)
{
	const struct node *n = at;

	if (!at)
		return UINT64_MAX;
	if (!height)
		return !flags || ((const struct page *)at)->flags & flags ? 0 : UINT64_MAX;
	for (unsigned i = slot_at(from, height); i < NODE_SLOTS; i++) {
		uint64_t low = (1ull << (height - 1) * NODE_SHIFT) - 1;
		uint64_t found = next_below(n->slots[i], height - 1, from & low, flags);

		if (found != UINT64_MAX)
			return ((uint64_t)i << (height - 1) * NODE_SHIFT) + found;
		from = 0;
	}
	return UINT64_MAX;
}

uint64_t page_cache_next(struct page_cache *c, uint64_t index)
{
	uint64_t found = UINT64_MAX;

	spin_lock(&c->lock);
	if (!beyond(c, index))
		found = next_below(c->root, c->height, index, 0);
	spin_unlock(&c->lock);
	return found;
}

struct page *page_cache_take_dirty(struct page_cache *c, uint64_t index, uint64_t last, uint64_t *at)
{
	struct page *page = NULL;
	uint64_t found = UINT64_MAX;

	spin_lock(&c->lock);
	if (index == last) { /* one is looked at: the search would go on behind it */
		page = find_locked(c, index);
		found = page && page->flags & PAGE_DIRTY ? index : UINT64_MAX;
	} else if (!beyond(c, index)) {
		found = next_below(c->root, c->height, index, PAGE_DIRTY);
	}
	page = NULL;
	if (found <= last && found != UINT64_MAX) {
		page = find_locked(c, found);
		page->flags &= (uint8_t)~PAGE_DIRTY;
		page_get(page);
		*at = found;
	}
	spin_unlock(&c->lock);
	return page;
}
