/* The processors of the machine (core/cpu.c). */
#ifndef CORE_CPU_H
#define CORE_CPU_H

#define CPU_MAX 16

extern unsigned cpu_count;            /* that run threads; grows only during start-up */
extern uintptr_t cpu_bases[CPU_MAX];  /* percpu_here() of each; I once it counts */

/** percpu_of() - another processor's copy of a per-processor variable. What is in it has a lock, or is read racily. */
#define percpu_of(var, cpu) ((__typeof__(var) *)((char *)&(var) + cpu_bases[cpu]))

/** cpu_start_others() - start processors whose hardware ids are @ids; ours may be among them. Context: may sleep. */
void cpu_start_others(const uint32_t *ids, unsigned count);

/* What the architecture does. */
/** arch_cpu_start() - start one: it calls cpu_arrived() on a stack of its own. @base: its per-processor copy. */
int arch_cpu_start(uint32_t id, uintptr_t base, void *stack_top) __must_check;
/** arch_cpu_reset() - whatever the processor with that id does, it ends: it waits to be started. */
void arch_cpu_reset(uint32_t id);
uint32_t arch_cpu_id(void);
/** arch_cpu_interrupt() - make processor @cpu look for a wanted switch, or for translations to forget. */
void arch_cpu_interrupt(unsigned cpu);
/** arch_cpu_timer_interrupt() - interrupt processor @cpu as a timer of its own would. */
void arch_cpu_timer_interrupt(unsigned cpu);

/** cpu_arrived() - a started processor runs the kernel's C: it joins the scheduler. Never returns. */
void cpu_arrived(void) __noreturn;

#endif
