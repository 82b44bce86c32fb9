/* Page faults: what a program touches comes into being, and what it writes to becomes its own.
 *
 * Empty entry: anonymous memory gets a zeroed page, or on a read the one page of zeroes that all share; a mapped object
 * is asked for its page, and on a read for the neighbours that it has at hand. A write to a page mapped read-only
 * copies it, unless the mapping is the only one that refers to it; in a shared mapping the object is told.
 * Locking: mm->lock throughout. */
#include <arch/trap.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <core/log.h>
#include <core/page.h>
#include <core/process.h>
#include <linux/errno.h>
#include <linux/resource.h>
#include <mm/internal.h>

COMPONENT("mm", "address spaces: mappings, page faults, copy on write");

#define AROUND     16u                      /* pages mapped by one read fault at most */
#define TRIES 1000u /* of a fault for which there is no memory, as long as some becomes free */
#define NO_PROCESS_STACK_LIMIT (8ul << 20) /* of a program that does not run yet */

static paddr_t zero_page; /* set once, under some mm->lock: two at the same time would cost a page */

static paddr_t zero_page_paddr(void)
{
	paddr_t p = __atomic_load_n(&zero_page, __ATOMIC_ACQUIRE);

	if (unlikely(!p)) {
		struct page *page = page_alloc(0, PAGE_ZERO);

		if (!page)
			return 0;
		p = page_paddr(page);
		__atomic_store_n(&zero_page, p, __ATOMIC_RELEASE);
	}
	return p;
}

static int object_error(int error, int *code)
{
	if (error == -ENOMEM)
		return error;
	*code = BUS_ADRERR;
	return SIGBUS;
}

/* An entry for @page of an object, with the rights of @bits. */
static mmu_entry object_entry(mmu_entry bits, const struct vm_page *page)
{
	mmu_entry e = mmu_entry_touched(mmu_entry_with_page(bits, page->paddr));

	return page->page ? e : mmu_entry_with_soft(e, MMU_SOFT_BORROWED);
}

/* An entry that makes @page the mapping's own, writable. */
static mmu_entry private_entry(const struct vma *v, struct page *page)
{
	return mmu_entry_with_soft(mmu_entry_touched(mmu_entry_with_page(v->bits, page_paddr(page))), MMU_SOFT_PRIVATE);
}

/* The same at *@e, where nothing is. The page's reference moves in. */
static void install_private(struct mm *mm, const struct vma *v, mmu_entry *e, struct page *page)
{
	*e = private_entry(v, page);
	mm->anon_pages++;
}

/* Map the faulting page and its neighbours as far as the object has them. Return: the faulting page is mapped. */
static bool fault_around(struct mm *mm, const struct vma *v, uint64_t address, mmu_entry *e)
{
	mmu_entry bits = mmu_entry_read_only(v->bits);
	struct vm_page pages[AROUND];
	uint64_t first = MAX(v->start, address & ~(AROUND * PAGE_SIZE - 1));
	uint64_t last = MIN(v->end, (address & ~(AROUND * PAGE_SIZE - 1)) + AROUND * PAGE_SIZE);
	unsigned n = v->object->ops->resident(v->object, v->index + ((first - v->start) >> PAGE_SHIFT),
					      (unsigned)((last - first) >> PAGE_SHIFT), pages);

	e -= (address - first) >> PAGE_SHIFT;
	for (unsigned i = 0; i < n; i++) {
		if (!e[i]) {
			e[i] = object_entry(bits, &pages[i]);
			mm->resident_pages++;
		} else if (pages[i].page) {
			page_put(pages[i].page);
		}
	}
	return n > (address - first) >> PAGE_SHIFT;
}

/* Nothing is mapped at @address yet. */
static int fault_object(struct mm *mm, const struct vma *v, uint64_t address, unsigned access, mmu_entry *e, int *code)
{
	bool write = access & FAULT_WRITE, shared = v->flags & VMA_SHARED;
	struct vm_page page;
	int r;

	if (!write && v->object->ops->resident && fault_around(mm, v, address, e))
		return 0;
	r = v->object->ops->page(v->object, v->index + ((address - v->start) >> PAGE_SHIFT), write && shared, &page);
	if (r)
		return object_error(r, code);
	if (write && !shared) {
		struct page *copy = page_alloc(0, 0);

		if (copy) {
			page_copy(page_address(copy), page_direct(page.paddr));
			install_private(mm, v, e, copy);
			mm->resident_pages++;
		}
		if (page.page)
			page_put(page.page);
		return copy ? 0 : -ENOMEM;
	}
	*e = object_entry(write ? v->bits : mmu_entry_read_only(v->bits), &page);
	mm->resident_pages++;
	return 0;
}

/* Another page takes the place of the one at *@e. No processor may still read that one when the first can write to this one: what
 * it wrote, and then told others by another page, would not be there for them. So the entry is empty in between. */
static void replace(struct mm *mm, uint64_t address, mmu_entry *e, mmu_entry with)
{
	(void)mmu_entry_take(e);
	mmu_flush_page(&mm->mmu, address);
	WRITE_ONCE(*e, with);
}

/* A page is mapped, but not for writing, and it may be written to. */
static int fault_write_protected(struct mm *mm, const struct vma *v, uint64_t address, mmu_entry *e, int *code)
{
	mmu_entry old = *e;
	paddr_t from = mmu_entry_paddr(old);
	struct page *copy;

	if (v->flags & VMA_SHARED) {
		struct vm_page page;
		int r = v->object->ops->page(v->object, v->index + ((address - v->start) >> PAGE_SHIFT), true, &page);

		if (r)
			return object_error(r, code);
		replace(mm, address, e, object_entry(v->bits, &page));
	} else if ((mmu_entry_soft(old) & MMU_SOFT_PRIVATE) && READ_ONCE(page_of(from)->refs) == 1) {
		*e = mmu_entry_touched(mmu_entry_with_bits(old, v->bits));
		mmu_flush_page(&mm->mmu, address);
		return 0; /* the reference stays */
	} else {
		copy = page_alloc(0, from == zero_page ? PAGE_ZERO : 0);
		if (!copy)
			return -ENOMEM;
		if (from != zero_page)
			page_copy(page_address(copy), page_direct(from));
		replace(mm, address, e, private_entry(v, copy));
		if (!(mmu_entry_soft(old) & MMU_SOFT_PRIVATE))
			mm->anon_pages++;
	}
	if (!(mmu_entry_soft(old) & MMU_SOFT_BORROWED))
		page_put(page_of(from));
	return 0;
}

/* Make the stack @v reach down to @address, within its limit and clear of its neighbour. */
static bool stack_grow(struct mm *mm, struct vma *v, uint64_t address)
{
	const struct process *p = current->process;
	uint64_t limit = p ? p->limits[RLIMIT_STACK].soft : NO_PROCESS_STACK_LIMIT;
	uint64_t start = address & PAGE_MASK, bottom = v->prev ? v->prev->end : VMA_LOWEST;
	uint64_t gap = v->prev && !v->prev->prot ? 0 : STACK_GUARD_GAP; /* what cannot be accessed is a guard itself */

	if (!(v->flags & VMA_GROWSDOWN) || v->end - start > limit || start < bottom || start - bottom < gap ||
	    !stack_may_grow(mm, v, (v->start - start) >> PAGE_SHIFT))
		return false;
	vma_move_bounds(v, start, v->end);
	return true;
}

static bool permitted(const struct vma *v, unsigned access)
{
	/* PROT_WRITE, PROT_EXEC; reading is permitted where anything is. */
	unsigned needed = access & FAULT_WRITE ? 2 : access & FAULT_EXEC ? 4 : 7;

	return v->prot & needed;
}

/* The region of @address is not the one of the last fault. Return: its entry; NULL: no memory, or, with *@done, a huge page
 * serves it. */
static __attribute__((noinline)) mmu_entry *fault_elsewhere(struct mm *mm, const struct vma *v, uint64_t address,
							   unsigned access, bool *done)
{
	*done = !v->object && (huge_fault_mapped(mm, v, address) ||
			       ((access & FAULT_WRITE) && huge_fault(mm, v, address)));
	return *done ? NULL : mmu_entry_at(&mm->mmu, address, true);
}

int fault_in_locked(struct mm *mm, uint64_t address, unsigned access, int *code)
{
	struct vma *v = mm->last_hit;
	bool done = false;
	struct page *page;
	mmu_entry *e;

	if (unlikely(!v || address < v->start || address >= v->end)) {
		v = vma_find(&mm->tree, address);
		if (!v || (address < v->start && !stack_grow(mm, v, address))) {
			*code = SEGV_MAPERR;
			return SIGSEGV;
		}
		mm->last_hit = v;
	}
	if (unlikely(!permitted(v, access))) {
		*code = SEGV_ACCERR;
		return SIGSEGV;
	}
	if (likely(mmu_entry_at_hand(&mm->mmu, address)))
		e = mmu_entry_at(&mm->mmu, address, true);
	else
		e = fault_elsewhere(mm, v, address, access, &done);
	if (unlikely(!e))
		return done ? 0 : -ENOMEM;
	if (unlikely(*e)) {
		if ((access & FAULT_WRITE) && !mmu_entry_writable(*e))
			return fault_write_protected(mm, v, address, e, code);
		mmu_flush_page(&mm->mmu, address); /* served already: the translation in use is older */
		return 0;
	}
	if (v->object)
		return fault_object(mm, v, address, access, e, code);
	if (access & FAULT_WRITE) {
		page = page_alloc(0, PAGE_ZERO);
		if (unlikely(!page))
			return -ENOMEM;
		install_private(mm, v, e, page);
	} else {
		paddr_t zeroes = zero_page_paddr();

		if (!zeroes)
			return -ENOMEM;
		*e = object_entry(mmu_entry_read_only(v->bits), &(struct vm_page){ .paddr = zeroes });
	}
	mm->resident_pages++;
	return 0;
}

int populate_locked(struct mm *mm, uint64_t start, uint64_t end)
{
	for (struct vma *v = vma_find(&mm->tree, start); v && v->start < end; v = v->next) {
		bool write = (v->prot & 2) && !(v->flags & VMA_SHARED);
		uint64_t stop = MIN(v->end, end);

		if (!v->prot)
			continue;
		for (uint64_t at = MAX(v->start, start); at < stop; at += PAGE_SIZE) {
			mmu_entry *e = mmu_entry_at(&mm->mmu, at, false);
			int code;

			if (!e && huge_at(mm, at)) {
				at = (at | (BLOCK_SIZE - 1)) + 1 - PAGE_SIZE;
				continue;
			}
			if (e && *e && (!write || mmu_entry_writable(*e)))
				continue;
			if (fault_in_locked(mm, at, write ? FAULT_WRITE : 0, &code) == -ENOMEM)
				return -ENOMEM;
		}
	}
	return 0;
}

/* Memory is at its end: the program that asks for more of it ends, and is told what it lacks. */
static int out_of_memory(const struct mm *mm)
{
	log_err("out of memory: %s holds %lu KiB of the machine's %lu MiB and needs more: start it with a larger -m",
		current->name, (unsigned long)(mm->anon_pages * PAGE_SIZE >> 10),
		(unsigned long)(page_total() * PAGE_SIZE >> 20));
	return SIGKILL;
}

/* Memory was short: without the lock more can be got back. Return: as fault_in_locked(). */
static __attribute__((noinline)) int fault_again(struct mm *mm, uint64_t address, unsigned access, int *code)
{
	int r = -ENOMEM;

	for (unsigned i = 0; i < TRIES && r == -ENOMEM && page_reclaim_wait(); i++) {
		mutex_lock(&mm->lock);
		r = fault_in_locked(mm, address, access, code);
		mutex_unlock(&mm->lock);
	}
	return r;
}

int trap_page_fault(uint64_t address, unsigned access, int *code)
{
	struct process *p = current->process;
	struct mm *mm = p ? p->mm : NULL;
	int r;

	if (unlikely(!mm || address >= mm->limit)) {
		*code = SEGV_MAPERR;
		return SIGSEGV;
	}
	mutex_lock(&mm->lock);
	p->minor_faults++;
	r = fault_in_locked(mm, address, access, code);
	mutex_unlock(&mm->lock);
	if (unlikely(r < 0))
		r = fault_again(mm, address, access, code);
	if (unlikely(r < 0)) {
		*code = SI_KERNEL;
		r = out_of_memory(mm);
	}
	return r;
}
