/* Timers, sleeps and limits of processor time. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "suite.h"

static volatile sig_atomic_t caught, xcpu;
static volatile bool stop;

static void on_signal(int sig)
{
	caught++;
	xcpu += sig == SIGXCPU;
}

static long long used_us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000ll + t.tv_nsec / 1000;
}

static void *burn(void *arg)
{
	(void)arg;
	while (!stop)
		;
	return NULL;
}

/* Use processor time until a signal has come, ten seconds at most. */
static void burn_until_caught(int n)
{
	long long end = now_ms() + 10000;

	while (caught < n && now_ms() < end)
		;
}

static timer_t create(clockid_t clock)
{
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2 };
	timer_t t;

	return timer_create(clock, &e, &t) ? (timer_t)-1 : t;
}

static void timers(clockid_t clock, const char *name)
{
	struct itimerspec set = { .it_value = { 0, 30000000 } }, now;
	timer_t t = create(clock);
	long long before;

	if (!ok(t != (timer_t)-1, "timer_create: %s", name))
		return;
	caught = 0;
	before = used_us(clock);
	is(timer_settime(t, 0, &set, NULL), 0, "30 ms of it");
	ok(timer_gettime(t, &now) == 0 && now.it_value.tv_nsec > 0 && now.it_value.tv_nsec <= 30000000, "what is left");
	sleep_ms(60);
	is(caught, 0, "sleeping is none");
	burn_until_caught(1);
	is(caught, 1, "a signal");
	ok(used_us(clock) - before >= 30000, "not before");
	ok(timer_gettime(t, &now) == 0 && now.it_value.tv_nsec == 0 && now.it_value.tv_sec == 0, "it is off");
	set.it_interval.tv_nsec = 10000000;
	caught = 0;
	timer_settime(t, 0, &set, NULL);
	burn_until_caught(3);
	ok(caught >= 3, "again and again");
	before = used_us(clock) + 20000;
	set = (struct itimerspec){ .it_value = { before / 1000000, before % 1000000 * 1000 } };
	timer_settime(t, TIMER_ABSTIME, &set, &now);
	ok(now.it_interval.tv_nsec == 10000000, "the old setting");
	caught = 0;
	burn_until_caught(1);
	ok(used_us(clock) >= before, "at a moment");
	timer_settime(t, 0, &(struct itimerspec){ .it_value = { 100, 0 } }, NULL);
	is(timer_delete(t), 0, "timer_delete");
}

static void sleeps(void)
{
	struct timespec t = { 0, 30000000 }, left = { 0, 0 };
	long long before = used_us(CLOCK_PROCESS_CPUTIME_ID), at;
	clockid_t of_thread;
	pthread_t thread;

	stop = false;
	pthread_create(&thread, NULL, burn, NULL);
	is(clock_nanosleep(CLOCK_PROCESS_CPUTIME_ID, 0, &t, NULL), 0, "sleeping while others use it");
	at = used_us(CLOCK_PROCESS_CPUTIME_ID);
	ok(at - before >= 30000, "as long as that");
	at += 20000;
	t = (struct timespec){ at / 1000000, at % 1000000 * 1000 };
	is(clock_nanosleep(CLOCK_PROCESS_CPUTIME_ID, TIMER_ABSTIME, &t, NULL), 0, "until a moment of it");
	ok(used_us(CLOCK_PROCESS_CPUTIME_ID) >= at, "not before");
	pthread_getcpuclockid(thread, &of_thread);
	before = used_us(of_thread);
	t = (struct timespec){ 0, 20000000 };
	is(clock_nanosleep(of_thread, 0, &t, NULL), 0, "of another thread");
	ok(used_us(of_thread) - before >= 20000, "which has used it");
	stop = true;
	pthread_join(thread, NULL);
	is(syscall(SYS_clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &t, NULL) == -1 ? errno : 0, EOPNOTSUPP, "one's own does not go on");
	is(syscall(SYS_clock_nanosleep, 77, 0, &t, NULL) == -1 ? errno : 0, EINVAL, "no such clock");
	t.tv_nsec = -1;
	is(syscall(SYS_clock_nanosleep, CLOCK_PROCESS_CPUTIME_ID, 0, &t, NULL) == -1 ? errno : 0, EINVAL, "an impossible time");
	is(syscall(SYS_clock_nanosleep, CLOCK_PROCESS_CPUTIME_ID, 0, 8, NULL) == -1 ? errno : 0, EFAULT, "from nowhere");
	t = (struct timespec){ 100, 0 };
	/* Nobody uses any: only a signal ends it. */
	setitimer(ITIMER_REAL, &(struct itimerval){ .it_value = { 0, 30000 } }, NULL);
	is(clock_nanosleep(CLOCK_PROCESS_CPUTIME_ID, 0, &t, &left), EINTR, "a signal");
	ok(left.tv_sec >= 90, "what was left");
}

static void interval_timers(int which, int signo, const char *name)
{
	struct itimerval set = { .it_interval = { 0, 10000 }, .it_value = { 0, 20000 } }, now;

	signal(signo, on_signal);
	caught = 0;
	is(setitimer(which, &set, NULL), 0, "setitimer: %s", name);
	burn_until_caught(3);
	ok(caught >= 3, "signals");
	ok(getitimer(which, &now) == 0 && now.it_interval.tv_usec == 10000, "as it was set");
	setitimer(which, &(struct itimerval){ 0 }, NULL);
	signal(signo, SIG_DFL);
}

static void limits(void)
{
	struct rlimit old, limit;
	long long used = used_us(CLOCK_PROCESS_CPUTIME_ID);

	getrlimit(RLIMIT_CPU, &old);
	limit = old;
	limit.rlim_cur = (rlim_t)(used / 1000000 + 1);
	caught = xcpu = 0;
	is(setrlimit(RLIMIT_CPU, &limit), 0, "RLIMIT_CPU");
	burn_until_caught(1);
	is(xcpu, 1, "SIGXCPU");
	/* The host counts this one by ticks. */
	ok(!in_guest() || used_us(CLOCK_PROCESS_CPUTIME_ID) >= (long long)limit.rlim_cur * 1000000, "at the limit");
	used = (long long)limit.rlim_cur;
	getrlimit(RLIMIT_CPU, &limit);
	is((long long)limit.rlim_cur, used + 1, "the next is a second later");
	is(setrlimit(RLIMIT_CPU, &old), 0, "none again");
}

void suite_cpu_time(void)
{
	struct sigaction sa = { .sa_handler = on_signal };
	struct sigevent wrong = { .sigev_notify = 77 };
	timer_t t;

	sigaction(SIGUSR2, &sa, NULL);
	sigaction(SIGALRM, &sa, NULL);
	sigaction(SIGXCPU, &sa, NULL);
	timers(CLOCK_PROCESS_CPUTIME_ID, "the process's");
	timers(CLOCK_THREAD_CPUTIME_ID, "the thread's");
	fails(syscall(SYS_timer_create, 77, NULL, &t), EINVAL, "no such clock");
	fails(syscall(SYS_timer_create, CLOCK_PROCESS_CPUTIME_ID, &wrong, &t), EINVAL, "no such notice");
	fails(syscall(SYS_timer_create, ~3999999 * 8 + 6, NULL, &t), EINVAL, "of no thread");
	sleeps();
	interval_timers(ITIMER_VIRTUAL, SIGVTALRM, "ITIMER_VIRTUAL");
	interval_timers(ITIMER_PROF, SIGPROF, "ITIMER_PROF");
	limits();
	signal(SIGUSR2, SIG_DFL);
	signal(SIGALRM, SIG_DFL);
	signal(SIGXCPU, SIG_DFL);
}
