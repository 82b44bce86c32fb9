/* Ranges of page table entries: emptied, given other rights, moved, counted. The address space's lock is held.
 *
 * An entry holds a reference to its page unless the page is borrowed. A page is let go only after the translations
 * that lead to it are forgotten, so pages are collected and dropped in batches. */
#include <core/page.h>
#include <linux/errno.h>
#include <mm/internal.h>

COMPONENT("mm", "address spaces: mmap, page faults, copy on write");

#define BATCH 64u

struct batch {
	unsigned count;
	uint64_t start, end; /* addresses whose entries were emptied since the last flush; start is ~0 if none */
	struct page *pages[BATCH];
};

static void batch_drop(struct mm *mm, struct batch *b)
{
	if (b->start < b->end)
		mmu_flush_range(&mm->mmu, b->start, b->end);
	b->start = UINT64_MAX;
	page_put_many(b->pages, b->count);
	b->count = 0;
}

void entries_zap(struct mm *mm, uint64_t start, uint64_t end)
{
	struct batch b = { .count = 0, .start = UINT64_MAX };
	uint64_t at = start;
	mmu_entry *e;

	while ((e = mmu_entry_next(&mm->mmu, &at, end)) != NULL) {
		uint64_t stop = MIN(end, at + mmu_entries_left(at) * PAGE_SIZE);

		for (; at < stop; at += PAGE_SIZE, e++) {
			mmu_entry old = *e;

			if (!old)
				continue;
			*e = 0;
			if (b.start > at)
				b.start = at;
			b.end = at + PAGE_SIZE;
			if (mmu_entry_soft(old) & MMU_SOFT_BORROWED)
				continue;
			if (mmu_entry_soft(old) & MMU_SOFT_PRIVATE)
				mm->anon_pages--;
			b.pages[b.count++] = page_of(mmu_entry_paddr(old));
			if (b.count == BATCH)
				batch_drop(mm, &b);
		}
	}
	batch_drop(mm, &b);
}

/* The rights that a page already mapped may have at once; more come by faults: a write to a page that is shared with
 * others must copy, and an object must be told when it is written to. */
static mmu_entry entry_protected(const struct vma *v, mmu_entry old)
{
	mmu_entry e = mmu_entry_with_bits(old, v->bits);
	bool own = (mmu_entry_soft(old) & MMU_SOFT_PRIVATE) && READ_ONCE(page_of(mmu_entry_paddr(old))->refs) == 1;

	return own ? e : mmu_entry_read_only(e);
}

void entries_protect(struct mm *mm, const struct vma *v, uint64_t start, uint64_t end)
{
	uint64_t at = start, first = UINT64_MAX, last = 0;
	mmu_entry *e;

	while ((e = mmu_entry_next(&mm->mmu, &at, end)) != NULL) {
		uint64_t stop = MIN(end, at + mmu_entries_left(at) * PAGE_SIZE);

		for (; at < stop; at += PAGE_SIZE, e++) {
			mmu_entry old = *e;

			if (!old)
				continue;
			*e = entry_protected(v, old);
			if (first > at)
				first = at;
			last = at + PAGE_SIZE;
		}
	}
	if (first < last)
		mmu_flush_range(&mm->mmu, first, last);
}

int entries_move(struct mm *mm, uint64_t from, uint64_t to, uint64_t length)
{
	uint64_t at = from, end = from + length;
	mmu_entry *e;

	while ((e = mmu_entry_next(&mm->mmu, &at, end)) != NULL) {
		uint64_t stop = MIN(end, at + mmu_entries_left(at) * PAGE_SIZE);

		for (; at < stop; at += PAGE_SIZE, e++) {
			mmu_entry *target;

			if (!*e)
				continue;
			target = mmu_entry_at(&mm->mmu, at - from + to, true);
			if (!target)
				return -ENOMEM;
			*target = *e;
			*e = 0;
		}
	}
	mmu_flush_range(&mm->mmu, from, end);
	return 0;
}

uint64_t entries_count(struct mm *mm, uint64_t start, uint64_t end)
{
	uint64_t at = start, n = 0;
	mmu_entry *e;

	while ((e = mmu_entry_next(&mm->mmu, &at, end)) != NULL) {
		uint64_t stop = MIN(end, at + mmu_entries_left(at) * PAGE_SIZE);

		for (; at < stop; at += PAGE_SIZE, e++)
			n += mmu_entry_present(*e);
	}
	return n;
}
