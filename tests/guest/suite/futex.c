/* Futexes with priority inheritance, and waiting for several: futex(2), futex_waitv(2). */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "suite.h"

/* linux/futex.h */
enum {
	WAIT, WAKE, REQUEUE = 3, CMP_REQUEUE, LOCK_PI = 6, UNLOCK_PI, TRYLOCK_PI, WAIT_BITSET, WAKE_BITSET, WAIT_REQUEUE_PI,
	CMP_REQUEUE_PI, LOCK_PI2, PRIVATE = 128, REALTIME = 256,
};
enum { FUTEX_32_BITS = 2, OWNER_DIED_ = 0x40000000 };
#define WAITERS_ 0x80000000u
#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif

struct waitv {
	uint64_t value, address;
	uint32_t flags, reserved;
};

static long futex(volatile uint32_t *word, int op, uint32_t value, const void *timeout, volatile uint32_t *word2, uint32_t value3)
{
	return syscall(SYS_futex, word, op, value, timeout, word2, value3);
}

static int tid(void)
{
	return (int)syscall(SYS_gettid);
}

static struct timespec in_ms(int clock, long ms)
{
	struct timespec t;

	clock_gettime(clock, &t);
	t.tv_nsec += ms * 1000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

struct taker {
	volatile uint32_t *word, *condition;
	int op, priority, released;
	struct timespec *until;
	volatile int tid;
	long result;
	int error, order;
	bool keeps;
	pthread_t thread;
};

static int taken;

static void *take_lock(void *arg)
{
	struct taker *t = arg;

	if (t->priority)
		syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &t->priority);
	t->tid = tid();
	if (t->condition)
		t->result = futex(t->condition, WAIT_REQUEUE_PI | PRIVATE, 0, t->until, t->word, 0);
	else
		t->result = futex(t->word, t->op, 0, t->until, NULL, 0);
	t->error = errno;
	if (!t->result) {
		t->order = __atomic_add_fetch(&taken, 1, __ATOMIC_SEQ_CST);
		if (!t->keeps)
			t->released = (int)futex(t->word, UNLOCK_PI | PRIVATE, 0, NULL, NULL, 0);
	}
	return NULL;
}

static void start(struct taker *t)
{
	pthread_create(&t->thread, NULL, take_lock, t);
	while (!t->tid)
		sleep_ms(1); /* not sched_yield(): who waits for us may have lent us its priority */
	sleep_ms(30);
}

static volatile uint32_t word, other, condition;

static void uncontended(void)
{
	uint32_t me = (uint32_t)tid();

	word = 0;
	is(futex(&word, LOCK_PI | PRIVATE, 0, NULL, NULL, 0), 0, "LOCK_PI of a free one");
	is(word, me, "it is ours");
	fails(futex(&word, LOCK_PI | PRIVATE, 0, NULL, NULL, 0), EDEADLK, "twice");
	fails(futex(&word, TRYLOCK_PI | PRIVATE, 0, NULL, NULL, 0), EDEADLK, "tried twice");
	is(futex(&word, UNLOCK_PI | PRIVATE, 0, NULL, NULL, 0), 0, "UNLOCK_PI");
	is(word, 0, "it is free");
	fails(futex(&word, UNLOCK_PI | PRIVATE, 0, NULL, NULL, 0), EPERM, "it is not ours to free");
	is(futex(&word, TRYLOCK_PI | PRIVATE, 0, NULL, NULL, 0), 0, "TRYLOCK_PI");
	word = 0;
	is(futex(&word, LOCK_PI2 | PRIVATE, 0, NULL, NULL, 0), 0, "LOCK_PI2");
	word = OWNER_DIED_;
	is(futex(&word, LOCK_PI | PRIVATE, 0, NULL, NULL, 0), 0, "one whose owner died");
	is(word, me | OWNER_DIED_, "and it says so");
	word = 3999999;
	fails(futex(&word, LOCK_PI | PRIVATE, 0, NULL, NULL, 0), ESRCH, "an owner that does not exist");
	fails(futex((uint32_t *)((char *)&word + 1), LOCK_PI | PRIVATE, 0, NULL, NULL, 0), EINVAL, "an odd address");
	fails(futex((uint32_t *)8, LOCK_PI | PRIVATE, 0, NULL, NULL, 0), EFAULT, "nothing there");
	fails(futex((uint32_t *)8, UNLOCK_PI | PRIVATE, 0, NULL, NULL, 0), EFAULT, "to unlock");
	word = 0;
	fails(futex(&word, LOCK_PI | PRIVATE, 0, (void *)8, NULL, 0), EFAULT, "a time-out from nowhere");
	fails(futex(&word, LOCK_PI | PRIVATE, 0, &(struct timespec){ 0, -1 }, NULL, 0), EINVAL, "an impossible one");
	fails(futex(&word, WAKE | REALTIME | PRIVATE, 0, NULL, NULL, 0), ENOSYS, "a clock where none is");
	fails(futex(&word, 77, 0, NULL, NULL, 0), ENOSYS, "no such operation");
	is(word, 0, "nothing was done");
}

static void contended(void)
{
	struct taker a = { .word = &word, .op = LOCK_PI | PRIVATE, .priority = 10 }, b = a, c = a;
	struct timespec soon;

	b.priority = 30;
	c.priority = 20;
	word = 0;
	taken = 0;
	futex(&word, LOCK_PI | PRIVATE, 0, NULL, NULL, 0);
	start(&a);
	start(&b);
	start(&c);
	is(word, (uint32_t)tid() | WAITERS_, "the word says that somebody waits");
	is(taken, 0, "they wait");
	is(futex(&word, UNLOCK_PI | PRIVATE, 0, NULL, NULL, 0), 0, "unlocked");
	pthread_join(a.thread, NULL);
	pthread_join(b.thread, NULL);
	pthread_join(c.thread, NULL);
	ok(!a.result && !b.result && !c.result && !a.released && !b.released && !c.released, "each had it");
	ok(b.order == 1 && c.order == 2 && a.order == 3, "by priority: %d %d %d", a.order, b.order, c.order);
	is(word, 0, "free again");

	futex(&word, LOCK_PI | PRIVATE, 0, NULL, NULL, 0);
	soon = in_ms(CLOCK_REALTIME, 40);
	a = (struct taker){ .word = &word, .op = LOCK_PI | PRIVATE, .until = &soon };
	start(&a);
	pthread_join(a.thread, NULL);
	ok(a.result == -1 && a.error == ETIMEDOUT, "LOCK_PI: a moment of the wall clock");
	soon = in_ms(CLOCK_MONOTONIC, 40);
	a = (struct taker){ .word = &word, .op = LOCK_PI2 | PRIVATE, .until = &soon };
	start(&a);
	pthread_join(a.thread, NULL);
	ok(a.result == -1 && a.error == ETIMEDOUT, "LOCK_PI2: of the monotonic one");
	a = (struct taker){ .word = &word, .op = TRYLOCK_PI | PRIVATE };
	start(&a);
	pthread_join(a.thread, NULL);
	ok(a.result == -1 && a.error == EAGAIN, "TRYLOCK_PI does not wait");
	is(futex(&word, UNLOCK_PI | PRIVATE, 0, NULL, NULL, 0), 0, "unlocked with nobody there");
	is(word, 0, "free");

	a = (struct taker){ .word = &word, .op = LOCK_PI | PRIVATE, .keeps = true };
	start(&a);
	pthread_join(a.thread, NULL);
	ok(word != 0, "an owner that ended without unlocking");
	fails(futex(&word, LOCK_PI | PRIVATE, 0, NULL, NULL, 0), ESRCH, "is not waited for");
	word = 0;
}

static volatile bool go;

static void *keep_and_end(void *arg)
{
	(void)arg;
	futex(&word, LOCK_PI | PRIVATE, 0, NULL, NULL, 0);
	while (!go)
		sleep_ms(1);
	return NULL;
}

static void *lock_both(void *arg)
{
	volatile uint32_t **words = arg;
	long r;

	futex(words[0], LOCK_PI | PRIVATE, 0, NULL, NULL, 0);
	while (!go)
		sleep_ms(1);
	r = futex(words[1], LOCK_PI | PRIVATE, 0, NULL, NULL, 0);
	if (!r)
		futex(words[1], UNLOCK_PI | PRIVATE, 0, NULL, NULL, 0);
	futex(words[0], UNLOCK_PI | PRIVATE, 0, NULL, NULL, 0);
	return NULL;
}

static void owners(void)
{
	struct taker a = { .word = &word, .op = LOCK_PI | PRIVATE };
	volatile uint32_t *words[2] = { &word, &other };
	pthread_t t;

	word = 0;
	go = false;
	pthread_create(&t, NULL, keep_and_end, NULL);
	while (!word)
		sleep_ms(1);
	a.keeps = true;
	start(&a);
	go = true;
	pthread_join(t, NULL);
	pthread_join(a.thread, NULL);
	ok(a.result == 0 && word & OWNER_DIED_ && (word & 0x3fffffff) == (uint32_t)a.tid, "the owner ends: the next one has it, and is told");

	word = other = 0;
	go = false;
	pthread_create(&t, NULL, lock_both, words);
	while (!word)
		sleep_ms(1);
	futex(&other, LOCK_PI | PRIVATE, 0, NULL, NULL, 0);
	go = true;
	while (!(other & WAITERS_))
		sleep_ms(1);
	fails(futex(&word, LOCK_PI | PRIVATE, 0, NULL, NULL, 0), EDEADLK, "each waiting for the other");
	is(futex(&other, UNLOCK_PI | PRIVATE, 0, NULL, NULL, 0), 0, "one gives way");
	pthread_join(t, NULL);
	ok(word == 0 && other == 0, "both are free");
}

/* A low thread owns the lock, a middle one spins: the high one that waits must get it nevertheless. */

static volatile bool spinning, stop;

static void *low(void *arg)
{
	syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &(int){ 5 });
	futex(&word, LOCK_PI | PRIVATE, 0, NULL, NULL, 0);
	go = true;
	while (!spinning)
		sleep_ms(1);
	for (int i = 0; i < 1000; i++)
		*(volatile int *)arg = i;
	futex(&word, UNLOCK_PI | PRIVATE, 0, NULL, NULL, 0);
	return NULL;
}

static void *middle(void *arg)
{
	long long until = now_ms() + 3000;

	syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &(int){ 10 });
	while (!spinning)
		sleep_ms(1);
	while (!stop && now_ms() < until)
		;
	*(volatile bool *)arg = stop;
	return NULL;
}

static void inheritance(void)
{
	cpu_set_t one, all;
	pthread_t a, b;
	volatile int work;
	volatile bool stopped = false;
	struct timespec limit;
	long r;

	sched_getaffinity(0, sizeof(all), &all);
	CPU_ZERO(&one);
	for (int i = CPU_SETSIZE; i--;)
		if (CPU_ISSET(i, &all)) {
			CPU_ZERO(&one);
			CPU_SET(i, &one);
		}
	sched_setaffinity(0, sizeof(one), &one);
	word = 0;
	go = spinning = stop = false;
	if (syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &(int){ 20 })) {
		ok(false, "real time is not allowed here");
		return;
	}
	pthread_create(&a, NULL, low, (void *)&work);
	pthread_create(&b, NULL, middle, (void *)&stopped);
	while (!go)
		sleep_ms(1);
	limit = in_ms(CLOCK_REALTIME, 2000);
	spinning = true;
	r = futex(&word, LOCK_PI | PRIVATE, 0, &limit, NULL, 0);
	stop = true;
	is(r, 0, "the owner is lent the priority it needs to let go");
	futex(&word, UNLOCK_PI | PRIVATE, 0, NULL, NULL, 0);
	syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &(int){ 0 });
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	ok(stopped, "while the one in the middle was running");
	sched_setaffinity(0, sizeof(all), &all);
}

static void conditions(void)
{
	struct taker a = { .word = &word, .condition = &condition }, b = a, c = a;
	struct timespec soon;

	word = condition = 0;
	taken = 0;
	start(&a);
	start(&b);
	start(&c);
	fails(futex(&condition, CMP_REQUEUE_PI | PRIVATE, 1, (void *)10, &word, 1), EAGAIN, "the word is not so");
	fails(futex(&condition, CMP_REQUEUE_PI | PRIVATE, 2, (void *)10, &word, 0), EINVAL, "one is woken, not two");
	fails(futex(&condition, CMP_REQUEUE_PI | PRIVATE, 1, (void *)10, &other, 0), EINVAL, "they wait for another");
	fails(futex(&condition, CMP_REQUEUE_PI | PRIVATE, 1, (void *)10, (uint32_t *)8, 0), EFAULT, "nothing there");
	fails(futex(&condition, WAKE | PRIVATE, 1, NULL, NULL, 0), EINVAL, "they cannot just be woken");
	futex(&word, LOCK_PI | PRIVATE, 0, NULL, NULL, 0);
	is(futex(&condition, CMP_REQUEUE_PI | PRIVATE, 1, (void *)1, &word, 0), 2, "two are moved to a lock that is taken");
	sleep_ms(20);
	is(taken, 0, "and wait there");
	is(futex(&word, UNLOCK_PI | PRIVATE, 0, NULL, NULL, 0), 0, "it is released");
	pthread_join(a.thread, NULL);
	pthread_join(b.thread, NULL);
	ok(!a.result && !b.result && taken == 2, "both had it");
	is(futex(&condition, CMP_REQUEUE_PI | PRIVATE, 1, (void *)10, &word, 0), 1, "the third has it at once");
	pthread_join(c.thread, NULL);
	is(c.result, 0, "it is free");
	is(futex(&condition, CMP_REQUEUE_PI | PRIVATE, 1, (void *)10, &word, 0), 0, "nobody is left");
	fails(futex(&condition, WAIT_REQUEUE_PI | PRIVATE, 1, NULL, &word, 0), EAGAIN, "not what is waited for");
	fails(futex(&condition, WAIT_REQUEUE_PI | PRIVATE, 0, NULL, &condition, 0), EINVAL, "to the same word");
	soon = in_ms(CLOCK_MONOTONIC, 30);
	fails(futex(&condition, WAIT_REQUEUE_PI | PRIVATE, 0, &soon, &word, 0), ETIMEDOUT, "never moved");
	fails(futex((uint32_t *)8, WAIT_REQUEUE_PI | PRIVATE, 0, &soon, &word, 0), EFAULT, "nothing there");
}

static long waitv(struct waitv *w, unsigned n, unsigned flags, const struct timespec *until, int clock)
{
	return syscall(SYS_futex_waitv, w, n, flags, until, clock);
}

static struct waitv several[3];

static void *wait_for_several(void *arg)
{
	*(long *)arg = waitv(several, 3, 0, NULL, 0);
	return NULL;
}

static void on_signal(int sig)
{
	(void)sig;
}

static volatile bool returned;

static void *signal_until_returned(void *arg)
{
	for (int i = 0; i < 1000 && !returned; i++) {
		sleep_ms(10);
		pthread_kill(*(pthread_t *)arg, SIGUSR1);
	}
	return NULL;
}

static void vectors(void)
{
	static volatile uint32_t words[3];
	struct sigaction sa = { .sa_handler = on_signal };
	struct timespec soon;
	pthread_t t, self = pthread_self();
	long result = -5;

	for (int i = 0; i < 3; i++)
		several[i] = (struct waitv){ .address = (uintptr_t)&words[i], .flags = FUTEX_32_BITS | PRIVATE };
	if (waitv(several, 0, 0, NULL, 0) == -1 && errno == ENOSYS) {
		printf("# futex_waitv is not on this host\n");
		return;
	}
	for (int i = 0; i < 3; i++) {
		long n;

		pthread_create(&t, NULL, wait_for_several, &result);
		while ((n = futex(&words[i], WAKE | PRIVATE, 1, NULL, NULL, 0)) == 0)
			sleep_ms(1);
		pthread_join(t, NULL);
		is(result, i, "futex_waitv: word %d is woken", i);
	}
	words[1] = 9;
	fails(waitv(several, 3, 0, NULL, 0), EAGAIN, "one is not as expected");
	words[1] = 0;
	soon = in_ms(CLOCK_MONOTONIC, 30);
	fails(waitv(several, 3, 0, &soon, CLOCK_MONOTONIC), ETIMEDOUT, "a moment");
	soon = in_ms(CLOCK_REALTIME, 30);
	fails(waitv(several, 3, 0, &soon, CLOCK_REALTIME), ETIMEDOUT, "of the other clock");
	fails(waitv(several, 3, 0, &soon, CLOCK_BOOTTIME), EINVAL, "of a third");
	fails(waitv(several, 3, 0, (void *)8, CLOCK_MONOTONIC), EFAULT, "from nowhere");
	soon.tv_nsec = -1;
	fails(waitv(several, 3, 0, &soon, CLOCK_MONOTONIC), EINVAL, "an impossible one");
	fails(waitv(several, 0, 0, NULL, 0), EINVAL, "none");
	fails(waitv(several, 129, 0, NULL, 0), EINVAL, "too many");
	fails(waitv(NULL, 1, 0, NULL, 0), EINVAL, "nowhere");
	fails(waitv((void *)8, 1, 0, NULL, 0), EFAULT, "somewhere else");
	fails(waitv(several, 3, 1, NULL, 0), EINVAL, "a flag");
	several[2].reserved = 1;
	fails(waitv(several, 3, 0, NULL, 0), EINVAL, "what is reserved");
	several[2].reserved = 0;
	several[2].flags = PRIVATE;
	fails(waitv(several, 3, 0, NULL, 0), EINVAL, "of no size");
	several[2].flags = FUTEX_32_BITS;
	several[2].address++;
	fails(waitv(several, 3, 0, NULL, 0), EINVAL, "an odd address");
	several[2].address = 8;
	fails(waitv(several, 3, 0, NULL, 0), EFAULT, "nothing there");
	several[2].address = (uintptr_t)&words[2];
	sigaction(SIGUSR1, &sa, NULL);
	returned = false;
	pthread_create(&t, NULL, signal_until_returned, &self);
	fails(waitv(several, 3, 0, NULL, 0), EINTR, "a signal");
	returned = true;
	pthread_join(t, NULL);
}

static void *count_up(void *arg)
{
	pthread_mutex_t *m = ((void **)arg)[0];
	volatile long *n = ((void **)arg)[1];

	for (int i = 0; i < 5000; i++) {
		pthread_mutex_lock(m);
		*n = *n + 1;
		if (i % 64 == 0)
			sched_yield();
		pthread_mutex_unlock(m);
	}
	return NULL;
}

/* The C library's own mutexes with that protocol. */
static void mutexes(void)
{
	pthread_mutexattr_t attributes;
	pthread_mutex_t m;
	pthread_t t[4];
	volatile long n = 0;
	void *args[2] = { &m, (void *)&n };

	pthread_mutexattr_init(&attributes);
	if (pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT)) {
		printf("# this C library has no PTHREAD_PRIO_INHERIT\n");
		return;
	}
	pthread_mutex_init(&m, &attributes);
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, count_up, args);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	is(n, 20000, "PTHREAD_PRIO_INHERIT: nothing is lost");
}

void suite_futex(void)
{
	uncontended();
	contended();
	owners();
	inheritance();
	conditions();
	vectors();
	mutexes();
}
