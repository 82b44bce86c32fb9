/* The number is set in one arm of a switch that falls through into another. */
#include "hide.h"
int main(int argc, char **argv)
{
	long n;
	(void)argv;
	switch (argc) {
	case 1: n = 148; break;
	case 2: n = 39; break;
	case 3: n = 102; break;
	case 4: n = 104; break;
	case 5: n = 107; break;
	case 6: n = 108; break;
	default: return 0;
	}
	return enter(n) == 0;
}
