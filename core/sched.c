/* Which thread runs: a queue per processor, turns of a few milliseconds while others are ready, no periodic tick.
 *
 * A thread that was woken goes before those whose turn ended, so that what waits for events is served soon; it takes
 * the processor at once if the running thread has had SLICE_LEAST of it. The queue's lock is held across the switch
 * and released by the thread that is switched to; it is below every other lock and not tracked by rank.
 */
#include <arch/irqflags.h>
#include <core/clock.h>
#include <core/log.h>
#include <core/process.h>
#include <core/sched.h>
#include <core/thread.h>
#include <core/timer.h>

COMPONENT("threads", "threads, scheduling, waiting");

#define SLICE_NS       4000000u
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
	if (!list_empty(&q->woken))
		to = list_first(&q->woken, struct thread, run_node);
	else if (!list_empty(&q->ready))
		to = list_first(&q->ready, struct thread, run_node);
	else
		to = q->idle;
	if (to != q->idle)
		list_del(&to->run_node);
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

bool thread_wake(struct thread *t)
{
	irqflags_t flags = irq_save();
	struct run_queue *q = percpu_ptr(run_queue);
	bool woken = false;

	lock_queue(q);
	if (t->state == THREAD_WAITING) {
		woken = true;
		WRITE_ONCE(t->state, THREAD_READY);
		if (t != q->running && list_empty(&t->run_node)) {
			list_add_tail(&q->woken, &t->run_node);
			if (q->running == q->idle ||
			    clock_monotonic_ns() - q->running->run_start_ns > SLICE_LEAST_NS)
				want_switch(q);
			else
				arm_slice(q);
		}
	}
	unlock_queue(q);
	irq_restore(flags);
	if (flags & IRQFLAGS_ON && percpu_get(preempt_count) == 0)
		preempt_now_();
	return woken;
}

void sched_enqueue(struct thread *t)
{
	irqflags_t flags = irq_save();
	struct run_queue *q = percpu_ptr(run_queue);

	lock_queue(q);
	list_add_tail(&q->woken, &t->run_node);
	if (q->running == q->idle)
		want_switch(q);
	else
		arm_slice(q);
	unlock_queue(q);
	irq_restore(flags);
	if (flags & IRQFLAGS_ON && percpu_get(preempt_count) == 0)
		preempt_now_();
}

void thread_yield(void)
{
	schedule();
}

uint64_t thread_run_time_ns(const struct thread *t)
{
	uint64_t used = t->run_time_ns;

	if (t == current)
		used += clock_monotonic_ns() - t->run_start_ns;
	return used;
}

void sched_init(void)
{
	struct run_queue *q = percpu_ptr(run_queue);
	/* Counted like any other, but its stack is the boot stack and it never ends. */
	static struct thread boot_thread = { .refs = 1, .state = THREAD_READY, .name = "idle" };

	list_init(&q->woken);
	list_init(&q->ready);
	list_init(&boot_thread.run_node);
	timer_init(&q->slice, slice_ended);
	q->idle = q->running = &boot_thread;
	percpu_set(current_thread, (uintptr_t)&boot_thread);
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
