/* What a thread that ends needs of the futexes (abi/futex.c). */
#ifndef ABI_FUTEX_H
#define ABI_FUTEX_H

/** futex_wake_shared() - wake up to @count waiters of the word at @address, as FUTEX_WAKE without FUTEX_PRIVATE_FLAG. */
long futex_wake_shared(uint32_t __user *address, int count);

#endif
