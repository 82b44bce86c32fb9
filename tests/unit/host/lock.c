/* Contended locks: with one thread, waiting for one is a deadlock. */
#include <core/lock.h>
#include <core/log.h>

void spin_wait_(struct spinlock *l)
{
	panic("spinlock of rank %u taken twice", l->rank);
}
void lock_acquired_(const void *lock, enum lock_rank rank)
{
}
void lock_tried_(const void *lock, enum lock_rank rank)
{
}
void lock_released_(const void *lock)
{
}
void mutex_init(struct mutex *m, enum lock_rank rank)
{
	m->owner = 0;
	spin_init(&m->guard, RANK_WAIT);
	list_init(&m->waiters);
	m->rank = rank;
}
void mutex_lock_slow_(struct mutex *m)
{
	panic("mutex of rank %u taken twice", m->rank);
}
void mutex_unlock_slow_(struct mutex *m)
{
	panic("mutex of rank %u released by another", m->rank);
}

void may_sleep_check_(void)
{
}
