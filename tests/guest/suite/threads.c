/* Threads: pthreads and what they stand on: clone, futex, TLS, preemption. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "suite.h"

/* <linux/futex.h>, which musl-gcc does not find. */
enum { FUTEX_WAIT_PRIVATE = 128, FUTEX_WAKE_PRIVATE = 129, FUTEX_CMP_REQUEUE_PRIVATE = 132, FUTEX_WAIT_BITSET_PRIVATE = 137 };

static long futex(uint32_t *at, int op, uint32_t value, const struct timespec *timeout, uint32_t *other, uint32_t value3)
{
	return syscall(SYS_futex, at, op, value, timeout, other, value3);
}

static void *twice(void *n)
{
	return (void *)((uintptr_t)n * 2);
}

static __thread int mine = 7;
static __thread char large[20000];

static void *use_tls(void *n)
{
	bool fresh = mine == 7 && large[19999] == 0;

	mine = (int)(uintptr_t)n;
	large[19999] = (char)mine;
	sched_yield();
	return (void *)(uintptr_t)(fresh && mine == (int)(uintptr_t)n && large[19999] == (char)mine);
}

static void creating(void)
{
	pthread_t t[32];
	bool right = true;
	void *got;
	pthread_attr_t attr;

	for (uintptr_t i = 0; i < 32; i++)
		right &= pthread_create(&t[i], NULL, twice, (void *)i) == 0;
	for (uintptr_t i = 0; i < 32; i++)
		right &= pthread_join(t[i], &got) == 0 && got == (void *)(i * 2);
	ok(right, "32 threads at once, each joined with what it returned");
	for (uintptr_t i = 0; i < 300; i++)
		right &= pthread_create(t, NULL, twice, (void *)i) == 0 && pthread_join(t[0], &got) == 0;
	ok(right, "300 threads one after another");
	for (uintptr_t i = 0; i < 16; i++)
		right &= pthread_create(&t[i], NULL, use_tls, (void *)(i + 100)) == 0;
	for (uintptr_t i = 0; i < 16; i++)
		right &= pthread_join(t[i], &got) == 0 && got == (void *)1;
	ok(right && mine == 7, "each has its own thread-local variables");
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	right = true;
	for (uintptr_t i = 0; i < 20; i++)
		right &= pthread_create(t, &attr, twice, NULL) == 0;
	ok(right, "detached threads");
	pthread_attr_destroy(&attr);
	sleep_ms(20);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int counter, turn;

static void *count_up(void *unused)
{
	for (int i = 0; i < 20000; i++) {
		pthread_mutex_lock(&lock);
		counter++;
		pthread_mutex_unlock(&lock);
		if (i % 512 == 0)
			sched_yield();
	}
	return unused;
}

static void *answer(void *rounds)
{
	pthread_mutex_lock(&lock);
	for (uintptr_t i = 0; i < (uintptr_t)rounds; i++) {
		while (turn != 1)
			pthread_cond_wait(&changed, &lock);
		turn = 0;
		pthread_cond_signal(&changed);
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

static void *await_broadcast(void *unused)
{
	pthread_mutex_lock(&lock);
	counter++;
	while (turn != 2)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
	return unused;
}

static void locking(void)
{
	struct timespec until;
	pthread_t t[8];
	long long start;
	bool all;

	counter = 0;
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, count_up, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	is(counter, 80000, "a mutex keeps four counting threads apart");

	turn = 0;
	pthread_create(t, NULL, answer, (void *)1000);
	pthread_mutex_lock(&lock);
	for (int i = 0; i < 1000; i++) {
		turn = 1;
		pthread_cond_signal(&changed);
		while (turn != 0)
			pthread_cond_wait(&changed, &lock);
	}
	pthread_mutex_unlock(&lock);
	is(pthread_join(t[0], NULL), 0, "1,000 rounds of a condition variable");

	counter = 0;
	for (int i = 0; i < 8; i++)
		pthread_create(&t[i], NULL, await_broadcast, NULL);
	do {
		sleep_ms(1);
		pthread_mutex_lock(&lock);
		all = counter == 8;
		pthread_mutex_unlock(&lock);
	} while (!all);
	pthread_mutex_lock(&lock);
	turn = 2;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	for (int i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
	ok(true, "a broadcast wakes all eight");

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 50 * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&lock);
	start = now_ms();
	is(pthread_cond_timedwait(&changed, &lock, &until), ETIMEDOUT, "a timed wait ends");
	ok(now_ms() - start >= 49 && now_ms() - start < 2000, "after its 50 ms");
	is(pthread_mutex_timedlock(&lock, &until), ETIMEDOUT, "so does a lock that is held");
	pthread_mutex_unlock(&lock);
}

static pthread_barrier_t barrier;
static sem_t semaphore;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static int leaders, onces;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static int destroyed;

static void run_once(void)
{
	onces++;
}

static void destroy(void *value)
{
	__atomic_fetch_add(&destroyed, value == (void *)9, __ATOMIC_RELAXED);
}

static void *meet(void *unused)
{
	pthread_once(&once, run_once);
	pthread_setspecific(key, (void *)9);
	for (int i = 0; i < 10; i++)
		if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
			__atomic_fetch_add(&leaders, 1, __ATOMIC_RELAXED);
	pthread_rwlock_rdlock(&rwlock);
	sched_yield();
	pthread_rwlock_unlock(&rwlock);
	sem_post(&semaphore);
	return unused;
}

static void others(void)
{
	struct timespec until;
	pthread_t t[4];

	pthread_barrier_init(&barrier, NULL, 4);
	sem_init(&semaphore, 0, 0);
	pthread_key_create(&key, destroy);
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, meet, NULL);
	for (int i = 0; i < 4; i++)
		sem_wait(&semaphore);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	is(leaders, 10, "a barrier ten times");
	is(onces, 1, "pthread_once once");
	is(destroyed, 4, "destructors of thread-specific data");
	is(pthread_rwlock_wrlock(&rwlock), 0, "a write lock");
	is(pthread_rwlock_tryrdlock(&rwlock), EBUSY, "keeps readers out");
	pthread_rwlock_unlock(&rwlock);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec = (until.tv_nsec + 20 * 1000000) % 1000000000;
	fails(sem_timedwait(&semaphore, &until), ETIMEDOUT, "a semaphore's timed wait ends");
}

static uint32_t word, other_word;

static void *wait_word(void *unused)
{
	futex(&word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	return unused;
}

static void futexes(void)
{
	struct timespec soon = { 0, 30 * 1000000 };
	long long start = now_ms();
	pthread_t t[4];
	long woken = 0;

	word = 5;
	fails(futex(&word, FUTEX_WAIT_PRIVATE, 4, NULL, NULL, 0), EAGAIN, "FUTEX_WAIT with another value");
	fails(futex(&word, FUTEX_WAIT_PRIVATE, 5, &soon, NULL, 0), ETIMEDOUT, "FUTEX_WAIT with a timeout");
	ok(now_ms() - start >= 29, "after its 30 ms");
	is(futex(&word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 0, "FUTEX_WAKE with nobody waiting");
	fails(futex((uint32_t *)((char *)&word + 1), FUTEX_WAIT_PRIVATE, 5, NULL, NULL, 0), EINVAL, "an odd futex");
	fails(futex((uint32_t *)8, FUTEX_WAIT_PRIVATE, 5, NULL, NULL, 0), EFAULT, "a futex that is not mapped");
	clock_gettime(CLOCK_MONOTONIC, &soon);
	fails(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 5, &soon, NULL, 0xffffffff), ETIMEDOUT,
	      "FUTEX_WAIT_BITSET with a time that is past");
	word = 0;
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, wait_word, NULL);
	sleep_ms(50);
	is(futex(&word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 1, "FUTEX_WAKE wakes one of four");
	is(futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)10, &other_word, 0), 3,
	   "FUTEX_CMP_REQUEUE wakes one and moves two");
	is(futex(&word, FUTEX_WAKE_PRIVATE, 10, NULL, NULL, 0), 0, "nobody is left at the old place");
	woken = futex(&other_word, FUTEX_WAKE_PRIVATE, 10, NULL, NULL, 0);
	is(woken, 2, "two are at the new one");
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
}

static volatile int spinning, stop_spinning;

static void *spin(void *unused)
{
	spinning = 1;
	while (!stop_spinning)
		;
	return unused;
}

static pid_t other_tid;

static void *tell_tid(void *unused)
{
	other_tid = (pid_t)syscall(SYS_gettid);
	return unused;
}

static void scheduling(void)
{
	pthread_t t;
	cpu_set_t set;
	long long start = now_ms();

	pthread_create(&t, NULL, spin, NULL);
	while (!spinning)
		sched_yield();
	sleep_ms(20);
	ok(now_ms() - start < 5000, "a thread that never yields does not stop the others");
	stop_spinning = 1;
	pthread_join(t, NULL);
	pthread_create(&t, NULL, tell_tid, NULL);
	pthread_join(t, NULL);
	ok(other_tid > 0 && other_tid != getpid() && syscall(SYS_gettid) == getpid(), "thread ids differ");
	is(sched_getaffinity(0, sizeof(set), &set), 0, "sched_getaffinity");
	ok(CPU_COUNT(&set) >= 1, "there is a processor");
	is(sched_yield(), 0, "sched_yield");
}

static void *float_work(void *seed)
{
	double x = (double)(uintptr_t)seed, sum = 0;

	for (int i = 1; i < 200000; i++) {
		sum += x / i;
		if (i % 1000 == 0)
			sched_yield();
	}
	return (void *)(uintptr_t)(sum * 1000);
}

static void floating(void)
{
	pthread_t t[4];
	void *got[4], *wanted[4];
	bool same = true;

	for (uintptr_t i = 0; i < 4; i++)
		wanted[i] = float_work((void *)(i + 1));
	for (uintptr_t i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, float_work, (void *)(i + 1));
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], &got[i]);
	for (int i = 0; i < 4; i++)
		same &= got[i] == wanted[i];
	ok(same, "floating-point registers are each thread's own");
}

static void *cancelled(void *unused)
{
	for (;;)
		sleep_ms(1000);
	return unused;
}

static void cancelling(void)
{
	pthread_t t;
	void *got = NULL;

	pthread_create(&t, NULL, cancelled, NULL);
	sleep_ms(20);
	is(pthread_cancel(t), 0, "pthread_cancel");
	is(pthread_join(t, &got), 0, "the sleeper ends");
	ok(got == PTHREAD_CANCELED, "as cancelled");
}

/* Threads that only compute, all on one processor, and then free to go: each processor comes to have one. All that they
 * and we do meanwhile happens on that one, so the others have nothing that would wake them. */
static volatile bool spin_ends;
static _Atomic uint64_t spun_on;
static _Atomic int spinner_ids[4];

static void *spinner(void *id)
{
	*(_Atomic int *)id = (int)syscall(SYS_gettid);
	while (!spin_ends)
		spun_on |= 1ull << sched_getcpu();
	return NULL;
}

static void spreading(void)
{
	cpu_set_t all, one;
	pthread_t t[4];
	uint64_t wanted = 0;
	int cpus = 0;
	bool right = sched_getaffinity(0, sizeof(all), &all) == 0;
	long long start;

	CPU_ZERO(&one);
	for (int cpu = 0; cpu < CPU_SETSIZE && cpus < 4; cpu++) {
		if (!CPU_ISSET(cpu, &all))
			continue;
		if (!cpus++)
			CPU_SET(cpu, &one);
		wanted |= 1ull << cpu;
	}
	if (!ok(right && cpus > 0, "%d processors to run on", cpus))
		return;
	right = sched_setaffinity(0, sizeof(one), &one) == 0;
	for (int i = 0; i < cpus; i++)
		right &= pthread_create(&t[i], NULL, spinner, (void *)&spinner_ids[i]) == 0;
	for (start = now_ms(); now_ms() - start < 10000; sched_yield()) {
		int there = 0;

		for (int i = 0; i < cpus; i++)
			there += spinner_ids[i] != 0;
		if (there == cpus)
			break;
	}
	ok(right && (spun_on & ~wanted) == 0 && __builtin_popcountll(spun_on) == 1, "threads are born where their maker is bound");
	for (int i = 0; i < cpus; i++)
		right &= sched_setaffinity(spinner_ids[i], sizeof(all), &all) == 0;
	for (start = now_ms(); now_ms() - start < 20000 && (spun_on & wanted) != wanted; sched_yield())
		;
	ok(right && (spun_on & wanted) == wanted, "and spread over all processors when they may");
	spin_ends = true;
	for (int i = 0; i < cpus; i++)
		pthread_join(t[i], NULL);
	sched_setaffinity(0, sizeof(all), &all);
}

void suite_threads(void)
{
	creating();
	locking();
	others();
	futexes();
	scheduling();
	floating();
	cancelling();
	spreading();
}
