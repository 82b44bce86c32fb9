/* What lock.h and preempt.h stand on, for one processor without interrupts. */
#include <arch/irqflags.h>
#include <core/lock.h>
#include <core/thread.h>

irqflags_t host_irqflags = IRQFLAGS_ON;
uint32_t preempt_count = PREEMPT_NOTHING_WANTED;
static struct thread host_thread; /* a kernel thread: no process */
uintptr_t current_thread = (uintptr_t)&host_thread;
uint32_t this_cpu;
uintptr_t percpu_base;

void preempt_now_(void)
{
}
