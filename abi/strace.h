/* What tracers know of the arguments of system calls. */
#ifndef ABI_STRACE_H
#define ABI_STRACE_H

/** strace_arguments() - a letter for each argument of call @number (abi/strace.c lists them): 'p' is a path. */
const char *strace_arguments(uint64_t number);

#endif
