/* The same, with a name that is put together. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
#include "hide.h"
long hidden(void) { return enter(148); }
static const char *const parts[] = { "hidden", "other" };
int main(int argc, char **argv)
{
	char name[16];
	long (*f)(void);
	(void)argv;
	strcpy(name, parts[argc - 1]);
	f = (long (*)(void))dlsym(RTLD_DEFAULT, name);
	return f ? f() == 0 : 2;
}
