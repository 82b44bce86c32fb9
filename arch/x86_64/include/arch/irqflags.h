/* Interrupts of this processor, on and off. */
#ifndef ARCH_IRQFLAGS_H
#define ARCH_IRQFLAGS_H

typedef unsigned long irqflags_t;

#define IRQFLAGS_ON 0x200ul

static inline irqflags_t irq_save(void)
{
	irqflags_t flags;

	__asm__ volatile("pushfq; popq %0; cli" : "=r"(flags) : : "memory");
	return flags;
}
static inline void irq_restore(irqflags_t flags)
{
	if (flags & IRQFLAGS_ON)
		__asm__ volatile("sti" : : : "memory");
}
static inline void irq_enable(void)
{
	__asm__ volatile("sti" : : : "memory");
}
static inline void irq_disable(void)
{
	__asm__ volatile("cli" : : : "memory");
}
static inline bool irq_enabled(void)
{
	irqflags_t flags;

	__asm__ volatile("pushfq; popq %0" : "=r"(flags));
	return flags & IRQFLAGS_ON;
}
/* Called with interrupts off; returns with them on, after one. */
static inline void arch_wait_for_interrupt(void)
{
	__asm__ volatile("sti; hlt" : : : "memory");
}
static inline void cpu_relax(void)
{
	__asm__ volatile("pause" : : : "memory");
}

#endif
