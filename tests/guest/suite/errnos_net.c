/* Each errno that the calls on sockets choose themselves, and each socket option set and got. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "errnos.h"

static struct sockaddr_in here = { .sin_family = AF_INET };
static char text[4096];

/* Calls in which nothing but the descriptor is looked at. */
static void no_sockets(void)
{
	static const struct {
		const char *name;
		int number;
	} calls[] = {
		{ "accept", SYS_accept }, { "accept4", SYS_accept4 }, { "bind", SYS_bind }, { "connect", SYS_connect },
		{ "getpeername", SYS_getpeername }, { "getsockname", SYS_getsockname }, { "listen", SYS_listen },
		{ "recvfrom", SYS_recvfrom }, { "recvmsg", SYS_recvmsg }, { "sendmsg", SYS_sendmsg },
		{ "sendto", SYS_sendto }, { "shutdown", SYS_shutdown }, { "setsockopt", SYS_setsockopt },
		{ "getsockopt", SYS_getsockopt }, { "recvmmsg", SYS_recvmmsg }, { "sendmmsg", SYS_sendmmsg },
	};
	int file = open("/dev/null", O_RDONLY);

	for (unsigned i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		memset(text, 0, sizeof(text));
		fails(syscall(calls[i].number, NONE, text, 0, 0, NULL, NULL), EBADF, "%s of nothing", calls[i].name);
		fails(syscall(calls[i].number, file, text, 0, 0, NULL, NULL), ENOTSOCK, "%s of a file", calls[i].name);
	}
	close(file);
}

static void calls(void)
{
	int s = socket(AF_INET, SOCK_STREAM, 0), u = socket(AF_INET, SOCK_DGRAM, 0), to, pair[2];
	struct iovec bad = { BAD, 10 }, v = { text, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	struct mmsghdr many = { .msg_hdr = m };
	socklen_t length = sizeof(here), negative = (socklen_t)-1;
	struct timespec t = { 0, -1 };

	NO(EAFNOSUPPORT, SYS_socket, 99, SOCK_STREAM, 0);
	NO(EINVAL, SYS_socket, AF_INET, SOCK_STREAM | 1 << 20, 0);
	NO(EINVAL, SYS_socketpair, AF_UNIX, SOCK_STREAM | 1 << 20, 0, pair);
	NO(EOPNOTSUPP, SYS_socketpair, AF_INET, SOCK_STREAM, 0, pair);
	NO(EFAULT, SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, BAD);
	NO(EFAULT, SYS_bind, s, BAD, 16);
	NO(EINVAL, SYS_bind, s, &here, -1);
	NO(EINVAL, SYS_bind, s, &here, 1);
	NO(EFAULT, SYS_connect, s, BAD, 16);
	NO(EINVAL, SYS_connect, s, &here, -1);
	NO(EOPNOTSUPP, SYS_listen, u, 1);
	NO(EINVAL, SYS_accept4, s, NULL, NULL, 1);
	NO(EINVAL, SYS_accept, s, NULL, NULL);
	bind(s, (struct sockaddr *)&here, sizeof(here));
	listen(s, 10);
	getsockname(s, (struct sockaddr *)&here, &length);
	here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int i = 0; i < 4; i++) {
		to = socket(AF_INET, SOCK_STREAM, 0);
		is(connect(to, (struct sockaddr *)&here, sizeof(here)), 0, "a connection");
		if (i == 0)
			NO(EFAULT, SYS_accept, s, BAD, &length);
		else if (i == 1)
			NO(EINVAL, SYS_accept4, s, text, &negative, 0);
		else if (i == 2)
			NO(EFAULT, SYS_accept4, s, text, BAD, 0);
		else
			NO(EINVAL, SYS_accept, s, text, &negative);
		if (i < 3)
			close(to);
	}
	NO(EFAULT, SYS_getpeername, to, text, BAD);
	NO(EINVAL, SYS_getpeername, to, text, &negative);
	NO(EFAULT, SYS_getsockname, s, BAD, &length);
	NO(EINVAL, SYS_getsockname, s, text, &negative);
	NO(EINVAL, SYS_shutdown, to, 99);
	NO(EFAULT, SYS_sendto, u, BAD, 10, 0, &here, sizeof(here));
	NO(EFAULT, SYS_sendto, u, text, 10, 0, BAD, sizeof(here));
	NO(EINVAL, SYS_sendto, u, text, 10, 0, &here, -1);
	NO(EFAULT, SYS_sendmsg, u, BAD, 0);
	NO(EFAULT, SYS_recvmsg, u, BAD, MSG_DONTWAIT);
	m.msg_iovlen = 2000;
	NO(EMSGSIZE, SYS_sendmsg, u, &m, 0);
	NO(EMSGSIZE, SYS_recvmsg, u, &m, MSG_DONTWAIT);
	many.msg_hdr = m;
	NO(EMSGSIZE, SYS_sendmmsg, u, &many, 1, 0);
	NO(EMSGSIZE, SYS_recvmmsg, u, &many, 1, MSG_DONTWAIT, NULL);
	m.msg_iovlen = 1;
	m.msg_name = &here;
	m.msg_namelen = (socklen_t)-1;
	NO(EINVAL, SYS_sendmsg, u, &m, 0);
	NO(EINVAL, SYS_recvmsg, u, &m, MSG_DONTWAIT);
	many.msg_hdr = m;
	NO(EINVAL, SYS_sendmmsg, u, &many, 1, 0);
	NO(EINVAL, SYS_recvmmsg, u, &many, 1, MSG_DONTWAIT, NULL);
	NO(EINVAL, SYS_recvmmsg, u, &many, 1, 0, &t);
	NO(EFAULT, SYS_recvmmsg, u, &many, 1, 0, BAD);
	NO(EFAULT, SYS_recvmmsg, u, BAD, 1, MSG_DONTWAIT, NULL);
	NO(EFAULT, SYS_sendmmsg, u, BAD, 1, 0);
	m.msg_namelen = 0;
	m.msg_name = NULL;
	m.msg_iov = &bad;
	many.msg_hdr = m;
	m.msg_iov = &v;
	m.msg_control = text;
	m.msg_controllen = 0x80000000u;
	NO(ENOBUFS, SYS_sendmsg, to, &m, 0);
	many.msg_hdr = m;
	NO(ENOBUFS, SYS_sendmmsg, to, &many, 1, 0);
	NO(EINVAL, SYS_setsockopt, s, SOL_SOCKET, SO_KEEPALIVE, text, -1);
	NO(EFAULT, SYS_setsockopt, s, SOL_SOCKET, SO_KEEPALIVE, BAD, 4);
	NO(EINVAL, SYS_getsockopt, s, SOL_SOCKET, SO_KEEPALIVE, text, &negative);
	length = 4;
	NO(EFAULT, SYS_getsockopt, s, SOL_SOCKET, SO_KEEPALIVE, text, BAD);
	NO(EFAULT, SYS_getsockopt, s, SOL_SOCKET, SO_KEEPALIVE, BAD, &length);
	NO(ENOPROTOOPT, SYS_setsockopt, s, SOL_SOCKET, 9999, text, 4);
	NO(ENOPROTOOPT, SYS_getsockopt, s, SOL_SOCKET, 9999, text, &length);
	/* Bytes that arrived for an address that is none. */
	socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
	write(pair[0], "abc", 3);
	NO(EFAULT, SYS_recvfrom, pair[1], BAD, 3, MSG_DONTWAIT | MSG_PEEK, NULL, NULL);
	write(pair[0], "abc", 3);
	NO(EFAULT, SYS_recvfrom, pair[1], text, 3, MSG_DONTWAIT, text, BAD);
	write(pair[0], "abc", 3);
	NO(EINVAL, SYS_recvfrom, pair[1], text, 3, MSG_DONTWAIT, text, &negative);
	close(pair[0]);
	close(pair[1]);
	close(to);
	close(u);
	close(s);
}

struct option {
	const char *name;
	int level, number, value; /* what is set */
	int got;                  /* what is got then; ANY: whatever */
};
#define ANY      (-99)
#define NOT_SET  (-98) /* as value: only got */
#define ONE(level, option, value, got) { #option, level, option, value, got }

static void set_and_get(const char *what, int fd, const struct option *o, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		char value[256] = "";
		int got;
		socklen_t length = sizeof(value);

		if (o[i].value != NOT_SET)
			is(setsockopt(fd, o[i].level, o[i].number, &o[i].value, sizeof(int)), 0, "%s: set %s", what, o[i].name);
		is(getsockopt(fd, o[i].level, o[i].number, value, &length), 0, "%s: get %s", what, o[i].name);
		memcpy(&got, value, sizeof(got));
		if (o[i].got != ANY)
			is(got, o[i].got, "%s: %s is so", what, o[i].name);
	}
}

static void options(void)
{
	static const struct option common[] = {
		ONE(SOL_SOCKET, SO_DEBUG, 0, 0), ONE(SOL_SOCKET, SO_REUSEADDR, 1, 1), ONE(SOL_SOCKET, SO_REUSEPORT, 1, 1),
		ONE(SOL_SOCKET, SO_KEEPALIVE, 1, 1), ONE(SOL_SOCKET, SO_BROADCAST, 1, 1), ONE(SOL_SOCKET, SO_OOBINLINE, 1, 1),
		ONE(SOL_SOCKET, SO_DONTROUTE, 1, 1), ONE(SOL_SOCKET, SO_NO_CHECK, 1, 1), ONE(SOL_SOCKET, SO_PRIORITY, 3, 3),
		ONE(SOL_SOCKET, SO_MARK, 0, 0), ONE(SOL_SOCKET, SO_RCVLOWAT, 5, 5), ONE(SOL_SOCKET, SO_SNDLOWAT, NOT_SET, 1),
		ONE(SOL_SOCKET, SO_SNDBUF, 30000, 60000), ONE(SOL_SOCKET, SO_RCVBUF, 30000, 60000),
		ONE(SOL_SOCKET, SO_TYPE, NOT_SET, SOCK_STREAM), ONE(SOL_SOCKET, SO_PROTOCOL, NOT_SET, IPPROTO_TCP),
		ONE(SOL_SOCKET, SO_ERROR, NOT_SET, 0), ONE(SOL_SOCKET, SO_ACCEPTCONN, NOT_SET, 0),
		ONE(SOL_SOCKET, SO_LINGER, NOT_SET, 0), ONE(SOL_SOCKET, SO_RCVTIMEO, NOT_SET, 0),
		ONE(SOL_SOCKET, SO_SNDTIMEO, NOT_SET, 0),
	};
	static const struct option of_tcp[] = {
		ONE(IPPROTO_TCP, TCP_NODELAY, 1, 1), ONE(IPPROTO_TCP, TCP_CORK, 1, 1), ONE(IPPROTO_TCP, TCP_CORK, 0, 0),
		ONE(IPPROTO_TCP, TCP_KEEPIDLE, 50, 50), ONE(IPPROTO_TCP, TCP_KEEPINTVL, 5, 5),
		ONE(IPPROTO_TCP, TCP_KEEPCNT, 4, 4), ONE(IPPROTO_TCP, TCP_SYNCNT, 3, 3),
		ONE(IPPROTO_TCP, TCP_DEFER_ACCEPT, 1, ANY), ONE(IPPROTO_TCP, TCP_LINGER2, 10, 10),
		ONE(IPPROTO_TCP, TCP_QUICKACK, 1, 1), ONE(IPPROTO_TCP, TCP_USER_TIMEOUT, 5000, 5000),
		ONE(IPPROTO_TCP, TCP_MAXSEG, NOT_SET, 536), ONE(IPPROTO_TCP, TCP_INFO, NOT_SET, ANY),
		ONE(IPPROTO_TCP, TCP_FASTOPEN, NOT_SET, ANY), ONE(IPPROTO_TCP, 25 /* TCP_NOTSENT_LOWAT */, 100000, 100000),
		ONE(IPPROTO_TCP, TCP_WINDOW_CLAMP, 65535, ANY), ONE(IPPROTO_TCP, 30 /* TCP_FASTOPEN_CONNECT */, 0, 0),
	};
	static const struct option of_ip[] = {
		ONE(IPPROTO_IP, IP_TOS, 16, 16), ONE(IPPROTO_IP, IP_TTL, 33, 33), ONE(IPPROTO_IP, IP_RECVERR, 0, 0),
		ONE(IPPROTO_IP, IP_FREEBIND, 1, 1), ONE(IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT, IP_PMTUDISC_DONT),
		ONE(IPPROTO_IP, 24 /* IP_BIND_ADDRESS_NO_PORT */, 0, 0),
	};
	static const struct option of_ip6[] = {
		ONE(IPPROTO_IPV6, IPV6_V6ONLY, 1, 1), ONE(IPPROTO_IPV6, IPV6_UNICAST_HOPS, 33, 33),
		ONE(IPPROTO_IPV6, IPV6_TCLASS, 16, 16), ONE(IPPROTO_IPV6, IPV6_RECVERR, 0, 0),
		ONE(IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT, IPV6_PMTUDISC_DONT),
		ONE(IPPROTO_IPV6, 78 /* IPV6_FREEBIND */, 0, 0), ONE(IPPROTO_IPV6, 70 /* IPV6_AUTOFLOWLABEL */, 1, 1),
	};
	static const struct option of_datagrams[] = {
		ONE(IPPROTO_IP, IP_MULTICAST_TTL, 3, 3), ONE(IPPROTO_IP, IP_MULTICAST_LOOP, 1, 1),
		ONE(IPPROTO_IP, 49 /* IP_MULTICAST_ALL */, 1, 1), ONE(IPPROTO_IP, IP_MULTICAST_IF, NOT_SET, 0),
		ONE(IPPROTO_IP, IP_RECVOPTS, 0, 0), ONE(IPPROTO_IP, IP_RETOPTS, 0, 0),
		ONE(IPPROTO_IP, IP_MTU, NOT_SET, ANY), ONE(SOL_SOCKET, 29 /* SO_TIMESTAMP_OLD */, 1, 1),
		ONE(SOL_SOCKET, 29, 0, 0), ONE(SOL_SOCKET, 35 /* SO_TIMESTAMPNS_OLD */, 1, 1),
	};
	static const struct option of_datagrams6[] = {
		ONE(IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 3, 3), ONE(IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 1, 1),
		ONE(IPPROTO_IPV6, 29 /* IPV6_MULTICAST_ALL */, 1, 1), ONE(IPPROTO_IPV6, IPV6_MULTICAST_IF, NOT_SET, 0),
		ONE(IPPROTO_IPV6, IPV6_MTU, NOT_SET, ANY),
	};
	static const int of_netlink[] = { 3, 4, 5, 10, 11, 1, 2 }; /* NETLINK_PKTINFO … DROP_MEMBERSHIP; RTNLGRP_LINK is 1 */
	static const int timeouts[] = { 20, 21, 66, 67 }; /* SO_RCVTIMEO_OLD, SO_SNDTIMEO_OLD, and _NEW */
	int tcp = socket(AF_INET, SOCK_STREAM, 0), tcp6 = socket(AF_INET6, SOCK_STREAM, 0), local = socket(AF_UNIX, SOCK_STREAM, 0);
	int udp = socket(AF_INET, SOCK_DGRAM, 0), udp6 = socket(AF_INET6, SOCK_DGRAM, 0);
	int link = socket(AF_NETLINK, SOCK_RAW, 0), raw = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	struct sockaddr_in6 here6 = { .sin6_family = AF_INET6, .sin6_port = htons(9), .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct timeval half = { 0, 500000 }, t;
	struct linger linger = { 1, 3 };
	char name[16] = "";
	int number = 20000;
	socklen_t length;

#define ALL(what, fd, table) set_and_get(what, fd, table, sizeof(table) / sizeof(table[0]))
	ALL("a socket", tcp, common);
	ALL("TCP", tcp, of_tcp);
	here.sin_port = htons(9);
	connect(udp, (struct sockaddr *)&here, sizeof(here));
	ALL("UDP", udp, of_datagrams);
	if (udp6 >= 0 && connect(udp6, (struct sockaddr *)&here6, sizeof(here6)) == 0)
		ALL("UDP on IPv6", udp6, of_datagrams6);
	for (unsigned i = 0; i < sizeof(of_netlink) / sizeof(of_netlink[0]); i++) {
		number = 1;
		is(setsockopt(link, 270 /* SOL_NETLINK */, of_netlink[i], &number, 4), 0, "option %d of netlink", of_netlink[i]);
		if (of_netlink[i] != 3 /* NETLINK_PKTINFO */ && of_netlink[i] != 5 /* NETLINK_NO_ENOBUFS */)
			continue;
		number = 7;
		length = sizeof(number);
		ok(getsockopt(link, 270, of_netlink[i], &number, &length) == 0 && number == 1 && length == 4, "is then set");
	}
	NO(EOPNOTSUPP, SYS_shutdown, link, SHUT_RDWR);
	is(setsockopt(raw, IPPROTO_IP, IP_HDRINCL, &number, 4), 0, "IP_HDRINCL");
	ALL("IPv4", tcp, of_ip);
	if (tcp6 >= 0)
		ALL("IPv6", tcp6, of_ip6);
	for (int i = 0; i < 4; i++) {
		is(syscall(SYS_setsockopt, tcp, SOL_SOCKET, timeouts[i], &half, sizeof(half)), 0, "set time-out %d", timeouts[i]);
		length = sizeof(t);
		is(syscall(SYS_getsockopt, tcp, SOL_SOCKET, timeouts[i], &t, &length), 0, "get time-out %d", timeouts[i]);
		is(t.tv_sec * 1000000 + t.tv_usec, 500000, "it is half a second");
	}
	is(setsockopt(tcp, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0, "set SO_LINGER");
	is(setsockopt(tcp, SOL_SOCKET, SO_RCVBUFFORCE, &number, 4), 0, "SO_RCVBUFFORCE");
	is(setsockopt(tcp, SOL_SOCKET, SO_SNDBUFFORCE, &number, 4), 0, "SO_SNDBUFFORCE");
	number = 1;
	is(setsockopt(local, SOL_SOCKET, SO_PASSCRED, &number, 4), 0, "SO_PASSCRED");
	length = 4;
	number = 0;
	is(getsockopt(local, SOL_SOCKET, SO_PASSCRED, &number, &length), 0, "is got");
	is(number, 1, "SO_PASSCRED is so");
	length = sizeof(name);
	is(getsockopt(tcp, IPPROTO_TCP, TCP_CONGESTION, name, &length), 0, "TCP_CONGESTION");
	ok(name[0] > 0, "has a name (%s)", name);
	is(setsockopt(tcp, IPPROTO_TCP, TCP_CONGESTION, name, (socklen_t)strlen(name)), 0, "which can be set");
	number = 5;
	is(setsockopt(tcp, IPPROTO_TCP, TCP_FASTOPEN, &number, 4), 0, "TCP_FASTOPEN");
	number = 1000;
	is(setsockopt(tcp, IPPROTO_TCP, TCP_MAXSEG, &number, 4), 0, "TCP_MAXSEG");
	close(tcp);
	close(tcp6);
	close(udp);
	close(udp6);
	close(link);
	close(raw);
	close(local);
}

void suite_errnos_net(void)
{
	no_sockets();
	calls();
	options();
}
