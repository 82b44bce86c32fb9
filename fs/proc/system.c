/* Files of /proc about the whole machine: memory, processor, time, version (proc(5)). */
#include <arch/cpuinfo.h>
#include <core/clock.h>
#include <core/cpu.h>
#include <core/irq.h>
#include <core/page.h>
#include <core/param.h>
#include <core/process.h>
#include <core/slab.h>
#include <core/uname.h>
#include <fs/filesystem.h>
#include <core/sched.h>
#include <fs/proc/procfile.h>
#include <fs/proc/usage.h>
#include <linux/errno.h>
#include <mm/commit.h>
#include <mm/huge.h>

COMPONENT("proc", "/proc and its files");

#define TICK_NS   (NSEC_PER_SEC / 100) /* USER_HZ */
#define PROCESSOR_ROOM 4096u           /* bytes that arch_cpuinfo() writes at most */

static void add_memory(struct text *out, const char *name, uint64_t pages)
{
	text_add(out, "%-15s%9lu kB\n", name, (unsigned long)(pages * (PAGE_SIZE / 1024)));
}

/* What a file's cache could read again counts as available, and what is all there is of it (tmpfs) does not. A root file
 * system that lies in memory is in none of these figures: its memory was never the kernel's to give.
 */
static int show_meminfo(struct text *out, const struct proc_target *of)
{
	struct proc_usage u;

	proc_usage(&u);
	add_memory(out, "MemTotal:", page_total());
	add_memory(out, "MemFree:", page_free_count());
	add_memory(out, "MemAvailable:", page_available_count());
	add_memory(out, "Buffers:", 0);
	add_memory(out, "Cached:", page_cache_total());
	add_memory(out, "SwapCached:", 0);
	add_memory(out, "SwapTotal:", 0);
	add_memory(out, "SwapFree:", 0);
	add_memory(out, "AnonPages:", u.anonymous_pages);
	add_memory(out, "CommitLimit:", commit_limit());
	add_memory(out, "Committed_AS:", READ_ONCE(commit_pages));
	add_memory(out, "AnonHugePages:", READ_ONCE(huge_pages_total) << (BLOCK_SHIFT - PAGE_SHIFT));
	text_add(out, "HugePages_Total:       0\nHugePages_Free:        0\nHugePages_Rsvd:        0\nHugePages_Surp:        0\n");
	add_memory(out, "Hugepagesize:", BLOCK_PAGES);
	return 0;
}
PROC_FILE(meminfo, "meminfo", show_meminfo);

PROC_CONSTANT(swaps, "swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"); /* there are none */

static int show_cpuinfo(struct text *out, const struct proc_target *of)
{
	char *buf = kmalloc(PROCESSOR_ROOM);

	if (!buf)
		return -ENOMEM;
	/* All are alike: what the one that runs this says of itself goes for each. */
	for (unsigned cpu = 0; cpu < cpu_count; cpu++)
		text_put(out, buf, arch_cpuinfo(cpu, buf, PROCESSOR_ROOM));
	kfree(buf);
	return 0;
}
PROC_FILE(cpuinfo, "cpuinfo", show_cpuinfo);

/* "intr": all, and by line. */
static void add_interrupts(struct text *out)
{
	uint64_t of[IRQ_COUNTS] = { 0 }, all = 0;

	for (unsigned cpu = 0; cpu < cpu_count; cpu++)
		for (unsigned i = 0; i < IRQ_COUNTS; i++)
			of[i] += irq_counted(cpu, i);
	for (unsigned i = 0; i < IRQ_COUNTS; i++)
		all += of[i];
	text_add(out, "intr %lu", (unsigned long)all);
	for (unsigned i = 0; i < IRQ_LINES; i++)
		text_add(out, " %lu", (unsigned long)of[i]);
	text_put(out, "\n", 1);
}

/* All that is not idle is user time, as in getrusage(2). */
static int show_stat(struct text *out, const struct proc_target *of)
{
	uint64_t up = clock_monotonic_ns(), start = clock_realtime_ns() - up, idle[CPU_MAX], idle_all = 0, switches = 0;
	struct proc_usage u;

	proc_usage(&u);
	for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
		idle[cpu] = MIN(sched_idle_ns(cpu), up);
		idle_all += idle[cpu];
	}
	text_add(out, "cpu  %lu 0 0 %lu 0 0 0 0 0 0\n", (unsigned long)((up * cpu_count - idle_all) / TICK_NS),
		 (unsigned long)(idle_all / TICK_NS));
	for (unsigned cpu = 0; cpu < cpu_count; cpu++)
		text_add(out, "cpu%u %lu 0 0 %lu 0 0 0 0 0 0\n", cpu, (unsigned long)((up - idle[cpu]) / TICK_NS),
			 (unsigned long)(idle[cpu] / TICK_NS));
	add_interrupts(out);
	for (unsigned cpu = 0; cpu < cpu_count; cpu++)
		switches += sched_switches(cpu);
	text_add(out, "ctxt %lu\nbtime %lu\nprocesses %lu\nprocs_running %u\nprocs_blocked %u\n", (unsigned long)switches,
		 (unsigned long)(start / NSEC_PER_SEC), (unsigned long)thread_given_tids(), u.running, u.blocked);
	return 0;
}
PROC_FILE(stat, "stat", show_stat);

static void add_seconds(struct text *out, uint64_t ns, char end)
{
	text_add(out, "%lu.%02lu%c", (unsigned long)(ns / NSEC_PER_SEC),
		 (unsigned long)(ns % NSEC_PER_SEC / (NSEC_PER_SEC / 100)), end);
}

static int show_uptime(struct text *out, const struct proc_target *of)
{
	uint64_t idle = 0;

	for (unsigned cpu = 0; cpu < cpu_count; cpu++)
		idle += sched_idle_ns(cpu);
	add_seconds(out, clock_monotonic_ns(), ' ');
	add_seconds(out, idle, '\n');
	return 0;
}
PROC_FILE(uptime, "uptime", show_uptime);

static int show_version(struct text *out, const struct proc_target *of)
{
	text_add(out, "%s version %s (Whittle) (gcc " __VERSION__ ") %s\n", system_names.sysname, system_names.release,
		 system_names.version);
	return 0;
}
PROC_FILE(version, "version", show_version);

static int show_filesystems(struct text *out, const struct proc_target *of)
{
	set_for_each(filesystem, fs)
		text_add(out, "%s\t%s\n", fs->flags & FILESYSTEM_NODEV ? "nodev" : "", fs->name);
	return 0;
}
PROC_FILE(filesystems, "filesystems", show_filesystems);

static int show_cmdline(struct text *out, const struct proc_target *of)
{
	text_add(out, "%s\n", param_command_line);
	return 0;
}
PROC_FILE(cmdline, "cmdline", show_cmdline);

/* What is counted at all. */
static int show_vmstat(struct text *out, const struct proc_target *of)
{
	struct proc_usage u;

	proc_usage(&u);
	text_add(out, "nr_free_pages %lu\npgfault %lu\npgmajfault %lu\n", (unsigned long)page_free_count(),
		 (unsigned long)(u.faults + u.major_faults), (unsigned long)u.major_faults);
	return 0;
}
PROC_FILE(vmstat, "vmstat", show_vmstat);
