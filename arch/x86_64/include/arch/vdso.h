/* What the vDSO, which runs in the program, asks of a processor: its counter, and a system call. */
#ifndef ARCH_VDSO_H
#define ARCH_VDSO_H

/* The fence keeps the counter from being read before what the program did until here (Intel SDM 2B, RDTSC). */
static inline unsigned long vdso_counter(void)
{
	unsigned int lo, hi;

	__asm__ volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
	return (unsigned long)hi << 32 | lo;
}

static inline long vdso_call(long number, long a, long b, long c)
{
	long r;

	__asm__ volatile("syscall" : "=a"(r) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
	return r;
}

#endif
