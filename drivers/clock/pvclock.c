/* A host's clock pages (pvclock.h). Where the host does not say that all processors' counters agree, what was read last
 * anywhere is the least that is read next. x86 only. */
#include <arch/cpu.h>
#include <drivers/clock/pvclock.h>

COMPONENT("pvclock", "a host's clock pages");

uint64_t pvclock_copy(const struct pvclock_parts *p, struct pvclock_time *copy)
{
	const struct pvclock_time *part;
	uint32_t version;
	unsigned index;
	uint64_t ns;

	do {
		index = p->index();
		part = (const void *)(p->first + index * p->stride);
		version = pvclock_copy_begin(part);
		*copy = *part;
		ns = pvclock_ns(copy, rdtsc());
	} while (!pvclock_copy_done(part, version) || index != p->index());
	return ns;
}

uint64_t pvclock_read(struct pvclock_parts *p)
{
	struct pvclock_time copy;
	uint64_t ns = pvclock_copy(p, &copy), last;

	if (likely(copy.flags & PVCLOCK_TSC_STABLE))
		return ns;
	last = __atomic_load_n(&p->last_ns, __ATOMIC_RELAXED);
	do
		if (ns <= last)
			return last;
	while (!__atomic_compare_exchange_n(&p->last_ns, &last, ns, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return ns;
}
