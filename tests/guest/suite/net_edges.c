/* Sockets of AF_INET and AF_INET6 at their edges: many connections, shared ports, raw packets, groups, options. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "suite.h"

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

void suite_net_edges(void)
{
	many_connections();
	shared_ports();
}
