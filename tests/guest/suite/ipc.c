/* Pipes, poll, select, epoll, eventfd, timerfd. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/timerfd.h>

#include "suite.h"

static void *write_slowly(void *fd)
{
	char data[1000];

	memset(data, 'p', sizeof(data));
	for (int i = 0; i < 300; i++)
		if (write(*(int *)fd, data, sizeof(data)) != sizeof(data))
			break;
	close(*(int *)fd);
	return NULL;
}

static void *write_later(void *fd)
{
	sleep_ms(40);
	if (write(*(int *)fd, "12345678", 8) != 8)
		perror("write");
	return NULL;
}

static void pipes(void)
{
	int p[2], n = 0;
	char buf[70000];
	ssize_t got, all = 0;
	pthread_t t;

	if (!ok(pipe(p) == 0, "pipe"))
		return;
	is(write(p[1], "hello", 5), 5, "a write");
	is(ioctl(p[0], FIONREAD, &n), 0, "FIONREAD");
	is(n, 5, "counts it");
	ok(read(p[0], buf, 2) == 2 && !memcmp(buf, "he", 2), "a part is read");
	ok(read(p[0], buf, 100) == 3 && !memcmp(buf, "llo", 3), "then the rest");
	fails(lseek(p[0], 0, SEEK_SET), ESPIPE, "no seeking");
	fails(write(p[0], "x", 1), EBADF, "the reading end is not written");
	fails(read(p[1], buf, 1), EBADF, "the writing end is not read");
	pthread_create(&t, NULL, write_slowly, &p[1]);
	while ((got = read(p[0], buf, 777)) > 0)
		all += got;
	pthread_join(t, NULL);
	is(all, 300000, "more than fits goes through");
	is(got, 0, "then the end");
	close(p[0]);
	is(pipe2(p, O_NONBLOCK | O_CLOEXEC), 0, "pipe2");
	is(fcntl(p[0], F_GETFD), FD_CLOEXEC, "O_CLOEXEC");
	fails(read(p[0], buf, 1), EAGAIN, "nothing to read");
	for (all = 0; (got = write(p[1], buf, 4096)) > 0; all += got)
		;
	fails(got, EAGAIN, "full");
	ok(all >= 65536, "after at least 64 KiB");
	fails(write(p[1], buf, 1), EAGAIN, "not one byte more");
	close(p[1]);
	for (all = 0; (got = read(p[0], buf, sizeof(buf))) > 0; all += got)
		;
	ok(got == 0 && all >= 65536, "all is read after the writer has gone");
	close(p[0]);
	fails(pipe2(p, 0x40000000), EINVAL, "pipe2 with odd flags");
}

static void polls(void)
{
	int p[2], e = eventfd(0, 0);
	struct pollfd f[3];
	struct timeval tv = { 0, 20000 };
	struct timespec ts = { 0, 20000000 };
	long long start;
	fd_set in, out;
	pthread_t t;
	char buf[10];

	pipe(p);
	f[0] = (struct pollfd){ p[0], POLLIN, 0 };
	f[1] = (struct pollfd){ p[1], POLLOUT, 0 };
	f[2] = (struct pollfd){ -1, POLLIN, 99 };
	ok(poll(f, 3, 0) == 1 && f[0].revents == 0 && f[1].revents == POLLOUT && f[2].revents == 0, "poll: can be written");
	start = now_ms();
	is(poll(f, 1, 30), 0, "poll with nothing to read");
	ok(now_ms() - start >= 29, "takes its 30 ms");
	is(ppoll(f, 1, &ts, NULL), 0, "ppoll too");
	pthread_create(&t, NULL, write_later, &p[1]);
	ok(poll(f, 1, 5000) == 1 && f[0].revents == POLLIN, "poll: can be read");
	pthread_join(t, NULL);
	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_SET(p[0], &in);
	FD_SET(e, &in);
	FD_SET(e, &out);
	is(select(FD_SETSIZE, &in, &out, NULL, NULL), 2, "select: two are ready");
	ok(FD_ISSET(p[0], &in) && !FD_ISSET(e, &in) && FD_ISSET(e, &out), "those");
	read(p[0], buf, 8);
	FD_ZERO(&in);
	FD_SET(p[0], &in);
	is(select(p[0] + 1, &in, NULL, NULL, &tv), 0, "select with a timeout");
	ok(!FD_ISSET(p[0], &in), "clears the set");
	close(p[1]);
	ok(poll(f, 1, 1000) == 1 && f[0].revents & POLLHUP, "poll: hung up");
	close(p[0]);
	ok(poll(f, 1, 1000) == 1 && f[0].revents == POLLNVAL, "poll: no such descriptor");
	pipe(p);
	f[0] = (struct pollfd){ p[1], POLLOUT, 0 };
	close(p[0]);
	ok(poll(f, 1, 1000) == 1 && f[0].revents & POLLERR, "poll: nobody reads");
	close(p[1]);
	close(e);
	start = now_ms();
	is(poll(NULL, 0, 20), 0, "poll of nothing sleeps");
	ok(now_ms() - start >= 19, "its 20 ms");
}

static void epolls(void)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u64 = 0x123456789abcdefull }, got[4];
	int ep = epoll_create1(EPOLL_CLOEXEC), p[2], outer, ev;
	long long start;
	pthread_t t;
	char buf[10];

	pipe(p);
	if (!ok(ep >= 0, "epoll_create1"))
		return;
	is(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &e), 0, "a pipe is added");
	fails(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &e), EEXIST, "twice");
	fails(epoll_ctl(ep, EPOLL_CTL_MOD, p[1], &e), ENOENT, "one that is not in");
	fails(epoll_ctl(ep, EPOLL_CTL_DEL, 9999, &e), EBADF, "one that does not exist");
	fails(epoll_ctl(ep, EPOLL_CTL_ADD, ep, &e), EINVAL, "itself");
	fails(epoll_wait(ep, got, 0, 0), EINVAL, "room for no event");
	is(epoll_wait(ep, got, 4, 0), 0, "nothing is ready");
	start = now_ms();
	is(epoll_wait(ep, got, 4, 30), 0, "nothing within 30 ms");
	ok(now_ms() - start >= 29, "which it takes");
	pthread_create(&t, NULL, write_later, &p[1]);
	is(epoll_wait(ep, got, 4, -1), 1, "something is written");
	ok(got[0].events == EPOLLIN && got[0].data.u64 == 0x123456789abcdefull, "the event and its data");
	pthread_join(t, NULL);
	is(epoll_wait(ep, got, 4, 0), 1, "it stays ready");
	e.events = EPOLLIN | EPOLLET;
	is(epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &e), 0, "made edge-triggered");
	is(epoll_wait(ep, got, 4, 0), 1, "it is told once");
	is(epoll_wait(ep, got, 4, 0), 0, "and no more");
	write(p[1], "x", 1);
	is(epoll_wait(ep, got, 4, 0), 1, "until more comes");
	e.events = EPOLLIN | EPOLLONESHOT;
	epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &e);
	is(epoll_wait(ep, got, 4, 0), 1, "EPOLLONESHOT tells once");
	write(p[1], "x", 1);
	is(epoll_wait(ep, got, 4, 0), 0, "and not when more comes");
	epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &e);
	is(epoll_wait(ep, got, 4, 0), 1, "until it is armed again");
	outer = epoll_create1(0);
	e.events = EPOLLIN;
	ev = eventfd(0, 0);
	epoll_ctl(ep, EPOLL_CTL_DEL, p[0], NULL);
	epoll_ctl(ep, EPOLL_CTL_ADD, ev, &e);
	is(epoll_ctl(outer, EPOLL_CTL_ADD, ep, &e), 0, "an epoll in an epoll");
	is(epoll_wait(outer, got, 4, 0), 0, "is not ready");
	eventfd_write(ev, 1);
	is(epoll_wait(outer, got, 4, 0), 1, "until the inner one is");
	close(ev);
	is(epoll_wait(ep, got, 4, 0), 0, "what is closed is out");
	close(p[1]);
	e.events = 0;
	epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &e);
	while (read(p[0], buf, sizeof(buf)) > 0)
		;
	ok(epoll_wait(ep, got, 4, 0) == 1 && got[0].events == EPOLLHUP, "EPOLLHUP is told unasked");
	fails(epoll_ctl(ep, EPOLL_CTL_ADD, open(scratch("regular"), O_RDWR | O_CREAT, 0600), &e), EPERM, "no regular files");
	close(p[0]);
	close(outer);
	close(ep);
}

static void eventfds(void)
{
	int e = eventfd(3, EFD_NONBLOCK);
	uint64_t v = 4;
	pthread_t t;

	ok(write(e, &v, 8) == 8 && read(e, &v, 8) == 8 && v == 7, "eventfd adds up");
	fails(read(e, &v, 8), EAGAIN, "and is empty then");
	v = ~0ull;
	fails(write(e, &v, 8), EINVAL, "the largest number is refused");
	v = ~0ull - 1;
	is(write(e, &v, 8), 8, "the next to it is not");
	v = 1;
	fails(write(e, &v, 8), EAGAIN, "it is full then");
	fails(read(e, &v, 4), EINVAL, "four bytes are too few");
	close(e);
	e = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
	ok(read(e, &v, 8) == 8 && v == 1 && read(e, &v, 8) == 8 && v == 1, "EFD_SEMAPHORE counts down");
	fails(read(e, &v, 8), EAGAIN, "to nothing");
	close(e);
	e = eventfd(0, 0);
	pthread_create(&t, NULL, write_later, &e);
	is(read(e, &v, 8), 8, "a read waits");
	pthread_join(t, NULL);
	close(e);
}

static void timerfds(void)
{
	struct itimerspec soon = { { 0, 0 }, { 0, 30000000 } }, often = { { 0, 5000000 }, { 0, 5000000 } }, left;
	int fd = timerfd_create(CLOCK_MONOTONIC, 0), ep = epoll_create1(0);
	struct epoll_event e = { .events = EPOLLIN }, got;
	long long start = now_ms();
	uint64_t n = 0;

	if (!ok(fd >= 0, "timerfd_create"))
		return;
	is(timerfd_settime(fd, 0, &soon, NULL), 0, "timerfd_settime");
	ok(timerfd_gettime(fd, &left) == 0 && left.it_value.tv_nsec > 0 && left.it_value.tv_nsec <= 30000000, "timerfd_gettime");
	ok(read(fd, &n, 8) == 8 && n == 1 && now_ms() - start >= 29, "a read waits for it");
	timerfd_settime(fd, 0, &often, NULL);
	sleep_ms(40);
	ok(read(fd, &n, 8) == 8 && n >= 5, "a periodic one counts");
	epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
	is(epoll_wait(ep, &got, 1, 1000), 1, "epoll sees it");
	clock_gettime(CLOCK_MONOTONIC, &soon.it_value);
	is(timerfd_settime(fd, TFD_TIMER_ABSTIME, &soon, NULL), 0, "set to a time that is past");
	ok(read(fd, &n, 8) == 8 && n == 1, "it is over at once");
	memset(&soon, 0, sizeof(soon));
	timerfd_settime(fd, 0, &soon, NULL);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	fails(read(fd, &n, 8), EAGAIN, "disarmed");
	close(fd);
	close(ep);
}

void suite_ipc(void)
{
	signal(SIGPIPE, SIG_IGN);
	pipes();
	polls();
	epolls();
	eventfds();
	timerfds();
}
