/* microbench: what an operating system's primitives cost in instructions, read by the icount plugin (mark.h).
 *
 * Operations, numbers and marks are those that the figures of other systems in bench/field were measured with: change
 * none. Others go to variants.c.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "mark.h"

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cv = PTHREAD_COND_INITIALIZER;
static int turn, stop;

static void *pong(void *u)
{
	pthread_mutex_lock(&mu);
	while (!stop) {
		while (turn != 1 && !stop)
			pthread_cond_wait(&cv, &mu);
		turn = 0;
		pthread_cond_signal(&cv);
	}
	pthread_mutex_unlock(&mu);
	return u;
}

static int ping(void)
{
	pthread_mutex_lock(&mu);
	turn = 1;
	pthread_cond_signal(&cv);
	while (turn != 0)
		pthread_cond_wait(&cv, &mu);
	pthread_mutex_unlock(&mu);
	return 0;
}

static void *nothing(void *u)
{
	return u;
}

static int thread_once(void)
{
	pthread_t t;

	return pthread_create(&t, NULL, nothing, NULL) || pthread_join(t, NULL);
}

static int map_touch(size_t pages)
{
	volatile char *p = mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return 1;
	for (size_t i = 0; i < pages; i++)
		p[i * 4096] = 1;
	return munmap((void *)p, pages * 4096);
}

static int alloc_once(int i)
{
	void *q = malloc(100 + i % 900);

	__asm__ volatile("" ::"r"(q) : "memory");
	free(q);
	return q == NULL;
}

static int tcp_pair(int fd[2])
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int one = 1, l = socket(AF_INET, SOCK_STREAM, 0);

	if (l < 0 || bind(l, (void *)&a, sizeof(a)) || listen(l, 1) || getsockname(l, (void *)&a, &len))
		return 0;
	fd[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(fd[0], (void *)&a, sizeof(a)))
		return 0;
	fd[1] = accept(l, NULL, NULL);
	setsockopt(fd[0], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd[1], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	close(l);
	return fd[1] >= 0;
}

int main(void)
{
	static char buf[65536];
	int p[2] = { -1, -1 }, s[2] = { -1, -1 }, t[2] = { -1, -1 }, null, zero, file, ev, ep;
	struct epoll_event e = { .events = EPOLLIN }, got;
	struct timespec ts;
	struct stat st;
	pthread_t th;
	uint64_t one = 1;

	MARK(0x01);
	setvbuf(stdout, NULL, _IOLBF, 0);
	BENCH("getppid", 0x10, 0x11, 10000, 1, syscall(SYS_getppid) < 0);
	BENCH("clock_gettime", 0x12, 0x13, 10000, 1, clock_gettime(CLOCK_MONOTONIC, &ts) != 0);
	null = open("/dev/null", O_WRONLY);
	BENCH("write-null", 0x14, 0x15, 10000, null >= 0, write(null, buf, 1) != 1);
	zero = open("/dev/zero", O_RDONLY);
	BENCH("read-zero-4k", 0x16, 0x17, 10000, zero >= 0, read(zero, buf, 4096) != 4096);
	mkdir("/tmp", 0777);
	file = open("/tmp/microbench", O_RDWR | O_CREAT | O_TRUNC, 0600);
	BENCH("pwrite-4k", 0x18, 0x19, 5000, file >= 0, pwrite(file, buf, 4096, 0) != 4096);
	BENCH("pread-4k", 0x1a, 0x1b, 10000, file >= 0, pread(file, buf, 4096, 0) != 4096);
	BENCH("stat", 0x1c, 0x1d, 10000, file >= 0, stat("/tmp/microbench", &st) != 0);
	BENCH("open-close", 0x1e, 0x1f, 5000, file >= 0, close(open("/tmp/microbench", O_RDONLY)) != 0);
	BENCH("pipe-rw", 0x20, 0x21, 10000, pipe(p) == 0, write(p[1], buf, 1) != 1 || read(p[0], buf, 1) != 1);
	ev = eventfd(0, EFD_NONBLOCK);
	ep = epoll_create1(0);
	BENCH("epoll-eventfd", 0x22, 0x23, 10000, ev >= 0 && ep >= 0 && epoll_ctl(ep, EPOLL_CTL_ADD, ev, &e) == 0,
	      write(ev, &one, 8) != 8 || epoll_wait(ep, &got, 1, -1) != 1 || read(ev, &one, 8) != 8);
	BENCH("socketpair-rw", 0x24, 0x25, 10000, socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0,
	      write(s[0], buf, 1) != 1 || read(s[1], buf, 1) != 1);
	BENCH("tcp-loopback", 0x26, 0x27, 2000, tcp_pair(t), write(t[0], buf, 1) != 1 || read(t[1], buf, 1) != 1);
	BENCH("mmap-64pages", 0x28, 0x29, 500, 1, map_touch(64) != 0);
	BENCH("thread-join", 0x2a, 0x2b, 500, 1, thread_once() != 0);
	turn = 0;
	BENCH("cond-pingpong", 0x2c, 0x2d, 2000, pthread_create(&th, NULL, pong, NULL) == 0, ping() != 0);
	BENCH("malloc-free", 0x2e, 0x2f, 10000, 1, alloc_once(i));
	BENCH("sched_yield", 0x30, 0x31, 5000, 1, syscall(SYS_sched_yield) != 0);
	MARK(0x02);
	puts("microbench done");
	fflush(stdout);
	return 0;
}
