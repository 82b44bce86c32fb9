/* The timers of a process: setitimer(2) (abi/itimer.c) and those of timer_create(2) (abi/posix_timer.c). */
#ifndef ABI_ITIMER_H
#define ABI_ITIMER_H

#include <core/lock.h>
#include <core/timer.h>

struct process;
struct posix_timer;

#define POSIX_TIMERS_MAX 256u

/* ITIMER_VIRTUAL and ITIMER_PROF. Time in the kernel is not told apart, so both count all that the process runs. */
struct cpu_timer {
	struct timer timer;             /* looks whether it is time, never later than it can be */
	struct process *process;        /* borrowed: the owner */
	int signo;
	uint64_t due_ns;                /* of processor time; 0: off; written while the timer is not armed */
	uint64_t interval_ns;           /* likewise */
};

/* process->itimers; made when the first timer is. */
struct itimers {
	struct process *process;        /* borrowed: the owner */
	struct spinlock lock;           /* RANK_ITIMER, irqsave: setting any of them; call-backs do not take it */
	struct timer real;
	uint64_t real_interval_ns;      /* written while real is not armed */
	struct cpu_timer virtual, profile;
	struct timer limit;             /* RLIMIT_CPU: looks at process->limits */
	struct posix_timer **posix;     /* lock; owned: POSIX_TIMERS_MAX of them, or NULL */
};

/** itimers_get() - those of the current process. NULL: no memory. */
struct itimers *itimers_get(void);
/** itimer_real_set() - SIGALRM after @first_ns (0: never), then each @interval_ns. Old values out; 0 or -ENOMEM. */
long itimer_real_set(uint64_t first_ns, uint64_t interval_ns, uint64_t *ret_left_ns, uint64_t *ret_interval_ns);

/**
 * itimer_next() - when a timer that is due every @interval_ns from @expires_ns on fires again. Periods that are over, or
 * shorter than what a machine can do beside its work, are skipped, not made up for in a burst: a program may ask for one
 * each nanosecond. @waits: nobody took the signal yet, there is no hurry.   @ret_skipped: how many.
 */
uint64_t itimer_next(uint64_t expires_ns, uint64_t interval_ns, bool waits, uint64_t *ret_skipped);

#endif
