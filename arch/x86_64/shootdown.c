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

uint32_t smp_apic_ids[CPU_MAX];

PERCPU(uint32_t, flush_wanted) = 0; /* a: forget everything, then count */
static uint64_t flush_done[CPU_MAX]; /* a: times that each has forgotten */

void arch_cpu_interrupt(unsigned cpu)
{
	apic_send(smp_apic_ids[cpu], TRAP_RESCHEDULE);
}

void smp_flush_if_asked(void)
{
	if (!__atomic_exchange_n(percpu_ptr(flush_wanted), 0, __ATOMIC_ACQ_REL))
		return;
	mmu_flush_here();
	__atomic_fetch_add(&flush_done[percpu_get(this_cpu)], 1, __ATOMIC_RELEASE);
}

/* Everything is forgotten, not just the range: it is rarer than it is long. */
void smp_shootdown(const struct mmu *m, uint64_t start, uint64_t end)
{
	uint64_t before[CPU_MAX];
	uint32_t asked = 0;
	unsigned self;

	preempt_disable();
	self = percpu_get(this_cpu);
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* entries are written before we look who uses them */
	for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
		if (cpu == self || ((int64_t)start >= 0 && READ_ONCE(*percpu_of(mmu_current_root, cpu)) != m->root))
			continue;
		before[cpu] = __atomic_load_n(&flush_done[cpu], __ATOMIC_ACQUIRE);
		asked |= 1u << cpu;
		__atomic_store_n(percpu_of(flush_wanted, cpu), 1, __ATOMIC_SEQ_CST);
		arch_cpu_interrupt(cpu);
	}
	for (unsigned cpu = 0; asked >> cpu; cpu++) {
		while (asked >> cpu & 1 && __atomic_load_n(percpu_of(flush_wanted, cpu), __ATOMIC_ACQUIRE) &&
		       __atomic_load_n(&flush_done[cpu], __ATOMIC_ACQUIRE) == before[cpu]) {
			smp_flush_if_asked();
			cpu_relax();
		}
		/* It has seen the request; has it also done it? */
		while (asked >> cpu & 1 && __atomic_load_n(&flush_done[cpu], __ATOMIC_ACQUIRE) == before[cpu]) {
			smp_flush_if_asked();
			cpu_relax();
		}
	}
	preempt_enable();
}
