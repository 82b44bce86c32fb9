/* Page tables (Intel SDM 3A, 4.5: 4-level paging). mm/ decides what is mapped; this writes entries.
 *
 * Locking: the caller holds the address space's lock for program mappings; kernel mappings have a lock of their own.
 */
#ifndef ARCH_MMU_H
#define ARCH_MMU_H

#define MMU_READ    1u
#define MMU_WRITE   2u
#define MMU_EXEC    4u
#define MMU_USER    8u   /* the program may; in fused and linked bindings absent */
#define MMU_UNCACHED 16u

/* One entry of the lowest level, and what can be asked of it. */
typedef uint64_t mmu_entry;

struct mmu {
	paddr_t root; /* of the topmost table */
};

int mmu_init(struct mmu *m);          /* kernel half shared, program half empty. -ENOMEM */
void mmu_fini(struct mmu *m);         /* frees tables; every program page was unmapped before */
void mmu_switch(const struct mmu *m); /* on this processor */

/** mmu_entry_at() - the lowest-level entry of @va, making tables if @create. NULL: none, or no memory. */
mmu_entry *mmu_entry_at(struct mmu *m, uint64_t va, bool create);
/** mmu_entry_range() - as above; *@count: entries from there in the same table. For loops over ranges. */
mmu_entry *mmu_entry_range(struct mmu *m, uint64_t va, bool create, size_t *count);
mmu_entry mmu_entry_make(paddr_t page, unsigned access);
bool mmu_entry_present(mmu_entry e);
bool mmu_entry_writable(mmu_entry e);
bool mmu_entry_dirty(mmu_entry e);
bool mmu_entry_accessed(mmu_entry e);
paddr_t mmu_entry_paddr(mmu_entry e);
/* Two bits of an entry are mm/'s own. */
#define MMU_SOFT_BORROWED 1u /* the page is neither counted nor freed */
#define MMU_SOFT_COW      2u
mmu_entry mmu_entry_with_soft(mmu_entry e, unsigned soft);
unsigned mmu_entry_soft(mmu_entry e);
mmu_entry mmu_entry_with_access(mmu_entry e, unsigned access);

/** mmu_flush_page(), mmu_flush_all() - forget translations of the current address space on every processor using it. */
void mmu_flush_page(struct mmu *m, uint64_t va);
void mmu_flush_range(struct mmu *m, uint64_t start, uint64_t end);

/** mmu_free_tables() - free tables that lie wholly in [@start, @end); nothing is mapped there. */
void mmu_free_tables(struct mmu *m, uint64_t start, uint64_t end);

/* The kernel's own half. */
/** mmu_map_kernel() - map @n bytes of physical memory at @va; page-aligned. -ENOMEM. */
int mmu_map_kernel(uint64_t va, paddr_t pa, size_t n, unsigned access);
void mmu_unmap_kernel(uint64_t va, size_t n);
/** mmu_map_device() - registers of a device, uncached. Return: address, or NULL. */
volatile void *mmu_map_device(paddr_t pa, size_t n);

#endif
