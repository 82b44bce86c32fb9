/* The program of image=native-example (scripts/build): says that it runs. */
#include <stdio.h>

int main(void)
{
	puts("Hello from C code");
	return 0;
}
