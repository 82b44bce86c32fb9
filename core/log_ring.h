/* The log's text as it was written, for /dev/kmsg and crash reports. */
#ifndef CORE_LOG_RING_H
#define CORE_LOG_RING_H

/** log_ring_read() - copy from byte number @from on (what is overwritten is skipped). Return: where to go on. */
uint64_t log_ring_read(uint64_t from, char *to, size_t size, size_t *out);

/** log_ring_line() - the first whole line from byte number *@from on, with its end; *@from moves behind it. Return: its length,
 * cut to @size; 0: there is none yet. */
size_t log_ring_line(uint64_t *from, char *to, size_t size);
/** log_ring_end() - bytes ever written. */
uint64_t log_ring_end(void);
#define LOG_RING_SIZE 16384
extern uint64_t log_ring_cleared; /* where syslog(2) last cleared it; atomic */
/** log_set_console_level() - the worst level that reaches no console any more is @level. Return: what it was. */
int log_set_console_level(int level);

#endif
