/* Huge pages: a block of 2 MiB mapped by one entry, for private anonymous memory, without the program's knowledge.
 *
 * A block that is mapped so has no descriptors and one owner, the entry. The entry lies wholly in one mapping: whoever is
 * about to change a part of one splits it first. To split is to move the first 16 KiB away, where the descriptors of the
 * other pages come to lie (core/page.h), and to map all of them by a table. Who shares pages between address spaces splits
 * them before.
 * Made at the first write to a region that is empty and lies within one mapping, and on demand (MADV_COLLAPSE).
 * Locking: mm->lock.
 * Left out: making them behind the program's back later on; stacks; huge pages of files.
 */
#include <core/page.h>
#include <core/param.h>
#include <linux/errno.h>
#include <mm/huge.h>
#include <mm/internal.h>

COMPONENT("mm", "address spaces: mappings, page faults, copy on write");

#define PLENTY_ALWAYS  4u /* part of memory that must be free in whole blocks for one that nobody asked for */
#define PLENTY_ADVISED 16u

unsigned huge_mode = HUGE_ADVISED;
uint64_t huge_pages_total;

int huge_set_mode(const char *name, size_t n)
{
	static const char *const names[] = { "always", "madvise", "never" };

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		if (strlen(names[i]) == n && !memcmp(names[i], name, n)) {
			WRITE_ONCE(huge_mode, i);
			return 0;
		}
	}
	return -EINVAL;
}

static int set_mode(char *value)
{
	return huge_set_mode(value, strlen(value));
}
BOOT_PARAM(transparent_hugepage, "transparent_hugepage", set_mode);

/* The region at @start lies in @v, which may have huge pages. */
static bool possible(const struct vma *v, uint64_t start)
{
	return !v->object && !(v->flags & (VMA_NOHUGE | VMA_GROWSDOWN)) && v->start <= start && start + BLOCK_SIZE <= v->end;
}

static void count_huge(struct mm *mm, int64_t n)
{
	mm->huge_pages += (uint64_t)n;
	__atomic_fetch_add(&huge_pages_total, (uint64_t)n, __ATOMIC_RELAXED);
}

static mmu_entry huge_entry(const struct vma *v, const void *block)
{
	mmu_entry e = mmu_entry_touched(mmu_entry_with_page(v->bits, page_direct_paddr(block)));

	return mmu_entry_as_huge(mmu_entry_with_soft(e, MMU_SOFT_PRIVATE));
}

mmu_entry *huge_at(struct mm *mm, uint64_t address)
{
	mmu_entry *region = mm->huge_pages ? mmu_region_at(&mm->mmu, address, false) : NULL;

	return region && mmu_entry_huge(*region) ? region : NULL;
}

bool huge_fault(struct mm *mm, const struct vma *v, uint64_t address)
{
	uint64_t start = ALIGN_DOWN(address, BLOCK_SIZE);
	unsigned mode = READ_ONCE(huge_mode);
	mmu_entry *region;
	void *block;

	if (mode == HUGE_NEVER || (mode == HUGE_ADVISED && !(v->flags & VMA_HUGE)) || !possible(v, start) ||
	    !page_blocks_free(page_total() / (v->flags & VMA_HUGE ? PLENTY_ADVISED : PLENTY_ALWAYS)))
		return false;
	region = mmu_region_at(&mm->mmu, start, true);
	if (!region || *region)
		return false;
	block = page_alloc_run(BLOCK_PAGES, PAGE_ZERO | PAGE_ATOMIC);
	if (!block)
		return false;
	*region = huge_entry(v, block);
	count_huge(mm, 1);
	mm->anon_pages += BLOCK_PAGES;
	mm->resident_pages += BLOCK_PAGES;
	return true;
}

bool huge_fault_mapped(struct mm *mm, const struct vma *v, uint64_t address)
{
	mmu_entry *region = huge_at(mm, address);

	if (!region)
		return false;
	/* One owner: what the mapping allows is allowed. */
	*region = mmu_entry_touched(mmu_entry_with_bits(*region, v->bits));
	mmu_flush_page(&mm->mmu, address);
	return true;
}

static int split(struct mm *mm, mmu_entry *region, uint64_t start)
{
	struct page *head[PAGE_SLOT_PAGES], *table = page_alloc(0, PAGE_ATOMIC);
	mmu_entry old = *region, *entries;
	char *block = page_direct(mmu_entry_paddr(old));
	unsigned n = 0;

	while (table && n < PAGE_SLOT_PAGES && (head[n] = page_alloc(0, PAGE_ATOMIC)) != NULL)
		n++;
	if (n < PAGE_SLOT_PAGES) {
		page_put_many(head, n);
		if (table)
			page_put(table);
		return -ENOMEM;
	}
	old = mmu_entry_take(region);
	mmu_flush_range(&mm->mmu, start, start + BLOCK_SIZE);
	entries = page_address(table);
	for (unsigned i = 0; i < BLOCK_PAGES; i++)
		entries[i] = mmu_entry_as_small(old, i);
	for (unsigned i = 0; i < PAGE_SLOT_PAGES; i++) {
		page_copy(page_address(head[i]), block + i * PAGE_SIZE);
		entries[i] ^= mmu_entry_paddr(entries[i]) ^ page_paddr(head[i]);
	}
	page_block_open(block);
	*region = mmu_region_entry(entries);
	count_huge(mm, -1);
	return 0;
}

int huge_split(struct mm *mm, uint64_t address)
{
	mmu_entry *region;

	if (likely(!mm->huge_pages) || !(address & (BLOCK_SIZE - 1)))
		return 0;
	region = huge_at(mm, address);
	return region ? split(mm, region, ALIGN_DOWN(address, BLOCK_SIZE)) : 0;
}

int huge_split_all(struct mm *mm, uint64_t start, uint64_t end)
{
	int r = 0;

	for (uint64_t at = ALIGN_DOWN(start, BLOCK_SIZE); mm->huge_pages && at < end && !r; at += BLOCK_SIZE) {
		mmu_entry *region = huge_at(mm, at);

		r = region ? split(mm, region, at) : 0;
	}
	return r;
}

/* @old was taken out at @start. */
static void free_block(struct mm *mm, mmu_entry old, uint64_t start)
{
	mmu_flush_range(&mm->mmu, start, start + BLOCK_SIZE);
	page_free_run(page_direct(mmu_entry_paddr(old)), BLOCK_PAGES);
	count_huge(mm, -1);
	mm->anon_pages -= BLOCK_PAGES;
	mm_resident_falls(mm, BLOCK_PAGES);
}

void huge_drop(struct mm *mm, mmu_entry *region, uint64_t start)
{
	free_block(mm, mmu_entry_take(region), start);
}

bool huge_give_back(struct mm *mm, mmu_entry *region, uint64_t start)
{
	mmu_entry old = *region;

	if (mmu_entry_dirty(old) ||
	    !__atomic_compare_exchange_n(region, &old, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return false;
	free_block(mm, old, start);
	return true;
}

/* What the small pages of @table hold becomes the contents of @block. */
static void gather(struct mm *mm, mmu_entry *table, char *block)
{
	for (unsigned i = 0; i < BLOCK_PAGES; i++) {
		mmu_entry e = table[i];

		if (!e) {
			page_clear(block + i * PAGE_SIZE);
			mm->resident_pages++;
			mm->anon_pages++;
			continue;
		}
		page_copy(block + i * PAGE_SIZE, page_direct(mmu_entry_paddr(e)));
		if (!(mmu_entry_soft(e) & MMU_SOFT_PRIVATE))
			mm->anon_pages++; /* the page of zeroes, so far */
		if (!(mmu_entry_soft(e) & MMU_SOFT_BORROWED))
			page_put(page_of(mmu_entry_paddr(e)));
	}
}

/* The region at @start of @v becomes a huge page. 0 or -ENOMEM. */
static int collapse(struct mm *mm, const struct vma *v, uint64_t start)
{
	mmu_entry *region = mmu_region_at(&mm->mmu, start, true), *table;
	char *block;

	if (!region)
		return -ENOMEM;
	if (mmu_entry_huge(*region))
		return 0;
	block = page_alloc_run(BLOCK_PAGES, *region ? 0 : PAGE_ZERO);
	if (!block)
		return -ENOMEM;
	if (*region) {
		table = mmu_region_table(mmu_entry_take(region));
		mmu_forget_tables(&mm->mmu);
		gather(mm, table, block);
		page_put(page_of(page_direct_paddr(table)));
	} else {
		mm->anon_pages += BLOCK_PAGES;
		mm->resident_pages += BLOCK_PAGES;
	}
	*region = huge_entry(v, block);
	count_huge(mm, 1);
	return 0;
}

long huge_collapse(struct mm *mm, uint64_t start, uint64_t end)
{
	long r = 0;

	for (struct vma *v = vma_find(&mm->tree, start); v && v->start < end && !r; v = v->next) {
		uint64_t from = MAX(start, v->start), to = MIN(end, v->end);

		if (v->object || v->flags & (VMA_NOHUGE | VMA_GROWSDOWN))
			return -EINVAL;
		for (uint64_t at = ALIGN_UP(from, BLOCK_SIZE); at < to && to - at >= BLOCK_SIZE && !r; at += BLOCK_SIZE)
			r = collapse(mm, v, at);
	}
	return r;
}
