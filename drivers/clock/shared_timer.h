/* One timer of the machine for all its processors, where they have none of their own (drivers/clock/shared_timer.c). */
#ifndef DRIVERS_CLOCK_SHARED_TIMER_H
#define DRIVERS_CLOCK_SHARED_TIMER_H

#include <core/clock.h>

/** shared_timer_start() - @arm: make the hardware interrupt the first processor once, in @delta_ns or earlier. Start-up. */
void shared_timer_start(void (*arm)(uint64_t delta_ns));
/** shared_timer_set() - what a clockevent's set() does. Interrupts off. */
void shared_timer_set(uint64_t delta_ns);
/** shared_timer_interrupt() - the hardware did. A struct irq_handler's handle(). */
bool shared_timer_interrupt(void *unused);

#endif
