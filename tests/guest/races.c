/* races [SECONDS]: what one processor did to memory holds for all others at once: pages that become a program's own, that are given
 * back, mapped anew, protected, moved, made of huge ones; and vector registers stay a thread's own through signals and moves.
 * Each race is run for so long by four threads, prints TAP, and says how often it came around. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE  4096ul
#define PAGES 64
#define HUGE  (2ul << 20)
#define THREADS 4

static double length = 2;
static unsigned points;
static _Atomic unsigned stop, rounds, wrong;
static pthread_barrier_t barrier;

static unsigned random_of(unsigned *state, unsigned below)
{
	*state = *state * 1664525 + 1013904223;
	return (*state >> 8) % below;
}

static void spin(unsigned n)
{
	while (n--)
		__asm__ volatile("" : : : "memory");
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static char *map(size_t n)
{
	char *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* @what runs on each of the threads until the time is over. */
static void race(const char *name, void *(*what)(void *))
{
	pthread_t threads[THREADS];
	double end;

	stop = rounds = wrong = 0;
	for (long i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, what, (void *)i);
	for (end = now() + length; now() < end && !wrong;)
		usleep(20000);
	stop = 1;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	printf("%sok %u - %s\n# %u rounds, %u wrong\n", wrong || !rounds ? "not " : "", ++points, name, rounds, wrong);
	fflush(stdout);
}

/* ---- Two write to a page that a third knows as the one of zeroes; what the second wrote is there for the third. ---- */

static volatile char *own;
static volatile unsigned own_round[THREADS];
static int own_file = -1;

static void own_prepare(unsigned round)
{
	static char *before;

	if (before)
		munmap(before, PAGE);
	before = own_file < 0 ? map(PAGE) : mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, own_file, 0);
	own = before;
	(void)round;
}

/* All threads meet before and after each round; the last round is the same for all. */
static int meet(void)
{
	static _Atomic unsigned last;

	if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
		last = stop;
	pthread_barrier_wait(&barrier);
	return !last;
}

static void *own_thread(void *arg)
{
	long me = (long)arg;
	unsigned state = (unsigned)me + 1;

	for (unsigned round = 1; meet(); round++) {
		static _Atomic unsigned seen;

		if (me == 0) {
			seen = 0;
			own_prepare(round);
			rounds++;
		}
		pthread_barrier_wait(&barrier);
		if (me == 2) { /* knows the page as it was */
			(void)own[128];
			seen = 1;
			for (unsigned tries = 0; own_round[1] != round && tries < 1000000; tries++)
				;
			if (own_round[1] == round && *(volatile unsigned *)(own + 128) != round)
				wrong++;
			continue;
		}
		while (!seen)
			;
		spin(random_of(&state, 4000));
		if (me == 0) {
			own[0] = 1;
		} else if (me == 1) {
			*(volatile unsigned *)(own + 128) = round;
			__atomic_store_n(&own_round[1], round, __ATOMIC_RELEASE);
		}
	}
	return NULL;
}

/* ---- Given back or mapped anew, told, and read: zeroes. A fourth fills what pages become free. ---- */

static char *given;
static _Atomic unsigned given_state; /* 1: written; 2: read; 3: given back; 4: that was seen */
static int given_how;

static void give_back(void)
{
	switch (given_how) {
	case 0:
		madvise(given, PAGES * PAGE, MADV_DONTNEED);
		break;
	case 1:
		mmap(given, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		break;
	default:
		munmap(given + PAGE, (PAGES - 1) * PAGE);
		mmap(given + PAGE, (PAGES - 1) * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		madvise(given, PAGE, MADV_DONTNEED);
	}
}

static void wait_for(unsigned state)
{
	while (given_state != state && !stop)
		;
}

static void *given_thread(void *arg)
{
	long me = (long)arg;

	while (!stop) {
		if (me == 0) {
			for (unsigned i = 0; i < PAGES; i++)
				given[i * PAGE + 8] = (char)(i + 1);
			given_state = 1;
			wait_for(2);
			given_how = (int)(rounds % 3);
			give_back();
			given_state = 3;
			wait_for(4);
			rounds++;
		} else if (me == 1) {
			wait_for(1);
			for (unsigned i = 0; i < PAGES && !stop; i++)
				wrong += given[i * PAGE + 8] != (char)(i + 1);
			if (stop)
				break;
			given_state = 2;
			wait_for(3);
			for (unsigned i = 0; i < PAGES && !stop; i++)
				wrong += given[i * PAGE + 8] != 0;
			given_state = stop ? 3 : 4;
		} else {
			char *p = map(PAGES * PAGE);

			memset(p, 0x55, PAGES * PAGE);
			for (unsigned i = 0; i < PAGES; i++)
				wrong += p[i * PAGE + 8] != 0x55;
			munmap(p, PAGES * PAGE);
		}
	}
	return NULL;
}

/* ---- Protected: nothing changes any more, though others try to write. ---- */

static char *guarded;
static __thread sigjmp_buf back;
static __thread volatile sig_atomic_t trying;

static void on_segv(int signo, siginfo_t *info, void *context)
{
	char *at = info->si_addr;

	if (!trying || at < guarded || at >= guarded + PAGES * PAGE) {
		static const char text[] = "Bail out! a fault where there can be none\n";

		(void)!write(1, text, sizeof(text) - 1);
		_exit(3);
	}
	siglongjmp(back, 1);
	(void)signo, (void)context;
}

static void *guarded_thread(void *arg)
{
	long me = (long)arg;
	unsigned state = (unsigned)me + 1;

	while (!stop) {
		if (me == 0) {
			uint64_t sum[2] = { 0, 0 };

			mprotect(guarded, PAGES * PAGE, rounds % 4 ? PROT_READ : PROT_NONE);
			if (rounds % 4 == 0)
				mprotect(guarded, PAGES * PAGE, PROT_READ);
			for (int k = 0; k < 2; k++)
				for (unsigned i = 0; i < PAGES; i++)
					sum[k] += *(volatile uint64_t *)(guarded + i * PAGE) * (i + 1);
			wrong += sum[0] != sum[1];
			mprotect(guarded, PAGES * PAGE, PROT_READ | PROT_WRITE);
			spin(random_of(&state, 3000));
			rounds++;
		} else {
			if (sigsetjmp(back, 1) == 0) {
				trying = 1;
				for (unsigned i = 0; i < 2000 && !stop; i++)
					++*(volatile uint64_t *)(guarded + random_of(&state, PAGES) * PAGE);
			}
			trying = 0;
		}
	}
	return NULL;
}

/* ---- Moved: what was written is found at the new place. ---- */

static void *moved_thread(void *arg)
{
	static char *_Atomic place;
	static _Atomic unsigned number, said;
	long me = (long)arg;

	while (!stop) {
		if (me == 0) {
			char *from = map(PAGES * PAGE), *to = map(PAGES * PAGE);

			for (unsigned i = 0; i < PAGES; i++)
				*(unsigned *)(from + i * PAGE) = number + 1 + i;
			place = from;
			number++;
			while (said != number && !stop)
				;
			if (stop)
				break; /* the other may still read there */
			place = mremap(from, PAGES * PAGE, PAGES * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
			number++;
			while (said != number && !stop)
				;
			if (stop)
				break; /* the other may still read there */
			munmap(to, PAGES * PAGE);
			rounds++;
		} else if (me == 1) {
			unsigned n = number, first = n - !(n & 1);

			if (n != said) {
				for (unsigned i = 0; i < PAGES; i++)
					wrong += *(volatile unsigned *)(place + i * PAGE) != first + i;
				said = n;
			}
		} else {
			sched_yield();
		}
	}
	if (me == 0)
		number = said = 0;
	return NULL;
}

/* ---- Huge pages, taken apart and put together while others count in them. ---- */

static char *huge;

static void *huge_thread(void *arg)
{
	long me = (long)arg;
	unsigned state = (unsigned)me + 1;
	uint64_t counts[16] = { 0 };

	while (!stop) {
		if (me == 0) {
			char *last = huge + HUGE - PAGE, *block = huge + HUGE * random_of(&state, 4);

			switch (random_of(&state, 4)) {
			case 0:
				madvise(last + HUGE * random_of(&state, 4), PAGE, MADV_DONTNEED);
				break;
			case 1:
				mprotect(block + HUGE / 2, PAGE, PROT_READ);
				mprotect(block + HUGE / 2, PAGE, PROT_READ | PROT_WRITE);
				break;
			case 2:
				madvise(block, HUGE, 25 /* MADV_COLLAPSE */);
				break;
			default:
				memset(block + HUGE - PAGE, 1, PAGE);
			}
			rounds++;
			continue;
		}
		for (unsigned i = 0; i < 200; i++) {
			unsigned k = random_of(&state, 16);
			volatile uint64_t *at = (uint64_t *)(huge + HUGE / 4 * k + (size_t)me * PAGE);

			if (*at != counts[k])
				wrong++;
			*at = ++counts[k];
		}
	}
	return NULL;
}

/* ---- Vector registers through signals, sleeps and moves. ---- */

typedef double vector __attribute__((vector_size(32)));

static void on_usr1(int signo)
{
	vector v = { signo, signo, signo, signo };

	__asm__ volatile("movdqa %0, %%xmm4\n\tmovdqa %%xmm4, %%xmm5\n\tmovdqa %%xmm4, %%xmm6" : : "m"(v) : "xmm4", "xmm5", "xmm6");
	sched_yield();
}

static void *vector_thread(void *arg)
{
	static pthread_t others[THREADS];
	long me = (long)arg;
	unsigned state = (unsigned)me + 1;

	others[me] = pthread_self();
	while (!stop) {
		uint64_t mine[2] = { (uint64_t)me << 32 | random_of(&state, 1u << 20), ~(uint64_t)me }, after[6] = { 0 };
		uint64_t n = 2000;
		pthread_t other = others[(me + 1) % THREADS];

		__asm__ volatile(
			"movdqu %[mine], %%xmm4\n\tmovdqu %[mine], %%xmm5\n\tmovdqu %[mine], %%xmm6\n"
			"1:\tdec %[n]\n\tjnz 1b\n\t"
			"movdqu %%xmm4, %[a]\n\tmovdqu %%xmm5, %[b]\n\tmovdqu %%xmm6, %[c]"
			: [n] "+r"(n), [a] "=m"(*(char(*)[16])&after[0]), [b] "=m"(*(char(*)[16])&after[2]),
			  [c] "=m"(*(char(*)[16])&after[4])
			: [mine] "m"(*(char(*)[16])mine) : "xmm4", "xmm5", "xmm6", "memory");
		for (int i = 0; i < 6; i++)
			wrong += after[i] != mine[i % 2];
		if (random_of(&state, 8) == 0 && other)
			pthread_kill(other, SIGUSR1);
		if (random_of(&state, 50) == 0)
			usleep(1);
		rounds++;
	}
	meet(); /* none ends while others may still send to it */
	others[me] = 0;
	return NULL;
}

int main(int argc, char **argv)
{
	struct sigaction segv = { .sa_sigaction = on_segv, .sa_flags = SA_SIGINFO | SA_NODEFER };
	struct sigaction usr1 = { .sa_handler = on_usr1 };

	length = argc > 1 ? atof(argv[1]) : 2;
	pthread_barrier_init(&barrier, NULL, THREADS);
	sigaction(SIGSEGV, &segv, NULL);
	sigaction(SIGUSR1, &usr1, NULL);
	race("a page of zeroes that becomes one's own is nobody's any more", own_thread);
	own_file = memfd_create("file", 0);
	(void)!ftruncate(own_file, PAGE);
	race("nor is a file's page", own_thread);
	given = map(PAGES * PAGE);
	race("what was given back is gone for all", given_thread);
	guarded = map(PAGES * PAGE);
	race("what is protected does not change", guarded_thread);
	race("what was moved is found at its new place", moved_thread);
	huge = map(5 * HUGE);
	huge = (char *)(((uintptr_t)huge + HUGE - 1) & ~(HUGE - 1));
	madvise(huge, 4 * HUGE, MADV_HUGEPAGE);
	race("huge pages keep what is in them", huge_thread);
	race("vector registers are a thread's own", vector_thread);
	printf("1..%u\n", points);
	return 0;
}
