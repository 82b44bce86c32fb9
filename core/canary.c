/* The stack protector: where the compiler put a canary behind a frame's arrays, it is looked at before the function
 * returns. Each thread has its own; a processor's copy here is that of the thread it runs. The first one's is in the
 * template before any C function with arrays runs (arch/x86_64/slide.c). */
#include <core/log.h>
#include <core/thread.h>

COMPONENT("threads", "threads, scheduling, waiting");

PERCPU(uint64_t, stack_canary) = 0;

void __stack_chk_fail(void) __noreturn;

void __stack_chk_fail(void)
{
	panic("a function wrote past the end of an array on its stack");
}
