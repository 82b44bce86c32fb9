/* Copying and filling memory for x86-64, without the vector registers (they are the program's).
 *
 * Small sizes by overlapping moves; large ones by REP MOVSQ/STOSQ, which processors do by whole cache lines and an
 * emulator counts once for eight bytes. C calling convention; the direction flag is clear. */
#include "component.h"

	COMPONENT "strings", "strings, blocks of memory, checksums"

	.macro FUNCTION name
	.section .text.\name, "ax", @progbits
	.globl \name
	.type \name, @function
	.p2align 4
\name:
	.endm

/* memcpy(to: rdi, from: rsi, n: rdx). Up to 32 bytes, all is loaded before any is stored: memmove relies on it. */
FUNCTION memcpy
	movq	%rdi, %rax
	cmpq	$16, %rdx
	jb	.Lcopy_small
	movq	-8(%rsi,%rdx), %r8
	cmpq	$32, %rdx
	ja	.Lcopy_large
	movq	-16(%rsi,%rdx), %r9
	movq	(%rsi), %r10
	movq	8(%rsi), %r11
	movq	%r10, (%rdi)
	movq	%r11, 8(%rdi)
	movq	%r9, -16(%rdi,%rdx)
	movq	%r8, -8(%rdi,%rdx)
	ret
.Lcopy_large:				/* whole words, and the last eight bytes, loaded above, once more */
	leaq	-1(%rdx), %rcx
	addq	%rdi, %rdx
	shrq	$3, %rcx
	rep movsq
	movq	%r8, -8(%rdx)
	ret
.Lcopy_small:
	cmpl	$8, %edx
	jb	1f
	movq	(%rsi), %rcx
	movq	-8(%rsi,%rdx), %r8
	movq	%rcx, (%rdi)
	movq	%r8, -8(%rdi,%rdx)
	ret
1:	cmpl	$4, %edx
	jb	2f
	movl	(%rsi), %ecx
	movl	-4(%rsi,%rdx), %r8d
	movl	%ecx, (%rdi)
	movl	%r8d, -4(%rdi,%rdx)
	ret
2:	testl	%edx, %edx
	jz	3f
	movl	%edx, %r11d			/* 1 to 3 bytes: the first, the one at n / 2, the last */
	shrl	$1, %r11d
	movzbl	(%rsi), %ecx
	movzbl	(%rsi,%r11), %r8d
	movzbl	-1(%rsi,%rdx), %r9d
	movb	%cl, (%rdi)
	movb	%r8b, (%rdi,%r11)
	movb	%r9b, -1(%rdi,%rdx)
3:	ret
	.size memcpy, . - memcpy

/* memmove(to: rdi, from: rsi, n: rdx) */
FUNCTION memmove
	cmpq	$32, %rdx
	jbe	memcpy@PLT
	movq	%rdi, %rax
	subq	%rsi, %rax
	cmpq	%rdx, %rax			/* forwards is right unless from < to < from + n */
	jae	memcpy@PLT
	movq	%rdi, %rax
	movq	(%rsi), %r8
1:	movq	-8(%rsi,%rdx), %rcx
	movq	%rcx, -8(%rdi,%rdx)
	subq	$8, %rdx
	cmpq	$8, %rdx
	ja	1b
	movq	%r8, (%rdi)
	ret
	.size memmove, . - memmove

/* memset(to: rdi, byte: esi, n: rdx) */
FUNCTION memset
	movq	%rdi, %r8
	movzbl	%sil, %eax
	movabsq	$0x0101010101010101, %rcx
	imulq	%rcx, %rax
	cmpq	$8, %rdx
	jb	1f
	movq	%rax, -8(%rdi,%rdx)
	leaq	-1(%rdx), %rcx
	shrq	$3, %rcx
	rep stosq
	movq	%r8, %rax
	ret
1:	cmpl	$4, %edx
	jb	2f
	movl	%eax, (%rdi)
	movl	%eax, -4(%rdi,%rdx)
	movq	%r8, %rax
	ret
2:	testl	%edx, %edx
	jz	3f
	movb	%al, (%rdi)
	movb	%al, -1(%rdi,%rdx)
	shrl	$1, %edx
	movb	%al, (%rdi,%rdx)
3:	movq	%r8, %rax
	ret
	.size memset, . - memset

/* page_clear(page: rdi), page_copy(to: rdi, from: rsi): 4096 bytes */
FUNCTION page_clear
	xorl	%eax, %eax
	movl	$512, %ecx
	rep stosq
	ret
	.size page_clear, . - page_clear

FUNCTION page_copy
	movl	$512, %ecx
	rep movsq
	ret
	.size page_copy, . - page_copy

	.section .note.GNU-stack, "", @progbits
