/* sched_*(2), setpriority(2): how threads are scheduled (core/sched.c). Left out: SCHED_DEADLINE, which is refused. */
#include <abi/selected.h>
#include <abi/syscall.h>
#include <abi/timespec.h>
#include <core/cpu.h>
#include <core/process.h>
#include <core/sched.h>
#include <core/uaccess.h>
#include <linux/capability.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/sched/types.h>

COMPONENT("thread-calls", "system calls that make, end and schedule threads");

#define NICE_0       20 /* what getpriority(2) returns for nice 0 */
#define NICE_WORST   19
#define NICE_BEST    (-20)
#define REALTIME_MAX 99

long sys_sched_yield(void)
{
	thread_yield();
	return 0;
}
SYSCALL(sched_yield);

/* A reference to the thread, 0 being the caller; err_ptr(-EINVAL, -ESRCH). */
static struct thread *find(int tid)
{
	struct thread *t = current;

	if (tid < 0)
		return err_ptr(-EINVAL);
	if (tid != 0)
		t = thread_by_tid(tid);
	else
		thread_get(t);
	return t ? t : err_ptr(-ESRCH);
}

static uint32_t existing_cpus(void)
{
	return (uint32_t)((1ull << cpu_count) - 1);
}

long sys_sched_getaffinity(int tid, unsigned size, uint64_t __user *mask)
{
	struct thread *t;
	uint64_t cpus;

	if (size < sizeof(*mask) || size % sizeof(*mask))
		return -EINVAL;
	t = find(tid);
	if (is_err(t))
		return ptr_err(t);
	cpus = t->cpus & existing_cpus();
	thread_put(t);
	return put_user_u64(mask, cpus) ? -EFAULT : (long)sizeof(*mask);
}
SYSCALL(sched_getaffinity);

long sys_sched_setaffinity(int tid, unsigned size, const void __user *mask)
{
	uint32_t cpus = 0;
	struct thread *t;

	if (size && copy_from_user(&cpus, mask, MIN((size_t)size, sizeof(cpus))))
		return -EFAULT;
	t = find(tid);
	if (is_err(t))
		return ptr_err(t);
	cpus &= existing_cpus();
	if (cpus)
		sched_set_cpus(t, cpus);
	thread_put(t);
	return cpus ? 0 : -EINVAL;
}
SYSCALL(sched_setaffinity);

static bool capable(void)
{
	return current->process->credentials.cap_effective & 1ull << CAP_SYS_NICE;
}

static uint64_t limit(unsigned which)
{
	return READ_ONCE(current->process->limits[which].soft);
}

static bool is_realtime(unsigned policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

/* May a thread whose nice value is @now have @nice? A lower one is a privilege; RLIMIT_NICE counts from 20 down. */
static bool may_nice(int now, int nice)
{
	return nice >= now || (uint64_t)(NICE_0 - nice) <= limit(RLIMIT_NICE) || capable();
}

static long policy_valid(const struct sched_policy *p)
{
	switch (p->policy) {
	case SCHED_NORMAL:
	case SCHED_BATCH:
	case SCHED_IDLE:
		return p->priority == 0 ? 0 : -EINVAL;
	case SCHED_FIFO:
	case SCHED_RR:
		return p->priority >= 1 && p->priority <= REALTIME_MAX ? 0 : -EINVAL;
	default:
		return -EINVAL;
	}
}

static long policy_allowed(const struct sched_policy *now, const struct sched_policy *new)
{
	if (capable())
		return 0;
	if (is_realtime(new->policy)) {
		uint64_t most = limit(RLIMIT_RTPRIO);

		if ((new->policy != now->policy && !most) || (new->priority > now->priority && new->priority > most))
			return -EPERM;
	} else if (!may_nice(now->nice, new->nice)) {
		return -EPERM;
	}
	if (now->policy == SCHED_IDLE && new->policy != SCHED_IDLE && !may_nice(NICE_WORST, now->nice))
		return -EPERM;
	return now->reset_on_fork && !new->reset_on_fork ? -EPERM : 0;
}

/* @new's I/O priority and, unless @with_nice, its nice value are those that @t has. */
static long apply(struct thread *t, struct sched_policy *new, bool with_nice)
{
	struct sched_policy now = t->policy;
	long r;

	new->io = now.io;
	if (!with_nice)
		new->nice = now.nice;
	r = policy_valid(new);
	if (!r)
		r = policy_allowed(&now, new);
	if (!r)
		sched_set_policy(t, new);
	return r;
}

long sys_sched_getscheduler(int tid)
{
	struct thread *t = find(tid);
	long r;

	if (is_err(t))
		return ptr_err(t);
	r = t->policy.policy | (t->policy.reset_on_fork ? SCHED_RESET_ON_FORK : 0);
	thread_put(t);
	return r;
}
SYSCALL(sched_getscheduler);

/* @policy < 0: as it is. */
static long set_policy(int tid, int policy, const uint32_t __user *from)
{
	struct sched_policy new = { .reset_on_fork = policy & SCHED_RESET_ON_FORK };
	struct thread *t;
	uint32_t priority;
	long r;

	if (!from || tid < 0)
		return -EINVAL;
	if (get_user_u32(&priority, from))
		return -EFAULT;
	t = find(tid);
	if (is_err(t))
		return ptr_err(t);
	if (policy < 0) {
		new.policy = t->policy.policy;
		new.reset_on_fork = t->policy.reset_on_fork;
	} else {
		new.policy = (uint8_t)MIN(policy & ~SCHED_RESET_ON_FORK, UINT8_MAX);
	}
	new.priority = (uint8_t)MIN(priority, (uint32_t)UINT8_MAX);
	r = apply(t, &new, false);
	thread_put(t);
	return r;
}

long sys_sched_setscheduler(int tid, int policy, const uint32_t __user *priority)
{
	return policy < 0 ? -EINVAL : set_policy(tid, policy, priority);
}
SYSCALL(sched_setscheduler);

long sys_sched_setparam(int tid, const uint32_t __user *priority)
{
	return set_policy(tid, -1, priority);
}
SYSCALL(sched_setparam);

long sys_sched_getparam(int tid, uint32_t __user *priority)
{
	struct thread *t;
	uint32_t p;

	if (!priority)
		return -EINVAL;
	t = find(tid);
	if (is_err(t))
		return ptr_err(t);
	p = t->policy.priority;
	thread_put(t);
	return put_user_u32(priority, p);
}
SYSCALL(sched_getparam);

long sys_sched_getattr(int tid, struct sched_attr __user *out, unsigned size, unsigned flags)
{
	struct sched_attr a = { .size = MIN(size, (unsigned)sizeof(a)) };
	struct thread *t;

	if (!out || tid < 0 || flags || size < SCHED_ATTR_SIZE_VER0 || size > PAGE_SIZE)
		return -EINVAL;
	t = find(tid);
	if (is_err(t))
		return ptr_err(t);
	a.sched_policy = t->policy.policy;
	a.sched_priority = t->policy.priority;
	a.sched_nice = is_realtime(t->policy.policy) ? 0 : t->policy.nice;
	a.sched_flags = t->policy.reset_on_fork ? SCHED_FLAG_RESET_ON_FORK : 0;
	thread_put(t);
	return copy_to_user(out, &a, a.size) ? -EFAULT : 0;
}
SYSCALL(sched_getattr);

/* What is of another size than ours: fields that we do not have must not be used. */
static long attr_read(struct sched_attr *a, const struct sched_attr __user *from)
{
	uint32_t size;

	if (get_user_u32(&size, (const uint32_t __user *)&from->size))
		return -EFAULT;
	if (!size)
		size = SCHED_ATTR_SIZE_VER0;
	if (size < SCHED_ATTR_SIZE_VER0 || size > PAGE_SIZE)
		goto wrong_size;
	memset(a, 0, sizeof(*a));
	if (copy_from_user(a, from, MIN((size_t)size, sizeof(*a))))
		return -EFAULT;
	for (size_t i = sizeof(*a); i < size; i++) {
		char more;

		if (copy_from_user(&more, (const char __user *)from + i, 1))
			return -EFAULT;
		if (more)
			goto wrong_size;
	}
	return 0;

wrong_size:
	return put_user_u32((uint32_t __user *)&from->size, sizeof(*a)) ? -EFAULT : -E2BIG;
}

/* SCHED_DEADLINE promises processor time: nothing here does, so that the promise is always one too many. */
static long deadline_refused(const struct sched_attr *a)
{
	uint64_t period = a->sched_period ? a->sched_period : a->sched_deadline;

	if (a->sched_priority || !a->sched_deadline || a->sched_runtime < 1 << 10 || a->sched_runtime > a->sched_deadline ||
	    a->sched_deadline > period || (a->sched_deadline | period) >> 63)
		return -EINVAL;
	return capable() ? -EBUSY : -EPERM;
}

/* Partial: EBUSY for SCHED_DEADLINE; not utilisation clamps. */
long sys_sched_setattr(int tid, struct sched_attr __user *from, unsigned flags)
{
	struct sched_policy new = { 0 };
	struct sched_attr a;
	struct thread *t;
	long r;

	if (!from || tid < 0 || flags)
		return -EINVAL;
	r = attr_read(&a, from);
	if (r)
		return r;
	if ((int)a.sched_policy < 0 || a.sched_flags & ~(uint64_t)SCHED_FLAG_ALL)
		return -EINVAL;
	if (a.sched_flags & SCHED_FLAG_UTIL_CLAMP)
		return -EOPNOTSUPP;
	t = find(tid);
	if (is_err(t))
		return ptr_err(t);
	if (a.sched_policy == SCHED_DEADLINE && !(a.sched_flags & SCHED_FLAG_KEEP_POLICY)) {
		r = deadline_refused(&a);
		thread_put(t);
		return r;
	}
	if (a.sched_flags & SCHED_FLAG_KEEP_POLICY)
		a.sched_policy = t->policy.policy;
	if (a.sched_flags & SCHED_FLAG_KEEP_PARAMS) {
		a.sched_priority = t->policy.priority;
		a.sched_nice = t->policy.nice;
	}
	new.policy = (uint8_t)MIN(a.sched_policy, (uint32_t)UINT8_MAX);
	new.priority = (uint8_t)MIN(a.sched_priority, (uint32_t)UINT8_MAX);
	new.nice = (int8_t)MAX(MIN(a.sched_nice, NICE_WORST), NICE_BEST);
	new.reset_on_fork = a.sched_flags & SCHED_FLAG_RESET_ON_FORK;
	r = apply(t, &new, !is_realtime(new.policy));
	thread_put(t);
	return r;
}
SYSCALL(sched_setattr);

long sys_sched_get_priority_max(int policy)
{
	if (is_realtime((unsigned)policy))
		return REALTIME_MAX;
	return policy == SCHED_NORMAL || policy == SCHED_BATCH || policy == SCHED_IDLE || policy == SCHED_DEADLINE ? 0 : -EINVAL;
}
SYSCALL(sched_get_priority_max);

long sys_sched_get_priority_min(int policy)
{
	if (is_realtime((unsigned)policy))
		return 1;
	return policy == SCHED_NORMAL || policy == SCHED_BATCH || policy == SCHED_IDLE || policy == SCHED_DEADLINE ? 0 : -EINVAL;
}
SYSCALL(sched_get_priority_min);

long sys_sched_rr_get_interval(int tid, struct timespec __user *out)
{
	struct thread *t = find(tid);
	uint64_t ns;

	if (is_err(t))
		return ptr_err(t);
	ns = t->policy.policy == SCHED_FIFO ? 0 : t->slice_ns;
	thread_put(t);
	return timespec_write(out, ns);
}
SYSCALL(sched_rr_get_interval);

static long note_nice(struct thread *t, void *lowest)
{
	*(int *)lowest = MIN(*(int *)lowest, (int)t->policy.nice);
	return 0;
}

static long set_nice(struct thread *t, void *nice)
{
	struct sched_policy new = t->policy;

	if (!may_nice(new.nice, *(int *)nice))
		return -EACCES;
	new.nice = (int8_t)*(int *)nice;
	sched_set_policy(t, &new);
	return 0;
}

long sys_getpriority(int which, int who)
{
	int lowest = NICE_WORST + 1;
	long r = PRIO_PROCESS <= which && which <= PRIO_USER ?
			 threads_selected(which - PRIO_PROCESS, who, note_nice, &lowest) : -EINVAL;

	return r ? r : NICE_0 - lowest;
}
SYSCALL(getpriority);

long sys_setpriority(int which, int who, int nice)
{
	nice = MAX(MIN(nice, NICE_WORST), NICE_BEST);
	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	return threads_selected(which - PRIO_PROCESS, who, set_nice, &nice);
}
SYSCALL(setpriority);

long sys_getcpu(uint32_t __user *cpu, uint32_t __user *node, void __user *unused)
{
	if ((cpu && put_user_u32(cpu, percpu_get(this_cpu))) || (node && put_user_u32(node, 0)))
		return -EFAULT;
	return 0;
}
SYSCALL(getcpu);
