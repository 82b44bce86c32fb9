/* Signals (core/signal.c): what is queued, for whom, in which order, and what is dropped. */
/* UNIT: core/signal.c */
#include <core/process.h>
#include <core/signal.h>
#include <core/slab.h>
#include <linux/errno.h>
#include <linux/resource.h>
#include <linux/signal.h>

#include "tests/unit/tap.h"

static unsigned wakes;

void thread_interrupt(struct thread *t, uint32_t work)
{
	t->work |= work;
	wakes += t->interruptible;
}
void wait_queue_init(struct wait_queue *q)
{
	list_init(&q->entries);
}
void wait_queue_wake_all(struct wait_queue *q, uint32_t events)
{
}
void wait_entry_init(struct wait_entry *e)
{
}
void wait_prepare(struct wait_queue *q, struct wait_entry *e)
{
}
void wait_finish(struct wait_queue *q, struct wait_entry *e)
{
}
int wait_sleep(uint64_t deadline_ns, bool interruptible)
{
	return -1;
}

static struct process process;
static struct thread first, second;

static void join(struct thread *t)
{
	t->process = &process;
	t->signal = signal_thread_create(NULL);
	list_add_tail(&process.threads, &t->process_node);
}

static int send(struct thread *t, int signo, int code, uint64_t value)
{
	const struct signal_info info = { .signo = signo, .code = code, .value = value };

	return t ? signal_send_thread(t, &info) : signal_send_process(&process, &info);
}

static void handle(int signo, uint64_t handler)
{
	const struct signal_action a = { .handler = handler };
	struct signal_action old;

	signal_action_set(signo, &a, &old);
}

static void queues(void)
{
	struct signal_info info;

	signal_mask_set(~0ull);
	is(send(NULL, SIGUSR1, SI_USER, 1), 0, "a signal is sent");
	send(NULL, SIGUSR1, SI_USER, 2);
	send(NULL, 40, SI_QUEUE, 3);
	send(NULL, 40, SI_QUEUE, 4);
	send(&first, SIGSEGV, SI_USER, 5);
	send(&first, SIGHUP, SI_USER, 6);
	ok(!(first.work & WORK_SIGNAL), "blocked signals ask for nothing");
	is((long long)signal_pending(),
	   (long long)(signal_bit(SIGUSR1) | signal_bit(40) | signal_bit(SIGSEGV) | signal_bit(SIGHUP)), "all are pending");
	is(signal_take(~0ull, &info), SIGSEGV, "a fault comes first");
	is(signal_take(~0ull, &info), SIGHUP, "then the thread's own");
	is(signal_take(signal_bit(40), &info), 40, "one that was asked for");
	is((long long)info.value, 3, "real-time ones in order");
	is(signal_take(~0ull, &info), SIGUSR1, "then by number");
	is((long long)info.value, 1, "a standard signal is queued once");
	is(signal_take(~0ull, &info), 40, "a real-time signal is queued each time");
	is((long long)info.value, 4, "with its value");
	is(signal_take(~0ull, &info), 0, "then none is left");
	is(process.signals->queued, 0, "and none is counted");
	signal_mask_set(0);
}

static void dropping(void)
{
	struct signal_info info;

	send(NULL, SIGCHLD, SI_USER, 0);
	is((long long)signal_pending(), 0, "what is ignored by default is dropped");
	handle(SIGUSR2, SIGNAL_IGNORE);
	send(NULL, SIGUSR2, SI_USER, 0);
	is((long long)signal_pending(), 0, "what the program ignores is dropped");
	signal_mask_set(signal_bit(SIGUSR2));
	send(NULL, SIGUSR2, SI_USER, 0);
	is((long long)signal_pending(), (long long)signal_bit(SIGUSR2), "but kept while it is blocked");
	handle(SIGUSR2, SIGNAL_IGNORE);
	is((long long)signal_pending(), 0, "ignoring it anew drops it");
	signal_mask_set(0);
	send(NULL, SIGTSTP, SI_USER, 0);
	send(NULL, SIGCONT, SI_USER, 0);
	is((long long)(signal_pending() & signal_bit(SIGTSTP)), 0, "SIGCONT takes back a stop");
	send(NULL, SIGTTIN, SI_USER, 0);
	is((long long)(signal_pending() & signal_bit(SIGCONT)), 0, "and a stop takes back SIGCONT");
	while (signal_take(~0ull, &info))
		;
	process.limits[RLIMIT_SIGPENDING].soft = 2;
	send(NULL, 40, SI_QUEUE, 0);
	send(NULL, 40, SI_QUEUE, 0);
	is(send(NULL, 41, SI_QUEUE, 0), -EAGAIN, "sigqueue() says that the queue is full");
	is(send(NULL, 42, SI_USER, 0), 0, "kill() does not mind");
	ok(signal_take(signal_bit(42), &info) == 42 && info.code == SI_USER, "it arrives without its information");
	process.limits[RLIMIT_SIGPENDING].soft = 100;
	while (signal_take(~0ull, &info))
		;
	is(process.signals->queued, 0, "nothing is left behind");
}

static void choosing(void)
{
	struct signal_info info;

	first.work = second.work = 0;
	handle(SIGUSR1, 0x1000);
	send(NULL, SIGUSR1, SI_USER, 0);
	ok((first.work & WORK_SIGNAL) && !second.work, "the first thread is asked");
	signal_mask_set(signal_bit(SIGUSR1));
	ok(!first.work && (second.work & WORK_SIGNAL), "if it blocks the signal, another");
	signal_mask_set(0);
	ok(first.work & WORK_SIGNAL, "or itself, once it does not");
	signal_take(~0ull, &info);
	ok(!first.work, "taken: no more to do");
	first.signal->mask = signal_bit(SIGUSR1);
	second.work = 0;
	second.interruptible = true;
	wakes = 0;
	send(NULL, SIGUSR1, SI_USER, 0);
	is(wakes, 1, "a thread that waits is woken");
	signal_take(~0ull, &info);
	first.signal->mask = 0;
	is(send(&second, SIGUSR1, SI_TKILL, 0), 0, "to one thread alone");
	ok(second.signal->queue.pending && !process.signals->queue.pending, "is in its own queue");
	send(NULL, SIGUSR1, SI_USER, 0);
	second.signal->mask = signal_bit(SIGUSR1);
	signal_thread_end(&second);
	is(send(&second, SIGUSR1, SI_TKILL, 0), -ESRCH, "a thread that ended takes none");
	is(process.signals->queued, 1, "what it had is gone, what the process has is not");
	signal_take(~0ull, &info);
}

static void masks(void)
{
	struct signal_info info;

	signal_mask_set(~0ull);
	is((long long)signal_mask_get(), (long long)~(signal_bit(SIGKILL) | signal_bit(SIGSTOP)),
	   "SIGKILL and SIGSTOP cannot be blocked");
	signal_mask_set(signal_bit(SIGUSR1));
	signal_mask_push(0);
	is((long long)signal_mask_get(), 0, "a mask for one call");
	signal_mask_pop(false);
	is((long long)signal_mask_get(), (long long)signal_bit(SIGUSR1), "goes with it");
	signal_mask_push(0);
	send(NULL, SIGUSR1, SI_USER, 0);
	signal_mask_pop(true);
	ok(first.signal->restore && signal_mask_get() == 0, "interrupted, it stays until the handler is set up");
	signal_take(~0ull, &info);
	first.signal->restore = false;
	signal_mask_set(signal_bit(SIGSEGV));
	handle(SIGSEGV, 0x1000);
	signal_force(SIGSEGV, SEGV_MAPERR, 0x1234);
	ok(signal_action_get(SIGSEGV, true).handler == SIGNAL_DEFAULT && (first.work & WORK_SIGNAL),
	   "a fault that is blocked ends the program");
	ok(signal_take(~signal_mask_get(), &info) == SIGSEGV && info.value == 0x1234, "with its address");
}

static void timers(void)
{
	const struct signal_info tick = { .signo = 40, .code = SI_TIMER, .timer_id = 3 };
	const struct signal_info late = { .signo = 40, .code = SI_TIMER, .timer_id = 3, .overrun = INT32_MAX };
	struct signal_info info;

	signal_mask_set(~0ull);
	for (int i = 0; i < 5; i++)
		signal_send_process(&process, &tick);
	ok(signal_take(~0ull, &info) == 40 && info.overrun == 4, "a timer's signal that waits counts the others");
	is(signal_take(~0ull, &info), 0, "instead of queueing them");
	ok(!signal_send_timer(&process, NULL, &tick) && signal_send_timer(&process, NULL, &late), "a timer is told that its signal waits");
	ok(signal_take(~0ull, &info) == 40 && info.overrun == INT32_MAX, "as many overruns as there can be");
	ok(process.signals->timer_taken == 3 && process.signals->timer_overrun == INT32_MAX, "for timer_getoverrun()");
}

int main(void)
{
	list_init(&process.threads);
	process.signals = signal_process_create();
	process.limits[RLIMIT_SIGPENDING].soft = 100;
	process.leader = &first;
	current_thread = (uintptr_t)&first;
	join(&first);
	join(&second);
	queues();
	dropping();
	choosing();
	masks();
	timers();
	signal_thread_end(&first);
	signal_process_free(process.signals);
	return tap_done();
}
