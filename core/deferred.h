/* Deferred work: what an interrupt handler leaves to be done with interrupts on (core/deferred.c).
 *
 * It runs on the same processor as soon as preemption is on: at the end of the interrupt, or when the last spinlock is
 * released. It may take spinlocks and wake threads; it may not sleep. Raising it again while it waits does nothing.
 */
#ifndef CORE_DEFERRED_H
#define CORE_DEFERRED_H

struct deferred {
	struct deferred *next;
	void (*call)(struct deferred *d);
	bool pending; /* atomic */
};

#define DEFERRED_INIT(fn) { NULL, (fn), false }

/** deferred_raise() - run @d soon. Context: any, also interrupt. */
void deferred_raise(struct deferred *d);

#endif
