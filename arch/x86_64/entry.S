/* The ways into the kernel: SYSCALL, exceptions, interrupts; and the way back (Intel SDM 3A, 6.14; 2B, SYSCALL).
 *
 * Every entry leaves a struct trap_frame (arch/thread.h) on the thread's kernel stack. GS is always the kernel's:
 * swapgs only when the processor came from user mode. #DB, NMI, #DF and #MC have stacks of their own, each with this
 * processor's GS base in its topmost word, because they may arrive between a SYSCALL and its swapgs.
 */
#include "component.h"
#include "offsets.h"

	COMPONENT "cpu", "the processor: set-up, threads' registers, system call entry"

	.text

/* What follows RDI in a frame; @rax: what stands for RAX. */
.macro PUSH_REGISTERS_FROM_RSI rax=%rax
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	\rax
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
.endm

.macro POP_REGISTERS
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rax
	popq	%rcx
	popq	%rdx
	popq	%rsi
	popq	%rdi
.endm

	.section .text.hot.syscall_entry, "ax"
	.globl	syscall_entry
	.balign	64
syscall_entry:
	swapgs
	movq	%rsp, %gs:syscall_user_sp(%rip)
	movq	%gs:syscall_kernel_sp(%rip), %rsp
	pushq	$USER_DS
	pushq	%gs:syscall_user_sp(%rip)
	sti
	pushq	%r11
	pushq	$USER_CS
	pushq	%rcx
	pushq	%rax
	pushq	%rdi
	PUSH_REGISTERS_FROM_RSI $-ENOSYS
	cmpq	$SYSCALL_TABLE_SIZE, %rax
	jae	.Lunknown_call
	leaq	syscall_table(%rip), %r11
	movq	%r10, %rcx
	movq	(%r11,%rax,8), %r11
	testq	%r11, %r11
	jz	.Lunknown_call
	call	*%r11
.Lcall_done:
	movq	%rax, FRAME_RAX(%rsp)
	movq	%gs:current_thread(%rip), %rcx
	cli
	cmpl	$0, THREAD_WORK(%rcx)
	jne	return_with_work
	/* RBX, RBP, R12 to R15 are as the program left them: C preserves them. RCX and R11 are SYSCALL's. */
	movq	FRAME_R10(%rsp), %r10
	movq	FRAME_R9(%rsp), %r9
	movq	FRAME_R8(%rsp), %r8
	movq	FRAME_RDX(%rsp), %rdx
	movq	FRAME_RSI(%rsp), %rsi
	movq	FRAME_RDI(%rsp), %rdi
	movq	FRAME_RIP(%rsp), %rcx
	movq	FRAME_RFLAGS(%rsp), %r11
	movq	FRAME_RSP(%rsp), %rsp
	swapgs
	sysretq

.Lunknown_call:
	movq	%rax, %rdi
	call	trap_unknown_syscall
	jmp	.Lcall_done

/* RSP: the frame, interrupts off, thread->work is not 0. All registers are restored from the frame, by IRETQ, which
 * takes any address: a signal may have rewritten it. */
	.section .text.return_with_work, "ax"
	.globl	return_with_work
return_with_work:
	sti
	movq	%rsp, %rdi
	call	trap_return_work
	cli
	movq	%gs:current_thread(%rip), %rcx
	cmpl	$0, THREAD_WORK(%rcx)
	jne	return_with_work
	.globl	return_to_program
return_to_program:
	POP_REGISTERS
	addq	$8, %rsp
	swapgs
	iretq

/* Where a new thread of a program starts: on top of a frame made by arch_thread_fork(). */
	.globl	thread_starts_in_program
thread_starts_in_program:
	call	sched_thread_starts
	cli
	movq	%gs:current_thread(%rip), %rcx
	cmpl	$0, THREAD_WORK(%rcx)
	jne	return_with_work
	jmp	return_to_program

/* Where a kernel thread starts: R12 is the function, R13 its argument. */
	.globl	thread_starts_in_kernel
thread_starts_in_kernel:
	call	sched_thread_starts
	movq	%r13, %rdi
	call	*%r12
	call	thread_exit
	ud2

/* arch_enter_program(ip, sp): registers are 0, as Linux starts a program. */
	.globl	arch_enter_program
arch_enter_program:
	cli
	movq	%gs:syscall_kernel_sp(%rip), %rsp
	pushq	$USER_DS
	pushq	%rsi
	pushq	$0x202
	pushq	$USER_CS
	pushq	%rdi
	pushq	$-1
	xorl	%eax, %eax
	.rept	15
	pushq	%rax
	.endr
	movq	%gs:current_thread(%rip), %rcx
	cmpl	$0, THREAD_WORK(%rcx)
	jne	return_with_work
	jmp	return_to_program

/* arch_switch_stacks(uint64_t *save_sp, uint64_t load_sp) */
	.globl	arch_switch_stacks
arch_switch_stacks:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret

/* Exceptions and interrupts. A stub leaves the error code (or 0) where a frame has orig_rax, and the vector in EDI. */
	.section .text.traps, "ax"
	.balign	16
trap_common:
	PUSH_REGISTERS_FROM_RSI
	movq	%rsp, %rsi
	testb	$3, FRAME_CS(%rsp)
	jz	1f
	swapgs
.Lfrom_program:
	cld					/* the program's flags: C relies on DF, SMAP on AC */
	pushfq
	andl	$~RFLAGS_AC, (%rsp)
	popfq
	call	trap_handle
	movq	%gs:current_thread(%rip), %rcx
	cmpl	$0, THREAD_WORK(%rcx)
	jne	return_with_work
	jmp	return_to_program
1:	cld
	pushfq					/* a copy routine may have been interrupted with SMAP lifted */
	andl	$~RFLAGS_AC, (%rsp)
	popfq
	call	trap_handle
	POP_REGISTERS
	addq	$8, %rsp
	iretq

/* On a stack of its own: GS may be anyone's. RBX keeps what GS base was. */
trap_paranoid:
	cmpl	$VECTOR_DB, %edi
	jne	1f
	testb	$3, 24(%rsp)				/* CS, above RDI, the error code and RIP */
	jz	1f
	/* A program's own #DB: on with it on the thread's kernel stack, where it may sleep and become a signal. */
	swapgs
	pushq	%rsi
	movq	%rsp, %rsi
	movq	%gs:syscall_kernel_sp(%rip), %rsp
	pushq	56(%rsi)				/* SS RSP RFLAGS CS RIP, error code, RDI */
	pushq	48(%rsi)
	pushq	40(%rsi)
	pushq	32(%rsi)
	pushq	24(%rsi)
	pushq	16(%rsi)
	pushq	8(%rsi)
	movq	(%rsi), %rsi
	PUSH_REGISTERS_FROM_RSI
	movq	%rsp, %rsi
	jmp	.Lfrom_program
1:	PUSH_REGISTERS_FROM_RSI
	cld
	pushfq
	andl	$~RFLAGS_AC, (%rsp)
	popfq
	movl	%edi, %r12d
	movl	$MSR_GS_BASE_NUMBER, %ecx
	rdmsr
	movl	%eax, %ebx
	shlq	$32, %rdx
	orq	%rdx, %rbx
	movq	%rsp, %rsi
	orq	$(TRAP_STACK_SIZE - 1), %rsi
	movq	-7(%rsi), %rax				/* the topmost word of this stack */
	movq	%rax, %rdx
	shrq	$32, %rdx
	wrmsr
	movl	%r12d, %edi
	movq	%rsp, %rsi
	call	trap_handle
	movq	%rbx, %rax
	movq	%rbx, %rdx
	shrq	$32, %rdx
	movl	$MSR_GS_BASE_NUMBER, %ecx
	wrmsr
	POP_REGISTERS
	addq	$8, %rsp
	iretq

	.globl	trap_stubs
	.balign	16
trap_stubs:
	.set	vector, 0
	.rept	TRAP_VECTORS
	.balign	16
	.if	!(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30)
	pushq	$0
	.endif
	pushq	%rdi
	movl	$vector, %edi
	.if	vector == 1 || vector == 2 || vector == 8 || vector == 18
	jmp	trap_paranoid
	.else
	jmp	trap_common
	.endif
	.set	vector, vector + 1
	.endr

	.section .note.GNU-stack, "", @progbits
