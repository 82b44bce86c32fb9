/* The file system "sysfs": what programs look for in /sys, by the mechanism of /proc (fs/proc/procfile.h). */
#include <core/cpu.h>
#include <fs/filesystem.h>
#include <fs/proc/procfile.h>
#include <fs/proc/text.h>
#include <linux/magic.h>
#include <mm/huge.h>

COMPONENT("sysfs", "/sys and its files");

static int sysfs_mount(const struct filesystem *fs, const char *source, const char *options, struct super **out)
{
	return proc_super(fs, SYSFS_MAGIC, set_begin_sysfile, set_end_sysfile, out);
}
FILESYSTEM(sysfs, sysfs_mount, FILESYSTEM_NODEV);

/* A list of processors: "0", or "0-3". */
static int show_cpus(struct text *out, const struct proc_target *of)
{
	if (cpu_count == 1)
		text_add(out, "0\n");
	else
		text_add(out, "0-%u\n", cpu_count - 1);
	return 0;
}
SYS_FILE(cpu_online, "devices/system/cpu/online", show_cpus);
SYS_FILE(cpu_possible, "devices/system/cpu/possible", show_cpus);
SYS_FILE(cpu_present, "devices/system/cpu/present", show_cpus);

/* Of the first one only: that all are alike is told by /proc/cpuinfo. */
SYS_CONSTANT(cpu0_package, "devices/system/cpu/cpu0/topology/physical_package_id", "0\n");
SYS_CONSTANT(cpu0_core, "devices/system/cpu/cpu0/topology/core_id", "0\n");
SYS_CONSTANT(cpu0_threads, "devices/system/cpu/cpu0/topology/thread_siblings", "1\n"); /* bit masks */
SYS_CONSTANT(cpu0_threads_list, "devices/system/cpu/cpu0/topology/thread_siblings_list", "0\n");
SYS_CONSTANT(cpu0_cores, "devices/system/cpu/cpu0/topology/core_siblings", "1\n");
SYS_CONSTANT(cpu0_cores_list, "devices/system/cpu/cpu0/topology/core_siblings_list", "0\n");

static int show_huge(struct text *out, const struct proc_target *of)
{
	static const char *const lines[] = { "[always] madvise never\n", "always [madvise] never\n", "always madvise [never]\n" };

	text_add(out, "%s", lines[READ_ONCE(huge_mode)]);
	return 0;
}

static int write_huge(const struct proc_target *of, char *text, size_t n)
{
	return huge_set_mode(text, n && text[n - 1] == '\n' ? n - 1 : n);
}
SYS_WRITABLE(thp_enabled, "kernel/mm/transparent_hugepage/enabled", show_huge, write_huge);

static int show_huge_size(struct text *out, const struct proc_target *of)
{
	text_add(out, "%lu\n", BLOCK_SIZE);
	return 0;
}
SYS_FILE(thp_size, "kernel/mm/transparent_hugepage/hpage_pmd_size", show_huge_size);

/* Where cgroups would be mounted. */
SYS_DIRECTORY(cgroup, "fs/cgroup");
