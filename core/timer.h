/* Timers: one function call at or after a moment (core/timer.c). High resolution, no periodic tick.
 *
 * A timer belongs to the processor that armed it. The call-back runs in interrupt context with interrupts off, no
 * lock held; it may arm the timer again. Armed twice without a cancel in between: the later moment replaces.
 */
#ifndef CORE_TIMER_H
#define CORE_TIMER_H

struct timer {
	uint64_t expires_ns;               /* clock_monotonic_ns() */
	void (*call)(struct timer *t);
	uint32_t heap_index;               /* in its processor's heap, from 1; 0: not armed */
	uint32_t cpu;
};

#define TIMER_NEVER UINT64_MAX

void timer_init(struct timer *t, void (*call)(struct timer *t));
/** timer_arm() - call at @expires_ns (monotonic). Context: any. Memory: none is allocated in the common case. */
void timer_arm(struct timer *t, uint64_t expires_ns);
/** timer_cancel() - not any more; waits for a call in progress on another processor. Return: it was armed. */
bool timer_cancel(struct timer *t);

#endif
