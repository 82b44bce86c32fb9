/* Moving bytes between the kernel and where a transfer's bytes lie (fs/io.h).
 *
 * A fault in a program's memory ends the transfer early; what was moved before counts. No locking: a struct io belongs
 * to one call.
 */
#include <fs/io.h>

COMPONENT("vfs", "files, paths, mounts and descriptors");

void io_init_vector(struct io *io, const struct iovec *vector, unsigned count)
{
	size_t left = 0;

	for (unsigned i = 0; i < count; i++)
		left += vector[i].iov_len;
	*io = (struct io){ .next = vector, .segments = count, .left = left };
}

/* There are bytes left, but none in the current segment. */
static void io_next_segment(struct io *io)
{
	while (!io->here) {
		io->at = io->next->iov_base;
		io->here = io->next->iov_len;
		io->next++;
		io->segments--;
	}
}

static inline void io_advance(struct io *io, size_t n)
{
	io->at += n;
	io->here -= n;
	io->left -= n;
}

size_t io_put_slow_(struct io *io, const void *from, size_t n)
{
	size_t done = 0;

	if (n > io->left)
		n = io->left;
	while (done < n) {
		size_t chunk, missed = 0;

		if (unlikely(!io->here))
			io_next_segment(io);
		chunk = MIN(n - done, io->here);
		if (unlikely(io->kernel))
			memcpy(io->at, (const char *)from + done, chunk);
		else
			missed = copy_to_user((void __user *)io->at, (const char *)from + done, chunk);
		io_advance(io, chunk - missed);
		done += chunk - missed;
		if (unlikely(missed))
			break;
	}
	return done;
}

size_t io_get_slow_(struct io *io, void *to, size_t n)
{
	size_t done = 0;

	if (n > io->left)
		n = io->left;
	while (done < n) {
		size_t chunk, missed = 0;

		if (unlikely(!io->here))
			io_next_segment(io);
		chunk = MIN(n - done, io->here);
		if (unlikely(io->kernel))
			memcpy((char *)to + done, io->at, chunk);
		else
			missed = copy_from_user((char *)to + done, (const void __user *)io->at, chunk);
		io_advance(io, chunk - missed);
		done += chunk - missed;
		if (unlikely(missed))
			break;
	}
	return done;
}

size_t io_zero_slow_(struct io *io, size_t n)
{
	size_t done = 0;

	if (n > io->left)
		n = io->left;
	while (done < n) {
		size_t chunk, missed = 0;

		if (unlikely(!io->here))
			io_next_segment(io);
		chunk = MIN(n - done, io->here);
		if (unlikely(io->kernel))
			memset(io->at, 0, chunk);
		else
			missed = clear_user((void __user *)io->at, chunk);
		io_advance(io, chunk - missed);
		done += chunk - missed;
		if (unlikely(missed))
			break;
	}
	return done;
}

void io_skip(struct io *io, size_t n)
{
	if (n > io->left)
		n = io->left;
	while (n) {
		size_t chunk;

		if (!io->here)
			io_next_segment(io);
		chunk = MIN(n, io->here);
		io_advance(io, chunk);
		n -= chunk;
	}
}
