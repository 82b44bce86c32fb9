/* gate PORT TO [LIFETIME]: pass connections on, from 127.0.0.1:PORT to 127.0.0.1:TO, connecting one after another. With a
 * LIFETIME each is cut at a random moment, that many milliseconds after its beginning on average: half of them by a reset,
 * the others by the end of both directions, whatever is under way.
 *
 * QEMU's user network listens with a backlog of 1: of many clients at once the host drops most SYNs and repeats them
 * after 1, 2, 4 … seconds, all at the same moments. Here each waits in a queue of its own until the one before is through.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Two directions of one connection; who ends last closes both. */
struct both {
	int fd[2];
	int running;     /* atomic */
	int lifetime_ms; /* -1: until one of them ends */
};
struct way {
	struct both *both;
	int from;
};

static struct sockaddr_in at(const char *port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static void cut(const struct both *both)
{
	struct linger reset = { .l_onoff = 1, .l_linger = 0 };

	for (int i = 0; i < 2; i++) {
		if (both->lifetime_ms & 1)
			setsockopt(both->fd[i], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		shutdown(both->fd[i], SHUT_RDWR);
	}
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* One direction, until its end or an error; then both sides know. The first one sees to the end of the lifetime, too. */
static void *pass(void *arg)
{
	struct way w = *(struct way *)arg;
	int from = w.both->fd[w.from], to = w.both->fd[!w.from];
	int64_t end = w.from || w.both->lifetime_ms < 0 ? INT64_MAX : now_ms() + w.both->lifetime_ms;
	static __thread char buf[65536];
	ssize_t n;

	free(arg);
	for (;;) {
		if (end != INT64_MAX) {
			int64_t left = end - now_ms();

			if (left <= 0 || poll(&(struct pollfd){ from, POLLIN, 0 }, 1, (int)left) == 0) {
				cut(w.both);
				break;
			}
		}
		if ((n = read(from, buf, sizeof(buf))) <= 0)
			break;
		for (ssize_t done = 0, m; done < n; done += m)
			if ((m = write(to, buf + done, (size_t)(n - done))) <= 0)
				goto out;
	}
out:
	shutdown(to, SHUT_WR);
	shutdown(from, SHUT_RD);
	if (__atomic_sub_fetch(&w.both->running, 1, __ATOMIC_ACQ_REL) == 0) {
		close(from);
		close(to);
		free(w.both);
	}
	return NULL;
}

static void start(struct both *both, int from)
{
	struct way *w = malloc(sizeof(*w));
	pthread_attr_t attr;
	pthread_t t;

	*w = (struct way){ both, from };
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&t, &attr, pass, w))
		exit(1);
}

/* Has the listener at @port accepted all that came? For a listening socket /proc/net/tcp has their number as rx_queue; those come
 * first, before thousands that are over. */
static bool all_accepted(unsigned port)
{
	FILE *f = fopen("/proc/net/tcp", "r");
	unsigned local, state, waiting;
	bool accepted = true;
	char line[300];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, " %*d: %*x:%x %*x:%*x %x %*x:%x", &local, &state, &waiting) != 3)
			continue; /* the heading */
		if (state != 10)
			break;
		if (local == port)
			accepted = waiting == 0;
	}
	if (f)
		fclose(f);
	return accepted;
}

int main(int argc, char **argv)
{
	struct timespec moment = { 0, 1000000 };
	int l = socket(AF_INET, SOCK_STREAM, 0), one = 1, lifetime_ms = argc == 4 ? atoi(argv[3]) : 0;
	struct sockaddr_in here, there;
	struct both *both;

	if (argc != 3 && argc != 4)
		return 2;
	here = at(argv[1]);
	there = at(argv[2]);
	signal(SIGPIPE, SIG_IGN);
	setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(l, (void *)&here, sizeof(here)) || listen(l, 1000)) {
		perror("gate");
		return 1;
	}
	for (;;) {
		int c = accept(l, NULL, NULL), s = socket(AF_INET, SOCK_STREAM, 0);

		if (c < 0 || connect(s, (void *)&there, sizeof(there))) {
			close(c);
			close(s);
			continue;
		}
		setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		both = malloc(sizeof(*both));
		*both = (struct both){ { c, s }, 2, lifetime_ms ? (int)(random() % (2 * lifetime_ms)) : -1 };
		start(both, 0);
		start(both, 1);
		for (int i = 0; i < 2000 && !all_accepted((unsigned)atoi(argv[2])); i++)
			nanosleep(&moment, NULL);
	}
}
