/* Clocks and sleeping. */
#define _GNU_SOURCE
#include <sys/timerfd.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>

#include "suite.h"

static long long ns_of(clockid_t clock)
{
	struct timespec t;

	return clock_gettime(clock, &t) ? -1 : t.tv_sec * 1000000000ll + t.tv_nsec;
}

static volatile unsigned alarms;

static void on_alarm(int unused)
{
	(void)unused;
	alarms++;
}

/* Timers with the shortest period there is, and with the longest. */
static void extreme_timers(void)
{
	struct itimerspec each_ns = { { 0, 1 }, { 0, 1 } }, once = { { INT64_MAX / 2, 0 }, { 0, 1000000 } }, none = { 0 };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerval each_us = { { 0, 1 }, { 0, 1 } }, never = { 0 };
	sigset_t usr1, old;
	siginfo_t info;
	timer_t timers[20], timer;
	uint64_t ticks;
	int fd;

	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, &old);
	for (int i = 0; i < 20; i++) {
		is(timer_create(CLOCK_MONOTONIC, &event, &timers[i]), 0, "timer %d", i);
		timer_settime(timers[i], 0, &each_ns, NULL);
	}
	sleep_ms(30);
	is(sigwaitinfo(&usr1, &info), SIGUSR1, "twenty timers that fire each nanosecond leave the program time");
	ok(timer_getoverrun(timers[0]) + timer_getoverrun(timers[19]) > 0 || info.si_overrun > 1000,
	   "overruns are counted (%d)", info.si_overrun);
	for (int i = 0; i < 20; i++)
		timer_delete(timers[i]);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR1, SIG_DFL);
	sigprocmask(SIG_SETMASK, &old, NULL);
	signal(SIGALRM, SIG_IGN);
	is(setitimer(ITIMER_REAL, &each_us, NULL), 0, "setitimer with a microsecond, ignored");
	sleep_ms(5);
	setitimer(ITIMER_REAL, &never, NULL);
	signal(SIGALRM, on_alarm);
	event.sigev_signo = SIGALRM;
	timer_create(CLOCK_MONOTONIC, &event, &timer);
	is(timer_settime(timer, 0, &once, NULL), 0, "a period of thousands of years");
	sleep_ms(20);
	is(alarms, 1, "fires once");
	timer_settime(timer, 0, &none, NULL);
	timer_delete(timer);
	alarms = 0;
	is(timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &timer), 0, "a timer of processor time");
	once.it_value.tv_sec = INT64_MAX / 2;
	is(timer_settime(timer, 0, &once, NULL), 0, "that is due in thousands of years");
	sleep_ms(20);
	is(alarms, 0, "does not fire");
	timer_delete(timer);
	once.it_value.tv_sec = 0;
	signal(SIGALRM, SIG_DFL);
	fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	timerfd_settime(fd, 0, &once, NULL);
	sleep_ms(20);
	is(read(fd, &ticks, 8), 8, "a descriptor with one");
	is((long long)ticks, 1, "ticks once");
	fails(read(fd, &ticks, 8), EAGAIN, "and no more");
	close(fd);
}

void suite_time(void)
{
	struct timespec t, resolution;
	struct timeval tv;
	struct tms tms;
	struct rusage usage;
	long long before, after, cpu;
	volatile unsigned work = 0;
	bool forward = true;

	ok(ns_of(CLOCK_REALTIME) > 1700000000ll * 1000000000, "CLOCK_REALTIME is after 2023");
	before = ns_of(CLOCK_MONOTONIC);
	for (int i = 0; i < 10000; i++) {
		after = ns_of(CLOCK_MONOTONIC);
		forward &= after >= before;
		before = after;
	}
	ok(forward, "CLOCK_MONOTONIC never goes back");
	ok(ns_of(CLOCK_MONOTONIC_RAW) > 0 && ns_of(CLOCK_BOOTTIME) > 0, "RAW and BOOTTIME");
	ok(ns_of(CLOCK_MONOTONIC_COARSE) > 0 && ns_of(CLOCK_REALTIME_COARSE) > 0, "the coarse ones");
	fails(clock_gettime(99, &t), EINVAL, "clock 99");
	ok(clock_getres(CLOCK_MONOTONIC, &resolution) == 0 && resolution.tv_sec == 0, "clock_getres");
	gettimeofday(&tv, NULL);
	ok(llabs(tv.tv_sec - (long long)time(NULL)) <= 1, "gettimeofday and time agree");
	for (int ms = 1; ms <= 100; ms *= 10) {
		before = ns_of(CLOCK_MONOTONIC);
		t = (struct timespec){ 0, ms * 1000000 };
		is(nanosleep(&t, NULL), 0, "nanosleep of %d ms", ms);
		after = ns_of(CLOCK_MONOTONIC);
		ok(after - before >= ms * 1000000ll, "is not too short");
		ok(after - before < ms * 1000000ll + 1000000000, "nor a second too long");
	}
	t = (struct timespec){ 0, 1000000000 };
	fails(nanosleep(&t, NULL), EINVAL, "1,000,000,000 nanoseconds are refused");
	clock_gettime(CLOCK_MONOTONIC, &t);
	before = t.tv_sec * 1000000000ll + t.tv_nsec + 20000000;
	t = (struct timespec){ before / 1000000000, before % 1000000000 };
	is(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL), 0, "sleep until a time");
	ok(ns_of(CLOCK_MONOTONIC) >= before, "ends then");
	is(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL), 0, "sleep until a time that is past");
	cpu = ns_of(CLOCK_PROCESS_CPUTIME_ID);
	before = now_ms();
	while (ns_of(CLOCK_PROCESS_CPUTIME_ID) - cpu <= 10000000 && now_ms() - before < 10000)
		work++;
	ok(ns_of(CLOCK_PROCESS_CPUTIME_ID) - cpu > 10000000, "work takes processor time");
	ok(ns_of(CLOCK_THREAD_CPUTIME_ID) > 0, "the thread's own");
	cpu = ns_of(CLOCK_PROCESS_CPUTIME_ID);
	sleep_ms(60);
	ok(ns_of(CLOCK_PROCESS_CPUTIME_ID) - cpu < 50000000, "sleep does not");
	ok(times(&tms) != (clock_t)-1, "times");
	is(getrusage(RUSAGE_SELF, &usage), 0, "getrusage");
	ok(usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec > 0, "has counted");
	extreme_timers();
}
