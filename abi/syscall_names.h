/* Names of all of Linux's system calls, for what is said of those that are not here (made by abi/abi.mk). */
#ifndef ABI_SYSCALL_NAMES_H
#define ABI_SYSCALL_NAMES_H

extern const char syscall_names[], syscall_names_end[];

#endif
