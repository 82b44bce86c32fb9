/* Signals: queues, masks, handlers (signal(7)).
 *
 * Everything here is under the process's signal lock, irqsave: timers send from interrupts. A thread is told by
 * WORK_SIGNAL and woken if its wait is interruptible; whether a signal really is deliverable is decided by the thread
 * itself when it takes one (abi/signal_deliver.c). A standard signal is queued once, a real-time one each time.
 */
#include <arch/trap.h>
#include <core/log.h>
#include <core/process.h>
#include <core/signal.h>
#include <core/slab.h>
#include <linux/errno.h>
#include <linux/resource.h>
#include <linux/signal.h>

COMPONENT("signals", "signals: queues, handlers, frames on the program's stack");

struct signal_entry {
	struct list node;
	struct signal_info info;
};

#define UNBLOCKABLE (signal_bit(SIGKILL) | signal_bit(SIGSTOP))
#define STOPS       (signal_bit(SIGSTOP) | signal_bit(SIGTSTP) | signal_bit(SIGTTIN) | signal_bit(SIGTTOU))
#define FAULTS                                                                                     \
	(signal_bit(SIGSEGV) | signal_bit(SIGBUS) | signal_bit(SIGILL) | signal_bit(SIGTRAP) |     \
	 signal_bit(SIGFPE) | signal_bit(SIGSYS))
#define DUMPS (FAULTS | signal_bit(SIGQUIT) | signal_bit(SIGABRT) | signal_bit(SIGXCPU) | signal_bit(SIGXFSZ))
#define IGNORED (signal_bit(SIGCHLD) | signal_bit(SIGURG) | signal_bit(SIGWINCH))

enum signal_default signal_default_of(int signo)
{
	signal_mask bit = signal_bit(signo);

	if (bit & IGNORED)
		return SIGNAL_IGNORED;
	if (bit & STOPS)
		return SIGNAL_STOPS;
	if (signo == SIGCONT)
		return SIGNAL_CONTINUES;
	return bit & DUMPS ? SIGNAL_DUMPS : SIGNAL_TERMINATES;
}

static void queue_init(struct signal_queue *q)
{
	q->pending = 0;
	list_init(&q->entries);
}

/* Drop the signals of @mask from @q. */
static void queue_discard(struct signal_process *s, struct signal_queue *q, signal_mask mask)
{
	struct signal_entry *e, *next;

	if (!(q->pending & mask))
		return;
	q->pending &= ~mask;
	list_for_each_safe(e, next, &q->entries, node) {
		if (signal_bit(e->info.signo) & mask) {
			list_del(&e->node);
			s->queued--;
			kfree(e);
		}
	}
}

static void discard_everywhere(struct process *p, signal_mask mask)
{
	struct signal_process *s = p->signals;
	struct thread *t;

	queue_discard(s, &s->queue, mask);
	list_for_each(t, &p->threads, process_node)
		queue_discard(s, &t->signal->queue, mask);
}

struct signal_process *signal_process_create(void)
{
	struct signal_process *s = kzalloc(sizeof(*s));

	if (!s)
		return NULL;
	spin_init(&s->lock, RANK_SIGNAL);
	queue_init(&s->queue);
	wait_queue_init(&s->arrived);
	return s;
}

void signal_process_free(struct signal_process *s)
{
	if (!s)
		return;
	queue_discard(s, &s->queue, ~0ull);
	kfree(s);
}

struct signal_thread *signal_thread_create(const struct signal_thread *parent)
{
	struct signal_thread *s = kzalloc(sizeof(*s));

	if (!s)
		return NULL;
	queue_init(&s->queue);
	s->stack_flags = SS_DISABLE;
	if (parent)
		s->mask = parent->mask;
	return s;
}

/* A signal of the process's queue needs a thread that does not block it: the leader if it can, else any. */
static void notify_one(struct process *p, signal_mask bit)
{
	struct thread *t = p->leader;

	if (t && !(t->signal->mask & bit)) {
		thread_interrupt(t, WORK_SIGNAL);
		return;
	}
	list_for_each(t, &p->threads, process_node) {
		if (!(t->signal->mask & bit)) {
			thread_interrupt(t, WORK_SIGNAL);
			return;
		}
	}
}

/* Signals of the process that the current thread will not take: others shall. */
static void hand_over(struct process *p, signal_mask mask)
{
	mask &= p->signals->queue.pending;
	while (mask) {
		signal_mask bit = mask & -mask;

		mask &= ~bit;
		notify_one(p, bit);
	}
}

void signal_thread_end(struct thread *t)
{
	struct process *p = t->process;
	struct signal_process *s = p->signals;
	struct signal_thread *own = t->signal;
	irqflags_t flags = spin_lock_irqsave(&s->lock);

	list_del(&t->process_node);
	if (p->leader == t)
		p->leader = NULL;
	t->signal = NULL;
	queue_discard(s, &own->queue, ~0ull);
	if (unlikely(s->queue.pending))
		hand_over(p, ~own->mask);
	spin_unlock_irqrestore(&s->lock, flags);
	kfree(own);
}

static bool ignored(const struct signal_process *s, int signo)
{
	uint64_t handler = s->actions[signo - 1].handler;

	return handler == SIGNAL_IGNORE || (handler == SIGNAL_DEFAULT && signal_default_of(signo) == SIGNAL_IGNORED);
}

/* A timer's signal that still waits counts the further ones (timer_getoverrun(2)). */
static bool count_overrun(struct signal_queue *q, const struct signal_info *info)
{
	struct signal_entry *e;

	list_for_each(e, &q->entries, node) {
		if (e->info.signo == info->signo && e->info.code == SI_TIMER && e->info.timer_id == info->timer_id) {
			e->info.overrun = (int)MIN((long)e->info.overrun + 1 + info->overrun, (long)INT32_MAX);
			return true;
		}
	}
	return false;
}

/* Queue @info. Return: 0, 1 if it was pending already, -EAGAIN. */
static int enqueue(struct process *p, struct signal_queue *q, const struct signal_info *info)
{
	struct signal_process *s = p->signals;
	signal_mask bit = signal_bit(info->signo);
	bool realtime = info->signo >= 32;
	struct signal_entry *e = NULL;

	if ((q->pending & bit) && ((info->code == SI_TIMER && count_overrun(q, info)) || !realtime))
		return 1;
	if (s->queued < p->limits[RLIMIT_SIGPENDING].soft || !realtime)
		e = kmalloc(sizeof(*e));
	if (e) {
		e->info = *info;
		list_add_tail(&q->entries, &e->node);
		s->queued++;
	} else if (realtime && info->code != SI_USER) {
		return -EAGAIN;
	}
	q->pending |= bit;
	return 0;
}

/* Return: 0, 1 if nothing was queued, because it waits already or is ignored, -EAGAIN. */
static int send_locked(struct process *p, struct thread *t, const struct signal_info *info)
{
	struct signal_process *s = p->signals;
	signal_mask bit = signal_bit(info->signo);
	int r;

	if (unlikely(info->signo == SIGCONT || info->signo == SIGKILL)) {
		discard_everywhere(p, STOPS);
		if (s->stopped) {
			s->stopped = false;
			wait_queue_wake_all(&s->arrived, 0);
		}
	} else if (unlikely(bit & STOPS)) {
		discard_everywhere(p, signal_bit(SIGCONT));
	}
	if (ignored(s, info->signo)) {
		const struct thread *who = t ? t : p->leader;

		/* What is blocked is kept even if it is ignored now: sigwait(3) may want it. */
		if (!who || !(who->signal->mask & bit))
			return 1;
	}
	r = enqueue(p, t ? &t->signal->queue : &s->queue, info);
	if (r)
		return r;
	if (!t)
		notify_one(p, bit);
	else if (!(t->signal->mask & bit))
		thread_interrupt(t, WORK_SIGNAL);
	if (wait_queue_active(&s->arrived))
		wait_queue_wake_all(&s->arrived, 0);
	return 0;
}

int signal_send_thread(struct thread *t, const struct signal_info *info)
{
	struct process *p = t->process;
	irqflags_t flags;
	int r = -ESRCH;

	if (!p)
		return r;
	flags = spin_lock_irqsave(&p->signals->lock);
	if (t->signal)
		r = send_locked(p, t, info);
	spin_unlock_irqrestore(&p->signals->lock, flags);
	return MIN(r, 0);
}

int signal_send_process(struct process *p, const struct signal_info *info)
{
	irqflags_t flags = spin_lock_irqsave(&p->signals->lock);
	int r = send_locked(p, NULL, info);

	spin_unlock_irqrestore(&p->signals->lock, flags);
	return MIN(r, 0);
}

bool signal_send_timer(struct process *p, struct thread *t, const struct signal_info *info)
{
	irqflags_t flags = spin_lock_irqsave(&p->signals->lock);
	int r = t && !t->signal ? 1 : send_locked(p, t, info);

	spin_unlock_irqrestore(&p->signals->lock, flags);
	return r != 0;
}

void signal_force(int signo, int code, uint64_t address)
{
	struct signal_info info = { .signo = signo, .code = code, .value = address };
	struct thread *t = current;
	struct signal_process *s = t->process->signals;
	struct signal_action *a = &s->actions[signo - 1];
	signal_mask bit = signal_bit(signo);
	irqflags_t flags = spin_lock_irqsave(&s->lock);

	if ((t->signal->mask & bit) || a->handler == SIGNAL_IGNORE) {
		a->handler = SIGNAL_DEFAULT;
		t->signal->mask &= ~bit;
	}
	t->signal->fault_address = address;
	(void)enqueue(t->process, &t->signal->queue, &info); /* without memory for it the signal is pending bare */
	thread_interrupt(t, WORK_SIGNAL);
	spin_unlock_irqrestore(&s->lock, flags);
}

void trap_signal(int signo, int code, uint64_t address)
{
	signal_force(signo, code, address);
}

static void recalculate_locked(struct thread *t)
{
	struct signal_process *s = t->process->signals;

	if (((t->signal->queue.pending | s->queue.pending) & ~t->signal->mask) || s->stopped)
		__atomic_fetch_or(&t->work, WORK_SIGNAL, __ATOMIC_RELAXED);
	else if (t->work & WORK_SIGNAL)
		__atomic_fetch_and(&t->work, ~WORK_SIGNAL, __ATOMIC_RELAXED);
}

void signal_recalculate(void)
{
	struct thread *t = current;
	struct signal_process *s = t->process->signals;
	irqflags_t flags = spin_lock_irqsave(&s->lock);

	recalculate_locked(t);
	spin_unlock_irqrestore(&s->lock, flags);
}

signal_mask signal_mask_get(void)
{
	return current->signal->mask;
}

void signal_mask_set(signal_mask mask)
{
	struct thread *t = current;
	struct signal_process *s = t->process->signals;
	signal_mask old;
	irqflags_t flags;

	mask &= ~UNBLOCKABLE;
	old = t->signal->mask;
	if (mask == old)
		return;
	flags = spin_lock_irqsave(&s->lock);
	t->signal->mask = mask;
	recalculate_locked(t);
	if (unlikely(s->queue.pending & mask & ~old))
		hand_over(t->process, mask & ~old);
	spin_unlock_irqrestore(&s->lock, flags);
}

void signal_mask_push(signal_mask mask)
{
	current->signal->saved = current->signal->mask;
	signal_mask_set(mask);
}

void signal_mask_pop(bool interrupted)
{
	struct signal_thread *s = current->signal;

	if (interrupted && (READ_ONCE(current->work) & WORK_SIGNAL))
		s->restore = true;
	else
		signal_mask_set(s->saved);
}

signal_mask signal_pending(void)
{
	return current->signal->queue.pending | current->process->signals->queue.pending;
}

/* Take @signo out of @q, which has it pending. */
static void dequeue(struct signal_process *s, struct signal_queue *q, int signo, struct signal_info *out)
{
	struct signal_entry *e, *found = NULL;
	bool more = false;

	list_for_each(e, &q->entries, node) {
		if (e->info.signo != signo)
			continue;
		if (found) {
			more = true;
			break;
		}
		found = e;
	}
	if (!more)
		q->pending &= ~signal_bit(signo);
	if (!found) {
		*out = (struct signal_info){ .signo = signo, .code = SI_USER };
		return;
	}
	*out = found->info;
	if (out->code == SI_TIMER) {
		s->timer_taken = out->timer_id;
		s->timer_overrun = out->overrun;
	}
	list_del(&found->node);
	s->queued--;
	kfree(found);
}

int signal_take(signal_mask from, struct signal_info *out)
{
	struct thread *t = current;
	struct signal_process *s = t->process->signals;
	irqflags_t flags = spin_lock_irqsave(&s->lock);
	struct signal_queue *q = &t->signal->queue;
	signal_mask ready = q->pending & from;
	int signo = 0;

	if (!ready) {
		q = &s->queue;
		ready = q->pending & from;
	}
	if (ready) {
		if (ready & FAULTS)
			ready &= FAULTS;
		signo = __builtin_ctzll(ready) + 1;
		dequeue(s, q, signo, out);
	}
	recalculate_locked(t);
	spin_unlock_irqrestore(&s->lock, flags);
	return signo;
}

struct signal_action signal_action_get(int signo, bool deliver)
{
	struct signal_process *s = current->process->signals;
	irqflags_t flags = spin_lock_irqsave(&s->lock);
	struct signal_action a = s->actions[signo - 1];

	if (deliver && (a.flags & SA_RESETHAND) && a.handler != SIGNAL_IGNORE)
		s->actions[signo - 1].handler = SIGNAL_DEFAULT;
	spin_unlock_irqrestore(&s->lock, flags);
	return a;
}

void signal_action_set(int signo, const struct signal_action *new, struct signal_action *old)
{
	struct process *p = current->process;
	struct signal_process *s = p->signals;
	irqflags_t flags = spin_lock_irqsave(&s->lock);

	*old = s->actions[signo - 1];
	if (new) {
		s->actions[signo - 1] = *new;
		s->actions[signo - 1].mask &= ~UNBLOCKABLE;
		if (ignored(s, signo))
			discard_everywhere(p, signal_bit(signo));
	}
	spin_unlock_irqrestore(&s->lock, flags);
}

void signal_stop(void)
{
	struct process *p = current->process;
	struct signal_process *s = p->signals;
	irqflags_t flags = spin_lock_irqsave(&s->lock);
	struct thread *t;

	s->stopped = true;
	list_for_each(t, &p->threads, process_node)
		thread_interrupt(t, WORK_SIGNAL);
	spin_unlock_irqrestore(&s->lock, flags);
}

void signal_stop_wait(void)
{
	struct process *p = current->process;

	if (READ_ONCE(p->signals->stopped))
		wait_event(&p->signals->arrived, !READ_ONCE(p->signals->stopped) || READ_ONCE(p->exiting));
}
