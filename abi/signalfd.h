/* What signalfd has in common with signalfd4 (abi/signalfd.c). */
#ifndef ABI_SIGNALFD_H
#define ABI_SIGNALFD_H

#include <core/signal.h>

long signalfd_user(int fd, const signal_mask __user *mask, size_t mask_size, int flags);

#endif
