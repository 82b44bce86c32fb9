/* IPv6: the loopback interface, sockets that take both protocols, addresses as programs see them; netlink. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "suite.h"

#if __has_include(<linux/rtnetlink.h>) /* musl-gcc has no Linux headers */
#include <linux/rtnetlink.h>
#endif

static struct sockaddr_in6 at6(const char *text, int port)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };

	inet_pton(AF_INET6, text, &a.sin6_addr);
	return a;
}

static bool is_address(const struct sockaddr_in6 *a, const char *text)
{
	struct in6_addr wanted;

	inet_pton(AF_INET6, text, &wanted);
	return a->sin6_family == AF_INET6 && !memcmp(&a->sin6_addr, &wanted, sizeof(wanted));
}

static int listener(const char *text, int v6only, struct sockaddr_in6 *ret_at)
{
	socklen_t len = sizeof(*ret_at);
	int l = socket(AF_INET6, SOCK_STREAM, 0);

	*ret_at = at6(text, 0);
	if (setsockopt(l, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof(v6only)) ||
	    bind(l, (void *)ret_at, sizeof(*ret_at)) || listen(l, 8) || getsockname(l, (void *)ret_at, &len)) {
		perror("listener");
		return -1;
	}
	return l;
}

static void streams(void)
{
	struct sockaddr_in6 at, a;
	socklen_t len = sizeof(a);
	int l = listener("::1", 0, &at), c = socket(AF_INET6, SOCK_STREAM, 0), s;
	static char big[200000], back[200000];
	size_t sent = 0, got = 0;

	if (!ok(l >= 0 && c >= 0, "IPv6 sockets"))
		return;
	ok(is_address(&at, "::1") && at.sin6_port, "getsockname of a listener");
	is(connect(c, (void *)&at, sizeof(at)), 0, "connect to ::1");
	s = accept(l, (void *)&a, &len);
	ok(s >= 0 && len == sizeof(a) && is_address(&a, "::1") && a.sin6_port, "accept tells from where");
	len = sizeof(a);
	ok(getpeername(c, (void *)&a, &len) == 0 && len == sizeof(a) && is_address(&a, "::1") && a.sin6_port == at.sin6_port,
	   "getpeername");
	ok(getsockname(s, (void *)&a, &len) == 0 && is_address(&a, "::1") && a.sin6_port == at.sin6_port, "getsockname");
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)(i * 7 + i / 1000);
	while (got < sizeof(big)) {
		ssize_t n = sent < sizeof(big) ? send(c, big + sent, sizeof(big) - sent, MSG_DONTWAIT) : 0;

		if (n > 0)
			sent += (size_t)n;
		n = recv(s, back + got, sizeof(back) - got, MSG_DONTWAIT);
		if (n > 0)
			got += (size_t)n;
		else if (n == 0 || errno != EAGAIN)
			break;
		poll(&(struct pollfd){ s, POLLIN, 0 }, 1, 1000);
	}
	ok(got == sizeof(big) && !memcmp(big, back, got), "200,000 bytes, each as it was");
	close(s);
	is(recv(c, big, 1, 0), 0, "the end");
	close(c);
	close(l);
	c = socket(AF_INET6, SOCK_STREAM, 0);
	fails(connect(c, (void *)&at, sizeof(at)), ECONNREFUSED, "nobody listens any more");
	fails(bind(c, (void *)&at, sizeof(struct sockaddr_in)), EINVAL, "an address that is too short");
	close(c);
	c = socket(AF_INET6, SOCK_STREAM, 0);
	a = at6("2001:db8::7", 0);
	fails(bind(c, (void *)&a, sizeof(a)), EADDRNOTAVAIL, "not our address");
	close(c);
}

static bool listed(const char *file, const char *address, int port)
{
	char wanted[80], line[300];
	bool found = false;
	FILE *f = fopen(file, "r");

	snprintf(wanted, sizeof(wanted), ": %s:%04X ", address, port);
	while (f && fgets(line, sizeof(line), f))
		found |= strstr(line, wanted) != NULL;
	if (f)
		fclose(f);
	return found;
}

static void both(void)
{
	int bound;
	struct sockaddr_in6 at, a, to6;
	struct sockaddr_in to4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int l = listener("::", 0, &at), c = socket(AF_INET, SOCK_STREAM, 0), s, v = 1, taken;

	ok(is_address(&at, "::"), "bound to ::");
	ok(listed("/proc/net/tcp6", "00000000000000000000000000000000", ntohs(at.sin6_port)) &&
	   !listed("/proc/net/tcp", "00000000", ntohs(at.sin6_port)), "/proc/net/tcp6 has it");
	to4.sin_port = at.sin6_port;
	is(connect(c, (void *)&to4, sizeof(to4)), 0, "IPv4 reaches a socket that is bound to ::");
	s = accept(l, (void *)&a, &len);
	ok(s >= 0 && is_address(&a, "::ffff:127.0.0.1"), "as a mapped address");
	len = sizeof(a);
	ok(getsockname(s, (void *)&a, &len) == 0 && is_address(&a, "::ffff:127.0.0.1"), "so is its own");
	is(send(c, "four", 4, 0), 4, "send");
	is(recv(s, &a, 4, MSG_WAITALL), 4, "recv");
	close(c);
	close(s);
	c = socket(AF_INET6, SOCK_STREAM, 0);
	to6 = at6("::1", ntohs(at.sin6_port));
	is(connect(c, (void *)&to6, sizeof(to6)), 0, "IPv6 too");
	s = accept(l, NULL, NULL);
	close(s);
	close(c);
	c = socket(AF_INET6, SOCK_STREAM, 0);
	to6 = at6("::ffff:127.0.0.1", ntohs(at.sin6_port));
	is(connect(c, (void *)&to6, sizeof(to6)), 0, "connect to a mapped address");
	len = sizeof(a);
	ok(getpeername(c, (void *)&a, &len) == 0 && is_address(&a, "::ffff:127.0.0.1"), "getpeername of it");
	s = accept(l, NULL, NULL);
	close(s);
	close(c);
	taken = socket(AF_INET, SOCK_STREAM, 0);
	to4.sin_addr.s_addr = 0;
	fails(bind(taken, (void *)&to4, sizeof(to4)), EADDRINUSE, "the port is taken for IPv4");
	fails(setsockopt(l, IPPROTO_IPV6, IPV6_V6ONLY, &v, sizeof(v)), EINVAL, "IPV6_V6ONLY after bind");
	close(l);
	close(taken);
	l = listener("::", 1, &at);
	len = sizeof(v);
	v = 0;
	ok(getsockopt(l, IPPROTO_IPV6, IPV6_V6ONLY, &v, &len) == 0 && v == 1, "IPV6_V6ONLY is set");
	taken = socket(AF_INET, SOCK_STREAM, 0);
	to4.sin_port = at.sin6_port;
	bound = bind(taken, (void *)&to4, sizeof(to4));
	/* Another program of the build host may have the port by IPv4: try others. */
	for (int tries = 0; bound != 0 && errno == EADDRINUSE && tries < 20; tries++) {
		close(l);
		l = listener("::", 1, &at);
		to4.sin_port = at.sin6_port;
		bound = bind(taken, (void *)&to4, sizeof(to4));
	}
	is(bound, 0, "the port is free for IPv4");
	close(taken);
	c = socket(AF_INET, SOCK_STREAM, 0);
	to4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fails(connect(c, (void *)&to4, sizeof(to4)), ECONNREFUSED, "IPv4 does not reach it");
	close(c);
	close(l);
}

static void datagrams(void)
{
	struct sockaddr_in6 at = at6("::", 0), from, to;
	struct sockaddr_in to4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int a = socket(AF_INET6, SOCK_DGRAM, 0), b = socket(AF_INET6, SOCK_DGRAM, 0), c = socket(AF_INET, SOCK_DGRAM, 0), v = 1;
	char buf[100], control[100];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	struct cmsghdr *h;

	is(bind(a, (void *)&at, sizeof(at)), 0, "UDP is bound to ::");
	getsockname(a, (void *)&at, &len);
	to = at6("::1", ntohs(at.sin6_port));
	is(sendto(b, "hello", 5, 0, (void *)&to, sizeof(to)), 5, "sendto ::1");
	len = sizeof(from);
	ok(recvfrom(a, buf, sizeof(buf), 0, (void *)&from, &len) == 5 && len == sizeof(from) && is_address(&from, "::1"),
	   "recvfrom");
	is(sendto(a, "answer", 6, 0, (void *)&from, sizeof(from)), 6, "an answer");
	is(recv(b, buf, sizeof(buf), 0), 6, "arrives");
	to4.sin_port = at.sin6_port;
	is(sendto(c, "four", 4, 0, (void *)&to4, sizeof(to4)), 4, "from an IPv4 socket");
	len = sizeof(from);
	ok(recvfrom(a, buf, sizeof(buf), 0, (void *)&from, &len) == 4 && is_address(&from, "::ffff:127.0.0.1"), "recvfrom");
	is(sendto(a, "back", 4, 0, (void *)&from, sizeof(from)), 4, "and back");
	is(recv(c, buf, sizeof(buf), 0), 4, "arrives");
	is(connect(b, (void *)&to, sizeof(to)), 0, "connect of UDP");
	len = sizeof(from);
	ok(getsockname(b, (void *)&from, &len) == 0 && is_address(&from, "::1"), "its own address then");
	is(setsockopt(a, IPPROTO_IPV6, IPV6_RECVPKTINFO, &v, sizeof(v)), 0, "IPV6_RECVPKTINFO");
	is(send(b, "info", 4, 0), 4, "send");
	is(recvmsg(a, &m, 0), 4, "recvmsg");
	h = CMSG_FIRSTHDR(&m);
	ok(h && h->cmsg_level == IPPROTO_IPV6 && h->cmsg_type == IPV6_PKTINFO && ((char *)CMSG_DATA(h))[15] == 1,
	   "tells to which address");
	from.sin6_family = AF_UNSPEC;
	is(connect(b, (void *)&from, sizeof(from)), 0, "disconnect");
	len = sizeof(from);
	ok(getsockname(b, (void *)&from, &len) == 0 && is_address(&from, "::"), "no address again");
	fails(send(b, "x", 1, 0), EDESTADDRREQ, "nor a peer");
	close(a);
	close(b);
	close(c);
}

#ifdef RTM_GETLINK
/* Change the MTU of interface 2. Return: the kernel's answer. */
static int set_mtu(int s, uint32_t mtu)
{
	struct { struct nlmsghdr h; struct ifinfomsg m; struct nlattr a; uint32_t mtu; } q = {
		{ sizeof(q), RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, 9, 0 }, { .ifi_index = 2 }, { sizeof(q.a) + 4, IFLA_MTU }, mtu,
	};
	char answer[1000] __attribute__((aligned(8)));

	send(s, &q, sizeof(q), 0);
	recv(s, answer, sizeof(answer), 0);
	return ((const struct nlmsgerr *)NLMSG_DATA((struct nlmsghdr *)answer))->error;
}

/* Members of groups are told of changes. */
static void groups(void)
{
	int s = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK, NETLINK_ROUTE), asks = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	struct sockaddr_nl a = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK | RTMGRP_IPV6_IFADDR };
	uint32_t list[2] = { 0, 0 };
	static char buf[8192] __attribute__((aligned(8)));
	const struct nlmsghdr *h = (const void *)buf;
	socklen_t len = sizeof(a);
	int group = RTNLGRP_IPV4_IFADDR, none = 0;

	is(bind(s, (void *)&a, sizeof(a)), 0, "bind to groups");
	a.nl_groups = 0;
	ok(getsockname(s, (void *)&a, &len) == 0 && a.nl_groups == (RTMGRP_LINK | RTMGRP_IPV6_IFADDR), "getsockname tells them");
	is(setsockopt(s, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)), 0, "NETLINK_ADD_MEMBERSHIP");
	fails(setsockopt(s, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &none, sizeof(none)), EINVAL, "of no group");
	len = sizeof(list);
	ok(getsockopt(s, SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS, list, &len) == 0 &&
	   list[0] == (RTMGRP_LINK | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_IFADDR), "NETLINK_LIST_MEMBERSHIPS");
	is(setsockopt(s, SOL_NETLINK, NETLINK_DROP_MEMBERSHIP, &group, sizeof(group)), 0, "NETLINK_DROP_MEMBERSHIP");
	fails(recv(s, buf, sizeof(buf), 0), EAGAIN, "nothing changed");
	if (in_guest()) {
		struct pollfd f = { s, POLLIN, 0 };
		ssize_t n;

		is(set_mtu(asks, 1400), 0, "another MTU");
		is(poll(&f, 1, 5000), 1, "a member is told");
		len = sizeof(a);
		n = recvfrom(s, buf, sizeof(buf), 0, (void *)&a, &len);
		ok(n > 0 && h->nlmsg_type == RTM_NEWLINK && !h->nlmsg_pid && !h->nlmsg_seq &&
		   ((const struct ifinfomsg *)NLMSG_DATA(h))->ifi_index == 2, "of which interface");
		ok(!a.nl_pid && a.nl_groups == RTMGRP_LINK, "from the kernel, to the group");
		is(set_mtu(asks, 1500), 0, "as it was");
		fails(recv(asks, buf, sizeof(buf), MSG_DONTWAIT), EAGAIN, "one that is no member is not told");
	}
	close(s);
	close(asks);
}

static void netlink(void)
{
	int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct sockaddr_nl a = { .nl_family = AF_NETLINK };
	struct { struct nlmsghdr h; struct ifinfomsg m; } link = {
		{ sizeof(link), RTM_GETLINK, NLM_F_REQUEST, 7, 0 }, { .ifi_index = 1 },
	};
	struct { struct nlmsghdr h; struct rtgenmsg g; } routes = {
		{ sizeof(routes), RTM_GETROUTE, NLM_F_REQUEST | NLM_F_DUMP, 8, 0 }, { AF_INET },
	};
	static char buf[16384] __attribute__((aligned(8)));
	const struct nlmsghdr *h = (const void *)buf;
	socklen_t len = sizeof(a);
	bool done = false, routes_only = true;
	ssize_t n;

	if (!ok(s >= 0, "a netlink socket"))
		return;
	is(bind(s, (void *)&a, sizeof(a)), 0, "bind");
	ok(getsockname(s, (void *)&a, &len) == 0 && len == sizeof(a) && a.nl_pid, "it has a port");
	fails(recv(s, buf, sizeof(buf), MSG_DONTWAIT), EAGAIN, "nothing to say");
	is(send(s, &link, sizeof(link), 0), sizeof(link), "RTM_GETLINK of interface 1");
	n = recv(s, buf, sizeof(buf), 0);
	ok(n > 0 && h->nlmsg_type == RTM_NEWLINK && h->nlmsg_seq == 7 && h->nlmsg_pid == a.nl_pid &&
	   ((const struct ifinfomsg *)NLMSG_DATA(h))->ifi_flags & IFF_LOOPBACK, "is the loopback");
	link.m.ifi_index = 12345;
	send(s, &link, sizeof(link), 0);
	n = recv(s, buf, sizeof(buf), 0);
	ok(n > 0 && h->nlmsg_type == NLMSG_ERROR && ((const struct nlmsgerr *)NLMSG_DATA(h))->error == -ENODEV,
	   "no such interface");
	send(s, &routes, sizeof(routes), 0);
	while (!done && (n = recv(s, buf, sizeof(buf), 0)) > 0)
		for (h = (const void *)buf; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
			done |= h->nlmsg_type == NLMSG_DONE;
			routes_only &= h->nlmsg_seq == 8 && (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == RTM_NEWROUTE);
		}
	ok(done && routes_only, "a dump of routes, to its end");
	close(s);
	fails(socket(AF_NETLINK, SOCK_STREAM, NETLINK_ROUTE), ESOCKTNOSUPPORT, "a stream of netlink");
	groups();
}
#else
static void netlink(void)
{
}
#endif

static void interfaces(void)
{
	struct ifaddrs *list = NULL;
	bool link_seen = false, four = false, six = false;

	is(getifaddrs(&list), 0, "getifaddrs");
	for (struct ifaddrs *i = list; i; i = i->ifa_next) {
		if (strcmp(i->ifa_name, "lo") || !i->ifa_addr)
			continue;
		link_seen |= i->ifa_addr->sa_family == AF_PACKET;
		four |= i->ifa_addr->sa_family == AF_INET &&
			((struct sockaddr_in *)i->ifa_addr)->sin_addr.s_addr == htonl(INADDR_LOOPBACK) &&
			((struct sockaddr_in *)i->ifa_netmask)->sin_addr.s_addr == htonl(0xff000000);
		six |= i->ifa_addr->sa_family == AF_INET6 && is_address((struct sockaddr_in6 *)i->ifa_addr, "::1");
	}
	ok(link_seen && four, "has lo, and 127.0.0.1/8");
	ok(six, "and ::1");
	freeifaddrs(list);
	is(if_nametoindex("lo"), 1, "if_nametoindex");
}

/* Nobody listens: ICMP says so, and a connected socket gets to know. */
static void refused(void)
{
	struct sockaddr_in6 at = at6("::1", 0);
	socklen_t len = sizeof(at);
	int gone = socket(AF_INET6, SOCK_DGRAM, 0), s = socket(AF_INET6, SOCK_DGRAM, 0);
	struct pollfd f = { s, POLLIN, 0 };
	char byte;

	bind(gone, (void *)&at, sizeof(at));
	getsockname(gone, (void *)&at, &len);
	close(gone);
	is(connect(s, (void *)&at, sizeof(at)), 0, "connect to a port that nobody has");
	is(send(s, "x", 1, 0), 1, "send");
	ok(poll(&f, 1, 1000) == 1 && f.revents & POLLERR, "poll tells of an error");
	fails(recv(s, &byte, 1, 0), ECONNREFUSED, "recv");
	fails(recv(s, &byte, 1, MSG_DONTWAIT), EAGAIN, "told once");
	close(s);
}

void suite_net6(void)
{
	int s = socket(AF_INET6, SOCK_STREAM, 0);

	signal(SIGPIPE, SIG_IGN);
	if (!in_guest() && s < 0) {
		printf("# this machine has no IPv6\n");
		return;
	}
	close(s);
	streams();
	both();
	datagrams();
	refused();
	netlink();
	interfaces();
}
