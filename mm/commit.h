/* What programs were promised of memory, and how much may be (mm/commit.c): Linux's overcommit. */
#ifndef MM_COMMIT_H
#define MM_COMMIT_H

struct mm;

enum commit_mode {
	COMMIT_GUESS,  /* only what could never be is refused */
	COMMIT_ALWAYS,
	COMMIT_NEVER,  /* no more than commit_limit() in all */
};
extern unsigned commit_mode;       /* a; vm.overcommit_memory */
extern unsigned commit_ratio;      /* a: part of memory in per cent; vm.overcommit_ratio */
extern uint64_t commit_kib;        /* a: if not 0, instead of that; vm.overcommit_kbytes */
extern uint64_t commit_pages;      /* a: committed now */

/** commit_limit() - pages that COMMIT_NEVER promises in all. */
uint64_t commit_limit(void);
/** commit_charge() - promise @pages more to @mm (NULL: to nobody's in particular). 0 or -ENOMEM. */
int commit_charge(const struct mm *mm, uint64_t pages) __must_check;
/** commit_move() - so many more, or fewer, without a question. */
static inline void commit_move(int64_t pages)
{
	__atomic_fetch_add(&commit_pages, (uint64_t)pages, __ATOMIC_RELAXED);
}

#endif
