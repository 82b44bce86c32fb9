/* LIBRARY: opened by name. */
#include <dlfcn.h>
int main(void)
{
	void *library = dlopen("libhidden.so", RTLD_NOW);
	long (*f)(long) = library ? (long (*)(long))dlsym(library, "hidden") : 0;
	return f ? f(148) == 0 : 2;
}
