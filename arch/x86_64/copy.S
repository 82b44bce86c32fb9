/* Copy routines: the only instructions that touch a program's memory (core/uaccess.h).
 *
 * One section, no exception table: trap.c knows the range. A fault that cannot be served resumes at the label that is
 * in R8, which every routine sets before its first access. STAC and CLAC are no-ops until a processor with SMAP puts
 * them in (copy_enable_smap() in cpu.c, before the text is sealed).
 * Under emulation each round of REP counts as an instruction, so words are moved, not bytes.
 */
#include "component.h"

	COMPONENT "user-copy", "copies from and to a program's memory"
	.section .rodata.copy_smap_sites, "a"
	.globl	copy_smap_sites
copy_smap_sites:

.macro STAC_SITE
9:	nopl	(%rax)
	.pushsection .rodata.copy_smap_sites
	.long	9b - .Lcopy_base
	.popsection
.endm
.macro CLAC_SITE
9:	nopl	(%rax)
	.pushsection .rodata.copy_smap_sites
	.long	(9b - .Lcopy_base) + 0x80000000
	.popsection
.endm

.macro ROUTINE name
	.globl	\name
	.type	\name, @function
	.balign	16
\name:
.endm

/* Is [\reg, \reg + RDX) below the limit? Clobbers RAX. */
.macro CHECK_LIMIT reg, bad
	movq	%gs:uaccess_limit(%rip), %rax
	subq	%rdx, %rax
	jb	\bad
	cmpq	%rax, \reg
	ja	\bad
.endm

	.section .copy_routines, "ax"
	.globl	copy_base
copy_base:
.Lcopy_base:

/* size_t copy_*_user(to RDI, from RSI, n RDX): bytes that were not copied. */
ROUTINE copy_to_user
	CHECK_LIMIT %rdi, .Lcopy_none
	jmp	.Lcopy
ROUTINE copy_from_user
	CHECK_LIMIT %rsi, .Lcopy_none
.Lcopy:
	leaq	.Lcopy_words_fault(%rip), %r8
	movq	%rdx, %rcx
	STAC_SITE
	shrq	$3, %rcx
	jz	1f
	rep movsq
1:	leaq	.Lcopy_bytes_fault(%rip), %r8
	movl	%edx, %ecx
	andl	$7, %ecx
	jz	2f
	rep movsb
2:	CLAC_SITE
	xorl	%eax, %eax
	ret
.Lcopy_words_fault:
	/* RCX words and the odd bytes are left: go on by bytes up to the very one that faults. */
	andl	$7, %edx
	leaq	(%rdx,%rcx,8), %rcx
	leaq	.Lcopy_bytes_fault(%rip), %r8
	rep movsb
.Lcopy_bytes_fault:
	CLAC_SITE
	movq	%rcx, %rax
	ret
.Lcopy_none:
	movq	%rdx, %rax
	ret

/* size_t clear_user(to RDI, n RSI) */
ROUTINE clear_user
	movq	%gs:uaccess_limit(%rip), %rax
	subq	%rsi, %rax
	jb	.Lclear_none
	cmpq	%rax, %rdi
	ja	.Lclear_none
	leaq	.Lclear_words_fault(%rip), %r8
	xorl	%eax, %eax
	movq	%rsi, %rcx
	STAC_SITE
	shrq	$3, %rcx
	rep stosq
	andl	$7, %esi
	jz	1f
	leaq	.Lcopy_bytes_fault(%rip), %r8
	movl	%esi, %ecx
	rep stosb
1:	CLAC_SITE
	ret
.Lclear_none:
	movq	%rsi, %rax
	ret
.Lclear_words_fault:
	andl	$7, %esi
	leaq	(%rsi,%rcx,8), %rcx
	leaq	.Lcopy_bytes_fault(%rip), %r8
	rep stosb
	jmp	.Lcopy_bytes_fault

/* ssize_t strncpy_from_user(to RDI, from RSI, size RDX): words at a time while the place is aligned; a word never
 * crosses a page, so that reading past the zero does no harm. */
ROUTINE strncpy_from_user
	leaq	.Luser_fault(%rip), %r8
	movq	%gs:uaccess_limit(%rip), %r9
	subq	%rsi, %r9				/* bytes before the limit */
	jbe	.Lfault_no_clac
	xorl	%eax, %eax
	cmpq	%r9, %rdx
	jbe	1f
	movq	%r9, %rdx				/* past it is a fault: see the end */
	movl	$1, %eax
1:	movl	%eax, %r9d				/* 1: cut by the limit */
	movq	%rdi, %r10				/* start */
	movabsq	$0x0101010101010101, %r11
	STAC_SITE
2:	testq	%rdx, %rdx
	jz	.Lstring_end
	testb	$7, %sil
	jnz	3f
	cmpq	$8, %rdx
	jb	3f
4:	movq	(%rsi), %rax
	/* a zero byte in RAX? (word - 01…) & ~word & 80… */
	movq	%rax, %rcx
	subq	%r11, %rcx
	notq	%rax
	andq	%rax, %rcx
	notq	%rax
	shlq	$7, %r11
	andq	%r11, %rcx
	shrq	$7, %r11
	testq	%rcx, %rcx
	jnz	5f
	movq	%rax, (%rdi)
	addq	$8, %rsi
	addq	$8, %rdi
	subq	$8, %rdx
	cmpq	$8, %rdx
	jae	4b
	jmp	2b
5:	/* the zero is byte number bsf / 8: the word's bytes up to it */
	bsfq	%rcx, %rcx
	shrl	$3, %ecx
	leaq	(%rdi,%rcx), %rdx
	subq	%r10, %rdx				/* the length */
6:	movb	%al, (%rdi)
	shrq	$8, %rax
	incq	%rdi
	decl	%ecx
	jns	6b
	CLAC_SITE
	movq	%rdx, %rax
	ret
3:	movb	(%rsi), %al
	movb	%al, (%rdi)
	testb	%al, %al
	jz	7f
	incq	%rsi
	incq	%rdi
	decq	%rdx
	jmp	2b
.Lstring_end:
	testl	%r9d, %r9d
	jnz	.Luser_fault
7:	CLAC_SITE
	movq	%rdi, %rax
	subq	%r10, %rax
	ret

.Luser_fault:
	CLAC_SITE
.Lfault_no_clac:
	movq	$-14, %rax
	ret

.macro GET_WORD name, size, load, store
ROUTINE \name
	movq	%gs:uaccess_limit(%rip), %rax
	subq	$\size, %rax
	cmpq	%rax, %rsi
	ja	.Lfault_no_clac
	leaq	.Luser_fault(%rip), %r8
	STAC_SITE
	\load
	CLAC_SITE
	\store
	xorl	%eax, %eax
	ret
.endm
GET_WORD get_user_u32, 4, "movl (%rsi), %ecx", "movl %ecx, (%rdi)"
GET_WORD get_user_u64, 8, "movq (%rsi), %rcx", "movq %rcx, (%rdi)"

.macro PUT_WORD name, size, store
ROUTINE \name
	movq	%gs:uaccess_limit(%rip), %rax
	subq	$\size, %rax
	cmpq	%rax, %rdi
	ja	.Lfault_no_clac
	leaq	.Luser_fault(%rip), %r8
	STAC_SITE
	\store
	CLAC_SITE
	xorl	%eax, %eax
	ret
.endm
PUT_WORD put_user_u32, 4, "movl %esi, (%rdi)"
PUT_WORD put_user_u64, 8, "movq %rsi, (%rdi)"

/* int user_cmpxchg_u32(to RDI, expected ESI, desired EDX, uint32_t *found RCX) */
ROUTINE user_cmpxchg_u32
	movq	%gs:uaccess_limit(%rip), %rax
	subq	$4, %rax
	cmpq	%rax, %rdi
	ja	.Lfault_no_clac
	leaq	.Luser_fault(%rip), %r8
	movl	%esi, %eax
	STAC_SITE
	lock cmpxchgl %edx, (%rdi)
	CLAC_SITE
	movl	%eax, (%rcx)
	xorl	%eax, %eax
	ret

	.section .rodata.copy_smap_sites, "a"
	.globl	copy_smap_sites_end
copy_smap_sites_end:

	.section .note.GNU-stack, "", @progbits
