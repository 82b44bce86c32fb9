/* lwIP includes this for atoi(), of which only interface names are the argument. */
#ifndef NET_LWIP_LIBC_STDLIB_H
#define NET_LWIP_LIBC_STDLIB_H
static inline int atoi(const char *s)
{
	int n = 0;

	while (*s >= '0' && *s <= '9')
		n = n * 10 + (*s++ - '0');
	return n;
}
#endif
