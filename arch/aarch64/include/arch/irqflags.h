/* Interrupts of this processor, on and off (Arm ARM, DAIF). */
#ifndef ARCH_IRQFLAGS_H
#define ARCH_IRQFLAGS_H

typedef unsigned long irqflags_t;

#define IRQFLAGS_ON 1ul

static inline bool irq_enabled(void)
{
	unsigned long daif;

	__asm__ volatile("mrs %0, daif" : "=r"(daif));
	return !(daif & 0x80);
}
static inline void irq_enable(void)
{
	__asm__ volatile("msr daifclr, #2" : : : "memory");
}
static inline void irq_disable(void)
{
	__asm__ volatile("msr daifset, #2" : : : "memory");
}
static inline irqflags_t irq_save(void)
{
	irqflags_t flags = irq_enabled() ? IRQFLAGS_ON : 0;

	irq_disable();
	return flags;
}
static inline void irq_restore(irqflags_t flags)
{
	if (flags & IRQFLAGS_ON)
		irq_enable();
}
/* Called with interrupts off; returns with them on, after one. */
static inline void arch_wait_for_interrupt(void)
{
	__asm__ volatile("wfi" : : : "memory");
	irq_enable();
}
static inline void cpu_relax(void)
{
	__asm__ volatile("yield" : : : "memory");
}

#endif
