/* Backtraces by scanning the stack for addresses behind a call in the kernel's text: there are no unwind tables.
 * Printed is the call's last byte, as what follows it may be another function; and addresses are as the linker gave
 * them, so that they can be named, and do not tell where the kernel runs. */
#include <arch/backtrace.h>
#include <arch/layout.h>
#include <core/backtrace.h>
#include <core/log.h>
#include <core/thread.h>

COMPONENT("log", "kernel messages, panics, backtraces");

extern const char text_start[], text_end[];

#define FRAMES_MAX  16
#define NEARLY_FULL 512 /* bytes: what an exception needs at once */

void backtrace_print(uint64_t ip, uint64_t sp)
{
	const struct thread *t = current;
	uint64_t top = t ? t->arch.stack_top : 0;

	log_print(LOG_EMERG, " [<%016lx>]", image_link_address(ip));
	if (!t || sp >= top || top - sp > 2 * KERNEL_STACK_SIZE)
		return;
	if (sp < (uint64_t)t->stack + NEARLY_FULL) {
		log_print(LOG_EMERG, "the kernel's stack of %s[%d] was too small", t->name, t->tid);
		sp = MAX(sp, (uint64_t)t->stack);
	}
	for (unsigned frames = 0; sp < top && frames < FRAMES_MAX; sp += 8) {
		uint64_t word = *(const uint64_t *)ALIGN_DOWN(sp, 8ul);

		if (word > (uint64_t)text_start + ARCH_CALL_MAX && word <= (uint64_t)text_end &&
		    arch_is_call((const uint8_t *)word)) {
			log_print(LOG_EMERG, " [<%016lx>]", image_link_address(word - 1));
			frames++;
		}
	}
}
