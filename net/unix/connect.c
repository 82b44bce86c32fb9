/* AF_UNIX connections: listen(2), connect(2), accept(2) (net/unix/unix.h).
 *
 * connect() makes the far end itself, connected and ready for bytes, and puts it on the listener's queue; accept() only
 * takes it from there.
 */
#include <core/ref.h>
#include <core/slab.h>
#include <net/unix/unix.h>

COMPONENT("unix", "AF_UNIX sockets");

int unix_listen(struct socket *s, int backlog)
{
	struct unix_sock *u = s->private;
	struct list blocked = LIST_INIT(blocked);
	int error = -EINVAL;

	mutex_lock(&unix_lock);
	mutex_lock(&u->lock);
	if (u->address && u->state != UNIX_CONNECTED) {
		if ((unsigned)backlog > u->backlog)
			unix_unblock(u, &blocked);
		u->backlog = (unsigned)backlog;
		u->credentials = unix_my_credentials();
		WRITE_ONCE(u->state, UNIX_LISTENING);
		error = 0;
	}
	mutex_unlock(&u->lock);
	mutex_unlock(&unix_lock);
	unix_wake_blocked(&blocked);
	return error;
}

/* A datagram socket's peer is only where it sends to. */
static int connect_datagram(struct unix_sock *u, const struct sockaddr *addr, unsigned len)
{
	struct unix_sock *to = NULL, *old, *of_to;
	int error = 0;

	if (addr->sa_family != AF_UNSPEC) {
		if ((u->socket->options & SOCKET_OPTION_PASSCRED) && !READ_ONCE(u->address))
			error = unix_autobind(u);
		if (error)
			return error;
		to = unix_find(addr, len, SOCK_DGRAM);
		if (is_err(to))
			return (int)ptr_err(to);
	}
	mutex_lock(&unix_lock);
	of_to = to ? to->peer : NULL;
	if (of_to && of_to != u) {
		error = -EPERM;
		old = to;
	} else {
		mutex_lock(&u->lock);
		old = u->peer;
		u->peer = to;
		WRITE_ONCE(u->state, to ? UNIX_CONNECTED : UNIX_CLOSED);
		mutex_unlock(&u->lock);
	}
	mutex_unlock(&unix_lock);
	if (old)
		unix_put(old);
	return error;
}

/* Join @u and the new socket @n, which stands for @l's side. unix_lock is held; nobody else knows @n. */
static void join(struct unix_sock *u, struct unix_sock *n, struct unix_sock *l)
{
	n->address = l->address;
	ref_get(&n->address->refs);
	n->credentials = l->credentials;
	u->credentials = unix_my_credentials();
	n->peer_credentials = u->credentials;
	u->peer_credentials = n->credentials;
	unix_get(u);
	n->peer = u;
	n->state = UNIX_CONNECTED;
	unix_get(n);
	mutex_lock(&u->lock);
	__atomic_store_n(&u->peer, n, __ATOMIC_RELEASE);
	WRITE_ONCE(u->state, UNIX_CONNECTED);
	mutex_unlock(&u->lock);
}

/* Connect @u to @n and put that on the queue of @l, if it takes one more. Only others take from the queue, so there is
 * room still when the lock was dropped in between. */
static int join_through(struct unix_sock *u, struct unix_sock *n, struct unix_sock *l)
{
	int error = 0;

	mutex_lock(&unix_lock);
	if (u->state != UNIX_CLOSED) {
		error = u->state == UNIX_CONNECTED ? -EISCONN : -EINVAL;
		goto out;
	}
	mutex_lock(&l->lock);
	if (l->dead || l->state != UNIX_LISTENING || (l->shutdown & RECEIVE_SHUT)) {
		error = -ECONNREFUSED;
	} else if (l->queue_len > l->backlog) {
		error = unix_block(l, u);
		if (!error)
			error = -EAGAIN;
	}
	mutex_unlock(&l->lock);
	if (error)
		goto out;
	join(u, n, l);
	mutex_lock(&l->lock);
	l->queue_len++;
	list_add_tail(&l->queue, &n->pending_node);
	mutex_unlock(&l->lock);
out:
	mutex_unlock(&unix_lock);
	return error;
}

static int connect_through(struct unix_sock *u, struct unix_sock *l)
{
	struct socket *s = u->socket;
	struct socket *new = socket_alloc(AF_UNIX, s->type, 0);
	struct unix_sock *n;
	int error;

	if (!new)
		return -ENOMEM;
	error = unix_sock_alloc(new);
	if (error)
		goto out_new;
	n = new->private;
	if (s->type == SOCK_STREAM) {
		error = unix_ring_init(n, READ_ONCE(s->send_buffer));
		if (!error)
			error = unix_ring_init(u, new->send_buffer);
		if (error)
			goto out_new;
	}
	error = join_through(u, n, l);
	if (error)
		goto out_new;
	socket_wake(l->socket, EPOLLIN | EPOLLRDNORM);
	return 0;

out_new:
	socket_free(new);
	return error;
}

int unix_connect(struct socket *s, const struct sockaddr *addr, unsigned len)
{
	struct unix_sock *u = s->private, *l;
	int error;

	if (s->type == SOCK_DGRAM)
		return connect_datagram(u, addr, len);
	if ((s->options & SOCKET_OPTION_PASSCRED) && !READ_ONCE(u->address)) {
		error = unix_autobind(u);
		if (error)
			return error;
	}
	l = unix_find(addr, len, s->type);
	if (is_err(l))
		return (int)ptr_err(l);
	error = connect_through(u, l);
	unix_put(l);
	return error;
}

int unix_accept(struct socket *s, struct socket **ret_new)
{
	struct unix_sock *u = s->private, *n;
	struct list blocked = LIST_INIT(blocked);
	int error = 0;

	mutex_lock(&u->lock);
	if (u->state != UNIX_LISTENING) {
		error = -EINVAL;
	} else if (list_empty(&u->queue)) {
		error = u->shutdown & RECEIVE_SHUT ? -EINVAL : -EAGAIN;
	} else {
		n = list_first(&u->queue, struct unix_sock, pending_node);
		list_del(&n->pending_node);
		u->queue_len--;
		unix_unblock(u, &blocked);
		*ret_new = n->socket;
	}
	mutex_unlock(&u->lock);
	unix_wake_blocked(&blocked);
	return error;
}
