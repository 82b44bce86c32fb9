/* What the vDSO, which runs in the program, asks of a processor: its counter, and a system call. */
#ifndef ARCH_VDSO_H
#define ARCH_VDSO_H

static inline unsigned long vdso_counter(void)
{
	unsigned long v;

	__asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(v) : : "memory");
	return v;
}

static inline long vdso_call(long number, long a, long b, long c)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
	return x0;
}

#endif
