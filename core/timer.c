/* Timers of a processor: a pairing heap by expiry (Fredman, Sedgewick, Sleator, Tarjan 1986), intrusive, so that
 * arming allocates nothing. The hardware is programmed only when a timer becomes the earliest; a cancel leaves it. */
#include <core/clock.h>
#include <core/clock_internal.h>
#include <core/cpu.h>
#include <core/lock.h>
#include <core/timer.h>

COMPONENT("clock", "time and timers");

struct timer_queue {
	struct spinlock lock;      /* irqsave */
	struct timer *root;        /* lock */
	struct timer *running;     /* lock: whose call-back runs */
	uint64_t programmed_ns;    /* lock: when the hardware will interrupt */
};

PERCPU(struct timer_queue, timer_queue) = { SPINLOCK_INIT(RANK_TIMER), NULL, NULL, TIMER_NEVER };

static struct timer *meld(struct timer *a, struct timer *b)
{
	struct timer *t;

	if (!a)
		return b;
	if (!b)
		return a;
	if (b->expires_ns < a->expires_ns) {
		t = a;
		a = b;
		b = t;
	}
	b->prev = a;
	b->next = a->child;
	if (a->child)
		a->child->prev = b;
	a->child = b;
	a->next = a->prev = NULL;
	return a;
}

/* Meld a list of siblings in pairs, left to right, then the results right to left. */
static struct timer *meld_siblings(struct timer *first)
{
	struct timer *pairs = NULL, *root = NULL;

	while (first) {
		struct timer *a = first, *b = a->next, *pair;

		first = b ? b->next : NULL;
		a->next = a->prev = NULL;
		if (b)
			b->next = b->prev = NULL;
		pair = meld(a, b);
		pair->next = pairs;
		pairs = pair;
	}
	while (pairs) {
		struct timer *pair = pairs;

		pairs = pair->next;
		pair->next = pair->prev = NULL;
		root = meld(root, pair);
	}
	return root;
}

static void take_out(struct timer_queue *q, struct timer *t)
{
	struct timer *children = meld_siblings(t->child);

	t->child = NULL;
	if (q->root == t) {
		q->root = children;
	} else {
		if (t->prev->child == t)
			t->prev->child = t->next;
		else
			t->prev->next = t->next;
		if (t->next)
			t->next->prev = t->prev;
		q->root = meld(q->root, children);
	}
	t->next = t->prev = NULL;
	t->armed = false;
}

static void program(struct timer_queue *q, uint64_t now_ns)
{
	uint64_t expires = q->root ? q->root->expires_ns : TIMER_NEVER;

	if (expires >= q->programmed_ns)
		return;
	q->programmed_ns = expires;
	clockevent_set(expires > now_ns ? expires - now_ns : 0);
}

void timer_init(struct timer *t, void (*call)(struct timer *t))
{
	*t = (struct timer){ .call = call };
}

/* The queue that @t is on or was on last, locked: it may move to another processor until we have the lock. */
static struct timer_queue *lock_queue_of(const struct timer *t)
{
	for (;;) {
		uint32_t cpu = READ_ONCE(t->cpu);
		struct timer_queue *q = cpu == percpu_get(this_cpu) ? percpu_ptr(timer_queue) :
								      percpu_of(timer_queue, cpu);

		spin_lock(&q->lock);
		if (cpu == READ_ONCE(t->cpu))
			return q;
		spin_unlock(&q->lock);
	}
}

void timer_arm(struct timer *t, uint64_t expires_ns)
{
	irqflags_t flags = irq_save();
	struct timer_queue *q;

	if (unlikely(t->cpu != percpu_get(this_cpu))) {
		q = lock_queue_of(t);
		if (t->armed)
			take_out(q, t);
		WRITE_ONCE(t->cpu, percpu_get(this_cpu));
		spin_unlock(&q->lock);
	}
	q = percpu_ptr(timer_queue);
	spin_lock(&q->lock);
	if (t->armed)
		take_out(q, t);
	t->expires_ns = expires_ns;
	t->armed = true;
	q->root = meld(q->root, t);
	if (q->root == t && expires_ns < q->programmed_ns)
		program(q, clock_monotonic_ns());
	spin_unlock_irqrestore(&q->lock, flags);
}

bool timer_cancel(struct timer *t)
{
	irqflags_t flags = irq_save();
	struct timer_queue *q = lock_queue_of(t);
	bool armed = t->armed;

	if (armed)
		take_out(q, t);
	/* A call-back that cancels its own timer does not wait for itself: it runs on this processor. */
	while (unlikely(q->running == t && t->cpu != percpu_get(this_cpu))) {
		spin_unlock_irqrestore(&q->lock, flags);
		cpu_relax();
		flags = irq_save();
		q = lock_queue_of(t);
		if (t->armed) { /* the call-back has armed it again */
			take_out(q, t);
			armed = true;
		}
	}
	spin_unlock_irqrestore(&q->lock, flags);
	return armed;
}

void timer_run_expired(void)
{
	struct timer_queue *q = percpu_ptr(timer_queue);
	uint64_t now = clock_monotonic_ns();
	struct timer *t;

	spin_lock(&q->lock);
	q->programmed_ns = 0; /* what call-backs arm is programmed below, once */
	while ((t = q->root) != NULL && t->expires_ns <= now) {
		take_out(q, t);
		q->running = t;
		spin_unlock(&q->lock);
		t->call(t);
		spin_lock(&q->lock);
		q->running = NULL;
	}
	q->programmed_ns = TIMER_NEVER;
	program(q, now);
	spin_unlock(&q->lock);
}
