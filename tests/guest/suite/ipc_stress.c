/* Pipes, sockets, event counters and epoll under many threads and signals: nothing is lost, nothing stalls, nothing
 * leaks. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/un.h>

#include "suite.h"

#define RING    8
#define PAIRS   10
#define WAITERS 4

static int ring[RING][2];

/* Pass a counting token on; at 0 everybody passes it once more and ends. */
static void *pass_on(void *p)
{
	long own = (long)(intptr_t)p;
	int token;

	do {
		if (read(ring[own][0], &token, sizeof(token)) != sizeof(token))
			return (void *)1;
		if (token)
			token--;
		if (write(ring[(own + 1) % RING][1], &token, sizeof(token)) != sizeof(token))
			return (void *)1;
	} while (token);
	return NULL;
}

static void token_ring(void)
{
	int token = 20000, bad = 0;
	pthread_t t[RING];
	void *r;

	for (int i = 0; i < RING; i++)
		pipe(ring[i]);
	for (long i = 0; i < RING; i++)
		pthread_create(&t[i], NULL, pass_on, (void *)(intptr_t)i);
	write(ring[0][1], &token, sizeof(token));
	for (int i = 0; i < RING; i++) {
		pthread_join(t[i], &r);
		bad += r != NULL;
	}
	is(bad, 0, "a token goes 20,000 times through a ring of pipes");
	for (int i = 0; i < RING; i++) {
		close(ring[i][0]);
		close(ring[i][1]);
	}
}

static int pairs[PAIRS][2];
static long sent;

static void *send_pieces(void *p)
{
	long own = (long)(intptr_t)p;
	unsigned random = (unsigned)own;
	char data[3000];

	memset(data, 'a', sizeof(data));
	for (int i = 0; i < 500; i++) {
		ssize_t n, done = 0;

		random = random * 1103515245 + 12345;
		n = 1 + (random >> 8) % (ssize_t)sizeof(data);
		while (done < n) {
			ssize_t w = write(pairs[own][0], data + done, (size_t)(n - done));

			if (w < 0)
				return (void *)1;
			done += w;
		}
		__atomic_add_fetch(&sent, n, __ATOMIC_SEQ_CST);
	}
	shutdown(pairs[own][0], SHUT_WR);
	return NULL;
}

static void note_alarm(int unused)
{
	(void)unused;
}

/* Read all that is there of @fd. Return: bytes; *@end: nothing more will come. */
static long drain(int fd, bool *end)
{
	char data[5000];
	long all = 0;
	ssize_t n;

	while ((n = read(fd, data, sizeof(data))) > 0)
		all += n;
	*end = n == 0;
	return all;
}

static void edges(void)
{
	struct sigaction a = { .sa_handler = note_alarm, .sa_flags = SA_RESTART };
	struct itimerval often = { { 0, 3000 }, { 0, 3000 } }, never = { { 0, 0 }, { 0, 0 } };
	struct epoll_event e = { .events = EPOLLIN | EPOLLET | EPOLLRDHUP }, got[4];
	int ep = epoll_create1(0), open = PAIRS, n;
	pthread_t t[PAIRS];
	long received = 0;

	sent = 0;
	for (long i = 0; i < PAIRS; i++) {
		socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]);
		fcntl(pairs[i][1], F_SETFL, O_NONBLOCK);
		e.data.fd = pairs[i][1];
		epoll_ctl(ep, EPOLL_CTL_ADD, pairs[i][1], &e);
		pthread_create(&t[i], NULL, send_pieces, (void *)(intptr_t)i);
	}
	sigaction(SIGALRM, &a, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	while (open && (n = epoll_wait(ep, got, 4, 10000))) {
		for (int i = 0; i < n; i++) {
			bool end;

			received += drain(got[i].data.fd, &end);
			if (end) {
				close(got[i].data.fd);
				open--;
			}
		}
	}
	setitimer(ITIMER_REAL, &never, NULL);
	is(open, 0, "edge-triggered readers of %d sockets see every end", PAIRS);
	for (int i = 0; i < PAIRS; i++) {
		if (open)
			close(pairs[i][1]);
		pthread_join(t[i], NULL);
		close(pairs[i][0]);
	}
	is(received, sent, "and every byte, signals or not");
	close(ep);
}

static int counters[WAITERS], counter_set;
static long counted;

static void *count_up(void *p)
{
	uint64_t one = 1;

	for (int i = 0; i < 3000; i++) {
		write(*(int *)p, &one, sizeof(one));
		if (i % 7 == 0)
			sched_yield();
	}
	return NULL;
}

static void *count_down(void *unused)
{
	struct epoll_event got[4];
	uint64_t v;

	for (;;) {
		int n = epoll_wait(counter_set, got, 4, 5000);

		if (n <= 0)
			return counter_set ? (void *)1 : unused;
		for (int i = 0; i < n; i++) {
			if (got[i].data.fd == counters[WAITERS - 1])
				return NULL;
			if (read(got[i].data.fd, &v, sizeof(v)) == sizeof(v))
				__atomic_add_fetch(&counted, (long)v, __ATOMIC_SEQ_CST);
		}
	}
}

static void many_waiters(void)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLET };
	pthread_t up[WAITERS - 1], down[WAITERS];
	uint64_t one = 1;
	int bad = 0;
	void *r;

	counter_set = epoll_create1(0);
	counted = 0;
	for (int i = 0; i < WAITERS; i++) {
		counters[i] = eventfd(0, EFD_NONBLOCK);
		if (i == WAITERS - 1)
			e.events = EPOLLIN; /* the sign to end, for all of them */
		e.data.fd = counters[i];
		epoll_ctl(counter_set, EPOLL_CTL_ADD, counters[i], &e);
	}
	for (int i = 0; i < WAITERS; i++)
		pthread_create(&down[i], NULL, count_down, NULL);
	for (int i = 0; i < WAITERS - 1; i++)
		pthread_create(&up[i], NULL, count_up, &counters[i]);
	for (int i = 0; i < WAITERS - 1; i++)
		pthread_join(up[i], NULL);
	for (int i = 0; i < 100 && __atomic_load_n(&counted, __ATOMIC_SEQ_CST) < 3000 * (WAITERS - 1); i++)
		sleep_ms(20);
	write(counters[WAITERS - 1], &one, sizeof(one));
	for (int i = 0; i < WAITERS; i++) {
		pthread_join(down[i], &r);
		bad += r != NULL;
	}
	is(counted, 3000 * (WAITERS - 1), "%d threads in one set take every count", WAITERS);
	is(bad, 0, "and all of them hear the end");
	for (int i = 0; i < WAITERS; i++)
		close(counters[i]);
	close(counter_set);
}

static struct sockaddr_un echo_name = { .sun_family = AF_UNIX, .sun_path = "\0whittle echo" };
static const socklen_t echo_len = offsetof(struct sockaddr_un, sun_path) + sizeof("\0whittle echo") - 1;
static int listener;

static void *serve(void *unused)
{
	long served = 0;
	char data[10];

	(void)unused;
	for (;;) {
		int c = accept(listener, NULL, NULL);
		ssize_t n = read(c, data, sizeof(data));

		if (n == 4) {
			close(c);
			return (void *)(intptr_t)served;
		}
		write(c, data, (size_t)n);
		close(c);
		served++;
	}
}

static void *ask(void *unused)
{
	char data[10];

	for (int i = 0; i < 200; i++) {
		int s = socket(AF_UNIX, SOCK_STREAM, 0);

		if (connect(s, (void *)&echo_name, echo_len) || write(s, "hi", 2) != 2 || read(s, data, sizeof(data)) != 2)
			return (void *)1;
		close(s);
	}
	return unused;
}

static void connections(void)
{
	pthread_t servers[3], clients[5];
	long served = 0, bad = 0;
	char byte;
	void *r;

	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	bind(listener, (void *)&echo_name, echo_len);
	listen(listener, 2);
	for (int i = 0; i < 3; i++)
		pthread_create(&servers[i], NULL, serve, NULL);
	for (int i = 0; i < 5; i++)
		pthread_create(&clients[i], NULL, ask, NULL);
	for (int i = 0; i < 5; i++) {
		pthread_join(clients[i], &r);
		bad += r != NULL;
	}
	is(bad, 0, "1,000 connections through a short backlog");
	for (int i = 0; i < 3; i++) {
		int s = socket(AF_UNIX, SOCK_STREAM, 0);

		connect(s, (void *)&echo_name, echo_len);
		write(s, "quit", 4);
		read(s, &byte, 1);
		close(s);
	}
	for (int i = 0; i < 3; i++) {
		pthread_join(servers[i], &r);
		served += (long)(intptr_t)r;
	}
	is(served, 1000, "each accepted once");
	close(listener);
}

static long free_kilobytes(void)
{
	char text[4096], *p;
	int fd = open("/proc/meminfo", O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	close(fd);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	p = strstr(text, "MemFree:");
	return p ? atol(p + 8) : -1;
}

/* Make one of each and close it in a state in which it holds something. */
static void make_and_close(int round)
{
	static char data[150000];
	struct epoll_event e = { .events = EPOLLIN }, got;
	struct itimerspec soon = { { 0, 1000000 }, { 0, 1 } };
	int p[2], s[2], q[2], c[3], ev = eventfd(0, 0), ep = epoll_create1(0), outer = epoll_create1(0), l, t;
	union {
		char bytes[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr header;
	} u = { { 0 } };
	struct iovec iov = { data, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &u, .msg_controllen = sizeof(u) };

	pipe(p);
	write(p[1], data, 60000);
	read(p[0], data, 100);
	socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s);
	socketpair(AF_UNIX, SOCK_DGRAM, 0, q);
	write(s[0], data, sizeof(data));
	u.header = (struct cmsghdr){ CMSG_LEN(2 * sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
	memcpy(CMSG_DATA(&u.header), (int[]){ ev, s[0] }, 2 * sizeof(int));
	sendmsg(q[0], &m, 0);
	send(q[0], data, 30000, 0);
	epoll_ctl(ep, EPOLL_CTL_ADD, ev, &e);
	epoll_ctl(ep, EPOLL_CTL_ADD, s[0], &e);
	epoll_ctl(outer, EPOLL_CTL_ADD, ep, &e);
	eventfd_write(ev, 1);
	epoll_wait(outer, &got, 1, 0);
	l = socket(AF_UNIX, SOCK_STREAM, 0);
	bind(l, (void *)&echo_name, echo_len);
	listen(l, 5);
	for (int i = 0; i < 3; i++) {
		c[i] = socket(AF_UNIX, SOCK_STREAM, 0);
		connect(c[i], (void *)&echo_name, echo_len);
		write(c[i], data, 5000);
	}
	t = timerfd_create(CLOCK_MONOTONIC, 0);
	timerfd_settime(t, 0, &soon, NULL);
	if (round & 1)
		close(ep);
	close(accept(l, NULL, NULL));
	close(l);
	for (int i = 0; i < 3; i++)
		close(c[i]);
	for (int i = 0; i < 2; i++) {
		close(p[i]);
		close(s[i]);
		close(q[i]);
	}
	close(ev);
	if (!(round & 1))
		close(ep);
	close(outer);
	close(t);
}

static void leaks(void)
{
	int next = dup(0), after;
	long before;

	close(next);
	for (int i = 0; i < 50; i++)
		make_and_close(i);
	before = free_kilobytes();
	for (int i = 0; i < 500; i++)
		make_and_close(i);
	after = dup(0);
	is(after, next, "no descriptor is left over");
	close(after);
	if (in_guest())
		ok(free_kilobytes() > before - 200, "and no memory: %ld KiB free, then %ld", before, free_kilobytes());
}

void suite_ipc_stress(void)
{
	signal(SIGPIPE, SIG_IGN);
	token_ring();
	edges();
	many_waiters();
	connections();
	leaks();
}
