/* The timers of a process: ITIMER_REAL (abi/itimer.c) and those of timer_create(2) (abi/posix_timer.c). */
#ifndef ABI_ITIMER_H
#define ABI_ITIMER_H

#include <core/lock.h>
#include <core/timer.h>

struct process;
struct posix_timer;

#define POSIX_TIMERS_MAX 256u

/* process->itimers; made when the first timer is. */
struct itimers {
	struct process *process;        /* borrowed: the owner */
	struct spinlock lock;           /* RANK_ITIMER, irqsave */
	struct timer real;
	uint64_t real_interval_ns;      /* written while real is not armed */
	struct posix_timer **posix;     /* lock; owned: POSIX_TIMERS_MAX of them, or NULL */
};

/** itimers_get() - those of the current process. NULL: no memory. */
struct itimers *itimers_get(void);
/** itimer_real_set() - SIGALRM after @first_ns (0: never), then each @interval_ns. Old values out; 0 or -ENOMEM. */
long itimer_real_set(uint64_t first_ns, uint64_t interval_ns, uint64_t *ret_left_ns, uint64_t *ret_interval_ns);

#endif
