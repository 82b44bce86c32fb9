/* Stops the machine by steps, each in a timer's call-back (core/stop.h). The program's own end is what ends the machine
 * in the usual case; a program that has not started yet is told when it has. Locking: only the timer's call-back goes
 * from step to step.
 */
#include <asm/signal.h>
#include <core/clock.h>
#include <core/log.h>
#include <core/param.h>
#include <core/power.h>
#include <core/process.h>
#include <core/signal.h>
#include <core/stop.h>
#include <core/timer.h>
#include <linux/errno.h>

COMPONENT("power", "the end of the machine");

#define FIRST_PROGRAM 1
#define NOT_YET_NS    (10ull * 1000 * 1000)
#define KILL_NS       NSEC_PER_SEC

static uint64_t grace_ns = 10 * NSEC_PER_SEC;

/* Seconds as "10" or "10s", or "500ms". */
static int set_stop(char *value)
{
	uint64_t n = 0, unit = NSEC_PER_SEC;
	char *c = value;

	for (; *c >= '0' && *c <= '9' && n < 1000000; c++)
		n = n * 10 + (uint64_t)(*c - '0');
	if (strcmp(c, "ms") == 0)
		unit = NSEC_PER_SEC / 1000;
	else if (strcmp(c, "s") != 0 && *c)
		return -EINVAL;
	if (c == value)
		return -EINVAL;
	grace_ns = n * unit;
	return 0;
}
BOOT_PARAM(stop, "whittle.stop", set_stop);

static bool send(int signo)
{
	struct process *p = process_by_pid(FIRST_PROGRAM);
	struct signal_info info = { .signo = signo, .code = 0x80 /* SI_KERNEL */ };

	if (!p)
		return false;
	(void)signal_send_process(p, &info); /* a full queue: one is on its way already */
	process_put(p);
	return true;
}

static enum step { TELL, KILL, OFF } next;

static void take_step(struct timer *t)
{
	uint64_t now = clock_monotonic_ns();

	switch (next) {
	case TELL:
		if (!send(SIGTERM)) {
			timer_arm(t, now + NOT_YET_NS);
			return;
		}
		WRITE_ONCE(next, KILL);
		timer_arm(t, now + grace_ns);
		return;
	case KILL:
		log_warn("the program has not ended after SIGTERM: SIGKILL");
		next = OFF;
		(void)send(SIGKILL);
		timer_arm(t, now + KILL_NS);
		return;
	case OFF:
		machine_exit(128 + SIGKILL);
	}
}

static struct timer timer = { .call = take_step };

void machine_stop(void)
{
	static bool asked;

	if (!__atomic_exchange_n(&asked, true, __ATOMIC_ACQ_REL) || READ_ONCE(next) == KILL)
		timer_arm(&timer, clock_monotonic_ns());
}
