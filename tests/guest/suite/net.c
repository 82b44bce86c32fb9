/* TCP and UDP over the loopback interface. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "suite.h"

static struct sockaddr_in loopback(int port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

/* A listening socket at a free port. */
static int listener(struct sockaddr_in *ret_at)
{
	socklen_t len = sizeof(*ret_at);
	int l = socket(AF_INET, SOCK_STREAM, 0);

	*ret_at = loopback(0);
	if (l < 0 || bind(l, (void *)ret_at, sizeof(*ret_at)) || listen(l, 64) ||
	    getsockname(l, (void *)ret_at, &len)) {
		perror("listener");
		return -1;
	}
	return l;
}

enum { STREAM = 1 << 20 };

static char stream_byte(size_t i)
{
	return (char)(i * 7 + i / 1000);
}

/* Takes one connection, sends back all that comes. */
static void *echo(void *l)
{
	int c = accept(*(int *)l, NULL, NULL);
	char buf[8192];
	ssize_t n;

	while ((n = recv(c, buf, sizeof(buf), 0)) > 0)
		for (ssize_t at = 0, m; at < n; at += m)
			if ((m = send(c, buf + at, (size_t)(n - at), MSG_NOSIGNAL)) <= 0)
				return NULL;
	close(c);
	return NULL;
}

static void *send_stream(void *c)
{
	char buf[5000];

	for (size_t at = 0; at < STREAM;) {
		size_t n = STREAM - at < sizeof(buf) ? STREAM - at : sizeof(buf);
		ssize_t sent;

		for (size_t i = 0; i < n; i++)
			buf[i] = stream_byte(at + i);
		sent = send(*(int *)c, buf, n, MSG_NOSIGNAL);
		if (sent <= 0)
			return (void *)1;
		at += (size_t)sent;
	}
	shutdown(*(int *)c, SHUT_WR);
	return NULL;
}

static void streams(void)
{
	struct sockaddr_in at, peer;
	socklen_t len = sizeof(peer);
	int l = listener(&at), c = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
	pthread_t t[2];
	char buf[7000];
	size_t got = 0;
	bool right = true;
	ssize_t n;

	if (!ok(l >= 0 && c >= 0, "sockets"))
		return;
	pthread_create(&t[0], NULL, echo, &l);
	is(connect(c, (void *)&at, sizeof(at)), 0, "connect");
	ok(getpeername(c, (void *)&peer, &len) == 0 && peer.sin_port == at.sin_port &&
	   peer.sin_addr.s_addr == htonl(INADDR_LOOPBACK), "getpeername");
	fails(connect(c, (void *)&at, sizeof(at)), EISCONN, "connected already");
	is(send(c, "ping", 4, 0), 4, "send");
	ok(recv(c, buf, sizeof(buf), 0) == 4 && !memcmp(buf, "ping", 4), "comes back");
	pthread_create(&t[1], NULL, send_stream, &c);
	while ((n = recv(c, buf, sizeof(buf), 0)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			right &= buf[i] == stream_byte(got + (size_t)i);
		got += (size_t)n;
	}
	is(n, 0, "the end");
	is(got, STREAM, "1 MiB comes back");
	ok(right, "byte for byte");
	pthread_join(t[0], NULL);
	pthread_join(t[1], NULL);
	close(c);
	close(l);
	c = socket(AF_INET, SOCK_STREAM, 0);
	fails(connect(c, (void *)&at, sizeof(at)), ECONNREFUSED, "nobody listens any more");
	close(c);
}

static int connected(int *ret_other)
{
	struct sockaddr_in at;
	int l = listener(&at), c = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(c, (void *)&at, sizeof(at)))
		return -1;
	*ret_other = accept(l, NULL, NULL);
	close(l);
	return c;
}

static void options(void)
{
	int other, c = connected(&other), v = 1, n;
	socklen_t len = sizeof(v);
	struct timeval tv = { 0, 30000 };
	struct linger hard = { 1, 0 };
	long long start;
	char buf[100];
	struct iovec iov[2] = { { (void *)"ab", 2 }, { (void *)"cde", 3 } };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };
	struct pollfd f;

	if (!ok(c >= 0 && other >= 0, "a connection"))
		return;
	is(setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &v, sizeof(v)), 0, "TCP_NODELAY");
	ok(getsockopt(c, IPPROTO_TCP, TCP_NODELAY, &v, &len) == 0 && v != 0, "is set");
	v = 1;
	is(setsockopt(c, SOL_SOCKET, SO_KEEPALIVE, &v, sizeof(v)), 0, "SO_KEEPALIVE");
	v = 60;
	is(setsockopt(c, IPPROTO_TCP, TCP_KEEPIDLE, &v, sizeof(v)), 0, "TCP_KEEPIDLE");
	ok(getsockopt(c, SOL_SOCKET, SO_ERROR, &v, &len) == 0 && v == 0, "SO_ERROR");
	ok(getsockopt(c, SOL_SOCKET, SO_TYPE, &v, &len) == 0 && v == SOCK_STREAM, "SO_TYPE");
	ok(getsockopt(c, SOL_SOCKET, SO_SNDBUF, &v, &len) == 0 && v > 0, "SO_SNDBUF");
	fails(getsockopt(c, SOL_SOCKET, 9999, &v, &len), ENOPROTOOPT, "option 9999");
	is(setsockopt(c, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)), 0, "SO_RCVTIMEO");
	start = now_ms();
	fails(recv(c, buf, 1, 0), EAGAIN, "recv gives up");
	ok(now_ms() - start >= 29, "after 30 ms");
	is(sendmsg(other, &m, 0), 5, "sendmsg");
	f = (struct pollfd){ c, POLLIN | POLLOUT, 0 };
	ok(poll(&f, 1, 1000) == 1 && f.revents & POLLIN, "poll");
	for (int i = 0; i < 100 && ioctl(c, FIONREAD, &n) == 0 && n < 5; i++)
		sleep_ms(1);
	is(n, 5, "FIONREAD");
	is(recv(c, buf, 100, MSG_PEEK), 5, "MSG_PEEK");
	is(readv(c, (struct iovec[]){ { buf, 3 }, { buf + 50, 10 } }, 2), 5, "readv");
	ok(!memcmp(buf, "abc", 3) && !memcmp(buf + 50, "de", 2), "the bytes in their places");
	is(shutdown(other, SHUT_WR), 0, "shutdown");
	is(recv(c, buf, 1, 0), 0, "the end is seen");
	is(send(c, "late", 4, 0), 4, "the other direction lives");
	is(recv(other, buf, 4, MSG_WAITALL), 4, "arrives");
	close(other);
	close(c);
	c = connected(&other);
	setsockopt(other, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(other);
	f = (struct pollfd){ c, POLLIN, 0 };
	poll(&f, 1, 1000);
	fails(recv(c, buf, 1, 0), ECONNRESET, "a reset");
	close(c);
	c = socket(AF_INET, SOCK_STREAM, 0);
	fails(send(c, "x", 1, MSG_NOSIGNAL), EPIPE, "send without a connection");
	fails(recv(c, buf, 1, 0), ENOTCONN, "recv without a connection");
	fails(accept(c, NULL, NULL), EINVAL, "accept without listen");
	close(c);
	fails(send(0, "x", 1, 0), ENOTSOCK, "what is no socket");
}

static void not_waiting(void)
{
	struct sockaddr_in at;
	int l = listener(&at), c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), other, v = -1, ep = epoll_create1(0);
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP }, got;
	socklen_t len = sizeof(v);
	static char big[100000];
	ssize_t n, sent = 0, all = 0;
	int r;

	fcntl(l, F_SETFL, O_NONBLOCK);
	fails(accept(l, NULL, NULL), EAGAIN, "nobody has come");
	r = connect(c, (void *)&at, sizeof(at));
	ok(r == 0 || errno == EINPROGRESS, "connect without waiting");
	epoll_ctl(ep, EPOLL_CTL_ADD, c, &e);
	ok(epoll_wait(ep, &got, 1, 1000) == 1 && got.events == EPOLLOUT, "epoll: connected");
	ok(getsockopt(c, SOL_SOCKET, SO_ERROR, &v, &len) == 0 && v == 0, "without an error");
	poll(&(struct pollfd){ l, POLLIN, 0 }, 1, 1000);
	other = accept4(l, NULL, NULL, SOCK_NONBLOCK);
	ok(other >= 0 && fcntl(other, F_GETFL) & O_NONBLOCK, "accept4");
	fails(recv(c, big, 1, 0), EAGAIN, "nothing has come");
	while ((n = send(c, big, sizeof(big), MSG_NOSIGNAL)) > 0)
		sent += n;
	ok(n == -1 && errno == EAGAIN && sent > 0, "send until it is full");
	is(epoll_wait(ep, &got, 1, 0), 0, "epoll: not writable");
	while (all < sent && poll(&(struct pollfd){ other, POLLIN, 0 }, 1, 2000) == 1 &&
	       (n = recv(other, big, sizeof(big), 0)) > 0)
		all += n;
	is(all, sent, "all of it arrives");
	ok(epoll_wait(ep, &got, 1, 2000) == 1 && got.events & EPOLLOUT, "epoll: writable again");
	close(other);
	e.events = EPOLLRDHUP;
	epoll_ctl(ep, EPOLL_CTL_MOD, c, &e);
	ok(epoll_wait(ep, &got, 1, 2000) == 1 && got.events & EPOLLRDHUP, "epoll: the other has gone");
	close(c);
	close(l);
	c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	r = connect(c, (void *)&at, sizeof(at));
	if (r == -1 && errno == EINPROGRESS) {
		poll(&(struct pollfd){ c, POLLOUT, 0 }, 1, 2000);
		ok(getsockopt(c, SOL_SOCKET, SO_ERROR, &v, &len) == 0 && v == ECONNREFUSED, "refused, by SO_ERROR");
	} else {
		fails(r, ECONNREFUSED, "refused at once");
	}
	close(c);
	close(ep);
}

/* How a connect() that did not wait went is what the next one says, once; SO_ERROR takes the error from it. */
static void connect_twice(void)
{
	struct sockaddr_in at;
	int l = listener(&at), c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), v = -1;
	socklen_t len = sizeof(v);

	if (connect(c, (void *)&at, sizeof(at)) == -1) {
		ok(errno == EINPROGRESS, "connect is under way");
		poll(&(struct pollfd){ c, POLLOUT, 0 }, 1, 2000);
		is(connect(c, (void *)&at, sizeof(at)), 0, "the next one says that it went well");
	}
	fails(connect(c, (void *)&at, sizeof(at)), EISCONN, "the one after it, that it is connected");
	close(c);
	close(l);
	for (int taken = 0; taken < 2; taken++) {
		c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		for (int time = 0; time < 2; time++) {
			if (connect(c, (void *)&at, sizeof(at)) == 0 || errno != EINPROGRESS) {
				ok(errno == ECONNREFUSED, "refused at once");
				continue;
			}
			poll(&(struct pollfd){ c, POLLOUT, 0 }, 1, 2000);
			if (taken)
				getsockopt(c, SOL_SOCKET, SO_ERROR, &v, &len);
			fails(connect(c, (void *)&at, sizeof(at)), taken ? ECONNABORTED : ECONNREFUSED,
			      taken ? "refused, which SO_ERROR took" : "the next one says that it was refused");
		}
		close(c);
	}
}

static void many(void)
{
	struct sockaddr_in at;
	int l = listener(&at), c[50], s[50], n = 0;
	bool right = true;
	char byte;

	for (int i = 0; i < 50; i++) {
		c[i] = socket(AF_INET, SOCK_STREAM, 0);
		n += connect(c[i], (void *)&at, sizeof(at)) == 0;
	}
	is(n, 50, "50 connections wait to be accepted");
	for (int i = 0; i < 50; i++)
		s[i] = accept(l, NULL, NULL);
	for (int i = 0; i < 50; i++) {
		byte = (char)i;
		right &= send(c[i], &byte, 1, 0) == 1;
	}
	for (int i = 0; i < 50; i++)
		right &= recv(s[i], &byte, 1, 0) == 1 && byte == (char)i;
	ok(right, "each its own");
	for (int i = 0; i < 50; i++) {
		close(s[i]);
		close(c[i]);
	}
	close(l);
	for (int i = 0; i < 200; i++) {
		int other = -1, mine = connected(&other);

		right &= mine >= 0 && other >= 0;
		close(other);
		close(mine);
	}
	ok(right, "200 connections one after another");
}

static void binding(void)
{
	struct sockaddr_in at, taken;
	int l = listener(&at), other = socket(AF_INET, SOCK_STREAM, 0), v = 1;

	taken = at;
	fails(bind(other, (void *)&taken, sizeof(taken)), EADDRINUSE, "the port is taken");
	is(setsockopt(other, SOL_SOCKET, SO_REUSEADDR, &v, sizeof(v)), 0, "SO_REUSEADDR");
	close(l);
	is(bind(other, (void *)&taken, sizeof(taken)), 0, "free again");
	is(listen(other, 1), 0, "listen");
	close(other);
	other = socket(AF_INET, SOCK_STREAM, 0);
	at.sin_addr.s_addr = inet_addr("203.0.113.7");
	at.sin_port = 0;
	fails(bind(other, (void *)&at, sizeof(at)), EADDRNOTAVAIL, "not our address");
	fails(bind(other, (void *)&at, 3), EINVAL, "a short address");
	close(other);
}

static void datagrams(void)
{
	int a = socket(AF_INET, SOCK_DGRAM, 0), b = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in at = loopback(0), from;
	socklen_t len = sizeof(at);
	char buf[2000], big[1400];
	struct pollfd f = { a, POLLIN, 0 };

	is(bind(a, (void *)&at, sizeof(at)), 0, "a UDP socket is bound");
	is(getsockname(a, (void *)&at, &len), 0, "its port");
	is(sendto(b, "hello", 5, 0, (void *)&at, sizeof(at)), 5, "sendto");
	is(poll(&f, 1, 1000), 1, "poll");
	len = sizeof(from);
	ok(recvfrom(a, buf, sizeof(buf), 0, (void *)&from, &len) == 5 && !memcmp(buf, "hello", 5), "recvfrom");
	ok(len == sizeof(from) && from.sin_addr.s_addr == htonl(INADDR_LOOPBACK) && from.sin_port, "tells from where");
	is(sendto(a, "answer", 6, 0, (void *)&from, sizeof(from)), 6, "an answer");
	is(recv(b, buf, 3, MSG_TRUNC), 6, "its length is told, cut off");
	is(connect(b, (void *)&at, sizeof(at)), 0, "connect of UDP");
	memset(big, 'u', sizeof(big));
	is(send(b, big, sizeof(big), 0), sizeof(big), "send");
	is(send(b, "", 0, 0), 0, "an empty one");
	is(recv(a, buf, sizeof(buf), 0), sizeof(big), "arrives");
	is(recv(a, buf, sizeof(buf), 0), 0, "the empty one too");
	fails(recv(a, buf, 1, MSG_DONTWAIT), EAGAIN, "no more");
	{
		static char most[65508], back[65508];

		for (size_t i = 0; i < sizeof(most); i++)
			most[i] = (char)(i * 13 + i / 250);
		fails(send(b, most, 65508, 0), EMSGSIZE, "65,508 bytes are too many for a datagram");
		is(send(b, most, 65507, 0), 65507, "65,507 are not");
		ok(recv(a, back, sizeof(back), 0) == 65507 && !memcmp(most, back, 65507), "and arrive");
	}
	fails(send(socket(AF_INET, SOCK_DGRAM, 0), "x", 1, 0), EDESTADDRREQ, "send to nobody");
	close(a);
	close(b);
}

/* Nobody listens: ICMP says so, and a connected socket gets to know. */
static void refused(void)
{
	struct sockaddr_in at = loopback(0);
	socklen_t len = sizeof(at);
	int gone = socket(AF_INET, SOCK_DGRAM, 0), s = socket(AF_INET, SOCK_DGRAM, 0);
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

void suite_net(void)
{
	signal(SIGPIPE, SIG_IGN);
	streams();
	options();
	not_waiting();
	connect_twice();
	many();
	binding();
	datagrams();
	refused();
}
