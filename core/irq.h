/* Interrupts of devices (core/irq.c): lines with handlers; the controller is an arch matter.
 *
 * A handler runs with interrupts off and returns whether the interrupt was its device's. Lines may be shared.
 */
#ifndef CORE_IRQ_H
#define CORE_IRQ_H

struct irq_handler {
	struct irq_handler *next;
	bool (*handle)(void *data);
	void *data; /* borrowed until irq_release() */
};

#define IRQ_EDGE  0u
#define IRQ_LEVEL 1u

/** irq_request() - call @h (owned by the caller, lives on) for global interrupt line @line. -EINVAL, -ENODEV. */
int irq_request(unsigned line, unsigned trigger, struct irq_handler *h);
void irq_release(unsigned line, struct irq_handler *h);
/* Lines are below this. */
#define IRQ_LINES 64

/* What the controller does (arch/). Return: 0, or -EINVAL for a line that no controller has. */
int arch_irq_enable(unsigned line, unsigned trigger);
void arch_irq_disable(unsigned line);
/** irq_dispatch() - called by the controller's trap code. */
void irq_dispatch(unsigned line);

#endif
