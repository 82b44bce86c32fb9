/* The page through which programs read the time without a call: core/clock.c writes it, exec/vdso/ reads it.
 *
 * monotonic = ((counter - counter_base) * mult) >> 32 nanoseconds, multiplied in 128 bits, so that the base never has to
 * be moved on; realtime = monotonic + realtime_offset_ns. Only the offset changes after start-up, under seq: it is odd
 * meanwhile, and a reader that saw it odd or changed reads again. The kernel's own clock uses the same numbers.
 */
#ifndef CORE_TIMEKEEPING_H
#define CORE_TIMEKEEPING_H

#include <stdint.h>

enum timekeeping_vdso {
	VDSO_NOTHING, /* programs cannot read the counter */
	VDSO_COUNTER, /* they read it themselves (CLOCKSOURCE_VDSO) */
	VDSO_PVCLOCK, /* they take nanoseconds from the host's page, while that is good for all processors (core/pvclock.h) */
};

struct timekeeping {
	uint32_t seq;                /* odd while realtime_offset_ns changes */
	uint32_t vdso;               /* enum timekeeping_vdso */
	uint64_t counter_base;       /* the counter's value when monotonic time was 0 */
	uint64_t mult;               /* nanoseconds a tick, times 2^32 */
	uint64_t realtime_offset_ns; /* from monotonic time to the epoch's; modulo 2^64 */
};

union timekeeping_page {
	struct timekeeping t;
	char page[4096]; /* nothing else may lie in what programs can read */
};

#ifndef TIMEKEEPING_VDSO /* the vDSO has a name of its own for it */
extern union timekeeping_page timekeeping_page; /* core/clock.c; page-aligned */
#endif

#endif
