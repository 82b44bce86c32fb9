/* Signals: handlers, masks, queues, interrupted calls, timers. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "suite.h"

static volatile int caught, caught_value, caught_code, depth, deepest;
static volatile pid_t caught_pid;
static void *volatile handler_stack;

static void note_signal(int sig)
{
	caught = sig;
}

static void note_info(int sig, siginfo_t *info, void *context)
{
	char here;

	(void)context;
	caught = sig;
	caught_code = info->si_code;
	caught_pid = info->si_pid;
	caught_value = info->si_value.sival_int;
	handler_stack = &here;
}

static void on(int sig, void (*handler)(int), int flags)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = flags };

	sigemptyset(&sa.sa_mask);
	sigaction(sig, &sa, NULL);
}

static void on_info(int sig, int flags)
{
	struct sigaction sa = { .sa_sigaction = note_info, .sa_flags = SA_SIGINFO | flags };

	sigemptyset(&sa.sa_mask);
	sigaction(sig, &sa, NULL);
}

static void handlers(void)
{
	struct sigaction sa, old;

	on(SIGUSR1, note_signal, 0);
	caught = 0;
	is(raise(SIGUSR1), 0, "raise");
	is(caught, SIGUSR1, "runs the handler before it returns");
	on_info(SIGUSR2, 0);
	is(kill(getpid(), SIGUSR2), 0, "kill of ourselves");
	is(caught, SIGUSR2, "runs the handler");
	is(caught_code, SI_USER, "with si_code SI_USER");
	is(caught_pid, getpid(), "and our own id");
	is(sigqueue(getpid(), SIGUSR2, (union sigval){ .sival_int = 77 }), 0, "sigqueue");
	ok(caught_code == SI_QUEUE && caught_value == 77, "brings its value");
	is(sigaction(SIGUSR2, NULL, &old), 0, "sigaction reads");
	ok(old.sa_sigaction == note_info && old.sa_flags & SA_SIGINFO, "what was set");
	on(SIGUSR1, note_signal, SA_RESETHAND);
	raise(SIGUSR1);
	sigaction(SIGUSR1, NULL, &old);
	ok(old.sa_handler == SIG_DFL, "SA_RESETHAND resets");
	on(SIGUSR1, SIG_IGN, 0);
	caught = 0;
	raise(SIGUSR1);
	is(caught, 0, "an ignored signal does nothing");
	raise(SIGCHLD);
	raise(SIGWINCH);
	ok(true, "nor do SIGCHLD and SIGWINCH by default");
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = note_signal;
	fails(sigaction(SIGKILL, &sa, NULL), EINVAL, "SIGKILL has no handler");
	fails(sigaction(99, &sa, NULL), EINVAL, "signal 99 does not exist");
	fails(kill(getpid(), 99), EINVAL, "nor can it be sent");
	is(kill(getpid(), 0), 0, "signal 0 only asks");
	fails(kill(99999, 0), ESRCH, "for a process that is not there");
}

static void nested(int sig)
{
	if (++depth > deepest)
		deepest = depth;
	if (deepest < 3)
		raise(sig);
	depth--;
}

static void on_other(int sig)
{
	(void)sig;
	caught = depth;
}

static void from_within(int sig)
{
	(void)sig;
	depth++;
	raise(SIGUSR2);
	depth--;
}

static void masks(void)
{
	sigset_t set, old, pending;
	siginfo_t info;
	struct timespec none = { 0, 10 * 1000000 };
	struct sigaction sa;
	int sig;

	on(SIGUSR1, note_signal, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	is(sigprocmask(SIG_BLOCK, &set, &old), 0, "SIGUSR1 is blocked");
	ok(!sigismember(&old, SIGUSR1), "was not before");
	caught = 0;
	raise(SIGUSR1);
	is(caught, 0, "its handler waits");
	sigpending(&pending);
	is(sigismember(&pending, SIGUSR1), 1, "it is pending");
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	is(caught, SIGUSR1, "until it is unblocked");

	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	is(sigwait(&set, &sig), 0, "sigwait");
	is(sig, SIGUSR1, "takes it");
	sigqueue(getpid(), SIGUSR1, (union sigval){ .sival_int = 5 });
	is(sigtimedwait(&set, &info, &none), SIGUSR1, "sigtimedwait takes it");
	ok(info.si_code == SI_QUEUE && info.si_value.sival_int == 5, "with its value");
	fails(sigtimedwait(&set, &info, &none), EAGAIN, "and gives up when there is none");
	caught = 0;
	raise(SIGUSR1);
	sigemptyset(&old);
	fails(sigsuspend(&old), EINTR, "sigsuspend ends");
	is(caught, SIGUSR1, "when a handler has run");
	sigprocmask(SIG_SETMASK, NULL, &old);
	is(sigismember(&old, SIGUSR1), 1, "and blocks it again");

	sigprocmask(SIG_UNBLOCK, &set, NULL);
	depth = deepest = 0;
	on(SIGUSR1, nested, SA_NODEFER);
	raise(SIGUSR1);
	is(deepest, 3, "SA_NODEFER lets a handler be interrupted by its own signal");
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = from_within;
	sigemptyset(&sa.sa_mask);
	sigaddset(&sa.sa_mask, SIGUSR2);
	sigaction(SIGUSR1, &sa, NULL);
	on(SIGUSR2, on_other, 0);
	caught = -1;
	raise(SIGUSR1);
	is(caught, 0, "sa_mask holds another back until the handler is done");

	/* Real-time signals queue, each with its value, lowest number first. */
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 1);
	sigaddset(&set, SIGRTMIN + 2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int i = 0; i < 3; i++)
		sigqueue(getpid(), SIGRTMIN + 2, (union sigval){ .sival_int = i });
	sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ .sival_int = 9 });
	ok(sigwaitinfo(&set, &info) == SIGRTMIN + 1 && info.si_value.sival_int == 9, "the lowest comes first");
	for (int i = 0; i < 3; i++)
		ok(sigwaitinfo(&set, &info) == SIGRTMIN + 2 && info.si_value.sival_int == i, "then number %d in order", i);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void faults(void)
{
	volatile int zero = 0, one = 1;

	is(FAULT_OF(one = one / zero), SIGFPE, "a division by zero");
	is(fault_code, FPE_INTDIV, "is FPE_INTDIV");
	is(FAULT_OF(__builtin_trap()), SIGILL, "an undefined instruction");
	is(fault_code, ILL_ILLOPN, "is ILL_ILLOPN");
	is(FAULT_OF(*(volatile int *)(uintptr_t)zero = 1), SIGSEGV, "a null pointer");
	ok(fault_address == NULL, "at address 0");
	for (int i = 0; i < 100; i++)
		if (FAULT_OF(*(volatile int *)(uintptr_t)zero = 1) != SIGSEGV)
			one = 0;
	ok(one, "a hundred times");
}

static void *send_soon(void *to)
{
	sleep_ms(40);
	pthread_kill(*(pthread_t *)to, SIGUSR1);
	sleep_ms(40);
	if (write(*(int *)((pthread_t *)to + 1), "x", 1) != 1)
		perror("write");
	return NULL;
}

static void interrupted(void)
{
	struct {
		pthread_t self;
		int fd;
	} to = { pthread_self(), -1 };
	struct timespec length = { 5, 0 }, rest = { 0, 0 };
	pthread_t t;
	int p[2];
	char c;

	if (!ok(pipe(p) == 0, "a pipe"))
		return;
	to.fd = p[1];
	on(SIGUSR1, note_signal, 0);
	pthread_create(&t, NULL, send_soon, &to);
	fails(read(p[0], &c, 1), EINTR, "a signal interrupts read()");
	pthread_join(t, NULL);
	is(read(p[0], &c, 1), 1, "what was written later is there");
	on(SIGUSR1, note_signal, SA_RESTART);
	pthread_create(&t, NULL, send_soon, &to);
	is(read(p[0], &c, 1), 1, "SA_RESTART goes on with it");
	pthread_join(t, NULL);
	pthread_create(&t, NULL, send_soon, &to);
	fails(nanosleep(&length, &rest), EINTR, "nanosleep is interrupted all the same");
	ok(rest.tv_sec == 4 && rest.tv_nsec > 0, "and tells the rest");
	pthread_join(t, NULL);
	is(read(p[0], &c, 1), 1, "the last byte");
	on(SIGPIPE, note_signal, 0);
	close(p[0]);
	fails(write(p[1], "x", 1), EPIPE, "a write that nobody can read");
	is(caught, SIGPIPE, "raises SIGPIPE");
	on(SIGPIPE, SIG_IGN, 0);
	fails(write(p[1], "x", 1), EPIPE, "ignored, EPIPE is all");
	close(p[1]);
}

static void other_stack(void)
{
	static char area[65536];
	stack_t stack = { .ss_sp = area, .ss_size = sizeof(area) }, old;

	is(sigaltstack(&stack, &old), 0, "a signal stack");
	ok(old.ss_flags & SS_DISABLE, "there was none");
	on_info(SIGUSR1, SA_ONSTACK);
	raise(SIGUSR1);
	ok((char *)handler_stack > area && (char *)handler_stack < area + sizeof(area), "SA_ONSTACK runs on it");
	on_info(SIGUSR1, 0);
	raise(SIGUSR1);
	ok((char *)handler_stack < area || (char *)handler_stack > area + sizeof(area), "without, on the usual one");
	stack.ss_size = 100;
	fails(sigaltstack(&stack, NULL), ENOMEM, "100 bytes are not enough");
	sigaltstack(&old, NULL);
}

static sigjmp_buf escape;

static void jump(int sig)
{
	siglongjmp(escape, sig);
}

static volatile double handler_sum;

static void use_floats(int sig)
{
	double x = 1.0;

	(void)sig;
	for (int i = 0; i < 50; i++)
		x = x * 1.5 + 2.0;
	handler_sum = x;
	caught++;
}

static void registers(void)
{
	volatile int from;
	struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, never = { { 0, 0 }, { 0, 0 } };
	double sum = 0, again = 0;
	bool same = true;
	int rounds = 0;

	on(SIGUSR1, jump, 0);
	from = sigsetjmp(escape, 1);
	if (!from)
		raise(SIGUSR1);
	is(from, SIGUSR1, "siglongjmp out of a handler");
	for (int i = 1; i < 20000; i++)
		again += 1.0 / i;
	on(SIGALRM, use_floats, 0);
	caught = 0;
	setitimer(ITIMER_REAL, &often, NULL);
	while (caught < 20 && rounds++ < 20000) {
		sum = 0;
		for (int i = 1; i < 20000; i++)
			sum += 1.0 / i;
		same &= sum == again;
	}
	setitimer(ITIMER_REAL, &never, NULL);
	ok(caught >= 20, "a timer interrupts a computation");
	ok(same, "which does not notice");
}

static void timers(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 31 };
	struct itimerspec soon = { { 0, 0 }, { 0, 20 * 1000000 } }, left;
	struct itimerval once = { { 0, 0 }, { 0, 30000 } };
	long long start = now_ms();
	timer_t timer;
	sigset_t none, both, before;

	/* A slow console takes longer to say what was done than the signal to come. */
	sigemptyset(&none);
	sigemptyset(&both);
	sigaddset(&both, SIGALRM);
	sigaddset(&both, SIGUSR1);
	sigprocmask(SIG_BLOCK, &both, &before);
	on(SIGALRM, note_signal, 0);
	caught = 0;
	is(setitimer(ITIMER_REAL, &once, NULL), 0, "setitimer");
	sigsuspend(&none);
	ok(caught == SIGALRM && now_ms() - start >= 29, "SIGALRM after its 30 ms");
	caught = 0;
	is(alarm(1), 0, "alarm");
	is(alarm(0), 1, "cancelled");
	on_info(SIGUSR1, 0);
	if (!ok(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0, "timer_create")) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		return;
	}
	is(timer_settime(timer, 0, &soon, NULL), 0, "timer_settime");
	sigsuspend(&none);
	sigprocmask(SIG_SETMASK, &before, NULL);
	ok(caught == SIGUSR1 && caught_code == SI_TIMER && caught_value == 31, "its signal brings its value");
	is(timer_gettime(timer, &left), 0, "timer_gettime");
	ok(left.it_value.tv_sec == 0 && left.it_value.tv_nsec == 0, "nothing is left");
	is(timer_delete(timer), 0, "timer_delete");
}

static pid_t handler_tid;

static void note_tid(int sig)
{
	(void)sig;
	handler_tid = (pid_t)syscall(SYS_gettid);
}

static pid_t waiter_tid;

static void *await_signal(void *unused)
{
	waiter_tid = (pid_t)syscall(SYS_gettid);
	sleep_ms(10000);
	return unused;
}

static void directed(void)
{
	pthread_t t;

	on(SIGUSR1, note_tid, 0);
	pthread_create(&t, NULL, await_signal, NULL);
	sleep_ms(50);
	handler_tid = 0;
	is(syscall(SYS_tgkill, getpid(), waiter_tid, SIGUSR1), 0, "tgkill of a sleeping thread");
	for (int i = 0; i < 200 && !handler_tid; i++)
		sleep_ms(5);
	is(handler_tid, waiter_tid, "the handler runs in that thread");
	fails(syscall(SYS_tgkill, getpid(), 99999, SIGUSR1), ESRCH, "tgkill of a thread that is not there");
	pthread_cancel(t);
	pthread_join(t, NULL);
}

void suite_signals(void)
{
	handlers();
	masks();
	faults();
	interrupted();
	other_stack();
	registers();
	timers();
	directed();
	on(SIGUSR1, SIG_DFL, 0);
	on(SIGUSR2, SIG_DFL, 0);
	on(SIGALRM, SIG_DFL, 0);
}
