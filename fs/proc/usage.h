/* What all processes together use, and the load average (fs/proc/usage.c). */
#ifndef FS_PROC_USAGE_H
#define FS_PROC_USAGE_H

struct proc_usage {
	uint64_t run_ns;               /* processor time */
	uint64_t faults, major_faults;
	uint64_t anonymous_pages;
	unsigned threads, running, blocked;
};
/** proc_usage() - of the processes that there are; those that ended take theirs with them. Context: may sleep. */
void proc_usage(struct proc_usage *out);

#define LOAD_SPANS 3
#define LOAD_SHIFT 32

struct load {
	uint64_t average[LOAD_SPANS]; /* of 1, 5 and 15 minutes; times 2^LOAD_SHIFT */
	uint64_t run_ns, time_ns;     /* up to when they were brought */
};
/** load_advance() - from then to @time_ns, when processor time used in all was @run_ns. */
void load_advance(struct load *l, uint64_t time_ns, uint64_t run_ns);

#endif
