/* The file system "cgroup2": the one group that all is in, as a container sees the group that it may use (Linux:
 * Documentation/admin-guide/cgroup-v2.rst). Language runtimes read there how much memory and how many processors they have.
 *
 * Nothing limits the program but the machine: every limit reads "max", and what is in use is what the kernel itself says
 * of the machine. Left out: groups below it, setting limits, figures that nobody keeps. By the mechanism of /proc
 * (fs/proc/procfile.h).
 */
#include <core/clock.h>
#include <core/cpu.h>
#include <core/page.h>
#include <core/process.h>
#include <core/sched.h>
#include <fs/filesystem.h>
#include <fs/page_cache.h>
#include <fs/proc/procfile.h>
#include <fs/proc/usage.h>
#include <linux/magic.h>
#include <mm/huge.h>

COMPONENT("cgroup2", "/sys/fs/cgroup: the limits that runtimes look for, of which there are none");

#define CGROUP_FILE(ident, path, fn)                                                               \
	SET_ENTRY(cgroupfile, ident, struct procfile) = { .name = path, .show = fn, .mode = S_IFREG | 0444 }
#define CGROUP_CONSTANT(ident, path, text)                                                         \
	SET_ENTRY(cgroupfile, ident, struct procfile) = { .name = path, .constant = text, .mode = S_IFREG | 0444 }

static int cgroup_mount(const struct filesystem *fs, const char *source, const char *options, struct super **out)
{
	return proc_super(fs, CGROUP2_SUPER_MAGIC, set_begin_cgroupfile, set_end_cgroupfile, out);
}
FILESYSTEM(cgroup2, cgroup_mount, FILESYSTEM_NODEV);

CGROUP_CONSTANT(cgroup_controllers, "cgroup.controllers", "cpuset cpu memory pids\n");
CGROUP_CONSTANT(cgroup_subtree_control, "cgroup.subtree_control", "");
CGROUP_CONSTANT(cgroup_type, "cgroup.type", "domain\n");
CGROUP_CONSTANT(cgroup_events, "cgroup.events", "populated 1\nfrozen 0\n");
CGROUP_CONSTANT(cgroup_freeze, "cgroup.freeze", "0\n");
CGROUP_CONSTANT(cgroup_max_depth, "cgroup.max.depth", "max\n");
CGROUP_CONSTANT(cgroup_max_descendants, "cgroup.max.descendants", "max\n");
CGROUP_CONSTANT(cgroup_group_stat, "cgroup.stat", "nr_descendants 0\nnr_dying_descendants 0\n");

static int show_processes(struct text *out, const struct proc_target *of)
{
	struct process *p;

	for (int pid = 0; (p = process_next(pid)) != NULL; process_put(p)) {
		text_add(out, "%d\n", p->pid);
		pid = p->pid + 1;
	}
	return 0;
}
CGROUP_FILE(cgroup_procs, "cgroup.procs", show_processes);

static int show_cpu_stat(struct text *out, const struct proc_target *of)
{
	struct proc_usage u;

	proc_usage(&u);
	text_add(out, "usage_usec %lu\nuser_usec %lu\nsystem_usec 0\nnr_periods 0\nnr_throttled 0\nthrottled_usec 0\n",
		 (unsigned long)(u.run_ns / 1000), (unsigned long)(u.run_ns / 1000)); /* as in getrusage(2) */
	return 0;
}
CGROUP_FILE(cgroup_cpu_stat, "cpu.stat", show_cpu_stat);
CGROUP_CONSTANT(cgroup_cpu_max, "cpu.max", "max 100000\n");
CGROUP_CONSTANT(cgroup_cpu_weight, "cpu.weight", "100\n");
CGROUP_CONSTANT(cgroup_cpuset_cpus, "cpuset.cpus", "\n");
CGROUP_CONSTANT(cgroup_cpuset_mems, "cpuset.mems", "\n");
CGROUP_CONSTANT(cgroup_cpuset_mems_effective, "cpuset.mems.effective", "0\n");

CGROUP_FILE(cgroup_cpuset_cpus_effective, "cpuset.cpus.effective", proc_show_cpus);

static int show_memory(struct text *out, const struct proc_target *of)
{
	text_add(out, "%lu\n", (unsigned long)((page_total() - page_free_count()) * PAGE_SIZE));
	return 0;
}
CGROUP_FILE(cgroup_memory_current, "memory.current", show_memory);
CGROUP_CONSTANT(cgroup_memory_max, "memory.max", "max\n");
CGROUP_CONSTANT(cgroup_memory_high, "memory.high", "max\n");
CGROUP_CONSTANT(cgroup_memory_low, "memory.low", "0\n");
CGROUP_CONSTANT(cgroup_memory_min, "memory.min", "0\n");
CGROUP_CONSTANT(cgroup_memory_events, "memory.events", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n");
CGROUP_CONSTANT(cgroup_memory_swap_current, "memory.swap.current", "0\n");
CGROUP_CONSTANT(cgroup_memory_swap_max, "memory.swap.max", "max\n");

static int show_memory_stat(struct text *out, const struct proc_target *of)
{
	struct proc_usage u;

	proc_usage(&u);
	text_add(out, "anon %lu\nfile %lu\nanon_thp %lu\npgfault %lu\npgmajfault %lu\n",
		 (unsigned long)(u.anonymous_pages * PAGE_SIZE), (unsigned long)(page_cache_total() * PAGE_SIZE),
		 (unsigned long)(READ_ONCE(huge_pages_total) * BLOCK_SIZE), (unsigned long)(u.faults + u.major_faults),
		 (unsigned long)u.major_faults);
	return 0;
}
CGROUP_FILE(cgroup_memory_stat, "memory.stat", show_memory_stat);

static int show_threads(struct text *out, const struct proc_target *of)
{
	struct proc_usage u;

	proc_usage(&u);
	text_add(out, "%u\n", u.threads);
	return 0;
}
CGROUP_FILE(cgroup_pids_current, "pids.current", show_threads);
CGROUP_CONSTANT(cgroup_pids_max, "pids.max", "max\n");
