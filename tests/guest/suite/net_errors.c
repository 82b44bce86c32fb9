/* Queues of errors: what ICMP, and the machine itself, say of datagrams that do not arrive (ip(7), ipv6(7)). */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "suite.h"

#ifndef IP_RECVERR
#define IP_RECVERR 11
#endif
#ifndef IPV6_RECVERR
#define IPV6_RECVERR 25
#endif

/* linux/errqueue.h, which musl-gcc has not. */
struct extended_error {
	uint32_t error;
	uint8_t origin, type, code, pad;
	uint32_t info, data;
};

struct received {
	ssize_t n;
	char bytes[3000];
	union { struct sockaddr_in four; struct sockaddr_in6 six; } to;
	int flags, level, ttl;
	struct extended_error what;
	union { struct sockaddr_in four; struct sockaddr_in6 six; } offender;
};

static struct received receive_error(int s)
{
	struct received r = { .ttl = -1 };
	char control[512];
	struct iovec iov = { r.bytes, sizeof(r.bytes) };
	struct msghdr m = { .msg_name = &r.to, .msg_namelen = sizeof(r.to), .msg_iov = &iov, .msg_iovlen = 1,
			    .msg_control = control, .msg_controllen = sizeof(control) };

	r.n = recvmsg(s, &m, MSG_ERRQUEUE);
	r.flags = m.msg_flags;
	for (struct cmsghdr *c = r.n < 0 ? NULL : CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
		    (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR)) {
			r.level = c->cmsg_level;
			memcpy(&r.what, CMSG_DATA(c), sizeof(r.what));
			memcpy(&r.offender, CMSG_DATA(c) + sizeof(r.what), c->cmsg_len - CMSG_LEN(sizeof(r.what)));
		} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL) {
			memcpy(&r.ttl, CMSG_DATA(c), sizeof(r.ttl));
		}
	}
	return r;
}

static int pending_error(int s)
{
	socklen_t len = sizeof(int);
	int e = -1;

	getsockopt(s, SOL_SOCKET, SO_ERROR, &e, &len);
	return e;
}

static void refused4(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int s = socket(AF_INET, SOCK_DGRAM, 0), gone = socket(AF_INET, SOCK_DGRAM, 0), on = 1;
	struct pollfd f = { s, 0, 0 };
	socklen_t len = sizeof(at);
	char message[300], byte;
	struct received r;

	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = (char)(i * 3);
	bind(gone, (void *)&at, sizeof(at));
	getsockname(gone, (void *)&at, &len);
	close(gone);
	is(sendto(s, message, sizeof(message), 0, (void *)&at, sizeof(at)), sizeof(message), "to a port that nobody has");
	is(poll(&f, 1, 200), 0, "a socket that is not connected is not told");
	is(setsockopt(s, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)), 0, "IP_RECVERR");
	is(setsockopt(s, IPPROTO_IP, IP_RECVTTL, &on, sizeof(on)), 0, "IP_RECVTTL");
	sendto(s, message, sizeof(message), 0, (void *)&at, sizeof(at));
	ok(poll(&f, 1, 5000) == 1 && f.revents & POLLERR, "with IP_RECVERR it is");
	fails(recv(s, &byte, 1, MSG_DONTWAIT), ECONNREFUSED, "recv says so once");
	fails(recv(s, &byte, 1, MSG_DONTWAIT), EAGAIN, "not twice");
	ok(poll(&f, 1, 0) == 1 && f.revents & POLLERR, "the error still waits");
	r = receive_error(s);
	is(r.n, sizeof(message), "MSG_ERRQUEUE has the message");
	ok(r.n == sizeof(message) && !memcmp(r.bytes, message, sizeof(message)), "as it was sent");
	ok(r.to.four.sin_family == AF_INET && r.to.four.sin_port == at.sin_port &&
	   r.to.four.sin_addr.s_addr == at.sin_addr.s_addr, "to whom");
	ok(r.flags & MSG_ERRQUEUE, "with MSG_ERRQUEUE in its flags");
	ok(r.level == IPPROTO_IP && r.what.error == ECONNREFUSED && r.what.origin == 2 && r.what.type == 3 && r.what.code == 3 &&
	   !r.what.info, "ICMP, unreachable, port (%u %u %u %u)", r.what.error, r.what.origin, r.what.type, r.what.code);
	ok(r.offender.four.sin_family == AF_INET && r.offender.four.sin_addr.s_addr == htonl(INADDR_LOOPBACK), "who says so");
	ok(r.ttl > 0, "the lifetime of the answer");
	fails(receive_error(s).n, EAGAIN, "one error only");
	sendto(s, message, 1, 0, (void *)&at, sizeof(at));
	f.events = POLLIN;
	is(poll(&f, 1, 5000), 1, "another");
	is(receive_error(s).n, 1, "is taken from the queue");
	is(pending_error(s), 0, "and is not an error of the socket any more");
	connect(s, (void *)&at, sizeof(at));
	is(send(s, "", 0, 0), 0, "an empty one");
	is(poll(&f, 1, 5000), 1, "comes back");
	is(receive_error(s).n, 0, "empty");
	close(s);
}

static void refused6(void)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int s = socket(AF_INET6, SOCK_DGRAM, 0), gone = socket(AF_INET6, SOCK_DGRAM, 0), on = 1;
	struct pollfd f = { s, 0, 0 };
	socklen_t len = sizeof(at);
	struct received r;

	if (s < 0 || bind(gone, (void *)&at, sizeof(at))) {
		printf("# this machine has no IPv6\n");
		return;
	}
	getsockname(gone, (void *)&at, &len);
	close(gone);
	is(setsockopt(s, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on)), 0, "IPV6_RECVERR");
	sendto(s, "six", 3, 0, (void *)&at, sizeof(at));
	ok(poll(&f, 1, 5000) == 1 && f.revents & POLLERR, "poll tells of an error");
	r = receive_error(s);
	ok(r.n == 3 && !memcmp(r.bytes, "six", 3), "the message");
	ok(r.to.six.sin6_family == AF_INET6 && r.to.six.sin6_port == at.sin6_port, "to whom");
	ok(r.level == IPPROTO_IPV6 && r.what.error == ECONNREFUSED && r.what.origin == 3 && r.what.type == 1 && r.what.code == 4,
	   "ICMPv6, unreachable, port (%u %u %u %u)", r.what.error, r.what.origin, r.what.type, r.what.code);
	ok(r.offender.six.sin6_family == AF_INET6 && !memcmp(&r.offender.six.sin6_addr, &at.sin6_addr, 16), "who says so");
	close(s);
}

/* Larger than the network takes, and not to be cut. */
static void too_large(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(9) };
	int s = socket(AF_INET, SOCK_DGRAM, 0), on = 1, discover = IP_PMTUDISC_DO, mtu = 0;
	static char message[70000];
	socklen_t len = sizeof(mtu);
	struct received r;
	ssize_t n = -1;

	fails(getsockopt(s, IPPROTO_IP, IP_MTU, &mtu, &len), ENOTCONN, "IP_MTU of a socket that is not connected");
	inet_pton(AF_INET, "10.0.2.2", &at.sin_addr);
	if (connect(s, (void *)&at, sizeof(at))) {
		printf("# there is no way to 10.0.2.2 here\n");
		close(s);
		return;
	}
	is(getsockopt(s, IPPROTO_IP, IP_MTU, &mtu, &len), 0, "IP_MTU");
	ok(mtu >= 576 && mtu < 65000, "it is a network's: %d", mtu);
	setsockopt(s, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
	is(setsockopt(s, IPPROTO_IP, IP_MTU_DISCOVER, &discover, sizeof(discover)), 0, "IP_PMTUDISC_DO");
	fails(send(s, message, (size_t)mtu - 27, 0), EMSGSIZE, "one byte too many");
	r = receive_error(s);
	ok(!r.n && r.what.error == EMSGSIZE && r.what.origin == 1 && (int)r.what.info == mtu && !r.offender.four.sin_family,
	   "the queue tells what would have fitted (%zd, %u %u %u)", r.n, r.what.error, r.what.origin, r.what.info);
	ok(r.to.four.sin_port == at.sin_port && r.to.four.sin_addr.s_addr == at.sin_addr.s_addr, "and to whom it was");
	is(send(s, message, (size_t)mtu - 28, 0), mtu - 28, "as much as fits");
	discover = IP_PMTUDISC_DONT;
	setsockopt(s, IPPROTO_IP, IP_MTU_DISCOVER, &discover, sizeof(discover));
	for (int tries = 0; tries < 3; tries++) { /* what was sent before may have met nobody */
		n = send(s, message, (size_t)mtu + 100, 0);
		if (n >= 0 || errno != ECONNREFUSED)
			break;
	}
	is(n, mtu + 100, "more, where it may be cut");
	close(s);
}

void suite_net_errors(void)
{
	refused4();
	refused6();
	too_large();
}
