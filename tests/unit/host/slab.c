/* Kernel memory from the host's allocator, so that ASan sees each object; host_fail_after makes it fail. */
#include <core/slab.h>

#include "tests/unit/tap.h"

size_t malloc_usable_size(void *p);
void *realloc(void *p, size_t size);
void *malloc(size_t size);
void *calloc(size_t n, size_t size);
void free(void *p);
extern long host_fail_after;

/* How many allocations succeed from now on; negative: all. */
long host_fail_after = -1;

static bool fails(void)
{
	if (host_fail_after < 0)
		return false;
	return host_fail_after == 0 || host_fail_after-- == 0;
}

void *kmalloc(size_t size)
{
	return fails() ? NULL : malloc(size);
}
void *kzalloc(size_t size)
{
	return fails() ? NULL : calloc(1, size);
}
void *kmalloc_array(size_t n, size_t size)
{
	size_t all;

	return __builtin_mul_overflow(n, size, &all) ? NULL : kmalloc(all);
}
void *krealloc(void *old, size_t size)
{
	return fails() ? NULL : realloc(old, size);
}
void kfree(const void *p)
{
	free((void *)p);
}
size_t kmalloc_usable(const void *p)
{
	return malloc_usable_size((void *)p);
}
char *kstrdup(const char *text)
{
	size_t n = strlen(text) + 1;
	char *copy = kmalloc(n);

	return copy ? memcpy(copy, text, n) : NULL;
}
