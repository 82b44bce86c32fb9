/* Interrupting other processors, and making them forget translations.
 *
 * A processor that must forget something is asked by an interrupt and answers by a counter. Whoever waits for the answer
 * answers others meanwhile, as it may have interrupts off; whoever spins for a lock with interrupts off must not be
 * waited for while holding that lock: callers of mmu_flush_*() hold no lock that is taken so. */
#include "offsets.h"
#include <arch/apic.h>
#include <arch/irqflags.h>
#include <arch/mmu.h>
#include <arch/smp.h>
#include <core/cpu.h>
#include <core/preempt.h>

COMPONENT("cpu", "the processor: set-up, threads' registers, system call entry");

uint32_t smp_apic_ids[CPU_MAX] __sealed;

/* Requests are numbered: what is done up to a number answers every request up to it. */
PERCPU(uint64_t, flush_asked) = 0; /* a */
PERCPU(uint64_t, flush_done) = 0;  /* a: written by this processor with interrupts off */
PERCPU(uint32_t, flush_later) = 0; /* a: this processor idles: it looks at flush_asked before it runs a program */

void arch_cpu_interrupt(unsigned cpu)
{
	apic_send(smp_apic_ids[cpu], TRAP_RESCHEDULE);
}

void arch_cpu_timer_interrupt(unsigned cpu)
{
	apic_send(smp_apic_ids[cpu], TRAP_TIMER);
}

void smp_flush_if_asked(void)
{
	irqflags_t flags = irq_save();
	uint64_t asked = __atomic_load_n(percpu_ptr(flush_asked), __ATOMIC_SEQ_CST);

	if (asked != *percpu_ptr(flush_done)) {
		mmu_flush_here();
		__atomic_store_n(percpu_ptr(flush_done), asked, __ATOMIC_RELEASE);
	}
	irq_restore(flags);
}

void mmu_cpu_idles(void)
{
	__atomic_store_n(percpu_ptr(flush_later), 1, __ATOMIC_SEQ_CST);
}

void mmu_cpu_busy(void)
{
	/* Pairs with ask(): either it sees that we are busy, or we see what it wants. */
	__atomic_store_n(percpu_ptr(flush_later), 0, __ATOMIC_SEQ_CST);
	smp_flush_if_asked();
}

/* Ask @cpu to forget. Return: the number to wait for; 0: it idles, and cannot use what it remembers. */
static uint64_t ask(unsigned cpu, enum mmu_shoot what)
{
	uint64_t number = __atomic_add_fetch(percpu_of(flush_asked, cpu), 1, __ATOMIC_SEQ_CST);

	if (what == MMU_SHOOT_PAGES && __atomic_load_n(percpu_of(flush_later, cpu), __ATOMIC_SEQ_CST))
		return 0;
	arch_cpu_interrupt(cpu);
	return number;
}

/* Everything is forgotten, not just a range: it is rarer than it is long. */
void smp_shootdown(const struct mmu *m, enum mmu_shoot what)
{
	uint64_t number[CPU_MAX] = { 0 };
	unsigned self;

	preempt_disable();
	self = percpu_get(this_cpu);
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* entries are written before we look who uses them */
	for (unsigned cpu = 0; cpu < cpu_count; cpu++)
		if (cpu != self && (!m || READ_ONCE(*percpu_of(mmu_current_root, cpu)) == m->root))
			number[cpu] = ask(cpu, what);
	for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
		while (__atomic_load_n(percpu_of(flush_done, cpu), __ATOMIC_ACQUIRE) < number[cpu]) {
			smp_flush_if_asked();
			cpu_relax();
		}
	}
	preempt_enable();
}
