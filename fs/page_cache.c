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

static uint64_t total; /* atomic: pages in all trees */

uint64_t page_cache_total(void)
{
	return __atomic_load_n(&total, __ATOMIC_RELAXED);
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
	*at = page;
	c->count++;
	__atomic_fetch_add(&total, 1, __ATOMIC_RELAXED);
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
	unsigned height;
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
		__atomic_fetch_sub(&total, dropped, __ATOMIC_RELAXED);
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
		__atomic_fetch_sub(&total, 1, __ATOMIC_RELAXED);
		page_put(page);
	}
	return page != NULL;
}

static uint64_t next_below(const void *at, unsigned height, uint64_t from)
{
	const struct node *n = at;

	if (!at)
		return UINT64_MAX;
	if (!height)
		return 0;
	for (unsigned i = slot_at(from, height); i < NODE_SLOTS; i++) {
		uint64_t low = (1ull << (height - 1) * NODE_SHIFT) - 1;
		uint64_t found = next_below(n->slots[i], height - 1, from & low);

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
		found = next_below(c->root, c->height, index);
	spin_unlock(&c->lock);
	return found;
}
