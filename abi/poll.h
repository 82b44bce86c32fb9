/* What poll and select have in common with ppoll and pselect6 (abi/poll.c). */
#ifndef ABI_POLL_H
#define ABI_POLL_H

#include <fs/poll.h>

/** poll_user(), select_user() - poll_files() and select_files() on memory of the program. */
long poll_user(struct pollfd __user *fds, unsigned count, uint64_t deadline_ns);
long select_user(int count, void __user *in, void __user *out, void __user *except, uint64_t deadline_ns);

#endif
