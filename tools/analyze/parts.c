/* Parts of a kernel that only some system calls can reach, although no reference says so: start-up, or a device, would
 * bring them along. A part without calls is for whoever watches a program, and comes back by --with.
 */
#include <string.h>

#include "analysis.h"
#include "calls.h"

#define MOST_CALLS 12

static const struct {
	const char *part;
	const char *calls[MOST_CALLS]; /* any of them needs the part */
} parts[] = {
	{ "strace", { NULL } },
	{ "syscall-names", { NULL } },
	/* A program may find no vDSO, and then asks by system call. */
	{ "vdso", { "clock_gettime", "clock_getres", "gettimeofday", "time", "getcpu" } },
	/* One thread runs on one processor, and sees others only by these. */
	{ "init:mp_start_processors",
	  { "clone", "clone3", "fork", "vfork", "sched_getaffinity", "sched_setaffinity", "getcpu", "open", "openat" } },
};

static bool makes(const struct analysis *a, const char *name)
{
	for (unsigned i = 0; i < calls_limit(); i++) {
		if (a->calls[i] && calls_name(i) && !strcmp(calls_name(i), name))
			return true;
	}
	return false;
}

void analysis_drop_parts(const struct analysis *a, struct fit *fit)
{
	for (size_t i = 0; i < COUNT(parts); i++) {
		bool needed = false;

		for (size_t j = 0; j < MOST_CALLS && parts[i].calls[j]; j++)
			needed |= makes(a, parts[i].calls[j]);
		if (!needed)
			strings_add_once(&fit->unused, parts[i].part);
	}
}
