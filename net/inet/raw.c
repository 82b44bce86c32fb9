/* Raw sockets (raw(7)) and ping sockets (SOCK_DGRAM of IPPROTO_ICMP) of AF_INET and AF_INET6.
 *
 * A raw socket gets a copy of each packet of its protocol, of IPv4 with the header, and sends packets that get a header
 * or bring one (IP_HDRINCL). A ping socket sends echo requests under the number that is its port, and gets the answers to
 * them. Who may have a ping socket says net.ipv4.ping_group_range: everybody, as Debian has it.
 * All under the network lock. Left out: what lwIP does not show (headers of fragments, packets that it drops).
 */
#include "core/log.h"
#include "core/process.h"
#include "core/slab.h"
#include "fs/proc/procfile.h"
#include "net/inet/device.h"
#include "net/inet/icmp_error.h"
#include "net/inet/packet.h"
#include "net/inet/tap.h"
#include "net/lwip/port.h"
#include "lwip/icmp.h"
#include "lwip/inet_chksum.h"
#include "lwip/ip.h"
#include "lwip/prot/icmp6.h"
#include <linux/capability.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/in6.h>
#include <linux/sockios.h>
#include <asm/ioctls.h>

COMPONENT("raw", "raw sockets and ping sockets");

#define SOL_RAW_       255
#define SOL_ICMPV6_    58
#define PACKET_MAX     65535u
#define ICMP_HEADER    8u
#define CHECKSUM_NONE  (-1)
#define FILTER_WORDS   8u

/* Unmarked fields: network lock. r: read without it. */
struct raw {
	struct socket *socket;       /* parent */
	struct raw *next;
	struct inet_queue queue;
	struct inet_options options;
	ip_addr_t local, remote;
	uint16_t port;               /* of a ping socket: its number, 0 until it needs one */
	uint8_t protocol;            /* I */
	bool ping;                   /* I */
	bool connected, shut_read, shut_write; /* r */
	int checksum_at;             /* IPV6_CHECKSUM: offset of a checksum that we make; CHECKSUM_NONE */
	uint32_t filter[FILTER_WORDS]; /* types of ICMP that are not wanted: word 0 of IPv4, all of IPv6 */
};

static struct raw *raws;
static uint32_t group_range[2] = { 0, INT32_MAX };

static bool concerns(const struct raw *r, unsigned protocol, bool six)
{
	if (r->shut_read || (r->socket->family == AF_INET6) != six || r->protocol != protocol)
		return false;
	if (!ip_addr_isany(&r->local) && !ip_addr_cmp(&r->local, ip_current_dest_addr()) &&
	    !ip_addr_ismulticast(ip_current_dest_addr()))
		return false;
	return !r->connected || ip_addr_cmp(&r->remote, ip_current_src_addr());
}

/* Does the socket want it? @head: the first bytes behind the IP header. */
static bool wants(const struct raw *r, const uint8_t *head, size_t n, bool six)
{
	if (r->protocol != (six ? IP6_NEXTH_ICMP6 : IP_PROTO_ICMP))
		return true;
	if (n < ICMP_HEADER)
		return false;
	if (r->ping)
		return head[0] == (six ? ICMP6_TYPE_EREP : ICMP_ER) && (head[4] << 8 | head[5]) == r->port;
	if (six)
		return !(r->filter[head[0] >> 5] >> (head[0] & 31) & 1);
	return head[0] >= 32 || !(r->filter[0] >> head[0] & 1);
}

/* raw(7), icmp(7): a packet that we sent met an error, of which sockets get to know that are connected or asked for it. */
static void failed(struct pbuf *p)
{
	struct icmp_error e;
	uint8_t head[ICMP_HEADER];

	if (!icmp_error_parse(p, &e) || pbuf_copy_partial(p, head, sizeof(head), e.header_at) < sizeof(head))
		return;
	for (struct raw *r = raws; r; r = r->next) {
		if ((r->socket->family == AF_INET6) != IP_IS_V6_VAL(e.remote) || r->protocol != e.protocol ||
		    (!ip_addr_isany(&r->local) && !ip_addr_cmp(&r->local, &e.local)) ||
		    (r->connected && !ip_addr_cmp(&r->remote, &e.remote)) || (r->ping && (head[4] << 8 | head[5]) != r->port))
			continue;
		if (r->options.recverr)
			inet_error_queue(r->socket, &r->queue, &e, 0, r->options.header_included ? e.quoted_at : e.header_at);
		else if (!r->connected || !e.hard)
			continue;
		socket_set_error(r->socket, e.error);
		socket_wake(r->socket, EPOLLIN | EPOLLOUT | EPOLLERR);
	}
}

static bool input(struct pbuf *p, struct netif *from)
{
	bool six = IP_HDR_GET_VERSION(p->payload) == 6, taken = false;
	unsigned protocol = six ? IP6H_NEXTH((const struct ip6_hdr *)p->payload) : IPH_PROTO((const struct ip_hdr *)p->payload);
	u16_t at = ip_current_header_tot_len();
	uint8_t head[ICMP_HEADER];
	size_t n = 0;
	bool seen = false;

	if (protocol == (unsigned)(six ? IP6_NEXTH_ICMP6 : IP_PROTO_ICMP))
		failed(p);
	for (struct raw *r = raws; r; r = r->next) {
		u16_t skip = six || r->ping ? at : 0;
		struct pbuf *copy;

		if (!concerns(r, protocol, six))
			continue;
		if (!seen)
			n = pbuf_copy_partial(p, head, sizeof(head), at);
		seen = true;
		taken |= !r->ping;
		if (!wants(r, head, n, six))
			continue;
		copy = pbuf_alloc(PBUF_RAW, (u16_t)(p->tot_len - skip), PBUF_RAM);
		if (!copy)
			continue;
		pbuf_copy_partial(p, copy->payload, copy->len, skip);
		if (!skip && from == &loopback) { /* which has no checksums */
			struct ip_hdr *h = copy->payload;

			h->_chksum = 0;
			h->_chksum = inet_chksum(h, at);
		}
		inet_queue_add(r->socket, &r->queue, copy, 0);
	}
	return taken;
}
static struct inet_tap tap = { .input = input };

static bool port_taken(const struct raw *r, uint16_t port)
{
	for (const struct raw *o = raws; o; o = o->next)
		if (o != r && o->ping && o->port == port && o->socket->family == r->socket->family)
			return true;
	return false;
}

static void need_port(struct raw *r)
{
	while (r->ping && !r->port) {
		uint16_t port = (uint16_t)net_random();

		if (port && !port_taken(r, port))
			r->port = port;
	}
}

static int raw_bind(struct socket *s, const struct sockaddr *addr, unsigned len)
{
	struct raw *r = s->private;
	ip_addr_t address;
	uint16_t port;
	int e = inet_address_in(s, addr, len, &address, &port);

	if (e)
		return e;
	net_lock();
	if (!inet_is_own(&address)) {
		e = -EADDRNOTAVAIL;
	} else if (r->ping && (r->port || (port && port_taken(r, port)))) {
		e = r->port ? -EINVAL : -EADDRINUSE;
	} else {
		ip_addr_copy(r->local, address);
		if (r->ping) {
			r->port = port;
			need_port(r);
		}
	}
	net_unlock();
	return e;
}

static int raw_connect(struct socket *s, const struct sockaddr *addr, unsigned len)
{
	struct raw *r = s->private;
	const ip_addr_t *source;
	ip_addr_t address;
	uint16_t port;
	int e;

	if (addr->sa_family == AF_UNSPEC) {
		r->connected = false;
		return 0;
	}
	e = inet_address_in(s, addr, len, &address, &port);
	if (e)
		return e;
	if (ip_addr_isany(&address))
		inet_connect_any(&address);
	net_lock();
	source = inet_source(&address);
	if (source) {
		ip_addr_copy(r->remote, address);
		if (ip_addr_isany(&r->local))
			ip_addr_copy(r->local, *source);
		r->connected = true;
		need_port(r);
	} else {
		e = -ENETUNREACH;
	}
	net_unlock();
	return e;
}

/* A message of a ping socket: an echo request gets our number, nothing else may be sent. */
static int make_ping(struct raw *r, uint8_t *bytes, size_t n, bool six)
{
	if (n < ICMP_HEADER || bytes[0] != (six ? ICMP6_TYPE_EREQ : ICMP_ECHO) || bytes[1])
		return -EINVAL;
	need_port(r);
	bytes[4] = (uint8_t)(r->port >> 8);
	bytes[5] = (uint8_t)r->port;
	return 0;
}

static int send_with_header(struct raw *r, struct pbuf *p, const ip_addr_t *to, const struct inet_send *how)
{
	uint8_t *bytes = p->payload;
	uint16_t sum;
	err_t e;

	if (r->checksum_at >= 0 && r->checksum_at + 2 <= p->tot_len) {
		bytes[r->checksum_at] = bytes[r->checksum_at + 1] = 0;
		sum = IP_IS_V6(to) ? ip6_chksum_pseudo(p, r->protocol, p->tot_len, ip_2_ip6(how->source), ip_2_ip6(to)) :
				     inet_chksum_pbuf(p);
		__builtin_memcpy(bytes + r->checksum_at, &sum, sizeof(sum));
	}
	if (r->options.group_loop && ip_addr_ismulticast(to))
		p->flags |= PBUF_FLAG_MCASTLOOP;
	e = ip_output_if(p, how->source, to, how->ttl, how->tos, r->protocol, how->netif);
	return inet_error(e);
}

/* raw(7), IP_HDRINCL: what of the header is the kernel's to fill in. */
static int send_as_is(struct pbuf *p, const ip_addr_t *to, const struct inet_send *how)
{
	struct ip_hdr *h = p->payload;
	unsigned header;

	if (p->len < IP_HLEN)
		return -EINVAL;
	header = IPH_HL_BYTES(h);
	if (header < IP_HLEN || header > p->len)
		return -EINVAL;
	IPH_LEN_SET(h, lwip_htons(p->tot_len));
	if (!h->src.addr)
		h->src.addr = ip4_addr_get_u32(ip_2_ip4(how->source));
	if (!h->_id)
		h->_id = (u16_t)net_random();
	h->_chksum = 0;
	h->_chksum = inet_chksum(h, (u16_t)header);
	return inet_error(how->netif->output(how->netif, p, ip_2_ip4(to)));
}

static int send_locked(struct raw *r, struct pbuf *p, const ip_addr_t *address, const struct socket_msg *m)
{
	struct socket *s = r->socket;
	ip_addr_t to = *(address ? address : &r->remote);
	struct inet_send how;
	int e = inet_send_prepare(&how, &r->options, &r->local, &to, m);
	uint32_t mtu;

	if (e)
		return e;
	if (inet_send_too_large(&how, &to, p->tot_len - (r->options.header_included ? IP_HLEN : 0u), &mtu)) {
		if (r->options.recverr)
			inet_error_local(s, &r->queue, &to, 0, mtu);
		return -EMSGSIZE;
	}
	if (how.whole)
		p->flags |= PBUF_FLAG_WHOLE;
	if (!(s->options & SOCKET_OPTION_BROADCAST) && ip_addr_isbroadcast(&to, how.netif))
		return -EACCES;
	if (IP_IS_V6_VAL(to) && ip6_addr_lacks_zone(ip_2_ip6(&to), IP6_UNKNOWN))
		ip6_addr_assign_zone(ip_2_ip6(&to), IP6_UNKNOWN, how.netif);
	if (r->ping) {
		e = make_ping(r, p->payload, p->len, IP_IS_V6_VAL(to));
		if (e)
			return e;
	}
	return r->options.header_included ? send_as_is(p, &to, &how) : send_with_header(r, p, &to, &how);
}

static ssize_t raw_sendmsg(struct socket *s, struct io *io, struct socket_msg *m)
{
	struct raw *r = s->private;
	size_t n = io->left;
	ip_addr_t address;
	struct pbuf *p;
	uint16_t port;
	int e = socket_take_error(s);

	if (e)
		return e;
	if (r->shut_write)
		return -EPIPE;
	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (m->name) {
		e = inet_address_in(s, (const struct sockaddr *)m->name, m->name_len, &address, &port);
		if (e)
			return e;
		if (IP_IS_V4_VAL(address) != (s->family == AF_INET))
			return -EINVAL;
		if (ip_addr_isany(&address))
			inet_connect_any(&address);
	} else if (!r->connected) {
		return -EDESTADDRREQ;
	}
	if (n > PACKET_MAX - PBUF_IP - PBUF_LINK)
		return -EMSGSIZE;
	p = pbuf_alloc(r->options.header_included ? PBUF_LINK : PBUF_IP, (u16_t)n, PBUF_RAM);
	if (!p)
		return -ENOBUFS;
	if (io_get(io, p->payload, n) < n)
		e = -EFAULT;
	net_lock();
	if (!e)
		e = send_locked(r, p, m->name ? &address : NULL, m);
	pbuf_free(p);
	net_unlock();
	return e ? e : (ssize_t)n;
}

static ssize_t raw_recvmsg(struct socket *s, struct io *io, struct socket_msg *m)
{
	struct raw *r = s->private;
	int e;

	if (READ_ONCE(r->queue.head) || (m->flags & (MSG_ERRQUEUE | MSG_OOB)))
		return inet_queue_receive(s, &r->queue, &r->options, io, m);
	e = socket_take_error(s);
	return e ? e : READ_ONCE(r->shut_read) ? 0 : -EAGAIN;
}

static int raw_shutdown(struct socket *s, int how)
{
	struct raw *r = s->private;

	if (how != SHUT_WR)
		WRITE_ONCE(r->shut_read, true);
	if (how != SHUT_RD)
		WRITE_ONCE(r->shut_write, true);
	socket_wake(s, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP);
	return r->connected ? 0 : -ENOTCONN;
}

static uint32_t raw_poll(struct socket *s)
{
	struct raw *r = s->private;
	bool read = READ_ONCE(r->shut_read);

	return EPOLLOUT | EPOLLWRNORM | (READ_ONCE(s->error) || READ_ONCE(r->queue.errors) ? EPOLLERR : 0) |
	       (READ_ONCE(r->queue.head) || read ? EPOLLIN | EPOLLRDNORM : 0) |
	       (read ? EPOLLRDHUP | (READ_ONCE(r->shut_write) ? EPOLLHUP : 0) : 0);
}

static int raw_getname(struct socket *s, struct sockaddr_storage *out, bool peer)
{
	struct raw *r = s->private;
	int n = -ENOTCONN;

	net_lock();
	if (!peer)
		n = inet_address_out(s, out, &r->local, r->ping ? r->port : r->protocol);
	else if (r->connected)
		n = inet_address_out(s, out, &r->remote, 0);
	net_unlock();
	return n;
}

static bool is_filter(const struct raw *r, int level, int option)
{
	return !r->ping && (r->socket->family == AF_INET ? level == SOL_RAW_ && option == ICMP_FILTER && r->protocol == IP_PROTO_ICMP :
							   level == SOL_ICMPV6_ && option == ICMPV6_FILTER);
}

static size_t filter_size(const struct raw *r)
{
	return r->socket->family == AF_INET ? sizeof(struct icmp_filter) : sizeof(struct icmp6_filter);
}

static bool is_checksum(const struct raw *r, int level, int option)
{
	return !r->ping && r->socket->family == AF_INET6 && (level == SOL_IPV6 || level == SOL_RAW_) && option == IPV6_CHECKSUM;
}

static int raw_setsockopt(struct socket *s, int level, int option, const void *value, unsigned len)
{
	struct raw *r = s->private;
	int v, e;

	_Static_assert(sizeof(struct icmp6_filter) == sizeof(r->filter), "ICMPV6_FILTER");
	if (is_filter(r, level, option)) {
		__builtin_memcpy(r->filter, value, MIN((size_t)len, filter_size(r)));
		return 0;
	}
	if (is_checksum(r, level, option)) {
		e = inet_option_int(value, len, &v);
		if (e || r->protocol == IP6_NEXTH_ICMP6 || (v > 0 && v % 2))
			return e ? e : -EINVAL;
		r->checksum_at = v < 0 ? CHECKSUM_NONE : v;
		return 0;
	}
	return inet_setsockopt(s, &r->options, level, option, value, len);
}

static int raw_getsockopt(struct socket *s, int level, int option, void *value, unsigned len)
{
	struct raw *r = s->private;
	int mtu = inet_get_mtu(level, option, r->connected ? &r->remote : NULL, value);

	if (mtu != -ENOPROTOOPT)
		return mtu;
	if (is_filter(r, level, option)) {
		__builtin_memcpy(value, r->filter, filter_size(r));
		return (int)filter_size(r);
	}
	if (is_checksum(r, level, option)) {
		__builtin_memcpy(value, &r->checksum_at, sizeof(r->checksum_at));
		return sizeof(r->checksum_at);
	}
	return inet_getsockopt(s, &r->options, level, option, value, len);
}

static long raw_readable_bytes(struct socket *s)
{
	struct raw *r = s->private;

	return inet_queue_first(&r->queue);
}

static long raw_ioctl(struct socket *s, unsigned cmd, unsigned long arg)
{
	return cmd == TIOCOUTQ ? put_user_u32((uint32_t __user *)arg, 0) : -ENOTTY;
}

static void raw_release(struct socket *s)
{
	struct raw *r = s->private;

	net_lock();
	for (struct raw **at = &raws; *at; at = &(*at)->next)
		if (*at == r) {
			*at = r->next;
			break;
		}
	inet_leave_groups(&r->options);
	inet_queue_drop(&r->queue);
	net_unlock();
	kfree(r);
}

static const struct socket_ops raw_ops = {
	.bind = raw_bind,
	.connect = raw_connect,
	.sendmsg = raw_sendmsg,
	.recvmsg = raw_recvmsg,
	.shutdown = raw_shutdown,
	.poll = raw_poll,
	.getname = raw_getname,
	.setsockopt = raw_setsockopt,
	.getsockopt = raw_getsockopt,
	.readable_bytes = raw_readable_bytes,
	.ioctl = raw_ioctl,
	.release = raw_release,
};

static int create(struct socket *s, int protocol, bool ping)
{
	struct raw *r = kzalloc(sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->socket = s;
	r->protocol = (uint8_t)protocol;
	r->ping = ping;
	r->options = (struct inet_options)INET_OPTIONS_DEFAULT;
	r->options.header_included = protocol == IPPROTO_RAW && s->family == AF_INET;
	r->checksum_at = ping || protocol == IPPROTO_ICMPV6 ? 2 : CHECKSUM_NONE;
	if (s->family == AF_INET6)
		ip_addr_set_any(true, &r->local);
	s->private = r;
	s->ops = &raw_ops;
	s->protocol = (uint16_t)protocol;
	net_lock();
	r->next = raws;
	raws = r;
	inet_tap_add(&tap);
	net_unlock();
	return 0;
}

static int raw_create(struct socket *s, int protocol)
{
	if (!protocol)
		return -EPROTONOSUPPORT;
	if (protocol < 0 || protocol >= 256)
		return -EINVAL;
	if (!(current->process->credentials.cap_effective >> CAP_NET_RAW & 1))
		return -EPERM;
	return create(s, protocol, false);
}

static bool in_group_range(void)
{
	const struct credentials *c = &current->process->credentials;

	if (c->egid >= group_range[0] && c->egid <= group_range[1])
		return true;
	for (unsigned i = 0; i < c->group_count; i++)
		if (c->groups[i] >= group_range[0] && c->groups[i] <= group_range[1])
			return true;
	return false;
}

static int ping_create(struct socket *s, int protocol)
{
	if ((protocol == IPPROTO_ICMP) != (s->family == AF_INET))
		return -EPROTONOSUPPORT;
	return in_group_range() ? create(s, protocol, true) : -EACCES;
}
SET_ENTRY(inet_protocol, raw, struct inet_protocol) = { "raw", raw_create, SOCK_RAW, 0, 1 };
SET_ENTRY(inet_protocol, ping, struct inet_protocol) = { "ping", ping_create, SOCK_DGRAM, IPPROTO_ICMP, 0 };
SET_ENTRY(inet_protocol, ping6, struct inet_protocol) = { "ping6", ping_create, SOCK_DGRAM, IPPROTO_ICMPV6, 0 };

static int show_group_range(struct text *out, const struct proc_target *of)
{
	text_add(out, "%u\t%u\n", group_range[0], group_range[1]);
	return 0;
}

static int write_group_range(const struct proc_target *of, char *text, size_t n)
{
	char *second = text;
	int a, b, e;

	while (*second && *second != ' ' && *second != '\t')
		second++;
	if (!*second)
		return -EINVAL;
	*second++ = '\0';
	e = proc_parse_int(text, &a);
	if (!e)
		e = proc_parse_int(second, &b);
	if (e || a < 0 || b < 0)
		return e ? e : -EINVAL;
	group_range[0] = (uint32_t)a;
	group_range[1] = (uint32_t)b;
	return 0;
}
PROC_WRITABLE(sys_ping_group_range, "sys/net/ipv4/ping_group_range", show_group_range, write_group_range);
