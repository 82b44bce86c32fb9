/* Names of all of Linux's system calls and errors, for what is said of them (made by abi/abi.mk). */
#ifndef ABI_SYSCALL_NAMES_H
#define ABI_SYSCALL_NAMES_H

/* Texts one behind the other, by number; numbers that are not used have an empty one. */
extern const char syscall_names[], syscall_names_end[];
extern const char errno_names[], errno_names_end[];

/** syscall_name() - "read"; NULL for a number that Linux does not use, and for all in a kernel without their names. */
const char *syscall_name(uint64_t number);

/** name_by_number() - text @number of a list as above, NULL if it is empty or not there. */
const char *name_by_number(const char *name, const char *end, uint64_t number);

#endif
