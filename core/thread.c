/* Creation and end of threads, and finding them by id. Kernel stacks are kept for the next thread (core/stack.c). */
#include <core/log.h>
#include <core/process.h>
#include <core/random.h>
#include <core/ref.h>
#include <core/sched.h>
#include <core/slab.h>
#include <core/stack.h>
#include <core/thread.h>

COMPONENT("threads", "threads, scheduling, waiting");

#define TID_BUCKETS 64

/* Every thread of every process by id; the list node is next_by_tid. */
static struct spinlock tid_lock = SPINLOCK_INIT(RANK_TIDS);
static struct thread *by_tid[TID_BUCKETS]; /* tid_lock */
static int32_t last_tid;                   /* tid_lock */
static uint64_t given;                     /* tid_lock: ids so far */

static struct thread *find_locked(int tid)
{
	struct thread *t = by_tid[(unsigned)tid % TID_BUCKETS];

	while (t && t->tid != tid)
		t = t->next_by_tid;
	return t;
}

static void give_tid(struct thread *t)
{
	spin_lock(&tid_lock);
	do {
		last_tid = last_tid >= TID_MAX ? 1 : last_tid + 1;
	} while (find_locked(last_tid));
	t->tid = last_tid;
	given++;
	t->next_by_tid = by_tid[(unsigned)t->tid % TID_BUCKETS];
	by_tid[(unsigned)t->tid % TID_BUCKETS] = t;
	spin_unlock(&tid_lock);
}

static void take_tid(struct thread *t)
{
	struct thread **at = &by_tid[(unsigned)t->tid % TID_BUCKETS];

	spin_lock(&tid_lock);
	while (*at != t)
		at = &(*at)->next_by_tid;
	*at = t->next_by_tid;
	spin_unlock(&tid_lock);
}

struct thread *thread_by_tid(int tid)
{
	struct thread *t;

	spin_lock(&tid_lock);
	t = find_locked(tid);
	/* One whose last reference is gone waits for the lock to leave the table: it cannot be had any more. */
	if (t && !ref_get_found(&t->refs))
		t = NULL;
	spin_unlock(&tid_lock);
	return t;
}

uint64_t thread_given_tids(void)
{
	return READ_ONCE(given);
}

int thread_last_tid(void)
{
	return READ_ONCE(last_tid);
}

struct thread *thread_create(const char *name, struct process *process, void (*entry)(void *), void *argument)
{
	struct thread *t = kzalloc(sizeof(*t));

	if (!t)
		return NULL;
	t->stack = stack_alloc();
	if (!t->stack)
		goto out_free;
	t->refs = 1;
	t->cpus = process ? current->cpus : UINT32_MAX;
	t->state = THREAD_READY;
	sched_inherit(t, process ? current : NULL);
	t->canary = random_word() & ~0xfful; /* its lowest byte ends a string that would run over it */
	list_init(&t->run_node);
	list_init(&t->process_node);
	(void)strscpy(t->name, name, sizeof(t->name));
	if (arch_thread_init(t, process != NULL, entry, argument) != 0)
		goto out_free_stack;
	if (process) {
		give_tid(t);
		if (process_thread_attach(process, t) != 0)
			goto out_take_tid;
	}
	return t;

out_take_tid:
	take_tid(t);
	arch_thread_free(t);
out_free_stack:
	stack_free(t->stack);
out_free:
	kfree(t);
	return NULL;
}

void thread_start(struct thread *t)
{
	thread_get(t); /* the processor's, until it is switched away from for good */
	sched_enqueue(t);
}

void thread_get(struct thread *t)
{
	ref_get(&t->refs);
}

void thread_put(struct thread *t)
{
	if (!ref_put(&t->refs))
		return;
	if (t->process) {
		take_tid(t);
		process_put(t->process);
	}
	arch_thread_free(t);
	stack_free(t->stack);
	kfree(t);
}

void thread_exit(void)
{
	if (current->process)
		process_thread_exit(current);
	irq_disable();
	WRITE_ONCE(current->state, THREAD_DEAD);
	schedule();
	panic("a dead thread ran");
}

void thread_interrupt(struct thread *t, uint32_t work)
{
	__atomic_fetch_or(&t->work, work, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* pairs with wait_sleep() */
	if (!READ_ONCE(t->interruptible) || !thread_wake(t))
		sched_kick(t);
}
