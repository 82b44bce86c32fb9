/* What a report of a fault needs to know of the processor. */
#ifndef ARCH_BACKTRACE_H
#define ARCH_BACKTRACE_H

struct trap_frame;

#define ARCH_CALL_MAX 4 /* bytes of a call instruction */

/** arch_is_call() - a call instruction ends right before @end; ARCH_CALL_MAX bytes before it can be read. */
bool arch_is_call(const uint8_t *end);
/** arch_frame_print() - registers, to the log at level error. */
void arch_frame_print(const struct trap_frame *f);

#endif
