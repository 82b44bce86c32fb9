/* Processes: what a Linux process owns, and how it begins and ends.
 *
 * Locking: process->lock for its life; the list of threads is changed under the signal lock as well, because signals
 * are sent from interrupts. Ending: process_exit_all() marks every thread, each leaves by thread_exit() on its way
 * back to the program, and the last one calls process_ended().
 */
#include <core/clock.h>
#include <core/log.h>
#include <core/process.h>
#include <core/ref.h>
#include <core/signal.h>
#include <core/slab.h>
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/resource.h>

COMPONENT("process", "what a process owns");

static struct spinlock table_lock = SPINLOCK_INIT(RANK_PROCESS_TABLE);
static struct list process_table = LIST_INIT(process_table); /* table_lock; of process.table_node */

static const struct resource_limit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

static void limits_init(struct resource_limit *l)
{
	for (unsigned i = 0; i < RESOURCE_LIMITS; i++)
		l[i] = unlimited;
	l[RLIMIT_STACK].soft = 8ull << 20;
	l[RLIMIT_CORE] = (struct resource_limit){ 0, RLIM_INFINITY };
	l[RLIMIT_NOFILE] = (struct resource_limit){ 1024 * 1024, 1024 * 1024 };
	l[RLIMIT_NPROC] = (struct resource_limit){ 32768, 32768 };
	l[RLIMIT_MEMLOCK] = (struct resource_limit){ 8ull << 20, 8ull << 20 };
	l[RLIMIT_SIGPENDING] = (struct resource_limit){ 16384, 16384 };
	l[RLIMIT_MSGQUEUE] = (struct resource_limit){ 819200, 819200 };
	l[RLIMIT_NICE] = (struct resource_limit){ 0, 0 };
	l[RLIMIT_RTPRIO] = (struct resource_limit){ 0, 0 };
}

struct process *process_create(void)
{
	struct process *p = kzalloc(sizeof(*p));
	const uint64_t all = (2ull << CAP_LAST_CAP) - 1;
	irqflags_t flags;

	if (!p)
		return NULL;
	mutex_init(&p->lock, RANK_PROCESS);
	p->refs = 1;
	list_init(&p->threads);
	limits_init(p->limits);
	p->credentials.cap_effective = p->credentials.cap_permitted = p->credentials.cap_bounding = all;
	p->start_ns = clock_monotonic_ns();
	p->dumpable = true;
	flags = spin_lock_irqsave(&table_lock);
	list_add_tail(&process_table, &p->table_node);
	spin_unlock_irqrestore(&table_lock, flags);
	return p;
}

void process_get(struct process *p)
{
	ref_get(&p->refs);
}

void process_put(struct process *p)
{
	irqflags_t flags;

	if (!p || !ref_put(&p->refs))
		return;
	flags = spin_lock_irqsave(&table_lock);
	list_del(&p->table_node);
	spin_unlock_irqrestore(&table_lock, flags);
	signal_process_free(p->signals);
	kfree(p->executable);
	kfree(p);
}

struct process *process_by_pid(int pid)
{
	irqflags_t flags = spin_lock_irqsave(&table_lock);
	struct process *p, *found = NULL;

	list_for_each(p, &process_table, table_node) {
		if (p->pid != pid)
			continue;
		/* One whose last reference is gone is still in the list for a moment: it cannot be had any more. */
		if (ref_get_found(&p->refs))
			found = p;
		break;
	}
	spin_unlock_irqrestore(&table_lock, flags);
	return found;
}

struct process *process_next(int pid)
{
	irqflags_t flags = spin_lock_irqsave(&table_lock);
	struct process *p;
	int found = INT32_MAX;

	list_for_each(p, &process_table, table_node)
		if (p->pid >= pid && p->pid > 0 && p->pid < found)
			found = p->pid;
	spin_unlock_irqrestore(&table_lock, flags);
	if (found == INT32_MAX)
		return NULL;
	p = process_by_pid(found);
	return p ? p : process_next(found + 1); /* it ended meanwhile */
}

uint64_t process_run_time_ns(struct process *p)
{
	irqflags_t flags = spin_lock_irqsave(&p->signals->lock);
	uint64_t ns = p->dead_run_time_ns;
	struct thread *t;

	list_for_each(t, &p->threads, process_node)
		ns += thread_run_time_ns(t);
	spin_unlock_irqrestore(&p->signals->lock, flags);
	return ns;
}

static void io_add(struct io_counts *sum, const struct io_counts *io)
{
	sum->read_bytes += READ_ONCE(io->read_bytes);
	sum->written_bytes += READ_ONCE(io->written_bytes);
	sum->reads += READ_ONCE(io->reads);
	sum->writes += READ_ONCE(io->writes);
	sum->disk_read += READ_ONCE(io->disk_read);
	sum->disk_written += READ_ONCE(io->disk_written);
}

struct io_counts process_io(struct process *p)
{
	irqflags_t flags = spin_lock_irqsave(&p->signals->lock);
	struct io_counts sum = p->dead_io;
	struct thread *t;

	list_for_each(t, &p->threads, process_node)
		io_add(&sum, &t->io);
	spin_unlock_irqrestore(&p->signals->lock, flags);
	return sum;
}

int process_thread_attach(struct process *p, struct thread *t)
{
	bool sibling = current && current->process == p;
	struct signal_thread *s = signal_thread_create(sibling ? current->signal : NULL);
	irqflags_t flags;

	if (!s)
		return -ENOMEM;
	mutex_lock(&p->lock);
	if (p->exiting) {
		mutex_unlock(&p->lock);
		kfree(s);
		return -EAGAIN;
	}
	process_get(p);
	t->process = p;
	t->signal = s;
	flags = spin_lock_irqsave(&p->signals->lock);
	if (!p->pid) {
		p->leader = t;
		p->pid = p->pgid = p->sid = t->tid;
	}
	list_add_tail(&p->threads, &t->process_node);
	p->thread_count++;
	spin_unlock_irqrestore(&p->signals->lock, flags);
	mutex_unlock(&p->lock);
	return 0;
}

/* Take @t out of its process. Return: it was the last. */
static bool thread_leave(struct thread *t)
{
	struct process *p = t->process;
	bool last;

	mutex_lock(&p->lock);
	p->dead_run_time_ns += thread_run_time_ns(t);
	io_add(&p->dead_io, &t->io);
	signal_thread_end(t);
	last = --p->thread_count == 0;
	mutex_unlock(&p->lock);
	return last;
}

void process_thread_detach(struct thread *t)
{
	(void)thread_leave(t);
}

void process_thread_exit(struct thread *t)
{
	process_thread_ended(t);
	if (thread_leave(t))
		process_ended(t->process);
}

void process_exit_all(int wait_status)
{
	struct process *p = current->process;
	struct thread *t;

	mutex_lock(&p->lock);
	if (!p->exiting) {
		p->exit_status = wait_status;
		WRITE_ONCE(p->exiting, true);
		list_for_each(t, &p->threads, process_node) {
			if (t != current)
				thread_interrupt(t, WORK_EXIT);
		}
		wait_queue_wake_all(&p->signals->arrived, 0);
	}
	mutex_unlock(&p->lock);
	thread_exit();
}
