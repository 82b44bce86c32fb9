/* SOCK_DGRAM of AF_INET and AF_INET6, udp(7), over lwIP's raw interface.
 *
 * A datagram is one copy from the program into the buffer that the card sends from, and one from the buffer that it was
 * received into. lwIP's call-back queues what comes, up to SO_RCVBUF, under the network lock; a reader takes the first
 * off the queue under that lock and copies without it.
 * Left out: MSG_MORE, IP_RECVERR queues (of ICMP errors only those that end a connected socket), multicast membership.
 */
#include "core/slab.h"
#include "net/inet/icmp_error.h"
#include "net/inet/inet.h"
#include "net/inet/proc.h"
#include "net/lwip/port.h"
#include "lwip/udp.h"
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ipv6.h>
#include <asm/ioctls.h>
#include <asm/socket.h>

COMPONENT("udp", "UDP sockets");

#define DATAGRAM_MAX   65507u
#define ONE_BUFFER_MAX 60000u
#define DATAGRAM_COST 256u /* what one counts against SO_RCVBUF besides its bytes */

/* What we know of a datagram that waits. */
struct datagram {
	struct datagram *next;
	struct pbuf *p; /* owned */
	ip_addr_t from, to;
	uint16_t port;
};

/* Unmarked fields: network lock. r: read without it. */
struct dgram {
	struct socket *socket;     /* parent */
	struct udp_pcb *pcb;       /* owned; NULL until it is needed */
	struct datagram *head, *tail; /* r: head */
	uint32_t waiting;          /* bytes in the queue, as SO_RCVBUF counts */
	bool connected;            /* r */
	bool bound;                /* to an address, not by connect */
	bool shut_read, shut_write; /* r */
	bool packet_info;          /* IP_PKTINFO */
	uint8_t tos, ttl;
};

static void dgram_received(void *arg, struct udp_pcb *pcb, struct pbuf *p, const ip_addr_t *from, u16_t port)
{
	struct dgram *d = arg;
	uint32_t cost = p->tot_len + DATAGRAM_COST;
	struct datagram *g;

	if (d->shut_read || d->waiting + cost > d->socket->receive_buffer + DATAGRAM_COST) {
		pbuf_free(p);
		return;
	}
	g = kmalloc(sizeof(*g));
	if (!g) {
		pbuf_free(p);
		return;
	}
	g->next = NULL;
	g->p = p;
	ip_addr_copy(g->from, *from);
	ip_addr_copy(g->to, *ip_current_dest_addr());
	g->port = port;
	d->waiting += cost;
	if (d->tail)
		d->tail->next = g;
	else
		WRITE_ONCE(d->head, g);
	d->tail = g;
	socket_wake(d->socket, EPOLLIN | EPOLLRDNORM);
}

void dgram_describe(const struct udp_pcb *pcb, struct inet_shown *s)
{
	const struct dgram *d = pcb->recv_arg;

	if (pcb->recv != dgram_received)
		return; /* DHCP's */
	s->socket = d->socket;
	s->received = d->waiting;
}

void dgram_failed(const ip_addr_t *remote, uint16_t port, uint16_t remote_port, int error)
{
	for (struct udp_pcb *pcb = udp_pcbs; pcb; pcb = pcb->next) {
		struct dgram *d = pcb->recv_arg;

		if (pcb->local_port != port || pcb->remote_port != remote_port || pcb->recv != dgram_received ||
		    !d->connected || IP_GET_TYPE(&pcb->remote_ip) != IP_GET_TYPE(remote) ||
		    (IP_IS_V6(remote) ? !ip6_addr_cmp_zoneless(ip_2_ip6(&pcb->remote_ip), ip_2_ip6(remote)) :
					!ip4_addr_cmp(ip_2_ip4(&pcb->remote_ip), ip_2_ip4(remote))))
			continue;
		socket_set_error(d->socket, error);
		socket_wake(d->socket, EPOLLIN | EPOLLOUT | EPOLLERR);
	}
}

static int dgram_need_pcb(struct dgram *d)
{
	if (d->pcb)
		return 0;
	d->pcb = udp_new_ip_type(IP_GET_TYPE(inet_any(d->socket)));
	if (!d->pcb)
		return -ENOBUFS;
	d->pcb->tos = d->tos;
	d->pcb->ttl = d->ttl;
	udp_recv(d->pcb, dgram_received, d);
	return 0;
}

static int dgram_bind(struct socket *s, const struct sockaddr *addr, unsigned len)
{
	struct dgram *d = s->private;
	ip_addr_t address;
	uint16_t port;
	int r = inet_address_in(s, addr, len, &address, &port);

	if (r)
		return r;
	net_lock();
	r = dgram_need_pcb(d);
	if (!r && d->pcb->local_port)
		r = -EINVAL;
	if (!r && !inet_is_own(&address))
		r = -EADDRNOTAVAIL;
	if (!r) {
		if (s->options & (SOCKET_OPTION_REUSEADDR | SOCKET_OPTION_REUSEPORT))
			ip_set_option(d->pcb, SOF_REUSEADDR);
		r = inet_error(udp_bind(d->pcb, &address, port));
		d->bound = !r && !ip_addr_isany(&address);
	}
	net_unlock();
	return r;
}

static int dgram_connect(struct socket *s, const struct sockaddr *addr, unsigned len)
{
	struct dgram *d = s->private;
	ip_addr_t address;
	uint16_t port;
	int r;

	if (addr->sa_family == AF_UNSPEC) {
		net_lock();
		if (d->pcb) {
			if (!d->bound)
				ip_addr_copy(d->pcb->local_ip, *inet_any(s));
			udp_disconnect(d->pcb);
		}
		d->connected = false;
		net_unlock();
		return 0;
	}
	r = inet_address_in(s, addr, len, &address, &port);
	if (r)
		return r;
	if (ip_addr_isany(&address))
		inet_connect_any(&address);
	net_lock();
	r = dgram_need_pcb(d);
	if (!r) {
		const ip_addr_t *source;

		if (!d->bound)
			ip_addr_copy(d->pcb->local_ip, *inet_any(s));
		source = inet_source(&address);
		r = source ? inet_error(udp_connect(d->pcb, &address, port)) : -ENETUNREACH;
		/* getsockname(2) is to say from where datagrams will go: programs find their address this way. */
		if (!r && ip_addr_isany(&d->pcb->local_ip))
			ip_addr_copy(d->pcb->local_ip, *source);
	}
	d->connected = !r;
	icmp_errors_wanted = true;
	net_unlock();
	return r;
}

/* Room for @n bytes behind headers. lwIP counts a buffer in 16 bits, headers included: the largest take two. */
static struct pbuf *dgram_buffer(size_t n, struct pbuf **ret_bytes)
{
	struct pbuf *p;

	if (likely(n <= ONE_BUFFER_MAX)) {
		p = *ret_bytes = pbuf_alloc(PBUF_TRANSPORT, (u16_t)n, PBUF_RAM);
		return p;
	}
	p = pbuf_alloc(PBUF_TRANSPORT, 0, PBUF_RAM);
	*ret_bytes = p ? pbuf_alloc(PBUF_RAW, (u16_t)n, PBUF_RAM) : NULL;
	if (*ret_bytes) {
		pbuf_cat(p, *ret_bytes);
	} else if (p) {
		pbuf_free(p);
		p = NULL;
	}
	return p;
}

/* lwIP's choice of a source over IPv6 is among the interface's addresses: for one of our own that is none of them. */
static err_t dgram_send_to(struct dgram *d, struct pbuf *p, const ip_addr_t *to, uint16_t port)
{
	struct netif *netif;

	if (!IP_IS_V6(to) || !ip_addr_isany(&d->pcb->local_ip))
		return udp_sendto(d->pcb, p, to, port);
	netif = ip_route(&d->pcb->local_ip, to);
	return netif && inet_source(to) ? udp_sendto_if_src(d->pcb, p, to, port, netif, inet_source(to)) : ERR_RTE;
}

static ssize_t dgram_sendmsg(struct socket *s, struct io *io, struct socket_msg *m)
{
	struct dgram *d = s->private;
	size_t n = io->left;
	ip_addr_t address;
	struct pbuf *p, *bytes;
	uint16_t port = 0;
	int r = socket_take_error(s);

	if (r)
		return r;
	if (d->shut_write)
		return -EPIPE;
	if (m->name) {
		r = inet_address_in(s, (const struct sockaddr *)m->name, m->name_len, &address, &port);
		if (r)
			return r;
		if (!port)
			return -EINVAL;
		if (ip_addr_isany(&address))
			inet_connect_any(&address);
	} else if (!d->connected) {
		return -EDESTADDRREQ;
	}
	if (n > DATAGRAM_MAX)
		return -EMSGSIZE;
	p = dgram_buffer(n, &bytes);
	if (!p)
		return -ENOBUFS;
	if (io_get(io, bytes->payload, n) < n)
		r = -EFAULT;
	net_lock();
	if (!r)
		r = dgram_need_pcb(d);
	if (!r) {
		if (s->options & SOCKET_OPTION_BROADCAST)
			ip_set_option(d->pcb, SOF_BROADCAST);
		else
			ip_reset_option(d->pcb, SOF_BROADCAST);
		if (m->name) {
			r = dgram_send_to(d, p, &address, port);
			r = r == ERR_VAL ? -EACCES : inet_error((err_t)r); /* a broadcast without SO_BROADCAST */
		} else {
			r = inet_error(udp_send(d->pcb, p));
		}
	}
	pbuf_free(p);
	net_unlock();
	return r ? r : (ssize_t)n;
}

/* The first datagram; @take: off the queue, else one more reference to its bytes. NULL: none. */
static struct datagram *dgram_first(struct dgram *d, struct datagram *copy, bool take)
{
	struct datagram *g;

	net_lock();
	g = d->head;
	if (g) {
		*copy = *g;
		if (take) {
			d->waiting -= g->p->tot_len + DATAGRAM_COST;
			d->head = g->next;
			if (!g->next)
				d->tail = NULL;
		} else {
			pbuf_ref(g->p);
		}
	}
	net_unlock();
	return g;
}

static void put_packet_info(struct socket *s, struct socket_msg *m, const ip_addr_t *to)
{
	struct in_pktinfo info = { .ipi_ifindex = 1 };

	if (s->family == AF_INET6) {
		struct sockaddr_storage address;
		struct in6_pktinfo info6 = { .ipi6_ifindex = 1 };

		inet_address_out(s, &address, to, 0);
		info6.ipi6_addr = ((struct sockaddr_in6 *)&address)->sin6_addr;
		socket_put_control(m, SOL_IPV6, IPV6_PKTINFO, &info6, sizeof(info6));
		return;
	}
	info.ipi_addr.s_addr = info.ipi_spec_dst.s_addr = ip4_addr_get_u32(ip_2_ip4(to));
	socket_put_control(m, SOL_IP, IP_PKTINFO, &info, sizeof(info));
}

static ssize_t dgram_recvmsg(struct socket *s, struct io *io, struct socket_msg *m)
{
	struct dgram *d = s->private;
	bool take = !(m->flags & MSG_PEEK), fault = false;
	struct datagram g, *taken;
	size_t done = 0, total;
	int r;

	if (!READ_ONCE(d->head)) {
		r = socket_take_error(s);
		return r ? r : READ_ONCE(d->shut_read) ? 0 : -EAGAIN;
	}
	taken = dgram_first(d, &g, take);
	if (!taken)
		return -EAGAIN;
	total = g.p->tot_len;
	for (struct pbuf *p = g.p; p && io->left && !fault; p = p->next) {
		size_t n = MIN(io->left, (size_t)p->len), moved = io_put(io, p->payload, n);

		done += moved;
		fault = moved < n;
	}
	net_lock();
	pbuf_free(g.p);
	net_unlock();
	if (take)
		kfree(taken);
	if (fault)
		return -EFAULT;
	if (m->name)
		m->name_len = (unsigned)inet_address_out(s, m->name, &g.from, g.port);
	if (d->packet_info)
		put_packet_info(s, m, &g.to);
	if (done < total) {
		m->flags_out |= MSG_TRUNC;
		if (m->flags & MSG_TRUNC)
			return (ssize_t)total;
	}
	return (ssize_t)done;
}

static int dgram_shutdown(struct socket *s, int how)
{
	struct dgram *d = s->private;

	if (how != SHUT_WR)
		WRITE_ONCE(d->shut_read, true);
	if (how != SHUT_RD)
		WRITE_ONCE(d->shut_write, true);
	socket_wake(s, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP);
	return d->connected ? 0 : -ENOTCONN;
}

static uint32_t dgram_poll(struct socket *s)
{
	struct dgram *d = s->private;
	uint32_t events = EPOLLOUT | EPOLLWRNORM;
	bool read = READ_ONCE(d->shut_read);

	if (READ_ONCE(s->error))
		events |= EPOLLERR;
	if (READ_ONCE(d->head) || read)
		events |= EPOLLIN | EPOLLRDNORM;
	if (read)
		events |= EPOLLRDHUP | (READ_ONCE(d->shut_write) ? EPOLLHUP : 0);
	return events;
}

static int dgram_getname(struct socket *s, struct sockaddr_storage *out, bool peer)
{
	struct dgram *d = s->private;
	int r = -ENOTCONN;

	net_lock();
	if (!peer)
		r = d->pcb ? inet_address_out(s, out, &d->pcb->local_ip, d->pcb->local_port) : inet_address_out(s, out, inet_any(s), 0);
	else if (d->connected)
		r = inet_address_out(s, out, &d->pcb->remote_ip, d->pcb->remote_port);
	net_unlock();
	return r;
}

static int dgram_setsockopt(struct socket *s, int level, int option, const void *value, unsigned len)
{
	struct dgram *d = s->private;
	struct ip_pcb fields = { .tos = d->tos, .ttl = d->ttl };
	int v, r;

	if (level == SOL_IPV6 ? s->family != AF_INET6 : level != SOL_IP)
		return -ENOPROTOOPT;
	if (level == SOL_IPV6 && option == IPV6_V6ONLY && d->pcb)
		return -EINVAL;
	if (option == (level == SOL_IP ? IP_PKTINFO : IPV6_RECVPKTINFO)) {
		r = inet_option_int(value, len, &v);
		if (!r)
			d->packet_info = v;
		return r;
	}
	r = level == SOL_IP ? inet_setsockopt_ip(&fields, option, value, len) :
			      inet_setsockopt_ip6(s, &fields, option, value, len);
	if (r)
		return r;
	net_lock();
	d->tos = fields.tos;
	d->ttl = fields.ttl;
	if (d->pcb) {
		d->pcb->tos = d->tos;
		d->pcb->ttl = d->ttl;
	}
	net_unlock();
	return 0;
}

static int dgram_getsockopt(struct socket *s, int level, int option, void *value, unsigned len)
{
	struct dgram *d = s->private;
	struct ip_pcb fields = { .tos = d->tos, .ttl = d->ttl };

	if (level == SOL_IPV6 ? s->family != AF_INET6 : level != SOL_IP)
		return -ENOPROTOOPT;
	if (option == (level == SOL_IP ? IP_PKTINFO : IPV6_RECVPKTINFO)) {
		int v = d->packet_info;

		__builtin_memcpy(value, &v, sizeof(v));
		return sizeof(v);
	}
	return level == SOL_IP ? inet_getsockopt_ip(&fields, option, value, len) :
				 inet_getsockopt_ip6(s, &fields, option, value, len);
}

/* Of the first datagram. */
static long dgram_readable_bytes(struct socket *s)
{
	struct dgram *d = s->private;
	long n;

	net_lock();
	n = d->head ? d->head->p->tot_len : 0;
	net_unlock();
	return n;
}

static long dgram_ioctl(struct socket *s, unsigned cmd, unsigned long arg)
{
	return cmd == TIOCOUTQ ? put_user_u32((uint32_t __user *)arg, 0) : -ENOTTY;
}

static void dgram_release(struct socket *s)
{
	struct dgram *d = s->private;

	net_lock();
	if (d->pcb)
		udp_remove(d->pcb);
	while (d->head) {
		struct datagram *g = d->head;

		d->head = g->next;
		pbuf_free(g->p);
		kfree(g);
	}
	net_unlock();
	kfree(d);
}

static const struct socket_ops dgram_ops = {
	.bind = dgram_bind,
	.connect = dgram_connect,
	.sendmsg = dgram_sendmsg,
	.recvmsg = dgram_recvmsg,
	.shutdown = dgram_shutdown,
	.poll = dgram_poll,
	.getname = dgram_getname,
	.setsockopt = dgram_setsockopt,
	.getsockopt = dgram_getsockopt,
	.readable_bytes = dgram_readable_bytes,
	.ioctl = dgram_ioctl,
	.release = dgram_release,
};

static int dgram_create(struct socket *s, int protocol)
{
	struct dgram *d = kzalloc(sizeof(*d));

	if (!d)
		return -ENOMEM;
	d->socket = s;
	d->ttl = IP_DEFAULT_TTL;
	s->private = d;
	s->ops = &dgram_ops;
	s->protocol = (uint16_t)protocol;
	return 0;
}
SET_ENTRY(inet_protocol, udp, struct inet_protocol) = { "udp", dgram_create, SOCK_DGRAM, IPPROTO_UDP, 1 };
