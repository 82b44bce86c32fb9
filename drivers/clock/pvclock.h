/* Reading the clock pages that a host keeps for each processor (core/pvclock.h; drivers/clock/pvclock.c). */
#ifndef DRIVERS_CLOCK_PVCLOCK_H
#define DRIVERS_CLOCK_PVCLOCK_H

#include <core/pvclock.h>

/* Where the parts of the processors are. */
struct pvclock_parts {
	const char *first;
	size_t stride;           /* from one to the next, bytes */
	unsigned (*index)(void); /* which part is this processor's; preemption may be on, and it may move right then */
	uint64_t last_ns;        /* a: pvclock_read()'s */
};

/** pvclock_copy() - a whole copy of this processor's part. Return: the time by it, nanoseconds. */
uint64_t pvclock_copy(const struct pvclock_parts *p, struct pvclock_time *copy);
/** pvclock_read() - the time, which never goes back, whatever processor it was read on before. */
uint64_t pvclock_read(struct pvclock_parts *p);

#endif
