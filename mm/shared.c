/* Shared anonymous memory: an object whose pages come into being when they are first asked for.
 *
 * A table of leaves, each a page of pointers to 512 pages; both are made when needed.
 * Locking: the object's lock for the tables. Length is fixed: beyond it is SIGBUS, also after mremap(). */
#include <core/lock.h>
#include <core/ref.h>
#include <core/slab.h>
#include <core/string.h>
#include <linux/errno.h>
#include <mm/commit.h>
#include <mm/vm_object.h>

COMPONENT("mm", "address spaces: mappings, page faults, copy on write");

#define LEAF 512u

struct shared_object {
	struct vm_object object;
	uint32_t refs;       /* atomic */
	struct mutex lock;   /* RANK_PAGE_CACHE */
	uint64_t pages;      /* I */
	uint64_t leaf_count; /* I */
	uint64_t committed;  /* I: pages of it that count so */
	uint64_t number;     /* I: tells it from others in /proc/PID/maps */
	struct page **leaves[]; /* lock; owned; pages: ref, NULL: not yet there */
};

static struct shared_object *shared_of(struct vm_object *o)
{
	return container_of(o, struct shared_object, object);
}

static struct page *page_make(struct shared_object *s, uint64_t index)
{
	struct page ***leaf = &s->leaves[index / LEAF], **slot;

	if (!*leaf)
		*leaf = kzalloc(LEAF * sizeof(struct page *));
	if (!*leaf)
		return NULL;
	slot = &(*leaf)[index % LEAF];
	if (!*slot)
		*slot = page_alloc(0, PAGE_ZERO);
	return *slot;
}

static int shared_page(struct vm_object *o, uint64_t index, bool write, struct vm_page *out)
{
	struct shared_object *s = shared_of(o);
	struct page *p;

	if (index >= s->pages)
		return -EFAULT;
	mutex_lock(&s->lock);
	p = page_make(s, index);
	if (p)
		page_get(p);
	mutex_unlock(&s->lock);
	if (!p)
		return -ENOMEM;
	*out = (struct vm_page){ page_paddr(p), p };
	return 0;
}

static void shared_get(struct vm_object *o)
{
	ref_get(&shared_of(o)->refs);
}

static void shared_put(struct vm_object *o)
{
	struct shared_object *s = shared_of(o);

	if (!ref_put(&s->refs))
		return;
	for (uint64_t i = 0; i < s->leaf_count; i++) {
		for (unsigned j = 0; s->leaves[i] && j < LEAF; j++)
			if (s->leaves[i][j])
				page_put(s->leaves[i][j]);
		kfree(s->leaves[i]);
	}
	commit_move(-(int64_t)s->committed);
	kfree(s);
}

static void shared_describe(struct vm_object *o, char *path, size_t size, uint64_t *inode, uint32_t *device)
{
	(void)strscpy(path, "/dev/zero (deleted)", size);
	*inode = shared_of(o)->number;
}

static const struct vm_object_ops shared_ops = {
	.page = shared_page,
	.get = shared_get,
	.put = shared_put,
	.describe = shared_describe,
};

struct vm_object *vm_object_create_shared(uint64_t pages, bool noreserve)
{
	uint64_t leaves = (pages + LEAF - 1) / LEAF;
	uint64_t committed = noreserve && READ_ONCE(commit_mode) != COMMIT_NEVER ? 0 : pages;
	struct shared_object *s;
	static uint64_t last_number; /* atomic */

	if (committed && commit_charge(NULL, committed))
		return NULL;
	s = kzalloc(sizeof(*s) + leaves * sizeof(s->leaves[0]));
	if (!s) {
		commit_move(-(int64_t)committed);
		return NULL;
	}
	s->object.ops = &shared_ops;
	s->refs = 1;
	s->pages = pages;
	s->committed = committed;
	s->leaf_count = leaves;
	s->number = __atomic_add_fetch(&last_number, 1, __ATOMIC_RELAXED);
	mutex_init(&s->lock, RANK_PAGE_CACHE);
	return &s->object;
}
