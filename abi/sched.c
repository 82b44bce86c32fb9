/* sched_*(2) and priorities. There is one policy, SCHED_OTHER, and one nice value, 0: what asks for others is refused. */
#include <abi/syscall.h>
#include <abi/timespec.h>
#include <core/process.h>
#include <core/uaccess.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/sched/types.h>

COMPONENT("abi", "the Linux system calls");

#define NICE_0        20 /* what getpriority(2) returns for nice 0 */
#define TIME_SLICE_NS 4000000ul

long sys_sched_yield(void)
{
	thread_yield();
	return 0;
}
SYSCALL(sched_yield);

/* 0, or -ESRCH if @tid is not a thread here. */
static long known(int tid)
{
	struct thread *t;

	if (tid < 0)
		return -EINVAL;
	if (tid == 0 || tid == current->tid)
		return 0;
	t = thread_by_tid(tid);
	if (!t)
		return -ESRCH;
	thread_put(t);
	return 0;
}

/* Threads run on the one processor that runs programs. */
long sys_sched_getaffinity(int tid, unsigned size, uint64_t __user *mask)
{
	long r = known(tid);

	if (size < sizeof(*mask) || size % sizeof(*mask))
		return -EINVAL;
	if (r)
		return r;
	return put_user_u64(mask, 1) ? -EFAULT : (long)sizeof(*mask);
}
SYSCALL(sched_getaffinity);

long sys_sched_setaffinity(int tid, unsigned size, const uint64_t __user *mask)
{
	uint8_t first = 0;
	long r = known(tid);

	if (r)
		return r;
	if (size && copy_from_user(&first, mask, 1))
		return -EFAULT;
	return first & 1 ? 0 : -EINVAL;
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
