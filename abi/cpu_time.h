/* Clocks by their Linux numbers, and the processor time of a process (abi/process.c). */
#ifndef ABI_CPU_TIME_H
#define ABI_CPU_TIME_H

struct process;

/** clock_read() - what clock_gettime(2) says of @clock (abi/clock.c). 0 or -EINVAL. */
int clock_read(int clock, uint64_t *out);
/** process_run_time_ns() - of all its threads, ended ones included. Context: may sleep. */
uint64_t process_run_time_ns(struct process *p);

#endif
