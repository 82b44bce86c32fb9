/* setitimer(2), getitimer(2): ITIMER_REAL. The two that count processor time are not here. */
#include <abi/itimer.h>
#include <abi/syscall.h>
#include <core/clock.h>
#include <core/log.h>
#include <core/process.h>
#include <core/signal.h>
#include <core/slab.h>
#include <core/uaccess.h>
#include <linux/signal.h>
#include <linux/time.h>

COMPONENT("abi", "the Linux system calls");

static void real_fired(struct timer *timer)
{
	struct itimers *it = container_of(timer, struct itimers, real);
	const struct signal_info info = { .signo = SIGALRM, .code = SI_KERNEL };

	(void)signal_send_process(it->process, &info); /* one that is pending already is enough */
	if (it->real_interval_ns)
		timer_arm(timer, MAX(timer->expires_ns + it->real_interval_ns, clock_monotonic_ns()));
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

	if (!it)
		return -ENOMEM;
	real_get(it, ret_left_ns, ret_interval_ns);
	(void)timer_cancel(&it->real);
	it->real_interval_ns = interval_ns;
	if (first_ns)
		timer_arm(&it->real, clock_monotonic_ns() + first_ns);
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

long sys_getitimer(int which, struct itimerval __user *out)
{
	uint64_t left = 0, interval = 0;
	struct itimerval v;

	if (which != ITIMER_REAL && which != ITIMER_VIRTUAL && which != ITIMER_PROF)
		return -EINVAL;
	if (which == ITIMER_REAL && current->process->itimers)
		real_get(current->process->itimers, &left, &interval);
	v = (struct itimerval){ .it_interval = to_timeval(interval), .it_value = to_timeval(left) };
	return copy_out(out, &v);
}
SYSCALL(getitimer);

long sys_setitimer(int which, const struct itimerval __user *new, struct itimerval __user *old)
{
	uint64_t first = 0, interval = 0, left, was;
	struct itimerval v;
	long r;

	if (which == ITIMER_VIRTUAL || which == ITIMER_PROF) {
		log_once(LOG_WARNING, "%s: timers of processor time (setitimer) are not in this kernel: EINVAL", current->name);
		return -EINVAL;
	}
	if (which != ITIMER_REAL)
		return -EINVAL;
	if (new && (copy_in(&v, new)))
		return -EFAULT;
	if (new && (from_timeval(&v.it_value, &first) || from_timeval(&v.it_interval, &interval)))
		return -EINVAL;
	r = itimer_real_set(first, interval, &left, &was);
	if (r || !old)
		return r;
	v = (struct itimerval){ .it_interval = to_timeval(was), .it_value = to_timeval(left) };
	return copy_out(old, &v);
}
SYSCALL(setitimer);
