/* Interrupts of devices (core/irq.c): lines with handlers; the controller is an arch matter.
 *
 * A handler runs with interrupts off and returns whether the interrupt was its device's. Lines may be shared.
 */
#ifndef CORE_IRQ_H
#define CORE_IRQ_H

struct irq_handler {
	struct irq_handler *next;
	bool (*handle)(void *data);
	void *data;       /* borrowed until irq_release() */
	const char *name; /* the same: of the device, for /proc/interrupts */
};

#define IRQ_EDGE  0u
#define IRQ_LEVEL 1u
#define IRQ_LOW   2u /* active low; else high */

/** irq_isa() - the line that a PC's old interrupt @irq (4: the first serial port) arrives at. */
unsigned irq_isa(unsigned irq);
/** irq_isa_override() - it is @line, which is active low if @low. Context: start-up. */
void irq_isa_override(unsigned irq, unsigned line, bool low);
/** irq_request() - call @h (owned by the caller, lives on) for global interrupt line @line. -EINVAL, -ENODEV. */
int irq_request(unsigned line, unsigned trigger, struct irq_handler *h);
void irq_release(unsigned line, struct irq_handler *h);
/* Lines are below this; those from IRQ_MESSAGES_FIRST on have no wire: devices write a message (PCI's MSI-X). */
#define IRQ_LINES          80
#define IRQ_MESSAGES_FIRST 48

/* What a device writes, and where, to interrupt. */
struct irq_message {
	uint64_t address;
	uint32_t data;
};
/** irq_request_message() - call @h on processor @cpu when a device sends @m. Return: the line, for irq_release(); -ENOSPC: none is free. */
int irq_request_message(struct irq_handler *h, unsigned cpu, struct irq_message *m);

/* What the controller does (arch/). Return: 0, or -EINVAL for a line that no controller has. */
int arch_irq_enable(unsigned line, unsigned trigger);
void arch_irq_disable(unsigned line);
void arch_irq_message(unsigned line, unsigned cpu, struct irq_message *m);
/** irq_dispatch() - called by the controller's trap code. */
void irq_dispatch(unsigned line);

/* What is counted besides lines. */
#define IRQ_COUNT_TIMER      IRQ_LINES
#define IRQ_COUNT_RESCHEDULE (IRQ_LINES + 1)
#define IRQ_COUNTS           (IRQ_LINES + 2)
struct irq_counts {
	uint32_t of[IRQ_COUNTS];
};
extern struct irq_counts irq_counts; /* percpu; written with interrupts off */
/** irq_counted() - on processor @cpu, of a line or of IRQ_COUNT_*. */
uint32_t irq_counted(unsigned cpu, unsigned which);
/** irq_name() - the name of a device on @line, or NULL: it has none. More than one: any of them. */
const char *irq_name(unsigned line);

#endif
