/* The page allocator: whole blocks of 2 MiB as extents, pieces of blocks as buddies, single pages per processor.
 *
 * An extent is a run of whole free blocks; they are the only thing set up at start. A block that is split gets its
 * descriptors in its own first 16 KiB; when all the rest of it is free again, it becomes an extent again. The
 * descriptor of a page is valid if the page is the first of a piece that is free or allocated; no other is ever read,
 * so that splitting writes seven of them. Element 0 of a block's array belongs to no page that is handed out: it counts
 * the block's free pages.
 * Locking: pages_lock for extents and buddies; interrupts off for the processor's own stack of pages. */
#include <arch/irqflags.h>
#include <arch/percpu.h>
#include <core/alloc_debug.h>
#include <core/deferred.h>
#include <core/lock.h>
#include <core/log.h>
#include <core/page.h>
#include <whittle/bootarea.h>

COMPONENT("allocators", "allocators of pages and of objects");

#define ORDERS       (PAGE_ORDER_MAX + 1)
#define EXTENTS_MAX  128u
#define STACK_MAX    126u /* single pages a processor keeps */
#define STACK_LEAST  32u  /* the same, of several in a small machine */
#define STACK_SHARE  512u /* part of memory that each of several keeps at most */
#define RECLAIM_STEP 32ul /* pages asked for at least */
#define STACK_REFILL 4u   /* taken at once, as a power of two: 16 pages */
#define BLOCK_USABLE (BLOCK_PAGES - PAGE_SLOT_PAGES)

struct extent {
	paddr_t start, end; /* whole blocks */
};

struct page_stack {
	uint64_t count;
	struct page *pages[STACK_MAX];
};

uint8_t page_slot_of_block[PAGE_SLOT_BLOCKS];

static struct spinlock pages_lock = SPINLOCK_INIT(RANK_PAGES);
static struct extent extents[EXTENTS_MAX];  /* pages_lock: ascending, none adjacent to the next */
static unsigned extent_count;               /* pages_lock */
static struct list free_pieces[ORDERS];     /* pages_lock: of struct page.list */
static uint32_t free_orders;                /* pages_lock: bit N: free_pieces[N] is not empty */
static uint64_t free_pages;                 /* pages_lock: not counting those on the processors' stacks */
static uint64_t total_pages;                /* I */
static uint64_t reserve_pages;              /* I: below this, caches give way */
static struct page_reclaimer *reclaimers;   /* a: only ever grows */
static uint64_t stack_max = STACK_MAX;      /* a */

PERCPU(struct page_stack, page_stack); /* interrupts off */

extern const char image_end[];

/* The block's own descriptor: `private` counts its free pages. */
static struct page *block_header(struct page *p)
{
	return (struct page *)((uintptr_t)p & ~((1ul << PAGE_SLOT_SHIFT) - 1));
}

static void piece_insert(struct page *p, unsigned order)
{
	p->order = (uint8_t)order;
	p->flags = PAGE_FREE;
	list_add(&free_pieces[order], &p->list);
	free_orders |= 1u << order;
}

static void piece_remove(struct page *p)
{
	p->list.prev->next = p->list.next;
	p->list.next->prev = p->list.prev;
	p->flags = 0;
	if (list_empty(&free_pieces[p->order]))
		free_orders &= ~(1u << p->order);
}

/* Return: false if there is no room for one more extent. */
static bool extent_insert(paddr_t start, paddr_t end)
{
	unsigned i = 0;

	while (i < extent_count && extents[i].end < start)
		i++;
	if (i < extent_count && extents[i].end == start) {
		extents[i].end = end;
		if (i + 1 < extent_count && extents[i + 1].start == end) {
			extents[i].end = extents[i + 1].end;
			extent_count--;
			memmove(&extents[i + 1], &extents[i + 2], (extent_count - i - 1) * sizeof(extents[0]));
		}
		return true;
	}
	if (i < extent_count && extents[i].start == end) {
		extents[i].start = start;
		return true;
	}
	if (extent_count == EXTENTS_MAX)
		return false;
	memmove(&extents[i + 1], &extents[i], (extent_count - i) * sizeof(extents[0]));
	extents[i] = (struct extent){ start, end };
	extent_count++;
	return true;
}

/* Return: the first of @blocks whole blocks in a row, or 0: block 0 is never an extent (page_init()). */
static paddr_t extent_take(uint64_t blocks)
{
	for (unsigned i = 0; i < extent_count; i++) {
		paddr_t start = extents[i].start;

		if (extents[i].end - start < blocks << BLOCK_SHIFT)
			continue;
		extents[i].start += blocks << BLOCK_SHIFT;
		if (extents[i].start == extents[i].end) {
			extent_count--;
			memmove(&extents[i], &extents[i + 1], (extent_count - i) * sizeof(extents[0]));
		}
		return start;
	}
	return 0;
}

/* A block all of whose pages but the descriptors are free: pieces of every order from that of the slot up. */
static void block_pieces_insert(struct page *header)
{
	for (unsigned order = PAGE_ORDER_MAX; 1u << order >= PAGE_SLOT_PAGES; order--)
		piece_insert(header + (1u << order), order);
	header->flags = 0;
	header->private = BLOCK_USABLE;
}

static bool block_split(void)
{
	paddr_t block = extent_take(1);

	if (!block)
		return false;
	block_pieces_insert(page_direct(block));
	free_pages -= PAGE_SLOT_PAGES;
	return true;
}

static void block_join(struct page *header)
{
	paddr_t block = page_direct_paddr(header);

	if (!extent_insert(block, block + BLOCK_SIZE))
		return;
	for (unsigned order = PAGE_ORDER_MAX; 1u << order >= PAGE_SLOT_PAGES; order--)
		piece_remove(header + (1u << order));
	free_pages += PAGE_SLOT_PAGES;
}

static struct page *piece_alloc(unsigned order)
{
	unsigned found;
	struct page *p;

	if (!(free_orders >> order) && !block_split())
		return NULL;
	found = order + (unsigned)__builtin_ctz(free_orders >> order);
	p = list_first(&free_pieces[found], struct page, list);
	piece_remove(p);
	while (found > order) {
		found--;
		piece_insert(p + (1u << found), found);
	}
	free_pages -= 1u << order;
	block_header(p)->private -= 1u << order;
	p->order = (uint8_t)order;
	return p;
}

static void piece_free(struct page *p, unsigned order)
{
	struct page *header = block_header(p);
	size_t index = (size_t)(p - header);

	free_pages += 1u << order;
	header->private += 1u << order;
	while (order < PAGE_ORDER_MAX) {
		struct page *buddy = header + (index ^ (1u << order));

		if (!(buddy->flags & PAGE_FREE) || buddy->order != order)
			break;
		piece_remove(buddy);
		index &= ~(1ul << order);
		order++;
	}
	piece_insert(header + index, order);
	if (header->private == BLOCK_USABLE)
		block_join(header);
}

/* Free the pages [@first, @last) of a block, by the largest aligned pieces. */
static void pages_free_range(struct page *header, size_t first, size_t last)
{
	while (first < last) {
		unsigned order = first ? (unsigned)__builtin_ctzl(first) : PAGE_ORDER_MAX;

		if (order > PAGE_ORDER_MAX)
			order = PAGE_ORDER_MAX;
		while (1ul << order > last - first)
			order--;
		piece_free(header + first, order);
		first += 1ul << order;
	}
}

/* Put some pages on the processor's empty stack. pages_lock, interrupts off. Return: it has one now. */
static bool stack_refill(struct page_stack *s)
{
	unsigned order = STACK_REFILL;
	struct page *p;

	if (!(free_orders >> order) && !block_split())
		order = free_orders ? 31u - (unsigned)__builtin_clz(free_orders) : 0;
	p = piece_alloc(order);
	if (!p)
		return false;
	for (unsigned i = 0; i < 1u << order; i++) {
		p[i].flags = 0;
		s->pages[s->count + (1u << order) - 1 - i] = p + i;
	}
	s->count += 1u << order;
	return true;
}

/* Give the @count pages that were freed longest ago back to the buddies. pages_lock, interrupts off. */
static void stack_drain(struct page_stack *s, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		piece_free(s->pages[i], 0);
	s->count -= count;
	memmove(&s->pages[0], &s->pages[count], s->count * sizeof(s->pages[0]));
}

/* All are asked: what one gives another may have to let go first. */
static size_t pages_reclaim(size_t wanted, enum page_reclaim how)
{
	size_t got = 0;

	for (struct page_reclaimer *r = __atomic_load_n(&reclaimers, __ATOMIC_ACQUIRE); r; r = r->next)
		got += r->reclaim(wanted, how);
	return got;
}

/* For those who must not reclaim themselves. */
static void reclaim_deferred(struct deferred *d)
{
	(void)pages_reclaim(reserve_pages, PAGE_RECLAIM_EARLY);
}
static struct deferred reclaim_work = DEFERRED_INIT(reclaim_deferred);

bool page_reclaim_wait(void)
{
	size_t got = pages_reclaim(reserve_pages, PAGE_RECLAIM_WAIT);

	/* What nobody maps any more can be dropped now; or others have done so. */
	return pages_reclaim(MAX(reserve_pages, RECLAIM_STEP), PAGE_RECLAIM_HARD) + got > 0 ||
	       READ_ONCE(free_pages) > reserve_pages / 4 + RECLAIM_STEP;
}

void page_reclaim_register(struct page_reclaimer *r)
{
	r->next = __atomic_load_n(&reclaimers, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&reclaimers, &r->next, r, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
}

/* Below the reserve, caches are asked to give before they must. */
static void reclaim_early(unsigned flags)
{
	if (READ_ONCE(free_pages) >= reserve_pages || !READ_ONCE(reclaimers))
		return;
	if (flags & PAGE_ATOMIC)
		deferred_raise(&reclaim_work);
	else
		(void)pages_reclaim(reserve_pages, PAGE_RECLAIM_EARLY);
}

/* What the fast path does not have. */
static __attribute__((noinline)) struct page *page_alloc_slow(unsigned order, unsigned flags)
{
	struct page *p;

	reclaim_early(flags);
	for (;;) {
		irqflags_t irq = spin_lock_irqsave(&pages_lock);
		struct page_stack *s = percpu_ptr(page_stack);

		if (!(flags & PAGE_ATOMIC) && free_pages + s->count < reserve_pages / 4) {
			p = NULL; /* the rest is for those that cannot wait, or could not say so */
		} else if (order) {
			p = piece_alloc(order);
			if (!p) {
				stack_drain(s, s->count);
				p = piece_alloc(order);
			}
		} else {
			p = s->count || stack_refill(s) ? s->pages[--s->count] : NULL;
		}
		if (p) {
			p->refs = 1;
			p->order = (uint8_t)order;
			p->flags = 0;
		}
		spin_unlock_irqrestore(&pages_lock, irq);
		if (p || flags & PAGE_ATOMIC || !pages_reclaim(MAX(1ul << order, RECLAIM_STEP), PAGE_RECLAIM_HARD))
			return p;
	}
}

static __attribute__((noinline)) struct page *page_alloc_general(unsigned order, unsigned flags)
{
	struct page *p;

	assert(order <= PAGE_ORDER_MAX);
	p = page_alloc_slow(order, flags);
	if (p && (flags & PAGE_ZERO))
		for (unsigned i = 0; i < 1u << order; i++)
			page_clear((char *)page_address(p) + i * PAGE_SIZE);
	return p;
}

static inline struct page *pages_alloc(unsigned order, unsigned flags)
{
	struct page_stack *s;
	struct page *p;
	irqflags_t irq;

	if (unlikely(order))
		return page_alloc_general(order, flags);
	irq = irq_save();
	s = percpu_ptr(page_stack);
	if (unlikely(!s->count)) {
		irq_restore(irq);
		return page_alloc_general(order, flags);
	}
	p = s->pages[--s->count];
	irq_restore(irq);
	p->refs = 1;
	p->order = 0;
	p->flags = 0;
	p->slab_class = 0;
	if (flags & PAGE_ZERO)
		page_clear(page_address(p));
	return p;
}

struct page *page_alloc(unsigned order, unsigned flags)
{
	struct page *p = WHITTLE_DEBUG && alloc_fails() ? NULL : pages_alloc(order, flags);

	if (WHITTLE_DEBUG && p)
		alloc_note(page_address(p), PAGE_SIZE << order, ALLOC_PAGES);
	return p;
}

static __attribute__((noinline)) void page_free_draining(struct page *p)
{
	irqflags_t irq = spin_lock_irqsave(&pages_lock);
	struct page_stack *s = percpu_ptr(page_stack);

	stack_drain(s, s->count / 2);
	s->pages[s->count++] = p;
	spin_unlock_irqrestore(&pages_lock, irq);
}

/* A page of order 0 without references. */
static inline void page_free_single(struct page *p)
{
	irqflags_t irq = irq_save();
	struct page_stack *s = percpu_ptr(page_stack);

	debug_assert(!(p->flags & PAGE_FREE));
	if (unlikely(s->count >= READ_ONCE(stack_max))) {
		irq_restore(irq);
		page_free_draining(p);
		return;
	}
	s->pages[s->count++] = p;
	irq_restore(irq);
}

/* Drop one reference. Return: it was the last. */
static inline bool page_drop(struct page *p)
{
	/* Who holds the only reference need not tell anybody, except debug builds, where a free page has none. */
	if (!WHITTLE_DEBUG)
		return READ_ONCE(p->refs) == 1 || ref_put(&p->refs);
	if (!ref_put(&p->refs))
		return false;
	alloc_forget(page_address(p), PAGE_SIZE << p->order, ALLOC_PAGES);
	return true;
}

void page_put(struct page *p)
{
	if (!page_drop(p))
		return;
	if (likely(p->order == 0)) {
		page_free_single(p);
	} else {
		irqflags_t irq = spin_lock_irqsave(&pages_lock);

		piece_free(p, p->order);
		spin_unlock_irqrestore(&pages_lock, irq);
	}
}

void page_put_many(struct page **pages, unsigned n)
{
	while (n) {
		irqflags_t irq = irq_save();
		struct page_stack *s = percpu_ptr(page_stack);
		uint64_t count = s->count, max = READ_ONCE(stack_max);

		while (n && count < max && pages[n - 1]->order == 0) {
			n--;
			if (page_drop(pages[n]))
				s->pages[count++] = pages[n];
		}
		s->count = count;
		irq_restore(irq);
		if (n)
			page_put(pages[--n]);
	}
}

static void *run_alloc(size_t count, unsigned flags)
{
	unsigned order = count > 1 ? 64u - (unsigned)__builtin_clzl(count - 1) : 0;
	size_t blocks = ALIGN_UP(count, BLOCK_PAGES) / BLOCK_PAGES;
	paddr_t run;
	irqflags_t irq;

	if (count == 0 || blocks > total_pages / BLOCK_PAGES + 1)
		return NULL;
	if (order <= PAGE_ORDER_MAX) {
		struct page *p = pages_alloc(order, flags & ~(unsigned)PAGE_ZERO), *header;

		if (!p)
			return NULL;
		/* The rest goes back; what is kept must not look like a free buddy, now or when it is freed. */
		header = block_header(p);
		for (size_t i = 0; i < count; i++)
			p[i].flags = 0;
		irq = spin_lock_irqsave(&pages_lock);
		pages_free_range(header, (size_t)(p - header) + count, (size_t)(p - header) + (1ul << order));
		spin_unlock_irqrestore(&pages_lock, irq);
		run = page_paddr(p);
	} else {
		do {
			irq = spin_lock_irqsave(&pages_lock);
			run = extent_take(blocks);
			if (!run) { /* single pages that wait to be used again may be all that keeps blocks from joining */
				stack_drain(percpu_ptr(page_stack), percpu_ptr(page_stack)->count);
				run = extent_take(blocks);
			}
			if (run)
				free_pages -= blocks * BLOCK_PAGES;
			spin_unlock_irqrestore(&pages_lock, irq);
		} while (!run && !(flags & PAGE_ATOMIC) && pages_reclaim(count, PAGE_RECLAIM_HARD));
		if (!run)
			return NULL;
	}
	if (flags & PAGE_ZERO)
		for (size_t i = 0; i < count; i++)
			page_clear(page_direct(run + i * PAGE_SIZE));
	return page_direct(run);
}

void *page_alloc_run(size_t count, unsigned flags)
{
	void *run = WHITTLE_DEBUG && alloc_fails() ? NULL : run_alloc(count, flags);

	if (WHITTLE_DEBUG)
		alloc_note(run, count * PAGE_SIZE, ALLOC_PAGES);
	return run;
}

void page_free_run(void *run, size_t count)
{
	paddr_t start = page_direct_paddr(run);
	size_t blocks = ALIGN_UP(count, BLOCK_PAGES) / BLOCK_PAGES;
	irqflags_t irq;

	if (!run)
		return;
	if (WHITTLE_DEBUG)
		alloc_forget(run, count * PAGE_SIZE, ALLOC_PAGES);
	irq = spin_lock_irqsave(&pages_lock);
	if (start & (BLOCK_SIZE - 1)) {
		struct page *p = page_of(start), *header = block_header(p);

		pages_free_range(header, (size_t)(p - header), (size_t)(p - header) + count);
	} else if (extent_insert(start, start + blocks * BLOCK_SIZE)) {
		free_pages += blocks * BLOCK_PAGES;
	} else {
		for (size_t i = 0; i < blocks; i++)
			block_pieces_insert(page_direct(start + i * BLOCK_SIZE));
		free_pages += blocks * BLOCK_USABLE;
	}
	spin_unlock_irqrestore(&pages_lock, irq);
}

void page_block_open(void *block)
{
	struct page *header = block;

	if (WHITTLE_DEBUG)
		alloc_forget(block, PAGE_SLOT_PAGES * PAGE_SIZE, ALLOC_PAGES);
	memset(header, 0, PAGE_SLOT_PAGES * PAGE_SIZE);
	for (unsigned i = PAGE_SLOT_PAGES; i < BLOCK_PAGES; i++)
		header[i].refs = 1;
}

bool page_blocks_free(uint64_t pages)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < READ_ONCE(extent_count) && n < pages; i++)
		n += (READ_ONCE(extents[i].end) - READ_ONCE(extents[i].start)) >> PAGE_SHIFT;
	return n >= pages;
}

uint64_t page_total(void)
{
	return total_pages;
}

/* The stacks of other processors are left out: a page or two hundred more or less. */
uint64_t page_free_count(void)
{
	return READ_ONCE(free_pages) + percpu_ptr(page_stack)->count;
}

uint64_t page_available_count(void)
{
	uint64_t count = page_free_count();

	for (const struct page_reclaimer *r = __atomic_load_n(&reclaimers, __ATOMIC_ACQUIRE); r; r = r->next)
		count += r->count ? r->count() : 0;
	return count;
}

void page_cpu_arrives(void)
{
	WRITE_ONCE(stack_max, MIN(MAX(total_pages / STACK_SHARE, STACK_LEAST), STACK_MAX));
}

/* ---- Start ---- */

#define PARTS_MAX 24u

/* Free pieces of one block that is not wholly free. */
struct partial_block {
	paddr_t block;
	unsigned count;
	struct extent parts[PARTS_MAX];
};

/* Find room for the descriptors of a partial block, and free the rest of it. What has no room is lost. */
static void partial_block_add(struct partial_block *b)
{
	const paddr_t slot_size = 1ul << PAGE_SLOT_SHIFT;
	struct page *header = NULL;
	paddr_t slot = 0;

	for (unsigned i = 0; i < b->count && !header; i++) {
		slot = ALIGN_UP(b->parts[i].start, slot_size);
		if (slot + slot_size <= b->parts[i].end)
			header = page_direct(slot);
	}
	if (!header || (slot != b->block && b->block >> BLOCK_SHIFT >= PAGE_SLOT_BLOCKS))
		return;
	if (b->block >> BLOCK_SHIFT < PAGE_SLOT_BLOCKS)
		page_slot_of_block[b->block >> BLOCK_SHIFT] = (uint8_t)((slot - b->block) >> PAGE_SLOT_SHIFT);
	memset(header, 0, slot_size);
	for (unsigned i = 0; i < b->count; i++) {
		/* Page 0 is never handed out: its descriptor is the block's. */
		size_t first = MAX((b->parts[i].start - b->block) >> PAGE_SHIFT, 1ul);
		size_t last = (b->parts[i].end - b->block) >> PAGE_SHIFT;
		size_t hole = (slot - b->block) >> PAGE_SHIFT;

		if (first <= hole + PAGE_SLOT_PAGES && hole < last) {
			if (first < hole)
				pages_free_range(header, first, hole);
			first = hole + PAGE_SLOT_PAGES;
		}
		if (first < last)
			pages_free_range(header, first, last);
	}
}

static void partial_block_flush(struct partial_block *b)
{
	if (b->count)
		partial_block_add(b);
	b->count = 0;
}

/* [@start, @end) is free memory; called with ascending ranges. */
static void memory_add(struct partial_block *b, paddr_t start, paddr_t end)
{
	total_pages += (end - start) >> PAGE_SHIFT;
	while (start < end) {
		paddr_t block = ALIGN_DOWN(start, BLOCK_SIZE);
		paddr_t next = MIN(block + BLOCK_SIZE, end);

		if (b->count && b->block != block)
			partial_block_flush(b);
		if (start == block && next == block + BLOCK_SIZE && block != 0) {
			next = ALIGN_DOWN(end, BLOCK_SIZE);
			if (extent_insert(block, next))
				free_pages += (next - block) >> PAGE_SHIFT;
		} else if (b->count < PARTS_MAX) {
			b->block = block;
			b->parts[b->count++] = (struct extent){ start, next };
		}
		start = next;
	}
}

/* What lies in memory already, sorted by address. */
static unsigned occupied_ranges(struct extent *out)
{
	paddr_t end = ALIGN_UP(image_paddr(image_end), PAGE_SIZE);
	const struct bootarea_header *area = page_direct(end);
	unsigned n = 0;

	if (area->magic == BOOTAREA_MAGIC && area->version == BOOTAREA_VERSION && area->size < 1ul << 40)
		end += area->size;
	out[n++] = (struct extent){ image_paddr(image_start), end };
	if (boot_info.initrd.size)
		out[n++] = (struct extent){ boot_info.initrd.start, boot_info.initrd.start + boot_info.initrd.size };
	for (unsigned i = 0; i < boot_info.reserved_count; i++)
		out[n++] = (struct extent){ boot_info.reserved[i].start,
					    boot_info.reserved[i].start + boot_info.reserved[i].size };
	for (unsigned i = 0; i < n; i++) {
		out[i].start = ALIGN_DOWN(out[i].start, PAGE_SIZE);
		out[i].end = ALIGN_UP(out[i].end, PAGE_SIZE);
		for (unsigned j = i; j > 0 && out[j].start < out[j - 1].start; j--) {
			struct extent t = out[j];

			out[j] = out[j - 1];
			out[j - 1] = t;
		}
	}
	return n;
}

void page_init(void)
{
	struct extent occupied[2 + ARRAY_SIZE(boot_info.reserved)];
	struct partial_block partial = { .count = 0 };
	unsigned n = occupied_ranges(occupied);

	for (unsigned i = 0; i < ORDERS; i++)
		list_init(&free_pieces[i]);
	for (unsigned i = 0; i < boot_info.memory_count; i++) {
		paddr_t at = ALIGN_UP(boot_info.memory[i].start, PAGE_SIZE);
		paddr_t end = ALIGN_DOWN(boot_info.memory[i].start + boot_info.memory[i].size, PAGE_SIZE);

		/* The page at address 0 stays unused: a physical address of 0 means none. */
		if (at == 0)
			at = PAGE_SIZE;
		for (unsigned j = 0; j < n && at < end; j++) {
			if (occupied[j].end <= at || occupied[j].start >= end)
				continue;
			if (occupied[j].start > at)
				memory_add(&partial, at, occupied[j].start);
			at = occupied[j].end;
		}
		if (at < end)
			memory_add(&partial, at, end);
	}
	partial_block_flush(&partial);
	reserve_pages = MIN(total_pages / 64, 256ul);
}
