/* hello, with a mark where main() begins: how far from reset is it? With an argument it says the time-stamp counter of that
 * moment (which is virtual nanoseconds under -icount shift=0), and then does nothing for ever. */
#include <stdio.h>
#include <unistd.h>
#include <x86intrin.h>

#include "mark.h"

int main(int argc, char **argv)
{
	unsigned long long counter = __rdtsc();

	(void)argv;
	MARK(0x01);
	puts("hello");
	if (argc == 1)
		return 0;
	printf("%llu\n", counter);
	fflush(stdout);
	for (;;)
		pause();
}
