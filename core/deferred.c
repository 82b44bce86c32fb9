/* Deferred work: a list per processor, taken off as a whole when preemption comes back on (core/sched.c calls). */
#include <arch/irqflags.h>
#include <core/deferred.h>
#include <core/preempt.h>
#include <core/sched.h>

COMPONENT("threads", "threads, scheduling, waiting");

PERCPU(struct deferred *, deferred_list) = NULL;

void deferred_raise(struct deferred *d)
{
	irqflags_t flags;

	if (__atomic_exchange_n(&d->pending, true, __ATOMIC_ACQ_REL))
		return;
	flags = irq_save();
	d->next = percpu_get(deferred_list);
	percpu_set(deferred_list, d);
	preempt_want();
	irq_restore(flags);
}

bool deferred_run(void)
{
	struct deferred *list = percpu_get(deferred_list), *next;

	if (!list)
		return false;
	percpu_set(deferred_list, NULL);
	irq_enable();
	for (; list; list = next) {
		next = list->next;
		__atomic_store_n(&list->pending, false, __ATOMIC_RELEASE);
		list->call(list);
	}
	irq_disable();
	return true;
}
