/* Queues of errors (IP_RECVERR and IPV6_RECVERR of ip(7) and ipv6(7)), which MSG_ERRQUEUE reads: what was sent, to whom, who
 * says that it did not arrive, and why. UDP, raw and ping sockets have one.
 *
 * Filled under the network lock, as packets are; at most ERRORS_MAX wait, more are dropped.
 */
#include "net/inet/icmp_error.h"
#include "core/slab.h"
#include "net/lwip/port.h"
#include "lwip/ip.h"
#include <linux/errno.h>
#include <linux/time.h>
#include <linux/errqueue.h>
#include <linux/in6.h>

COMPONENT("inet", "IPv4 and TCP sockets, over lwIP");

#define ERRORS_MAX 64u

struct inet_error {
	struct inet_error *next;
	struct inet_packet packet; /* its bytes, to whom they went, and what ip(7) tells of the message itself */
	struct sock_extended_err what;
	ip_addr_t offender;
};

static bool is_icmp(const struct inet_error *e)
{
	return e->what.ee_origin == SO_EE_ORIGIN_ICMP || e->what.ee_origin == SO_EE_ORIGIN_ICMP6;
}

static void append(struct socket *s, struct inet_queue *q, struct inet_error *e)
{
	struct inet_error **end = &q->errors;
	unsigned count = 0;

	for (; *end; end = &(*end)->next)
		count++;
	if (count >= ERRORS_MAX) {
		pbuf_free(e->packet.p);
		kfree(e);
		return;
	}
	WRITE_ONCE(*end, e);
	socket_wake(s, EPOLLERR | EPOLLIN | EPOLLOUT);
}

static struct inet_error *make(u16_t bytes)
{
	struct inet_error *e = kzalloc(sizeof(*e));

	if (e && !(e->packet.p = pbuf_alloc(PBUF_RAW, bytes, PBUF_RAM))) {
		kfree(e);
		return NULL;
	}
	return e;
}

void inet_error_queue(struct socket *s, struct inet_queue *q, const struct icmp_error *what, uint16_t port, u16_t payload_at)
{
	u16_t n = payload_at < what->p->tot_len ? (u16_t)(what->p->tot_len - payload_at) : 0;
	struct inet_error *e = make(n);

	if (!e)
		return;
	pbuf_copy_partial(what->p, e->packet.p->payload, n, payload_at);
	inet_packet_describe(&e->packet, s, port);
	ip_addr_copy(e->packet.from, what->remote);
	ip_addr_copy(e->offender, what->offender);
	e->what = (struct sock_extended_err){
		.ee_errno = (uint32_t)what->error, .ee_origin = what->origin, .ee_type = what->type, .ee_code = what->code,
		.ee_info = what->info,
	};
	append(s, q, e);
}

void inet_error_local(struct socket *s, struct inet_queue *q, const ip_addr_t *to, uint16_t port, uint32_t mtu)
{
	struct inet_error *e = make(0);

	if (!e)
		return;
	ip_addr_copy(e->packet.from, *to);
	ip_addr_copy(e->packet.to, *to);
	e->packet.port = port;
	e->what = (struct sock_extended_err){ .ee_errno = EMSGSIZE, .ee_origin = SO_EE_ORIGIN_LOCAL, .ee_info = mtu };
	append(s, q, e);
}

/* The first off the queue. SO_ERROR is the next one's then, as Linux has it. */
static struct inet_error *take(struct socket *s, struct inet_queue *q)
{
	struct inet_error *e;

	net_lock();
	e = q->errors;
	if (e) {
		WRITE_ONCE(q->errors, e->next);
		if (e->next && is_icmp(e->next))
			socket_set_error(s, (int)e->next->what.ee_errno);
		else if (is_icmp(e))
			socket_set_error(s, 0);
	}
	net_unlock();
	return e;
}

/* What the control message has behind the error. */
static size_t put_offender(struct socket *s, const struct inet_error *e, void *out)
{
	struct sockaddr_storage a = { 0 };
	size_t n = s->family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);

	if (is_icmp(e))
		inet_address_out(s, &a, &e->offender, 0);
	__builtin_memcpy(out, &a, n);
	return n;
}

ssize_t inet_error_receive(struct socket *s, struct inet_queue *q, const struct inet_options *o, struct io *io,
			   struct socket_msg *m)
{
	struct inet_error *e = take(s, q);
	struct {
		struct sock_extended_err what;
		char offender[sizeof(struct sockaddr_in6)];
	} message;
	size_t wanted, moved, n;

	m->flags |= MSG_DONTWAIT;
	if (!e)
		return -EAGAIN;
	wanted = MIN(io->left, (size_t)e->packet.p->tot_len);
	moved = io_put(io, e->packet.p->payload, wanted);
	if (wanted < e->packet.p->tot_len)
		m->flags_out |= MSG_TRUNC;
	m->flags_out |= MSG_ERRQUEUE;
	if (m->name)
		m->name_len = (unsigned)inet_address_out(s, m->name, &e->packet.from, e->packet.port);
	inet_packet_control(s, o, m, &e->packet);
	message.what = e->what;
	n = put_offender(s, e, message.offender);
	socket_put_control(m, s->family == AF_INET6 ? SOL_IPV6 : SOL_IP, s->family == AF_INET6 ? IPV6_RECVERR : IP_RECVERR, &message,
			   sizeof(message.what) + n);
	net_lock();
	pbuf_free(e->packet.p);
	net_unlock();
	kfree(e);
	return moved < wanted ? -EFAULT : (ssize_t)moved;
}

void inet_error_drop(struct inet_queue *q)
{
	while (q->errors) {
		struct inet_error *e = q->errors;

		q->errors = e->next;
		pbuf_free(e->packet.p);
		kfree(e);
	}
}
