/* How fast counters run whose speed nobody states (drivers/clock/measure.c, drivers/clock/pit.c). */
#ifndef DRIVERS_CLOCK_MEASURE_H
#define DRIVERS_CLOCK_MEASURE_H

/* Of this processor, ticks a second; 0: not known. */
struct measured {
	uint64_t tsc_hz;
	uint64_t apic_timer_hz;
};

/** measured_speeds() - measured once, in one to some milliseconds; later calls reuse it. Context: start-up, may sleep. */
const struct measured *measured_speeds(void);
/** pit_measure() - count TSC and local APIC timer over two milliseconds of the PIT. The local APIC is there. */
struct measured pit_measure(void);

#endif
