/* The finer points of pipes, FIFOs, epoll, poll, select, timerfd and signalfd, of AF_UNIX and its options. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "suite.h"

static volatile sig_atomic_t signals_seen;

static void count_signal(int unused)
{
	(void)unused;
	signals_seen++;
}

static void handle(int signo, int flags)
{
	struct sigaction a = { .sa_handler = count_signal, .sa_flags = flags };

	sigemptyset(&a.sa_mask);
	sigaction(signo, &a, NULL);
	signals_seen = 0;
}

struct kick {
	pthread_t thread;
	int signo, after_ms;
};

static void *kicker(void *p)
{
	struct kick *k = p;

	sleep_ms(k->after_ms);
	pthread_kill(k->thread, k->signo);
	return NULL;
}

static void *slow_reader(void *p)
{
	int fd = *(int *)p;
	char buf[4096];
	long all = 0;
	ssize_t n;

	sleep_ms(20);
	while ((n = read(fd, buf, 1000)) > 0)
		all += n;
	return (void *)all;
}

static void *write_byte_later(void *p)
{
	sleep_ms(30);
	return (void *)(intptr_t)write(*(int *)p, "b", 1);
}

static void pipe_edges(void)
{
	int p[2], n;
	char buf[8192], one;
	struct pollfd f;
	pthread_t t;
	void *all;
	struct iovec v[3] = { { "ab", 2 }, { NULL, 0 }, { "cde", 3 } };

	pipe(p);
	is(fcntl(p[0], F_GETPIPE_SZ), 65536, "F_GETPIPE_SZ");
	is(fcntl(p[1], F_SETPIPE_SZ, 5000), 8192, "F_SETPIPE_SZ rounds up to a power of two of pages");
	is(writev(p[1], v, 3), 5, "writev");
	ok(read(p[0], buf, 5) == 5 && !memcmp(buf, "abcde", 5), "joins");
	fcntl(p[1], F_SETFL, O_NONBLOCK);
	memset(buf, 'q', sizeof(buf));
	is(write(p[1], buf, 8000), 8000, "almost full");
	fails(write(p[1], buf, 4096), EAGAIN, "PIPE_BUF goes in whole or not at all");
	fails(fcntl(p[1], F_SETPIPE_SZ, 4096), EBUSY, "a pipe is not made smaller than what is in it");
	is(fcntl(p[1], F_SETPIPE_SZ, 65536), 65536, "but larger");
	is(write(p[1], buf, 4096), 4096, "then there is room");
	n = 0;
	ok(ioctl(p[0], FIONREAD, &n) == 0 && n == 12096, "nothing was lost");
	close(p[0]);
	handle(SIGPIPE, 0);
	fails(write(p[1], buf, 1), EPIPE, "nobody reads");
	is(signals_seen, 1, "SIGPIPE came");
	signal(SIGPIPE, SIG_IGN);
	close(p[1]);
	pipe(p);
	pthread_create(&t, NULL, slow_reader, &p[0]);
	for (n = 0; n < 50; n++)
		if (write(p[1], buf, sizeof(buf)) != sizeof(buf))
			break;
	is(n, 50, "a blocking writer waits for room");
	close(p[1]);
	pthread_join(t, &all);
	is((long)(intptr_t)all, 50 * 8192, "and all arrives");
	close(p[0]);
	is(mkfifo(scratch("fifo"), 0600), 0, "mkfifo");
	fails(open(scratch("fifo"), O_WRONLY | O_NONBLOCK), ENXIO, "a writer without a reader");
	p[0] = open(scratch("fifo"), O_RDONLY | O_NONBLOCK);
	ok(p[0] >= 0, "a reader without a writer does not wait with O_NONBLOCK");
	f = (struct pollfd){ p[0], POLLIN, 0 };
	is(poll(&f, 1, 0), 0, "nothing, and not hung up, before there was a writer");
	is(read(p[0], buf, 1), 0, "a read gives the end");
	p[1] = open(scratch("fifo"), O_WRONLY);
	ok(p[1] >= 0, "a writer");
	ok(write(p[1], "x", 1) == 1 && read(p[0], &one, 1) == 1 && one == 'x', "it goes through");
	close(p[1]);
	ok(poll(&f, 1, 0) == 1 && f.revents == POLLHUP, "hung up");
	close(p[0]);
	n = open(scratch("fifo"), O_RDWR);
	ok(n >= 0 && write(n, "y", 1) == 1 && read(n, &one, 1) == 1 && one == 'y', "O_RDWR is both ends");
	close(n);
	unlink(scratch("fifo"));
}

static void *epoll_waiter(void *p)
{
	struct epoll_event got;

	return (void *)(intptr_t)epoll_wait(*(int *)p, &got, 1, 300);
}

static void epoll_edges(void)
{
	struct epoll_event e = { .events = EPOLLIN }, got[8];
	int ep = epoll_create1(0), set[7], p[2], s[2], ev[3], i, n;
	sigset_t mask, none;
	pthread_t a, b;
	void *ra, *rb;
	struct kick k = { pthread_self(), SIGUSR1, 30 };
	uint64_t one = 1;

	for (i = 0; i < 7; i++)
		set[i] = epoll_create1(0);
	for (i = 0; i < 4; i++)
		is(epoll_ctl(set[i], EPOLL_CTL_ADD, set[i + 1], &e), 0, "sets within sets, %d deep", i + 1);
	fails(epoll_ctl(set[4], EPOLL_CTL_ADD, set[0], &e), ELOOP, "no loop of sets");
	ev[0] = eventfd(0, EFD_NONBLOCK);
	epoll_ctl(set[4], EPOLL_CTL_ADD, ev[0], &e);
	is(epoll_wait(set[0], got, 1, 0), 0, "nothing deep down");
	write(ev[0], &one, 8);
	is(epoll_wait(set[0], got, 1, 100), 1, "an event comes up through all of them");
	read(ev[0], &one, 8);
	is(epoll_wait(set[0], got, 1, 0), 0, "and goes again");
	for (i = 0; i < 7; i++)
		close(set[i]);
	fails(epoll_ctl(ep, EPOLL_CTL_MOD, ev[0], &e), ENOENT, "modify what is not in");
	e.events = EPOLLIN | EPOLLEXCLUSIVE;
	is(epoll_ctl(ep, EPOLL_CTL_ADD, ev[0], &e), 0, "EPOLLEXCLUSIVE");
	fails(epoll_ctl(ep, EPOLL_CTL_MOD, ev[0], &e), EINVAL, "is not modified");
	epoll_ctl(ep, EPOLL_CTL_DEL, ev[0], NULL);
	/* More are ready than there is room for: each gets its turn. */
	for (i = 0; i < 3; i++) {
		ev[i] = i ? eventfd(1, 0) : ev[0];
		if (!i)
			write(ev[0], &one, 8);
		e = (struct epoll_event){ .events = EPOLLIN, .data.u32 = (uint32_t)i };
		epoll_ctl(ep, EPOLL_CTL_ADD, ev[i], &e);
	}
	n = 0;
	for (i = 0; i < 3; i++)
		if (epoll_wait(ep, got, 1, 0) == 1)
			n |= 1 << got[0].data.u32;
	is(n, 7, "level-triggered ones take turns");
	is(epoll_wait(ep, got, 8, 0), 3, "all at once");
	/* The same file under two descriptors is two items; closing one leaves the file. */
	n = dup(ev[1]);
	e.data.u32 = 9;
	is(epoll_ctl(ep, EPOLL_CTL_ADD, n, &e), 0, "a second descriptor of one file");
	is(epoll_wait(ep, got, 8, 0), 4, "is an item of its own");
	epoll_ctl(ep, EPOLL_CTL_DEL, n, NULL);
	close(n);
	for (i = 0; i < 3; i++)
		close(ev[i]);
	is(epoll_wait(ep, got, 8, 0), 0, "closing takes out");
	socketpair(AF_UNIX, SOCK_STREAM, 0, s);
	e = (struct epoll_event){ .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET };
	epoll_ctl(ep, EPOLL_CTL_ADD, s[0], &e);
	ok(epoll_wait(ep, got, 8, 0) == 1 && got[0].events == EPOLLOUT, "a new socket can be written");
	is(epoll_wait(ep, got, 8, 0), 0, "said once");
	shutdown(s[1], SHUT_WR);
	ok(epoll_wait(ep, got, 8, 0) == 1 && got[0].events == (EPOLLIN | EPOLLOUT | EPOLLRDHUP), "EPOLLRDHUP");
	close(s[1]);
	ok(epoll_wait(ep, got, 8, 0) == 1 && got[0].events == (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP), "EPOLLHUP");
	close(s[0]);
	/* Several threads in one set. */
	pipe(p);
	e.events = EPOLLIN | EPOLLET;
	epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &e);
	pthread_create(&a, NULL, epoll_waiter, &ep);
	pthread_create(&b, NULL, epoll_waiter, &ep);
	sleep_ms(30);
	write(p[1], "x", 1);
	pthread_join(a, &ra);
	pthread_join(b, &rb);
	is((long)(intptr_t)ra + (long)(intptr_t)rb, 1, "one edge wakes one thread");
	/* Signals. */
	handle(SIGUSR1, SA_RESTART);
	pthread_create(&a, NULL, kicker, &k);
	fails(epoll_wait(ep, got, 8, 2000), EINTR, "epoll_wait is interrupted, SA_RESTART or not");
	pthread_join(a, NULL);
	sigemptyset(&none);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &mask, NULL);
	signals_seen = 0;
	pthread_kill(pthread_self(), SIGUSR1);
	is(epoll_wait(ep, got, 8, 10), 0, "not by a blocked signal");
	is(signals_seen, 0, "which waits");
	fails(epoll_pwait(ep, got, 8, 1000, &none), EINTR, "epoll_pwait lets it in");
	is(signals_seen, 1, "its handler ran");
	pthread_sigmask(SIG_BLOCK, NULL, &none);
	ok(sigismember(&none, SIGUSR1), "and the mask is as before");
	pthread_sigmask(SIG_UNBLOCK, &mask, NULL);
	close(p[0]);
	close(p[1]);
	close(ep);
}

static void poll_edges(void)
{
	struct rlimit limit;
	struct timespec ts = { 1, 0 };
	struct pollfd f[40];
	struct timeval tv = { 0, 0 };
	sigset_t mask, none;
	fd_set *large;
	int p[2], high = -1, i;
	pthread_t t;

	pipe(p);
	for (i = 0; i < 40; i++)
		f[i] = (struct pollfd){ p[0], POLLIN, 0 };
	pthread_create(&t, NULL, write_byte_later, &p[1]);
	is(poll(f, 40, 2000), 40, "poll with more than fits on a stack");
	pthread_join(t, NULL);
	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur > 1500) {
		high = fcntl(p[0], F_DUPFD, 1400);
		large = calloc(2, sizeof(*large));
		((unsigned long *)large)[1400 / (8 * sizeof(long))] |= 1ul << 1400 % (8 * sizeof(long));
		is(select(1401, large, NULL, NULL, &tv), 1, "select beyond FD_SETSIZE");
		ok(((unsigned long *)large)[1400 / (8 * sizeof(long))] & 1ul << 1400 % (8 * sizeof(long)), "finds it");
		close(high);
		fails(select(1401, large, NULL, NULL, &tv), EBADF, "a closed descriptor");
		free(large);
	}
	fails(select(-1, NULL, NULL, NULL, &tv), EINVAL, "a negative count");
	handle(SIGUSR1, 0);
	sigemptyset(&none);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &mask, NULL);
	pthread_kill(pthread_self(), SIGUSR1);
	fails(ppoll(f, 0, &ts, &none), EINTR, "ppoll lets a blocked signal in");
	is(signals_seen, 1, "its handler ran");
	pthread_kill(pthread_self(), SIGUSR1);
	fails(pselect(0, NULL, NULL, NULL, &ts, &none), EINTR, "pselect too");
	is(signals_seen, 2, "its handler ran again");
	pthread_sigmask(SIG_UNBLOCK, &mask, NULL);
	close(p[0]);
	close(p[1]);
}

static void signal_files(void)
{
	struct signalfd_siginfo info[3];
	struct epoll_event e = { .events = EPOLLIN }, got;
	int fd, ep = epoll_create1(0);
	union sigval value = { .sival_int = 77 };
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigaddset(&mask, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &mask, NULL);
	fd = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
	if (!ok(fd >= 0, "signalfd"))
		return;
	epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
	fails(read(fd, info, sizeof(info)), EAGAIN, "no signal");
	is(epoll_wait(ep, &got, 1, 0), 0, "epoll says so");
	kill(getpid(), SIGUSR2);
	sigqueue(getpid(), SIGUSR1, value);
	is(epoll_wait(ep, &got, 1, 100), 1, "epoll sees them");
	is(read(fd, info, sizeof(info)), 2 * sizeof(info[0]), "two signals are read");
	ok(info[0].ssi_signo == SIGUSR1 && info[0].ssi_int == 77 && info[0].ssi_code == SI_QUEUE, "the first, with its value");
	ok(info[1].ssi_signo == SIGUSR2 && info[1].ssi_pid == (uint32_t)getpid() && info[1].ssi_code == SI_USER, "the second");
	fails(read(fd, info, 10), EINVAL, "too little room");
	sigdelset(&mask, SIGUSR1);
	is(signalfd(fd, &mask, 0), fd, "its mask is changed");
	sigqueue(getpid(), SIGUSR1, value);
	fails(read(fd, info, sizeof(info)), EAGAIN, "the other one is not its business now");
	signal(SIGUSR1, SIG_IGN);
	sigaddset(&mask, SIGUSR1);
	pthread_sigmask(SIG_UNBLOCK, &mask, NULL);
	close(fd);
	close(ep);
}

static void timer_edges(void)
{
	struct itimerspec often = { { 0, 10000000 }, { 0, 10000000 } }, at, old;
	int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	struct pollfd f = { fd, POLLIN, 0 };
	uint64_t n;

	fails(read(fd, &n, 8), EAGAIN, "not armed");
	fails(timerfd_create(99, 0), EINVAL, "no such clock");
	memset(&at, 0, sizeof(at));
	clock_gettime(CLOCK_REALTIME, &at.it_value);
	at.it_value.tv_nsec += 20000000;
	if (at.it_value.tv_nsec >= 1000000000) {
		at.it_value.tv_sec++;
		at.it_value.tv_nsec -= 1000000000;
	}
	is(timerfd_settime(fd, TFD_TIMER_ABSTIME, &at, NULL), 0, "a moment of CLOCK_REALTIME");
	is(poll(&f, 1, 2000), 1, "comes");
	is(timerfd_settime(fd, 0, &often, NULL), 0, "periodic");
	is(timerfd_settime(fd, 0, &often, &old), 0, "set again");
	ok(old.it_interval.tv_nsec == 10000000 && old.it_value.tv_nsec > 0, "tells what was set before");
	sleep_ms(35);
	ok(read(fd, &n, 8) == 8 && n >= 3, "three periods");
	at.it_value.tv_nsec = -1;
	fails(timerfd_settime(fd, 0, &at, NULL), EINVAL, "negative nanoseconds");
	fails(timerfd_settime(0, 0, &often, NULL), EINVAL, "not a timer");
	close(fd);
}

static void socket_options(void)
{
	int s[2], n;
	socklen_t len = sizeof(n);
	struct timeval tv = { 0, 30000 };
	char buf[10000];
	long long start;
	struct kick k = { pthread_self(), SIGUSR1, 30 };
	pthread_t t;

	socketpair(AF_UNIX, SOCK_STREAM, 0, s);
	ok(getsockopt(s[0], SOL_SOCKET, SO_TYPE, &n, &len) == 0 && n == SOCK_STREAM && len == 4, "SO_TYPE");
	ok(getsockopt(s[0], SOL_SOCKET, SO_DOMAIN, &n, &len) == 0 && n == AF_UNIX, "SO_DOMAIN");
	ok(getsockopt(s[0], SOL_SOCKET, SO_ACCEPTCONN, &n, &len) == 0 && n == 0, "SO_ACCEPTCONN");
	ok(getsockopt(s[0], SOL_SOCKET, SO_ERROR, &n, &len) == 0 && n == 0, "SO_ERROR");
	n = 20000;
	is(setsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &n, sizeof(n)), 0, "SO_SNDBUF");
	ok(getsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &n, &len) == 0 && n == 40000, "is doubled");
	n = 1;
	setsockopt(s[0], SOL_SOCKET, SO_REUSEADDR, &n, sizeof(n));
	n = 0;
	ok(getsockopt(s[0], SOL_SOCKET, SO_REUSEADDR, &n, &len) == 0 && n == 1, "SO_REUSEADDR is kept");
	fails(setsockopt(s[0], SOL_SOCKET, 12345, &n, sizeof(n)), ENOPROTOOPT, "no such option");
	fails(setsockopt(s[0], SOL_SOCKET, SO_REUSEADDR, &n, 1), EINVAL, "too short");
	fails(getsockopt(0, SOL_SOCKET, SO_TYPE, &n, &len), ENOTSOCK, "not a socket");
	setsockopt(s[1], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	start = now_ms();
	fails(recv(s[1], buf, 1, 0), EAGAIN, "SO_RCVTIMEO");
	ok(now_ms() - start >= 29, "after its time");
	handle(SIGUSR1, SA_RESTART);
	tv.tv_usec = 500000;
	setsockopt(s[1], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	pthread_create(&t, NULL, kicker, &k);
	fails(recv(s[1], buf, 1, 0), EINTR, "with a time-out a call is not restarted");
	pthread_join(t, NULL);
	tv.tv_usec = 0;
	setsockopt(s[1], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	send(s[0], "a", 1, 0);
	pthread_create(&t, NULL, write_byte_later, &s[0]);
	ok(recv(s[1], buf, 2, MSG_WAITALL) == 2 && buf[1] == 'b', "MSG_WAITALL waits for all");
	pthread_join(t, NULL);
	fcntl(s[0], F_SETFL, O_NONBLOCK);
	while ((n = (int)send(s[0], buf, sizeof(buf), 0)) > 0)
		;
	fails(n, EAGAIN, "full");
	close(s[1]);
	fails(recv(s[0], buf, 1, 0), ECONNRESET, "closed with data that nobody read");
	is(recv(s[0], buf, 1, 0), 0, "said once");
	handle(SIGPIPE, 0);
	fails(send(s[0], buf, 1, 0), EPIPE, "EPIPE");
	is(signals_seen, 1, "and SIGPIPE");
	fails(send(s[0], buf, 1, MSG_NOSIGNAL), EPIPE, "MSG_NOSIGNAL");
	is(signals_seen, 1, "without");
	signal(SIGPIPE, SIG_IGN);
	close(s[0]);
}

static socklen_t abstract(struct sockaddr_un *a, const char *name)
{
	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	strcpy(a->sun_path + 1, name);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
}

static void *drain_later(void *p)
{
	char buf[100];

	sleep_ms(30);
	for (int i = 0; i < 3; i++)
		recv(*(int *)p, buf, sizeof(buf), 0);
	return NULL;
}

static void *accept_later(void *p)
{
	sleep_ms(30);
	return (void *)(intptr_t)accept(*(int *)p, NULL, NULL);
}

static void unix_edges(void)
{
	int l = socket(AF_UNIX, SOCK_STREAM, 0), c[4], n, d, on = 1;
	struct sockaddr_un a, from;
	socklen_t len = abstract(&a, "whittle edges"), from_len = sizeof(from);
	struct pollfd f;
	pthread_t t;
	void *got;
	char buf[100];

	fails(listen(l, 1), EINVAL, "listen needs a name");
	fails(accept(l, NULL, NULL), EINVAL, "accept needs listen");
	f = (struct pollfd){ l, POLLIN | POLLOUT, 0 };
	ok(poll(&f, 1, 0) == 1 && f.revents == (POLLOUT | POLLHUP), "poll of a socket that is not connected");
	fails(send(l, "x", 1, 0), ENOTCONN, "send needs a connection");
	fails(getpeername(l, (void *)&from, &from_len), ENOTCONN, "and so does getpeername");
	bind(l, (void *)&a, len);
	is(listen(l, 0), 0, "a backlog of 0");
	fcntl(l, F_SETFL, O_NONBLOCK);
	fails(accept(l, NULL, NULL), EAGAIN, "nobody connects");
	for (n = 0; n < 3; n++)
		c[n] = socket(AF_UNIX, SOCK_STREAM, 0);
	is(connect(c[0], (void *)&a, len), 0, "one connection may wait");
	ok(write(c[0], "early", 5) == 5, "and write before it is accepted");
	fcntl(c[1], F_SETFL, O_NONBLOCK);
	fails(connect(c[1], (void *)&a, len), EAGAIN, "but not a second");
	fcntl(l, F_SETFL, 0);
	pthread_create(&t, NULL, accept_later, &l);
	is(connect(c[2], (void *)&a, len), 0, "a blocking one waits for its place");
	pthread_join(t, &got);
	n = (int)(intptr_t)got;
	ok(n >= 0 && read(n, buf, 100) == 5, "what was written early is there");
	close(accept(l, NULL, NULL));
	fails(connect(c[0], (void *)&a, len), EISCONN, "connected already");
	is(connect(c[1], (void *)&a, len), 0, "now there is room");
	from_len = sizeof(from);
	ok(getpeername(c[0], (void *)&from, &from_len) == 0 && from_len == len && !memcmp(&from, &a, len), "getpeername");
	close(n);
	is(read(c[0], buf, 1), 0, "closed");
	close(l);
	fails(read(c[1], buf, 1), ECONNRESET, "never accepted, and the listener is gone");
	for (n = 0; n < 3; n++)
		close(c[n]);

	d = socket(AF_UNIX, SOCK_DGRAM, 0);
	len = abstract(&a, "whittle datagrams");
	bind(d, (void *)&a, len);
	fails(connect(c[0] = socket(AF_UNIX, SOCK_STREAM, 0), (void *)&a, len), ECONNREFUSED, "a name belongs to one type");
	close(c[0]);
	c[0] = socket(AF_UNIX, SOCK_DGRAM, 0);
	is(bind(c[0], (void *)&a, sizeof(sa_family_t)), 0, "autobind");
	from_len = sizeof(from);
	ok(getsockname(c[0], (void *)&from, &from_len) == 0 && from_len == sizeof(sa_family_t) + 6 && !from.sun_path[0],
	   "gives an abstract name");
	is(connect(c[0], (void *)&a, len), 0, "connect of a datagram socket");
	for (n = 0; send(c[0], "datagram", 8, MSG_DONTWAIT) == 8; n++)
		;
	fails(-1, EAGAIN, "a queue is full");
	ok(n >= 10 && n < 1000, "after some");
	f = (struct pollfd){ c[0], POLLOUT, 0 };
	is(poll(&f, 1, 0), 0, "poll says so");
	pthread_create(&t, NULL, drain_later, &d);
	is(send(c[0], "datagram", 8, 0), 8, "a blocking sender waits for room");
	pthread_join(t, NULL);
	n = 0;
	while (recv(d, buf, 100, MSG_DONTWAIT) > 0)
		n++;
	is(poll(&f, 1, 0), 1, "room again");
	is(send(c[0], "hello", 5, 0), 5, "one more");
	from_len = sizeof(from);
	ok(recvfrom(d, buf, 100, 0, (void *)&from, &from_len) == 5 && from_len == sizeof(sa_family_t) + 6, "its sender's name");
	setsockopt(d, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
	close(d);
	fails(send(c[0], "x", 1, 0), ECONNREFUSED, "nobody is there");
	fails(send(c[0], "x", 1, 0), ENOTCONN, "and the connection is over");
	close(c[0]);
}

static ssize_t send_with(int fd, const void *data, size_t n, int type, const void *control, size_t size)
{
	union {
		char bytes[256];
		struct cmsghdr header;
	} u = { { 0 } };
	struct iovec iov = { (void *)(uintptr_t)data, n };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = u.bytes, .msg_controllen = CMSG_SPACE(size) };

	u.header.cmsg_level = SOL_SOCKET;
	u.header.cmsg_type = type;
	u.header.cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(&u.header), control, size);
	return sendmsg(fd, &m, 0);
}

static void ancillary(void)
{
	int s[2], p[2], fds[4], on = 1, n;
	struct ucred cred = { getpid(), getuid(), getgid() }, wrong = { 1 << 22, 0, 0 };
	union {
		char bytes[256];
		struct cmsghdr header;
	} u;
	char buf[100];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = u.bytes };
	struct mmsghdr many[3];
	struct iovec vec[3];
	struct cmsghdr *c;

	socketpair(AF_UNIX, SOCK_STREAM, 0, s);
	pipe(p);
	for (n = 0; n < 4; n++)
		fds[n] = p[n & 1];
	is(send_with(s[0], "four", 4, SCM_RIGHTS, fds, sizeof(fds)), 4, "four descriptors");
	is(write(s[0], "plain", 5), 5, "then data without");
	m.msg_controllen = CMSG_LEN(2 * sizeof(int));
	is(recvmsg(s[1], &m, 0), 4, "a receive ends with the message that brought descriptors");
	c = CMSG_FIRSTHDR(&m);
	ok(m.msg_flags & MSG_CTRUNC && c->cmsg_len == CMSG_LEN(2 * sizeof(int)), "only two fit");
	memcpy(fds, CMSG_DATA(c), 2 * sizeof(int));
	ok(write(fds[1], "w", 1) == 1 && read(fds[0], buf, 1) == 1, "these work");
	close(fds[0]);
	close(fds[1]);
	m.msg_controllen = sizeof(u);
	ok(recvmsg(s[1], &m, 0) == 5 && m.msg_controllen == 0, "the rest has none");
	fds[0] = 12345;
	fails(send_with(s[0], "x", 1, SCM_RIGHTS, fds, sizeof(int)), EBADF, "a descriptor that is not open");
	fails(send_with(s[0], "x", 1, 99, fds, sizeof(int)), EINVAL, "an unknown kind");
	setsockopt(s[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
	is(send_with(s[0], "c", 1, SCM_CREDENTIALS, &cred, sizeof(cred)), 1, "credentials");
	m.msg_controllen = sizeof(u);
	is(recvmsg(s[1], &m, 0), 1, "arrive");
	c = CMSG_FIRSTHDR(&m);
	ok(c && c->cmsg_type == SCM_CREDENTIALS && !memcmp(CMSG_DATA(c), &cred, sizeof(cred)), "as they are");
	write(s[0], "d", 1);
	m.msg_controllen = sizeof(u);
	ok(recvmsg(s[1], &m, 0) == 1 && (c = CMSG_FIRSTHDR(&m)) && c->cmsg_type == SCM_CREDENTIALS &&
	   !memcmp(CMSG_DATA(c), &cred, sizeof(cred)), "also unasked, with SO_PASSCRED");
	if (getuid())
		fails(send_with(s[0], "c", 1, SCM_CREDENTIALS, &wrong, sizeof(wrong)), EPERM, "nobody else's");
	close(s[0]);
	close(s[1]);
	close(p[0]);
	close(p[1]);
	socketpair(AF_UNIX, SOCK_DGRAM, 0, s);
	for (n = 0; n < 3; n++) {
		vec[n] = (struct iovec){ "message" + n, (size_t)(7 - n) };
		many[n] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &vec[n], .msg_iovlen = 1 } };
	}
	is(sendmmsg(s[0], many, 3, 0), 3, "sendmmsg");
	ok(many[0].msg_len == 7 && many[2].msg_len == 5, "tells the lengths");
	for (n = 0; n < 3; n++)
		vec[n] = (struct iovec){ buf + 10 * n, 6 };
	is(recvmmsg(s[1], many, 3, MSG_WAITFORONE, NULL), 3, "recvmmsg");
	ok(many[0].msg_len == 6 && many[0].msg_hdr.msg_flags & MSG_TRUNC && many[1].msg_len == 6 &&
	   !(many[1].msg_hdr.msg_flags & MSG_TRUNC) && many[2].msg_len == 5, "each with its length and flags");
	close(s[0]);
	close(s[1]);
}

static void splices(void)
{
	char data[40000], back[40000];
	int p[2], q[2], s[2], in = open(scratch("in"), O_RDWR | O_CREAT | O_TRUNC, 0600);
	int out = open(scratch("out"), O_RDWR | O_CREAT | O_TRUNC, 0600);
	off_t at = 10, to = 5;
	struct iovec v = { data, 100 };
	ssize_t n, all;
	pthread_t t;

	for (n = 0; n < (ssize_t)sizeof(data); n++)
		data[n] = (char)(n * 7 + n / 256);
	write(in, data, sizeof(data));
	pipe(p);
	pipe(q);
	is(splice(in, &at, p[1], NULL, 30000, 0), 30000, "splice from a file into a pipe");
	is(at, 30010, "its offset moves on");
	is(lseek(in, 0, SEEK_CUR), sizeof(data), "the file's own does not");
	is(tee(p[0], q[1], 1000, 0), 1000, "tee");
	ok(read(q[0], back, 1000) == 1000 && !memcmp(back, data + 10, 1000), "copies");
	for (all = 0; all < 30000 && (n = splice(p[0], NULL, out, &to, 30000, 0)) > 0; all += n)
		;
	is(all, 30000, "from the pipe into a file");
	ok(pread(out, back, 30000, 5) == 30000 && !memcmp(back, data + 10, 30000), "all is there");
	fails(splice(p[0], NULL, out, NULL, 10, SPLICE_F_NONBLOCK), EAGAIN, "nothing is left");
	lseek(in, 0, SEEK_SET);
	ok(splice(in, NULL, p[1], NULL, 100, 0) == 100 && lseek(in, 0, SEEK_CUR) == 100, "at the file's own position");
	is(splice(p[0], NULL, q[1], NULL, 60, 0), 60, "from pipe to pipe");
	ok(read(q[0], back, 100) == 60 && read(p[0], back + 60, 100) == 40 && !memcmp(back, data, 100), "in order");
	is(vmsplice(p[1], &v, 1, 0), 100, "vmsplice");
	is(read(p[0], back, 200), 100, "arrives");
	socketpair(AF_UNIX, SOCK_STREAM, 0, s);
	pthread_create(&t, NULL, write_byte_later, &s[0]);
	is(splice(s[1], NULL, p[1], NULL, 1000, 0), 1, "from a socket, as soon as something comes");
	pthread_join(t, NULL);
	is(splice(p[0], NULL, s[1], NULL, 1000, 0), 1, "and back into one");
	is(read(s[0], back, 10), 1, "arrives");
	fails(splice(in, NULL, out, NULL, 10, 0), EINVAL, "no pipe at either end");
	fails(splice(p[0], &at, out, NULL, 10, 0), ESPIPE, "a pipe has no offset");
	fails(splice(p[1], NULL, out, NULL, 10, 0), EBADF, "the wrong end");
	fails(splice(p[0], NULL, p[1], NULL, 10, 0), EINVAL, "a pipe into itself");
	fails(tee(in, p[1], 10, 0), EINVAL, "tee wants two pipes");
	close(p[1]);
	is(splice(p[0], NULL, out, NULL, 10, 0), 0, "the end of a pipe");
	close(q[0]);
	fails(splice(in, &at, q[1], NULL, 10, 0), EPIPE, "nobody reads");
	close(p[0]);
	close(q[1]);
	close(s[0]);
	close(s[1]);
	close(in);
	close(out);
}

void suite_ipc_edges(void)
{
	signal(SIGPIPE, SIG_IGN);
	pipe_edges();
	epoll_edges();
	poll_edges();
	signal_files();
	timer_edges();
	socket_options();
	unix_edges();
	ancillary();
	splices();
}
