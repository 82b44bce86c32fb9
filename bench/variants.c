/* variants: what microbench leaves out, measured in the same way: other sizes, deep paths, many descriptors, a file of the
 * read-only root, many descriptors of one epoll, TCP through the card. variants PORT: an echo server on the host.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mark.h"

enum { LARGE = 65536, MANY = 1000, WATCHED = 64 };

#define DEEP "/tmp/one/two/three/four/five/six/seven/eight"
#define HOST "10.0.2.2"

static char buf[LARGE];

/* All of @n, however many calls that takes: a pipe or a socket may take less at once than is asked for, so that writing,
 * which nobody else would make room for, must not wait. */
static int through(int to, int from, size_t n)
{
	size_t written = 0, got = 0;

	while (got < n) {
		ssize_t r = written < n ? write(to, buf, n - written) : 0;

		if (r < 0 && errno != EAGAIN)
			return 1;
		written += r > 0 ? (size_t)r : 0;
		r = read(from, buf, n - got);
		if (r <= 0)
			return 1;
		got += (size_t)r;
	}
	return 0;
}

static int no_waiting(int fd)
{
	return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0;
}

static int tcp_to(const char *host, unsigned port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	inet_pton(AF_INET, host, &a.sin_addr);
	if (fd < 0 || connect(fd, (void *)&a, sizeof(a)))
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static int tcp_pair(int fd[2])
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int l = socket(AF_INET, SOCK_STREAM, 0);

	if (l < 0 || bind(l, (void *)&a, sizeof(a)) || listen(l, 1) || getsockname(l, (void *)&a, &len))
		return 0;
	fd[0] = tcp_to("127.0.0.1", ntohs(a.sin_port));
	fd[1] = accept(l, NULL, NULL);
	close(l);
	return fd[0] >= 0 && fd[1] >= 0 && no_waiting(fd[0]);
}

static int make_deep(void)
{
	char path[] = DEEP "/file";

	for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		mkdir(path, 0777);
		*p = '/';
	}
	return close(open(path, O_CREAT | O_WRONLY, 0600)) == 0;
}

static int map_read(int fd, size_t n)
{
	volatile const char *p = mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0);
	char sum = 0;

	if (p == MAP_FAILED)
		return 1;
	for (size_t i = 0; i < n; i += 4096)
		sum = (char)(sum + p[i]);
	return munmap((void *)p, n);
}

#define SIZES(name, lo0, hi0, lo1, hi1, lo2, hi2, lo3, hi3, n, ok, f)                              \
	do {                                                                                       \
		BENCH(name "-1", lo0, hi0, n, ok, f(1));                                           \
		BENCH(name "-512", lo1, hi1, n, ok, f(512));                                       \
		BENCH(name "-4097", lo2, hi2, n, ok, f(4097));                                     \
		BENCH(name "-64k", lo3, hi3, (n) / 10, ok, f(LARGE));                              \
	} while (0)

#define PWRITE(n) (pwrite(file, buf, n, 0) != (n))
#define PREAD(n)  (pread(file, buf, n, 0) != (n))
#define ZERO(n)   (read(zero, buf, n) != (n))
#define PIPE(n)   through(p[1], p[0], n)
#define PAIR(n)   through(s[0], s[1], n)
#define TCP(n)    through(t[0], t[1], n)
#define ROM(n)    (pread(rom, buf, n, 0) != (n))

int main(int argc, char **argv)
{
	int p[2], s[2], t[2] = { -1, -1 }, zero, file, rom, ep, ready[WATCHED], out = -1, piped, paired, connected;
	static struct pollfd polled[MANY];
	struct epoll_event e = { .events = EPOLLIN }, got[WATCHED];
	struct stat st;
	uint64_t one = 1;

	setvbuf(stdout, NULL, _IOLBF, 0);
	mkdir("/tmp", 0777);
	file = open("/tmp/variants", O_RDWR | O_CREAT | O_TRUNC, 0600);
	zero = open("/dev/zero", O_RDONLY);
	rom = open(argv[0], O_RDONLY);
	piped = pipe(p) == 0 && no_waiting(p[1]);
	paired = socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0 && no_waiting(s[0]);
	connected = tcp_pair(t);
	SIZES("pwrite", 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 2000, file >= 0, PWRITE);
	SIZES("pread", 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f, 2000, file >= 0, PREAD);
	SIZES("read-zero", 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 2000, zero >= 0, ZERO);
	SIZES("pipe", 0x28, 0x29, 0x2a, 0x2b, 0x2c, 0x2d, 0x2e, 0x2f, 1000, piped, PIPE);
	SIZES("socketpair", 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 1000, paired, PAIR);
	SIZES("tcp-loopback", 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 1000, connected, TCP);
	SIZES("erofs-pread", 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 2000, rom >= 0, ROM);
	BENCH("erofs-stat", 0x48, 0x49, 2000, 1, stat(argv[0], &st) != 0);
	BENCH("erofs-open-close", 0x4a, 0x4b, 2000, 1, close(open(argv[0], O_RDONLY)) != 0);
	BENCH("erofs-mmap-64k", 0x4c, 0x4d, 500, rom >= 0, map_read(rom, LARGE));
	BENCH("deep-stat", 0x50, 0x51, 2000, make_deep(), stat(DEEP "/file", &st) != 0);
	BENCH("deep-open-close", 0x52, 0x53, 2000, 1, close(open(DEEP "/file", O_RDONLY)) != 0);

	ep = epoll_create1(0);
	for (int i = 0; i < WATCHED; i++) {
		e.data.fd = ready[i] = eventfd(0, EFD_NONBLOCK);
		epoll_ctl(ep, EPOLL_CTL_ADD, ready[i], &e);
	}
	BENCH("epoll-64-one", 0x54, 0x55, 2000, ep >= 0,
	      write(ready[7], &one, 8) != 8 || epoll_wait(ep, got, WATCHED, -1) != 1 || read(ready[7], &one, 8) != 8);
	for (int i = 0; i < WATCHED; i++)
		if (write(ready[i], &one, 8) != 8)
			return 1;
	BENCH("epoll-64-all", 0x56, 0x57, 2000, ep >= 0, epoll_wait(ep, got, WATCHED, -1) != WATCHED);

	for (int i = 0; i < MANY; i++)
		polled[i] = (struct pollfd){ .fd = dup(zero), .events = POLLPRI };
	BENCH("1000fds-open-close", 0x58, 0x59, 2000, polled[MANY - 1].fd >= 0, close(open("/tmp/variants", O_RDONLY)) != 0);
	BENCH("1000fds-poll", 0x5a, 0x5b, 100, polled[MANY - 1].fd >= 0, poll(polled, MANY, 0) != 0);
	if (argc > 1)
		out = tcp_to(HOST, (unsigned)atoi(argv[1]));
	errno = argc > 1 ? errno : EDESTADDRREQ;
	BENCH("tcp-host", 0x5c, 0x5d, 1000, out >= 0, write(out, buf, 1) != 1 || read(out, buf, 1) != 1);
	BENCH("tcp-host-4k", 0x5e, 0x5f, 500, out >= 0, through(out, out, 4096) != 0);
	puts("microbench done");
	return 0;
}
