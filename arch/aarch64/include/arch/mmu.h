/* Page tables (Arm ARM, D8: VMSAv8-64, 4 KiB granule, 4 levels). mm/ decides what is mapped; this writes entries.
 *
 * Locking: the caller holds the address space's lock for program mappings; kernel mappings have a lock of their own.
 */
#ifndef ARCH_MMU_H
#define ARCH_MMU_H

#include <arch/percpu.h>

/* What may be done with a page. */
#define MMU_READ     1u
#define MMU_WRITE    2u
#define MMU_USER     4u  /* the program may; in fused and linked bindings absent */
#define MMU_EXEC     8u
#define MMU_UNCACHED 16u

/* One entry of the lowest level, and what can be asked of it. 0: empty. */
typedef uint64_t mmu_entry;

struct mmu {
	paddr_t root; /* of the topmost table */
};

extern paddr_t mmu_current_root; /* percpu: the tables in use */

int mmu_init(struct mmu *m) __must_check; /* kernel half shared, program half empty. -ENOMEM */
void mmu_clear(struct mmu *m);            /* frees all tables but the topmost; every program page was unmapped before */
void mmu_fini(struct mmu *m);             /* after mmu_clear(), when no processor has it loaded: frees the topmost */
void mmu_switch(const struct mmu *m);     /* on this processor; NULL: the kernel's own */

/** mmu_entry_at() - the lowest-level entry of @va, making tables if @create. NULL: none, or no memory. */
mmu_entry *mmu_entry_at(struct mmu *m, uint64_t va, bool create);

/** mmu_entry_at_hand() - mmu_entry_at() need not search: the region of @va has a table, which was used last. */
bool mmu_entry_at_hand(const struct mmu *m, uint64_t va);
/* A region is what one lowest table maps, BLOCK_SIZE; its entry leads to that table, or to a block: a huge page. */
/** mmu_region_at() - the entry of the region of @va, making tables above if @create. NULL: none, or no memory. */
mmu_entry *mmu_region_at(struct mmu *m, uint64_t va, bool create);
/** mmu_entry_huge() - an entry of a region, or what mmu_entry_next() returned, leads to a block. */
bool mmu_entry_huge(mmu_entry e);
/** mmu_entry_as_huge() - @e, made for the first page of a block, for an entry of a region. */
mmu_entry mmu_entry_as_huge(mmu_entry e);
/** mmu_entry_as_small() - of the huge entry @e, that of page @i of its block. */
mmu_entry mmu_entry_as_small(mmu_entry e, unsigned i);
/** mmu_region_table() - the table that a region's entry leads to. */
mmu_entry *mmu_region_table(mmu_entry e);
/** mmu_region_entry() - an entry that leads to @table, one page. */
mmu_entry mmu_region_entry(const mmu_entry *table);
/** mmu_forget_tables() - every processor forgets all it knows of @m: a table was taken out. */
void mmu_forget_tables(struct mmu *m);

/** mmu_entries_left() - how many entries lie in the same table from that of @va on, itself included. */
static inline size_t mmu_entries_left(uint64_t va)
{
	return 512 - ((va >> PAGE_SHIFT) & 511);
}
/**
 * mmu_entry_next() - for loops over a range: the entry of @va if it has a table, else of the next address below @end
 * that has one. Return: the entry, @va moved on; NULL: none.
 */
mmu_entry *mmu_entry_next(struct mmu *m, uint64_t *va, uint64_t end);

mmu_entry mmu_entry_make(paddr_t page, unsigned access);
/** mmu_entry_with_page() - @bits = mmu_entry_make(0, access), leading to a page. */
mmu_entry mmu_entry_with_page(mmu_entry bits, paddr_t page);
/** mmu_entry_read_only() - the same without the right to write. */
mmu_entry mmu_entry_read_only(mmu_entry e);
/** mmu_entry_touched() - mark it as used, and written to if it may be, so that the processor need not. */
mmu_entry mmu_entry_touched(mmu_entry e);
/** mmu_entry_present() - it holds a page, whether or not it may be accessed. */
bool mmu_entry_present(mmu_entry e);
bool mmu_entry_writable(mmu_entry e);
paddr_t mmu_entry_paddr(mmu_entry e);

/* Two bits of an entry are mm/'s own. */
#define MMU_SOFT_BORROWED 1u /* the page is neither counted nor freed */
#define MMU_SOFT_PRIVATE  2u /* the page is the mapping's own, of no object: counted in anon_pages */
mmu_entry mmu_entry_with_soft(mmu_entry e, unsigned soft);
unsigned mmu_entry_soft(mmu_entry e);
/** mmu_entry_with_bits() - the same page and soft bits, with the rights of @bits = mmu_entry_make(0, access). */
mmu_entry mmu_entry_with_bits(mmu_entry e, mmu_entry bits);

/** mmu_entry_take() - empty @e while processors may mark it as used or written. Return: what it was at the end. */
mmu_entry mmu_entry_take(mmu_entry *e);
/** mmu_entry_age() - Return: it was used since the last time; from now on it counts as not used. Translations may stay. */
bool mmu_entry_age(mmu_entry *e);

/** mmu_entry_dirty() - it was written to through this entry. */
bool mmu_entry_dirty(mmu_entry e);
/** mmu_entry_clean() - it was not, from now on; translations are to be forgotten. */
void mmu_entry_clean(mmu_entry *e);
void mmu_entry_set_dirty(mmu_entry *e);

/** mmu_flush_page(), mmu_flush_range() - forget translations of @m on every processor using it. */
void mmu_flush_page(struct mmu *m, uint64_t va);
void mmu_flush_range(struct mmu *m, uint64_t start, uint64_t end);
/** mmu_shootdown - set when there are other processors: make those that use @m (NULL: all) forget what they remember. */
enum mmu_shoot {
	MMU_SHOOT_PAGES,  /* pages: those that idle do it before they run a program again */
	MMU_SHOOT_TABLES, /* tables go, or the kernel's pages: all do it now */
};
extern void (*mmu_shootdown)(const struct mmu *m, enum mmu_shoot what);

/** mmu_cpu_idles(), mmu_cpu_busy() - this processor stops, and begins again, to run programs. Where there are several. */
void mmu_cpu_idles(void);
void mmu_cpu_busy(void);

/** mmu_free_tables() - free tables that lie wholly in [@start, @end); nothing is mapped there. */
void mmu_free_tables(struct mmu *m, uint64_t start, uint64_t end);

/* The kernel's own half. */
/** mmu_kernel_init() - build and switch to the kernel's final page tables; page_init() was called. */
void mmu_kernel_init(void);
/** mmu_cpu_init() - no-execute, write protection in the kernel and global pages, on this processor. */
void mmu_cpu_init(void);
/** mmu_seal_relro() - what only start-up may write (linker sets, constants with addresses) is read-only from now on. */
void mmu_seal_relro(void);
/** mmu_map_kernel() - map @n bytes of physical memory at @va; page-aligned. -ENOMEM. */
int mmu_map_kernel(uint64_t va, paddr_t pa, size_t n, unsigned access) __must_check;
void mmu_unmap_kernel(uint64_t va, size_t n);
/**
 * mmu_reserve_kernel() - @n bytes of addresses in the VMAP range, never given back.
 * Return: 0 if there are none left, and before mmu_kernel_init(), as when start-up ends with an error.
 */
uint64_t mmu_reserve_kernel(size_t n);
/** mmu_kernel_paddr() - what is mapped at @va by mmu_map_kernel(). */
paddr_t mmu_kernel_paddr(uint64_t va);
/** mmu_map_device() - registers of a device, uncached. Return: address, or NULL. */
volatile void *mmu_map_device(paddr_t pa, size_t n);

#endif
