/* Entry by PVH (Xen's "x86/HVM direct boot ABI", include/public/arch-x86/hvm/start_info.h): 32-bit, paging off,
 * EBX points to struct hvm_start_info. The image lies at its link-time physical address.
 *
 * Nothing behind this section is touched before the memory map says that the whole image is in RAM: QEMU starts a
 * kernel that does not fit without a word. Then what every way in shares, boot_enter: 64-bit mode with boot page tables:
 * the first GiB, twice over (identity, direct map), and the image where it is to run (slide.c); and the protocol's
 * start function on the boot stack.
 */
#include "component.h"
#include <arch/layout.h>
#include <whittle/console.h>

	COMPONENT "boot-pvh", "entry by PVH: QEMU, Xen, Cloud Hypervisor"

#define PHYS(symbol) ((symbol) - pvh_entry + KERNEL_LOAD)

#define START_INFO_MODULES      12
#define START_INFO_MODULE_LIST  16
#define START_INFO_COMMAND_LINE 24
#define START_INFO_MEMMAP       40
#define START_INFO_ENTRIES      48
#define MEMMAP_SIZE             24

#define KERNEL_CS64 0x10

	.section .boot.text, "ax"
	.code32
	.globl pvh_entry
pvh_entry:
	cld
	cli
	movl	$PHYS(.Lstack_top), %esp

	/* Is [KERNEL_LOAD, image_end) inside one range of RAM? */
	movl	START_INFO_MEMMAP(%ebx), %esi
	movl	START_INFO_ENTRIES(%ebx), %ecx
.Lnext_range:
	testl	%ecx, %ecx
	jz	boot_too_small
	cmpl	$1, 16(%esi)			/* type: RAM */
	jne	.Lother_range
	cmpl	$0, 4(%esi)
	jne	.Lother_range
	cmpl	$KERNEL_LOAD, (%esi)
	ja	.Lother_range
	movl	(%esi), %eax
	addl	8(%esi), %eax
	movl	12(%esi), %edx
	adcl	$0, %edx			/* the range's end, in EDX:EAX */
	jnz	.Lfits
	cmpl	$PHYS(image_end), %eax
	jae	.Lfits
.Lother_range:
	addl	$MEMMAP_SIZE, %esi
	decl	%ecx
	jmp	.Lnext_range

	/* Neither stack nor registers are needed; 32-bit, paging off. */
	.globl	boot_too_small
boot_too_small:
	movl	$PHYS(.Ltoo_small_text), %esi
	movw	$CONSOLE_LOG_PORT, %dx
	inb	%dx, %al
	cmpb	$CONSOLE_PRESENT, %al
	je	1f
	movw	$0x3f8, %dx
1:	lodsb
	testb	%al, %al
	jz	2f
	outb	%al, %dx
	jmp	1b
2:	movw	$CONSOLE_STATUS_PORT, %dx
	inb	%dx, %al
	cmpb	$CONSOLE_PRESENT, %al
	jne	3f
	movb	$CONSOLE_STATUS_MACHINE, %al
	outb	%al, %dx
	lidt	PHYS(.Lno_idt)
	int3
3:	hlt
	jmp	3b

.Lfits:
	movl	START_INFO_COMMAND_LINE(%ebx), %ebp
	xorl	%edi, %edi
	cmpl	$0, START_INFO_MODULES(%ebx)
	je	1f
	movl	START_INFO_MODULE_LIST(%ebx), %edi
	movl	(%edi), %edi				/* the first module is the initrd */
1:	movl	$PHYS(start_pvh), %esi

	/*
	 * 32-bit, paging off, the image is in RAM. EBX: what the loader handed over; EBP, EDI: command line and initrd, or
	 * 0; ESI: the function that reads EBX. All physical addresses.
	 */
	.globl	boot_enter
boot_enter:
	movl	$PHYS(.Lstack_top), %esp
	movl	%ebp, PHYS(.Lcommand_line)
	movl	%edi, PHYS(.Linitrd)
	movl	%esi, PHYS(.Lstart)
	/* Parts without bytes in the file are as RAM was: after a reset of QEMU, and with loaders that leave it to chance. */
	cmpl	$0, PHYS(boot_pml4)
	je	1f
	xorl	%eax, %eax
	movl	$PHYS(sealed_start), %edi
	movl	$PHYS(sealed_end), %ecx
	subl	%edi, %ecx
	shrl	$2, %ecx
	rep stosl
	movl	$PHYS(bss_start), %edi
	movl	$PHYS(image_end), %ecx
	subl	%edi, %ecx
	shrl	$2, %ecx
	rep stosl
1:
	/* One page directory for the first GiB, in 2 MiB pages, present and writable. */
	movl	$PHYS(boot_pd), %edi
	movl	$0x83, %eax
	movl	$512, %ecx
1:	movl	%eax, (%edi)
	movl	$0, 4(%edi)
	addl	$8, %edi
	addl	$0x200000, %eax
	decl	%ecx
	jnz	1b
	movl	$PHYS(boot_pd) + 3, %eax
	movl	%eax, PHYS(boot_pdpt)
	movl	$PHYS(boot_pdpt) + 3, %eax
	movl	%eax, PHYS(boot_pml4)			/* identity */
	movl	%eax, PHYS(boot_pml4) + 256 * 8		/* direct map */
	movl	$PHYS(boot_pdpt_kernel) + 3, %eax
	movl	%eax, PHYS(boot_pml4) + 511 * 8		/* kernel */
	movl	$PHYS(boot_pml4), %eax
	movl	%eax, %cr3

	movl	%cr4, %eax
	orl	$0x20, %eax				/* PAE */
	movl	%eax, %cr4
	movl	$0x80000001, %eax
	pushl	%ebx
	cpuid
	popl	%ebx
	movl	$0x101, %esi				/* EFER: long mode, SYSCALL */
	testl	$(1 << 20), %edx
	jz	1f
	orl	$0x800, %esi				/* no-execute */
1:	movl	$0xc0000080, %ecx
	rdmsr
	orl	%esi, %eax
	wrmsr
	movl	%cr0, %eax
	orl	$0x80010001, %eax			/* paging, write protection, protected mode */
	andl	$0x9fffffff, %eax			/* caches on */
	movl	%eax, %cr0
	lgdt	PHYS(.Lboot_gdtr)
	ljmp	$KERNEL_CS64, $PHYS(.Llong_mode)

	.balign	8
.Lboot_gdt:
	.quad	0, 0
	.quad	0x00af9b000000ffff			/* 0x10: 64-bit code */
	.quad	0x00cf93000000ffff			/* 0x18: data */
.Lboot_gdtr:
	.word	. - .Lboot_gdt - 1
	.long	PHYS(.Lboot_gdt)
.Lno_idt:
	.word	0
	.long	0
.Ltoo_small_text:
	.asciz	"whittle: the machine has too little memory for this image: give it more (-m)\n"
	.balign	16
.Lcommand_line:
	.long	0
.Linitrd:
	.long	0
.Lstart:
	.long	0
	.balign	16
	.skip	64
.Lstack_top:

	.code64
.Llong_mode:
	movl	$0x18, %eax
	movl	%eax, %ss
	movl	%eax, %ds
	movl	%eax, %es
	/* On the identity mapping, choose where the kernel runs; slide.c makes the tables for that. */
	leaq	boot_stack_end(%rip), %rsp
	movl	.Lcommand_line(%rip), %edi
	movl	.Linitrd(%rip), %esi
	call	slide_image
	leaq	KERNEL_START - KERNEL_LOAD(%rax), %r12	/* from physical addresses to where the image runs */
	leaq	.Lhigh(%rip), %rdx
	addq	%r12, %rdx
	jmp	*%rdx
.Lhigh:
	leaq	boot_stack_end(%rip), %rsp
	xorl	%ebp, %ebp
	/* This processor's copy of the per-processor data. */
	leaq	percpu_start(%rip), %rsi
	leaq	percpu_boot(%rip), %rdi
	movq	%rdi, %rax
	subq	%rsi, %rax
	leaq	percpu_end(%rip), %rcx
	subq	%rsi, %rcx
	shrq	$3, %rcx
	rep movsq
	movq	%rax, %rdx
	movq	%rax, %r8
	shrq	$32, %rdx
	movl	$0xc0000101, %ecx			/* GS base */
	wrmsr
	movq	%r8, %gs:percpu_base(%rip)
	movl	%ebx, %edi
	movl	.Lstart(%rip), %eax
	addq	%r12, %rax
	call	*%rax
	ud2

	.section .boot.bss, "aw", @nobits
	.balign	4096
	.globl	boot_tables, boot_pml4, boot_stack
boot_tables:
boot_pml4:
	.skip	4096
boot_pdpt:
	.skip	4096
	.globl	boot_pdpt_kernel, boot_pd_kernel
boot_pdpt_kernel:
	.skip	4096
boot_pd_kernel:
	.skip	4096
boot_pd:
	.skip	4096
boot_stack:
	.skip	8192
boot_stack_end:

	.section .note.GNU-stack, "", @progbits
