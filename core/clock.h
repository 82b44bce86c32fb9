/* Clocks and timers as components with a rating: the best of each kind that answers wins (core/clock.c).
 *
 * Time is nanoseconds since start (clock_monotonic_ns) and an offset to the epoch. The counter-to-nanoseconds factor
 * is a 32.32-like multiplication that the vDSO shares with programs (core/timekeeping.h).
 */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

struct clocksource {
	const char *name;
	uint64_t (*read)(void);      /* never goes backwards */
	uint64_t (*probe)(void);     /* Return: ticks a second, 0 if not there */
	void (*start)(void);         /* on each processor but the first; or NULL */
	bool (*trusted)(void);       /* its rating is 100 higher if this says so; or NULL */
	int rating;
	unsigned flags;
};
#define CLOCKSOURCE_VDSO    1u /* programs can read it too */
#define CLOCKSOURCE_PVCLOCK 2u /* by the host's page, which its probe set clock_host_page to */
#define CLOCKSOURCE_YARDSTICK 4u /* it states its speed: others are measured by it */
SET_DECLARE(clocksource, struct clocksource, 48);

extern paddr_t clock_host_page; /* a page of nothing but struct pvclock_time that programs may read; 0: none */

struct clockevent {
	const char *name;
	uint64_t (*probe)(void);               /* Return: ticks a second, 0 if not there */
	void (*start)(void);                   /* on each processor */
	void (*set)(uint64_t delta_ns);        /* interrupt once after that time; interrupts are off */
	int rating;
	unsigned reserved;
};
SET_DECLARE(clockevent, struct clockevent, 40);

#define NSEC_PER_SEC 1000000000ul

uint64_t clock_monotonic_ns(void);
/** clock_source_name() - of the counter behind it. */
const char *clock_source_name(void);
/** clock_counter() - the raw counter behind it: its low bits are the timing noise that random numbers are mixed with. */
uint64_t clock_counter(void);
uint64_t clock_realtime_ns(void);
/** clock_set_realtime() - set the wall clock; @ns since the epoch. */
void clock_set_realtime(uint64_t ns);
/** clock_rtc_seconds() - the machine's battery clock, seconds since the epoch; 0 without one. Weak in absent/. */
uint64_t clock_rtc_seconds(void);
/** clock_start_cpu() - get clock and timer of this processor going; the first one's are by the initcall. */
void clock_start_cpu(void);
/** clock_interrupt() - a clockevent fired. Context: interrupt, off. */
void clock_interrupt(void);

#endif
