/* Small files of /proc/PID: limits, and what there is only one value of here (proc(5)). */
#include <core/process.h>
#include <fs/proc/procfile.h>
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/oom.h>
#include <linux/resource.h>

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

/* There are no control groups but the root, no name spaces of users, and nobody logged in. */
PROC_CONSTANT(pid_cgroup, "PID/cgroup", "0::/\n");
PROC_CONSTANT(pid_uid_map, "PID/uid_map", "         0          0 4294967295\n");
PROC_CONSTANT(pid_gid_map, "PID/gid_map", "         0          0 4294967295\n");
PROC_CONSTANT(pid_loginuid, "PID/loginuid", "4294967295");
