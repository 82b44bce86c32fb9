/* Interrupts, for unit tests: there are none, but that they were left as found can be checked. */
#ifndef ARCH_IRQFLAGS_H
#define ARCH_IRQFLAGS_H

typedef unsigned long irqflags_t;

#define IRQFLAGS_ON 0x200ul

extern irqflags_t host_irqflags;

static inline irqflags_t irq_save(void)
{
	irqflags_t flags = host_irqflags;

	host_irqflags = 0;
	return flags;
}
static inline void irq_restore(irqflags_t flags)
{
	host_irqflags = flags;
}
static inline void irq_enable(void)
{
	host_irqflags = IRQFLAGS_ON;
}
static inline void irq_disable(void)
{
	host_irqflags = 0;
}
static inline bool irq_enabled(void)
{
	return host_irqflags & IRQFLAGS_ON;
}
static inline void cpu_relax(void)
{
}

#endif
