/* /dev/random and /dev/urandom (random(4)): the same generator; neither blocks. */
#include <core/random.h>
#include <core/thread.h>
#include <core/wait.h>
#include <fs/dev/devnode.h>
#include <linux/errno.h>

COMPONENT("dev", "/dev and its files");

#define STEP 256u

static off_t seek_nowhere(struct file *f, off_t offset, int whence)
{
	return 0;
}

static ssize_t random_read(struct file *f, struct io *io, off_t *pos)
{
	uint8_t bytes[STEP];
	size_t done = 0;

	while (io->left) {
		size_t n = MIN(io->left, (size_t)STEP), moved;

		random_bytes(bytes, n);
		moved = io_put(io, bytes, n);
		done += moved;
		if (moved < n) {
			memset(bytes, 0, sizeof(bytes));
			return done ? (ssize_t)done : -EFAULT;
		}
		if (io->left && done % PAGE_SIZE == 0 && thread_signal_pending(current))
			break;
	}
	memset(bytes, 0, sizeof(bytes)); /* what the program got is its own */
	barrier();
	return (ssize_t)done;
}

static ssize_t random_write(struct file *f, struct io *io, off_t *pos)
{
	uint8_t bytes[STEP];
	size_t done = 0;

	while (io->left) {
		size_t n = MIN(io->left, (size_t)STEP), moved = io_get(io, bytes, n);

		random_add(bytes, moved);
		done += moved;
		if (moved < n)
			return done ? (ssize_t)done : -EFAULT;
	}
	return (ssize_t)done;
}

static const struct file_ops random_ops = {
	.read = random_read, .write = random_write, .seek = seek_nowhere, .stream = true,
};
DEVNODE(random, "random", &random_ops, NULL, 1, 8, 0666);
DEVNODE(urandom, "urandom", &random_ops, NULL, 1, 9, 0666);
