/* siginfo_t as programs see it (asm-generic/siginfo.h), from the kernel's struct signal_info, and back. */
#ifndef ABI_SIGINFO_H
#define ABI_SIGINFO_H

#include <core/signal.h>
#include <linux/signal.h>

/** siginfo_fill() - all 128 bytes of @out. */
void siginfo_fill(siginfo_t *out, const struct signal_info *info);
/** siginfo_read() - what a program sends by rt_sigqueueinfo(2). */
void siginfo_read(struct signal_info *out, const siginfo_t *from);

#endif
