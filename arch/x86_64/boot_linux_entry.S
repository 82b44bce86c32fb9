/* Entry by the 64-bit boot protocol of Linux (Documentation/x86/boot.rst, "64-bit Boot Protocol"), as Firecracker's
 * loader does it: the ELF's entry point, 64-bit mode on an identity mapping, RSI points to struct boot_params.
 *
 * As PVH's entry it touches nothing behind this section before the memory map says that the image is in RAM. Then it
 * leaves 64-bit mode, so that boot_enter (boot.S) makes the tables for both.
 */
#include "component.h"
#include <arch/layout.h>

	COMPONENT "boot-linux", "entry by Linux's 64-bit boot protocol: Firecracker"

#define PARAMS_E820_COUNT   0x1e8
#define PARAMS_INITRD       0x218
#define PARAMS_COMMAND_LINE 0x228
#define PARAMS_E820         0x2d0
#define E820_SIZE           20
#define E820_RAM            1

#define CODE32 0x08
#define DATA32 0x10

	.section .boot.text, "ax"
	.code64
	.globl linux_entry
linux_entry:
	cli
	cld
	leaq	.Lstack_top(%rip), %rsp
	movq	%rsi, %rbx
	leaq	boot_enter(%rip), %r8

	/* Is [KERNEL_LOAD, image_end) inside one range of RAM? */
	leaq	image_end(%rip), %rdx
	movzbl	PARAMS_E820_COUNT(%rbx), %ecx
	leaq	PARAMS_E820(%rbx), %rsi
.Lnext_range:
	testl	%ecx, %ecx
	jz	.Ltoo_small
	cmpl	$E820_RAM, 16(%rsi)
	jne	.Lother_range
	cmpq	$KERNEL_LOAD, (%rsi)
	ja	.Lother_range
	movq	(%rsi), %rax
	addq	8(%rsi), %rax
	cmpq	%rdx, %rax
	jae	.Lfits
.Lother_range:
	addq	$E820_SIZE, %rsi
	decl	%ecx
	jmp	.Lnext_range
.Ltoo_small:
	leaq	boot_too_small(%rip), %r8

.Lfits:
	movl	PARAMS_COMMAND_LINE(%rbx), %ebp
	movl	PARAMS_INITRD(%rbx), %edi
	leaq	start_linux(%rip), %rsi
	movl	%r8d, %edx
	leaq	.Lgdt(%rip), %rax
	subq	$16, %rsp
	movw	$.Lgdt_end - .Lgdt - 1, 6(%rsp)
	movq	%rax, 8(%rsp)
	lgdt	6(%rsp)
	leaq	.Lcompatibility(%rip), %rax
	pushq	$CODE32
	pushq	%rax
	lretq

	.code32
.Lcompatibility:
	movl	$DATA32, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	%cr0, %eax
	andl	$0x7fffffff, %eax			/* paging off, and with it 64-bit mode */
	movl	%eax, %cr0
	movl	$0x20, %eax				/* PAE and nothing else that the loader liked */
	movl	%eax, %cr4
	jmp	*%edx

	.balign	8
.Lgdt:
	.quad	0
	.quad	0x00cf9b000000ffff			/* 0x08: 32-bit code */
	.quad	0x00cf93000000ffff			/* 0x10: data */
.Lgdt_end:
	.balign	16
	.skip	64
.Lstack_top:

	.section .note.GNU-stack, "", @progbits
