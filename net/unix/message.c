/* AF_UNIX datagrams and sequenced packets (net/unix/unix.h).
 *
 * A message is allocated and filled first, then put on the receiver's queue under its lock. A sender has at most its
 * SO_SNDBUF in flight; a receiver that is not connected back takes a handful of messages and then makes senders wait.
 */
#include <core/slab.h>
#include <net/unix/unix.h>

COMPONENT("unix", "AF_UNIX sockets");

#define READABLE (EPOLLIN | EPOLLRDNORM)
#define WRITABLE (EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND)

#define QUEUE_MAX 10u /* net.unix.max_dgram_qlen */
#define OVERHEAD  32u /* of SO_SNDBUF that no message can use, as on Linux */

void unix_message_free(struct unix_message *message)
{
	struct unix_sock *from = message->from;

	__atomic_sub_fetch(&from->in_flight, message->len + sizeof(*message), __ATOMIC_SEQ_CST);
	socket_wake(from->socket, WRITABLE);
	unix_put(from);
	unix_control_free(&message->control);
	kfree(message);
}

/* err_ptr(-EAGAIN): the sender has as much in flight as it may. */
static struct unix_message *message_create(struct unix_sock *u, struct io *io, const struct socket_msg *m)
{
	size_t n = io->left;
	uint32_t limit = READ_ONCE(u->socket->send_buffer);
	struct unix_message *message;
	int error;

	if (n > limit - OVERHEAD)
		return err_ptr(-EMSGSIZE);
	if (__atomic_load_n(&u->in_flight, __ATOMIC_SEQ_CST) >= limit)
		return err_ptr(-EAGAIN);
	message = kmalloc(sizeof(*message) + n);
	if (!message)
		return err_ptr(-ENOBUFS);
	error = unix_control_parse(m, &message->control);
	if (error) {
		kfree(message);
		return err_ptr(error);
	}
	message->len = n;
	message->from = u;
	unix_get(u);
	__atomic_add_fetch(&u->in_flight, n + sizeof(*message), __ATOMIC_SEQ_CST);
	if (io_get(io, message->data, n) != n) {
		unix_message_free(message);
		return err_ptr(-EFAULT);
	}
	return message;
}

/* The receiver of a message: by the address given, else the peer. With a reference; err_ptr(). */
static struct unix_sock *receiver(struct unix_sock *u, const struct socket_msg *m)
{
	struct unix_sock *to;

	if (m->name && u->socket->type == SOCK_DGRAM)
		return unix_find((const struct sockaddr *)m->name, m->name_len, SOCK_DGRAM);
	to = unix_peer_get(u);
	return to ? to : err_ptr(-ENOTCONN);
}

/* The peer of a datagram socket is gone: the connection ends. */
static void forget_peer(struct unix_sock *u, struct unix_sock *peer)
{
	bool was = false;

	mutex_lock(&unix_lock);
	mutex_lock(&u->lock);
	if (u->peer == peer) {
		u->peer = NULL;
		u->state = UNIX_CLOSED;
		was = true;
	}
	mutex_unlock(&u->lock);
	mutex_unlock(&unix_lock);
	if (was)
		unix_put(peer);
}

/* Return: 0, and @message is the receiver's. */
static int deliver(struct unix_sock *u, struct unix_sock *to, struct unix_message *message)
{
	int error = 0;

	mutex_lock(&to->lock);
	if (to->dead) {
		error = u->socket->type == SOCK_SEQPACKET ? -EPIPE : -ECONNREFUSED;
	} else if (u->socket->type == SOCK_DGRAM && READ_ONCE(to->peer) && READ_ONCE(to->peer) != u) {
		error = -EPERM; /* it is connected to somebody else */
	} else if (to->shutdown & RECEIVE_SHUT) {
		error = -EPIPE;
	} else if (READ_ONCE(to->peer) != u && to->queue_len > QUEUE_MAX) {
		error = unix_block(to, u);
		if (!error)
			error = -EAGAIN;
	} else {
		list_add_tail(&to->queue, &message->node);
		to->queue_len++;
	}
	mutex_unlock(&to->lock);
	return error;
}

ssize_t unix_message_send(struct socket *s, struct io *io, struct socket_msg *m)
{
	struct unix_sock *u = s->private, *to;
	struct unix_message *message;
	struct io start = *io;
	size_t n = io->left;
	int error;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (s->type == SOCK_SEQPACKET && READ_ONCE(u->state) != UNIX_CONNECTED)
		return -ENOTCONN;
	if (READ_ONCE(u->shutdown) & SEND_SHUT)
		return -EPIPE;
	if ((s->options & SOCKET_OPTION_PASSCRED) && !READ_ONCE(u->address)) {
		error = unix_autobind(u);
		if (error)
			return error;
	}
	to = receiver(u, m);
	if (is_err(to))
		return ptr_err(to);
	message = message_create(u, io, m);
	if (is_err(message)) {
		unix_put(to);
		return ptr_err(message);
	}
	error = deliver(u, to, message);
	if (error) {
		*io = start;
		unix_message_free(message);
		if (error == -ECONNREFUSED && !m->name)
			forget_peer(u, to);
	} else {
		socket_wake(to->socket, READABLE);
	}
	unix_put(to);
	return error ? error : (ssize_t)n;
}

/* The queue is empty; u->lock is held. */
static ssize_t nothing_there(struct socket *s, const struct unix_sock *u)
{
	int error = socket_take_error(s);

	if (error)
		return error;
	if (s->type == SOCK_SEQPACKET && u->state != UNIX_CONNECTED)
		return -ENOTCONN;
	return u->shutdown & RECEIVE_SHUT ? 0 : -EAGAIN;
}

ssize_t unix_message_receive(struct socket *s, struct io *io, struct socket_msg *m)
{
	struct unix_sock *u = s->private;
	struct unix_message *message;
	struct list blocked = LIST_INIT(blocked);
	bool keep = m->flags & MSG_PEEK;
	size_t n;
	ssize_t r;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	mutex_lock(&u->lock);
	if (list_empty(&u->queue) || u->state == UNIX_LISTENING) {
		r = u->state == UNIX_LISTENING ? -ENOTCONN : nothing_there(s, u);
		mutex_unlock(&u->lock);
		return r;
	}
	message = list_first(&u->queue, struct unix_message, node);
	if (!keep) {
		list_del(&message->node);
		u->queue_len--;
		unix_unblock(u, &blocked);
		mutex_unlock(&u->lock);
		unix_wake_blocked(&blocked);
	}
	n = MIN(io->left, message->len);
	r = io_put(io, message->data, n) == n ? (ssize_t)n : -EFAULT;
	if (r >= 0) {
		if (n < message->len) {
			m->flags_out |= MSG_TRUNC;
			if (m->flags & MSG_TRUNC)
				r = (ssize_t)message->len;
		}
		if (m->name) {
			m->name_len = unix_name_of(message->from, m->name);
			if (m->name_len <= sizeof(m->name->ss_family))
				m->name_len = 0;
		}
		if (message->control.rights || (s->options & SOCKET_OPTION_PASSCRED))
			unix_control_deliver(u, m, &message->control);
	}
	if (keep)
		mutex_unlock(&u->lock);
	else
		unix_message_free(message);
	return r;
}

bool unix_message_writable(struct unix_sock *u)
{
	struct unix_sock *to;
	bool yes = true;

	if (__atomic_load_n(&u->in_flight, __ATOMIC_SEQ_CST) > READ_ONCE(u->socket->send_buffer) / 4)
		return false;
	to = unix_peer_get(u);
	if (!to)
		return true;
	mutex_lock(&to->lock);
	if (!to->dead && READ_ONCE(to->peer) != u && to->queue_len > QUEUE_MAX)
		yes = unix_block(to, u) != 0;
	mutex_unlock(&to->lock);
	unix_put(to);
	return yes;
}
