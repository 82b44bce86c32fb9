/* Reference counts: 1 when the object is made; who holds one may take another; who gives the last one back frees it.
 *
 * Debug builds check each step: an object whose count is 0 is being freed, and one with more references than there is memory
 * for holders was counted wrongly. Where a count of 0 is a state of its own (dentries), it is said there.
 */
#ifndef CORE_REF_H
#define CORE_REF_H

#include <core/log.h>

#define REF_MOST 0x40000000u

static inline void ref_check_(uint32_t before)
{
	if (WHITTLE_DEBUG && unlikely(before - 1 >= REF_MOST))
		panic("a reference count was %u when somebody changed it", before);
}

static inline void ref_get(uint32_t *refs)
{
	ref_check_(__atomic_fetch_add(refs, 1, __ATOMIC_RELAXED));
}

/** ref_put() - Return: it was the last; whatever other holders did to the object is seen. */
static inline bool ref_put(uint32_t *refs) __must_check;
static inline bool ref_put(uint32_t *refs)
{
	uint32_t before = __atomic_fetch_sub(refs, 1, __ATOMIC_ACQ_REL);

	ref_check_(before);
	return before == 1;
}

/** ref_get_found() - take one of an object that was found in a table. Return: false if its last one is gone. */
static inline bool ref_get_found(uint32_t *refs) __must_check;
static inline bool ref_get_found(uint32_t *refs)
{
	uint32_t before = __atomic_load_n(refs, __ATOMIC_RELAXED);

	while (before && !__atomic_compare_exchange_n(refs, &before, before + 1, true, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		;
	if (before)
		ref_check_(before);
	return before != 0;
}

#endif
