/* Locks: a spinning one, and a mutex that sleeps. Ranks (core/lock_rank.h) are checked in debug builds.
 *
 * A spinlock disables preemption while held; one that interrupt handlers take too, or that is taken under such a one, is
 * taken by the irqsave form everywhere. Holding a spinlock: no sleeping, no copy from or to a program, no call-back that
 * may do either.
 */
#ifndef CORE_LOCK_H
#define CORE_LOCK_H

#include <arch/irqflags.h>
#include <core/list.h>
#include <core/lock_rank.h>
#include <core/preempt.h>

struct thread;

struct spinlock {
	uint32_t held; /* atomic: 0 or 1 */
	uint32_t rank; /* enum lock_rank; I */
};

#define SPINLOCK_INIT(r) { 0, (r) }

static inline void spin_init(struct spinlock *l, enum lock_rank rank)
{
	l->held = 0;
	l->rank = rank;
}

void spin_wait_(struct spinlock *l);
void lock_acquired_(const void *lock, enum lock_rank rank);
void lock_tried_(const void *lock, enum lock_rank rank); /* the same by one who would not have waited: in any order */
void lock_released_(const void *lock);
/** lock_interrupt_begin() - debug builds: an interrupt handler's locks are ranked on their own until _end(). */
unsigned lock_interrupt_begin(void);
void lock_interrupt_end(unsigned from);

static inline void spin_lock(struct spinlock *l)
{
	preempt_disable();
	if (unlikely(__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE)))
		spin_wait_(l);
	if (WHITTLE_DEBUG)
		lock_acquired_(l, (enum lock_rank)l->rank);
}
static inline bool spin_trylock(struct spinlock *l)
{
	preempt_disable();
	if (__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE)) {
		preempt_enable();
		return false;
	}
	if (WHITTLE_DEBUG)
		lock_tried_(l, (enum lock_rank)l->rank);
	return true;
}
static inline void spin_unlock(struct spinlock *l)
{
	if (WHITTLE_DEBUG)
		lock_released_(l);
	__atomic_store_n(&l->held, 0, __ATOMIC_RELEASE);
	preempt_enable();
}
static inline irqflags_t spin_lock_irqsave(struct spinlock *l)
{
	irqflags_t flags = irq_save();

	spin_lock(l);
	return flags;
}
/* Interrupts come back before preemption does, so that a pending switch happens with them on. */
static inline void spin_unlock_irqrestore(struct spinlock *l, irqflags_t flags)
{
	if (WHITTLE_DEBUG)
		lock_released_(l);
	__atomic_store_n(&l->held, 0, __ATOMIC_RELEASE);
	irq_restore(flags);
	preempt_enable();
}
static inline bool spin_held(const struct spinlock *l)
{
	return READ_ONCE(l->held) != 0;
}

/* A sleeping lock: the owner is a thread, waiters queue in order. */
struct mutex {
	uintptr_t owner;       /* atomic: struct thread *, bit 0: there are waiters */
	struct spinlock guard; /* RANK_WAIT; protects waiters */
	struct list waiters;   /* of struct mutex_waiter, in lock.c */
	uint32_t rank;         /* enum lock_rank; I */
};

#define MUTEX_INIT(m, r) { 0, SPINLOCK_INIT(RANK_WAIT), LIST_INIT((m).waiters), (r) }

void mutex_init(struct mutex *m, enum lock_rank rank);
void mutex_lock_slow_(struct mutex *m);
void mutex_unlock_slow_(struct mutex *m);

/** mutex_lock() - take it, sleeping while another thread holds it. Context: may sleep. */
static inline void mutex_lock(struct mutex *m)
{
	uintptr_t none = 0;

	may_sleep();
	if (unlikely(!__atomic_compare_exchange_n(&m->owner, &none, percpu_get(current_thread), false,
						  __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)))
		mutex_lock_slow_(m);
	if (WHITTLE_DEBUG)
		lock_acquired_(m, (enum lock_rank)m->rank);
}
/** mutex_trylock() - take it if it is free. Return: true if taken. */
static inline bool mutex_trylock(struct mutex *m)
{
	uintptr_t none = 0;
	bool got = __atomic_compare_exchange_n(&m->owner, &none, percpu_get(current_thread), false,
					       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);

	if (WHITTLE_DEBUG && got)
		lock_tried_(m, (enum lock_rank)m->rank);
	return got;
}
static inline void mutex_unlock(struct mutex *m)
{
	uintptr_t self = percpu_get(current_thread);

	if (WHITTLE_DEBUG)
		lock_released_(m);
	if (unlikely(!__atomic_compare_exchange_n(&m->owner, &self, 0, false, __ATOMIC_RELEASE,
						  __ATOMIC_RELAXED)))
		mutex_unlock_slow_(m);
}
static inline bool mutex_held(const struct mutex *m)
{
	return (READ_ONCE(m->owner) & ~(uintptr_t)1) == percpu_get(current_thread);
}

#endif
