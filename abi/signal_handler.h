/* A program's own handlers of signals (abi/signal_handler.c). */
#ifndef ABI_SIGNAL_HANDLER_H
#define ABI_SIGNAL_HANDLER_H

#include <stdbool.h>

struct signal_action;
struct signal_info;
struct trap_frame;

/**
 * signal_run_handler() - let the program go on in the handler @a.
 * Return: false: there is no stack for it, and none for the SIGSEGV that says so; the program is to end.
 */
bool signal_run_handler(struct trap_frame *frame, const struct signal_info *info, const struct signal_action *a);

#endif
