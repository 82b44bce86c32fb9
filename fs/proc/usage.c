/* Sums over all processes (fs/proc/usage.h), and the file that shows the load average. */
#include <core/clock.h>
#include <core/process.h>
#include <fs/proc/procfile.h>
#include <fs/proc/usage.h>
#include <mm/mm.h>

COMPONENT("proc", "/proc and its files");

static void count_process(struct proc_usage *u, struct process *p)
{
	struct thread *t;

	u->run_ns += process_run_time_ns(p);
	u->faults += READ_ONCE(p->minor_faults);
	u->major_faults += READ_ONCE(p->major_faults);
	mutex_lock(&p->lock);
	if (p->thread_count && p->mm)
		u->anonymous_pages += READ_ONCE(p->mm->anon_pages);
	list_for_each(t, &p->threads, process_node) {
		uint32_t state = READ_ONCE(t->state);

		u->threads++;
		u->running += state == THREAD_READY;
		u->blocked += state == THREAD_WAITING && !READ_ONCE(t->interruptible);
	}
	mutex_unlock(&p->lock);
}

void proc_usage(struct proc_usage *out)
{
	struct process *p;
	int pid = 0;

	*out = (struct proc_usage){ 0 };
	while ((p = process_next(pid)) != NULL) {
		count_process(out, p);
		pid = p->pid + 1;
		process_put(p);
	}
}

static struct load load;                                             /* load_lock */
static struct mutex load_lock = MUTEX_INIT(load_lock, RANK_PROCESS); /* innermost */

static int show_loadavg(struct text *out, const struct proc_target *of)
{
	uint64_t average[LOAD_SPANS];
	struct proc_usage u;

	proc_usage(&u);
	mutex_lock(&load_lock);
	load_advance(&load, clock_monotonic_ns(), u.run_ns);
	memcpy(average, load.average, sizeof(average));
	mutex_unlock(&load_lock);
	for (unsigned i = 0; i < LOAD_SPANS; i++) {
		uint64_t hundredths = (average[i] * 100 + (1ull << (LOAD_SHIFT - 1))) >> LOAD_SHIFT;

		text_add(out, "%lu.%02lu ", (unsigned long)(hundredths / 100), (unsigned long)(hundredths % 100));
	}
	text_add(out, "%u/%u %d\n", u.running, u.threads, thread_last_tid());
	return 0;
}
PROC_FILE(loadavg, "loadavg", show_loadavg);
