/* hello: says so, and ends with the status in its first argument, if there is one. */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	puts("hello");
	return argc > 1 ? atoi(argv[1]) : 0;
}
