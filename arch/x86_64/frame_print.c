/* A program's registers in the log, and what a call instruction looks like from behind (Intel SDM 2A, CALL). */
#include <arch/backtrace.h>
#include <arch/thread.h>
#include <core/log.h>

COMPONENT("traps", "exceptions and interrupts, and the report of a fault");

bool arch_is_call(const uint8_t *end)
{
	if (end[-5] == 0xe8) /* near, relative */
		return true;
	/* FF /2: near, indirect, in its lengths: register or memory, 8-bit and 32-bit displacement, with or without SIB */
	for (int n = 2; n <= ARCH_CALL_MAX; n++) {
		uint8_t modrm = end[-n + 1];

		if (end[-n] == 0xff && ((modrm >> 3) & 7) == 2) {
			int mod = modrm >> 6, rm = modrm & 7;
			int want = 2 + (mod != 3 && rm == 4) + (mod == 1) + (mod == 2 || (mod == 0 && rm == 5) ? 4 : 0);

			if (want == n)
				return true;
		}
	}
	return false;
}

void arch_frame_print(const struct trap_frame *f)
{
	log_err("rip %016lx rsp %016lx rflags %08lx", f->rip, f->rsp, f->rflags);
	log_err("rax %016lx rbx %016lx rcx %016lx rdx %016lx", f->rax, f->rbx, f->rcx, f->rdx);
	log_err("rsi %016lx rdi %016lx rbp %016lx r8  %016lx", f->rsi, f->rdi, f->rbp, f->r8);
	log_err("r9  %016lx r10 %016lx r11 %016lx r12 %016lx", f->r9, f->r10, f->r11, f->r12);
	log_err("r13 %016lx r14 %016lx r15 %016lx", f->r13, f->r14, f->r15);
}
