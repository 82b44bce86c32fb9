/* Signals (core/signal.c): queues, masks, handlers; signal(7). Delivery to the program is abi/signal_deliver.c.
 *
 * Linux's numbers and structures (asm/signal.h, asm/siginfo.h). A mask has bit N-1 for signal N.
 */
#ifndef CORE_SIGNAL_H
#define CORE_SIGNAL_H

#include <core/thread.h>

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

/** signal_send_thread() - to one thread. @t: borrowed. Return: 0, -EAGAIN queue full. Context: any. */
int signal_send_thread(struct thread *t, const struct signal_info *info);
/** signal_send_process() - to whichever thread does not block it. Context: any. */
int signal_send_process(struct process *p, const struct signal_info *info);
/** signal_force() - a fault of the current thread: unblocked, and fatal if ignored. */
void signal_force(int signo, int code, uint64_t address);
/** signal_recalculate() - set or clear WORK_SIGNAL after a change of mask or queue. The thread is current. */
void signal_recalculate(void);
/** signal_mask_get(), signal_mask_set() - blocked signals of the current thread; SIGKILL and SIGSTOP are dropped. */
signal_mask signal_mask_get(void);
void signal_mask_set(signal_mask mask);

#endif
