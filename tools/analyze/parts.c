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
};

/* By these, and by files, a program sees that there is more than one processor. */
static const char *const sees_processors[] = { "clone", "clone3", "fork", "vfork", "sched_getaffinity", "sched_setaffinity", "getcpu" };

static bool makes(const struct analysis *a, const char *name)
{
	for (unsigned i = 0; i < calls_limit(); i++) {
		if (a->calls[i] && calls_name(i) && !strcmp(calls_name(i), name))
			return true;
	}
	return false;
}

/* Names of devices among @paths to *@devices; false if one is of anything else, a link of /dev among them. */
static bool only_devices(const struct strings *paths, struct strings *devices)
{
	static const char *const links[] = { "fd", "stdin", "stdout", "stderr" };

	for (size_t i = 0; i < paths->count; i++) {
		const char *name = paths->at[i] + 5;

		if (strncmp(paths->at[i], "/dev/", 5) || !*name || strchr(name, '/') || *name == '.')
			return false;
		for (size_t j = 0; j < COUNT(links); j++) {
			if (!strcmp(name, links[j]))
				return false;
		}
		strings_add_once(devices, name);
	}
	return true;
}

/* A program that names devices and nothing else has no use for /proc, /sys, other devices, and files that can be changed. */
static void drop_files(const struct analysis *a, struct fit *fit)
{
	static const char *const unused[] = { "overlay", "filesystem:tmpfs", "filesystem:devtmpfs", "filesystem:devpts",
					      "filesystem:proc", "filesystem:sysfs", "filesystem:cgroup2",
					      "block-files" };
	struct strings paths = { 0 }, devices = { 0 };
	bool alone = true;

	if (!analysis_paths(a, &paths) || !only_devices(&paths, &devices))
		return;
	for (size_t i = 0; i < COUNT(unused); i++)
		strings_add_once(&fit->unused, unused[i]);
	fit->sets[fit->count++] = (struct fit_set){ .set = "procfile", .bounded = true };
	fit->sets[fit->count++] = (struct fit_set){ .set = "sysfile", .bounded = true };
	fit->sets[fit->count++] = (struct fit_set){ .set = "cgroupfile", .bounded = true };
	strings_add_once(&devices, "console"); /* the kernel opens it for the program */
	fit->sets[fit->count++] = (struct fit_set){ .set = "devnode", .bounded = true, .names = devices };
	strings_add(&fit->added, "fixed-dev");
	for (size_t i = 0; i < COUNT(sees_processors); i++)
		alone &= !makes(a, sees_processors[i]);
	if (alone)
		strings_add_once(&fit->unused, "mp-table");
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
	drop_files(a, fit);
}
