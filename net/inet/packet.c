/* What UDP, raw and ping sockets share: packets that wait, and the control messages that go with them (ip(7), ipv6(7)).
 *
 * lwIP's call-backs queue what comes, up to SO_RCVBUF, under the network lock; a reader takes the first off the queue
 * under that lock and copies without it. Queues of errors are error_queue.c's.
 */
#include "net/inet/packet.h"
#include "core/clock.h"
#include "core/slab.h"
#include "net/lwip/port.h"
#include "lwip/ip.h"
#include <linux/errno.h>
#include <linux/in6.h>
#include <linux/ipv6.h>
#include <linux/time_types.h>
#include <asm/socket.h>

COMPONENT("inet", "IPv4 and TCP sockets, over lwIP");

#define ONE_BUFFER_MAX 60000u

void inet_packet_describe(struct inet_packet *g, const struct socket *s, u16_t port)
{
	ip_addr_copy(g->from, *ip_current_src_addr());
	ip_addr_copy(g->to, *ip_current_dest_addr());
	g->port = port;
	g->interface = (uint8_t)inet_interface(ip_current_input_netif());
	if (ip_current_is_v6()) {
		g->ttl = IP6H_HOPLIM(ip6_current_header());
		g->tos = IP6H_TC(ip6_current_header());
	} else {
		g->ttl = IPH_TTL(ip4_current_header());
		g->tos = IPH_TOS(ip4_current_header());
	}
	g->when_ns = s->options & (SOCKET_OPTION_TIMESTAMP | SOCKET_OPTION_TIMESTAMPNS) ? clock_realtime_ns() : 0;
}

void inet_queue_add(struct socket *s, struct inet_queue *q, struct pbuf *p, u16_t port)
{
	uint32_t cost = p->tot_len + PACKET_COST;
	struct inet_packet *g;

	if (q->waiting + cost > s->receive_buffer + PACKET_COST || !(g = kmalloc(sizeof(*g)))) {
		pbuf_free(p);
		return;
	}
	g->next = NULL;
	g->p = p;
	inet_packet_describe(g, s, port);
	q->waiting += cost;
	if (q->tail)
		q->tail->next = g;
	else
		WRITE_ONCE(q->head, g);
	q->tail = g;
	socket_wake(s, EPOLLIN | EPOLLRDNORM);
}

/* The first packet; @take: off the queue, else one more reference to its bytes. NULL: none. */
static struct inet_packet *first(struct inet_queue *q, struct inet_packet *copy, bool take)
{
	struct inet_packet *g;

	net_lock();
	g = q->head;
	if (g) {
		*copy = *g;
		if (take) {
			q->waiting -= g->p->tot_len + PACKET_COST;
			q->head = g->next;
			if (!g->next)
				q->tail = NULL;
		} else {
			pbuf_ref(g->p);
		}
	}
	net_unlock();
	return g;
}

static void put_int(struct socket_msg *m, int level, int type, int value)
{
	socket_put_control(m, level, type, &value, sizeof(value));
}

static void put_control6(struct socket *s, struct socket_msg *m, uint32_t wants, const struct inet_packet *g)
{
	if (wants & INET_WANTS_PKTINFO6) {
		struct sockaddr_storage address;
		struct in6_pktinfo info = { .ipi6_ifindex = g->interface };

		inet_address_out(s, &address, &g->to, 0);
		info.ipi6_addr = ((struct sockaddr_in6 *)&address)->sin6_addr;
		socket_put_control(m, SOL_IPV6, IPV6_PKTINFO, &info, sizeof(info));
	}
	if (wants & INET_WANTS_HOPS6)
		put_int(m, SOL_IPV6, IPV6_HOPLIMIT, g->ttl);
	if (wants & INET_WANTS_CLASS6)
		put_int(m, SOL_IPV6, IPV6_TCLASS, g->tos);
}

static void put_control4(struct socket_msg *m, uint32_t wants, const struct inet_packet *g)
{
	if (wants & INET_WANTS_PKTINFO) {
		struct in_pktinfo info = { .ipi_ifindex = g->interface };
		struct netif *netif;

		info.ipi_addr.s_addr = ip4_addr_get_u32(ip_2_ip4(&g->to));
		net_lock();
		netif = inet_netif(g->interface);
		/* Where an answer is to come from: to groups and broadcasts, the interface's own. */
		info.ipi_spec_dst.s_addr = netif && (ip_addr_ismulticast(&g->to) || ip_addr_isbroadcast(&g->to, netif)) ?
						   ip4_addr_get_u32(netif_ip4_addr(netif)) : info.ipi_addr.s_addr;
		net_unlock();
		socket_put_control(m, SOL_IP, IP_PKTINFO, &info, sizeof(info));
	}
	if (wants & INET_WANTS_TTL)
		put_int(m, SOL_IP, IP_TTL, g->ttl);
	if (wants & INET_WANTS_TOS)
		socket_put_control(m, SOL_IP, IP_TOS, &g->tos, 1);
	if (wants & INET_WANTS_DST) {
		struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr = { ip4_addr_get_u32(ip_2_ip4(&g->to)) } };

		socket_put_control(m, SOL_IP, IP_ORIGDSTADDR, &to, sizeof(to));
	}
}

static void put_time(struct socket *s, struct socket_msg *m, uint64_t ns)
{
	struct __kernel_timespec t;

	if (!ns) /* it came before the socket asked */
		ns = clock_realtime_ns();
	t.tv_sec = (int64_t)(ns / NSEC_PER_SEC);
	t.tv_nsec = (int64_t)(ns % NSEC_PER_SEC);
	if (s->options & SOCKET_OPTION_TIMESTAMPNS) {
		socket_put_control(m, SOL_SOCKET, SO_TIMESTAMPNS_OLD, &t, sizeof(t));
	} else {
		t.tv_nsec /= 1000; /* struct timeval has the same layout */
		socket_put_control(m, SOL_SOCKET, SO_TIMESTAMP_OLD, &t, sizeof(t));
	}
}

void inet_packet_control(struct socket *s, const struct inet_options *o, struct socket_msg *m, const struct inet_packet *g)
{
	if (s->options & (SOCKET_OPTION_TIMESTAMP | SOCKET_OPTION_TIMESTAMPNS))
		put_time(s, m, g->when_ns);
	if (s->family == AF_INET6)
		put_control6(s, m, o->wants, g);
	if (IP_IS_V4_VAL(g->to))
		put_control4(m, o->wants, g);
}

ssize_t inet_queue_receive(struct socket *s, struct inet_queue *q, const struct inet_options *o, struct io *io,
			   struct socket_msg *m)
{
	bool take = !(m->flags & MSG_PEEK), fault = false;
	struct inet_packet g, *taken;
	size_t done = 0, total;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (m->flags & MSG_ERRQUEUE)
		return inet_error_receive(s, q, o, io, m);
	taken = first(q, &g, take);
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
	if (unlikely((s->options & (SOCKET_OPTION_TIMESTAMP | SOCKET_OPTION_TIMESTAMPNS)) | o->wants))
		inet_packet_control(s, o, m, &g);
	if (done < total) {
		m->flags_out |= MSG_TRUNC;
		if (m->flags & MSG_TRUNC)
			return (ssize_t)total;
	}
	return (ssize_t)done;
}

long inet_queue_first(struct inet_queue *q)
{
	long n;

	net_lock();
	n = q->head ? q->head->p->tot_len : 0;
	net_unlock();
	return n;
}

void inet_queue_drop(struct inet_queue *q)
{
	while (q->head) {
		struct inet_packet *g = q->head;

		q->head = g->next;
		pbuf_free(g->p);
		kfree(g);
	}
	q->tail = NULL;
	q->waiting = 0;
	inet_error_drop(q);
}

static int send_control(struct inet_send *out, const struct cmsghdr *c)
{
	const void *data = (const char *)c + CMSG_HEADER;
	size_t n = c->cmsg_len - CMSG_HEADER;
	int v = 0, interface;

	if (n >= sizeof(v))
		__builtin_memcpy(&v, data, sizeof(v));
	if (c->cmsg_level == SOL_IP && c->cmsg_type == IP_PKTINFO && n >= sizeof(struct in_pktinfo)) {
		const struct in_pktinfo *info = data;

		interface = info->ipi_ifindex;
		if (info->ipi_spec_dst.s_addr) {
			ip_addr_set_ip4_u32_val(out->address, info->ipi_spec_dst.s_addr);
			out->source = &out->address;
		}
	} else if (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_PKTINFO && n >= sizeof(struct in6_pktinfo)) {
		const struct in6_pktinfo *info = data;
		ip6_addr_t a;

		interface = info->ipi6_ifindex;
		__builtin_memcpy(a.addr, &info->ipi6_addr, sizeof(a.addr));
		ip6_addr_clear_zone(&a);
		if (ip6_addr_isipv4mappedipv6(&a)) {
			ip_addr_set_ip4_u32_val(out->address, a.addr[3]);
			out->source = &out->address;
		} else if (!ip6_addr_isany(&a)) {
			if (ip6_addr_has_scope(&a, IP6_UNICAST))
				ip6_addr_set_zone(&a, (u8_t)interface);
			ip_addr_copy_from_ip6(out->address, a);
			out->source = &out->address;
		}
	} else if (n >= sizeof(v) && ((c->cmsg_level == SOL_IP && c->cmsg_type == IP_TTL) ||
				      (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_HOPLIMIT))) {
		if (v < -1 || v > UINT8_MAX || (c->cmsg_level == SOL_IP && v < 1))
			return -EINVAL;
		if (v >= 0)
			out->ttl = (uint8_t)v;
		return 0;
	} else if ((c->cmsg_level == SOL_IP && c->cmsg_type == IP_TOS && n) ||
		   (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_TCLASS && n >= sizeof(v))) {
		out->tos = *(const uint8_t *)data;
		return 0;
	} else {
		return c->cmsg_level == SOL_IP || c->cmsg_level == SOL_IPV6 ? -EINVAL : 0;
	}
	if (interface) {
		out->netif = inet_netif(interface);
		if (!out->netif)
			return -ENODEV;
	}
	return 0;
}

int inet_send_prepare(struct inet_send *out, const struct inet_options *o, const ip_addr_t *bound, const ip_addr_t *to,
		      const struct socket_msg *m)
{
	bool group = ip_addr_ismulticast(to);

	/* IPV6_PMTUDISC_DO and its like have the same numbers. */
	*out = (struct inet_send){ .tos = o->tos, .ttl = group ? o->group_ttl : o->ttl,
				   .whole = o->discover == IP_PMTUDISC_DO || o->discover == IP_PMTUDISC_PROBE };
	for (const struct cmsghdr *c = NULL; (c = socket_next_control(m, c));) {
		int r = send_control(out, c);

		if (r)
			return r;
	}
	if (out->source && !inet_is_own(out->source))
		return -EINVAL;
	if (!out->source && !ip_addr_isany(bound))
		out->source = bound;
	if (o->device && !out->netif)
		out->netif = inet_netif(o->device);
	if (group && !out->netif && o->group_interface)
		out->netif = inet_netif(o->group_interface);
	if (!out->netif)
		out->netif = ip_route(out->source ? out->source : bound, to);
	if (!out->netif)
		return -ENETUNREACH;
	if (!out->source) {
		const ip_addr_t *source = group ? ip_netif_get_local_ip(out->netif, to) : inet_source(to);

		if (!source)
			return -ENETUNREACH;
		ip_addr_copy(out->address, *source);
		out->source = &out->address;
	}
	return 0;
}

bool inet_send_too_large(const struct inet_send *how, const ip_addr_t *to, size_t n, uint32_t *mtu)
{
	*mtu = how->netif->mtu;
	return how->whole && n + (IP_IS_V6(to) ? IP6_HLEN : IP_HLEN) > *mtu;
}

/* lwIP counts a buffer in 16 bits, headers included. */
struct pbuf *inet_buffer(size_t n, struct pbuf **bytes)
{
	struct pbuf *p;

	if (likely(n <= ONE_BUFFER_MAX)) {
		p = *bytes = pbuf_alloc(PBUF_TRANSPORT, (u16_t)n, PBUF_RAM);
		return p;
	}
	p = pbuf_alloc(PBUF_TRANSPORT, 0, PBUF_RAM);
	*bytes = p ? pbuf_alloc(PBUF_RAW, (u16_t)n, PBUF_RAM) : NULL;
	if (*bytes) {
		pbuf_cat(p, *bytes);
	} else if (p) {
		pbuf_free(p);
		p = NULL;
	}
	return p;
}
