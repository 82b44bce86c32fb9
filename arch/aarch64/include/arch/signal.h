/* What signals ask of a processor: the frame that a handler runs on, and how an interrupted call is made again. */
#ifndef ARCH_SIGNAL_H
#define ARCH_SIGNAL_H

#include <arch/thread.h>

struct siginfo;
struct signal_action;

/**
 * arch_signal_frame() - make the program run the handler of @a at its next instruction, on a frame as Linux builds it.
 * @mask: blocked signals that rt_sigreturn(2) will put back.  Return: 0; -EFAULT: no room on the program's stack.
 */
int arch_signal_frame(struct trap_frame *f, const struct siginfo *info, const struct signal_action *a, uint64_t mask);
/** arch_signal_return() - undo it: every register from the frame that the stack pointer shows. -EFAULT. */
int arch_signal_return(struct trap_frame *f, uint64_t *mask);
/** arch_in_syscall() - @f was made by a system call, not by a trap. */
static inline bool arch_in_syscall(const struct trap_frame *f)
{
	return f->syscall >= 0;
}
/** arch_syscall_again() - the program makes the call that @f is of again, @number in its place. */
static inline void arch_syscall_again(struct trap_frame *f, uint64_t number)
{
	f->syscall = (int64_t)number;
	f->x[8] = number;
	f->x[0] = f->orig_x0;
	f->pc -= 4; /* the length of the instruction SVC */
}
static inline uint64_t arch_syscall_number(const struct trap_frame *f)
{
	return (uint64_t)f->syscall;
}
/** arch_signal_stack_min() - bytes that the largest frame needs: AT_MINSIGSTKSZ. */
unsigned arch_signal_stack_min(void);

#endif
