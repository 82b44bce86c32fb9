/* System calls as entries of a set. `long sys_NAME(...)` takes Linux's arguments and returns a value or -errno.
 *
 *     long sys_getpid(void) { ... }
 *     SYSCALL(getpid);
 */
#ifndef ABI_SYSCALL_H
#define ABI_SYSCALL_H

#include <arch/trap.h>
#include <asm/unistd.h>
#include <linux/errno.h>

struct syscall {
	const char *name;
	syscall_function call;
	uint64_t number;
};
SET_DECLARE(syscall, struct syscall, 24);

/* A call has no prototype in a header: it is reached through the table, or by the name that a libc imports. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

#define SYSCALL(ident)                                                                             \
	SET_ENTRY(syscall, ident, struct syscall) = { #ident, (syscall_function)(void *)sys_##ident, __NR_##ident }

#endif
