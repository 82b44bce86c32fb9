/* Two numbers meet in a conditional move. */
#include "hide.h"
int main(int argc, char **argv)
{
	long n = 39;
	(void)argv;
	__asm__("cmp $1, %1\n cmove %2, %0" : "+r"(n) : "r"(argc), "r"(148L) : "cc");
	return enter(n) == 0;
}
