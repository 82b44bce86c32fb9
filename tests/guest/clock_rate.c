/* clock_rate [SECONDS [LOOPS]]: line by line says the monotonic time, by the C library and by the call, and sleeps in between. Ends
 * with 1 if time goes backwards, or if sleeps are not as long as the clock says. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long long ns(const struct timespec *t)
{
	return t->tv_sec * 1000000000ll + t->tv_nsec;
}
static long long by_library(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return ns(&t);
}
static long long by_call(clockid_t clock)
{
	struct timespec t;

	syscall(SYS_clock_gettime, clock, &t);
	return ns(&t);
}

int main(int argc, char **argv)
{
	int bad = 0;

	for (clockid_t clock = CLOCK_REALTIME; clock <= CLOCK_MONOTONIC; clock++) {
		long long last = by_call(clock), now;

		for (int i = 0; i < (argc > 2 ? atoi(argv[2]) : 20000); i++, last = now) {
			now = i & 1 ? by_call(clock) : by_library(clock);
			bad |= now < last;
		}
	}
	printf("start %lld\n", by_library(CLOCK_REALTIME));
	fflush(stdout);
	for (int i = 0; i < (argc > 1 ? atoi(argv[1]) : 1) * 10; i++) {
		struct timespec tenth = { 0, 100000000 };
		long long before = by_library(CLOCK_MONOTONIC), slept;

		nanosleep(&tenth, NULL);
		slept = by_library(CLOCK_MONOTONIC) - before;
		if (slept < 100000000 || slept > 150000000) {
			printf("slept %lld\n", slept);
			bad |= slept < 100000000;
		}
	}
	printf("end %lld %s\n", by_library(CLOCK_REALTIME), bad ? "bad" : "good");
	return bad;
}
