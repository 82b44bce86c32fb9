/* Moving bytes between a pipe and something else: splice(2), tee(2).
 *
 * By way of a small buffer. What comes out of a pipe stays in it until it is known how much the other side took;
 * meanwhile it is lent, and other readers wait. No lock is held while the other side works.
 */
#include <core/page.h>
#include <fs/pipe.h>
#include <fs/splice.h>

COMPONENT("splice", "moving bytes between a pipe and something else (splice, tee)");

#define BUFFER_ORDER 2u
#define BUFFER_SIZE  (PAGE_SIZE << BUFFER_ORDER)

struct splice {
	struct file *in, *out;
	struct pipe *from, *to;  /* NULL: not a pipe */
	off_t *in_pos, *out_pos;
	bool nonblocking;
	void *buf;
};

static ssize_t file_transfer(struct file *f, struct io *io, off_t *pos,
			     ssize_t (*call)(struct file *f, struct io *io, off_t *pos))
{
	ssize_t r;

	if (!f->ops->seek || f->ops->stream)
		return call(f, io, NULL);
	if (pos)
		return call(f, io, pos);
	mutex_lock(&f->pos_lock);
	r = call(f, io, &f->pos);
	mutex_unlock(&f->pos_lock);
	return r;
}

static ssize_t put(const struct splice *s, size_t n)
{
	struct io io;

	io_init_kernel(&io, s->buf, n);
	return s->to ? pipe_put(s->to, &io, s->nonblocking) :
		       file_transfer(s->out, &io, s->out_pos, s->out->ops->write);
}

/* One buffer from a pipe. */
static ssize_t move_from_pipe(const struct splice *s, size_t n, bool nonblocking)
{
	ssize_t got = pipe_lend(s->from, s->buf, n, nonblocking), done;

	if (got <= 0)
		return got;
	done = put(s, (size_t)got);
	pipe_give_back(s->from, done > 0 ? (size_t)done : 0);
	return done;
}

/* One buffer into a pipe. Room is waited for first: only another writer can make this wait with bytes in its hands. */
static ssize_t move_into_pipe(const struct splice *s, size_t n, bool nonblocking)
{
	ssize_t room = pipe_wait_room(s->to, nonblocking), got;
	struct io io;

	if (room < 0)
		return room;
	/* What came already is enough, if more would have to be waited for. */
	if (nonblocking && !s->nonblocking && s->in->ops->poll && !(s->in->ops->poll(s->in, NULL) & EPOLLIN))
		return 0;
	io_init_kernel(&io, s->buf, MIN(n, (size_t)room));
	got = file_transfer(s->in, &io, s->in_pos, s->in->ops->read);
	if (got <= 0)
		return got;
	io_init_kernel(&io, s->buf, (size_t)got);
	return pipe_put(s->to, &io, false);
}

static ssize_t run(struct splice *s, size_t n)
{
	struct page *page = page_alloc(BUFFER_ORDER, 0);
	size_t done = 0;
	ssize_t r = 0;

	if (!page)
		return -ENOMEM;
	s->buf = page_address(page);
	while (done < n) {
		size_t part = MIN(n - done, BUFFER_SIZE);
		bool nonblocking = s->nonblocking || done; /* some bytes are better than waiting for all */

		r = s->from ? move_from_pipe(s, part, nonblocking) : move_into_pipe(s, part, nonblocking);
		if (r <= 0)
			break;
		done += (size_t)r;
		if ((size_t)r < part || thread_signal_pending(current))
			break;
	}
	page_put(page);
	return done ? (ssize_t)done : r;
}

ssize_t splice_files(struct file *in, off_t *in_pos, struct file *out, off_t *out_pos, size_t n, unsigned flags)
{
	struct splice s = {
		.in = in, .out = out, .from = pipe_of(in), .to = pipe_of(out), .in_pos = in_pos, .out_pos = out_pos,
		.nonblocking = flags & SPLICE_F_NONBLOCK,
	};

	if (!FILE_READABLE(in) || !FILE_WRITABLE(out))
		return -EBADF;
	if ((!s.from && !s.to) || s.from == s.to || !in->ops->read || !out->ops->write ||
	    (READ_ONCE(out->flags) & O_APPEND))
		return -EINVAL;
	if ((in_pos && (s.from || !in->ops->seek)) || (out_pos && (s.to || !out->ops->seek)))
		return -ESPIPE;
	if ((s.from && READ_ONCE(in->flags) & O_NONBLOCK) || (s.to && READ_ONCE(out->flags) & O_NONBLOCK))
		s.nonblocking = true;
	return run(&s, n);
}

ssize_t splice_tee(struct file *in, struct file *out, size_t n, unsigned flags)
{
	struct splice s = { .in = in, .out = out, .from = pipe_of(in), .to = pipe_of(out) };
	struct page *page;
	ssize_t r;

	n = MIN(n, BUFFER_SIZE);
	if (!FILE_READABLE(in) || !FILE_WRITABLE(out))
		return -EBADF;
	if (!s.from || !s.to || s.from == s.to)
		return -EINVAL;
	s.nonblocking = (flags & SPLICE_F_NONBLOCK) || ((READ_ONCE(in->flags) | READ_ONCE(out->flags)) & O_NONBLOCK);
	r = pipe_wait_room(s.to, s.nonblocking);
	if (r < 0)
		return r;
	page = page_alloc(BUFFER_ORDER, 0);
	if (!page)
		return -ENOMEM;
	s.buf = page_address(page);
	r = pipe_lend(s.from, s.buf, MIN(n, (size_t)r), s.nonblocking);
	if (r > 0) {
		pipe_give_back(s.from, 0);
		r = put(&s, (size_t)r);
	}
	page_put(page);
	return r;
}
