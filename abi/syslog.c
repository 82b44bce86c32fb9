/* syslog(2): the kernel's log, read and cleared, and what of it reaches the console.
 *
 * Lines are in the ring (core/log.c) as this call gives them: <LEVEL>[SECONDS] TEXT. Nobody is woken by a line, as lines are
 * written in any context: who waits for one looks five times a second.
 */
#include <abi/syscall.h>
#include <core/clock.h>
#include <core/lock.h>
#include <core/log_ring.h>
#include <core/process.h>
#include <core/uaccess.h>
#include <core/wait.h>
#include <linux/capability.h>

COMPONENT("syslog", "syslog(2), by which programs read the kernel's log");

enum action { CLOSE, OPEN, READ, READ_ALL, READ_CLEAR, CLEAR, CONSOLE_OFF, CONSOLE_ON, CONSOLE_LEVEL, SIZE_UNREAD, SIZE_BUFFER };

#define LINE         512u
#define LOOK_NS      200000000ul
#define LEVEL_LEAST  1  /* what loglevel=1 is */
#define LEVEL_MOST   8

static struct mutex syslog_lock = MUTEX_INIT(syslog_lock, RANK_CALL);
static uint64_t read_to;     /* syslog_lock: READ has given all before it */
static int level_saved = -1; /* syslog_lock: by CONSOLE_OFF */

/* READ: whole lines that nobody has read, at least one. */
static long read_new(char __user *to, size_t size)
{
	char line[LINE];
	long done = 0;

	while (!done) {
		mutex_lock(&syslog_lock);
		for (;;) {
			uint64_t next = read_to;
			size_t n = log_ring_line(&next, line, sizeof(line));

			if (!n || n > size - (size_t)done)
				break;
			if (copy_to_user(to + done, line, n)) {
				done = done ? done : -EFAULT;
				break;
			}
			done += (long)n;
			read_to = next;
		}
		mutex_unlock(&syslog_lock);
		if (!done && thread_sleep_until(clock_monotonic_ns() + LOOK_NS, true))
			return -ERESTARTSYS;
	}
	return done;
}

/* The last lines that fit. */
static long read_last(char __user *to, size_t size)
{
	uint64_t from = __atomic_load_n(&log_ring_cleared, __ATOMIC_RELAXED), end = log_ring_end(), at = from;
	char line[LINE];
	size_t total = 0, n;
	long done = 0;

	while (at < end && (n = log_ring_line(&at, line, sizeof(line))))
		total += n;
	end = at;
	while (from < end && (n = log_ring_line(&from, line, sizeof(line)))) {
		if (total > size) {
			total -= n;
			continue;
		}
		if ((size_t)done + n > size)
			break; /* lines were written meanwhile */
		if (copy_to_user(to + done, line, n))
			return -EFAULT;
		done += (long)n;
	}
	return done;
}

static long size_unread(void)
{
	uint64_t from, end = log_ring_end();

	mutex_lock(&syslog_lock);
	from = read_to;
	mutex_unlock(&syslog_lock);
	return (long)MIN(end - from, (uint64_t)LOG_RING_SIZE);
}

static void console(enum action what, int level)
{
	mutex_lock(&syslog_lock);
	if (what == CONSOLE_OFF) {
		int was = log_set_console_level(LEVEL_LEAST);

		if (level_saved < 0)
			level_saved = was;
	} else if (what == CONSOLE_LEVEL) {
		(void)log_set_console_level(level);
		level_saved = -1;
	} else if (level_saved >= 0) {
		(void)log_set_console_level(level_saved);
		level_saved = -1;
	}
	mutex_unlock(&syslog_lock);
}

long sys_syslog(int type, char __user *to, int size)
{
	bool reads = type == READ || type == READ_ALL || type == READ_CLEAR;
	uint64_t end;
	long r = 0;

	if (type != READ_ALL && type != SIZE_BUFFER && !(current->process->credentials.cap_effective & 1ull << CAP_SYSLOG))
		return -EPERM;
	if (reads && (!to || size < 0))
		return -EINVAL;
	if (reads && !size)
		return 0;
	if (reads && !user_range_ok(to, (size_t)size))
		return -EFAULT;
	switch (type) {
	case CLOSE:
	case OPEN:
		return 0;
	case READ:
		return read_new(to, (size_t)size);
	case READ_ALL:
	case READ_CLEAR:
	case CLEAR:
		end = log_ring_end();
		if (type != CLEAR)
			r = read_last(to, (size_t)size);
		if (type != READ_ALL && r >= 0)
			__atomic_store_n(&log_ring_cleared, end, __ATOMIC_RELAXED);
		return r;
	case CONSOLE_OFF:
	case CONSOLE_ON:
		console((enum action)type, 0);
		return 0;
	case CONSOLE_LEVEL:
		if (size < LEVEL_LEAST || size > LEVEL_MOST)
			return -EINVAL;
		console(CONSOLE_LEVEL, size);
		return 0;
	case SIZE_UNREAD:
		return size_unread();
	case SIZE_BUFFER:
		return LOG_RING_SIZE;
	default:
		return -EINVAL;
	}
}
SYSCALL(syslog);
