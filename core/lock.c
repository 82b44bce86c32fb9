/* The slow paths of locks, and in debug builds the check of their order (core/lock_rank.h).
 *
 * A mutex is handed over to the first waiter, so that nobody starves: the owner word goes from one thread to the next
 * without being free in between.
 */
#include <core/lock.h>
#include <core/log.h>
#include <core/thread.h>
#include <core/wait.h>

COMPONENT("locks", "spinlocks, mutexes, their order");

#define MUTEX_WAITERS ((uintptr_t)1)

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
	bool owns;
};

void mutex_lock_slow_(struct mutex *m)
{
	struct mutex_waiter w = { .thread = current };
	uintptr_t owner;

	spin_lock(&m->guard);
	list_add_tail(&m->waiters, &w.node);
	owner = READ_ONCE(m->owner);
	/* Either it is free and now ours, or the owner learns that somebody waits. */
	for (;;) {
		uintptr_t wanted = owner ? owner | MUTEX_WAITERS : (uintptr_t)w.thread;

		if (!owner && m->waiters.next->next != &m->waiters)
			wanted |= MUTEX_WAITERS;
		if (!__atomic_compare_exchange_n(&m->owner, &owner, wanted, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			continue;
		if (!owner) {
			list_del(&w.node);
			spin_unlock(&m->guard);
			return;
		}
		break;
	}
	while (!w.owns) {
		thread_mark_waiting();
		spin_unlock(&m->guard);
		schedule();
		spin_lock(&m->guard);
	}
	thread_unmark_waiting();
	spin_unlock(&m->guard);
}

void mutex_unlock_slow_(struct mutex *m)
{
	struct mutex_waiter *w;
	struct thread *next;

	spin_lock(&m->guard);
	assert(!list_empty(&m->waiters));
	w = list_first(&m->waiters, struct mutex_waiter, node);
	list_del(&w->node);
	next = w->thread;
	__atomic_store_n(&m->owner, (uintptr_t)next | (list_empty(&m->waiters) ? 0 : MUTEX_WAITERS), __ATOMIC_RELEASE);
	w->owns = true;
	/* Under the guard: the waiter cannot return, and its thread cannot end, before this is done. */
	thread_wake(next);
	spin_unlock(&m->guard);
}

#if WHITTLE_DEBUG
void lock_acquired_(const void *lock, enum lock_rank rank)
{
	struct thread *t = current;

	if (!t || rank == RANK_NONE)
		return;
	if (!irq_enabled() && rank < RANK_SPIN)
		panic("a sleeping lock of rank %d with interrupts off", rank);
	for (unsigned i = 0; i < t->held_count; i++)
		if (t->held[i].rank > (int)rank)
			panic("lock of rank %d taken while one of rank %d is held", rank, t->held[i].rank);
	if (t->held_count == ARRAY_SIZE(t->held))
		panic("more than %zu locks held", ARRAY_SIZE(t->held));
	t->held[t->held_count].lock = lock;
	t->held[t->held_count++].rank = (int)rank;
}

void lock_released_(const void *lock)
{
	struct thread *t = current;

	if (!t)
		return;
	for (unsigned i = t->held_count; i-- > 0;) {
		if (t->held[i].lock != lock)
			continue;
		t->held_count--;
		memmove(&t->held[i], &t->held[i + 1], (t->held_count - i) * sizeof(t->held[0]));
		return;
	}
	panic("a lock is released that is not held");
}
#endif
