/* AF_UNIX byte streams (net/unix/unix.h).
 *
 * A sender copies straight into its peer's ring, under the peer's lock. Marks say where control data belongs; a
 * receive stops at one, and at the end of what was sent with it, so that data of two senders is never mixed up.
 */
#include <core/slab.h>
#include <net/unix/unix.h>

COMPONENT("unix", "AF_UNIX sockets");

#define READABLE (EPOLLIN | EPOLLRDNORM)
#define WRITABLE (EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND)

/* Control data of @m, not yet anywhere in a stream. err_ptr(). Made and freed with no lock held: it holds files. */
static struct unix_mark *mark_create(const struct socket_msg *m)
{
	struct unix_mark *mark = kmalloc(sizeof(*mark));
	int error;

	if (!mark)
		return err_ptr(-ENOMEM);
	error = unix_control_parse(m, &mark->control);
	if (error) {
		kfree(mark);
		return err_ptr(error);
	}
	return mark;
}

static void mark_free(struct unix_mark *mark)
{
	unix_control_free(&mark->control);
	kfree(mark);
}

ssize_t unix_stream_send(struct socket *s, struct io *io, struct socket_msg *m)
{
	struct unix_sock *u = s->private, *p = __atomic_load_n(&u->peer, __ATOMIC_ACQUIRE);
	struct unix_mark *mark = NULL;
	ssize_t n;

	if (unlikely(m->flags & MSG_OOB))
		return -EOPNOTSUPP;
	if (unlikely(m->name))
		return READ_ONCE(u->state) == UNIX_CONNECTED ? -EISCONN : -EOPNOTSUPP;
	if (unlikely(!p))
		return -ENOTCONN;
	if (unlikely(READ_ONCE(u->shutdown) & SEND_SHUT))
		return -EPIPE;
	if (unlikely(m->control)) {
		mark = mark_create(m);
		if (is_err(mark))
			return ptr_err(mark);
	}
	mutex_lock(&p->lock);
	if (unlikely(p->dead || (p->shutdown & RECEIVE_SHUT))) {
		n = -EPIPE;
	} else if (unlikely(!byte_ring_room(&p->in) && io->left)) {
		n = -EAGAIN;
	} else {
		uint64_t start = p->received + p->in.used;

		n = byte_ring_write(&p->in, io, io->left);
		if (unlikely(mark) && n > 0) {
			mark->start = start;
			mark->end = start + (size_t)n;
			list_add_tail(&p->marks, &mark->node);
			mark = NULL;
			m->control = NULL; /* the rest of a long one goes without */
		}
	}
	if (unlikely(io->left))
		p->sender_blocked = true;
	mutex_unlock(&p->lock);
	if (unlikely(mark))
		mark_free(mark);
	if (likely(n > 0))
		socket_wake(p->socket, READABLE);
	return n;
}

/* Nothing is in the ring; @u->lock is held. */
static ssize_t nothing_there(struct socket *s, const struct unix_sock *u)
{
	int error = socket_take_error(s);

	if (error)
		return error;
	if (u->state != UNIX_CONNECTED)
		return -EINVAL;
	return u->shutdown & RECEIVE_SHUT ? 0 : -EAGAIN;
}

/* Where the next mark allows a receive to end, after delivering control data that belongs here. A mark that is done
 * with goes to *@used, to be freed without the lock. */
static size_t limit_by_marks(struct unix_sock *u, struct socket_msg *m, size_t limit, struct unix_mark **used)
{
	struct unix_mark *mark = list_first(&u->marks, struct unix_mark, node);
	uint64_t end = mark->start;

	if (mark->start == u->received) {
		end = mark->end;
		unix_control_deliver(u, m, &mark->control);
		if (!(m->flags & MSG_PEEK)) {
			list_del(&mark->node);
			*used = mark;
		}
	} else if (u->socket->options & SOCKET_OPTION_PASSCRED) {
		unix_control_deliver(u, m, NULL);
	}
	return MIN(limit, end - u->received);
}

ssize_t unix_stream_receive(struct socket *s, struct io *io, struct socket_msg *m)
{
	struct unix_sock *u = s->private;
	struct unix_mark *used = NULL;
	size_t limit = io->left;
	bool blocked = false;
	ssize_t n;

	if (unlikely(m->flags & MSG_OOB))
		return -EOPNOTSUPP;
	mutex_lock(&u->lock);
	if (unlikely(!u->in.used)) {
		n = nothing_there(s, u);
		goto out;
	}
	if (unlikely(!list_empty(&u->marks)))
		limit = limit_by_marks(u, m, limit, &used);
	else if (unlikely(s->options & SOCKET_OPTION_PASSCRED))
		unix_control_deliver(u, m, NULL);
	if (unlikely(m->flags & MSG_PEEK)) {
		n = byte_ring_peek(&u->in, io, 0, limit);
	} else {
		n = byte_ring_read(&u->in, io, limit);
		if (likely(n > 0)) {
			u->received += (size_t)n;
			blocked = u->sender_blocked;
			u->sender_blocked = false;
		}
	}
	if (unlikely(m->name) && n > 0) {
		m->name_len = unix_name_of(u->peer, m->name);
		if (m->name_len <= sizeof(m->name->ss_family))
			m->name_len = 0;
	}
out:
	mutex_unlock(&u->lock);
	if (unlikely(used))
		mark_free(used);
	if (unlikely(blocked))
		socket_wake(u->peer->socket, WRITABLE);
	return n;
}

/* As Linux: writable while at most a quarter of the buffer is full. If it is not, the next receive will tell. */
bool unix_stream_writable(struct unix_sock *u)
{
	struct unix_sock *p = __atomic_load_n(&u->peer, __ATOMIC_ACQUIRE);
	bool yes = true;

	if (!p || READ_ONCE(p->in.used) <= p->in.capacity / 4)
		return true;
	mutex_lock(&p->lock);
	if (!p->dead && p->in.used > p->in.capacity / 4) {
		p->sender_blocked = true;
		yes = false;
	}
	mutex_unlock(&p->lock);
	return yes;
}
