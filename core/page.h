/* Pages of memory (core/page.c): a buddy allocator whose descriptors come into being when a block is first split.
 *
 * Memory is handled in blocks of 2 MiB. A whole block has no descriptors; splitting it uses its own first pages for
 * them, so that start-up does no work per page. All RAM is mapped at DIRECT_MAP_START, writable, never executable.
 * Single pages go through a stack of free pages per processor.
 */
#ifndef CORE_PAGE_H
#define CORE_PAGE_H

#include <arch/layout.h>
#include <core/boot_info.h>
#include <core/list.h>
#include <core/ref.h>

#define BLOCK_SHIFT     21
#define BLOCK_SIZE      (1ul << BLOCK_SHIFT)
#define BLOCK_PAGES     (1u << (BLOCK_SHIFT - PAGE_SHIFT))
#define PAGE_ORDER_MAX  8 /* largest order that page_alloc() serves: 1 MiB */

/* One page, or the first of a larger piece. What is behind `flags` is the owner's while the page is allocated, and has
 * no defined value when page_alloc() hands it out. */
struct page {
	uint32_t refs;       /* atomic; without meaning while free */
	uint8_t order;       /* of the piece that starts here; I while allocated */
	uint8_t flags;       /* PAGE_*; 0 when handed out */
	uint16_t slab_class; /* which kmalloc class, while PAGE_SLAB */
	union {
		struct list list; /* the allocator while free; the owner while allocated */
		struct {
			void *owner;    /* the page cache or anonymous mapping that holds it */
			uint64_t index; /* which page of the owner it is */
		};
	};
	uint64_t private;    /* the owner's */
};
_Static_assert(sizeof(struct page) == 32, "struct page");

#define PAGE_SLAB  1u
#define PAGE_FREE  2u

enum page_flags {
	PAGE_ZERO = 1,  /* filled with zeroes */
	PAGE_ATOMIC = 2 /* do not reclaim: locks of the allocators or of caches are held, or interrupts are off */
};

/* The descriptors of a block are one array within the block, in one of its 16 KiB slots: the first, unless that is
 * taken (by the kernel's image, say). Other slots are known for the first GiB only. */
#define PAGE_SLOT_SHIFT  14
#define PAGE_SLOT_PAGES  (1u << (PAGE_SLOT_SHIFT - PAGE_SHIFT))
#define PAGE_SLOT_BLOCKS 512u
_Static_assert(BLOCK_PAGES * sizeof(struct page) == 1ul << PAGE_SLOT_SHIFT, "descriptors of a block fill one slot");
extern uint8_t page_slot_of_block[PAGE_SLOT_BLOCKS]; /* I after page_init() */

static inline void *page_direct(paddr_t p)
{
	return (void *)(DIRECT_MAP_START + p);
}
static inline paddr_t page_direct_paddr(const void *v)
{
	return (paddr_t)v - DIRECT_MAP_START;
}

/** page_of() - the descriptor of an allocated page; it must come from page_alloc(). */
static inline struct page *page_of(paddr_t p)
{
	paddr_t slot = p & ~(BLOCK_SIZE - 1);
	uint64_t block = p >> BLOCK_SHIFT;

	if (block < PAGE_SLOT_BLOCKS)
		slot += (paddr_t)page_slot_of_block[block] << PAGE_SLOT_SHIFT;
	return (struct page *)page_direct(slot) + ((p >> PAGE_SHIFT) & (BLOCK_PAGES - 1));
}
static inline paddr_t page_paddr(const struct page *p)
{
	paddr_t at = page_direct_paddr(p);
	uint64_t index = (at & ((1ul << PAGE_SLOT_SHIFT) - 1)) / sizeof(struct page);

	return (at & ~(BLOCK_SIZE - 1)) + (index << PAGE_SHIFT);
}
static inline void *page_address(const struct page *p)
{
	return page_direct(page_paddr(p));
}

/** page_init() - hand all RAM of boot_info that the image and its boot area do not occupy to the allocator. */
void page_init(void);

/**
 * page_alloc() - 2^@order pages in a row, naturally aligned, with one reference.
 * Context: any; with PAGE_ATOMIC also interrupt. Return: the first page's descriptor, or NULL if memory is short.
 */
struct page *page_alloc(unsigned order, unsigned flags) __must_check;
/** page_get() - one more reference. */
static inline void page_get(struct page *p)
{
	ref_get(&p->refs);
}
/** page_put() - one reference less; the last one frees. Context: any. */
void page_put(struct page *p);
/** page_put_many() - page_put() for each of @n pages. Context: any. */
void page_put_many(struct page **pages, unsigned n);
/** page_alloc_run() - @count pages in a row, however many (whole blocks if large). Return: address, or NULL. */
void *page_alloc_run(size_t count, unsigned flags) __must_check;
void page_free_run(void *run, size_t count);
/**
 * page_block_open() - a block that page_alloc_run() gave becomes single pages of one reference each, but for the first
 * PAGE_SLOT_PAGES: their descriptors lie there from now on.
 */
void page_block_open(void *block);
/** page_blocks_free() - there are at least @pages free pages in whole blocks. A guess. */
bool page_blocks_free(uint64_t pages);
/** page_clear(), page_copy() - one page, aligned (arch/ARCH/string.S). */
void page_clear(void *page);
void page_copy(void *to, const void *from);

/** page_total(), page_free_count() - pages the machine has for use, and that are free now. */
uint64_t page_total(void);
uint64_t page_free_count(void);
/** page_available_count() - and those that caches would give back as well. */
uint64_t page_available_count(void);
/** page_cpu_arrives() - another processor has a stack of pages from now on: each gets fewer where memory is small. */
void page_cpu_arrives(void);

/* How hard it is tried to get memory back. */
enum page_reclaim {
	PAGE_RECLAIM_EARLY, /* memory is getting short: what costs nothing to give, after a short look */
	PAGE_RECLAIM_HARD,  /* or an allocation fails. Any locks may be held, so that locks may only be tried */
	PAGE_RECLAIM_WAIT,  /* or a program ends. May sleep and do I/O; of locks from RANK_MM on none is held */
};

/* Who can give memory back when it is short: caches. Never called from interrupts; PAGE_RECLAIM_EARLY as deferred work
 * too. */
struct page_reclaimer {
	/* Free about @wanted pages. Return: how many became free, or nearer to it: 0 is "nothing more to hope for". */
	size_t (*reclaim)(size_t wanted, enum page_reclaim how);
	uint64_t (*count)(void);     /* pages it could give at most; NULL: nobody knows */
	struct page_reclaimer *next; /* page.c's */
};
/** page_reclaim_register() - @r stays for good. */
void page_reclaim_register(struct page_reclaimer *r);
/** page_reclaim_wait() - an allocation failed: try hard, for a caller without locks from RANK_MM on. Return: retry. */
bool page_reclaim_wait(void);

#endif
