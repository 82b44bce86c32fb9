/* Timers: one function call at or after a moment (core/timer.c). High resolution, no periodic tick.
 *
 * A timer belongs to the processor that armed it. The call-back runs in interrupt context with interrupts off, no
 * lock held; it may arm the timer again. Armed twice without a cancel in between: the later moment replaces.
 */
#ifndef CORE_TIMER_H
#define CORE_TIMER_H

/* A node of a pairing heap; all but @call belongs to timer.c, under the lock of its processor's queue. */
struct timer {
	uint64_t expires_ns;               /* clock_monotonic_ns() */
	void (*call)(struct timer *t);     /* I */
	struct timer *child, *next;        /* first child; next sibling */
	struct timer *prev;                /* previous sibling, or the parent of a first child */
	uint32_t cpu;
	bool armed;
};

#define TIMER_NEVER UINT64_MAX

void timer_init(struct timer *t, void (*call)(struct timer *t));
/** timer_arm() - call at @expires_ns (monotonic). Context: any. */
void timer_arm(struct timer *t, uint64_t expires_ns);
/** timer_cancel() - not any more; waits for a call in progress on another processor. Return: it was armed. */
bool timer_cancel(struct timer *t);
/** timer_run_expired() - call what is due on this processor, program the hardware for what is next. Interrupts off. */
void timer_run_expired(void);

#endif
