/* What this floor asks of those above when a processor traps, on every architecture; each is defined by the floor named. */
#ifndef ARCH_TRAP_H
#define ARCH_TRAP_H

struct trap_frame;

#define FAULT_WRITE 1u
#define FAULT_EXEC  2u
#define FAULT_USER  4u /* the program itself; otherwise a copy routine on its behalf */

/** trap_page_fault() - mm/: serve it. Return: 0, or the signal to send (with *@code); interrupts are on. */
int trap_page_fault(uint64_t address, unsigned access, int *code);
/** trap_signal() - core/signal.c: the current thread faulted: signal_force(). */
void trap_signal(int signo, int code, uint64_t address);
/** trap_return_work() - abi/: thread->work is not 0 on the way back to the program; interrupts are on. */
void trap_return_work(struct trap_frame *frame);
/** trap_unknown_syscall() - abi/: the number has no handler in this kernel. Return: what the program gets. */
long trap_unknown_syscall(uint64_t number);

typedef long (*syscall_function)(long, long, long, long, long, long);
#define SYSCALL_TABLE_SIZE 512
/** The table that entry code indexes; abi/ fills it from the set. NULL: not in this kernel. */
extern syscall_function syscall_table[SYSCALL_TABLE_SIZE];

#endif
