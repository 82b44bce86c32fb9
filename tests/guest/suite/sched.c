/* Scheduling policies, nice values, I/O priorities: sched(7). */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "suite.h"

enum { NOBODY = 65534, IDLE = 5, BATCH = 3, DEADLINE = 6, RESET = 0x40000000, NO_THREAD = 4000000 };

/* linux/sched/types.h */
struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
};

static long set_attributes(int tid, void *a, unsigned flags)
{
	return syscall(SYS_sched_setattr, tid, a, flags);
}
static long get_attributes(int tid, void *a, unsigned size, unsigned flags)
{
	return syscall(SYS_sched_getattr, tid, a, size, flags);
}
/* musl's own functions refuse: the calls themselves. */
static long set_scheduler(int tid, int policy, int priority)
{
	return syscall(SYS_sched_setscheduler, tid, policy, &(int){ priority });
}
static long get_scheduler(int tid)
{
	return syscall(SYS_sched_getscheduler, tid);
}
static long get_param(int tid)
{
	int p = -1;

	return syscall(SYS_sched_getparam, tid, &p) ? -1 : p;
}
static void become(unsigned uid)
{
	syscall(SYS_setresuid, -1, uid, -1);
}

static void policies(void)
{
	struct timespec t;
	struct attributes a = { .size = sizeof(a) };

	is(get_scheduler(0), SCHED_OTHER, "at first");
	is(set_scheduler(0, SCHED_FIFO, 10), 0, "SCHED_FIFO");
	ok(get_scheduler(0) == SCHED_FIFO && get_param(0) == 10, "is told again");
	ok(syscall(SYS_sched_rr_get_interval, 0, &t) == 0 && t.tv_sec == 0 && t.tv_nsec == 0, "it has no turns");
	is(syscall(SYS_sched_setparam, 0, &(int){ 20 }), 0, "sched_setparam");
	is(get_param(0), 20, "another priority");
	is(set_scheduler(0, SCHED_RR, 1), 0, "SCHED_RR");
	ok(syscall(SYS_sched_rr_get_interval, 0, &t) == 0 && t.tv_nsec >= 1000000, "it has");
	is(set_scheduler(0, BATCH, 0), 0, "SCHED_BATCH");
	is(set_scheduler(0, IDLE, 0), 0, "SCHED_IDLE");
	is(get_scheduler(0), IDLE, "is told again");
	is(set_scheduler(0, SCHED_OTHER | RESET, 0), 0, "with SCHED_RESET_ON_FORK");
	is(get_scheduler(0), SCHED_OTHER | RESET, "which is told too");
	is(set_scheduler(0, SCHED_OTHER, 0), 0, "back");
	a.policy = SCHED_RR;
	a.priority = 7;
	is(set_attributes(0, &a, 0), 0, "sched_setattr");
	memset(&a, 0, sizeof(a));
	ok(get_attributes(0, &a, sizeof(a), 0) == 0 && a.policy == SCHED_RR && a.priority == 7 && a.size >= 48, "sched_getattr");
	a = (struct attributes){ .size = 48, .policy = SCHED_OTHER, .nice = 5 };
	is(set_attributes(0, &a, 0), 0, "nice, by a shorter structure");
	is(getpriority(PRIO_PROCESS, 0), 5, "is told");
	a.nice = 0;
	set_attributes(0, &a, 0);
	ok(sched_get_priority_max(SCHED_FIFO) == 99 && sched_get_priority_min(SCHED_RR) == 1 &&
	   sched_get_priority_max(SCHED_OTHER) == 0 && sched_get_priority_min(DEADLINE) == 0, "limits");

	fails(set_scheduler(0, SCHED_FIFO, 0), EINVAL, "no priority");
	fails(set_scheduler(0, SCHED_FIFO, 100), EINVAL, "too much of it");
	fails(set_scheduler(0, SCHED_OTHER, 1), EINVAL, "where there is none");
	fails(set_scheduler(0, 99, 0), EINVAL, "an unknown policy");
	fails(set_scheduler(0, -1, 0), EINVAL, "a negative one");
	fails(set_scheduler(-1, SCHED_OTHER, 0), EINVAL, "a negative thread");
	fails(set_scheduler(NO_THREAD, SCHED_OTHER, 0), ESRCH, "no such thread");
	fails(syscall(SYS_sched_setscheduler, 0, 0, NULL), EINVAL, "no parameter");
	fails(syscall(SYS_sched_setscheduler, 0, 0, 8), EFAULT, "one from nowhere");
	fails(syscall(SYS_sched_setparam, 0, NULL), EINVAL, "sched_setparam of none");
	fails(syscall(SYS_sched_setparam, 0, 8), EFAULT, "from nowhere");
	fails(syscall(SYS_sched_setparam, NO_THREAD, &(int){ 0 }), ESRCH, "of no thread");
	fails(syscall(SYS_sched_getparam, 0, NULL), EINVAL, "sched_getparam to none");
	fails(syscall(SYS_sched_getparam, 0, 8), EFAULT, "to nowhere");
	fails(syscall(SYS_sched_getparam, NO_THREAD, &t), ESRCH, "of no thread");
	fails(get_scheduler(-1), EINVAL, "of a negative one");
	fails(get_scheduler(NO_THREAD), ESRCH, "nor its policy");
	fails(syscall(SYS_sched_rr_get_interval, -1, &t), EINVAL, "turns of a negative one");
	fails(syscall(SYS_sched_rr_get_interval, NO_THREAD, &t), ESRCH, "of none");
	fails(syscall(SYS_sched_rr_get_interval, 0, 8), EFAULT, "to nowhere");
	fails(sched_get_priority_max(99), EINVAL, "limits of no policy");
	fails(sched_get_priority_min(99), EINVAL, "at the other end");
	fails(get_attributes(0, &a, 40, 0), EINVAL, "sched_getattr: too small");
	fails(get_attributes(0, &a, 8192, 0), EINVAL, "too large");
	fails(get_attributes(0, &a, sizeof(a), 1), EINVAL, "a flag");
	fails(get_attributes(-1, &a, sizeof(a), 0), EINVAL, "a negative thread");
	fails(get_attributes(NO_THREAD, &a, sizeof(a), 0), ESRCH, "no thread");
	fails(get_attributes(0, (void *)8, sizeof(a), 0), EFAULT, "to nowhere");
	fails(get_attributes(0, NULL, sizeof(a), 0), EINVAL, "to none");
	fails(set_attributes(0, (void *)8, 0), EFAULT, "sched_setattr: from nowhere");
	fails(set_attributes(0, NULL, 0), EINVAL, "from none");
	fails(set_attributes(0, &a, 1), EINVAL, "a flag of the call");
	fails(set_attributes(NO_THREAD, &a, 0), ESRCH, "no thread");
	a.flags = 1ull << 40;
	fails(set_attributes(0, &a, 0), EINVAL, "an unknown flag");
	a = (struct attributes){ .size = 20 };
	fails(set_attributes(0, &a, 0), E2BIG, "too small");
	ok(a.size >= 48, "it tells the size that is right");
	a = (struct attributes){ .size = sizeof(a), .policy = 0x80000000 };
	fails(set_attributes(0, &a, 0), EINVAL, "a negative policy");
	a.policy = 77;
	fails(set_attributes(0, &a, 0), EINVAL, "an unknown one");
	a.policy = DEADLINE;
	fails(set_attributes(0, &a, 0), EINVAL, "SCHED_DEADLINE without one");
	a.runtime = a.deadline = a.period = 10000000;
	if (in_guest()) /* elsewhere there may be time to promise */
		fails(set_attributes(0, &a, 0), EBUSY, "more than can be promised");
	{
		struct { struct attributes a; uint64_t more[10]; } larger = { .a = { .size = sizeof(larger) } };

		is(set_attributes(0, &larger, 0), 0, "a larger structure with nothing in it");
		larger.more[3] = 1;
		fails(set_attributes(0, &larger, 0), E2BIG, "with something");
	}
}

static void without_rights(void)
{
	struct rlimit old, some = { 15, 15 };
	struct rlimit old_nice, some_nice = { 22, 22 };

	getrlimit(RLIMIT_RTPRIO, &old);
	getrlimit(RLIMIT_NICE, &old_nice);
	setpriority(PRIO_PROCESS, 0, 3);
	become(NOBODY);
	fails(set_scheduler(0, SCHED_FIFO, 1), EPERM, "real time is a privilege");
	fails(setpriority(PRIO_PROCESS, 0, 2), EACCES, "so is a lower nice value");
	is(setpriority(PRIO_PROCESS, 0, 4), 0, "not a higher one");
	fails(syscall(SYS_ioprio_set, 1, 0, 1 << 13), EPERM, "nor real-time I/O");
	set_scheduler(0, SCHED_OTHER | RESET, 0);
	fails(set_scheduler(0, SCHED_OTHER, 0), EPERM, "SCHED_RESET_ON_FORK stays");
	is(set_scheduler(0, IDLE | RESET, 0), 0, "SCHED_IDLE is for all");
	fails(set_scheduler(0, SCHED_OTHER | RESET, 0), EPERM, "and hard to leave");
	become(0);
	set_scheduler(0, SCHED_OTHER, 0);
	if (setrlimit(RLIMIT_RTPRIO, &some) || setrlimit(RLIMIT_NICE, &some_nice)) {
		printf("# limits cannot be raised here\n");
		setpriority(PRIO_PROCESS, 0, 0);
		return;
	}
	become(NOBODY);
	is(set_scheduler(0, SCHED_RR, 15), 0, "RLIMIT_RTPRIO allows this");
	fails(set_scheduler(0, SCHED_RR, 16), EPERM, "not more");
	is(set_scheduler(0, SCHED_OTHER, 0), 0, "back");
	is(setpriority(PRIO_PROCESS, 0, -2), 0, "RLIMIT_NICE allows this");
	fails(setpriority(PRIO_PROCESS, 0, -3), EACCES, "not more");
	become(0);
	setrlimit(RLIMIT_RTPRIO, &old);
	setrlimit(RLIMIT_NICE, &old_nice);
	setpriority(PRIO_PROCESS, 0, 0);
}

static void priorities(void)
{
	is(setpriority(PRIO_PROCESS, 0, 7), 0, "setpriority");
	is(getpriority(PRIO_PROCESS, 0), 7, "getpriority");
	is(syscall(SYS_getpriority, PRIO_PROCESS, 0), 13, "which the call tells as 20 less it");
	is(setpriority(PRIO_PROCESS, 0, 100), 0, "too high");
	is(getpriority(PRIO_PROCESS, 0), 19, "is the highest");
	is(setpriority(PRIO_PROCESS, 0, -100), 0, "too low");
	is(getpriority(PRIO_PROCESS, 0), -20, "is the lowest");
	is(setpriority(PRIO_PGRP, 0, 1), 0, "of the group");
	ok(getpriority(PRIO_PGRP, 0) <= 1, "told");
	setpriority(PRIO_PROCESS, 0, 0);
	ok(syscall(SYS_getpriority, PRIO_USER, 0) >= 20, "of the user");
	fails(syscall(SYS_getpriority, PRIO_PROCESS, NO_THREAD), ESRCH, "of no thread");
	fails(syscall(SYS_getpriority, PRIO_USER, 54321), ESRCH, "of no user");
	fails(syscall(SYS_getpriority, 3, 0), EINVAL, "of something else");
	fails(setpriority(3, 0, 0), EINVAL, "nor set");
	fails(setpriority(PRIO_PGRP, 3999999, 0), ESRCH, "no group");
	is(syscall(SYS_ioprio_set, 1, 0, 2 << 13 | 3), 0, "ioprio_set");
	is(syscall(SYS_ioprio_get, 1, 0), 2 << 13 | 3, "ioprio_get");
	is(syscall(SYS_ioprio_set, 1, 0, 0), 0, "none");
	fails(syscall(SYS_ioprio_set, 1, 0, 3), EINVAL, "none has no levels");
	fails(syscall(SYS_ioprio_set, 1, 0, 7 << 13), EINVAL, "an unknown class");
	fails(syscall(SYS_ioprio_set, 9, 0, 2 << 13), EINVAL, "of something else");
	fails(syscall(SYS_ioprio_set, 1, NO_THREAD, 2 << 13), ESRCH, "of no thread");
	fails(syscall(SYS_ioprio_get, 9, 0), EINVAL, "get: of something else");
	fails(syscall(SYS_ioprio_get, 1, NO_THREAD), ESRCH, "of no thread");
}

/* Behaviour: all on one processor. */

static volatile bool stop;

struct worker {
	int policy, priority, nice;
	sem_t go;
	unsigned order;
	long long cpu_ns;
	pthread_t thread;
};

static unsigned ran;

static void *run_once(void *arg)
{
	struct worker *w = arg;

	set_scheduler(0, w->policy, w->priority);
	sem_wait(&w->go);
	w->order = __atomic_add_fetch(&ran, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void *spin(void *arg)
{
	struct worker *w = arg;
	struct timespec t;

	set_scheduler(0, w->policy, w->priority);
	setpriority(PRIO_PROCESS, 0, w->nice);
	sem_wait(&w->go);
	while (!stop)
		;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	w->cpu_ns = t.tv_sec * 1000000000ll + t.tv_nsec;
	return NULL;
}

static void start(struct worker *w, void *(*run)(void *))
{
	sem_init(&w->go, 0, 0);
	pthread_create(&w->thread, NULL, run, w);
}

static void real_time(void)
{
	struct worker w[3] = { { SCHED_FIFO, 10, 0, .order = 0 }, { SCHED_FIFO, 30, 0, .order = 0 }, { SCHED_RR, 20, 0, .order = 0 } };

	ran = 0;
	set_scheduler(0, SCHED_FIFO, 50);
	for (int i = 0; i < 3; i++)
		start(&w[i], run_once);
	sleep_ms(50);
	for (int i = 0; i < 3; i++)
		sem_post(&w[i].go);
	is(__atomic_load_n(&ran, __ATOMIC_SEQ_CST), 0, "the highest priority runs on");
	for (int i = 0; i < 3; i++)
		pthread_join(w[i].thread, NULL);
	ok(w[1].order == 1 && w[2].order == 2 && w[0].order == 3, "the others by theirs: %u %u %u", w[0].order, w[1].order, w[2].order);
	ran = 0;
	set_scheduler(0, SCHED_FIFO, 5);
	start(&w[0], run_once);
	sleep_ms(20);
	sem_post(&w[0].go);
	is(__atomic_load_n(&ran, __ATOMIC_SEQ_CST), 1, "a higher one runs at once");
	pthread_join(w[0].thread, NULL);
	ran = 0;
	w[0].priority = 3;
	start(&w[0], run_once);
	sleep_ms(20);
	sem_post(&w[0].go);
	sched_yield();
	is(__atomic_load_n(&ran, __ATOMIC_SEQ_CST), 0, "sched_yield gives way to its own priority only");
	set_scheduler(0, SCHED_OTHER, 0);
	is(__atomic_load_n(&ran, __ATOMIC_SEQ_CST), 1, "a lowered one gives way at once");
	pthread_join(w[0].thread, NULL);
}

static void shares(struct worker *a, struct worker *b)
{
	stop = false;
	set_scheduler(0, SCHED_FIFO, 50);
	start(a, spin);
	start(b, spin);
	sleep_ms(30);
	sem_post(&a->go);
	sem_post(&b->go);
	sleep_ms(400);
	stop = true;
	set_scheduler(0, SCHED_OTHER, 0);
	pthread_join(a->thread, NULL);
	pthread_join(b->thread, NULL);
}

static void nice_values(void)
{
	struct worker a = { SCHED_OTHER, 0, 0, .order = 0 }, b = { SCHED_OTHER, 0, 8, .order = 0 };

	shares(&a, &b);
	ok(a.cpu_ns > 2 * b.cpu_ns && b.cpu_ns > 0, "nice 8 gets much less: %lld to %lld ms", b.cpu_ns / 1000000, a.cpu_ns / 1000000);
	b = (struct worker){ IDLE, 0, 0, .order = 0 };
	shares(&a, &b);
	ok(a.cpu_ns > 10 * b.cpu_ns, "SCHED_IDLE next to nothing: %lld to %lld ms", b.cpu_ns / 1000000, a.cpu_ns / 1000000);
}

static void *policy_of_thread(void *arg)
{
	(void)arg;
	return (void *)(intptr_t)get_scheduler(0);
}

static void inherited(void)
{
	pthread_t t;
	void *policy;

	set_scheduler(0, SCHED_RR, 4);
	pthread_create(&t, NULL, policy_of_thread, NULL);
	pthread_join(t, &policy);
	is((intptr_t)policy, SCHED_RR, "a new thread begins as its maker");
	set_scheduler(0, SCHED_RR | RESET, 4);
	pthread_create(&t, NULL, policy_of_thread, NULL);
	pthread_join(t, &policy);
	is((intptr_t)policy, SCHED_OTHER, "unless SCHED_RESET_ON_FORK");
	set_scheduler(0, SCHED_OTHER, 0);
}

void suite_sched(void)
{
	cpu_set_t one, all;

	if (set_scheduler(0, SCHED_FIFO, 1)) {
		ok(false, "real time is not allowed here: errno %d", errno);
		return;
	}
	set_scheduler(0, SCHED_OTHER, 0);
	policies();
	priorities();
	without_rights();
	sched_getaffinity(0, sizeof(all), &all);
	CPU_ZERO(&one);
	for (int i = 0; i < CPU_SETSIZE; i++) {
		if (CPU_ISSET(i, &all)) {
			CPU_SET(i, &one);
			break;
		}
	}
	sched_setaffinity(0, sizeof(one), &one);
	real_time();
	nice_values();
	inherited();
	sched_setaffinity(0, sizeof(all), &all);
}
