/* The registers of the high precision event timer (drivers/clock/hpet.c; IA-PC HPET 1.0a, 2.3). */
#ifndef DRIVERS_CLOCK_HPET_H
#define DRIVERS_CLOCK_HPET_H

enum hpet_register {
	HPET_CAPABILITIES = 0, HPET_PERIOD = 4, HPET_CONFIGURATION = 0x10, HPET_COUNTER = 0xf0,
	HPET_TIMER0_CONFIGURATION = 0x100, HPET_TIMER0_COMPARATOR = 0x108,
};
#define HPET_CAPABLE_64_BITS      (1u << 13)
#define HPET_CAPABLE_OLD_LINES    (1u << 15)
#define HPET_ENABLE               (1u << 0)
#define HPET_OLD_LINES            (1u << 1)
#define HPET_TIMER_LEVEL          (1u << 1)
#define HPET_TIMER_INTERRUPTS     (1u << 2)
#define HPET_TIMER_PERIODIC       (1u << 3)
#define HPET_TIMER_CAPABLE_64_BITS (1u << 5)
#define HPET_TIMER_32_BITS        (1u << 8)
#define HPET_TIMER_MESSAGES       (1u << 14)

/** hpet_find() - map its registers and let it count, once. Return: ticks a second; 0: there is none that we use. */
uint64_t hpet_find(void);
uint32_t hpet_get(enum hpet_register r);
void hpet_put(enum hpet_register r, uint32_t v);
/** hpet_read() - its counter. */
uint64_t hpet_read(void);

#endif
