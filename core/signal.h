/* Signals (core/signal.c): queues, masks, handlers; signal(7). Delivery to the program is abi/signal_deliver.c.
 *
 * Linux's numbers and structures (asm/signal.h, asm/siginfo.h). A mask has bit N-1 for signal N. One spinlock for each
 * process covers its handlers, all its queues and all its threads' masks; it is taken with interrupts off, because
 * timers send signals.
 */
#ifndef CORE_SIGNAL_H
#define CORE_SIGNAL_H

#include <core/thread.h>
#include <core/wait.h>

#define SIGNAL_COUNT 64
typedef uint64_t signal_mask;
#define signal_bit(signo) (1ull << ((signo) - 1))

/* What siginfo_t carries, before it is laid out for the program. */
struct signal_info {
	int signo, code, error;
	int pid;
	uint32_t uid;
	uint64_t value;      /* si_value, si_addr, or the timer's */
	int timer_id, overrun;
	int status;
};

struct process;

#define SIGNAL_DEFAULT 0u /* SIG_DFL */
#define SIGNAL_IGNORE  1u /* SIG_IGN */

/* What sigaction(2) sets. */
struct signal_action {
	uint64_t handler; /* SIGNAL_DEFAULT, SIGNAL_IGNORE, or an address in the program */
	uint64_t flags;   /* SA_* */
	uint64_t restorer;
	signal_mask mask;
};

enum signal_default { SIGNAL_TERMINATES, SIGNAL_DUMPS, SIGNAL_STOPS, SIGNAL_CONTINUES, SIGNAL_IGNORED };

struct signal_queue {
	signal_mask pending;
	struct list entries; /* of struct signal_entry (signal.c); a pending signal without one had no memory for it */
};

/* Of a process. All fields: lock, except where said. */
struct signal_process {
	struct spinlock lock; /* RANK_SIGNAL, irqsave */
	struct signal_queue queue;
	unsigned queued;      /* entries in this process, threads included */
	bool stopped;         /* by SIGSTOP and its like: every thread waits before it returns to the program */
	int timer_taken, timer_overrun; /* timer whose signal was taken last, and its overruns; lock for writing */
	struct signal_action actions[SIGNAL_COUNT];
	struct wait_queue arrived; /* own lock: woken for each signal queued; sigtimedwait(2), signalfd, and stopping */
};

/* Of a thread. Fields: the process's lock; mask, saved and the stack are written by the thread itself only. */
struct signal_thread {
	signal_mask mask;  /* blocked */
	signal_mask saved; /* what mask was before a call replaced it for its duration (sigsuspend, ppoll …) */
	bool restore;      /* saved is to be put back on the way to the program */
	struct signal_queue queue;
	uint64_t stack_start, stack_size; /* sigaltstack(2) */
	uint32_t stack_flags;
	uint64_t fault_address; /* of the last fault, for the frame */
};

/** signal_process_create() - no handlers, nothing pending. NULL: no memory. */
struct signal_process *signal_process_create(void) __must_check;
void signal_process_free(struct signal_process *s);
/** signal_thread_create() - the mask is inherited from @parent, which may be NULL. */
struct signal_thread *signal_thread_create(const struct signal_thread *parent) __must_check;
/** signal_thread_end() - @t takes no signals any more; those sent to its process go to another. t->signal is freed. */
void signal_thread_end(struct thread *t);

/** signal_send_thread() - to one thread. @t: borrowed. Return: 0, -ESRCH it ended, -EAGAIN queue full. Context: any. */
int signal_send_thread(struct thread *t, const struct signal_info *info);
/** signal_send_process() - to whichever thread does not block it. Context: any. Return: 0, -EAGAIN. */
int signal_send_process(struct process *p, const struct signal_info *info);
/**
 * signal_send_timer() - a timer's signal, @info->overrun periods late: to @t, or to @p if NULL. Context: any.
 * Return: nobody takes it now: it waits still, or is ignored.
 */
bool signal_send_timer(struct process *p, struct thread *t, const struct signal_info *info);
/** signal_force() - a fault of the current thread: unblocked, and fatal if ignored. */
void signal_force(int signo, int code, uint64_t address);
/** signal_recalculate() - set or clear WORK_SIGNAL after a change of mask or queue. The thread is current. */
void signal_recalculate(void);
/** signal_mask_get(), signal_mask_set() - blocked signals of the current thread; SIGKILL and SIGSTOP are dropped. */
signal_mask signal_mask_get(void);
void signal_mask_set(signal_mask mask);
/**
 * signal_mask_push() - block @mask for the duration of a call (ppoll, epoll_pwait …).
 * signal_mask_pop() - the call is over. @interrupted: it returns because of a signal; the old mask then comes back
 * only after that signal's handler.
 */
void signal_mask_push(signal_mask mask);
void signal_mask_pop(bool interrupted);

/** signal_pending() - pending signals of the current thread and its process, blocked or not. */
signal_mask signal_pending(void);
/**
 * signal_take() - take the first pending signal out of the current thread's or process's queue, faults first.
 * @from: signals that may be taken.  Return: its number, 0 if none is pending.
 */
int signal_take(signal_mask from, struct signal_info *out);
/** signal_action_get() - how @signo is handled now; consumes a SA_RESETHAND one if @deliver. */
struct signal_action signal_action_get(int signo, bool deliver);
/** signal_action_set() - replace it; pending signals that are ignored from now on are dropped. */
void signal_action_set(int signo, const struct signal_action *new, struct signal_action *old);
enum signal_default signal_default_of(int signo);
/** signal_stop() - every thread of the current process waits until SIGCONT. signal_stop_wait() - if so, wait. */
void signal_stop(void);
void signal_stop_wait(void);

#endif
