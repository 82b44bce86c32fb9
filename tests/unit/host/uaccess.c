/* A program's memory is the test's own: copies are plain, and only NULL is a bad pointer. Names in brackets are no macros. */
#include <core/uaccess.h>

size_t (copy_from_user)(void *to, const void __user *from, size_t n)
{
	if (!from)
		return n;
	memcpy(to, (const void *)from, n);
	return 0;
}
size_t (copy_to_user)(void __user *to, const void *from, size_t n)
{
	if (!to)
		return n;
	memcpy((void *)to, from, n);
	return 0;
}
size_t (clear_user)(void __user *to, size_t n)
{
	if (!to)
		return n;
	memset((void *)to, 0, n);
	return 0;
}
ssize_t (strncpy_from_user)(char *to, const char __user *from, size_t size)
{
	size_t n;

	if (!from)
		return -EFAULT;
	n = strnlen((const char *)from, size);
	memcpy(to, (const char *)from, n < size ? n + 1 : size);
	return (ssize_t)n;
}
bool user_range_ok(const void __user *p, size_t n)
{
	return p != NULL;
}
