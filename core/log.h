/* The kernel's log (core/log.c): one line a call, to every console whose level admits it.
 *
 * Levels are Linux's. By default warnings and worse reach the console (loglevel=, quiet, debug change it); all lines
 * go into a ring that a crash dump or /dev/kmsg can show. Context: any.
 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include <stdarg.h>

enum log_level { LOG_EMERG, LOG_ALERT, LOG_CRIT, LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG };

/** log_print() - one line, without a newline. %s %d %u %x %lx %zu %p %c and widths, as C has them. */
void log_print(enum log_level level, const char *format, ...) __printf(2, 3);

/** log_write() - text as it is, to the console for messages only, in one piece. Context: any. */
void log_write(const char *text, size_t n);

#define log_err(...)  log_print(LOG_ERR, __VA_ARGS__)
#define log_warn(...) log_print(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_print(LOG_INFO, __VA_ARGS__)
#define log_debug(...)                                                                             \
	do {                                                                                       \
		if (WHITTLE_DEBUG)                                                                 \
			log_print(LOG_DEBUG, __VA_ARGS__);                                         \
	} while (0)

/** log_once() - a line that is worth saying the first time only. */
#define log_once(level, ...)                                                                       \
	do {                                                                                       \
		static bool log_said_;                                                             \
		if (!__atomic_exchange_n(&log_said_, true, __ATOMIC_RELAXED))                      \
			log_print(level, __VA_ARGS__);                                             \
	} while (0)

/** format_text() - snprintf: at most @size - 1 bytes and a zero. Return: bytes that the whole text has. */
int format_text(char *to, size_t size, const char *format, ...) __printf(3, 4);
int format_text_va(char *to, size_t size, const char *format, va_list args) __printf(3, 0);

/** log_repeat() - the first console for messages has come: it gets those from before it. Start-up. */
void log_repeat(void);

/** panicking - panic() was called, the machine is about to end. */
extern bool panicking;
/** panic() - our own invariant is broken: say so with a backtrace, end the machine with status 126. */
void panic(const char *format, ...) __printf(1, 2) __noreturn __cold;

#define assert(condition)                                                                          \
	do {                                                                                       \
		if (unlikely(!(condition)))                                                        \
			panic("%s:%d: not true: %s", __FILE__, __LINE__, #condition);              \
	} while (0)

/* Checked in debug builds only, for hot paths. */
#define debug_assert(condition)                                                                    \
	do {                                                                                       \
		if (WHITTLE_DEBUG)                                                                 \
			assert(condition);                                                         \
	} while (0)

#endif
