/* The log's text as it was written, for /dev/kmsg and crash reports. */
#ifndef CORE_LOG_RING_H
#define CORE_LOG_RING_H

/** log_ring_read() - copy from byte number @from on (what is overwritten is skipped). Return: where to go on. */
uint64_t log_ring_read(uint64_t from, char *to, size_t size, size_t *out);

#endif
