/* What the scheduler shares with its neighbours in core/ and with arch/. */
#ifndef CORE_SCHED_H
#define CORE_SCHED_H

struct mm;
struct sched_policy;
struct thread;

/* Ranks: a thread runs before all those of a lower one. */
#define SCHED_RANK_BACKGROUND 0u /* SCHED_IDLE: only when nobody else wants to */
#define SCHED_RANK_NORMAL     1u
/* SCHED_FIFO and SCHED_RR: 1 + priority */
#define SCHED_RR_SLICE_NS     100000000u

/** deferred_run() - run what was deferred on this processor. Interrupts off, on meanwhile; preemption is off. */
bool deferred_run(void);
/** sched_thread_starts() - the first thing that a new thread does. Called by entry code. */
void sched_thread_starts(void);
/** sched_init() - the boot stack becomes a thread; run queues work. */
void sched_init(void);
/** sched_init_cpu() - the run queue of a processor that is about to start; it runs @idle from the first moment. */
void sched_init_cpu(unsigned cpu, struct thread *idle);
/** sched_interrupted() - another processor put a thread on our queue, or has too many. Interrupts off. */
void sched_interrupted(void);
/** sched_idle_ns() - how long processor @cpu had nothing to do, up to now. */
uint64_t sched_idle_ns(unsigned cpu);
/** sched_switches() - how often it went from one thread to another. */
uint64_t sched_switches(unsigned cpu);
/** sched_kick() - if @t runs on another processor, make it look at its work. Context: any. */
void sched_kick(const struct thread *t);
/** sched_idle() - what a processor does when no thread is ready; never returns. */
void sched_idle(void) __noreturn;
/** sched_preempt() - do what is wanted: deferred work, a switch. Interrupts off, preemption on. */
void sched_preempt(void);
/** sched_set_active_mm() - the current thread's process got @mm: run in it from now on. */
void sched_set_active_mm(struct mm *mm);
/** sched_inherit() - a new thread begins as its maker @from is; NULL: as usual. */
void sched_inherit(struct thread *t, const struct thread *from);
/** sched_set_policy() - from now on. Context: any but under a run queue's lock. */
void sched_set_policy(struct thread *t, const struct sched_policy *policy);
/** sched_lend() - @t runs with at least this rank, because a thread of it waits for @t; 0: not any more. */
void sched_lend(struct thread *t, unsigned rank);
/** sched_enqueue() - a new thread becomes ready. */
void sched_enqueue(struct thread *t);

#endif
