/* The suites: tests of what a program sees of the kernel, one subject a file, all in one program.
 *
 * They run on the build host too and must pass there: what they hold Whittle to is what Linux does. Printing TAP.
 */
#ifndef SUITE_H
#define SUITE_H

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/** ok() - one point; any thread. Return: @condition. */
bool ok(bool condition, const char *name, ...) __attribute__((format(printf, 2, 3)));
/** is() - two integers are equal. */
bool is(long long got, long long wanted, const char *name, ...) __attribute__((format(printf, 3, 4)));
/** fails() - a call returned -1 with this errno; use at once after the call. */
bool fails(long long got, int error, const char *name, ...) __attribute__((format(printf, 3, 4)));

/** now_ms() - CLOCK_MONOTONIC. */
long long now_ms(void);
void sleep_ms(long ms);
/** scratch() - a path in a directory of this run's that can be written; good until four more calls. */
const char *scratch(const char *name);
/** in_guest() - is this Whittle, with the test image's root? */
bool in_guest(void);
/** write_whole_file() - create or truncate. Return: 0, or -1. */
int write_whole_file(const char *path, const void *data, size_t size);

/** FAULT_OF() - the signal that @statement raises, 0 if none; fault_address and fault_code say more. */
extern sigjmp_buf fault_escape;
extern void *volatile fault_address;
extern volatile int fault_code;
void fault_catch(void);
void fault_release(void);
#define FAULT_OF(statement)                                                                        \
	({                                                                                         \
		int fault_signal_;                                                                 \
		fault_address = (void *)-1;                                                        \
		fault_code = 0;                                                                    \
		fault_catch();                                                                     \
		fault_signal_ = sigsetjmp(fault_escape, 1);                                        \
		if (!fault_signal_) {                                                              \
			statement;                                                                 \
		}                                                                                  \
		fault_release();                                                                   \
		fault_signal_;                                                                     \
	})

void suite_memory(void);
void suite_process_edges(void);
void suite_threads(void);
void suite_signals(void);
void suite_files(void);
void suite_files_edges(void);
void suite_root(void);
void suite_ipc(void);
void suite_unix(void);
void suite_ipc_edges(void);
void suite_procfs(void);
void suite_sysv(void);
void suite_sysv_sem(void);
void suite_aio(void);
void suite_mounts(void);
void suite_cpu_time(void);
void suite_futex(void);
void suite_sched(void);
void suite_machine(void);
void suite_mqueue(void);
void suite_pty(void);
void suite_inotify(void);
void suite_various(void);
void suite_ipc_stress(void);
void suite_net(void);
void suite_net6(void);
void suite_net_edges(void);
void suite_net_errors(void);
void suite_time(void);
void suite_process(void);
void suite_errnos_files(void);
void suite_errnos_process(void);
void suite_codes(void);
void suite_errnos_net(void);
void suite_badptr(void);

#endif
