/* Waiting for several files, poll(2) and select(2) (fs/poll.c). */
#ifndef FS_POLL_H
#define FS_POLL_H

#include <fs/file.h>
#include <linux/poll.h>

/**
 * poll_files() - set revents of @count entries of kernel memory, waiting for the first until @deadline_ns.
 * @deadline_ns: monotonic; 0: do not wait; TIMER_NEVER.
 * Return: how many have revents; 0 at the deadline; -ERESTARTNOHAND; -ENOMEM.
 */
long poll_files(struct pollfd *fds, unsigned count, uint64_t deadline_ns);

/* The three sets of select(2), by index; a set that is not asked for is NULL. */
enum { SELECT_READ, SELECT_WRITE, SELECT_EXCEPT, SELECT_SETS };
struct select_sets {
	const uint64_t *in[SELECT_SETS];
	uint64_t *out[SELECT_SETS]; /* all zero before */
};
/** select_files() - descriptors 0 to @count - 1. Return: bits set in all of @sets->out; else as poll_files(); -EBADF. */
long select_files(unsigned count, const struct select_sets *sets, uint64_t deadline_ns);

#endif
