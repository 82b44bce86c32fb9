/* Waiting for something to become true (core/wait.c).
 *
 * A wait queue is a list of entries, each with its own way to be woken: a thread that sleeps, or a call-back (epoll).
 * The pattern is wait_event*(): the entry is queued and the thread marked before the condition is looked at again, so
 * that no wake-up is lost. The condition is evaluated without any lock held by these macros.
 */
#ifndef CORE_WAIT_H
#define CORE_WAIT_H

#include <core/clock.h>
#include <core/lock.h>
#include <core/timer.h>

#define ERESTARTSYS          512 /* internal: interrupted by a signal; restart if SA_RESTART, else EINTR */
#define ERESTARTNOHAND       514 /* internal: restart if there is no handler, else EINTR */
#define ERESTART_RESTARTBLOCK 516 /* internal: go on by restart_syscall(2) */

struct wait_queue {
	struct spinlock lock; /* irqsave; RANK_WAIT */
	struct list entries;  /* of struct wait_entry; lock */
};
#define WAIT_QUEUE_INIT(q) { SPINLOCK_INIT(RANK_WAIT), LIST_INIT((q).entries) }

struct wait_entry {
	struct list node;                                       /* the queue's lock */
	void (*wake)(struct wait_entry *e, uint32_t events);    /* under the queue's lock, interrupts off */
	struct thread *thread;                                  /* borrowed: the waiter itself */
	bool exclusive;                                         /* wake only one of these */
};

void wait_queue_init(struct wait_queue *q);
void wait_queue_add(struct wait_queue *q, struct wait_entry *e);
void wait_queue_remove(struct wait_queue *q, struct wait_entry *e);
/** wait_queue_wake() - wake every entry, but at most one exclusive one. @events: EPOLL* bits, or 0. Context: any. */
void wait_queue_wake(struct wait_queue *q, uint32_t events);
void wait_queue_wake_all(struct wait_queue *q, uint32_t events);
/** wait_queue_active() - somebody waits; a hint that saves the lock. The caller has changed the condition before. */
static inline bool wait_queue_active(const struct wait_queue *q)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* pairs with the one in wait_prepare() */
	return READ_ONCE(q->entries.next) != &q->entries;
}

/* The pieces of wait_event*(), for loops that these do not fit. */
void wait_entry_init(struct wait_entry *e);                 /* wakes the current thread */
void wait_prepare(struct wait_queue *q, struct wait_entry *e);
void wait_finish(struct wait_queue *q, struct wait_entry *e);
/**
 * wait_sleep() - sleep until woken, until @deadline_ns (monotonic; TIMER_NEVER), or until a signal if @interruptible.
 * The thread was marked by wait_prepare() or thread_mark_waiting(). Return: 0, -ETIMEDOUT, -ERESTARTSYS.
 */
int wait_sleep(uint64_t deadline_ns, bool interruptible);
/** thread_mark_waiting() - the current thread will sleep unless woken from here on. */
void thread_mark_waiting(void);
void thread_unmark_waiting(void);

#define wait_event_until(q, condition, deadline_ns, interruptible)                                 \
	({                                                                                         \
		int wait_r_ = 0;                                                                   \
		if (!(condition)) {                                                                \
			struct wait_entry wait_e_;                                                 \
			wait_entry_init(&wait_e_);                                                 \
			for (;;) {                                                                 \
				wait_prepare((q), &wait_e_);                                       \
				if (condition) {                                                   \
					wait_r_ = 0;                                               \
					break;                                                     \
				}                                                                  \
				if (wait_r_)                                                       \
					break;                                                     \
				wait_r_ = wait_sleep((deadline_ns), (interruptible));              \
			}                                                                          \
			wait_finish((q), &wait_e_);                                                \
		}                                                                                  \
		wait_r_;                                                                           \
	})

/** wait_event() - until @condition; only for what surely comes soon. */
#define wait_event(q, condition) ((void)wait_event_until((q), (condition), TIMER_NEVER, false))
/** wait_event_interruptible() - Return: 0, or -ERESTARTSYS. */
#define wait_event_interruptible(q, condition) wait_event_until((q), (condition), TIMER_NEVER, true)
/** wait_event_interruptible_until() - Return: 0, -ERESTARTSYS, or -ETIMEDOUT. */
#define wait_event_interruptible_until(q, condition, deadline_ns)                                  \
	wait_event_until((q), (condition), (deadline_ns), true)

/** thread_sleep_until() - Return: 0 at the deadline, -ERESTARTSYS if interruptible and interrupted. */
int thread_sleep_until(uint64_t deadline_ns, bool interruptible);

/** thread_signal_pending() - a signal is deliverable, or the process ends. */
static inline bool thread_signal_pending(const struct thread *t);

#include <core/thread.h>

static inline bool thread_signal_pending(const struct thread *t)
{
	return READ_ONCE(t->work) & (WORK_SIGNAL | WORK_EXIT);
}

#endif
