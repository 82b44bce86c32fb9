/* What core/timer.c asks of core/clock.c. */
#ifndef CORE_CLOCK_INTERNAL_H
#define CORE_CLOCK_INTERNAL_H

/** clockevent_set() - interrupt this processor once, in @delta_ns. Interrupts off. */
void clockevent_set(uint64_t delta_ns);

#endif
