/* The log: a ring of lines, and the console for those that its level admits. One spinlock, taken with interrupts off;
 * a processor that panics while it holds the lock writes past it. */
#include <core/backtrace.h>
#include <core/clock.h>
#include <core/console.h>
#include <core/lock.h>
#include <core/log.h>
#include <core/log_ring.h>
#include <core/param.h>
#include <core/power.h>
#include <core/thread.h>
#include <linux/errno.h>
#include <whittle/console.h>

COMPONENT("log", "kernel messages, panics, backtraces");

#define LINE_MAX  512
#define RING_SIZE LOG_RING_SIZE

#define PANIC_SECONDS_MOST 86400u

static struct spinlock log_lock = SPINLOCK_INIT(RANK_LOG);
static char ring[RING_SIZE];    /* log_lock */
static uint64_t ring_written;   /* log_lock: bytes ever */
static int console_level = LOG_WARNING;
bool panicking;
static int panic_seconds = -1;  /* from then to the machine's reset; -1: it goes off */

static void ring_add(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ring[ring_written++ % RING_SIZE] = text[i];
}

uint64_t log_ring_read(uint64_t from, char *to, size_t size, size_t *out)
{
	irqflags_t flags = spin_lock_irqsave(&log_lock);
	uint64_t oldest = ring_written > RING_SIZE ? ring_written - RING_SIZE : 0;
	size_t n;

	if (from < oldest)
		from = oldest;
	n = MIN(size, (size_t)(ring_written - from));
	for (size_t i = 0; i < n; i++)
		to[i] = ring[(from + i) % RING_SIZE];
	spin_unlock_irqrestore(&log_lock, flags);
	*out = n;
	return from + n;
}

uint64_t log_ring_cleared;

uint64_t log_ring_end(void)
{
	irqflags_t flags = spin_lock_irqsave(&log_lock);
	uint64_t end = ring_written;

	spin_unlock_irqrestore(&log_lock, flags);
	return end;
}

size_t log_ring_line(uint64_t *from, char *to, size_t size)
{
	irqflags_t flags = spin_lock_irqsave(&log_lock);
	uint64_t at = *from;
	size_t n = 0;
	char c = 0;

	if (ring_written > RING_SIZE && at < ring_written - RING_SIZE) {
		at = ring_written - RING_SIZE;
		while (at < ring_written && ring[at++ % RING_SIZE] != '\n')
			;
	}
	for (; at < ring_written && c != '\n'; at++) {
		c = ring[at % RING_SIZE];
		if (n < size)
			to[n++] = c;
	}
	spin_unlock_irqrestore(&log_lock, flags);
	*from = at;
	return n;
}

int log_set_console_level(int level)
{
	return __atomic_exchange_n(&console_level, level - 1, __ATOMIC_RELAXED) + 1;
}

void log_print(enum log_level level, const char *format, ...)
{
	char line[LINE_MAX];
	uint64_t now = clock_monotonic_ns();
	size_t n, text;
	irqflags_t flags;
	va_list args;

	text = (size_t)format_text(line, sizeof(line), "<%d>[%5lu.%06lu] ", level, now / NSEC_PER_SEC,
				   now % NSEC_PER_SEC / 1000);
	va_start(args, format);
	n = text + (size_t)format_text_va(line + text, sizeof(line) - text, format, args);
	va_end(args);
	n = MIN(n, sizeof(line) - 2);
	line[n++] = '\n';
	if (panicking) {
		console_write_log(line + text, n - text);
		return;
	}
	flags = spin_lock_irqsave(&log_lock);
	ring_add(line, n);
	if ((int)level <= console_level)
		console_write_log(line + text, n - text);
	spin_unlock_irqrestore(&log_lock, flags);
}

/* Lines in the ring are "<level>", the time, a space, the text; none was lost so early. */
void log_repeat(void)
{
	irqflags_t flags = spin_lock_irqsave(&log_lock);

	for (uint64_t at = 0, end; at < ring_written && ring_written <= RING_SIZE; at = end) {
		bool wanted = ring[at + 1] - '0' <= console_level;

		for (end = at; ring[end++] != '\n';)
			;
		if (wanted)
			console_write_log(ring + at + 3, end - at - 3);
	}
	spin_unlock_irqrestore(&log_lock, flags);
}

void log_write(const char *text, size_t n)
{
	irqflags_t flags = spin_lock_irqsave(&log_lock);

	console_write_log(text, n);
	spin_unlock_irqrestore(&log_lock, flags);
}

void panic(const char *format, ...)
{
	char text[256];
	va_list args;

	irq_disable();
	va_start(args, format);
	format_text_va(text, sizeof(text), format, args);
	va_end(args);
	if (!__atomic_exchange_n(&panicking, true, __ATOMIC_ACQ_REL)) {
		log_print(LOG_EMERG, "kernel panic: %s", text);
		backtrace_print((uint64_t)__builtin_return_address(0) - 1, (uint64_t)__builtin_frame_address(0));
	}
	if (panic_seconds < 0)
		machine_off();
	for (uint64_t until = clock_monotonic_ns() + (uint64_t)panic_seconds * NSEC_PER_SEC; clock_monotonic_ns() < until;)
		cpu_relax();
	machine_reset();
}

/* Linux's: seconds after which a panic starts the machine anew, -1: at once. Without it, or 0, the machine goes off. */
static int set_panic(char *value)
{
	uint64_t seconds;

	if (!strcmp(value, "-1"))
		panic_seconds = 0;
	else if (param_number(value, &seconds) || seconds > PANIC_SECONDS_MOST)
		return -EINVAL;
	else
		panic_seconds = seconds ? (int)seconds : -1;
	return 0;
}
BOOT_PARAM(panic, "panic", set_panic);

static int set_loglevel(char *value)
{
	uint64_t level;

	if (param_number(value, &level) || level > 15)
		return -EINVAL;
	/* Linux prints what is below the number. */
	console_level = (int)level - 1;
	return 0;
}
BOOT_PARAM(loglevel, "loglevel", set_loglevel);

static int set_quiet(char *value)
{
	console_level = LOG_ERR;
	return 0;
}
BOOT_PARAM(quiet, "quiet", set_quiet);

static int set_debug(char *value)
{
	console_level = LOG_DEBUG;
	return 0;
}
BOOT_PARAM(debug, "debug", set_debug);
