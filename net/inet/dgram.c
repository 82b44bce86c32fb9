/* SOCK_DGRAM of AF_INET and AF_INET6, udp(7), over lwIP's raw interface.
 *
 * A datagram is one copy from the program into the buffer that the card sends from, and one from the buffer that it was
 * received into (packet.c). Of ICMP's errors a connected socket gets those that are final, one with IP_RECVERR all. Left out:
 * MSG_MORE.
 */
#include "core/slab.h"
#include "net/inet/icmp_error.h"
#include "net/inet/packet.h"
#include "net/inet/proc.h"
#include "net/inet/tap.h"
#include "net/lwip/port.h"
#include "lwip/ip.h"
#include "lwip/udp.h"
#include <linux/in6.h>
#include <asm/ioctls.h>

COMPONENT("udp", "UDP sockets");

#define DATAGRAM_MAX 65507u

/* Unmarked fields: network lock. r: read without it. */
struct dgram {
	struct socket *socket;     /* parent */
	struct udp_pcb *pcb;       /* owned; NULL until it is needed */
	struct inet_queue queue;
	bool connected;            /* r */
	bool bound;                /* to an address, not by connect */
	bool shut_read, shut_write; /* r */
	struct inet_options options;
};

static void dgram_received(void *arg, struct udp_pcb *pcb, struct pbuf *p, const ip_addr_t *from, u16_t port)
{
	struct dgram *d = arg;

	if (d->shut_read)
		pbuf_free(p);
	else
		inet_queue_add(d->socket, &d->queue, p, port);
}

void dgram_describe(const struct udp_pcb *pcb, struct inet_shown *s)
{
	const struct dgram *d = pcb->recv_arg;

	if (pcb->recv != dgram_received)
		return; /* DHCP's */
	s->socket = d->socket;
	s->received = d->queue.waiting;
}

/* It sent from @from of e->local to @to of e->remote; a socket that is bound to no address sends from any. */
static bool sent(const struct udp_pcb *pcb, const struct icmp_error *e, u16_t from, u16_t to)
{
	const struct dgram *d = pcb->recv_arg;

	if (pcb->local_port != from || pcb->recv != dgram_received)
		return false;
	if (!d->connected)
		return IP_IS_ANY_TYPE_VAL(pcb->local_ip) || (IP_GET_TYPE(&pcb->local_ip) == IP_GET_TYPE(&e->local) &&
			(ip_addr_isany(&pcb->local_ip) || ip_addr_cmp(&pcb->local_ip, &e->local)));
	return pcb->remote_port == to && IP_GET_TYPE(&pcb->remote_ip) == IP_GET_TYPE(&e->remote) &&
	       ip_addr_cmp(&pcb->remote_ip, &e->remote);
}

/* udp(7): an error of a datagram that we sent. */
static bool failed(struct pbuf *p, struct netif *from)
{
	struct icmp_error e;
	struct udp_hdr h;

	if (!icmp_error_parse(p, &e) || e.protocol != IP_PROTO_UDP || pbuf_copy_partial(p, &h, sizeof(h), e.header_at) < sizeof(h))
		return false;
	for (struct udp_pcb *pcb = udp_pcbs; pcb; pcb = pcb->next) {
		struct dgram *d = pcb->recv_arg;

		if (!sent(pcb, &e, lwip_ntohs(h.src), lwip_ntohs(h.dest)))
			continue;
		if (d->options.recverr)
			inet_error_queue(d->socket, &d->queue, &e, lwip_ntohs(h.dest), (u16_t)(e.header_at + sizeof(h)));
		else if (!e.hard || !d->connected)
			continue;
		socket_set_error(d->socket, e.error);
		socket_wake(d->socket, EPOLLIN | EPOLLOUT | EPOLLERR);
	}
	return false;
}
static struct inet_tap icmp_errors = { .input = failed }; /* on from the first socket on that is connected or asks for errors */

static bool takes(const struct udp_pcb *pcb, u16_t port)
{
	const struct dgram *d = pcb->recv_arg;
	const ip_addr_t *to = ip_current_dest_addr();

	return pcb->local_port == port && (pcb->so_options & SOF_REUSEPORT) && pcb->recv == dgram_received && !d->connected &&
	       (IP_IS_ANY_TYPE_VAL(pcb->local_ip) ||
		(IP_GET_TYPE(&pcb->local_ip) == IP_GET_TYPE(to) && (ip_addr_isany(&pcb->local_ip) || ip_addr_cmp(&pcb->local_ip, to))));
}

/* Of several sockets that share a port, the one that this peer's datagrams go to comes first: lwIP takes the first. */
static void choose_shared(u16_t from_port, u16_t port)
{
	const ip_addr_t *from = ip_current_src_addr();
	uint32_t x = IP_IS_V6(from) ? ip_2_ip6(from)->addr[3] ^ ip_2_ip6(from)->addr[1] : ip4_addr_get_u32(ip_2_ip4(from));
	struct udp_pcb **at = NULL;
	unsigned count = 0, nth;

	for (struct udp_pcb *pcb = udp_pcbs; pcb; pcb = pcb->next)
		count += takes(pcb, port);
	if (count < 2)
		return;
	/* The list turns with each choice: the choice is by the sockets' own numbers. */
	nth = (unsigned)(((x ^ (uint32_t)from_port << 8) * 2654435761u) >> 16) % count;
	for (struct udp_pcb **p = &udp_pcbs; *p; p = &(*p)->next) {
		unsigned smaller = 0;

		if (!takes(*p, port))
			continue;
		for (struct udp_pcb *q = udp_pcbs; q; q = q->next)
			smaller += takes(q, port) && q < *p;
		if (smaller == nth)
			at = p;
	}
	if (at) {
		struct udp_pcb *pcb = *at;

		*at = pcb->next;
		pcb->next = udp_pcbs;
		udp_pcbs = pcb;
	}
}

static bool input(struct pbuf *p, struct netif *from)
{
	bool six = IP_HDR_GET_VERSION(p->payload) == 6;
	u16_t at = ip_current_header_tot_len();
	struct udp_hdr h;

	if ((six ? IP6H_NEXTH((const struct ip6_hdr *)p->payload) : IPH_PROTO((const struct ip_hdr *)p->payload)) == IP_PROTO_UDP &&
	    pbuf_copy_partial(p, &h, sizeof(h), at) == sizeof(h))
		choose_shared(lwip_ntohs(h.src), lwip_ntohs(h.dest));
	return false;
}
static struct inet_tap shared_ports = { .input = input }; /* on from the first socket with SO_REUSEPORT on */

/* To lwIP both options are one; socket(7) wants the same one of both sockets. */
static int apply_reuse(struct socket *s, struct udp_pcb *pcb, const ip_addr_t *address, uint16_t port)
{
	u8_t options = (u8_t)((s->options & SOCKET_OPTION_REUSEADDR ? SOF_REUSEADDR : 0) |
			      (s->options & SOCKET_OPTION_REUSEPORT ? SOF_REUSEPORT : 0));

	for (const struct udp_pcb *other = udp_pcbs; port && other; other = other->next) {
		u8_t both = other->so_options & options;

		if (other == pcb || other->local_port != port || both ||
		    !(other->so_options & (SOF_REUSEADDR | SOF_REUSEPORT)))
			continue; /* of one that has neither, lwIP says so */
		if (ip_addr_isany(&other->local_ip) || ip_addr_isany(address) || ip_addr_cmp(&other->local_ip, address))
			return -EADDRINUSE;
	}
	if (options)
		options |= SOF_REUSEADDR;
	pcb->so_options = (u8_t)((pcb->so_options & ~(SOF_REUSEADDR | SOF_REUSEPORT)) | options);
	return 0;
}

static int dgram_need_pcb(struct dgram *d)
{
	if (d->pcb)
		return 0;
	d->pcb = udp_new_ip_type(IP_GET_TYPE(inet_any(d->socket)));
	if (!d->pcb)
		return -ENOBUFS;
	d->pcb->netif_idx = inet_lwip_index(&d->options);
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
		r = apply_reuse(s, d->pcb, &address, port);
		if (!r)
			r = inet_error(udp_bind(d->pcb, &address, port));
		d->bound = !r && !ip_addr_isany(&address);
		if (d->pcb->so_options & SOF_REUSEPORT)
			inet_tap_add(&shared_ports);
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
	inet_tap_add(&icmp_errors);
	net_unlock();
	return r;
}

/* From where, by which interface and how the options and the message say. Network lock held. */
static int send_to(struct dgram *d, struct pbuf *p, const ip_addr_t *to, uint16_t port, const struct socket_msg *m)
{
	struct udp_pcb *pcb = d->pcb;
	struct inet_send how;
	ip_addr_t target;
	uint32_t mtu;
	int r;

	if (!pcb->local_port) {
		r = inet_error(udp_bind(pcb, &pcb->local_ip, 0));
		if (r)
			return r == -EADDRINUSE ? -EAGAIN : r;
	}
	r = inet_send_prepare(&how, &d->options, &pcb->local_ip, to, m);
	if (r)
		return r;
	if (!(d->socket->options & SOCKET_OPTION_BROADCAST) && ip_addr_isbroadcast(to, how.netif))
		return -EACCES;
	ip_addr_copy(target, *to);
	if (IP_IS_V6_VAL(target) && ip6_addr_lacks_zone(ip_2_ip6(&target), IP6_UNKNOWN))
		ip6_addr_assign_zone(ip_2_ip6(&target), IP6_UNKNOWN, how.netif);
	if (unlikely(how.whole)) {
		if (inet_send_too_large(&how, to, p->tot_len + sizeof(struct udp_hdr), &mtu)) {
			if (d->options.recverr)
				inet_error_local(d->socket, &d->queue, to, port, mtu);
			return -EMSGSIZE;
		}
		p->flags |= PBUF_FLAG_WHOLE;
	}
	ip_set_option(pcb, SOF_BROADCAST);
	pcb->tos = how.tos;
	pcb->ttl = pcb->mcast_ttl = how.ttl;
	if (d->options.group_loop)
		pcb->flags |= UDP_FLAGS_MULTICAST_LOOP;
	else
		pcb->flags &= (u8_t)~UDP_FLAGS_MULTICAST_LOOP;
	return inet_error(udp_sendto_if_src(pcb, p, &target, port, how.netif, how.source));
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
	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
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
	p = inet_buffer(n, &bytes);
	if (!p)
		return -ENOBUFS;
	if (io_get(io, bytes->payload, n) < n)
		r = -EFAULT;
	net_lock();
	if (!r)
		r = dgram_need_pcb(d);
	if (!r && !m->name) {
		ip_addr_copy(address, d->pcb->remote_ip);
		port = d->pcb->remote_port;
	}
	if (!r)
		r = send_to(d, p, &address, port, m);
	pbuf_free(p);
	net_unlock();
	return r ? r : (ssize_t)n;
}

static ssize_t dgram_recvmsg(struct socket *s, struct io *io, struct socket_msg *m)
{
	struct dgram *d = s->private;
	int r;

	if (READ_ONCE(d->queue.head) || (m->flags & (MSG_ERRQUEUE | MSG_OOB)))
		return inet_queue_receive(s, &d->queue, &d->options, io, m);
	r = socket_take_error(s);
	return r ? r : READ_ONCE(d->shut_read) ? 0 : -EAGAIN;
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

	if (READ_ONCE(s->error) || READ_ONCE(d->queue.errors))
		events |= EPOLLERR;
	if (READ_ONCE(d->queue.head) || read)
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
	int r;

	if (level == SOL_IPV6 && option == IPV6_V6ONLY && d->pcb)
		return -EINVAL;
	r = inet_setsockopt(s, &d->options, level, option, value, len);
	net_lock();
	if (d->pcb)
		d->pcb->netif_idx = inet_lwip_index(&d->options);
	if (d->options.recverr)
		inet_tap_add(&icmp_errors);
	net_unlock();
	return r;
}

static int dgram_getsockopt(struct socket *s, int level, int option, void *value, unsigned len)
{
	struct dgram *d = s->private;
	int r = inet_get_mtu(level, option, d->connected ? &d->pcb->remote_ip : NULL, value);

	return r != -ENOPROTOOPT ? r : inet_getsockopt(s, &d->options, level, option, value, len);
}

static long dgram_readable_bytes(struct socket *s)
{
	struct dgram *d = s->private;

	return inet_queue_first(&d->queue);
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
	inet_leave_groups(&d->options);
	inet_queue_drop(&d->queue);
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
	d->options = (struct inet_options)INET_OPTIONS_DEFAULT;
	s->private = d;
	s->ops = &dgram_ops;
	s->protocol = (uint16_t)protocol;
	return 0;
}
SET_ENTRY(inet_protocol, udp, struct inet_protocol) = { "udp", dgram_create, SOCK_DGRAM, IPPROTO_UDP, 1 };
