/* Whether addresses can be a program's at all; the copies themselves are arch/ARCH/copy.S. */
#include <arch/percpu.h>
#include <core/uaccess.h>

COMPONENT("user-copy", "copies from and to a program's memory");

bool user_range_ok(const void __user *p, size_t n)
{
	uint64_t limit = percpu_get(uaccess_limit);

	return n <= limit && (uintptr_t)p <= limit - n;
}
