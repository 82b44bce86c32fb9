/* What Xen's clock knows of the time-stamp counter (drivers/xen/clock.c). */
#ifndef DRIVERS_XEN_CLOCK_H
#define DRIVERS_XEN_CLOCK_H

/** xen_clock_tsc_hz() - how fast the counter runs; 0 without that clock. Weak in absent/. */
uint64_t xen_clock_tsc_hz(void);

#endif
