/* Says each change of this machine's addresses of IPv6 and its name servers, until input ends (tests/guest/slaac.t).
 * "self": first, a byte to itself through each link-local address, by TCP and UDP.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static size_t read_file(const char *name, char *out, size_t size)
{
	FILE *f = fopen(name, "r");
	size_t n = f ? fread(out, 1, size - 1, f) : 0;

	if (f)
		fclose(f);
	out[n] = 0;
	return n;
}

static struct sockaddr_in6 link_local(const char *interface)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6 };
	FILE *f = fopen("/proc/net/if_inet6", "r");
	char hex[33], name[IF_NAMESIZE];
	unsigned index, flags;

	while (f && fscanf(f, "%32s %x %*x %*x %x %15s", hex, &index, &flags, name) == 4) {
		if (strcmp(name, interface) || strncmp(hex, "fe80", 4) || flags & 0x40)
			continue;
		for (int i = 0; i < 16; i++) {
			unsigned byte;

			sscanf(hex + 2 * i, "%2x", &byte);
			a.sin6_addr.s6_addr[i] = (uint8_t)byte;
		}
		a.sin6_scope_id = index;
	}
	if (f)
		fclose(f);
	return a;
}

static int fail(const char *what)
{
	printf("self: %s: %s\n", what, strerror(errno));
	return 1;
}

static int self(void)
{
	struct sockaddr_in6 a, from;
	socklen_t len = sizeof(a);
	int l, c, s, u, sent = 0;
	static char big[100000], got[sizeof(big)];
	size_t n = 0;

	for (int tries = 0; tries < 300 && !(a = link_local("eth0")).sin6_scope_id; tries++)
		usleep(100000);
	if (!a.sin6_scope_id)
		return fail("no address");
	l = socket(AF_INET6, SOCK_STREAM, 0);
	c = socket(AF_INET6, SOCK_STREAM, 0);
	u = socket(AF_INET6, SOCK_DGRAM, 0);
	if (bind(l, (void *)&a, sizeof(a)) || listen(l, 1) || getsockname(l, (void *)&a, &len))
		return fail("listen");
	if (connect(c, (void *)&a, sizeof(a)))
		return fail("connect");
	len = sizeof(from);
	s = accept(l, (void *)&from, &len);
	if (s < 0 || from.sin6_scope_id != a.sin6_scope_id || memcmp(&from.sin6_addr, &a.sin6_addr, 16))
		return fail("accept");
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)(i * 11 + i / 999);
	while (n < sizeof(big)) {
		ssize_t r = (size_t)sent < sizeof(big) ? send(c, big + sent, sizeof(big) - (size_t)sent, MSG_DONTWAIT) : 0;

		sent += r > 0 ? (int)r : 0;
		poll(&(struct pollfd){ s, POLLIN, 0 }, 1, 1000);
		r = recv(s, got + n, sizeof(got) - n, MSG_DONTWAIT);
		if (r > 0)
			n += (size_t)r;
		else if (errno != EAGAIN)
			return fail("recv");
	}
	if (memcmp(big, got, sizeof(big)))
		return fail("other bytes");
	if (bind(u, (void *)&a, sizeof(a)) || sendto(u, big, 1000, 0, (void *)&a, sizeof(a)) != 1000 ||
	    recv(u, got, sizeof(got), 0) != 1000)
		return fail("UDP");
	a.sin6_scope_id = 0;
	if (!connect(c, (void *)&a, sizeof(a)))
		return fail("connect without a scope");
	printf("self: reached\n");
	return 0;
}

int main(int argc, char **argv)
{
	static char was[8192], now[8192];

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1 && !strcmp(argv[1], "self"))
		return self();
	for (;;) {
		struct pollfd f = { 0, POLLIN, 0 };
		size_t n = read_file("/proc/net/if_inet6", now, sizeof(now) / 2);
		char byte;

		read_file("/etc/resolv.conf", now + n, sizeof(now) - n);
		if (strcmp(was, now))
			printf("%s.\n", strcpy(was, now));
		if (poll(&f, 1, 100) == 1 && read(0, &byte, 1) <= 0)
			return 0;
	}
}
