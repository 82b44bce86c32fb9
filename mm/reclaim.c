/* What address spaces give back when memory is short: pages of objects, which can be had from these again, and pages that
 * were freed lazily (MADV_FREE).
 *
 * A page that was not used since the last time is unmapped; then only its object has it, which may drop it (fs/reclaim.c).
 * Pages of memory that is locked stay. There is no list of who maps a page: all mappings are walked, which is done only
 * when an allocation would fail.
 * Locking: each mm->lock in turn; if locks may only be tried, the current program's alone.
 */
#include <arch/irqflags.h>
#include <core/init.h>
#include <core/page.h>
#include <core/wait.h>
#include <mm/internal.h>

COMPONENT("mm", "address spaces: mappings, page faults, copy on write");

#define TRIES    50u
#define PAUSE_NS 100000u

static size_t shrink_locked(struct mm *mm)
{
	size_t done = 0;

	for (struct vma *v = mm->tree.first; v; v = v->next)
		if ((v->object || mm->lazily_freed) && !(v->flags & VMA_LOCKED))
			done += entries_age(mm, v->start, v->end);
	mm->lazily_freed = false; /* what was written to since counts as anything else */
	return done;
}

/* Other processors are waited for until they have forgotten translations, so that no spinlock may be held. Who has the
 * lock may wait for one of ours, so that we do not wait for it for ever. */
static size_t shrink_own(void)
{
	struct process *p = current->process;
	struct mm *mm = p ? p->mm : NULL;
	size_t done;

	if (!mm || !irq_enabled() || !preempt_possible() || mutex_held(&mm->lock))
		return 0;
	for (unsigned i = 0; !mutex_trylock(&mm->lock); i++) {
		if (i == TRIES)
			return 0;
		(void)thread_sleep_until(clock_monotonic_ns() + PAUSE_NS, false);
	}
	done = shrink_locked(mm);
	mutex_unlock(&mm->lock);
	return done;
}

static size_t reclaim(size_t wanted, enum page_reclaim how)
{
	size_t done = 0;

	if (how == PAGE_RECLAIM_EARLY)
		return 0;
	if (how == PAGE_RECLAIM_HARD)
		return shrink_own();
	for (struct mm *mm = mm_next(NULL); mm; mm = mm_next(mm)) {
		mutex_lock(&mm->lock);
		done += shrink_locked(mm);
		mutex_unlock(&mm->lock);
	}
	return done;
}

static struct page_reclaimer reclaimer = { .reclaim = reclaim };

static void mm_reclaim_init(void)
{
	page_reclaim_register(&reclaimer);
}
INITCALL(11, mm_reclaim_init);
