/* Measuring other counters against the PIT (drivers/clock/pit.c). */
#ifndef DRIVERS_CLOCK_PIT_H
#define DRIVERS_CLOCK_PIT_H

/* How fast this processor's counters run, ticks a second; 0: not measured. */
struct measured {
	uint64_t tsc_hz;
	uint64_t apic_timer_hz;
};

/** pit_measure() - count TSC and local APIC timer over two milliseconds of the PIT, once; later calls reuse it. */
const struct measured *pit_measure(void);

#endif
