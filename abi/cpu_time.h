/* Clocks by their Linux numbers, and the processor time of a process (abi/process.c). */
#ifndef ABI_CPU_TIME_H
#define ABI_CPU_TIME_H

/** clock_read() - what clock_gettime(2) says of @clock (abi/clock.c). 0 or -EINVAL. */
int clock_read(int clock, uint64_t *out);

#endif
