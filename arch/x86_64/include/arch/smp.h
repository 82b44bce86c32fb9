/* Several processors (arch/x86_64/smp.c, shootdown.c). */
#ifndef ARCH_SMP_H
#define ARCH_SMP_H

#include <arch/mmu.h>

/** smp_flush_if_asked() - forget translations if another processor asked for it. Interrupts off. */
void smp_flush_if_asked(void);
/** smp_shootdown() - mmu_shootdown where there are several processors. */
void smp_shootdown(const struct mmu *m, enum mmu_shoot what);
extern uint32_t smp_apic_ids[]; /* by processor number; I once it counts */
/** arch_cpu_tables_alloc() - stacks for the traps of processor @cpu that have one of their own. -ENOMEM. */
int arch_cpu_tables_alloc(unsigned cpu);

#endif
