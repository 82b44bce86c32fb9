/* Kernel memory by size: small objects from slabs of one class each, larger ones as runs of pages.
 *
 * Each processor has a list of free objects per class (interrupts off). Behind it, each class has slabs with free
 * objects (class lock); the state of a slab is in its first page's descriptor, and each of its pages says its class.
 * Objects on a processor's list count as in use. Above SMALL_MAX an object is a
 * run of pages, whose length is in its first descriptor; from 2 MiB, which have none, in a list of their own. */
#include <arch/irqflags.h>
#include <arch/percpu.h>
#include <core/alloc_debug.h>
#include <core/lock.h>
#include <core/log.h>
#include <core/page.h>
#include <core/slab.h>

COMPONENT("allocators", "allocators of pages and of objects");

#define SMALL_MAX 3072u
#define CLASSES   13u
#define NO_OBJECT 0xffffu

struct slab_class {
	uint16_t size;  /* bytes an object */
	uint8_t order;  /* of a slab */
	uint8_t batch;  /* objects that move between slabs and a processor's list at once */
};

static const struct slab_class classes[CLASSES] = {
	{ 16, 0, 32 },  { 32, 0, 32 },  { 48, 0, 32 },  { 64, 0, 32 },  { 96, 0, 32 },  { 128, 0, 32 }, { 192, 0, 21 },
	{ 256, 0, 16 }, { 384, 0, 10 }, { 512, 0, 8 },  { 768, 0, 5 }, { 1536, 1, 5 }, { 3072, 2, 5 },
};
/* Class by size in units of 16 bytes, rounded up. */
static const uint8_t class_of[SMALL_MAX / 16 + 1] = {
	[0 ... 1] = 0, [2] = 1, [3] = 2, [4] = 3, [5 ... 6] = 4, [7 ... 8] = 5, [9 ... 12] = 6, [13 ... 16] = 7,
	[17 ... 24] = 8, [25 ... 32] = 9, [33 ... 48] = 10, [49 ... 96] = 11, [97 ... 192] = 12,
};

struct object {
	struct object *next;
};

struct object_list {
	struct object *first;
	uint64_t count;
};

/* A slab, laid over `private` of its first page; the class lock. Positions count 16 bytes from the slab's start. */
struct slab_state {
	uint16_t free;    /* first free object, or NO_OBJECT; each holds the next one's position */
	uint16_t in_use;
	uint16_t virgin;  /* objects from here on were never used */
	uint16_t total;
};
_Static_assert(sizeof(struct slab_state) == sizeof(((struct page *)NULL)->private), "slab state");

/* What of at least a block was handed out: it has no descriptor. */
struct huge {
	struct huge *next;
	void *run;
	size_t pages;
};

static struct spinlock class_locks[CLASSES] = {
	[0 ... CLASSES - 1] = SPINLOCK_INIT(RANK_SLAB),
};
static struct list partial[CLASSES];        /* class lock: slabs with free objects; all zero: empty */
static struct spinlock huge_lock = SPINLOCK_INIT(RANK_SLAB);
static struct huge *huge_runs;              /* huge_lock */

struct object_lists {
	struct object_list of[CLASSES];
};
PERCPU(struct object_lists, object_lists); /* interrupts off */

static struct slab_state *slab_state(struct page *slab)
{
	return (struct slab_state *)&slab->private;
}

static struct page *slab_create(unsigned class)
{
	const struct slab_class *c = &classes[class];
	struct page *slab = page_alloc(c->order, PAGE_ATOMIC);

	if (!slab)
		return NULL;
	if (WHITTLE_DEBUG)
		alloc_slabs(1l << c->order);
	for (unsigned i = 0; i < 1u << c->order; i++) {
		slab[i].flags = PAGE_SLAB;
		slab[i].slab_class = (uint16_t)class;
	}
	*slab_state(slab) = (struct slab_state){ NO_OBJECT, 0, 0, (uint16_t)((PAGE_SIZE << c->order) / c->size) };
	return slab;
}

/* Take objects of @slab onto @l until that has a batch or the slab has no more. */
static void slab_take(struct page *slab, struct object_list *l, const struct slab_class *c)
{
	struct slab_state *s = slab_state(slab);
	char *base = page_address(slab);

	while (l->count < c->batch && s->in_use < s->total) {
		struct object *o;

		if (s->free != NO_OBJECT) {
			o = (struct object *)(base + s->free * 16ul);
			s->free = *(uint16_t *)o;
		} else {
			o = (struct object *)(base + (size_t)s->virgin * c->size);
			s->virgin++;
		}
		s->in_use++;
		o->next = l->first;
		l->first = o;
		l->count++;
	}
}

/* The processor's list is empty: fill it from slabs, and take one object. */
static __attribute__((noinline)) void *kmalloc_refilling(unsigned class)
{
	const struct slab_class *c = &classes[class];
	struct object_list *l;
	struct object *o;
	irqflags_t irq = spin_lock_irqsave(&class_locks[class]);

	l = &percpu_ptr(object_lists)->of[class];
	if (!partial[class].next)
		list_init(&partial[class]);
	while (l->count < c->batch) {
		struct page *slab;

		if (list_empty(&partial[class])) {
			slab = l->count ? NULL : slab_create(class);
			if (!slab)
				break;
			list_add(&partial[class], &slab->list);
		}
		slab = list_first(&partial[class], struct page, list);
		slab_take(slab, l, c);
		if (slab_state(slab)->in_use == slab_state(slab)->total)
			list_del(&slab->list);
	}
	o = l->first;
	if (o) {
		l->first = o->next;
		l->count--;
	}
	spin_unlock_irqrestore(&class_locks[class], irq);
	return o;
}

/* The processor's list is full: give a batch back to the slabs, then put @freed on the list. */
static __attribute__((noinline)) void kfree_draining(struct object *freed, unsigned class)
{
	const struct slab_class *c = &classes[class];
	irqflags_t irq = spin_lock_irqsave(&class_locks[class]);
	struct object_list *l = &percpu_ptr(object_lists)->of[class];

	for (unsigned n = 0; n < c->batch && l->first; n++) {
		struct object *o = l->first;
		char *base = (char *)((uintptr_t)o & ~((PAGE_SIZE << c->order) - 1));
		struct page *slab = page_of(page_direct_paddr(base));
		struct slab_state *s = slab_state(slab);

		l->first = o->next;
		l->count--;
		if (s->in_use == s->total)
			list_add(&partial[class], &slab->list);
		*(uint16_t *)o = s->free;
		s->free = (uint16_t)(((char *)o - base) / 16);
		if (--s->in_use == 0) {
			list_del(&slab->list);
			if (WHITTLE_DEBUG)
				alloc_slabs(-(1l << c->order));
			page_put(slab);
		}
	}
	freed->next = l->first;
	l->first = freed;
	l->count++;
	spin_unlock_irqrestore(&class_locks[class], irq);
}

static void *huge_alloc(size_t pages)
{
	struct huge *h = kmalloc(sizeof(*h));
	irqflags_t irq;

	if (!h)
		return NULL;
	*h = (struct huge){ .run = page_alloc_run(pages, irq_enabled() ? 0 : PAGE_ATOMIC), .pages = pages };
	if (!h->run) {
		kfree(h);
		return NULL;
	}
	irq = spin_lock_irqsave(&huge_lock);
	h->next = huge_runs;
	huge_runs = h;
	spin_unlock_irqrestore(&huge_lock, irq);
	return h->run;
}

/* Return: its entry, taken out of the list if @take. */
static struct huge *huge_find(const void *run, bool take)
{
	irqflags_t irq = spin_lock_irqsave(&huge_lock);
	struct huge **link = &huge_runs, *h;

	while (*link && (*link)->run != run)
		link = &(*link)->next;
	h = *link;
	assert(h);
	if (take)
		*link = h->next;
	spin_unlock_irqrestore(&huge_lock, irq);
	return h;
}

static bool is_huge(const void *p)
{
	return ((uintptr_t)p & (BLOCK_SIZE - 1)) == 0;
}

static __attribute__((noinline)) void *large_alloc(size_t size)
{
	size_t pages = ALIGN_UP(size, PAGE_SIZE) / PAGE_SIZE;
	void *run;

	if (size > SIZE_MAX / 2)
		return NULL;
	if (pages > 1u << PAGE_ORDER_MAX)
		return huge_alloc(pages);
	run = page_alloc_run(pages, irq_enabled() ? 0 : PAGE_ATOMIC);
	if (run)
		page_of(page_direct_paddr(run))->private = pages;
	return run;
}

static __attribute__((noinline)) void large_free(void *p)
{
	if (is_huge(p)) {
		struct huge *h = huge_find(p, true);

		page_free_run(p, h->pages);
		kfree(h);
	} else {
		page_free_run(p, page_of(page_direct_paddr(p))->private);
	}
}

static inline void *object_alloc(size_t size)
{
	struct object_list *l;
	struct object *o;
	unsigned class;
	irqflags_t irq;

	if (unlikely(size > SMALL_MAX))
		return large_alloc(size);
	class = class_of[(size + 15) / 16];
	irq = irq_save();
	l = &percpu_ptr(object_lists)->of[class];
	o = l->first;
	if (unlikely(!o)) {
		irq_restore(irq);
		return kmalloc_refilling(class);
	}
	l->first = o->next;
	l->count--;
	irq_restore(irq);
	return o;
}

void *kmalloc(size_t size)
{
	void *p = WHITTLE_DEBUG && alloc_fails() ? NULL : object_alloc(size);

	if (WHITTLE_DEBUG)
		alloc_note(p, size, ALLOC_OBJECT);
	return p;
}

void kfree(const void *p)
{
	struct object *o = (struct object *)(uintptr_t)p;
	struct object_list *l;
	struct page *page;
	unsigned class;
	irqflags_t irq;

	if (!p)
		return;
	if (WHITTLE_DEBUG)
		alloc_forget(p, 0, ALLOC_OBJECT);
	page = page_of(page_direct_paddr(p));
	if (unlikely(is_huge(p) || !(page->flags & PAGE_SLAB))) {
		large_free(o);
		return;
	}
	class = page->slab_class;
	if (WHITTLE_DEBUG)
		memset(o, 0x5a, classes[class].size);
	irq = irq_save();
	l = &percpu_ptr(object_lists)->of[class];
	if (unlikely(l->count >= 2u * classes[class].batch)) {
		irq_restore(irq);
		kfree_draining(o, class);
		return;
	}
	o->next = l->first;
	l->first = o;
	l->count++;
	irq_restore(irq);
}

size_t kmalloc_usable(const void *p)
{
	struct page *page;

	if (!p)
		return 0;
	if (is_huge(p))
		return huge_find(p, false)->pages * PAGE_SIZE;
	page = page_of(page_direct_paddr(p));
	return page->flags & PAGE_SLAB ? classes[page->slab_class].size : page->private * PAGE_SIZE;
}

void *kzalloc(size_t size)
{
	void *p = kmalloc(size);

	if (p)
		memset(p, 0, size);
	return p;
}

void *kmalloc_array(size_t n, size_t size)
{
	size_t bytes;

	return __builtin_mul_overflow(n, size, &bytes) ? NULL : kmalloc(bytes);
}

void *krealloc(void *old, size_t size)
{
	size_t had = kmalloc_usable(old);
	void *p;

	if (old && size <= had && size >= had / 2)
		return old;
	p = kmalloc(size);
	if (p && old) {
		memcpy(p, old, MIN(had, size));
		kfree(old);
	}
	return p;
}

char *kstrdup(const char *text)
{
	size_t n = strlen(text) + 1;
	char *copy = kmalloc(n);

	if (copy)
		memcpy(copy, text, n);
	return copy;
}
