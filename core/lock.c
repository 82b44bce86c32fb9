/* The slow paths of locks, and in debug builds the check of their order (core/lock_rank.h).
 *
 * An unlocked mutex is free for whoever comes first, which is mostly a thread that runs already: handing it over each
 * time would make all of them take turns. A waiter that lost LOST_MAX times has it handed over, so that nobody starves.
 */
#include <core/lock.h>
#include <core/log.h>
#include <core/thread.h>
#include <core/wait.h>

COMPONENT("locks", "spinlocks, mutexes, their order");

#define MUTEX_WAITERS ((uintptr_t)1)
#define LOST_MAX      4

void spin_wait_(struct spinlock *l)
{
	do {
		while (READ_ONCE(l->held))
			cpu_relax();
	} while (__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE));
}

void mutex_init(struct mutex *m, enum lock_rank rank)
{
	m->owner = 0;
	spin_init(&m->guard, RANK_WAIT);
	list_init(&m->waiters);
	m->rank = rank;
}

struct mutex_waiter {
	struct list node;
	struct thread *thread; /* borrowed: it waits here */
	unsigned lost;         /* times it was woken and found the mutex taken again */
	bool owns;             /* it was handed over */
};

/* Take it if it is free, else let the owner know that somebody waits. Under the guard. */
static bool take_or_announce(struct mutex *m, const struct mutex_waiter *w)
{
	bool alone = m->waiters.next == &w->node && w->node.next == &m->waiters;
	uintptr_t self = (uintptr_t)w->thread | (alone ? 0 : MUTEX_WAITERS);
	uintptr_t owner = READ_ONCE(m->owner);

	while (!__atomic_compare_exchange_n(&m->owner, &owner, owner ? owner | MUTEX_WAITERS : self, false,
					    __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		;
	return owner == 0;
}

void mutex_lock_slow_(struct mutex *m)
{
	struct mutex_waiter w = { .thread = current };

	spin_lock(&m->guard);
	list_add_tail(&m->waiters, &w.node);
	while (!w.owns && !take_or_announce(m, &w)) {
		w.lost++;
		thread_mark_waiting();
		spin_unlock(&m->guard);
		schedule();
		spin_lock(&m->guard);
	}
	thread_unmark_waiting();
	list_del(&w.node);
	spin_unlock(&m->guard);
}

void mutex_unlock_slow_(struct mutex *m)
{
	struct mutex_waiter *w;

	spin_lock(&m->guard);
	assert(!list_empty(&m->waiters));
	w = list_first(&m->waiters, struct mutex_waiter, node);
	if (w->lost < LOST_MAX) {
		__atomic_store_n(&m->owner, 0, __ATOMIC_RELEASE);
	} else {
		list_del(&w->node);
		w->owns = true;
		__atomic_store_n(&m->owner, (uintptr_t)w->thread | (list_empty(&m->waiters) ? 0 : MUTEX_WAITERS),
				 __ATOMIC_RELEASE);
	}
	/* Under the guard: the waiter cannot return, and its thread cannot end, before this is done. */
	thread_wake(w->thread);
	spin_unlock(&m->guard);
}

#if WHITTLE_DEBUG
static uint32_t preemption_off(void)
{
	return percpu_get(preempt_count) & ~PREEMPT_NOTHING_WANTED;
}

void may_sleep_check_(void)
{
	if (!current)
		return; /* nobody to switch to yet */
	if (preemption_off())
		panic("what may sleep is called with preemption off (%u deep)", preemption_off());
	if (!irq_enabled())
		panic("what may sleep is called with interrupts off");
}

void preempt_check_program_(void)
{
	const struct thread *t = current;

	if (preemption_off())
		panic("%s[%d] would run with preemption off (%u deep)", t->name, t->tid, preemption_off());
	if (t->held_count)
		panic("%s[%d] would run with a lock of rank %d held", t->name, t->tid, t->held[t->held_count - 1].rank);
}

void lock_tried_(const void *lock, enum lock_rank rank)
{
	struct thread *t = current;
	irqflags_t flags;

	if (!t || rank == RANK_NONE)
		return;
	flags = irq_save();
	if (t->held_count == ARRAY_SIZE(t->held))
		panic("more than %zu locks held", ARRAY_SIZE(t->held));
	t->held[t->held_count].lock = lock;
	t->held[t->held_count++].rank = (int)rank;
	irq_restore(flags);
}

void lock_acquired_(const void *lock, enum lock_rank rank)
{
	const struct thread *t = current;

	if (!t || rank == RANK_NONE)
		return;
	if (!irq_enabled() && rank < RANK_SPIN)
		panic("a sleeping lock of rank %d with interrupts off", rank);
	for (unsigned i = t->held_from; i < t->held_count; i++)
		if (t->held[i].rank > (int)rank)
			panic("lock of rank %d taken while one of rank %d is held", rank, t->held[i].rank);
	lock_tried_(lock, rank);
}

void lock_released_(const void *lock)
{
	struct thread *t = current;
	irqflags_t flags;

	if (!t)
		return;
	flags = irq_save();
	for (unsigned i = t->held_count; i-- > t->held_from;) {
		if (t->held[i].lock != lock)
			continue;
		t->held_count--;
		memmove(&t->held[i], &t->held[i + 1], (t->held_count - i) * sizeof(t->held[0]));
		irq_restore(flags);
		return;
	}
	panic("a lock is released that is not held");
}

/* What the interrupted thread holds does not count: it is taken with interrupts on, so never under a lock that interrupt
 * handlers take, and no handler can wait for it in a circle. */
unsigned lock_interrupt_begin(void)
{
	struct thread *t = current;
	unsigned from = t->held_from;

	t->held_from = t->held_count;
	return from;
}

void lock_interrupt_end(unsigned from)
{
	current->held_from = from;
}
#endif
