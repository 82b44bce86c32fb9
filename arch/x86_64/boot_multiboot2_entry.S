/* Entry by multiboot2 (GRUB's "Multiboot2 Specification version 2.0", 3.1 the header, 3.3 the machine's state): 32-bit,
 * paging off, EBX points to the information, the image lies at its physical address.
 *
 * GRUB loads an image only where the memory map has RAM, so that nothing is looked for here. It wants the header within
 * the first 32 KiB of the file, where .boot.text is. No framebuffer is asked for: the screen stays in text mode, where it has one.
 */
#include "component.h"

	COMPONENT "boot-multiboot2", "entry by multiboot2: GRUB on BIOS and UEFI"

#define HEADER_MAGIC 0xe85250d6
#define HEADER_I386  0

#define HEADER_TAG_END         0
#define HEADER_TAG_MODULES     6
#define HEADER_TAG_OPTIONAL    1

#define TAG_END          0
#define TAG_COMMAND_LINE 1
#define TAG_MODULE       3

	.section .boot.text, "ax"
	.balign	8
.Lheader:
	.long	HEADER_MAGIC, HEADER_I386, .Lheader_end - .Lheader
	.long	-(HEADER_MAGIC + HEADER_I386 + (.Lheader_end - .Lheader))
	.word	HEADER_TAG_MODULES, HEADER_TAG_OPTIONAL
	.long	8				/* on pages of their own: roots are mapped where they lie */
	.word	HEADER_TAG_END, 0
	.long	8
.Lheader_end:

	.code32
	.globl multiboot2_entry
multiboot2_entry:
	cli
	cld
	/* There is no stack yet: the information's own reserved word serves to find out where this lies. */
	leal	8(%ebx), %esp
	call	1f
1:	popl	%edx
	xorl	%ebp, %ebp
	xorl	%edi, %edi
	leal	8(%ebx), %esi
.Lnext_tag:
	movl	(%esi), %eax
	cmpl	$TAG_END, %eax
	je	.Lend
	cmpl	$TAG_COMMAND_LINE, %eax
	jne	2f
	leal	8(%esi), %ebp
2:	cmpl	$TAG_MODULE, %eax
	jne	3f
	testl	%edi, %edi
	jnz	3f
	movl	8(%esi), %edi				/* the first module is the initrd */
3:	movl	4(%esi), %eax
	addl	$7, %eax
	andl	$-8, %eax
	addl	%eax, %esi
	jmp	.Lnext_tag
.Lend:
	leal	start_multiboot2 - 1b(%edx), %esi
	jmp	boot_enter

	.section .note.GNU-stack, "", @progbits
