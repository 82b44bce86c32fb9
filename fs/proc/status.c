/* /proc/PID/stat and status, of a process or of one of its threads (proc(5)).
 *
 * Time in the kernel is not told apart from the program's: all of it is utime, as in getrusage(2). What this kernel does
 * not have (terminals' sessions, swap) reads as its one value.
 */
#include <core/clock.h>
#include <core/cpu.h>
#include <core/process.h>
#include <core/signal.h>
#include <fs/files.h>
#include <fs/proc/procfile.h>
#include <linux/errno.h>
#include <linux/resource.h>
#include <mm/mm.h>

COMPONENT("proc", "/proc and its files");

#define TICK_NS (NSEC_PER_SEC / 100) /* USER_HZ */

struct signals {
	signal_mask thread_pending, process_pending, blocked, ignored, caught;
	unsigned queued;
};

/* What both files say. */
struct state {
	struct thread *thread; /* ref */
	struct signals signals;
	struct mm_sizes sizes;
	uint64_t code_start, code_end, data_start, data_end, brk_start, stack_top;
	uint64_t run_ns, faults, major_faults;
	char letter;
	const char *word;
};

static void find_letter(struct state *s, bool stopped)
{
	static const struct {
		char letter;
		const char *word;
	} running = { 'R', "running" }, sleeping = { 'S', "sleeping" }, waiting = { 'D', "disk sleep" },
	  stop = { 'T', "stopped" }, dead = { 'X', "dead" };
	uint32_t state = READ_ONCE(s->thread->state);
	__typeof__(&running) is = state == THREAD_READY		 ? &running :
				  state == THREAD_DEAD		 ? &dead :
				  stopped			 ? &stop :
				  READ_ONCE(s->thread->interruptible) ? &sleeping :
									&waiting;

	s->letter = is->letter;
	s->word = is->word;
}

static void read_signals(struct state *s, struct process *p)
{
	struct signal_process *sp = p->signals;
	irqflags_t flags = spin_lock_irqsave(&sp->lock);
	struct signals *out = &s->signals;
	bool stopped = sp->stopped;

	out->process_pending = sp->queue.pending;
	out->queued = sp->queued;
	if (s->thread->signal) {
		out->thread_pending = s->thread->signal->queue.pending;
		out->blocked = s->thread->signal->mask;
	}
	for (int i = 1; i <= SIGNAL_COUNT; i++) {
		uint64_t handler = sp->actions[i - 1].handler;

		if (handler == SIGNAL_IGNORE)
			out->ignored |= signal_bit(i);
		else if (handler != SIGNAL_DEFAULT)
			out->caught |= signal_bit(i);
	}
	spin_unlock_irqrestore(&sp->lock, flags);
	find_letter(s, stopped);
}

/* 0 with s->thread held, or -ESRCH. */
static int read_state(struct state *s, const struct proc_target *of)
{
	struct mm *mm;

	*s = (struct state){ .thread = proc_thread(of) };
	if (!s->thread)
		return -ESRCH;
	read_signals(s, of->process);
	s->run_ns = of->tid ? thread_run_time_ns(s->thread) : process_run_time_ns(of->process);
	s->faults = READ_ONCE(of->process->minor_faults);
	s->major_faults = READ_ONCE(of->process->major_faults);
	mm = proc_mm(of);
	if (mm) {
		mm_sizes(mm, &s->sizes);
		s->code_start = mm->code_start;
		s->code_end = mm->code_end;
		s->data_start = mm->data_start;
		s->data_end = mm->data_end;
		s->brk_start = mm->brk_start;
		s->stack_top = mm->stack_top;
		mm_put(mm);
	}
	return 0;
}

static int show_stat(struct text *out, const struct proc_target *of)
{
	struct process *p = of->process;
	struct sched_policy how;
	struct state s;
	int r = read_state(&s, of);

	if (r)
		return r;
	how = s.thread->policy;
	/* pid comm state ppid pgrp session tty_nr tpgid flags minflt cminflt majflt cmajflt */
	text_add(out, "%d (%.15s) %c %d %d %d 0 -1 0 %lu 0 %lu 0 ", of->tid ? of->tid : p->pid, s.thread->name, s.letter,
		 p->ppid, READ_ONCE(p->pgid), READ_ONCE(p->sid), (unsigned long)s.faults, (unsigned long)s.major_faults);
	/* utime stime cutime cstime priority nice num_threads itrealvalue starttime vsize rss rsslim */
	text_add(out, "%lu 0 0 0 %d %d %u 0 %lu %lu %lu %lu ", (unsigned long)(s.run_ns / TICK_NS),
		 how.priority ? -1 - how.priority : 20 + how.nice, how.nice, READ_ONCE(p->thread_count), (unsigned long)(p->start_ns / TICK_NS),
		 (unsigned long)(s.sizes.total * PAGE_SIZE), (unsigned long)s.sizes.resident,
		 (unsigned long)p->limits[RLIMIT_RSS].soft);
	/* startcode endcode startstack kstkesp kstkeip signal blocked sigignore sigcatch wchan nswap cnswap */
	text_add(out, "%lu %lu %lu 0 0 %lu %lu %lu %lu 0 0 0 ", (unsigned long)s.code_start, (unsigned long)s.code_end,
		 (unsigned long)s.stack_top, (unsigned long)(s.signals.thread_pending & INT32_MAX),
		 (unsigned long)(s.signals.blocked & INT32_MAX), (unsigned long)(s.signals.ignored & INT32_MAX),
		 (unsigned long)(s.signals.caught & INT32_MAX));
	/* exit_signal processor rt_priority policy delayacct_blkio_ticks guest_time cguest_time */
	text_add(out, "17 %u %u %u 0 0 0 ", s.thread->cpu, how.priority, how.policy);
	/* start_data end_data start_brk arg_start arg_end env_start env_end exit_code */
	text_add(out, "%lu %lu %lu %lu %lu %lu %lu 0\n", (unsigned long)s.data_start, (unsigned long)s.data_end,
		 (unsigned long)s.brk_start, (unsigned long)p->arg_start, (unsigned long)p->arg_end,
		 (unsigned long)p->env_start, (unsigned long)p->env_end);
	thread_put(s.thread);
	return 0;
}
PROC_FILE(pid_stat, "PID/stat", show_stat);
PROC_FILE(task_stat, "PID/task/TID/stat", show_stat);

static void add_kib(struct text *out, const char *name, uint64_t pages)
{
	text_add(out, "%s\t%8lu kB\n", name, (unsigned long)(pages * (PAGE_SIZE / 1024)));
}

static void add_credentials(struct text *out, const struct credentials *c)
{
	text_add(out, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n", c->uid, c->euid, c->suid, c->fsuid, c->gid, c->egid,
		 c->sgid, c->fsgid);
}

static void add_capabilities(struct text *out, const struct credentials *c)
{
	text_add(out, "CapInh:\t%016lx\nCapPrm:\t%016lx\nCapEff:\t%016lx\nCapBnd:\t%016lx\nCapAmb:\t%016lx\n",
		 (unsigned long)c->cap_inheritable, (unsigned long)c->cap_permitted, (unsigned long)c->cap_effective,
		 (unsigned long)c->cap_bounding, 0ul);
}

static void add_memory(struct text *out, const struct state *s)
{
	uint64_t program = (s->code_end - s->code_start + PAGE_SIZE - 1) / PAGE_SIZE;

	add_kib(out, "VmPeak:", s->sizes.total_most);
	add_kib(out, "VmSize:", s->sizes.total);
	add_kib(out, "VmLck:", s->sizes.locked);
	add_kib(out, "VmPin:", 0);
	add_kib(out, "VmHWM:", s->sizes.resident_most);
	add_kib(out, "VmRSS:", s->sizes.resident);
	add_kib(out, "RssAnon:", s->sizes.private);
	add_kib(out, "RssFile:", s->sizes.resident - s->sizes.private);
	add_kib(out, "VmData:", s->sizes.data);
	add_kib(out, "VmStk:", s->sizes.stack);
	add_kib(out, "VmExe:", program);
	add_kib(out, "VmLib:", s->sizes.code - MIN(program, s->sizes.code));
	add_kib(out, "VmSwap:", 0);
}

static void add_signals(struct text *out, const struct signals *s, const struct process *p)
{
	text_add(out, "SigQ:\t%u/%lu\nSigPnd:\t%016lx\nShdPnd:\t%016lx\nSigBlk:\t%016lx\nSigIgn:\t%016lx\nSigCgt:\t%016lx\n",
		 s->queued, (unsigned long)p->limits[RLIMIT_SIGPENDING].soft, (unsigned long)s->thread_pending,
		 (unsigned long)s->process_pending, (unsigned long)s->blocked, (unsigned long)s->ignored,
		 (unsigned long)s->caught);
}

static void add_groups(struct text *out, const struct credentials *c)
{
	text_add(out, "Groups:\t");
	for (unsigned i = 0; i < c->group_count; i++)
		text_add(out, "%u ", c->groups[i]);
	text_add(out, "\n");
}

/* As bits, and as ranges: "0,2-3". */
static void add_cpus(struct text *out, uint32_t cpus)
{
	const char *comma = "";

	text_add(out, "Cpus_allowed:\t%0*x\nCpus_allowed_list:\t", (int)(cpu_count + 3) / 4, cpus);
	for (unsigned from = 0, to; from < cpu_count; from = to + 1) {
		to = from;
		if (!(cpus >> from & 1))
			continue;
		while (cpus >> (to + 1) & 1)
			to++;
		text_add(out, to > from ? "%s%u-%u" : "%s%u", comma, from, to);
		comma = ",";
	}
	text_put(out, "\n", 1);
}

static int show_status(struct text *out, const struct proc_target *of)
{
	struct process *p = of->process;
	struct fs_context *fs = proc_fs(of);
	struct files *files = proc_files(of);
	struct state s;
	int r = read_state(&s, of);

	if (r)
		goto out;
	text_add(out, "Name:\t%.15s\nUmask:\t%04o\nState:\t%c (%s)\n", s.thread->name, fs ? READ_ONCE(fs->umask) : 0,
		 s.letter, s.word);
	text_add(out, "Tgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n", p->pid, of->tid ? of->tid : p->pid,
		 p->ppid);
	add_credentials(out, &p->credentials);
	text_add(out, "FDSize:\t%u\n", files ? files_size(files) : 0);
	add_groups(out, &p->credentials);
	text_add(out, "NStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\n", p->pid, of->tid ? of->tid : p->pid,
		 READ_ONCE(p->pgid), READ_ONCE(p->sid));
	add_memory(out, &s);
	text_add(out, "Threads:\t%u\n", READ_ONCE(p->thread_count));
	add_signals(out, &s.signals, p);
	add_capabilities(out, &p->credentials);
	text_add(out, "NoNewPrivs:\t%d\nSeccomp:\t0\nSeccomp_filters:\t0\n", p->no_new_privs);
	add_cpus(out, READ_ONCE(s.thread->cpus) & ((1u << cpu_count) - 1));
	text_add(out, "Mems_allowed:\t1\nMems_allowed_list:\t0\n");
	text_add(out, "voluntary_ctxt_switches:\t%lu\nnonvoluntary_ctxt_switches:\t%lu\n",
		 (unsigned long)s.thread->switches_voluntary, (unsigned long)s.thread->switches_forced);
	thread_put(s.thread);
out:
	fs_context_put(fs);
	files_put_table(files);
	return r;
}
PROC_FILE(pid_status, "PID/status", show_status);
PROC_FILE(task_status, "PID/task/TID/status", show_status);

static int show_comm(struct text *out, const struct proc_target *of)
{
	struct thread *t = proc_thread(of);

	if (!t)
		return -ESRCH;
	text_add(out, "%.15s\n", t->name);
	thread_put(t);
	return 0;
}

static int write_comm(const struct proc_target *of, char *name, size_t n)
{
	struct thread *t;

	if (!current->process || current->process != of->process)
		return -EINVAL; /* as Linux: only a process's own threads */
	t = proc_thread(of);
	if (!t)
		return -ESRCH;
	(void)strscpy(t->name, name, sizeof(t->name)); /* what is longer is cut off */
	thread_put(t);
	return 0;
}
PROC_WRITABLE(pid_comm, "PID/comm", show_comm, write_comm);
PROC_WRITABLE(task_comm, "PID/task/TID/comm", show_comm, write_comm);
