/* Backtraces (core/backtrace.c): return addresses found on a kernel stack, in the form that `whittle run` names
 * (include/whittle/console.h). There are no frame pointers: words that point behind a call in the kernel's text. */
#ifndef CORE_BACKTRACE_H
#define CORE_BACKTRACE_H

void backtrace_print(uint64_t ip, uint64_t sp);

#endif
