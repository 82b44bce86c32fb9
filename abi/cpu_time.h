/* Clocks by their Linux numbers, and the processor time of a process (abi/process.c). */
#ifndef ABI_CPU_TIME_H
#define ABI_CPU_TIME_H

#include <core/process.h>

/* How often at most it is looked whether processor time has come as far as it shall. */
#define CPU_TIME_STEP_NS 1000000ul

/**
 * cpu_clock_of() - whose processor time @clock counts. Return: 0, *@ret_thread NULL: the current process's, else a
 * thread of it with a reference; -EINVAL: it counts something else, or nobody's.
 */
int cpu_clock_of(int clock, struct thread **ret_thread);
/** cpu_time_read() - what it has used; NULL: the process. */
uint64_t cpu_time_read(struct process *p, const struct thread *t);
/** cpu_time_wait() - the clock's nanoseconds in which @left of processor time can have gone by, at the earliest. */
uint64_t cpu_time_wait(uint64_t left, const struct thread *t);
/** cpu_limit_changed() - RLIMIT_CPU of the current process is another (abi/itimer.c). 0, -ENOMEM. */
int cpu_limit_changed(void);
/** clock_read() - what clock_gettime(2) says of @clock (abi/clock.c). 0 or -EINVAL. */
int clock_read(int clock, uint64_t *out);

#endif
