/* The time-stamp counter's speed (drivers/clock/tsc.c). */
#ifndef DRIVERS_CLOCK_TSC_H
#define DRIVERS_CLOCK_TSC_H

/** tsc_hz() - ticks a second, as stated or measured; 0 if that cannot be told. Context: start-up, may sleep. */
uint64_t tsc_hz(void);

#endif
