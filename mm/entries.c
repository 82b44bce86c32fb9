/* Ranges of page table entries: emptied, given other rights, moved, counted. The address space's lock is held.
 *
 * An entry holds a reference to its page unless the page is borrowed. A page is let go only after the translations
 * that lead to it are forgotten, so pages are collected and dropped in batches.
 *
 * A processor may mark an entry as used or written at any time while it is there. That a page was written to says nothing
 * of an object's (who writes to one faults first), but of a private page: one that is not marked so was freed lazily, by
 * MADV_FREE, and may go. So entries of such pages change by atomic operations only. */
#include <core/page.h>
#include <linux/errno.h>
#include <mm/internal.h>

COMPONENT("mm", "address spaces: mappings, page faults, copy on write");

#define BATCH 64u

/* Translations of [@start, @end) are forgotten, then the @count pages they led to are let go. */
static void drop(struct mm *mm, uint64_t start, uint64_t end, struct page **pages, unsigned count)
{
	if (start < end)
		mmu_flush_range(&mm->mmu, start, end);
	page_put_many(pages, count);
}

/* From entry @i on, how many groups of eight hold nothing: a table is mostly that where a stack was. */
static uint64_t empty_run(const mmu_entry *e, uint64_t i, uint64_t n)
{
	const uint64_t from = i;

	while (n - i >= 8 && !(e[i] | e[i + 1] | e[i + 2] | e[i + 3] | e[i + 4] | e[i + 5] | e[i + 6] | e[i + 7]))
		i += 8;
	return i - from;
}

void entries_zap(struct mm *mm, uint64_t start, uint64_t end)
{
	struct page *pages[BATCH];
	uint64_t at = start, first = UINT64_MAX, last = 0, private = 0, emptied = 0;
	unsigned count = 0;
	mmu_entry *e;

	while ((e = mmu_entry_next(&mm->mmu, &at, end)) != NULL) {
		if (unlikely(mmu_entry_huge(*e))) {
			huge_drop(mm, e, at);
			at += BLOCK_SIZE;
			continue;
		}
		const uint64_t from = at, n = MIN((end - at) >> PAGE_SHIFT, mmu_entries_left(at));

		for (uint64_t i = 0; i < n; i++) {
			mmu_entry old = e[i];

			if (!old) {
				i += empty_run(e, i + 1, n);
				continue;
			}
			e[i] = 0;
			emptied++;
			last = from + i * PAGE_SIZE;
			first = MIN(first, last);
			if (mmu_entry_soft(old) & MMU_SOFT_BORROWED)
				continue;
			private += (mmu_entry_soft(old) & MMU_SOFT_PRIVATE) / MMU_SOFT_PRIVATE;
			pages[count++] = page_of(mmu_entry_paddr(old));
			if (count == BATCH) {
				drop(mm, first, last + PAGE_SIZE, pages, count);
				count = 0;
				first = UINT64_MAX;
			}
		}
		at = from + n * PAGE_SIZE;
	}
	drop(mm, first, last + PAGE_SIZE, pages, count);
	mm->anon_pages -= private;
	mm_resident_falls(mm, emptied);
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

		if (unlikely(mmu_entry_huge(*e))) {
			*e = mmu_entry_with_bits(mmu_entry_take(e), v->bits);
			first = MIN(first, at);
			last = at += BLOCK_SIZE;
			continue;
		}
		for (; at < stop; at += PAGE_SIZE, e++) {
			mmu_entry old = *e;

			if (!old)
				continue;
			/* Written to just now, maybe, by another processor. */
			while (!__atomic_compare_exchange_n(e, &old, entry_protected(v, old), false, __ATOMIC_RELAXED,
							    __ATOMIC_RELAXED))
				;
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

		if (unlikely(mmu_entry_huge(*e))) {
			mmu_entry *region = mmu_region_at(&mm->mmu, at - from + to, true);

			if (!region)
				return -ENOMEM;
			if ((from ^ to) & (BLOCK_SIZE - 1) || *region) {
				if (huge_split_all(mm, at, at + BLOCK_SIZE))
					return -ENOMEM;
			} else {
				*region = mmu_entry_take(e);
				at += BLOCK_SIZE;
			}
			continue;
		}
		for (; at < stop; at += PAGE_SIZE, e++) {
			mmu_entry *target;

			if (!*e)
				continue;
			target = mmu_entry_at(&mm->mmu, at - from + to, true);
			if (!target)
				return -ENOMEM;
			*target = mmu_entry_take(e);
		}
	}
	mmu_flush_range(&mm->mmu, from, end);
	return 0;
}

void entries_free_lazily(struct mm *mm, uint64_t start, uint64_t end)
{
	uint64_t at = start, first = UINT64_MAX, last = 0;
	mmu_entry *e;

	while ((e = mmu_entry_next(&mm->mmu, &at, end)) != NULL) {
		uint64_t stop = MIN(end, at + mmu_entries_left(at) * PAGE_SIZE);

		if (unlikely(mmu_entry_huge(*e))) {
			mmu_entry_clean(e);
			first = MIN(first, at);
			last = at += BLOCK_SIZE;
			continue;
		}
		for (; at < stop; at += PAGE_SIZE, e++) {
			if (!(mmu_entry_soft(*e) & MMU_SOFT_PRIVATE) || READ_ONCE(page_of(mmu_entry_paddr(*e))->refs) != 1)
				continue;
			mmu_entry_clean(e);
			first = MIN(first, at);
			last = at + PAGE_SIZE;
		}
	}
	if (first < last)
		mmu_flush_range(&mm->mmu, first, last); /* so that the next write marks it */
}

/* What was freed lazily goes if it was not written to since; what an object has, if it was not used. */
static bool may_go(mmu_entry *e, uint64_t *aged)
{
	mmu_entry old = *e;

	if (mmu_entry_soft(old) & MMU_SOFT_PRIVATE)
		return !mmu_entry_dirty(old) &&
		       __atomic_compare_exchange_n(e, &old, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
	if (!old || mmu_entry_soft(old))
		return false;
	if (mmu_entry_age(e)) {
		++*aged;
		return false;
	}
	(void)mmu_entry_take(e);
	return true;
}

uint64_t entries_age(struct mm *mm, uint64_t start, uint64_t end)
{
	struct page *pages[BATCH];
	uint64_t at = start, first = start, emptied = 0, aged = 0, private = 0, emptied_huge = 0;
	unsigned count = 0;
	mmu_entry *e;

	while ((e = mmu_entry_next(&mm->mmu, &at, end)) != NULL) {
		uint64_t stop = MIN(end, at + mmu_entries_left(at) * PAGE_SIZE);

		if (unlikely(mmu_entry_huge(*e))) {
			if (huge_give_back(mm, e, at))
				emptied_huge += BLOCK_PAGES;
			at += BLOCK_SIZE;
			continue;
		}
		for (; at < stop; at += PAGE_SIZE, e++) {
			mmu_entry old = *e;

			if (!may_go(e, &aged))
				continue;
			pages[count++] = page_of(mmu_entry_paddr(old));
			private += (mmu_entry_soft(old) & MMU_SOFT_PRIVATE) != 0;
			emptied++;
			if (count == BATCH) {
				drop(mm, first, at + PAGE_SIZE, pages, count);
				first = at + PAGE_SIZE;
				count = 0;
			}
		}
	}
	drop(mm, first, count ? at : first, pages, count);
	mm_resident_falls(mm, emptied);
	mm->anon_pages -= private;
	return emptied + emptied_huge + aged;
}

uint64_t entries_count(struct mm *mm, uint64_t start, uint64_t end, uint64_t *private, uint64_t *huge)
{
	uint64_t at = start, n = 0, own = 0;
	mmu_entry *e;

	*huge = 0;
	while ((e = mmu_entry_next(&mm->mmu, &at, end)) != NULL) {
		uint64_t stop = MIN(end, at + mmu_entries_left(at) * PAGE_SIZE);

		if (unlikely(mmu_entry_huge(*e))) {
			n += BLOCK_PAGES;
			own += BLOCK_PAGES;
			++*huge;
			at += BLOCK_SIZE;
			continue;
		}
		for (; at < stop; at += PAGE_SIZE, e++) {
			n += mmu_entry_present(*e);
			own += mmu_entry_present(*e) && mmu_entry_soft(*e) & MMU_SOFT_PRIVATE;
		}
	}
	*private = own;
	return n;
}
