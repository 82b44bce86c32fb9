/* Wait queues and sleeping. The condition is the caller's; what is here makes sure that no wake-up is lost: a thread
 * is marked WAITING before it looks at the condition, and a waker changes the condition before it looks for waiters. */
#include <core/log.h>
#include <core/thread.h>
#include <core/wait.h>
#include <linux/errno.h>

COMPONENT("threads", "threads, scheduling, waiting");

void wait_queue_init(struct wait_queue *q)
{
	spin_init(&q->lock, RANK_WAIT);
	list_init(&q->entries);
}

void wait_queue_add(struct wait_queue *q, struct wait_entry *e)
{
	irqflags_t flags = spin_lock_irqsave(&q->lock);

	/* Exclusive entries last: everybody else is woken before the one of them. */
	if (e->exclusive)
		list_add_tail(&q->entries, &e->node);
	else
		list_add(&q->entries, &e->node);
	spin_unlock_irqrestore(&q->lock, flags);
}

void wait_queue_remove(struct wait_queue *q, struct wait_entry *e)
{
	irqflags_t flags = spin_lock_irqsave(&q->lock);

	list_del(&e->node);
	spin_unlock_irqrestore(&q->lock, flags);
}

static void wake(struct wait_queue *q, uint32_t events, bool all)
{
	struct wait_entry *e, *next;
	irqflags_t flags;

	if (!wait_queue_active(q))
		return;
	flags = spin_lock_irqsave(&q->lock);
	list_for_each_safe(e, next, &q->entries, node) {
		bool exclusive = e->exclusive;

		e->wake(e, events);
		if (exclusive && !all)
			break;
	}
	spin_unlock_irqrestore(&q->lock, flags);
}

void wait_queue_wake(struct wait_queue *q, uint32_t events)
{
	wake(q, events, false);
}

void wait_queue_wake_all(struct wait_queue *q, uint32_t events)
{
	wake(q, events, true);
}

static void wake_thread(struct wait_entry *e, uint32_t events)
{
	thread_wake(e->thread);
}

void wait_entry_init(struct wait_entry *e)
{
	list_init(&e->node);
	e->wake = wake_thread;
	e->thread = current;
	e->exclusive = false;
}

void thread_mark_waiting(void)
{
	/* Sequentially consistent: pairs with the fence in wait_queue_active(). */
	__atomic_store_n(&current->state, THREAD_WAITING, __ATOMIC_SEQ_CST);
}

void thread_unmark_waiting(void)
{
	WRITE_ONCE(current->state, THREAD_READY);
}

void wait_prepare(struct wait_queue *q, struct wait_entry *e)
{
	if (list_empty(&e->node))
		wait_queue_add(q, e);
	thread_mark_waiting();
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void wait_finish(struct wait_queue *q, struct wait_entry *e)
{
	thread_unmark_waiting();
	wait_queue_remove(q, e);
}

struct timeout {
	struct timer timer;
	struct thread *thread; /* borrowed: it waits for the timer to be cancelled */
	bool expired;
};

static void timeout_expired(struct timer *timer)
{
	struct timeout *t = container_of(timer, struct timeout, timer);

	WRITE_ONCE(t->expired, true);
	thread_wake(t->thread);
}

int wait_sleep(uint64_t deadline_ns, bool interruptible)
{
	struct thread *self = current;
	struct timeout timeout;

	if (interruptible) {
		WRITE_ONCE(self->interruptible, true);
		__atomic_thread_fence(__ATOMIC_SEQ_CST); /* pairs with thread_interrupt() */
		if (thread_signal_pending(self)) {
			self->interruptible = false;
			thread_unmark_waiting();
			return -ERESTARTSYS;
		}
	}
	if (deadline_ns == TIMER_NEVER) {
		schedule();
		self->interruptible = false;
		return 0;
	}
	timer_init(&timeout.timer, timeout_expired);
	timeout.thread = self;
	timeout.expired = deadline_ns <= clock_monotonic_ns();
	if (!timeout.expired) {
		timer_arm(&timeout.timer, deadline_ns);
		schedule();
		timer_cancel(&timeout.timer);
	}
	self->interruptible = false;
	thread_unmark_waiting();
	return timeout.expired ? -ETIMEDOUT : 0;
}

int thread_sleep_until(uint64_t deadline_ns, bool interruptible)
{
	int r;

	do {
		thread_mark_waiting();
		r = wait_sleep(deadline_ns, interruptible);
	} while (r == 0);
	return r == -ETIMEDOUT ? 0 : r;
}
