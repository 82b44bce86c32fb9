/* The 8254's registers, and where its interrupt arrives (drivers/clock/pit.c). */
#ifndef DRIVERS_CLOCK_PIT_H
#define DRIVERS_CLOCK_PIT_H

#include <core/irq.h>

#define PIT_CHANNEL0 0x40
#define PIT_COMMAND  0x43
#define PIT_ONE_SHOT 0x30 /* channel 0, both bytes, mode 0 */
#define PIT_LATCH    0x00
#define PIT_HZ       1193182u

/* Line 0 of the old controllers arrives at pin 2 of the I/O APIC on most machines, at pin 0 on some. */
#define PIT_LINES 2
static const unsigned pit_lines[PIT_LINES] = { 0, 2 };

/** pit_counts() - there is one, and its channel 0 was started. */
bool pit_counts(void);
/** pit_connect() - its interrupt calls @handle, by either line; irq_release() of both ends that. */
void pit_connect(struct irq_handler handlers[PIT_LINES], bool (*handle)(void *data), void *data);

#endif
