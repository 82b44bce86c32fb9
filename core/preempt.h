/* Preemption: a count per processor; at zero, and wanted, the thread is switched (core/sched.c).
 *
 * Bit 31 is set while nothing is wanted, so that one decrement tells both. What is wanted is a switch of threads or
 * deferred work (core/deferred.h). Per-processor data is touched only with preemption (or interrupts) off.
 */
#ifndef CORE_PREEMPT_H
#define CORE_PREEMPT_H

#include <arch/percpu.h>

#define PREEMPT_NOTHING_WANTED 0x80000000u

extern uint32_t preempt_count;     /* percpu */
extern uintptr_t current_thread;   /* percpu: struct thread * of core/thread.h */
extern uint32_t this_cpu;          /* percpu: number of this processor, from 0 */

void preempt_now_(void);

static inline void preempt_disable(void)
{
	percpu_inc32(preempt_count);
	barrier();
}
static inline void preempt_enable(void)
{
	barrier();
	if (unlikely(percpu_dec32_is_zero(preempt_count)))
		preempt_now_();
}
/** preempt_possible() - no spinlock is held by this thread. */
static inline bool preempt_possible(void)
{
	return !(percpu_get(preempt_count) & ~PREEMPT_NOTHING_WANTED);
}
/** may_sleep() - debug builds: nobody sleeps here with preemption or interrupts off. What may sleep says so, even if it won't. */
void may_sleep_check_(void);
static inline void may_sleep(void)
{
	if (WHITTLE_DEBUG)
		may_sleep_check_();
}
/** preempt_check_program() - debug builds: nothing is held that a program must not be left to run with. */
void preempt_check_program_(void);
static inline void preempt_check_program(void)
{
	if (WHITTLE_DEBUG)
		preempt_check_program_();
}
/** preempt_want() - ask for preempt_now_() at the next chance. Context: interrupts or preemption off. */
static inline void preempt_want(void)
{
	percpu_and32(preempt_count, ~PREEMPT_NOTHING_WANTED);
}

#endif
