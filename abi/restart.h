/* Calls that go on after a signal without a handler from where they were (-ERESTART_RESTARTBLOCK). */
#ifndef ABI_RESTART_H
#define ABI_RESTART_H

#include <core/thread.h>

typedef long (*restart_function)(void);

/** restart_set() - restart_syscall(2) shall call @go_on, which finds the rest in current->restart_data[1..3]. */
static inline void restart_set(restart_function go_on, long a, long b, long c)
{
	long *data = current->restart_data;

	NEEDS(set_syscall_restart_syscall); /* the kernel makes that call in the program's name */
	data[0] = (long)go_on;
	data[1] = a;
	data[2] = b;
	data[3] = c;
}

#endif
