/* timers [SECONDS]: sleeps, timers and clocks on every processor at once, each thread bound to its own. Says the wall clock at start
 * and end, for the host to compare with its own; ends with 1 if anything came early, or time went backwards. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NSEC 1000000000ll

static int seconds;
static _Atomic int early, backwards, lost;
static _Atomic long long latest;

static long long now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * NSEC + t.tv_nsec;
}

/* No reading is less than one that another processor was done with before it began. */
static long long monotonic(void)
{
	long long before = latest, t = now(CLOCK_MONOTONIC);

	backwards += t < before;
	while (t > before && !__atomic_compare_exchange_n(&latest, &before, t, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
	return t;
}

static void *sleeper(void *arg)
{
	cpu_set_t set;
	long long end;
	int fd;

	CPU_ZERO(&set);
	CPU_SET((long)arg, &set);
	sched_setaffinity(0, sizeof(set), &set);
	fd = timerfd_create(CLOCK_MONOTONIC, 0);
	end = monotonic() + seconds * NSEC;
	for (int i = 1; monotonic() < end; i++) {
		long long ns = i % 7 * 10000000ll + 500000, before = monotonic();

		if (i % 3) {
			nanosleep(&(struct timespec){ 0, ns }, NULL);
		} else {
			uint64_t times = 0;

			timerfd_settime(fd, 0, &(struct itimerspec){ .it_value = { 0, ns } }, NULL);
			lost += read(fd, &times, sizeof(times)) != sizeof(times) || times != 1;
		}
		early += monotonic() - before < ns;
		/* Some work, so that processors are also found busy by the interrupt. */
		for (before = monotonic(); i % 5 == 0 && monotonic() - before < 3000000;)
			;
	}
	close(fd);
	return NULL;
}

int main(int argc, char **argv)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t threads[64];
	sigset_t set;
	timer_t timer;
	int overruns = 0, signals = 0;
	long long begin;

	seconds = argc > 1 ? atoi(argv[1]) : 3;
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	printf("start %lld on %ld\n", now(CLOCK_REALTIME), cpus);
	fflush(stdout);
	for (long i = 0; i < cpus && i < 64; i++)
		pthread_create(&threads[i], NULL, sleeper, (void *)i);
	/* Each 100 ms a signal, or an overrun where we were late. */
	timer_create(CLOCK_MONOTONIC, &(struct sigevent){ .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN }, &timer);
	begin = monotonic();
	timer_settime(timer, 0, &(struct itimerspec){ { 0, 100000000 }, { 0, 100000000 } }, NULL);
	while (signals + overruns < seconds * 10) {
		sigwaitinfo(&set, NULL);
		signals++;
		overruns += timer_getoverrun(timer);
	}
	early += monotonic() - begin < (signals + overruns) * 100000000ll;
	for (long i = 0; i < cpus && i < 64; i++)
		pthread_join(threads[i], NULL);
	printf("end %lld early %d backwards %d lost %d\n", now(CLOCK_REALTIME), early, backwards, lost);
	return early || backwards || lost;
}
