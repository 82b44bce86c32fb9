/* Which thread runs: a queue per processor, turns of a few milliseconds while others are ready, no periodic tick.
 *
 * Nearly all threads are SCHED_NORMAL: they take turns, whose length is by their nice value. Those of another rank are
 * in lists of their own: real-time ones, by priority, before all others, SCHED_IDLE behind all others.
 * A woken thread goes where it ran last, or to a processor that idles; one that runs out of threads takes some of
 * another's, and is called for that when a turn ends there and others wait. A thread that was woken goes before those
 * whose turn ended, so that what waits for events is served soon; it takes the processor at once if the running thread
 * has had SLICE_LEAST of it. The queue's lock is held across the switch and released by the thread that is switched to;
 * it is below every other lock and not tracked by rank.
 */
#include <arch/irqflags.h>
#include <arch/mmu.h>
#include <core/clock.h>
#include <core/cpu.h>
#include <core/log.h>
#include <core/process.h>
#include <core/sched.h>
#include <core/thread.h>
#include <core/timer.h>
#include <core/wait.h>
#include <linux/sched.h>

COMPONENT("threads", "threads, scheduling, waiting");

#define SLICE_NS       4000000u
#define SHORT_SLEEP_NS 10000u
#define SLICE_LEAST_NS 500000u
#define SLICE_SHORTEST_NS 100000u

struct run_queue {
	uint32_t lock;          /* atomic; interrupts off while held */
	struct list woken;      /* lock: ready, slept before */
	struct list ready;      /* lock: ready, had their turn */
	struct list realtime;   /* lock: ready, of a higher rank, the highest first */
	struct list background; /* lock: ready, SCHED_IDLE */
	struct thread *running; /* lock */
	struct thread *idle;    /* I */
	struct thread *dead;    /* lock: switched away from for good; its reference goes */
	struct timer slice;     /* ends the running thread's turn while others are ready */
	bool slice_armed;       /* interrupts off */
	bool wanted;            /* interrupts off: a switch at the next chance */
	struct mm *active_mm;   /* whose page tables are loaded; interrupts off */
	uint64_t switches;      /* lock: to another thread */
};

PERCPU(struct run_queue, run_queue) = { 0 };
PERCPU(uintptr_t, current_thread) = 0;

static struct run_queue *queue_of(unsigned cpu)
{
	return cpu == percpu_get(this_cpu) ? percpu_ptr(run_queue) : percpu_of(run_queue, cpu);
}

static void lock_queue(struct run_queue *q)
{
	preempt_disable();
	while (__atomic_exchange_n(&q->lock, 1, __ATOMIC_ACQUIRE))
		cpu_relax();
}

/* Does not look for a wanted switch: the callers have interrupts off, and whoever turns them on looks. */
static void unlock_queue(struct run_queue *q)
{
	__atomic_store_n(&q->lock, 0, __ATOMIC_RELEASE);
	barrier();
	(void)percpu_dec32_is_zero(preempt_count);
}

static void want_switch(struct run_queue *q)
{
	q->wanted = true;
	preempt_want();
}

/* Does somebody wait whose turn it would be after @t's? */
static bool others_wait(const struct run_queue *q, const struct thread *t)
{
	if (likely(t->rank == SCHED_RANK_NORMAL))
		return !(list_empty(&q->ready) && list_empty(&q->woken));
	if (t->rank == SCHED_RANK_BACKGROUND)
		return !list_empty(&q->background);
	return t->policy.policy == SCHED_RR && !list_empty(&q->realtime) &&
	       list_first(&q->realtime, struct thread, run_node)->rank == t->rank;
}

/* Somebody waits here: a processor that idles is to take it. It looked in vain when it began to, or had lost its try. */
static void call_for_help(void)
{
	for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
		const struct run_queue *q = queue_of(cpu);

		if (READ_ONCE(q->running) == q->idle) {
			arch_cpu_interrupt(cpu);
			return;
		}
	}
}

static void slice_ended(struct timer *timer)
{
	struct run_queue *q = container_of(timer, struct run_queue, slice);

	q->slice_armed = false;
	if (q->running == q->idle || !others_wait(q, q->running))
		return;
	want_switch(q);
	if (cpu_count > 1)
		call_for_help();
}

/* Somebody waits for the processor: the running thread's turn gets an end. */
static void arm_slice(struct run_queue *q)
{
	if (q->slice_armed)
		return;
	q->slice_armed = true;
	timer_arm(&q->slice, clock_monotonic_ns() + q->running->slice_ns);
}

/* A ready thread of another rank. @first: before those of its own. */
static __cold __attribute__((noinline)) void insert_special(struct run_queue *q, struct thread *t, bool first)
{
	struct thread *at;

	if (t->rank == SCHED_RANK_BACKGROUND) {
		list_add_tail(&q->background, &t->run_node);
		return;
	}
	list_for_each(at, &q->realtime, run_node)
		if (first ? at->rank <= t->rank : at->rank < t->rank)
			break;
	list_add_tail(&at->run_node, &t->run_node); /* before it, or at the end */
}

static void finish_switch(struct run_queue *q)
{
	struct thread *dead = q->dead;

	q->dead = NULL;
	unlock_queue(q);
	if (dead)
		thread_put(dead);
}

static struct thread *first_ready(struct run_queue *q)
{
	if (unlikely(!list_empty(&q->realtime)))
		return list_first(&q->realtime, struct thread, run_node);
	if (!list_empty(&q->woken))
		return list_first(&q->woken, struct thread, run_node);
	if (!list_empty(&q->ready))
		return list_first(&q->ready, struct thread, run_node);
	if (unlikely(!list_empty(&q->background)))
		return list_first(&q->background, struct thread, run_node);
	return NULL;
}

/* @t is ready and on no queue: it is @cpu's from now on, of which a program with rseq is told. */
static void move(struct thread *t, unsigned cpu)
{
	WRITE_ONCE(t->cpu, cpu);
	if (t->rseq)
		__atomic_fetch_or(&t->work, WORK_RSEQ, __ATOMIC_RELAXED);
}

static struct thread *first_for(const struct list *list, unsigned cpu)
{
	struct thread *t;

	list_for_each(t, list, run_node)
		if (t->cpus >> cpu & 1)
			return t;
	return NULL;
}

static bool nobody_ready(const struct run_queue *q)
{
	return READ_ONCE(q->ready.next) == &q->ready && READ_ONCE(q->woken.next) == &q->woken &&
	       READ_ONCE(q->realtime.next) == &q->realtime && READ_ONCE(q->background.next) == &q->background;
}

/* A thread that waits on another processor and may run here, or NULL. Our queue is locked: others are only tried. */
static struct thread *steal(unsigned here)
{
	struct thread *found = NULL;

	for (unsigned i = 1; i < cpu_count && !found; i++) {
		struct run_queue *q = percpu_of(run_queue, (here + i) % cpu_count);

		if (nobody_ready(q) || __atomic_exchange_n(&q->lock, 1, __ATOMIC_ACQUIRE))
			continue;
		found = first_for(&q->realtime, here);
		if (!found)
			found = first_for(&q->ready, here);
		if (!found)
			found = first_for(&q->woken, here);
		if (!found)
			found = first_for(&q->background, here);
		if (found) {
			list_del(&found->run_node);
			move(found, here);
		}
		__atomic_store_n(&q->lock, 0, __ATOMIC_RELEASE);
	}
	return found;
}

/* @from stays ready. A real-time thread that another took the processor from is the first of its rank. */
static void put_back(struct run_queue *q, struct thread *from, bool forced)
{
	if (likely(from->rank == SCHED_RANK_NORMAL))
		list_add_tail(&q->ready, &from->run_node);
	else
		insert_special(q, from, forced && !others_wait(q, from));
}

/* Interrupts off. @forced: the running thread did not ask; it stays ready whatever it is about to wait for. */
static void switch_thread(bool forced)
{
	struct run_queue *q = percpu_ptr(run_queue);
	struct thread *from = current, *to;
	uint64_t now;

	lock_queue(q);
	q->wanted = false;
	if (from != q->idle && (forced || from->state == THREAD_READY))
		put_back(q, from, forced);
	to = first_ready(q);
	if (to)
		list_del(&to->run_node);
	else if (cpu_count == 1 || !(to = steal(percpu_get(this_cpu))))
		to = q->idle;
	if (to == from) {
		unlock_queue(q);
		return;
	}
	if (from->state == THREAD_DEAD)
		q->dead = from;
	q->running = to;
	q->switches++;
	/* Those that were woken together count too: nobody armed it for them if the processor was about to switch anyway. */
	if (others_wait(q, to))
		arm_slice(q);
	now = clock_monotonic_ns();
	from->run_time_ns += now - from->run_start_ns;
	to->run_start_ns = now;
	if (forced) {
		from->switches_forced++;
		if (from->rseq)
			__atomic_fetch_or(&from->work, WORK_RSEQ, __ATOMIC_RELAXED);
	} else {
		from->switches_voluntary++;
	}
	if (to->process && to->process->mm != q->active_mm) {
		q->active_mm = to->process->mm;
		mm_activate(q->active_mm);
	}
	if (cpu_count > 1 && from == q->idle)
		mmu_cpu_busy();
	else if (cpu_count > 1 && to == q->idle)
		mmu_cpu_idles();
	percpu_set(current_thread, (uintptr_t)to);
	arch_switch(from, to);
	finish_switch(percpu_ptr(run_queue));
}

void sched_set_active_mm(struct mm *mm)
{
	irqflags_t flags = irq_save();

	percpu_ptr(run_queue)->active_mm = mm;
	mm_activate(mm);
	irq_restore(flags);
}

void sched_thread_starts(void)
{
	finish_switch(percpu_ptr(run_queue));
	irq_enable();
}

void schedule(void)
{
	irqflags_t flags = irq_save();

	debug_assert((percpu_get(preempt_count) & ~PREEMPT_NOTHING_WANTED) == 0);
	switch_thread(false);
	irq_restore(flags);
}

void sched_preempt(void)
{
	while (percpu_get(preempt_count) == 0) {
		struct run_queue *q = percpu_ptr(run_queue);

		/* Count one, nothing wanted: what is wanted is done here. */
		percpu_set(preempt_count, PREEMPT_NOTHING_WANTED + 1);
		deferred_run();
		percpu_set(preempt_count, percpu_get(preempt_count) - 1);
		if (q->wanted)
			switch_thread(true);
	}
}

void preempt_now_(void)
{
	if (!irq_enabled())
		return; /* whoever turns interrupts on, or the end of the interrupt, sees to it */
	irq_disable();
	sched_preempt();
	irq_enable();
}

/* The same where one of the two is not SCHED_NORMAL's rank. */
static void reconsider_rank(struct run_queue *q, const struct thread *t)
{
	if (t->rank > q->running->rank)
		want_switch(q);
	else if (t->rank == q->running->rank && others_wait(q, q->running))
		arm_slice(q);
}

/* @t was put on this processor's queue, which is locked: does it run now, or after the running thread's turn? */
static void reconsider(struct run_queue *q, const struct thread *t)
{
	const struct thread *running = q->running;

	if (running == q->idle)
		want_switch(q);
	else if (unlikely((t->rank ^ SCHED_RANK_NORMAL) | (running->rank ^ SCHED_RANK_NORMAL)))
		reconsider_rank(q, t);
	else if (clock_monotonic_ns() - running->run_start_ns > SLICE_LEAST_NS && t->slice_ns >= running->slice_ns &&
		 t->policy.policy != SCHED_BATCH)
		want_switch(q);
	else
		arm_slice(q);
}

void sched_interrupted(void)
{
	struct run_queue *q = percpu_ptr(run_queue);
	struct thread *first;

	lock_queue(q);
	first = first_ready(q);
	if (first)
		reconsider(q, first);
	else if (q->running == q->idle)
		want_switch(q); /* it looks at the other queues */
	unlock_queue(q);
}

/* Where a thread that becomes ready goes: where it was, if that is free or nobody else is. */
static unsigned place(const struct thread *t)
{
	uint32_t last = t->cpu;

	if (cpu_count == 1)
		return last;
	if (!(t->cpus >> last & 1))
		last = (uint32_t)__builtin_ctz(t->cpus);
	for (unsigned i = 0; i < cpu_count; i++) {
		unsigned cpu = (last + i) % cpu_count;
		const struct run_queue *q = queue_of(cpu);

		if (t->cpus >> cpu & 1 && READ_ONCE(q->running) == q->idle && READ_ONCE(q->woken.next) == &q->woken)
			return cpu;
	}
	for (unsigned i = 0; unlikely(t->rank > SCHED_RANK_NORMAL) && i < cpu_count; i++) {
		unsigned cpu = (last + i) % cpu_count;

		if (t->cpus >> cpu & 1 && READ_ONCE(queue_of(cpu)->running->rank) < t->rank)
			return cpu;
	}
	return last;
}

/* @t is ready, on no queue, and nobody else can make it so. Interrupts off. */
static void enqueue(struct thread *t)
{
	unsigned cpu = place(t);
	struct run_queue *q = queue_of(cpu);
	bool elsewhere = cpu != percpu_get(this_cpu);

	lock_queue(q);
	if (cpu != t->cpu)
		move(t, cpu);
	if (likely(t->rank == SCHED_RANK_NORMAL))
		list_add_tail(&q->woken, &t->run_node);
	else
		insert_special(q, t, false);
	if (!elsewhere)
		reconsider(q, t);
	unlock_queue(q);
	if (elsewhere)
		arch_cpu_interrupt(cpu);
}

/* The queue that @t is on or was on last, locked. */
static struct run_queue *lock_queue_of(const struct thread *t)
{
	for (;;) {
		uint32_t cpu = READ_ONCE(t->cpu);
		struct run_queue *q = queue_of(cpu);

		lock_queue(q);
		if (likely(cpu == READ_ONCE(t->cpu)))
			return q;
		unlock_queue(q);
	}
}

bool thread_wake(struct thread *t)
{
	irqflags_t flags = irq_save();
	struct run_queue *q = lock_queue_of(t);
	bool woken = t->state == THREAD_WAITING, put = false;

	if (woken) {
		WRITE_ONCE(t->state, THREAD_READY);
		/* Once its queue's lock is ours, a thread that is not the running one has left its stack. */
		put = t != q->running && list_empty(&t->run_node);
	}
	unlock_queue(q);
	if (put)
		enqueue(t);
	irq_restore(flags);
	if (flags & IRQFLAGS_ON && percpu_get(preempt_count) == 0)
		preempt_now_();
	return woken;
}

void sched_enqueue(struct thread *t)
{
	irqflags_t flags = irq_save();

	enqueue(t);
	irq_restore(flags);
	if (flags & IRQFLAGS_ON && percpu_get(preempt_count) == 0)
		preempt_now_();
}

/* What each step of nice is worth is a quarter, as in Linux; a turn is no shorter than a switch is worth. */
static uint32_t slice_of(const struct sched_policy *p)
{
	uint64_t ns = SLICE_NS;

	if (p->policy == SCHED_RR)
		return SCHED_RR_SLICE_NS;
	if (p->policy == SCHED_FIFO)
		return SLICE_NS;
	for (int i = 0; i < p->nice; i++)
		ns = ns * 4 / 5;
	for (int i = 0; i > p->nice; i--)
		ns = ns * 5 / 4;
	return (uint32_t)MAX(ns, (uint64_t)SLICE_SHORTEST_NS);
}

static uint8_t rank_of(const struct sched_policy *p)
{
	if (p->policy == SCHED_FIFO || p->policy == SCHED_RR)
		return (uint8_t)(SCHED_RANK_NORMAL + p->priority);
	return p->policy == SCHED_IDLE ? SCHED_RANK_BACKGROUND : SCHED_RANK_NORMAL;
}

void sched_inherit(struct thread *t, const struct thread *from)
{
	if (from) {
		t->policy = from->policy;
		if (t->policy.reset_on_fork) {
			if (rank_of(&t->policy) > SCHED_RANK_NORMAL)
				t->policy.policy = SCHED_NORMAL;
			t->policy.priority = 0;
			t->policy.nice = MAX(t->policy.nice, (int8_t)0);
			t->policy.reset_on_fork = false;
		}
	}
	t->slice_ns = slice_of(&t->policy);
	t->rank = t->own_rank = rank_of(&t->policy);
}

/* The queue of @t, which is locked, sees that its rank is @rank now. Interrupts off. */
static void change_rank(struct run_queue *q, struct thread *t, uint8_t rank)
{
	bool here = q == percpu_ptr(run_queue), queued = !list_empty(&t->run_node);
	const struct thread *first;

	if (queued)
		list_del(&t->run_node);
	t->rank = rank;
	if (queued && rank == SCHED_RANK_NORMAL)
		list_add_tail(&q->woken, &t->run_node);
	else if (queued)
		insert_special(q, t, false);
	first = first_ready(q);
	if (here && first)
		reconsider(q, first);
}

static void change(struct thread *t, const struct sched_policy *policy, uint8_t lent)
{
	irqflags_t flags = irq_save();
	struct run_queue *q = lock_queue_of(t);
	bool elsewhere = q != percpu_ptr(run_queue);
	unsigned cpu = t->cpu;

	if (policy) {
		t->policy = *policy;
		t->slice_ns = slice_of(policy);
		/* What was lent stays. */
		lent = t->rank > t->own_rank ? t->rank : SCHED_RANK_BACKGROUND;
		t->own_rank = rank_of(policy);
	}
	lent = MAX(lent, t->own_rank);
	if (lent != t->rank || policy)
		change_rank(q, t, lent);
	unlock_queue(q);
	if (elsewhere)
		arch_cpu_interrupt(cpu); /* it looks again at who is to run there */
	irq_restore(flags);
	if (flags & IRQFLAGS_ON && percpu_get(preempt_count) == 0)
		preempt_now_();
}

void sched_set_policy(struct thread *t, const struct sched_policy *policy)
{
	change(t, policy, 0);
}

void sched_lend(struct thread *t, unsigned rank)
{
	change(t, NULL, (uint8_t)rank);
}

uint64_t sched_switches(unsigned cpu)
{
	return READ_ONCE(queue_of(cpu)->switches);
}

uint64_t sched_idle_ns(unsigned cpu)
{
	irqflags_t flags = irq_save();
	struct run_queue *q = queue_of(cpu);
	uint64_t ns;

	lock_queue(q);
	ns = q->idle->run_time_ns;
	if (q->running == q->idle)
		ns += clock_monotonic_ns() - q->idle->run_start_ns;
	unlock_queue(q);
	irq_restore(flags);
	return ns;
}

void sched_kick(const struct thread *t)
{
	uint32_t cpu = READ_ONCE(t->cpu);

	if (cpu != percpu_get(this_cpu) && READ_ONCE(queue_of(cpu)->running) == t)
		arch_cpu_interrupt(cpu);
}

void sched_set_cpus(struct thread *t, uint32_t cpus)
{
	WRITE_ONCE(t->cpus, cpus);
	/* To sleep and be woken is to be placed anew. A timer that is due before we sleep does not wake: once more, then. */
	while (t == current && !(READ_ONCE(t->cpus) >> percpu_get(this_cpu) & 1))
		(void)thread_sleep_until(clock_monotonic_ns() + SHORT_SLEEP_NS, false);
}

void thread_yield(void)
{
	schedule();
}

uint64_t thread_run_time_ns(const struct thread *t)
{
	uint64_t used = t->run_time_ns, start = READ_ONCE(t->run_start_ns);

	/* Of a thread that runs on another processor this is a snapshot. */
	if (t == current || READ_ONCE(queue_of(READ_ONCE(t->cpu))->running) == t)
		used += clock_monotonic_ns() - start;
	return used;
}

static void init_queue(struct run_queue *q, struct thread *idle)
{
	list_init(&q->woken);
	list_init(&q->ready);
	list_init(&q->realtime);
	list_init(&q->background);
	timer_init(&q->slice, slice_ended);
	q->idle = q->running = idle;
}

void sched_init(void)
{
	/* Counted like any other, but its stack is the boot stack and it never ends. */
	static struct thread boot_thread = { .refs = 1, .state = THREAD_READY, .name = "idle" };

	sched_inherit(&boot_thread, NULL);

	boot_thread.canary = percpu_get(stack_canary);
	list_init(&boot_thread.run_node);
	init_queue(percpu_ptr(run_queue), &boot_thread);
	percpu_set(current_thread, (uintptr_t)&boot_thread);
}

void sched_init_cpu(unsigned cpu, struct thread *idle)
{
	struct run_queue *q = percpu_of(run_queue, cpu);

	init_queue(q, idle);
	q->slice.cpu = cpu;
	idle->cpu = cpu;
	*percpu_of(current_thread, cpu) = (uintptr_t)idle;
	*percpu_of(stack_canary, cpu) = idle->canary;
}

void sched_idle(void)
{
	for (;;) {
		irq_disable();
		if (percpu_get(preempt_count) == 0)
			sched_preempt();
		else
			arch_wait_for_interrupt();
		irq_enable();
	}
}
