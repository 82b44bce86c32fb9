/* timer_create(2) and its like: timers of a process that send signals.
 *
 * A timer lives in the process's table, found by its number under the table's lock. It fires in interrupt context without
 * that lock: what it reads changes only while it is not armed. A signal of it that still waits is not sent again but
 * counted as an overrun (core/signal.c).
 */
#include <abi/cpu_time.h>
#include <abi/itimer.h>
#include <abi/syscall.h>
#include <abi/timespec.h>
#include <core/clock.h>
#include <core/process.h>
#include <core/signal.h>
#include <core/slab.h>
#include <core/uaccess.h>
#include <linux/signal.h>

COMPONENT("time-calls", "system calls of clocks and timers, and sleeping");

struct posix_timer {
	struct timer timer;
	struct itimers *owner; /* parent */
	int id;
	int clock;
	int notify;            /* SIGEV_* */
	int signo;
	uint64_t value;
	struct thread *thread; /* ref; SIGEV_THREAD_ID */
	uint64_t interval_ns;  /* owner's lock, while not armed */
	uint64_t skipped;      /* periods before the one it is armed for that no signal told of; the call-back's */
	bool by_use;           /* I: it counts processor time */
	struct thread *user;   /* I: ref: whose; NULL: the process's */
	uint64_t due_ns;       /* then: of that time; 0: off; likewise */
};

/* Return: the signal waits to be taken. */
static bool tell(const struct posix_timer *pt)
{
	const struct signal_info info = {
		.signo = pt->signo, .code = SI_TIMER, .timer_id = pt->id, .value = pt->value,
		.overrun = (int)MIN(pt->skipped, (uint64_t)INT32_MAX),
	};

	return pt->notify == SIGEV_NONE || signal_send_timer(pt->owner->process, pt->thread, &info);
}

/* One that counts processor time looks whether there is enough of it. */
static void look(struct timer *timer)
{
	struct posix_timer *pt = container_of(timer, struct posix_timer, timer);
	uint64_t used = cpu_time_read(pt->owner->process, pt->user);

	if (used >= pt->due_ns) {
		(void)tell(pt);
		pt->skipped = pt->interval_ns ? (used - pt->due_ns) / pt->interval_ns : 0;
		if (!pt->interval_ns || __builtin_add_overflow(pt->due_ns, (pt->skipped + 1) * pt->interval_ns, &pt->due_ns))
			pt->due_ns = 0;
	} else if (pt->user && READ_ONCE(pt->user->state) == THREAD_DEAD) {
		pt->due_ns = 0; /* it uses no more */
	}
	if (pt->due_ns)
		timer_arm(timer, clock_monotonic_ns() + cpu_time_wait(pt->due_ns - used, pt->user));
}

static void fired(struct timer *timer)
{
	struct posix_timer *pt = container_of(timer, struct posix_timer, timer);
	bool waits = tell(pt);

	if (pt->interval_ns)
		timer_arm(timer, itimer_next(timer->expires_ns, pt->interval_ns, waits, &pt->skipped));
}

/* The table's lock is held on return if there is such a timer. */
static struct posix_timer *find_locked(struct itimers *it, int id, irqflags_t *flags)
{
	if (!it || id < 0 || (unsigned)id >= POSIX_TIMERS_MAX)
		return NULL;
	*flags = spin_lock_irqsave(&it->lock);
	if (it->posix && it->posix[id])
		return it->posix[id];
	spin_unlock_irqrestore(&it->lock, *flags);
	return NULL;
}

static long check_event(const struct sigevent *e, struct thread **ret_thread)
{
	*ret_thread = NULL;
	if (e->sigev_notify == SIGEV_NONE)
		return 0;
	if (e->sigev_notify != SIGEV_SIGNAL && e->sigev_notify != SIGEV_THREAD_ID)
		return -EINVAL;
	if (e->sigev_signo < 1 || e->sigev_signo > SIGNAL_COUNT)
		return -EINVAL;
	if (e->sigev_notify == SIGEV_THREAD_ID) {
		struct thread *t = thread_by_tid(e->_sigev_un._tid);

		if (!t)
			return -EINVAL;
		if (t->process != current->process) {
			thread_put(t);
			return -EINVAL;
		}
		*ret_thread = t;
	}
	return 0;
}

static int insert(struct itimers *it, struct posix_timer *pt)
{
	struct posix_timer **table = NULL, **spare;
	irqflags_t flags;
	int id = -1;

	if (!READ_ONCE(it->posix)) {
		table = kzalloc(POSIX_TIMERS_MAX * sizeof(*table));
		if (!table)
			return -ENOMEM;
	}
	flags = spin_lock_irqsave(&it->lock);
	spare = table;
	if (!it->posix) {
		it->posix = table;
		spare = NULL;
	}
	for (unsigned i = 0; i < POSIX_TIMERS_MAX; i++) {
		if (!it->posix[i]) {
			id = pt->id = (int)i;
			it->posix[i] = pt;
			break;
		}
	}
	spin_unlock_irqrestore(&it->lock, flags);
	kfree(spare);
	return id < 0 ? -EAGAIN : id;
}

static void destroy(struct posix_timer *pt)
{
	(void)timer_cancel(&pt->timer);
	if (pt->thread)
		thread_put(pt->thread);
	if (pt->user)
		thread_put(pt->user);
	kfree(pt);
}

long sys_timer_create(int clock, const struct sigevent __user *event, int32_t __user *ret_id)
{
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	struct itimers *it = itimers_get();
	struct thread *thread, *user = NULL;
	struct posix_timer *pt;
	bool by_use = false;
	long r;

	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
	case CLOCK_TAI:
		break;
	default:
		by_use = true;
	}
	if (event && copy_in(&e, event))
		return -EFAULT;
	if (by_use) {
		r = cpu_clock_of(clock, &user);
		if (r)
			return r;
	}
	r = check_event(&e, &thread);
	pt = !r && it ? kzalloc(sizeof(*pt)) : NULL;
	if (!pt) {
		if (user)
			thread_put(user);
		if (thread)
			thread_put(thread);
		return r ? r : -EAGAIN;
	}
	timer_init(&pt->timer, by_use ? look : fired);
	pt->by_use = by_use;
	pt->user = user;
	pt->owner = it;
	pt->clock = clock;
	pt->notify = e.sigev_notify;
	pt->signo = e.sigev_signo;
	pt->value = (uint64_t)e.sigev_value.sival_ptr;
	pt->thread = thread;
	r = insert(it, pt);
	if (r < 0) {
		destroy(pt);
		return r;
	}
	if (!event)
		pt->value = (uint64_t)r; /* timer_create(2): without an event the value is the timer's number */
	return put_user_u32((uint32_t __user *)ret_id, (uint32_t)r);
}
SYSCALL(timer_create);

static void read_locked(const struct posix_timer *pt, uint64_t *left, uint64_t *interval)
{
	uint64_t now = clock_monotonic_ns();

	if (pt->by_use) {
		uint64_t due = READ_ONCE(pt->due_ns), used = cpu_time_read(pt->owner->process, pt->user);

		*left = !due ? 0 : due > used ? due - used : 1;
		*interval = pt->interval_ns;
		return;
	}
	*left = !pt->timer.armed ? 0 : pt->timer.expires_ns > now ? pt->timer.expires_ns - now : 1;
	*interval = pt->interval_ns;
}

static int write_spec(struct itimerspec __user *to, uint64_t left, uint64_t interval)
{
	return timespec_write(&to->it_value, left) || timespec_write(&to->it_interval, interval) ? -EFAULT : 0;
}

long sys_timer_settime(int id, int how, const struct itimerspec __user *new, struct itimerspec __user *old)
{
	uint64_t first, interval, left, was;
	struct posix_timer *pt;
	irqflags_t flags;
	long r;

	if (!new)
		return -EINVAL;
	r = timespec_read(&new->it_value, &first);
	if (!r)
		r = timespec_read(&new->it_interval, &interval);
	if (r)
		return r;
	pt = find_locked(current->process->itimers, id, &flags);
	if (!pt)
		return -EINVAL;
	read_locked(pt, &left, &was);
	(void)timer_cancel(&pt->timer);
	pt->interval_ns = interval;
	pt->skipped = 0;
	pt->due_ns = 0;
	if (first && pt->by_use) {
		uint64_t used = cpu_time_read(pt->owner->process, pt->user);

		pt->due_ns = how & TIMER_ABSTIME ? first : first > TIME_FOREVER - used ? TIME_FOREVER : used + first;
		timer_arm(&pt->timer, clock_monotonic_ns() + cpu_time_wait(pt->due_ns > used ? pt->due_ns - used : 0, pt->user));
	} else if (first) {
		if (!(how & TIMER_ABSTIME))
			first = time_after(first);
		else if (pt->clock == CLOCK_REALTIME || pt->clock == CLOCK_TAI)
			first = realtime_to_monotonic(first);
		timer_arm(&pt->timer, first);
	}
	spin_unlock_irqrestore(&pt->owner->lock, flags);
	return old ? write_spec(old, left, was) : 0;
}
SYSCALL(timer_settime);

long sys_timer_gettime(int id, struct itimerspec __user *out)
{
	uint64_t left, interval;
	irqflags_t flags;
	struct posix_timer *pt = find_locked(current->process->itimers, id, &flags);

	if (!pt)
		return -EINVAL;
	read_locked(pt, &left, &interval);
	spin_unlock_irqrestore(&pt->owner->lock, flags);
	return write_spec(out, left, interval);
}
SYSCALL(timer_gettime);

/* Overruns are those of the last signal of this timer that was taken. */
long sys_timer_getoverrun(int id)
{
	const struct signal_process *s = current->process->signals;
	irqflags_t flags;
	struct posix_timer *pt = find_locked(current->process->itimers, id, &flags);
	long r = 0;

	if (!pt)
		return -EINVAL;
	if (s->timer_taken == id)
		r = s->timer_overrun;
	spin_unlock_irqrestore(&pt->owner->lock, flags);
	return r;
}
SYSCALL(timer_getoverrun);

long sys_timer_delete(int id)
{
	irqflags_t flags;
	struct posix_timer *pt = find_locked(current->process->itimers, id, &flags);

	if (!pt)
		return -EINVAL;
	pt->owner->posix[id] = NULL;
	spin_unlock_irqrestore(&pt->owner->lock, flags);
	destroy(pt);
	return 0;
}
SYSCALL(timer_delete);
