/* The loader's first and last instructions: PVH's entry, and Firecracker's state of the processor (regs.rs, gdt.rs): CR0 has
 * PG and PE, CR4 has PAE, EFER has LME and LMA, the segments are flat, RSI = boot_params, RSP = RBP = 0x8ff0. The
 * other registers hold what nobody should read. */
	.section .note.pvh, "a", @note
	.long	4, 4, 18, 0x006e6558
	.long	loader_start

	.section .text.start, "ax"
	.code32
	.globl	loader_start
loader_start:
	cld
	cli
	movl	$stack_end, %esp
	pushl	%ebx
	call	load				/* returns the kernel's entry point */
	movl	%eax, %ebx
	movl	$0x9000, %eax
	movl	%eax, %cr3
	movl	$0x20, %eax
	movl	%eax, %cr4
	movl	$0xc0000080, %ecx
	rdmsr
	orl	$0x100, %eax
	wrmsr
	movl	$0x80000011, %eax
	movl	%eax, %cr0
	lgdt	gdtr
	ljmp	$8, $long_mode
	.code64
long_mode:
	movl	$0x10, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	%ebx, %r8d
	movl	$0x8ff0, %esp
	movl	%esp, %ebp
	movl	$0x7000, %esi
	movabsq	$0xcccccccccccccccc, %rax
	movq	%rax, %rbx
	movq	%rax, %rcx
	movq	%rax, %rdx
	movq	%rax, %rdi
	jmp	*%r8
	.balign	8
gdt:
	.quad	0
	.quad	0x00af9b000000ffff
	.quad	0x00cf93000000ffff
	.quad	0x008f8b000000ffff
gdtr:
	.word	. - gdt - 1
	.long	gdt

	.bss
	.balign	16
	.skip	16384
stack_end:
	.section .note.GNU-stack, "", @progbits
