/* Finds the names of system calls and errors in their lists (abi/abi.mk). */
#include <abi/syscall_names.h>
#include <core/set.h>

COMPONENT("syscall-names", "names of all system calls, for what is said of those that are not there");

const char *name_by_number(const char *name, const char *end, uint64_t number)
{
	for (uint64_t i = 0; i < number && name < end; i++)
		name += strlen(name) + 1;
	return name < end && *name ? name : NULL;
}

const char *syscall_name(uint64_t number)
{
	return name_by_number(syscall_names, syscall_names_end, number);
}
