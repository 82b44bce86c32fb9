/* Small files of /proc/PID: limits, and what there is only one value of here (proc(5)). */
#include <core/page.h>
#include <core/process.h>
#include <fs/proc/procfile.h>
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/oom.h>
#include <linux/resource.h>
#include <mm/mm.h>

COMPONENT("proc", "/proc and its files");

static void add_limit(struct text *out, uint64_t limit)
{
	size_t start = out->length;

	if (limit == RLIM_INFINITY)
		text_add(out, "unlimited");
	else
		text_add(out, "%lu", (unsigned long)limit);
	text_column(out, start, 21);
}

static int show_limits(struct text *out, const struct proc_target *of)
{
	static const struct {
		const char *name, *unit;
	} limits[RESOURCE_LIMITS] = {
		[RLIMIT_CPU] = { "Max cpu time", "seconds" },
		[RLIMIT_FSIZE] = { "Max file size", "bytes" },
		[RLIMIT_DATA] = { "Max data size", "bytes" },
		[RLIMIT_STACK] = { "Max stack size", "bytes" },
		[RLIMIT_CORE] = { "Max core file size", "bytes" },
		[RLIMIT_RSS] = { "Max resident set", "bytes" },
		[RLIMIT_NPROC] = { "Max processes", "processes" },
		[RLIMIT_NOFILE] = { "Max open files", "files" },
		[RLIMIT_MEMLOCK] = { "Max locked memory", "bytes" },
		[RLIMIT_AS] = { "Max address space", "bytes" },
		[RLIMIT_LOCKS] = { "Max file locks", "locks" },
		[RLIMIT_SIGPENDING] = { "Max pending signals", "signals" },
		[RLIMIT_MSGQUEUE] = { "Max msgqueue size", "bytes" },
		[RLIMIT_NICE] = { "Max nice priority", "" },
		[RLIMIT_RTPRIO] = { "Max realtime priority", "" },
		[RLIMIT_RTTIME] = { "Max realtime timeout", "us" },
	};

	text_add(out, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
	for (unsigned i = 0; i < RESOURCE_LIMITS; i++) {
		text_add(out, "%-25s ", limits[i].name);
		add_limit(out, of->process->limits[i].soft);
		add_limit(out, of->process->limits[i].hard);
		text_add(out, "%-10s\n", limits[i].unit);
	}
	return 0;
}
PROC_FILE(pid_limits, "PID/limits", show_limits);
PROC_FILE(task_limits, "PID/task/TID/limits", show_limits);

static int show_oom_score_adj(struct text *out, const struct proc_target *of)
{
	text_add(out, "%d\n", READ_ONCE(of->process->oom_score_adj));
	return 0;
}

static int write_oom_score_adj(const struct proc_target *of, char *text, size_t n)
{
	int value, r = proc_parse_int(text, &value);

	if (r || value < OOM_SCORE_ADJ_MIN || value > OOM_SCORE_ADJ_MAX)
		return -EINVAL;
	if (value < of->process->oom_score_adj &&
	    !(current->process->credentials.cap_effective >> CAP_SYS_RESOURCE & 1))
		return -EACCES;
	WRITE_ONCE(of->process->oom_score_adj, (int16_t)value);
	return 0;
}
PROC_WRITABLE(pid_oom_score_adj, "PID/oom_score_adj", show_oom_score_adj, write_oom_score_adj);

/* How much of the machine's memory it holds, in thousandths, and more as it is adjusted; Linux's scale begins at 666. */
static int show_oom_score(struct text *out, const struct proc_target *of)
{
	long total = (long)page_total(), adjust = READ_ONCE(of->process->oom_score_adj), badness = 0;
	struct mm *mm = proc_mm(of);
	struct mm_sizes sizes;

	if (mm) {
		mm_sizes(mm, &sizes);
		badness = (long)sizes.resident + adjust * total / 1000;
		mm_put(mm);
	}
	text_add(out, "%ld\n", adjust == OOM_SCORE_ADJ_MIN ? 0 : (1000 + badness * 1000 / total) * 2 / 3);
	return 0;
}
PROC_FILE(pid_oom_score, "PID/oom_score", show_oom_score);
PROC_FILE(task_oom_score, "PID/task/TID/oom_score", show_oom_score);

static int show_personality(struct text *out, const struct proc_target *of)
{
	text_add(out, "%08x\n", of->process->personality);
	return 0;
}
PROC_PRIVATE(pid_personality, "PID/personality", show_personality);
PROC_PRIVATE(task_personality, "PID/task/TID/personality", show_personality);

PROC_CONSTANT(pid_wchan, "PID/wchan", "0"); /* where in the kernel it waits is told to nobody */
PROC_CONSTANT(task_wchan, "PID/task/TID/wchan", "0");
PROC_CONSTANT(task_children, "PID/task/TID/children", "");

/* There are no control groups but the root, no name spaces of users, and nobody logged in. */
PROC_CONSTANT(cgroups, "cgroups", "#subsys_name\thierarchy\tnum_cgroups\tenabled\n"
			    "cpuset\t0\t1\t1\ncpu\t0\t1\t1\ncpuacct\t0\t1\t1\nmemory\t0\t1\t1\npids\t0\t1\t1\n");
PROC_CONSTANT(pid_cgroup, "PID/cgroup", "0::/\n");
PROC_CONSTANT(task_cgroup, "PID/task/TID/cgroup", "0::/\n");
PROC_CONSTANT(pid_cpuset, "PID/cpuset", "/\n");
PROC_CONSTANT(pid_setgroups, "PID/setgroups", "allow\n");
PROC_CONSTANT(pid_sessionid, "PID/sessionid", "4294967295");
PROC_CONSTANT(pid_uid_map, "PID/uid_map", "         0          0 4294967295\n");
PROC_CONSTANT(pid_gid_map, "PID/gid_map", "         0          0 4294967295\n");
PROC_CONSTANT(pid_loginuid, "PID/loginuid", "4294967295");
