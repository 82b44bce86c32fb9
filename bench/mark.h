/* Marks that the icount plugin sees, and an operation that is measured between two of them.
 *
 * It runs n times between LO and HI, after a warm-up of n / 10. One that the kernel refuses is said so on stdout, and its
 * marks are not executed. Nothing here reads a clock: the figures are counts, the same on a noisy machine.
 */
#include <errno.h>
#include <stdio.h>

#define MARK(n) __asm__ volatile(".byte 0x0f,0x1f,0x84,0x00," #n ",0x56,0x34,0x12" ::: "memory")

/* One operation: @body is true where it failed. */
#define BENCH(name, lo, hi, n, setup_ok, body)                                                     \
	do {                                                                                       \
		int bad = 0;                                                                       \
		if (!(setup_ok)) {                                                                 \
			printf("%-14s refused errno=%d\n", name, errno);                           \
			break;                                                                     \
		}                                                                                  \
		for (int i = 0; i < (n) / 10 + 1 && !bad; i++)                                     \
			bad = (body);                                                              \
		if (bad) {                                                                         \
			printf("%-14s refused errno=%d\n", name, errno);                           \
			break;                                                                     \
		}                                                                                  \
		MARK(lo);                                                                          \
		for (int i = 0; i < (n); i++) {                                                    \
			if (body)                                                                  \
				bad = 1;                                                           \
		}                                                                                  \
		MARK(hi);                                                                          \
		printf("%-14s n=%d mark=" #lo "%s\n", name, (n), bad ? " FAILED" : "");            \
	} while (0)
