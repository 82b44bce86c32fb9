/* Where another processor starts: real mode, at a page below 1 MiB that the code is copied to (Intel SDM 3A, 8.4.4).
 * It takes the boot page tables, which map low memory to itself, and goes on in the kernel's half. */
#include "component.h"
#include "offsets.h"

	COMPONENT "smp", "several processors"

	.section .rodata.smp_boot, "a"
	.code16
	.globl	smp_boot_start, smp_boot_end
	.balign	16
smp_boot_start:
	cli
	cld
	movw	%cs, %ax
	movw	%ax, %ds
	lgdtl	.Lgdtr - smp_boot_start
	movl	$(SMP_BOOT_PAGE + .Lboot_tables - smp_boot_start), %ebx
	movl	%cr0, %eax
	orl	$1, %eax
	movl	%eax, %cr0
	ljmpl	$0x08, $(SMP_BOOT_PAGE + .Lprotected - smp_boot_start)

	.code32
.Lprotected:
	movl	$0x18, %eax
	movl	%eax, %ds
	movl	%eax, %ss
	movl	%cr4, %eax
	orl	$0x20, %eax				/* PAE */
	movl	%eax, %cr4
	movl	(%ebx), %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx
	rdmsr
	orl	$0x101, %eax				/* long mode, SYSCALL */
	wrmsr
	movl	%cr0, %eax
	orl	$0x80010001, %eax
	andl	$0x9fffffff, %eax
	movl	%eax, %cr0
	ljmp	$0x10, $(SMP_BOOT_PAGE + .Llong - smp_boot_start)

	.code64
.Llong:
	movabsq	$(SMP_BOOT_PAGE + .Lentry - smp_boot_start), %rax
	jmp	*(%rax)

	.balign	8
.Lgdt:
	.quad	0
	.quad	0x00cf9b000000ffff			/* 0x08: 32-bit code */
	.quad	0x00af9b000000ffff			/* 0x10: 64-bit code */
	.quad	0x00cf93000000ffff			/* 0x18: data */
.Lgdtr:
	.word	. - .Lgdt - 1
	.long	SMP_BOOT_PAGE + .Lgdt - smp_boot_start
	.balign	8
	.globl	smp_boot_tables, smp_boot_entry
smp_boot_tables:
.Lboot_tables:
	.quad	0
smp_boot_entry:
.Lentry:
	.quad	0
smp_boot_end:

	.text
	.code64
	.globl	smp_entry
smp_entry:
	movl	$0x18, %eax
	movl	%eax, %ss
	movl	$0xc0000080, %ecx			/* EFER: no-execute, before tables that use it */
	rdmsr
	orl	smp_start_efer(%rip), %eax
	wrmsr
	movq	smp_start_tables(%rip), %rax
	movq	%rax, %cr3
	movq	smp_start_stack(%rip), %rsp
	movq	smp_start_base(%rip), %rax
	movq	%rax, %rdx
	shrq	$32, %rdx
	movl	$MSR_GS_BASE_NUMBER, %ecx
	wrmsr
	xorl	%ebp, %ebp
	call	smp_arrived
	ud2

	.section .note.GNU-stack, "", @progbits
