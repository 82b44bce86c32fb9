/* setitimer(2), getitimer(2).
 *
 * Processor time goes by no faster than the clock, on each processor: a timer that counts it looks again when what is
 * left can have gone by, but not more often than CPU_TIME_STEP_NS.
 */
#include <abi/cpu_time.h>
#include <abi/itimer.h>
#include <abi/syscall.h>
#include <core/clock.h>
#include <core/process.h>
#include <core/signal.h>
#include <core/slab.h>
#include <core/uaccess.h>
#include <linux/resource.h>
#include <linux/signal.h>
#include <linux/time.h>

COMPONENT("time-calls", "system calls of clocks and timers, and sleeping");

#define SHORT_PERIOD_NS   1000000ul
#define WAITING_STEP_NS   10000000ul
#define LEAST_STEP_NS     20000ul

uint64_t itimer_next(uint64_t expires_ns, uint64_t interval_ns, bool waits, uint64_t *ret_skipped)
{
	uint64_t step = interval_ns >= SHORT_PERIOD_NS ? 0 : waits ? WAITING_STEP_NS : LEAST_STEP_NS;
	uint64_t least = clock_monotonic_ns() + step, next = expires_ns + interval_ns;

	*ret_skipped = 0;
	if (next < expires_ns)
		return TIMER_NEVER;
	if (next < least)
		*ret_skipped = (least - next) / interval_ns + 1;
	return next + *ret_skipped * interval_ns;
}

static void real_fired(struct timer *timer)
{
	struct itimers *it = container_of(timer, struct itimers, real);
	const struct signal_info info = { .signo = SIGALRM, .code = SI_KERNEL };

	bool waits = signal_send_timer(it->process, NULL, &info); /* one that is pending already is enough */
	uint64_t skipped;

	if (it->real_interval_ns)
		timer_arm(timer, itimer_next(timer->expires_ns, it->real_interval_ns, waits, &skipped));
}

static void cpu_timer_look(struct timer *timer)
{
	struct cpu_timer *ct = container_of(timer, struct cpu_timer, timer);
	const struct signal_info info = { .signo = ct->signo, .code = SI_KERNEL };
	uint64_t used = process_run_time_ns(ct->process);

	if (used >= ct->due_ns) {
		(void)signal_send_process(ct->process, &info);
		ct->due_ns = ct->interval_ns ? ct->due_ns + ct->interval_ns : 0;
		if (ct->due_ns && ct->due_ns <= used)
			ct->due_ns = used + ct->interval_ns; /* periods gone by are not made up for */
	}
	if (ct->due_ns)
		timer_arm(timer, clock_monotonic_ns() + cpu_time_wait(ct->due_ns - used, NULL));
}

static uint64_t seconds(uint64_t limit)
{
	return limit > UINT64_MAX / NSEC_PER_SEC ? UINT64_MAX : limit * NSEC_PER_SEC;
}

/* getrlimit(2): SIGXCPU at the soft limit and each second after it, which moves the limit, as on Linux; SIGKILL at the hard one. */
static void limit_look(struct timer *timer)
{
	struct process *p = container_of(timer, struct itimers, limit)->process;
	struct resource_limit *l = &p->limits[RLIMIT_CPU];
	uint64_t used = process_run_time_ns(p), hard = seconds(READ_ONCE(l->hard)), soft = seconds(READ_ONCE(l->soft));
	struct signal_info info = { .signo = SIGXCPU, .code = SI_KERNEL };
	uint64_t due;

	if (used >= hard) {
		info.signo = SIGKILL;
	} else if (used >= soft) {
		WRITE_ONCE(l->soft, used / NSEC_PER_SEC + 1);
		soft = seconds(l->soft);
	} else {
		info.signo = 0;
	}
	if (info.signo)
		(void)signal_send_process(p, &info); /* one that is pending already is enough */
	due = MIN(soft, hard);
	if (info.signo != SIGKILL && due != UINT64_MAX)
		timer_arm(timer, clock_monotonic_ns() + cpu_time_wait(due > used ? due - used : 0, NULL));
}

int cpu_limit_changed(void)
{
	const struct resource_limit *l = &current->process->limits[RLIMIT_CPU];
	struct itimers *it = current->process->itimers;
	irqflags_t flags;

	if (!it && l->soft == RLIM_INFINITY && l->hard == RLIM_INFINITY)
		return 0;
	it = itimers_get();
	if (!it)
		return -ENOMEM;
	flags = spin_lock_irqsave(&it->lock);
	(void)timer_cancel(&it->limit);
	timer_arm(&it->limit, clock_monotonic_ns()); /* it sees what there is to do */
	spin_unlock_irqrestore(&it->lock, flags);
	return 0;
}

static void cpu_timer_init(struct cpu_timer *ct, struct process *p, int signo)
{
	timer_init(&ct->timer, cpu_timer_look);
	ct->process = p;
	ct->signo = signo;
}

static void cpu_timer_get(const struct cpu_timer *ct, uint64_t *ret_left_ns, uint64_t *ret_interval_ns)
{
	uint64_t used = process_run_time_ns(ct->process), due = READ_ONCE(ct->due_ns);

	*ret_left_ns = due == 0 ? 0 : due > used ? due - used : 1000;
	*ret_interval_ns = ct->interval_ns;
}

static void cpu_timer_set(struct itimers *it, struct cpu_timer *ct, uint64_t first_ns, uint64_t interval_ns)
{
	irqflags_t flags = spin_lock_irqsave(&it->lock);

	(void)timer_cancel(&ct->timer);
	ct->interval_ns = interval_ns;
	ct->due_ns = first_ns ? process_run_time_ns(ct->process) + first_ns : 0;
	if (first_ns)
		timer_arm(&ct->timer, clock_monotonic_ns() + cpu_time_wait(first_ns, NULL));
	spin_unlock_irqrestore(&it->lock, flags);
}

struct itimers *itimers_get(void)
{
	struct process *p = current->process;
	struct itimers *it = __atomic_load_n(&p->itimers, __ATOMIC_ACQUIRE), *none = NULL;

	if (it)
		return it;
	it = kzalloc(sizeof(*it));
	if (!it)
		return NULL;
	it->process = p;
	spin_init(&it->lock, RANK_ITIMER);
	timer_init(&it->real, real_fired);
	timer_init(&it->limit, limit_look);
	cpu_timer_init(&it->virtual, p, SIGVTALRM);
	cpu_timer_init(&it->profile, p, SIGPROF);
	if (__atomic_compare_exchange_n(&p->itimers, &none, it, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return it;
	kfree(it);
	return none;
}

static void real_get(struct itimers *it, uint64_t *ret_left_ns, uint64_t *ret_interval_ns)
{
	uint64_t now = clock_monotonic_ns();

	*ret_left_ns = !it->real.armed ? 0 : it->real.expires_ns > now ? it->real.expires_ns - now : 1000;
	*ret_interval_ns = it->real_interval_ns;
}

long itimer_real_set(uint64_t first_ns, uint64_t interval_ns, uint64_t *ret_left_ns, uint64_t *ret_interval_ns)
{
	struct itimers *it = itimers_get();
	irqflags_t flags;

	if (!it)
		return -ENOMEM;
	flags = spin_lock_irqsave(&it->lock);
	real_get(it, ret_left_ns, ret_interval_ns);
	(void)timer_cancel(&it->real);
	it->real_interval_ns = interval_ns;
	if (first_ns)
		timer_arm(&it->real, clock_monotonic_ns() + first_ns);
	spin_unlock_irqrestore(&it->lock, flags);
	return 0;
}

static struct timeval to_timeval(uint64_t ns)
{
	return (struct timeval){ (long)(ns / NSEC_PER_SEC), (long)(ns % NSEC_PER_SEC / 1000) };
}

static int from_timeval(const struct timeval *tv, uint64_t *out)
{
	if (tv->tv_sec < 0 || tv->tv_usec < 0 || tv->tv_usec >= 1000000)
		return -EINVAL;
	/* Three hundred years are as good as more. */
	*out = MIN((uint64_t)tv->tv_sec, 9000000000ull) * NSEC_PER_SEC + (uint64_t)tv->tv_usec * 1000;
	return 0;
}

/* One of the three, as it is now. -EINVAL. */
static long get(int which, struct itimerval *out)
{
	struct itimers *it = current->process->itimers;
	uint64_t left = 0, interval = 0;

	if (which != ITIMER_REAL && which != ITIMER_VIRTUAL && which != ITIMER_PROF)
		return -EINVAL;
	if (it && which == ITIMER_REAL)
		real_get(it, &left, &interval);
	else if (it)
		cpu_timer_get(which == ITIMER_PROF ? &it->profile : &it->virtual, &left, &interval);
	*out = (struct itimerval){ .it_interval = to_timeval(interval), .it_value = to_timeval(left) };
	return 0;
}

long sys_getitimer(int which, struct itimerval __user *out)
{
	struct itimerval v;
	long r = get(which, &v);

	return r ? r : copy_out(out, &v);
}
SYSCALL(getitimer);

long sys_setitimer(int which, const struct itimerval __user *new, struct itimerval __user *old)
{
	uint64_t first = 0, interval = 0, left, was;
	struct itimerval v, before;
	struct itimers *it;
	long r;

	if (new && copy_in(&v, new))
		return -EFAULT;
	r = get(which, &before);
	if (r)
		return r;
	if (new && (from_timeval(&v.it_value, &first) || from_timeval(&v.it_interval, &interval)))
		return -EINVAL;
	it = itimers_get();
	if (!it)
		return -ENOMEM;
	if (which == ITIMER_REAL)
		(void)itimer_real_set(first, interval, &left, &was); /* there is memory: it was just got */
	else
		cpu_timer_set(it, which == ITIMER_PROF ? &it->profile : &it->virtual, first, interval);
	return old ? copy_out(old, &before) : 0;
}
SYSCALL(setitimer);
