/* Threads (core/thread.c), and which of them runs (core/sched.c).
 *
 * A thread has a kernel stack with a guard page below, and, if it belongs to a program, a process. Kernel code always
 * runs on the thread's kernel stack. Lifetime: counted; the processor that runs it holds one reference, whoever can
 * find it another.
 */
#ifndef CORE_THREAD_H
#define CORE_THREAD_H

#include <arch/thread.h>
#include <core/lock.h>

#define KERNEL_STACK_SIZE 16384ul

#define TID_MAX 4194304 /* Linux's PID_MAX_LIMIT: ids are below or this */

struct process;
struct trap_frame;
struct signal_thread;

enum thread_state {
	THREAD_READY,    /* on a run queue, or running */
	THREAD_WAITING,  /* until thread_wake() */
	THREAD_DEAD,
};

/* thread->work: what must be done before the thread returns to its program. */
#define WORK_SIGNAL 1u /* signals may be deliverable */
#define WORK_EXIT   2u /* the process ends: leave by thread_exit() */
#define WORK_FRAME  4u /* every register of the frame was replaced (rt_sigreturn): leave by restoring all of them */
#define WORK_RSEQ   8u /* the processor was taken from a thread that has rseq: abi/rseq.c */

/* How a thread is scheduled, in Linux's numbers: SCHED_*, sched(7). */
struct sched_policy {
	uint8_t policy;               /* SCHED_NORMAL, BATCH, IDLE, FIFO, RR */
	uint8_t priority;             /* of FIFO and RR: 1 to 99 */
	int8_t nice;                  /* of NORMAL and BATCH: -20 to 19 */
	bool reset_on_fork;           /* its threads begin as SCHED_NORMAL */
	uint16_t io;                  /* ioprio_set(2): kept to be told again */
};

/* What read(2), write(2) and their kin have moved, and what of that went to a disk: /proc/PID/io. */
struct io_counts {
	uint64_t read_bytes, written_bytes, reads, writes;
	uint64_t disk_read, disk_written;
};

struct thread {
	struct arch_thread arch;      /* first: entry code knows its offsets; stack pointer, FS base, FPU */
	uint32_t work;                /* atomic: WORK_* */
	uint32_t state;               /* enum thread_state; its run queue's lock, or the thread itself */
	struct process *process;      /* ref; NULL: a kernel thread */
	struct trap_frame *frame;     /* I: the program's registers while it is in the kernel; on top of the stack */
	uint32_t refs;                /* atomic */
	int32_t tid;                  /* Linux thread id */
	struct list run_node;         /* run queue's lock */
	struct list process_node;     /* in process->threads; process lock */
	struct signal_thread *signal; /* owned by core/signal.c: mask, pending */
	void *stack;                  /* owned: lowest address */
	uint64_t canary;              /* I: behind the arrays of its frames (core/canary.c) */
	uint32_t slice_ns;            /* how long its turn is while others are ready: by nice; run queue's lock */
	uint8_t rank;                 /* who runs before whom: SCHED_RANK_*; run queue's lock */
	uint8_t own_rank;             /* the same without what a futex lends (sched_lend()); likewise */
	struct sched_policy policy;   /* as it was set; run queue's lock for writing */
	uint64_t run_time_ns;         /* used so far; run queue's lock */
	uint64_t run_start_ns;        /* when it was last put on the processor */
	uint64_t switches_voluntary, switches_forced;
	struct io_counts io;          /* the thread itself */
	uint32_t cpu;                 /* where it runs, waits to run, or ran last; that run queue's lock */
	uint32_t cpus;                /* a: processors that it may run on, one bit each */
	bool interruptible;           /* its wait ends with a signal; wait.c */
	int32_t __user *clear_child_tid; /* set_tid_address(2) */
	void __user *robust_list;        /* set_robust_list(2) */
	size_t robust_list_size;
	bool futexes_ended;              /* a: it ends, and will release no futex any more */
	void __user *rseq;               /* rseq(2), NULL: not registered */
	uint32_t rseq_signature;
	uint16_t memory_policy;          /* set_mempolicy(2): mode and flags; the thread itself */
	bool memory_policy_node0;        /* its nodes have node 0, which is the only one */
	char name[16];                /* comm; written by the thread itself */
	long restart_data[4];         /* restart_syscall(2); abi */
	struct thread *next_by_tid;   /* thread.c */
#if WHITTLE_DEBUG
	struct {
		const void *lock;
		int rank;
	} held[16];                   /* core/lock.c: what this thread, or an interrupt on top of it, holds */
	unsigned held_count;
	unsigned held_from;           /* what an interrupt in progress holds begins here */
	uint32_t fail_nth;            /* this many allocations from now, one fails; 0: none (core/alloc_debug.h) */
#endif
};

static inline struct thread *thread_current(void)
{
	return (struct thread *)percpu_get(current_thread);
}
#define current thread_current()

extern uint64_t stack_canary; /* percpu: the current thread's canary; the compiler names it */

/**
 * thread_create() - a thread that will run @entry(@argument) in the kernel; not started.
 * @process: ref taken if not NULL.  Context: may sleep.  Return: NULL if memory is short; one reference, the caller's.
 */
struct thread *thread_create(const char *name, struct process *process, void (*entry)(void *), void *argument)
	__must_check;
/** thread_start() - put a new thread on a run queue. */
void thread_start(struct thread *t);
void thread_get(struct thread *t);
void thread_put(struct thread *t);
/** thread_exit() - end the current thread; its stack is freed by the next one on the processor. */
void thread_exit(void) __noreturn;
/** thread_by_tid() - a reference to the thread with this id, or NULL. */
struct thread *thread_by_tid(int tid) __must_check;

/** thread_last_tid() - the id given last. */
int thread_last_tid(void);
/** thread_given_tids() - how many were given: of programs' threads since the start. */
uint64_t thread_given_tids(void);

/** schedule() - let another thread run. Interrupts may be in any state; preemption is on, no spinlock is held. */
void schedule(void);
/** thread_wake() - make a WAITING thread ready. Context: any. Return: it was waiting. */
bool thread_wake(struct thread *t);
/** thread_interrupt() - set WORK_* bits of @t, and end its sleep if that is interruptible. Context: any. */
void thread_interrupt(struct thread *t, uint32_t work);
/** sched_set_cpus() - @t runs on these processors from now on; @cpus has at least one that exists. May sleep. */
void sched_set_cpus(struct thread *t, uint32_t cpus);
/** thread_yield() - to the end of the queue. */
void thread_yield(void);
/** thread_run_time_ns() - processor time used, the current turn included. */
uint64_t thread_run_time_ns(const struct thread *t);

#endif
