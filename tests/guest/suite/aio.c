/* Asynchronous I/O: io_setup(2), io_submit(2), io_getevents(2), io_cancel(2), io_destroy(2). */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "suite.h"

/* linux/aio_abi.h, which musl's headers do not reach. */
typedef unsigned long aio_context_t;
enum {
	IOCB_CMD_PREAD, IOCB_CMD_PWRITE, IOCB_CMD_FSYNC, IOCB_CMD_FDSYNC, IOCB_CMD_POLL = 5, IOCB_CMD_NOOP, IOCB_CMD_PREADV,
	IOCB_CMD_PWRITEV,
};
enum { IOCB_FLAG_RESFD = 1 };
struct iocb {
	uint64_t aio_data;
	uint32_t aio_key, aio_rw_flags;
	uint16_t aio_lio_opcode;
	int16_t aio_reqprio;
	uint32_t aio_fildes;
	uint64_t aio_buf, aio_nbytes;
	int64_t aio_offset;
	uint64_t aio_reserved2;
	uint32_t aio_flags, aio_resfd;
};
struct io_event {
	uint64_t data, obj;
	int64_t res, res2;
};

static aio_context_t context;

static long setup(unsigned n, aio_context_t *c)
{
	return syscall(SYS_io_setup, n, c);
}
static long submit(aio_context_t c, long n, struct iocb **list)
{
	return syscall(SYS_io_submit, c, n, list);
}
static long submit_one(struct iocb *cb)
{
	return submit(context, 1, &cb);
}
static long events(long min, long max, struct io_event *to, long timeout_ms)
{
	struct timespec t = { timeout_ms / 1000, timeout_ms % 1000 * 1000000 };

	return syscall(SYS_io_getevents, context, min, max, to, timeout_ms < 0 ? NULL : &t);
}

static struct iocb request(int op, int fd, const void *buf, size_t n, long long offset)
{
	return (struct iocb){ .aio_lio_opcode = (uint16_t)op, .aio_fildes = (uint32_t)fd, .aio_buf = (uintptr_t)buf,
			      .aio_nbytes = n, .aio_offset = offset, .aio_data = 77 };
}

/* Submit one and take its event: its result. */
static long long through(struct iocb cb)
{
	struct io_event e = { 0 };
	long r = submit_one(&cb);

	if (r != 1)
		return -100000 - errno;
	if (events(1, 1, &e, 5000) != 1 || e.obj != (uintptr_t)&cb || e.data != 77)
		return -200000;
	return (long long)e.res;
}

static void files(void)
{
	static char out[10000], in[10000];
	int fd = open(scratch("aio"), O_RDWR | O_CREAT | O_TRUNC, 0600), only = open(scratch("aio"), O_RDONLY), count = eventfd(0, 0);
	struct iovec v[2] = { { in, 10 }, { in + 100, 20 } };
	struct iocb a, b, *list[2] = { &a, &b };
	struct io_event e[4];
	uint64_t n = 0;
	int pipes[2];

	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (char)('a' + i % 23);
	is(through(request(IOCB_CMD_PWRITE, fd, out, sizeof(out), 5)), sizeof(out), "a write");
	is(through(request(IOCB_CMD_PREAD, fd, in, sizeof(in), 5)), sizeof(out), "a read");
	ok(!memcmp(in, out, sizeof(in)), "of what was written");
	is(through(request(IOCB_CMD_PREAD, fd, in, 100, 9995)), 10, "at the end");
	is(through(request(IOCB_CMD_PREAD, fd, in, 100, 20000)), 0, "behind it");
	memset(in, 0, sizeof(in));
	is(through(request(IOCB_CMD_PREADV, fd, v, 2, 5)), 30, "two pieces");
	ok(!memcmp(in, out, 10) && !memcmp(in + 100, out + 10, 20), "each in its place");
	is(through(request(IOCB_CMD_PWRITEV, fd, v, 2, 0)), 30, "written");
	is(through(request(IOCB_CMD_FSYNC, fd, NULL, 0, 0)), 0, "fsync");
	is(through(request(IOCB_CMD_FDSYNC, fd, NULL, 0, 0)), 0, "fdatasync");
	is(through(request(IOCB_CMD_PREAD, fd, (void *)8, 10, 0)), -EFAULT, "to nowhere: its event says so");
	is(lseek(fd, 0, SEEK_CUR), 0, "the file's position has not moved");
	pipe(pipes);
	is(through(request(IOCB_CMD_PWRITE, pipes[1], "pipe", 4, 0)), 4, "a pipe");
	is(through(request(IOCB_CMD_PREAD, pipes[0], in, 100, 0)), 4, "read from");
	fcntl(pipes[0], F_SETFL, O_NONBLOCK);
	is(through(request(IOCB_CMD_PREAD, pipes[0], in, 100, 0)), -EAGAIN, "with nothing in it");

	a = request(IOCB_CMD_PREAD, fd, in, 10, 0);
	b = request(IOCB_CMD_PREAD, fd, in, 20, 0);
	a.aio_flags = b.aio_flags = IOCB_FLAG_RESFD;
	a.aio_resfd = b.aio_resfd = (uint32_t)count;
	is(submit(context, 2, list), 2, "two at once");
	ok(read(count, &n, sizeof(n)) == sizeof(n) && n == 2, "an eventfd counts them");
	is(events(1, 4, e, 1000), 2, "both events");
	ok(e[0].res + e[1].res == 30 && e[0].res2 == 0, "each with its result");
	is(events(0, 4, e, -1), 0, "no more");
	is(events(1, 4, e, 20), 0, "nor in 20 ms");
	is(events(1, 4, e, 0), 0, "nor at once");

	a = request(IOCB_CMD_PREAD, fd, in, 10, 0);
	b = request(IOCB_CMD_PREAD, -1, in, 10, 0);
	is(submit(context, 2, list), 1, "of two the second is wrong");
	is(events(1, 4, e, 1000), 1, "one event");
	fails(submit_one(&b), EBADF, "no such file");
	b = request(IOCB_CMD_PWRITE, only, in, 10, 0);
	fails(submit_one(&b), EBADF, "one that cannot be written");
	b = request(IOCB_CMD_PREAD, fd, in, 10, -5);
	fails(submit_one(&b), EINVAL, "a negative position");
	b = request(99, fd, in, 10, 0);
	fails(submit_one(&b), EINVAL, "an unknown operation");
	b = request(IOCB_CMD_NOOP, fd, NULL, 0, 0);
	fails(submit_one(&b), EINVAL, "nothing is none");
	b = request(IOCB_CMD_FSYNC, fd, in, 10, 0);
	fails(submit_one(&b), EINVAL, "fsync takes no buffer");
	b = request(IOCB_CMD_FSYNC, pipes[0], NULL, 0, 0);
	fails(submit_one(&b), EINVAL, "nor a pipe");
	b = request(IOCB_CMD_POLL, fd, NULL, 1, 0);
	fails(submit_one(&b), EINVAL, "poll takes no length");
	b = request(IOCB_CMD_PREADV, fd, (void *)8, 2, 0);
	fails(submit_one(&b), EFAULT, "a vector from nowhere");
	b = request(IOCB_CMD_PREAD, fd, (void *)-8, 10, 0);
	fails(submit_one(&b), EFAULT, "a buffer that cannot be");
	b = request(IOCB_CMD_PREAD, fd, in, (size_t)-1, 0);
	fails(submit_one(&b), EINVAL, "a negative length");
	b = request(IOCB_CMD_PREAD, fd, in, 10, 0);
	b.aio_rw_flags = 0x10000000;
	fails(submit_one(&b), EOPNOTSUPP, "an unknown flag");
	b.aio_rw_flags = 0;
	b.aio_reserved2 = 1;
	fails(submit_one(&b), EINVAL, "what is reserved");
	b.aio_reserved2 = 0;
	b.aio_flags = IOCB_FLAG_RESFD;
	b.aio_resfd = (uint32_t)-1;
	fails(submit_one(&b), EBADF, "no eventfd");
	b.aio_resfd = (uint32_t)fd;
	fails(submit_one(&b), EINVAL, "not an eventfd");
	fails(submit_one((struct iocb *)8), EFAULT, "no request there");
	fails(submit(context, 1, (struct iocb **)8), EFAULT, "no list there");
	fails(submit(context, -1, list), EINVAL, "fewer than none");
	fails(submit(0, 1, list), EINVAL, "no context");
	is(submit(context, 0, list), 0, "none at all");
	fails(events(2, 1, e, 0), EINVAL, "more than there is room for");
	fails(events(-1, 1, e, 0), EINVAL, "fewer than none");
	fails(syscall(SYS_io_getevents, context, 0, 1, e, 8), EFAULT, "a time-out from nowhere");
	fails(syscall(SYS_io_getevents, 0, 0, 1, e, NULL), EINVAL, "no context");
	a = request(IOCB_CMD_PREAD, fd, in, 10, 0);
	submit_one(&a);
	fails(events(1, 1, (struct io_event *)8, 1000), EFAULT, "events to nowhere");
	(void)events(0, 1, e, 0); /* whether that one is lost is not stated */
	close(fd);
	close(only);
	close(count);
	close(pipes[0]);
	close(pipes[1]);
}

static void *write_soon(void *arg)
{
	sleep_ms(30);
	write(*(int *)arg, "x", 1);
	return NULL;
}

static volatile bool returned;

static void *signal_until_returned(void *arg)
{
	for (int i = 0; i < 1000 && !returned; i++) {
		sleep_ms(10);
		pthread_kill(*(pthread_t *)arg, SIGUSR1);
	}
	return NULL;
}

static void on_signal(int sig)
{
	(void)sig;
}

static void polls(void)
{
	struct iocb in, out, again, many[400], *list;
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct { const void *mask; size_t size; } mask = { &(sigset_t){ { 0 } }, 8 }, bad = { &(sigset_t){ { 0 } }, 4 };
	int pair[2], count = eventfd(0, 0), n;
	pthread_t t, self = pthread_self();
	struct io_event e[4];
	uint64_t told;
	char c;

	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	in = request(IOCB_CMD_POLL, pair[0], (void *)POLLIN, 0, 0);
	in.aio_flags = IOCB_FLAG_RESFD;
	in.aio_resfd = (uint32_t)count;
	out = request(IOCB_CMD_POLL, pair[0], (void *)POLLOUT, 0, 0);
	is(submit_one(&out), 1, "poll for writing");
	ok(events(1, 1, e, 5000) == 1 && e[0].res & POLLOUT, "holds at once");
	is(submit_one(&in), 1, "poll for reading");
	is(events(0, 1, e, 0), 0, "does not");
	pthread_create(&t, NULL, write_soon, &pair[1]);
	ok(read(count, &told, sizeof(told)) == sizeof(told) && told == 1, "an eventfd tells");
	ok(events(1, 1, e, 5000) == 1 && e[0].res & POLLIN && e[0].obj == (uintptr_t)&in, "the event");
	pthread_join(t, NULL);
	read(pair[0], &c, 1);
	is(events(0, 4, e, 0), 0, "it tells once");
	is(submit_one(&in), 1, "and is asked again");
	pthread_create(&t, NULL, write_soon, &pair[1]);
	ok(events(1, 1, e, -1) == 1 && e[0].res & POLLIN, "a wait without end");
	pthread_join(t, NULL);
	read(pair[0], &c, 1);

	again = request(IOCB_CMD_POLL, pair[0], (void *)POLLIN, 0, 0);
	submit_one(&again);
	fails(syscall(SYS_io_cancel, context, &again, e), EINPROGRESS, "io_cancel");
	ok(events(1, 1, e, 5000) == 1 && e[0].obj == (uintptr_t)&again && e[0].res == 0, "its event");
	fails(syscall(SYS_io_cancel, context, &again, e), EINVAL, "nothing to cancel");
	fails(syscall(SYS_io_cancel, 0, &again, e), EINVAL, "no context");
	fails(syscall(SYS_io_cancel, context, 8, e), EFAULT, "no request there");
	again.aio_key = 1;
	fails(syscall(SYS_io_cancel, context, &again, e), EINVAL, "not one of ours");

	sigaction(SIGUSR1, &sa, NULL);
	returned = false;
	pthread_create(&t, NULL, signal_until_returned, &self);
	fails(events(1, 1, e, -1), EINTR, "a signal");
	returned = true;
	pthread_join(t, NULL);
	returned = false;
	pthread_create(&t, NULL, signal_until_returned, &self);
	fails(syscall(SYS_io_pgetevents, context, 1, 1, e, NULL, &mask), EINTR, "io_pgetevents with an empty mask");
	returned = true;
	pthread_join(t, NULL);
	fails(syscall(SYS_io_pgetevents, context, 0, 1, e, NULL, &bad), EINVAL, "a mask of the wrong size");
	fails(syscall(SYS_io_pgetevents, context, 0, 1, e, NULL, 8), EFAULT, "from nowhere");
	bad.mask = (void *)8, bad.size = 8;
	fails(syscall(SYS_io_pgetevents, context, 0, 1, e, NULL, &bad), EFAULT, "its mask from nowhere");
	is(syscall(SYS_io_pgetevents, context, 0, 1, e, NULL, NULL), 0, "without one");

	for (n = 0; n < 400; n++) {
		many[n] = again;
		many[n].aio_key = 0;
		list = &many[n];
		if (submit(context, 1, &list) != 1)
			break;
	}
	ok(n >= 8 && n < 400 && errno == EAGAIN, "there is an end: %d", n);
	is(write(pair[1], "x", 1), 1, "all of them wait for this");
	for (int i = 0; i < n; i += (int)events(1, 1, e, 5000))
		;
	is(events(0, 1, e, 0), 0, "all told");
	read(pair[0], &c, 1);
	/* The context is destroyed while these wait. */
	submit_one(&in);
	submit_one(&out);
	submit_one(&again);
	close(count);
	close(pair[0]);
	close(pair[1]);
}

static void *wait_for_event(void *arg)
{
	struct io_event e;

	(void)arg;
	if (events(1, 1, &e, -1) < 0)
		return (void *)(intptr_t)errno;
	return NULL;
}

void suite_aio(void)
{
	aio_context_t other = 0, third = 1;
	pthread_t t;
	void *result;

	if (!ok(setup(8, &context) == 0 && context, "io_setup"))
		return;
	fails(setup(8, &third), EINVAL, "into what is not zero");
	third = 0;
	fails(setup(0, &third), EINVAL, "of none");
	fails(setup(0x20000000, &third), EINVAL, "of far too many");
	fails(setup(1000000, &third), EAGAIN, "of too many");
	fails(setup(8, (aio_context_t *)8), EFAULT, "to nowhere");
	ok(setup(1, &other) == 0 && other && other != context, "another");
	is(syscall(SYS_io_destroy, other), 0, "io_destroy");
	fails(syscall(SYS_io_destroy, other), EINVAL, "twice");
	files();
	polls();
	is(syscall(SYS_io_destroy, context), 0, "with requests that wait");
	fails(events(0, 1, NULL, 0), EINVAL, "it is gone");
	context = 0;
	setup(8, &context);
	pthread_create(&t, NULL, wait_for_event, NULL);
	sleep_ms(30);
	is(syscall(SYS_io_destroy, context), 0, "while somebody waits");
	pthread_join(t, &result);
	is((intptr_t)result, EINVAL, "who is told");
}
