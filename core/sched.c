/* Which thread runs: a queue per processor, turns of a few milliseconds while others are ready, no periodic tick.
 *
 * A woken thread goes where it ran last, or to a processor that idles; one that runs out of threads takes some of
 * another's. A thread that was woken goes before those whose turn ended, so that what waits for events is served soon; it takes
 * the processor at once if the running thread has had SLICE_LEAST of it. The queue's lock is held across the switch
 * and released by the thread that is switched to; it is below every other lock and not tracked by rank.
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

COMPONENT("threads", "threads, scheduling, waiting");

#define SLICE_NS       4000000u
#define SHORT_SLEEP_NS 10000u
#define SLICE_LEAST_NS 500000u

struct run_queue {
	uint32_t lock;          /* atomic; interrupts off while held */
	struct list woken;      /* lock: ready, slept before */
	struct list ready;      /* lock: ready, had their turn */
	struct thread *running; /* lock */
	struct thread *idle;    /* I */
	struct thread *dead;    /* lock: switched away from for good; its reference goes */
	struct timer slice;     /* ends the running thread's turn while others are ready */
	bool slice_armed;       /* interrupts off */
	bool wanted;            /* interrupts off: a switch at the next chance */
	struct mm *active_mm;   /* whose page tables are loaded; interrupts off */
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

static void slice_ended(struct timer *timer)
{
	struct run_queue *q = container_of(timer, struct run_queue, slice);

	q->slice_armed = false;
	if (q->running != q->idle && !(list_empty(&q->ready) && list_empty(&q->woken)))
		want_switch(q);
}

/* Somebody waits for the processor: the running thread's turn gets an end. */
static void arm_slice(struct run_queue *q)
{
	if (q->slice_armed)
		return;
	q->slice_armed = true;
	timer_arm(&q->slice, clock_monotonic_ns() + SLICE_NS);
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
	if (!list_empty(&q->woken))
		return list_first(&q->woken, struct thread, run_node);
	if (!list_empty(&q->ready))
		return list_first(&q->ready, struct thread, run_node);
	return NULL;
}

/* @t is ready and on no queue: it is @cpu's from now on, of which a program with rseq is told. */
static void move(struct thread *t, unsigned cpu)
{
	WRITE_ONCE(t->cpu, cpu);
	if (t->rseq)
		__atomic_fetch_or(&t->work, WORK_RSEQ, __ATOMIC_RELAXED);
}

/* A thread that waits on another processor and may run here, or NULL. Our queue is locked: others are only tried. */
static struct thread *steal(unsigned here)
{
	struct thread *found = NULL, *t;

	for (unsigned i = 1; i < cpu_count && !found; i++) {
		struct run_queue *q = percpu_of(run_queue, (here + i) % cpu_count);

		if ((READ_ONCE(q->ready.next) == &q->ready && READ_ONCE(q->woken.next) == &q->woken) ||
		    __atomic_exchange_n(&q->lock, 1, __ATOMIC_ACQUIRE))
			continue;
		list_for_each(t, &q->ready, run_node)
			if (t->cpus >> here & 1)
				found = t;
		if (!found)
			list_for_each(t, &q->woken, run_node)
				if (t->cpus >> here & 1)
					found = t;
		if (found) {
			list_del(&found->run_node);
			move(found, here);
		}
		__atomic_store_n(&q->lock, 0, __ATOMIC_RELEASE);
	}
	return found;
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
		list_add_tail(&q->ready, &from->run_node);
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
	if (!list_empty(&q->ready))
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

/* @t was put on this processor's queue, which is locked: does it run now, or after the running thread's turn? */
static void reconsider(struct run_queue *q)
{
	if (q->running == q->idle || clock_monotonic_ns() - q->running->run_start_ns > SLICE_LEAST_NS)
		want_switch(q);
	else
		arm_slice(q);
}

void sched_interrupted(void)
{
	struct run_queue *q = percpu_ptr(run_queue);

	lock_queue(q);
	if (first_ready(q))
		reconsider(q);
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
	list_add_tail(&q->woken, &t->run_node);
	if (!elsewhere)
		reconsider(q);
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
	timer_init(&q->slice, slice_ended);
	q->idle = q->running = idle;
}

void sched_init(void)
{
	/* Counted like any other, but its stack is the boot stack and it never ends. */
	static struct thread boot_thread = { .refs = 1, .state = THREAD_READY, .name = "idle" };

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
