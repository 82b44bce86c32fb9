/* AF_UNIX sockets: how they come and go, and what all types have in common (net/unix/unix.h). */
#include <core/process.h>
#include <core/ref.h>
#include <core/slab.h>
#include <asm/socket.h>
#include <asm/ioctls.h>
#include <linux/sockios.h>
#include <net/unix/unix.h>

COMPONENT("unix", "AF_UNIX sockets");

#define READABLE (EPOLLIN | EPOLLRDNORM)
#define WRITABLE (EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND)
#define SHUT_BOTH (RECEIVE_SHUT | SEND_SHUT)

struct mutex unix_lock = MUTEX_INIT(unix_lock, RANK_SOCKET);

/* Somebody who found a queue full: woken when there is room, then forgotten. */
struct unix_blocked {
	struct list node;
	struct unix_sock *who; /* ref */
};

struct spinlock unix_list_lock = SPINLOCK_INIT(RANK_UNIX_LIST);
struct list unix_sockets = LIST_INIT(unix_sockets);

int unix_sock_alloc(struct socket *s)
{
	struct unix_sock *u = kzalloc(sizeof(*u));

	if (!u)
		return -ENOMEM;
	u->refs = 1;
	mutex_init(&u->lock, RANK_SOCKET_PEER);
	list_init(&u->name_node);
	list_init(&u->marks);
	list_init(&u->queue);
	list_init(&u->pending_node);
	list_init(&u->blocked);
	u->credentials = (struct ucred){ 0, UINT32_MAX, UINT32_MAX };
	u->peer_credentials = u->credentials;
	socket_get(s);
	u->socket = s;
	s->private = u;
	spin_lock(&unix_list_lock);
	list_add_tail(&unix_sockets, &u->all_node);
	spin_unlock(&unix_list_lock);
	switch (s->type) {
	case SOCK_STREAM:
		s->ops = &unix_stream_ops;
		break;
	case SOCK_SEQPACKET:
		s->ops = &unix_seqpacket_ops;
		break;
	default:
		s->ops = &unix_dgram_ops;
	}
	return 0;
}

void unix_put(struct unix_sock *u)
{
	if (!ref_put(&u->refs))
		return;
	byte_ring_fini(&u->in);
	unix_address_put(u->address);
	socket_put(u->socket);
	kfree(u);
}

struct ucred unix_my_credentials(void)
{
	const struct process *p = current->process;

	return (struct ucred){ p->pid, p->credentials.euid, p->credentials.egid };
}

struct unix_sock *unix_peer_get(struct unix_sock *u)
{
	struct unix_sock *peer;

	mutex_lock(&u->lock);
	peer = u->peer;
	if (peer)
		unix_get(peer);
	mutex_unlock(&u->lock);
	return peer;
}

int unix_ring_init(struct unix_sock *u, uint32_t capacity)
{
	int error = 0;

	mutex_lock(&u->lock);
	if (!u->in.pages)
		error = byte_ring_init(&u->in, capacity);
	mutex_unlock(&u->lock);
	return error;
}

int unix_block(struct unix_sock *u, struct unix_sock *who)
{
	struct unix_blocked *b;

	list_for_each(b, &u->blocked, node)
		if (b->who == who)
			return 0;
	b = kmalloc(sizeof(*b));
	if (!b)
		return -ENOMEM;
	unix_get(who);
	b->who = who;
	list_add_tail(&u->blocked, &b->node);
	return 0;
}

void unix_unblock(struct unix_sock *u, struct list *out)
{
	while (!list_empty(&u->blocked)) {
		struct list *node = u->blocked.next;

		list_del(node);
		list_add_tail(out, node);
	}
}

void unix_wake_blocked(struct list *taken)
{
	while (!list_empty(taken)) {
		struct unix_blocked *b = list_first(taken, struct unix_blocked, node);

		list_del(&b->node);
		socket_wake(b->who->socket, WRITABLE);
		unix_put(b->who);
		kfree(b);
	}
}

static int unix_pair(struct socket *sa, struct socket *sb)
{
	struct unix_sock *a = sa->private, *b = sb->private;
	int error = 0;

	if (sa->type == SOCK_STREAM) {
		error = unix_ring_init(a, sb->send_buffer);
		if (!error)
			error = unix_ring_init(b, sa->send_buffer);
	}
	if (error)
		return error;
	a->credentials = a->peer_credentials = b->credentials = b->peer_credentials = unix_my_credentials();
	unix_get(a);
	unix_get(b);
	a->peer = b;
	b->peer = a;
	a->state = b->state = UNIX_CONNECTED;
	return 0;
}

static int unix_shutdown(struct socket *s, int how)
{
	uint32_t own = how == SHUT_RD ? RECEIVE_SHUT : how == SHUT_WR ? SEND_SHUT : SHUT_BOTH;
	uint32_t others = (own & RECEIVE_SHUT ? SEND_SHUT : 0) | (own & SEND_SHUT ? RECEIVE_SHUT : 0);
	struct unix_sock *u = s->private, *p;

	mutex_lock(&u->lock);
	WRITE_ONCE(u->shutdown, u->shutdown | own);
	mutex_unlock(&u->lock);
	p = s->type == SOCK_DGRAM ? NULL : unix_peer_get(u);
	if (p) {
		mutex_lock(&p->lock);
		WRITE_ONCE(p->shutdown, p->shutdown | others);
		mutex_unlock(&p->lock);
		socket_wake(p->socket, 0);
		unix_put(p);
	}
	socket_wake(s, 0);
	return 0;
}

/* The peer of a connection learns that this side is gone; @reset: with data that nobody read. */
static void tell_peer(struct unix_sock *p, bool reset)
{
	mutex_lock(&p->lock);
	WRITE_ONCE(p->shutdown, SHUT_BOTH);
	mutex_unlock(&p->lock);
	if (reset)
		socket_set_error(p->socket, ECONNRESET);
	socket_wake(p->socket, 0);
}

static void free_marks(struct list *marks)
{
	while (!list_empty(marks)) {
		struct unix_mark *mark = list_first(marks, struct unix_mark, node);

		list_del(&mark->node);
		unix_control_free(&mark->control);
		kfree(mark);
	}
}

/* What is still in the queue: messages, or connections that nobody accepted. */
static void free_queue(struct unix_sock *u, bool listening)
{
	while (!list_empty(&u->queue)) {
		struct list *node = u->queue.next;

		list_del(node);
		if (listening) {
			struct unix_sock *n = list_entry(node, struct unix_sock, pending_node);

			socket_set_error(n->peer->socket, ECONNRESET);
			socket_free(n->socket);
		} else {
			unix_message_free(list_entry(node, struct unix_message, node));
		}
	}
}

static void unix_release(struct socket *s)
{
	struct unix_sock *u = s->private, *peer;
	struct list blocked = LIST_INIT(blocked);
	bool listening, unread;

	spin_lock(&unix_list_lock);
	list_del(&u->all_node);
	spin_unlock(&unix_list_lock);
	unix_unbind(u);
	mutex_lock(&unix_lock);
	mutex_lock(&u->lock);
	listening = u->state == UNIX_LISTENING;
	unread = u->in.used || (!listening && !list_empty(&u->queue));
	u->dead = true;
	WRITE_ONCE(u->shutdown, SHUT_BOTH);
	WRITE_ONCE(u->state, UNIX_CLOSED);
	u->in.used = 0;
	byte_ring_fini(&u->in);
	peer = u->peer;
	u->peer = NULL;
	unix_unblock(u, &blocked);
	mutex_unlock(&u->lock);
	mutex_unlock(&unix_lock);
	/* Nobody puts anything into a dead socket's queue or marks any more. */
	unix_wake_blocked(&blocked);
	if (peer) {
		if (s->type != SOCK_DGRAM)
			tell_peer(peer, unread);
		unix_put(peer);
	}
	free_marks(&u->marks);
	free_queue(u, listening);
	unix_put(u);
}

static bool is_listening(const struct unix_sock *u)
{
	return READ_ONCE(u->state) == UNIX_LISTENING;
}

static uint32_t unix_poll(struct socket *s)
{
	struct unix_sock *u = s->private;
	uint32_t shutdown = READ_ONCE(u->shutdown), events = 0;

	if (READ_ONCE(s->error))
		events |= EPOLLERR;
	if (shutdown == SHUT_BOTH)
		events |= EPOLLHUP;
	if (shutdown & RECEIVE_SHUT)
		events |= EPOLLRDHUP | READABLE;
	if (!list_empty(&u->queue) || READ_ONCE(u->in.used))
		events |= READABLE;
	if (is_listening(u))
		return events;
	if (s->type != SOCK_DGRAM && READ_ONCE(u->state) == UNIX_CLOSED)
		events |= EPOLLHUP;
	if (s->type == SOCK_STREAM ? unix_stream_writable(u) : unix_message_writable(u))
		events |= WRITABLE;
	return events;
}

static int unix_getname(struct socket *s, struct sockaddr_storage *out, bool peer)
{
	struct unix_sock *u = s->private, *p;
	unsigned len;

	if (!peer)
		return (int)unix_name_of(u, out);
	p = unix_peer_get(u);
	if (!p)
		return -ENOTCONN;
	len = unix_name_of(p, out);
	unix_put(p);
	return (int)len;
}

static int unix_getsockopt(struct socket *s, int level, int option, void *value, unsigned len)
{
	struct unix_sock *u = s->private;

	if (level != SOL_SOCKET || option != SO_PEERCRED)
		return -ENOPROTOOPT;
	memcpy(value, &u->peer_credentials, sizeof(u->peer_credentials));
	return sizeof(u->peer_credentials);
}

/* A stream's send buffer is its peer's ring. One that is too full for the new size stays as it is. */
static void unix_option_changed(struct socket *s, int option)
{
	struct unix_sock *p;

	if (s->type != SOCK_STREAM || (option != SO_SNDBUF && option != SO_SNDBUFFORCE))
		return;
	p = unix_peer_get(s->private);
	if (!p)
		return;
	mutex_lock(&p->lock);
	if (p->in.pages)
		(void)!byte_ring_resize(&p->in, READ_ONCE(s->send_buffer));
	mutex_unlock(&p->lock);
	unix_put(p);
	socket_wake(s, WRITABLE);
}

static long unix_readable_bytes(struct socket *s)
{
	struct unix_sock *u = s->private;
	long n = 0;

	mutex_lock(&u->lock);
	if (is_listening(u))
		n = -EINVAL;
	else if (s->type == SOCK_STREAM)
		n = u->in.used;
	else if (!list_empty(&u->queue))
		n = (long)list_first(&u->queue, struct unix_message, node)->len;
	mutex_unlock(&u->lock);
	return n;
}

static long unix_ioctl(struct socket *s, unsigned cmd, unsigned long arg)
{
	struct unix_sock *u = s->private, *p;
	uint32_t n = 0;

	if (cmd != SIOCOUTQ)
		return -ENOTTY;
	if (is_listening(u))
		return -EINVAL;
	if (s->type == SOCK_STREAM) {
		p = unix_peer_get(u);
		if (p) {
			n = READ_ONCE(p->in.used);
			unix_put(p);
		}
	} else {
		n = (uint32_t)__atomic_load_n(&u->in_flight, __ATOMIC_RELAXED);
	}
	return put_user_u32((uint32_t __user *)arg, n);
}

#define UNIX_OPS_COMMON                                                                            \
	.bind = unix_bind, .connect = unix_connect, .pair = unix_pair, .shutdown = unix_shutdown,  \
	.poll = unix_poll, .getname = unix_getname, .getsockopt = unix_getsockopt,                 \
	.option_changed = unix_option_changed, .readable_bytes = unix_readable_bytes,              \
	.ioctl = unix_ioctl, .release = unix_release

const struct socket_ops unix_stream_ops = {
	UNIX_OPS_COMMON,
	.listen = unix_listen,
	.accept = unix_accept,
	.sendmsg = unix_stream_send,
	.recvmsg = unix_stream_receive,
};

const struct socket_ops unix_seqpacket_ops = {
	UNIX_OPS_COMMON,
	.listen = unix_listen,
	.accept = unix_accept,
	.sendmsg = unix_message_send,
	.recvmsg = unix_message_receive,
};

const struct socket_ops unix_dgram_ops = {
	UNIX_OPS_COMMON,
	.sendmsg = unix_message_send,
	.recvmsg = unix_message_receive,
};

static int unix_create(struct socket *s, int type, int protocol)
{
	if (protocol && protocol != AF_UNIX)
		return -EPROTONOSUPPORT;
	if (type == SOCK_RAW)
		s->type = SOCK_DGRAM; /* as BSD had it */
	else if (type != SOCK_STREAM && type != SOCK_DGRAM && type != SOCK_SEQPACKET)
		return -ESOCKTNOSUPPORT;
	return unix_sock_alloc(s);
}
SOCKET_FAMILY(unix, AF_UNIX, unix_create);
