/* A kernel without the names of system calls: what is said of one that is missing has its number alone. */
#include <abi/syscall_names.h>

__weak const char *syscall_name(uint64_t number)
{
	return NULL;
}
