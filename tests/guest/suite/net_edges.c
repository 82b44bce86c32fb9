/* Sockets of AF_INET and AF_INET6 at their edges: many connections, shared ports, raw packets, groups, options. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "suite.h"

#ifndef TCP_NOTSENT_LOWAT
#define TCP_NOTSENT_LOWAT 25
#endif
#ifndef MSG_FASTOPEN
#define MSG_FASTOPEN 0x20000000
#endif

/* sock_diag(7), which musl has no headers of. */
struct netlink_header {
	uint32_t length;
	uint16_t type, flags;
	uint32_t sequence, port;
};
enum { ERROR = 2, DONE = 3, REQUEST = 1, DUMP = 0x300, SOCK_DIAG = 4, BY_FAMILY = 20 };
struct diag_id {
	uint16_t source, destination; /* network order */
	uint32_t from[4], to[4], interface, cookie[2];
};
struct inet_request {
	uint8_t family, protocol, extensions, pad;
	uint32_t states;
	struct diag_id id;
};
struct inet_message {
	uint8_t family, state, timer, retransmissions;
	struct diag_id id;
	uint32_t expires, receiving, sending, uid, inode;
};
struct unix_request {
	uint8_t family, protocol;
	uint16_t pad;
	uint32_t states, inode, show, cookie[2];
};
struct unix_message {
	uint8_t family, type, state, pad;
	uint32_t inode, cookie[2];
};

static struct sockaddr_in loopback(int port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

/* A socket of @type bound to a free port, or to that of @at if it has one. */
static int bound(int type, int option, struct sockaddr_in *at)
{
	int s = socket(AF_INET, type, 0), one = 1;
	socklen_t len = sizeof(*at);

	if (s >= 0 && option)
		setsockopt(s, SOL_SOCKET, option, &one, sizeof(one));
	if (s < 0 || bind(s, (void *)at, sizeof(*at)) || getsockname(s, (void *)at, &len)) {
		int saved = errno;

		close(s);
		errno = saved;
		return -1;
	}
	return s;
}

static bool readable(int fd, int ms)
{
	struct pollfd p = { fd, POLLIN, 0 };

	return poll(&p, 1, ms) == 1;
}

enum { MANY = 400 };

/* Each of many connections gets its own bytes, also those that were made first and are used last. */
static void many_connections(void)
{
	static int client[MANY], server[MANY];
	struct sockaddr_in at = loopback(0);
	int l = bound(SOCK_STREAM, 0, &at), made = 0, right = 0;
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max < 4 * MANY ? limit.rlim_max : 4 * MANY;
	setrlimit(RLIMIT_NOFILE, &limit);
	listen(l, 16);
	for (int i = 0; i < MANY; i++) {
		client[i] = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(client[i], (void *)&at, sizeof(at)))
			break;
		server[i] = accept(l, NULL, NULL);
		made += server[i] >= 0;
	}
	is(made, MANY, "%d connections", MANY);
	for (int i = 0; i < made; i++)
		send(client[i], &i, sizeof(i), 0);
	for (int i = made - 1; i >= 0; i--) {
		int got = -1;

		right += recv(server[i], &got, sizeof(got), 0) == sizeof(got) && got == i;
	}
	is(right, made, "each has what was sent to it");
	for (int i = 0; i < made; i++)
		close(i % 2 ? client[i] : server[i]);
	right = 0;
	for (int i = 0; i < made; i++) {
		char c;

		right += recv(i % 2 ? server[i] : client[i], &c, 1, 0) == 0;
		close(i % 2 ? server[i] : client[i]);
	}
	is(right, made, "each ends when its peer closes it");
	close(l);
}

static void shared_ports(void)
{
	struct sockaddr_in at = loopback(0), other, any;
	int a = bound(SOCK_STREAM, SO_REUSEPORT, &at), b = bound(SOCK_STREAM, SO_REUSEPORT, &at), c, hits[2] = { 0, 0 };
	int client[64], u[2], one = 1;

	ok(a >= 0 && b >= 0, "two sockets with SO_REUSEPORT have one address");
	other = at;
	fails(bound(SOCK_STREAM, 0, &other), EADDRINUSE, "a third without it does not");
	is(listen(a, 64) | listen(b, 64), 0, "both listen");
	for (int i = 0; i < 64; i++) {
		client[i] = socket(AF_INET, SOCK_STREAM, 0);
		connect(client[i], (void *)&at, sizeof(at));
	}
	fcntl(a, F_SETFL, O_NONBLOCK);
	fcntl(b, F_SETFL, O_NONBLOCK);
	for (int i = 0; i < 2; i++)
		while ((c = accept(i ? b : a, NULL, NULL)) >= 0) {
			hits[i]++;
			close(c);
		}
	is(hits[0] + hits[1], 64, "all connections arrive");
	ok(hits[0] > 8 && hits[1] > 8, "both listeners get some (%d and %d)", hits[0], hits[1]);
	for (int i = 0; i < 64; i++)
		close(client[i]);
	close(a);
	close(b);

	at = loopback(0);
	a = bound(SOCK_STREAM, SO_REUSEADDR, &at);
	b = bound(SOCK_STREAM, SO_REUSEADDR, &at);
	ok(a >= 0 && b >= 0, "SO_REUSEADDR shares an address as long as nobody listens");
	is(listen(a, 1), 0, "one listens");
	fails(listen(b, 1), EADDRINUSE, "the second may not");
	other = at;
	fails(bound(SOCK_STREAM, SO_REUSEADDR, &other), EADDRINUSE, "nor may a third have the address now");
	any = at;
	any.sin_addr.s_addr = INADDR_ANY;
	fails(bound(SOCK_STREAM, SO_REUSEADDR, &any), EADDRINUSE, "nor any address with that port");
	close(a);
	close(b);

	at = loopback(0);
	u[0] = bound(SOCK_DGRAM, SO_REUSEPORT, &at);
	u[1] = bound(SOCK_DGRAM, SO_REUSEPORT, &at);
	ok(u[0] >= 0 && u[1] >= 0, "two UDP sockets with SO_REUSEPORT have one address");
	hits[0] = hits[1] = 0;
	for (int i = 0; i < 64; i++) {
		struct sockaddr_in from = loopback(0);

		client[i] = bound(SOCK_DGRAM, 0, &from);
		sendto(client[i], "x", 1, 0, (void *)&at, sizeof(at));
		sendto(client[i], "x", 1, 0, (void *)&at, sizeof(at));
	}
	for (int i = 0; i < 2; i++) {
		struct sockaddr_in from, last = { 0 };
		socklen_t len = sizeof(from);
		char x;

		for (int odd = 0; readable(u[i], 100); odd = !odd) {
			recvfrom(u[i], &x, 1, 0, (void *)&from, &len);
			hits[i]++;
			if (odd && memcmp(&from, &last, sizeof(from)))
				ok(false, "a peer's datagrams all go to one socket");
			last = from;
		}
	}
	is(hits[0] + hits[1], 128, "all datagrams arrive");
	ok(hits[0] > 8 && hits[1] > 8, "both sockets get some (%d and %d)", hits[0], hits[1]);
	for (int i = 0; i < 64; i++)
		close(client[i]);
	close(u[0]);
	close(u[1]);
	at = loopback(0);
	a = bound(SOCK_DGRAM, SO_REUSEADDR, &at);
	b = bound(SOCK_DGRAM, SO_REUSEADDR, &at);
	ok(a >= 0 && b >= 0, "SO_REUSEADDR of two UDP sockets is enough");
	c = socket(AF_INET, SOCK_DGRAM, 0);
	setsockopt(c, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	fails(bind(c, (void *)&at, sizeof(at)), EADDRINUSE, "SO_REUSEPORT of one is not");
	close(a);
	close(b);
	close(c);
}

static uint16_t checksum(const void *data, size_t n)
{
	const uint8_t *p = data;
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	if (n % 2)
		sum += (uint32_t)p[n - 1] << 8;
	sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~(sum + (sum >> 16)));
}

/* The next packet that is an ICMP message of @type with our number. Return: its length with the IP header, -1: none. */
static ssize_t next_icmp(int s, int type, void *buf, size_t size)
{
	const uint8_t *b = buf;

	while (readable(s, 1000)) {
		ssize_t n = recv(s, buf, size, 0);
		const struct icmphdr *h = (const void *)(b + (b[0] & 15) * 4);

		if (n >= 28 && h->type == type && h->un.echo.id == htons(4711))
			return n;
	}
	return -1;
}

struct echo {
	struct icmphdr h;
	char text[20];
};

static void raw_icmp(void)
{
	struct echo e = { .h = { .type = ICMP_ECHO, .un.echo = { htons(4711), htons(1) } }, .text = "echo of a raw socket" };
	int s = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), ttl = 9;
	uint32_t filter = 1u << ICMP_ECHO;
	struct sockaddr_in to = loopback(0), from;
	socklen_t len = sizeof(from);
	uint8_t buf[200];
	struct iphdr *ip = (void *)buf;

	fails(socket(AF_INET, SOCK_RAW, 0), EPROTONOSUPPORT, "a raw socket has a protocol");
	if (!ok(s >= 0, "a raw socket of ICMP"))
		return;
	e.h.checksum = checksum(&e, sizeof(e));
	setsockopt(s, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
	is(sendto(s, &e, sizeof(e), 0, (void *)&to, sizeof(to)), sizeof(e), "an echo request is sent");
	is(next_icmp(s, ICMP_ECHO, buf, sizeof(buf)), 20 + sizeof(e), "it is seen with its header");
	ok(ip->version == 4 && ip->protocol == IPPROTO_ICMP && ip->ttl == 9 && ip->daddr == htonl(INADDR_LOOPBACK) &&
	   ntohs(ip->tot_len) == 20 + sizeof(e) && !checksum(ip, 20), "the header is whole");
	is(next_icmp(s, ICMP_ECHOREPLY, buf, sizeof(buf)), 20 + sizeof(e), "the answer comes");
	ok(!memcmp(buf + 28, e.text, sizeof(e.text)), "with the same bytes");
	is(setsockopt(s, SOL_RAW, 1 /* ICMP_FILTER */, &filter, sizeof(filter)), 0, "requests are not wanted any more");
	sendto(s, &e, sizeof(e), 0, (void *)&to, sizeof(to));
	while (readable(s, 200)) {
		recvfrom(s, buf, sizeof(buf), 0, (void *)&from, &len);
		if (buf[20] == ICMP_ECHO)
			ok(false, "a request came");
	}
	ok(from.sin_addr.s_addr == htonl(INADDR_LOOPBACK) && !from.sin_port && buf[20] == ICMP_ECHOREPLY, "only the answer comes");
	fails(send(s, "x", 1, 0), EDESTADDRREQ, "nowhere to send to");
	is(connect(s, (void *)&to, sizeof(to)), 0, "connected");
	is(send(s, &e, sizeof(e), 0), sizeof(e), "then it has");
	close(s);
}

static void raw_protocols(void)
{
	int a = socket(AF_INET, SOCK_RAW, 253), raw = socket(AF_INET, SOCK_RAW, IPPROTO_RAW), one = 0, u;
	struct sockaddr_in to = loopback(0), from = { 0 };
	socklen_t len = sizeof(one);
	struct {
		struct iphdr ip;
		struct udphdr udp;
		char text[4];
	} d = { .ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP, .daddr = htonl(INADDR_LOOPBACK) } };
	uint8_t buf[100];

	is(sendto(a, "hello", 5, 0, (void *)&to, sizeof(to)), 5, "a protocol of our own is sent");
	ok(readable(a, 1000) && recv(a, buf, sizeof(buf), 0) == 25 && buf[9] == 253 && !memcmp(buf + 20, "hello", 5),
	   "and received");
	getsockopt(raw, IPPROTO_IP, IP_HDRINCL, &one, &len);
	is(one, 1, "IPPROTO_RAW brings headers");
	to = loopback(0);
	u = bound(SOCK_DGRAM, 0, &to);
	d.ip.saddr = htonl(INADDR_LOOPBACK + 1);
	d.udp = (struct udphdr){ .source = htons(7), .dest = to.sin_port, .len = htons(12) };
	memcpy(d.text, "four", 4);
	to.sin_port = 0;
	is(sendto(raw, &d, sizeof(d), 0, (void *)&to, sizeof(to)), sizeof(d), "a whole packet is sent");
	len = sizeof(from);
	ok(readable(u, 1000) && recvfrom(u, buf, sizeof(buf), 0, (void *)&from, &len) == 4 && !memcmp(buf, "four", 4),
	   "what it is for gets it");
	ok(from.sin_port == htons(7) && from.sin_addr.s_addr == htonl(INADDR_LOOPBACK + 1), "from where it says");
	fails(sendto(raw, &d, 10, 0, (void *)&to, sizeof(to)), EINVAL, "less than a header is refused");
	close(a);
	close(raw);
	close(u);
}

static void raw_icmp6(void)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int s = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
	struct icmp6_filter filter;
	struct {
		struct icmp6_hdr h;
		char text[8];
	} e = { .h = { .icmp6_type = ICMP6_ECHO_REQUEST }, .text = "ipv6 too" }, got = { 0 };

	if (s < 0 && errno == EAFNOSUPPORT)
		return;
	e.h.icmp6_id = htons(4711);
	ICMP6_FILTER_SETBLOCKALL(&filter);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
	is(setsockopt(s, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter)), 0, "only echo replies of ICMPv6 are wanted");
	is(sendto(s, &e, sizeof(e), 0, (void *)&to, sizeof(to)), sizeof(e), "the kernel makes its checksum");
	ok(readable(s, 1000) && recv(s, &got, sizeof(got), 0) == sizeof(got), "the answer comes without a header");
	ok(got.h.icmp6_type == ICMP6_ECHO_REPLY && got.h.icmp6_id == htons(4711) && !memcmp(got.text, e.text, sizeof(e.text)),
	   "it is the answer");
	close(s);
}

/* Where the groups of the machine may have one. */
static void ping_sockets(void)
{
	struct echo e = { .h = { .type = ICMP_ECHO, .un.echo = { 0, htons(3) } }, .text = "echo of ping socket" }, got;
	int s = socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
	struct sockaddr_in to = loopback(0), at = { 0 };
	socklen_t len = sizeof(at);

	if (s < 0 && !in_guest()) {
		ok(errno == EACCES || errno == ENOENT, "a ping socket may be forbidden, or not there");
		return;
	}
	is(sendto(s, &e, sizeof(e), 0, (void *)&to, sizeof(to)), sizeof(e), "a ping socket sends a request");
	is(getsockname(s, (void *)&at, &len), 0, "it has a number now");
	ok(readable(s, 1000) && recv(s, &got, sizeof(got), 0) == sizeof(got), "the answer comes");
	ok(got.h.type == ICMP_ECHOREPLY && got.h.un.echo.id == at.sin_port && got.h.un.echo.sequence == htons(3) &&
	   !memcmp(got.text, e.text, sizeof(e.text)), "with the socket's number");
	ok(!readable(s, 50), "and nothing else");
	e.h.type = ICMP_DEST_UNREACH;
	fails(sendto(s, &e, sizeof(e), 0, (void *)&to, sizeof(to)), EINVAL, "it sends nothing else");
	close(s);
}

static void groups(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET }, any = { .sin_family = AF_INET };
	struct ip_mreq m = { .imr_interface.s_addr = htonl(INADDR_LOOPBACK) };
	int r = bound(SOCK_DGRAM, SO_REUSEADDR, &any), s = socket(AF_INET, SOCK_DGRAM, 0), v = 0;
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6, .sin6_scope_id = 1 };
	struct ipv6_mreq m6 = { .ipv6mr_interface = 1 };
	socklen_t len = sizeof(v);
	char buf[20];

	inet_pton(AF_INET, "239.1.2.3", &m.imr_multiaddr);
	to.sin_addr = m.imr_multiaddr;
	to.sin_port = any.sin_port;
	is(setsockopt(s, IPPROTO_IP, IP_MULTICAST_IF, &m.imr_interface, sizeof(m.imr_interface)), 0, "a group is reached by lo");
	sendto(s, "early", 5, 0, (void *)&to, sizeof(to));
	ok(!readable(r, 50), "no member, no packet");
	is(setsockopt(r, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof(m)), 0, "a group is joined");
	fails(setsockopt(r, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof(m)), EADDRINUSE, "not twice");
	is(sendto(s, "group", 5, 0, (void *)&to, sizeof(to)), 5, "a datagram to the group");
	ok(readable(r, 1000) && recv(r, buf, sizeof(buf), 0) == 5 && !memcmp(buf, "group", 5), "arrives");
	is(setsockopt(r, IPPROTO_IP, IP_DROP_MEMBERSHIP, &m, sizeof(m)), 0, "the group is left");
	fails(setsockopt(r, IPPROTO_IP, IP_DROP_MEMBERSHIP, &m, sizeof(m)), EADDRNOTAVAIL, "not twice");
	sendto(s, "late", 4, 0, (void *)&to, sizeof(to));
	ok(!readable(r, 50), "nothing arrives any more");
	m.imr_multiaddr.s_addr = htonl(INADDR_LOOPBACK);
	fails(setsockopt(r, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof(m)), EINVAL, "an address that is no group");
	fails(setsockopt(r, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, 4), EINVAL, "half a request");
	getsockopt(s, IPPROTO_IP, IP_MULTICAST_TTL, &v, &len);
	is(v, 1, "groups are reached by one step");
	getsockopt(s, IPPROTO_IP, IP_MULTICAST_LOOP, &v, &len);
	is(v, 1, "and heard by their sender");
	close(s);
	close(r);

	s = socket(AF_INET6, SOCK_DGRAM, 0);
	if (s < 0)
		return;
	bind(s, (void *)&(struct sockaddr_in6){ .sin6_family = AF_INET6 }, sizeof(to6));
	len = sizeof(to6);
	getsockname(s, (void *)&to6, &len);
	inet_pton(AF_INET6, "ff02::4321", &m6.ipv6mr_multiaddr);
	to6.sin6_addr = m6.ipv6mr_multiaddr;
	to6.sin6_scope_id = 1;
	v = 1;
	is(setsockopt(s, IPPROTO_IPV6, IPV6_MULTICAST_IF, &v, sizeof(v)), 0, "a group of IPv6 is reached by lo");
	is(setsockopt(s, IPPROTO_IPV6, IPV6_JOIN_GROUP, &m6, sizeof(m6)), 0, "it is joined");
	v = (int)sendto(s, "six", 3, 0, (void *)&to6, sizeof(to6));
	if (v == 3 || in_guest()) /* a host may have no route for groups on lo */
		ok(v == 3 && readable(s, 1000) && recv(s, buf, sizeof(buf), 0) == 3, "a datagram to it arrives");
	is(setsockopt(s, IPPROTO_IPV6, IPV6_LEAVE_GROUP, &m6, sizeof(m6)), 0, "it is left");
	fails(setsockopt(s, IPPROTO_IPV6, IPV6_LEAVE_GROUP, &m6, sizeof(m6)), EADDRNOTAVAIL, "not twice");
	close(s);
}

static void *control_of(struct msghdr *m, int level, int type, size_t n)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
		if (c->cmsg_level == level && c->cmsg_type == type)
			return c->cmsg_len == CMSG_LEN(n) ? CMSG_DATA(c) : NULL;
	return NULL;
}

/* What comes with a datagram, and what goes with one. */
static void control_messages(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET }, from;
	int r = bound(SOCK_DGRAM, 0, &at), s = socket(AF_INET, SOCK_DGRAM, 0), one = 1, ttl = 77, tos = 0x28, *value;
	char bytes[10], control[512] = { 0 };
	struct iovec io = { bytes, sizeof(bytes) };
	struct msghdr m = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &io, .msg_iovlen = 1,
			    .msg_control = control, .msg_controllen = sizeof(control) };
	struct in_pktinfo *info;
	struct timespec *t, now;
	struct cmsghdr *c;

	setsockopt(r, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one));
	setsockopt(r, IPPROTO_IP, IP_RECVTTL, &one, sizeof(one));
	setsockopt(r, IPPROTO_IP, IP_RECVTOS, &one, sizeof(one));
	setsockopt(r, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one));
	setsockopt(s, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
	setsockopt(s, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sendto(s, "control", 7, 0, (void *)&at, sizeof(at));
	is(recvmsg(r, &m, 0), 7, "a datagram");
	info = control_of(&m, IPPROTO_IP, IP_PKTINFO, sizeof(*info));
	ok(info && info->ipi_ifindex == 1 && info->ipi_addr.s_addr == htonl(INADDR_LOOPBACK) &&
	   info->ipi_spec_dst.s_addr == htonl(INADDR_LOOPBACK), "IP_PKTINFO: by lo, to 127.0.0.1");
	value = control_of(&m, IPPROTO_IP, IP_TTL, sizeof(int));
	is(value ? *value : -1, 77, "IP_RECVTTL");
	value = control_of(&m, IPPROTO_IP, IP_TOS, 1);
	is(value ? *(uint8_t *)value : -1, 0x28, "IP_RECVTOS");
	clock_gettime(CLOCK_REALTIME, &now);
	t = control_of(&m, SOL_SOCKET, SO_TIMESTAMPNS, sizeof(*t));
	ok(t && now.tv_sec - t->tv_sec < 10 && (t->tv_sec < now.tv_sec || t->tv_nsec <= now.tv_nsec), "SO_TIMESTAMPNS");
	m.msg_control = control;
	m.msg_controllen = 4;
	sendto(s, "control", 7, 0, (void *)&at, sizeof(at));
	is(recvmsg(r, &m, 0), 7, "room for no control message");
	ok(m.msg_flags & MSG_CTRUNC, "MSG_CTRUNC");

	/* From an address of our choice. */
	memset(control, 0, sizeof(control));
	m = (struct msghdr){ .msg_name = &at, .msg_namelen = sizeof(at), .msg_iov = &io, .msg_iovlen = 1, .msg_control = control,
			     .msg_controllen = CMSG_SPACE(sizeof(*info)) + CMSG_SPACE(sizeof(int)) };
	c = CMSG_FIRSTHDR(&m);
	*c = (struct cmsghdr){ .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO, .cmsg_len = CMSG_LEN(sizeof(*info)) };
	memcpy(CMSG_DATA(c), &(struct in_pktinfo){ .ipi_spec_dst.s_addr = htonl(INADDR_LOOPBACK + 5) }, sizeof(*info));
	c = CMSG_NXTHDR(&m, c);
	*c = (struct cmsghdr){ .cmsg_level = IPPROTO_IP, .cmsg_type = IP_TTL, .cmsg_len = CMSG_LEN(sizeof(int)) };
	memcpy(CMSG_DATA(c), &(int){ 55 }, sizeof(int));
	io.iov_len = 3;
	is(sendmsg(s, &m, 0), 3, "IP_PKTINFO and IP_TTL with a message");
	io.iov_len = sizeof(bytes);
	m = (struct msghdr){ .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &io, .msg_iovlen = 1,
			     .msg_control = control, .msg_controllen = sizeof(control) };
	recvmsg(r, &m, 0);
	is(ntohl(from.sin_addr.s_addr), INADDR_LOOPBACK + 5, "it comes from that address");
	value = control_of(&m, IPPROTO_IP, IP_TTL, sizeof(int));
	is(value ? *value : -1, 55, "with that TTL");

	sendto(s, "0123456789abcdef", 16, 0, (void *)&at, sizeof(at));
	is(recv(r, bytes, 4, MSG_PEEK | MSG_TRUNC), 16, "MSG_TRUNC tells the whole length");
	is(recv(r, bytes, sizeof(bytes), 0), sizeof(bytes), "what is cut off is lost");
	fails(recv(r, bytes, sizeof(bytes), MSG_DONTWAIT), EAGAIN, "then there is nothing");
	fails(recv(r, bytes, sizeof(bytes), MSG_ERRQUEUE), EAGAIN, "nor an error, and nobody waits for one");
	fails(send(s, "x", 1, MSG_OOB), EOPNOTSUPP, "UDP has no urgent data");
	sendto(s, "", 0, 0, (void *)&at, sizeof(at));
	ok(readable(r, 1000) && recv(r, bytes, sizeof(bytes), 0) == 0, "a datagram of no bytes");
	close(r);
	close(s);
}

/* Ask for sockets; call @look for each. Return: how many there were, -1: not answered. */
static int ask_for_sockets(const void *request, size_t n, int (*look)(const void *message, size_t n))
{
	struct {
		struct netlink_header h;
		char bytes[128];
	} q = { .h = { .length = (uint32_t)(sizeof(q.h) + n), .type = BY_FAMILY, .flags = REQUEST | DUMP, .sequence = 5 } };
	int s = socket(AF_NETLINK, SOCK_RAW, SOCK_DIAG), found = 0;
	static char buf[65536];
	ssize_t got;

	memcpy(q.bytes, request, n);
	if (s < 0 || send(s, &q, q.h.length, 0) < 0)
		return -1;
	while ((got = recv(s, buf, sizeof(buf), 0)) > 0) {
		const struct netlink_header *h;

		for (ssize_t at = 0; at < got; at += (h->length + 3) & ~3u) {
			h = (const void *)(buf + at);
			if (h->type == DONE || h->type == ERROR) {
				close(s);
				return h->type == DONE ? found : -1;
			}
			found += look(h + 1, h->length - sizeof(*h));
		}
	}
	close(s);
	return -1;
}

static uint16_t diag_port;
static uint32_t diag_inode;

static int is_our_listener(const void *message, size_t n)
{
	const struct inet_message *m = message;

	return n >= sizeof(*m) && m->family == AF_INET && m->state == 10 && m->id.source == diag_port &&
	       m->inode == diag_inode && m->id.from[0] == htonl(INADDR_LOOPBACK);
}

static int is_our_datagram(const void *message, size_t n)
{
	const struct inet_message *m = message;

	return n >= sizeof(*m) && m->state == 7 && m->id.source == diag_port && m->inode == diag_inode;
}

static int is_our_pair(const void *message, size_t n)
{
	const struct unix_message *m = message;

	return n >= sizeof(*m) && m->family == AF_UNIX && m->type == SOCK_STREAM && m->state == 1 &&
	       m->inode == diag_inode;
}

static uint32_t inode_of(int fd)
{
	char path[40], target[40] = "";
	unsigned inode = 0;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	readlink(path, target, sizeof(target) - 1);
	sscanf(target, "socket:[%u]", &inode);
	return inode;
}

static void diagnosis(void)
{
	struct inet_request tcp = { .family = AF_INET, .protocol = IPPROTO_TCP, .states = -1u };
	struct unix_request local = { .family = AF_UNIX, .states = -1u, .show = 4 /* the peer */ };
	struct sockaddr_in at = loopback(0);
	int l = bound(SOCK_STREAM, 0, &at), u, pair[2], n;

	listen(l, 5);
	diag_port = at.sin_port;
	diag_inode = inode_of(l);
	n = ask_for_sockets(&tcp, sizeof(tcp), is_our_listener);
	if (n >= 0 || in_guest()) /* a host's kernel may lack it */
		is(n, 1, "NETLINK_SOCK_DIAG lists a listening socket");
	tcp.states = 1u << 1;
	n = ask_for_sockets(&tcp, sizeof(tcp), is_our_listener);
	if (n >= 0 || in_guest())
		is(n, 0, "not where only connections are asked for");
	close(l);
	at = loopback(0);
	u = bound(SOCK_DGRAM, 0, &at);
	diag_port = at.sin_port;
	diag_inode = inode_of(u);
	tcp.states = -1u;
	tcp.protocol = IPPROTO_UDP;
	n = ask_for_sockets(&tcp, sizeof(tcp), is_our_datagram);
	if (n >= 0 || in_guest())
		is(n, 1, "and one of UDP");
	close(u);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	diag_inode = inode_of(pair[0]);
	n = ask_for_sockets(&local, sizeof(local), is_our_pair);
	if (n >= 0 || in_guest())
		is(n, 1, "and one of AF_UNIX");
	close(pair[0]);
	close(pair[1]);
}

/* Two connected sockets. */
static void stream_pair(int pair[2])
{
	struct sockaddr_in at = loopback(0);
	int l = bound(SOCK_STREAM, 0, &at);

	listen(l, 1);
	pair[0] = socket(AF_INET, SOCK_STREAM, 0);
	connect(pair[0], (void *)&at, sizeof(at));
	pair[1] = accept(l, NULL, NULL);
	close(l);
}

static bool reads(int fd, const char *wanted)
{
	char buf[32] = "";
	ssize_t n = recv(fd, buf, sizeof(buf) - 1, 0);

	return n == (ssize_t)strlen(wanted) && !memcmp(buf, wanted, (size_t)n);
}

static int at_mark(int fd)
{
	int v = -1;

	ioctl(fd, SIOCATMARK, &v);
	return v;
}

static bool is_urgent(int fd, int ms)
{
	struct pollfd p = { fd, POLLPRI, 0 };

	return poll(&p, 1, ms) == 1 && (p.revents & POLLPRI);
}

static void out_of_band(void)
{
	int pair[2], one = 1;
	char c = 0;

	stream_pair(pair);
	fails(recv(pair[1], &c, 1, MSG_OOB), EINVAL, "nothing is urgent yet");
	is(send(pair[0], "abcd", 4, MSG_OOB), 4, "four bytes, the last of them urgent");
	send(pair[0], "ef", 2, 0);
	ok(is_urgent(pair[1], 1000), "POLLPRI tells");
	is(at_mark(pair[1]), 0, "it is not next");
	ok(reads(pair[1], "abc"), "what is before it is read alone");
	is(at_mark(pair[1]), 1, "now it is next");
	ok(recv(pair[1], &c, 1, MSG_OOB | MSG_PEEK) == 1 && c == 'd', "it is looked at");
	ok(recv(pair[1], &c, 1, MSG_OOB) == 1 && c == 'd', "it is read by MSG_OOB");
	fails(recv(pair[1], &c, 1, MSG_OOB), EINVAL, "once");
	ok(!is_urgent(pair[1], 0), "POLLPRI is over");
	ok(reads(pair[1], "ef"), "what follows is read without it");
	is(at_mark(pair[1]), 0, "and the mark is passed");
	send(pair[0], "1", 1, MSG_OOB);
	send(pair[0], "2", 1, 0);
	ok(is_urgent(pair[1], 1000), "another");
	sleep_ms(50);
	ok(reads(pair[1], "2"), "that nobody asks for is left out");
	setsockopt(pair[1], SOL_SOCKET, SO_OOBINLINE, &one, sizeof(one));
	send(pair[0], "x", 1, 0);
	send(pair[0], "y", 1, MSG_OOB);
	send(pair[0], "z", 1, 0);
	sleep_ms(50);
	ok(reads(pair[1], "x"), "SO_OOBINLINE: the reader stops before it");
	is(at_mark(pair[1]), 1, "to learn where it is");
	fails(recv(pair[1], &c, 1, MSG_OOB), EINVAL, "MSG_OOB is not for it");
	ok(reads(pair[1], "yz"), "and finds it in the stream");
	close(pair[0]);
	close(pair[1]);
}

/* How a connection ends. */
static void endings(void)
{
	struct linger linger = { 1, 1 };
	static char bytes[65536];
	long long begin, took;
	int pair[2], error = 0;
	socklen_t len = sizeof(error);
	struct pollfd p;

	stream_pair(pair);
	setsockopt(pair[0], SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	send(pair[0], "last words", 10, 0);
	begin = now_ms();
	close(pair[0]);
	ok(now_ms() - begin < 900, "SO_LINGER: close() returns when the peer has everything");
	ok(reads(pair[1], "last words"), "which it has");
	close(pair[1]);

	stream_pair(pair);
	setsockopt(pair[0], SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	while (send(pair[0], bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	begin = now_ms();
	close(pair[0]);
	took = now_ms() - begin;
	ok(took >= 900 && took < 30000, "to a peer that does not read, it waits its time (%lld ms)", took);
	close(pair[1]);

	stream_pair(pair);
	linger.l_linger = 0;
	setsockopt(pair[0], SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(pair[0]);
	p = (struct pollfd){ pair[1], POLLIN, 0 };
	poll(&p, 1, 1000);
	fails(recv(pair[1], bytes, 1, 0), ECONNRESET, "SO_LINGER of no time resets");
	is(recv(pair[1], bytes, 1, 0), 0, "once");
	fails(send(pair[1], bytes, 1, MSG_NOSIGNAL), EPIPE, "then there is nobody to write to");
	close(pair[1]);

	stream_pair(pair);
	send(pair[0], "unread", 6, 0);
	readable(pair[1], 1000);
	close(pair[1]);
	p = (struct pollfd){ pair[0], POLLIN, 0 };
	poll(&p, 1, 1000);
	ok((p.revents & (POLLERR | POLLHUP)) == (POLLERR | POLLHUP), "closing with unread bytes resets");
	getsockopt(pair[0], SOL_SOCKET, SO_ERROR, &error, &len);
	is(error, ECONNRESET, "SO_ERROR says so");
	getsockopt(pair[0], SOL_SOCKET, SO_ERROR, &error, &len);
	is(error, 0, "once");
	close(pair[0]);

	/* Half closed: the other direction goes on. */
	stream_pair(pair);
	send(pair[0], "question", 8, 0);
	shutdown(pair[0], SHUT_WR);
	ok(reads(pair[1], "question") && recv(pair[1], bytes, 1, 0) == 0, "the end of one direction");
	is(send(pair[1], "answer", 6, 0), 6, "does not end the other");
	ok(reads(pair[0], "answer"), "which is heard");
	fails(send(pair[0], "x", 1, MSG_NOSIGNAL), EPIPE, "what was ended is");
	close(pair[0]);
	close(pair[1]);
}

static void devices(void)
{
	int s = socket(AF_INET, SOCK_STREAM, 0), c, l;
	struct sockaddr_in at = loopback(0);
	char name[IFNAMSIZ] = "";
	socklen_t len = sizeof(name);

	is(setsockopt(s, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3), 0, "SO_BINDTODEVICE");
	is(getsockopt(s, SOL_SOCKET, SO_BINDTODEVICE, name, &len), 0, "it is read back");
	ok(!strcmp(name, "lo") && len == 3, "by its name");
	fails(setsockopt(s, SOL_SOCKET, SO_BINDTODEVICE, "none7", 6), ENODEV, "a device that is not there");
	is(bind(s, (void *)&at, sizeof(at)), 0, "bound");
	len = sizeof(at);
	getsockname(s, (void *)&at, &len);
	listen(s, 1);
	c = socket(AF_INET, SOCK_STREAM, 0);
	is(connect(c, (void *)&at, sizeof(at)), 0, "reached by its device");
	l = accept(s, NULL, NULL);
	ok(l >= 0, "and accepted");
	is(setsockopt(s, SOL_SOCKET, SO_BINDTODEVICE, "", 0), 0, "let go of");
	close(c);
	close(l);
	close(s);
}

static int tcp_option(int s, int option)
{
	int v = -1;
	socklen_t len = sizeof(v);

	return getsockopt(s, IPPROTO_TCP, option, &v, &len) ? -1 : v;
}

static int set_tcp_option(int s, int option, int v)
{
	return setsockopt(s, IPPROTO_TCP, option, &v, sizeof(v));
}

static bool writable(int fd, int ms)
{
	struct pollfd p = { fd, POLLOUT, 0 };

	return poll(&p, 1, ms) == 1 && (p.revents & POLLOUT);
}

/* A listener that shows connections when they have data. */
static void deferred_accept(void)
{
	struct sockaddr_in at = loopback(0);
	int l = bound(SOCK_STREAM, 0, &at), c, a, gone;
	char byte = 0;

	is(set_tcp_option(l, TCP_DEFER_ACCEPT, 5), 0, "TCP_DEFER_ACCEPT");
	is(tcp_option(l, TCP_DEFER_ACCEPT), 7, "its seconds are rounded to when a SYN is answered again");
	listen(l, 5);
	gone = socket(AF_INET, SOCK_STREAM, 0);
	is(connect(gone, (void *)&at, sizeof(at)), 0, "a peer connects");
	ok(!readable(l, 100), "and is not shown");
	c = socket(AF_INET, SOCK_STREAM, 0);
	connect(c, (void *)&at, sizeof(at));
	send(c, "x", 1, 0);
	ok(readable(l, 5000), "one with data is");
	a = accept(l, NULL, NULL);
	ok(a >= 0 && recv(a, &byte, 1, MSG_DONTWAIT) == 1 && byte == 'x', "with its data at hand");
	close(gone);
	close(c);
	close(a);
	c = socket(AF_INET, SOCK_STREAM, 0);
	connect(c, (void *)&at, sizeof(at));
	close(l); /* with one that was never shown */
	close(c);

	at = loopback(0);
	l = bound(SOCK_STREAM, 0, &at);
	set_tcp_option(l, TCP_DEFER_ACCEPT, 1);
	is(tcp_option(l, TCP_DEFER_ACCEPT), 1, "one second");
	listen(l, 5);
	c = socket(AF_INET, SOCK_STREAM, 0);
	connect(c, (void *)&at, sizeof(at));
	ok(readable(l, 30000), "a silent peer is shown when the time is over");
	close(c);
	close(l);
}

/* Options that bound what a connection sends and takes at once. */
static void limits(void)
{
	static char bytes[65536];
	struct sockaddr_in at = loopback(0);
	int pair[2], l, before, queued, i;
	long long begin;
	ssize_t n;
	size_t all = 0;

	l = socket(AF_INET, SOCK_STREAM, 0);
	fails(set_tcp_option(l, TCP_MAXSEG, 50), EINVAL, "TCP_MAXSEG: too small");
	fails(set_tcp_option(l, TCP_MAXSEG, 40000), EINVAL, "too large");
	fails(set_tcp_option(l, TCP_FASTOPEN, -1), EINVAL, "TCP_FASTOPEN of less than none");
	close(l);
	l = bound(SOCK_STREAM, 0, &at);
	listen(l, 1);
	pair[0] = socket(AF_INET, SOCK_STREAM, 0);
	is(set_tcp_option(pair[0], TCP_MAXSEG, 700), 0, "TCP_MAXSEG");
	connect(pair[0], (void *)&at, sizeof(at));
	pair[1] = accept(l, NULL, NULL);
	ok(tcp_option(pair[0], TCP_MAXSEG) > 600 && tcp_option(pair[0], TCP_MAXSEG) <= 700, "bounds what it sends");
	ok(tcp_option(pair[1], TCP_MAXSEG) > 600 && tcp_option(pair[1], TCP_MAXSEG) <= 700, "and what its peer may send it");
	close(pair[0]);
	close(pair[1]);

	/* To a listener without a cookie: connected, then sent. */
	pair[0] = socket(AF_INET, SOCK_STREAM, 0);
	n = sendto(pair[0], "early", 5, MSG_FASTOPEN, (void *)&at, sizeof(at));
	ok(n == 5 || (!in_guest() && n < 0 && errno == EOPNOTSUPP), "MSG_FASTOPEN connects and sends");
	if (n == 5) {
		pair[1] = accept(l, NULL, NULL);
		ok(reads(pair[1], "early"), "what arrives");
		fails(sendto(pair[0], "again", 5, MSG_FASTOPEN, (void *)&at, sizeof(at)), EISCONN, "once");
		close(pair[1]);
	}
	close(pair[0]);
	close(l);

	stream_pair(pair);
	is(set_tcp_option(pair[1], TCP_QUICKACK, 0), 0, "TCP_QUICKACK off");
	is(tcp_option(pair[1], TCP_QUICKACK), 0, "it is");
	begin = now_ms();
	for (i = 0; i < 20; i++) {
		set_tcp_option(pair[1], TCP_QUICKACK, 1);
		send(pair[0], "q", 1, 0);
		recv(pair[1], bytes, 1, 0);
		do
			ioctl(pair[0], TIOCOUTQ, &queued);
		while (queued && now_ms() - begin < 10000);
	}
	ok(now_ms() - begin < 1500, "TCP_QUICKACK: nothing waits for its acknowledgement (20 of them: %lld ms)", now_ms() - begin);

	/* The reader does not read: what is sent fills its window, then waits here, until there is enough. */
	is(set_tcp_option(pair[0], TCP_NOTSENT_LOWAT, 16384), 0, "TCP_NOTSENT_LOWAT");
	is(tcp_option(pair[0], TCP_NOTSENT_LOWAT), 16384, "is set");
	while ((n = send(pair[0], bytes, 4096, MSG_DONTWAIT)) > 0)
		all += (size_t)n;
	ok(n < 0 && errno == EAGAIN, "no more fits (%zu bytes)", all);
	before = (int)all;
	set_tcp_option(pair[0], TCP_NOTSENT_LOWAT, 0);
	while ((n = send(pair[0], bytes, 4096, MSG_DONTWAIT)) > 0)
		all += (size_t)n;
	ok((int)all > before, "without it, more does (%zu)", all);
	set_tcp_option(pair[0], TCP_NOTSENT_LOWAT, 16384);
	while (all && readable(pair[1], 5000) && (n = recv(pair[1], bytes, sizeof(bytes), 0)) > 0)
		all -= (size_t)n;
	ok(!all && writable(pair[0], 5000), "when all is read there is room again");
	close(pair[0]);
	close(pair[1]);

	stream_pair(pair);
	is(set_tcp_option(pair[1], TCP_WINDOW_CLAMP, 5000), 0, "TCP_WINDOW_CLAMP");
	is(tcp_option(pair[1], TCP_WINDOW_CLAMP), 5000, "is set");
	fails(set_tcp_option(pair[1], TCP_WINDOW_CLAMP, 0), EINVAL, "it stays, while there is a connection");
	close(pair[0]);
	close(pair[1]);
}

void suite_net_edges(void)
{
	out_of_band();
	deferred_accept();
	limits();
	endings();
	devices();
	diagnosis();
	raw_icmp();
	raw_protocols();
	raw_icmp6();
	ping_sockets();
	groups();
	control_messages();
	many_connections();
	shared_ports();
}
