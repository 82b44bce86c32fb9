/* What the scheduler shares with its neighbours in core/ and with arch/. */
#ifndef CORE_SCHED_H
#define CORE_SCHED_H

struct mm;
struct thread;

/** deferred_run() - run what was deferred on this processor. Interrupts off, on meanwhile; preemption is off. */
bool deferred_run(void);
/** sched_thread_starts() - the first thing that a new thread does. Called by entry code. */
void sched_thread_starts(void);
/** sched_init() - the boot stack becomes a thread; run queues work. */
void sched_init(void);
/** sched_init_cpu() - the run queue of a processor that is about to start; it runs @idle from the first moment. */
void sched_init_cpu(unsigned cpu, struct thread *idle);
/** sched_interrupted() - another processor put a thread on our queue. Interrupts off. */
void sched_interrupted(void);
/** sched_idle_ns() - how long processor @cpu had nothing to do, up to now. */
uint64_t sched_idle_ns(unsigned cpu);
/** sched_kick() - if @t runs on another processor, make it look at its work. Context: any. */
void sched_kick(const struct thread *t);
/** sched_idle() - what a processor does when no thread is ready; never returns. */
void sched_idle(void) __noreturn;
/** sched_preempt() - do what is wanted: deferred work, a switch. Interrupts off, preemption on. */
void sched_preempt(void);
/** sched_set_active_mm() - the current thread's process got @mm: run in it from now on. */
void sched_set_active_mm(struct mm *mm);
/** sched_enqueue() - a new thread becomes ready. */
void sched_enqueue(struct thread *t);

#endif
