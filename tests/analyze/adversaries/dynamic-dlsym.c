/* Reached only by dlsym() of a name: the program exports it, nothing calls it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include "hide.h"
long hidden(void) { return enter(148); }
int main(void)
{
	long (*f)(void) = (long (*)(void))dlsym(RTLD_DEFAULT, "hidden");
	return f ? f() == 0 : 2;
}
