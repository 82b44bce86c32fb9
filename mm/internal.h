/* What the files of mm/ share. All of it is called with the address space's lock held. */
#ifndef MM_INTERNAL_H
#define MM_INTERNAL_H

#include <mm/mm.h>

#define STACK_GUARD_GAP (256 * PAGE_SIZE) /* below a stack that grows, nothing is mapped */

/* space.c */
/** mm_next() - for loops over all address spaces: the one after @done, whose reference goes, with a reference; or NULL. */
struct mm *mm_next(struct mm *done);

/* fault.c */
/**
 * fault_in_locked() - make the page at @address accessible. @access: FAULT_WRITE, FAULT_EXEC, or 0.
 * Return: 0; a signal number, with *@code; -ENOMEM.
 */
int fault_in_locked(struct mm *mm, uint64_t address, unsigned access, int *code);
/** populate_locked() - fault in what may be accessed in [@start, @end). -ENOMEM. */
int populate_locked(struct mm *mm, uint64_t start, uint64_t end);

/* huge.c: huge pages of private anonymous memory */
/** huge_fault() - nothing is mapped in the region of @address of @v: map it whole, if that is wanted. Return: it is. */
bool huge_fault(struct mm *mm, const struct vma *v, uint64_t address);
/** huge_fault_mapped() - a permitted access to a huge page faulted: give it the rights of @v. Return: there is one. */
bool huge_fault_mapped(struct mm *mm, const struct vma *v, uint64_t address);
/** huge_at() - the entry of the huge page that holds @address, or NULL. */
mmu_entry *huge_at(struct mm *mm, uint64_t address);
/** huge_split() - no huge page lies on both sides of @address from now on. 0 or -ENOMEM. */
int huge_split(struct mm *mm, uint64_t address);
/** huge_split_all() - nor is any left in [@start, @end), or in part. 0 or -ENOMEM. */
int huge_split_all(struct mm *mm, uint64_t start, uint64_t end);
/** huge_drop() - @region, the huge entry at @start, becomes empty, and its block free. */
void huge_drop(struct mm *mm, mmu_entry *region, uint64_t start);
/** huge_give_back() - the same, if it was freed lazily and not written to since. Return: it was. */
bool huge_give_back(struct mm *mm, mmu_entry *region, uint64_t start);
/** huge_collapse() - MADV_COLLAPSE: regions that lie wholly in [@start, @end). */
long huge_collapse(struct mm *mm, uint64_t start, uint64_t end);

/* map.c */
/** vma_uncommit() - the pages of @v, which is about to go, count no more. */
void vma_uncommit(struct mm *mm, const struct vma *v);
/** stack_may_grow() - limits and what may be committed allow @v to get @pages more; they are counted then. */
bool stack_may_grow(struct mm *mm, const struct vma *v, uint64_t pages);

/* entries.c. No huge page lies across a border of a range. */
/** entries_zap() - empty [@start, @end): forget translations, drop references. */
void entries_zap(struct mm *mm, uint64_t start, uint64_t end);
/** entries_protect() - give what is mapped in [@start, @end) the rights of @v, which covers it. */
void entries_protect(struct mm *mm, const struct vma *v, uint64_t start, uint64_t end);
/** entries_move() - move [@from, + @length) to @to, where nothing is. -ENOMEM: some may have been moved. */
int entries_move(struct mm *mm, uint64_t from, uint64_t to, uint64_t length);
/** entries_free_lazily() - from now on pages of [@start, @end) may be taken back, until they are written to. */
void entries_free_lazily(struct mm *mm, uint64_t start, uint64_t end);
/**
 * entries_age() - empty what in [@start, @end) can be had again, an object's pages, if it was not used since the last time,
 * and what was freed lazily. Return: entries emptied, or only marked as not used.
 */
uint64_t entries_age(struct mm *mm, uint64_t start, uint64_t end);
/** entries_count() - pages in [@start, @end); *@private: of them, those that are the address space's own; *@huge: blocks. */
uint64_t entries_count(struct mm *mm, uint64_t start, uint64_t end, uint64_t *private, uint64_t *huge);

static inline unsigned prot_access(const struct mm *mm, int prot)
{
	/* PROT_READ, PROT_WRITE, PROT_EXEC: 1, 2, 4. No processor here can write or execute without reading. */
	unsigned access = prot & 7 ? MMU_READ | mm->user_access : 0;

	if (prot & 2)
		access |= MMU_WRITE;
	if (prot & 4)
		access |= MMU_EXEC;
	return access;
}

#endif
