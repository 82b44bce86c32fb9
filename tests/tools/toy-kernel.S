/* A kernel of one page that speaks the protocol of include/whittle/console.h, for the tests of `whittle run`: it writes
 * its own first 256 bytes as output, one message with an address, then what comes in; its status is how many bytes came,
 * modulo 256. If the first byte of input is 'h' it hangs, if 'p' it powers off without a status.
 */
	.pushsection .whittle.component, "", @progbits
	.asciz "toy"
	.asciz "a kernel that echoes"
	.popsection

	.code32
	.section .boot.text, "ax"
	.globl pvh_entry
pvh_entry:
	mov $0x4e9, %dx
	mov $0x100000, %esi
	mov $256, %ecx
	rep outsb
	mov $0xe9, %dx
	mov $(message - pvh_entry + 0x100000), %esi
	mov $(message_end - message), %ecx
	rep outsb
	mov $0x3f8, %dx
	mov $0x11, %al
	out %al, %dx
	xor %ebx, %ebx
next:
	call read_byte
	test %ebx, %ebx
	jnz 1f
	cmp $'h', %al
	je hang
	cmp $'p', %al
	je power_off
1:	cmp $0x10, %al
	jne echo
	call read_byte
	cmp $4, %al
	je done
echo:
	mov $0x4e9, %dx
	out %al, %dx
	inc %ebx
	jmp next
done:
	mov $0x5e9, %dx
	mov %bl, %al
	out %al, %dx
power_off:
	lidt no_idt - pvh_entry + 0x100000
	int3
hang:
	hlt
	jmp hang

read_byte:
	mov $0x3fd, %dx
	in %dx, %al
	test $1, %al
	jz read_byte
	mov $0x3f8, %dx
	in %dx, %al
	ret

no_idt:
	.word 0
	.long 0
message:
	.ascii "toy: stopped at [<ffffffff80100004>] in (/usr/bin/plain+PLAIN_MAIN)\n"
message_end:

	/* ld cannot place an empty table of relocations. */
	.data
	.balign 8
	.globl toy_pointer
toy_pointer:
	.quad toy_pointer
