/* SOCK_STREAM of AF_INET and AF_INET6, tcp(7), over lwIP's raw interface: life and state of a socket; bytes are stream_io.c's.
 *
 * Locking: a struct stream is under the network lock, as stream.h says field by field. lwIP's call-backs come under
 * that lock; they change the stream and wake the socket, nothing else. A closed socket leaves its control block to
 * lwIP, which sends what is queued and says good-bye by itself.
 */
#include "net/inet/stream.h"
#include "core/clock.h"
#include "core/slab.h"
#include "core/thread.h"
#include "net/lwip/demux.h"
#include "net/lwip/port.h"
#include "arch/hooks.h"
#include "lwip/priv/tcp_priv.h"
#include <linux/in.h>
#include <linux/sockios.h>
#include <asm/ioctls.h>

COMPONENT("inet", "IPv4 and TCP sockets, over lwIP");

#define PCB_STREAM    0   /* the one extra argument of a control block */
#define LINGER_STEP_NS (10 * 1000 * 1000)
#define HALF_OPEN_MAX 255 /* connections of a listener whose handshake is under way: what lwIP can count to */

static struct stream *stream_alloc(void)
{
	struct stream *st = kzalloc(sizeof(*st));

	if (!st)
		return NULL;
	mutex_init(&st->reading, RANK_SOCKET);
	st->options = (struct stream_options){
		.ip = INET_OPTIONS_DEFAULT, .keep_idle = 7200, .keep_interval = 75, .keep_count = 9, .linger2 = 60, .syn_count = 6,
		.quick = true,
	};
	return st;
}

static void wake(struct stream *st, uint32_t events)
{
	if (st->socket)
		socket_wake(st->socket, events);
}

/* lwIP freed the control block: reset, timed out, or both sides are done. */
static void stream_gone(void *arg, err_t error)
{
	struct stream *st = arg;

	if (!st)
		return;
	if (unlikely(st->deferred_at)) { /* nobody saw it */
		struct stream *listener = st->deferred_at;

		if (st->pcb)
			tcp_ext_arg_set(st->pcb, PCB_STREAM, NULL);
		stream_undefer(st);
		listener->accept_count--;
		stream_drop(st);
		kfree(st);
		return;
	}
	st->pcb = NULL;
	st->space = 0;
	st->fin = true;
	if (error != ERR_CLSD && st->socket)
		socket_set_error(st->socket, st->state == STREAM_CONNECTING && error == ERR_RST ? ECONNREFUSED :
							 -inet_error(error));
	if (st->state == STREAM_CONNECTING)
		st->state = STREAM_FAILED;
	wake(st, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP | EPOLLERR);
}

/* lwIP frees a control block. It tells the error call-back only of some: of one in TIME_WAIT it does not. */
static void stream_pcb_freed(u8_t id, void *arg)
{
	struct stream *st = arg;

	if (st)
		st->pcb = NULL;
}
static const struct tcp_ext_arg_callbacks stream_pcb_callbacks = { .destroy = stream_pcb_freed };

static void stream_attach(struct stream *st, struct tcp_pcb *pcb)
{
	st->pcb = pcb;
	tcp_ext_arg_set(pcb, PCB_STREAM, st);
	tcp_ext_arg_set_callbacks(pcb, PCB_STREAM, &stream_pcb_callbacks);
	tcp_arg(pcb, st);
	tcp_err(pcb, stream_gone);
	tcp_recv(pcb, stream_received);
	tcp_sent(pcb, stream_acknowledged);
}

static void stream_detach(struct tcp_pcb *pcb)
{
	tcp_ext_arg_set(pcb, PCB_STREAM, NULL);
	tcp_arg(pcb, NULL);
	tcp_err(pcb, NULL);
	tcp_recv(pcb, NULL);
	tcp_sent(pcb, NULL);
}

/* The control block of a socket that has none yet, or has none any more. */
static int stream_need_pcb(struct stream *st)
{
	struct tcp_pcb *pcb;

	if (st->pcb)
		return 0;
	pcb = tcp_new_ip_type(IP_GET_TYPE(inet_any(st->socket)));
	if (!pcb)
		return -ENOBUFS;
	stream_attach(st, pcb);
	stream_apply_options(st, pcb);
	return 0;
}

static void stream_established(struct stream *st, struct tcp_pcb *pcb)
{
	st->state = STREAM_CONNECTED;
	st->fin = false;
	st->space = pcb->snd_buf; /* tcp_sndbuf() says 65,535 at most */
	if (unlikely(st->options.max_segment))
		stream_limits(st, pcb);
	st->mss = tcp_mss(pcb);
	ip_addr_copy(st->local, pcb->local_ip);
	ip_addr_copy(st->remote, pcb->remote_ip);
	st->local_port = pcb->local_port;
	st->remote_port = pcb->remote_port;
}

static bool overlap(const ip_addr_t *a, const ip_addr_t *b)
{
	if (IP_IS_ANY_TYPE_VAL(*a) || IP_IS_ANY_TYPE_VAL(*b))
		return true;
	return IP_GET_TYPE(a) == IP_GET_TYPE(b) && (ip_addr_isany(a) || ip_addr_isany(b) || ip_addr_cmp(a, b));
}

/* Somebody listens at what @pcb is to have (socket(7)): SO_REUSEPORT of both allows it, SO_REUSEADDR does not. */
static bool is_listened_at(const struct tcp_pcb *pcb, const ip_addr_t *address, uint16_t port)
{
	for (const struct tcp_pcb_listen *l = tcp_listen_pcbs.listen_pcbs; l; l = l->next)
		if (l->local_port == port && overlap(&l->local_ip, address) &&
		    !(l->so_options & pcb->so_options & SOF_REUSEPORT))
			return true;
	return false;
}

/* To lwIP both options are one. */
static void apply_reuse(const struct socket *s, struct tcp_pcb *pcb)
{
	pcb->so_options &= (u8_t) ~(SOF_REUSEADDR | SOF_REUSEPORT);
	if (s->options & SOCKET_OPTION_REUSEADDR)
		pcb->so_options |= SOF_REUSEADDR;
	if (s->options & SOCKET_OPTION_REUSEPORT)
		pcb->so_options |= SOF_REUSEADDR | SOF_REUSEPORT;
}

/* TCP_USER_TIMEOUT (RFC 5482): give up a connection whose data was not acknowledged for so long. Asked at each tick, so this
 * is also where those that a listener keeps back are shown when their time is over.
 */
bool net_tcp_gives_up(struct tcp_pcb *pcb)
{
	struct stream *st = pcb->state == SYN_RCVD ? NULL : pcb->callback_arg, *listener;
	uint32_t since;

	if (!st)
		return false;
	listener = st->deferred_at;
	if (unlikely(listener) && stream_defer_over(st)) {
		stream_undefer(st);
		stream_show(listener, st);
	}
	if (!st->options.user_timeout || (!pcb->unacked && !pcb->unsent))
		return false;
	since = TCP_SEQ_GT(pcb->tmr, st->waits_since) ? pcb->tmr : st->waits_since;
	return (uint64_t)(tcp_ticks - since) * TCP_SLOW_INTERVAL >= st->options.user_timeout;
}

static int stream_bind(struct socket *s, const struct sockaddr *addr, unsigned len)
{
	struct stream *st = s->private;
	ip_addr_t address;
	uint16_t port;
	int r = inet_address_in(s, addr, len, &address, &port);

	if (r)
		return r;
	net_lock();
	r = stream_need_pcb(st);
	if (!r && (st->state != STREAM_FRESH || st->pcb->local_port))
		r = -EINVAL;
	if (!r && !inet_is_own(&address))
		r = -EADDRNOTAVAIL;
	if (!r) {
		apply_reuse(s, st->pcb);
		r = port && is_listened_at(st->pcb, &address, port) ? -EADDRINUSE : inet_error(tcp_bind(st->pcb, &address, port));
		ip_addr_copy(st->local, st->pcb->local_ip);
		st->local_port = st->pcb->local_port;
	}
	net_unlock();
	return r;
}

bool net_listener_full(struct tcp_pcb *listener)
{
	const struct stream *st = listener->callback_arg;

	return st && (st->accept_count > st->backlog || st->shut_read);
}

/* lwIP finished a handshake: the connection waits in the listener's queue. */
static err_t stream_accepted(void *arg, struct tcp_pcb *pcb, err_t error)
{
	struct stream *listener = arg, *st;

	if (error != ERR_OK || !listener || !pcb)
		return ERR_VAL;
	st = stream_alloc();
	if (!st)
		return ERR_MEM; /* lwIP resets the connection */
	st->options = listener->options;
	st->options.ip.groups = NULL;
	stream_attach(st, pcb);
	stream_apply_options(st, pcb);
	stream_established(st, pcb);
	listener->accept_count++;
	if (unlikely(listener->options.defer_accept))
		stream_defer(listener, st);
	else
		stream_show(listener, st);
	return ERR_OK;
}

static int stream_listen(struct socket *s, int backlog)
{
	struct stream *st = s->private;
	struct tcp_pcb *listener;
	err_t error = ERR_OK;
	u8_t options;
	int r = 0;

	net_lock();
	st->backlog = (unsigned)MAX(backlog, 0);
	if (st->state == STREAM_LISTENING)
		goto unlock;
	r = st->state != STREAM_FRESH ? -EINVAL : stream_need_pcb(st);
	if (!r && !st->pcb->local_port)
		r = inet_error(tcp_bind(st->pcb, inet_any(s), 0));
	if (!r && is_listened_at(st->pcb, &st->pcb->local_ip, st->pcb->local_port))
		r = -EADDRINUSE;
	if (r)
		goto unlock;
	options = st->pcb->so_options;
	ip_reset_option(st->pcb, SOF_REUSEADDR); /* lwIP would refuse a second one at the address */
	listener = tcp_listen_with_backlog_and_err(st->pcb, HALF_OPEN_MAX, &error);
	if (!listener) {
		st->pcb->so_options = options;
		r = inet_error(error);
		goto unlock;
	}
	listener->so_options = options;
	st->pcb = listener;
	st->state = STREAM_LISTENING;
	ip_addr_copy(st->local, listener->local_ip);
	st->local_port = listener->local_port;
	tcp_arg(listener, st);
	tcp_accept(listener, stream_accepted);
unlock:
	net_unlock();
	return r;
}

static int stream_accept(struct socket *s, struct socket **ret_new)
{
	struct stream *listener = s->private, *st;
	struct socket *new;

	if (READ_ONCE(listener->state) != STREAM_LISTENING || READ_ONCE(listener->shut_read))
		return -EINVAL;
	if (!READ_ONCE(listener->accept_head))
		return -EAGAIN;
	new = socket_alloc(s->family, SOCK_STREAM, IPPROTO_TCP);
	if (!new)
		return -ENOMEM;
	net_lock();
	st = listener->accept_head;
	if (st) {
		listener->accept_head = st->next;
		if (!st->next)
			listener->accept_tail = NULL;
		listener->accept_count--;
		st->next = NULL;
		st->socket = new;
		new->ops = &stream_ops;
		new->private = st;
		new->options = s->options;
		new->linger = s->linger;
		if (!st->pcb)
			socket_set_error(new, ECONNRESET); /* it was reset while it waited */
	}
	net_unlock();
	if (!st) {
		socket_free(new);
		return -EAGAIN;
	}
	*ret_new = new;
	return 0;
}

static err_t stream_connected(void *arg, struct tcp_pcb *pcb, err_t error)
{
	struct stream *st = arg;

	if (!st)
		return ERR_OK;
	stream_established(st, pcb);
	wake(st, EPOLLOUT);
	return ERR_OK;
}

/* lwIP would look for a port that nobody has at all. */
static int connect_from(struct tcp_pcb *pcb, const ip_addr_t *to, u16_t port)
{
	bool bound = pcb->local_port;
	int r;

	if (!bound)
		pcb->local_port = net_tcp_port(pcb, to, port);
	if (!pcb->local_port)
		return -EADDRNOTAVAIL;
	r = inet_error(tcp_connect(pcb, to, port, stream_connected));
	if (r && !bound)
		pcb->local_port = 0;
	return r;
}

/* What a connect() that failed says, once. */
static int connect_error(struct socket *s)
{
	int r = socket_take_error(s);

	return r ? r : -ECONNABORTED;
}

static int stream_connect(struct socket *s, const struct sockaddr *addr, unsigned len)
{
	struct stream *st = s->private;
	ip_addr_t address;
	uint16_t port;
	int r = inet_address_in(s, addr, len, &address, &port);

	if (r)
		return r;
	if (ip_addr_isany(&address)) {
		if (ip_addr_isany(&st->local))
			inet_connect_any(&address);
		else
			ip_addr_copy(address, st->local);
	}
	net_lock();
	switch (st->state) {
	case STREAM_LISTENING: r = -EISCONN; break;
	case STREAM_CONNECTED: r = st->unseen ? 0 : -EISCONN; break;
	case STREAM_CONNECTING: r = -EALREADY; break;
	case STREAM_FAILED:
		if (st->unseen) {
			r = connect_error(s);
			break;
		}
		__attribute__((fallthrough));
	case STREAM_FRESH:
		r = port ? stream_need_pcb(st) : -ECONNREFUSED;
		if (r)
			break;
		if (ip_addr_isany(&st->pcb->local_ip)) {
			const ip_addr_t *source = inet_source(&address);

			if (!source || ip_addr_isany(source)) {
				r = -ENETUNREACH;
				break;
			}
			ip_addr_copy(st->pcb->local_ip, *source);
		}
		st->state = STREAM_CONNECTING;
		r = connect_from(st->pcb, &address, port);
		if (r)
			st->state = STREAM_FRESH;
		else
			r = -EINPROGRESS;
	}
	st->unseen = st->state == STREAM_CONNECTING;
	net_unlock();
	return r;
}

static int stream_connect_result(struct socket *s)
{
	struct stream *st = s->private;
	int r;

	if (READ_ONCE(st->state) == STREAM_CONNECTING)
		return -EAGAIN;
	net_lock();
	r = st->state == STREAM_CONNECTED ? 0 : connect_error(s);
	st->unseen = false;
	net_unlock();
	return r;
}

static int stream_shutdown(struct socket *s, int how)
{
	struct stream *st = s->private;
	int r = 0;

	net_lock();
	if (st->state == STREAM_LISTENING) {
		st->shut_read = true; /* Linux ends a listener; what waits in accept() gets EINVAL there */
	} else if (st->state != STREAM_CONNECTED) {
		r = -ENOTCONN;
	} else {
		/* lwIP would answer data with a reset once its receiving side is shut: reading is only ours to end. */
		if (how != SHUT_WR)
			st->shut_read = true;
		if (how != SHUT_RD && !st->shut_write) {
			st->shut_write = true;
			if (st->pcb) {
				net_tcp_busy();
				tcp_shutdown(st->pcb, 0, 1);
			}
		}
	}
	net_unlock();
	socket_wake(s, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP);
	return r;
}

static uint32_t stream_poll(struct socket *s)
{
	struct stream *st = s->private;
	enum stream_state state = READ_ONCE(st->state);
	bool fin = READ_ONCE(st->fin), write_done = READ_ONCE(st->shut_write);
	bool read_done = fin || READ_ONCE(st->shut_read);
	uint32_t events = READ_ONCE(s->error) ? EPOLLERR : 0;

	if (state == STREAM_LISTENING)
		return events | (READ_ONCE(st->accept_head) ? EPOLLIN | EPOLLRDNORM : 0);
	if (state == STREAM_CONNECTING)
		return events;
	if (state != STREAM_CONNECTED)
		return events | EPOLLOUT | EPOLLWRNORM | EPOLLHUP | (state == STREAM_FAILED ? EPOLLIN | EPOLLRDNORM | EPOLLRDHUP : 0);
	if (READ_ONCE(st->received) >= s->receive_low || read_done)
		events |= EPOLLIN | EPOLLRDNORM;
	if (unlikely(READ_ONCE(st->urgent) == URGENT_UNREAD) && !(s->options & SOCKET_OPTION_OOBINLINE))
		events |= EPOLLPRI;
	if (read_done)
		events |= EPOLLRDHUP;
	if ((read_done && write_done) || !READ_ONCE(st->pcb))
		events |= EPOLLHUP;
	if (write_done || !READ_ONCE(st->pcb)) {
		events |= EPOLLOUT | EPOLLWRNORM;
	} else if (unlikely(st->options.notsent_low) && stream_unsent_full(st)) {
		return events;
	} else if (READ_ONCE(st->space) >= TCP_SNDLOWAT) {
		events |= EPOLLOUT | EPOLLWRNORM;
	} else {
		/* Said before the space is looked at again; stream_acknowledged() does these two the other way round. */
		WRITE_ONCE(st->starved, true);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (READ_ONCE(st->space) >= TCP_SNDLOWAT)
			events |= EPOLLOUT | EPOLLWRNORM;
	}
	return events;
}

static int stream_getname(struct socket *s, struct sockaddr_storage *out, bool peer)
{
	struct stream *st = s->private;
	int r;

	net_lock();
	if (st->state == STREAM_CONNECTING && st->pcb) {
		ip_addr_copy(st->local, st->pcb->local_ip);
		st->local_port = st->pcb->local_port;
	}
	if (!peer)
		r = inet_address_out(s, out, &st->local, st->local_port);
	else if (st->state == STREAM_CONNECTED && (st->pcb || !st->fin || st->head))
		r = inet_address_out(s, out, &st->remote, st->remote_port);
	else
		r = -ENOTCONN;
	net_unlock();
	return r;
}

static long stream_readable_bytes(struct socket *s)
{
	struct stream *st = s->private;

	return READ_ONCE(st->state) == STREAM_LISTENING ? -EINVAL : (long)READ_ONCE(st->received);
}

static long stream_ioctl(struct socket *s, unsigned cmd, unsigned long arg)
{
	struct stream *st = s->private;
	uint32_t n;

	switch (cmd) {
	case TIOCOUTQ: /* = SIOCOUTQ: bytes that the peer has not acknowledged */
	case SIOCOUTQNSD:
		net_lock();
		n = st->pcb && st->state == STREAM_CONNECTED ? TCP_SND_BUF - st->pcb->snd_buf : 0;
		net_unlock();
		break;
	case SIOCATMARK:
		net_lock();
		n = !stream_urgent_ahead(st);
		net_unlock();
		break;
	default:
		return -ENOTTY;
	}
	return put_user_u32((uint32_t __user *)arg, n);
}

/* Take the control block away from the stream; lwIP ends the connection. Network lock held. */
static void stream_close(struct stream *st, bool reset)
{
	struct tcp_pcb *pcb = st->pcb;

	st->pcb = NULL;
	if (!pcb)
		return;
	if (st->state == STREAM_LISTENING) {
		tcp_arg(pcb, NULL);
		tcp_close(pcb);
		return;
	}
	stream_detach(pcb);
	net_tcp_busy();
	/* Data that nobody will read is lost: the peer is told by a reset (RFC 2525, 2.17). */
	if (reset || st->head)
		tcp_abort(pcb);
	else if (tcp_close(pcb) != ERR_OK)
		tcp_abort(pcb);
}

/* SO_LINGER with a time: close() waits until the peer has everything, also the end. */
static void stream_linger(struct socket *s, struct stream *st)
{
	uint64_t end = clock_monotonic_ns() + (uint64_t)s->linger.l_linger * NSEC_PER_SEC;
	bool done;

	net_lock();
	if (st->pcb && !st->shut_write && !st->head) {
		net_tcp_busy();
		tcp_shutdown(st->pcb, 0, 1);
		st->shut_write = true;
	}
	net_unlock();
	for (;;) {
		net_lock();
		done = !st->pcb || (!st->pcb->unsent && !st->pcb->unacked) || st->head;
		net_unlock();
		if (done || clock_monotonic_ns() >= end)
			return;
		thread_mark_waiting();
		if (wait_sleep(MIN(end, clock_monotonic_ns() + LINGER_STEP_NS), true) == -ERESTARTSYS)
			end = 0;
		thread_unmark_waiting();
	}
}

static void stream_release(struct socket *s)
{
	struct stream *st = s->private, *waiting, *next;

	if (unlikely(s->linger.l_onoff && s->linger.l_linger > 0) && st->state == STREAM_CONNECTED)
		stream_linger(s, st);

	net_lock();
	st->socket = NULL;
	inet_leave_groups(&st->options.ip);
	while (st->deferred) {
		struct stream *d = st->deferred;

		stream_undefer(d);
		d->next = st->accept_head;
		st->accept_head = d;
	}
	waiting = st->accept_head;
	for (next = waiting; next; next = next->next) {
		stream_close(next, true);
		stream_drop(next);
	}
	stream_close(st, s->linger.l_onoff && !s->linger.l_linger);
	stream_drop(st);
	net_unlock();
	for (; waiting; waiting = next) {
		next = waiting->next;
		kfree(waiting);
	}
	kfree(st);
}

const struct socket_ops stream_ops = {
	.bind = stream_bind,
	.listen = stream_listen,
	.connect = stream_connect,
	.connect_result = stream_connect_result,
	.accept = stream_accept,
	.sendmsg = stream_sendmsg,
	.recvmsg = stream_recvmsg,
	.shutdown = stream_shutdown,
	.poll = stream_poll,
	.getname = stream_getname,
	.setsockopt = stream_setsockopt,
	.getsockopt = stream_getsockopt,
	.option_changed = stream_option_changed,
	.readable_bytes = stream_readable_bytes,
	.ioctl = stream_ioctl,
	.release = stream_release,
};

static int stream_create(struct socket *s, int protocol)
{
	struct stream *st = stream_alloc();

	if (!st)
		return -ENOMEM;
	st->socket = s;
	s->private = st;
	s->ops = &stream_ops;
	s->protocol = (uint16_t)protocol;
	return 0;
}
SET_ENTRY(inet_protocol, tcp, struct inet_protocol) = { "tcp", stream_create, SOCK_STREAM, IPPROTO_TCP, 1 };
