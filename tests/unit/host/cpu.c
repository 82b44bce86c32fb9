/* What lock.h and preempt.h stand on, for one processor without interrupts. */
#include <arch/irqflags.h>
#include <core/lock.h>

irqflags_t host_irqflags = IRQFLAGS_ON;
uint32_t preempt_count = PREEMPT_NOTHING_WANTED;
uintptr_t current_thread = 0x1000;
uint32_t this_cpu;
uintptr_t percpu_base;

void preempt_now_(void)
{
}
