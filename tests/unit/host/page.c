/* What core/page.c and mm/ ask of an arch: RAM that the test allocates, and plain copies. */
#include <core/page.h>

char *host_ram;

void page_clear(void *page)
{
	memset(page, 0, PAGE_SIZE);
}
void page_copy(void *to, const void *from)
{
	memcpy(to, from, PAGE_SIZE);
}
