/* sched_*(2) and priorities. There is one policy, SCHED_OTHER, and one nice value, 0: what asks for others is refused. */
#include <abi/syscall.h>
#include <abi/timespec.h>
#include <core/cpu.h>
#include <core/process.h>
#include <core/sched.h>
#include <core/uaccess.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/sched/types.h>

COMPONENT("thread-calls", "system calls that make, end and schedule threads");

#define NICE_0        20 /* what getpriority(2) returns for nice 0 */
#define TIME_SLICE_NS 4000000ul

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

/* 0, or -ESRCH if @tid is not a thread here. */
static long known(int tid)
{
	struct thread *t = find(tid);

	if (is_err(t))
		return ptr_err(t);
	thread_put(t);
	return 0;
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

long sys_sched_getscheduler(int tid)
{
	long r = known(tid);

	return r ? r : SCHED_NORMAL;
}
SYSCALL(sched_getscheduler);

static long set_policy(int tid, int policy, int priority)
{
	long r = known(tid);

	if (r)
		return r;
	switch (policy) {
	case SCHED_NORMAL:
		return priority == 0 ? 0 : -EINVAL;
	case SCHED_FIFO:
	case SCHED_RR:
	case SCHED_BATCH:
	case SCHED_IDLE:
		return -EPERM;
	default:
		return -EINVAL;
	}
}

long sys_sched_setscheduler(int tid, int policy, const uint32_t __user *priority)
{
	uint32_t p;

	return get_user_u32(&p, priority) ? -EFAULT : set_policy(tid, policy & ~SCHED_RESET_ON_FORK, (int)p);
}
SYSCALL(sched_setscheduler);

long sys_sched_getparam(int tid, uint32_t __user *priority)
{
	long r = known(tid);

	return r ? r : put_user_u32(priority, 0);
}
SYSCALL(sched_getparam);

long sys_sched_setparam(int tid, const uint32_t __user *priority)
{
	uint32_t p;

	return get_user_u32(&p, priority) ? -EFAULT : set_policy(tid, SCHED_NORMAL, (int)p);
}
SYSCALL(sched_setparam);

long sys_sched_getattr(int tid, struct sched_attr __user *out, unsigned size, unsigned flags)
{
	struct sched_attr a = { .size = SCHED_ATTR_SIZE_VER0, .sched_policy = SCHED_NORMAL };
	long r = known(tid);

	if (flags || size < SCHED_ATTR_SIZE_VER0)
		return -EINVAL;
	if (r)
		return r;
	return copy_to_user(out, &a, SCHED_ATTR_SIZE_VER0) ? -EFAULT : 0;
}
SYSCALL(sched_getattr);

long sys_sched_get_priority_max(int policy)
{
	if (policy == SCHED_FIFO || policy == SCHED_RR)
		return 99;
	return policy == SCHED_NORMAL || policy == SCHED_BATCH || policy == SCHED_IDLE ? 0 : -EINVAL;
}
SYSCALL(sched_get_priority_max);

long sys_sched_get_priority_min(int policy)
{
	if (policy == SCHED_FIFO || policy == SCHED_RR)
		return 1;
	return policy == SCHED_NORMAL || policy == SCHED_BATCH || policy == SCHED_IDLE ? 0 : -EINVAL;
}
SYSCALL(sched_get_priority_min);

long sys_sched_rr_get_interval(int tid, struct timespec __user *out)
{
	long r = known(tid);

	return r ? r : timespec_write(out, TIME_SLICE_NS);
}
SYSCALL(sched_rr_get_interval);

static long priority_target(int which, int who)
{
	switch (which) {
	case PRIO_PROCESS:
		return known(who);
	case PRIO_PGRP:
		return who == 0 || who == current->process->pgid ? 0 : -ESRCH;
	case PRIO_USER:
		return who == 0 || (uint32_t)who == current->process->credentials.uid ? 0 : -ESRCH;
	default:
		return -EINVAL;
	}
}

long sys_getpriority(int which, int who)
{
	long r = priority_target(which, who);

	return r ? r : NICE_0;
}
SYSCALL(getpriority);

long sys_setpriority(int which, int who, int nice)
{
	long r = priority_target(which, who);

	return r || nice == 0 ? r : -EPERM;
}
SYSCALL(setpriority);

long sys_getcpu(uint32_t __user *cpu, uint32_t __user *node, void __user *unused)
{
	if ((cpu && put_user_u32(cpu, percpu_get(this_cpu))) || (node && put_user_u32(node, 0)))
		return -EFAULT;
	return 0;
}
SYSCALL(getcpu);
