/* Says what it knows of its network, then serves port 7: TCP and UDP come back as they came; "quit" by UDP ends it. */
#include <arpa/inet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS 2000

static void say_interfaces(int s)
{
	struct ifreq r[8];
	struct ifconf c = { .ifc_len = sizeof(r), .ifc_req = r };

	if (ioctl(s, SIOCGIFCONF, &c)) {
		perror("SIOCGIFCONF");
		return;
	}
	for (int i = 0; i < c.ifc_len / (int)sizeof(r[0]); i++) {
		struct ifreq q = r[i];

		printf("%s %s", r[i].ifr_name, inet_ntoa(((struct sockaddr_in *)&r[i].ifr_addr)->sin_addr));
		if (!ioctl(s, SIOCGIFNETMASK, &q))
			printf(" %s", inet_ntoa(((struct sockaddr_in *)&q.ifr_addr)->sin_addr));
		if (!ioctl(s, SIOCGIFFLAGS, &q))
			printf(" %s", q.ifr_flags & IFF_UP ? "up" : "down");
		printf("\n");
	}
}

static void say_servers(void)
{
	char line[200];
	FILE *f = fopen("/etc/resolv.conf", "r");

	while (f && fgets(line, sizeof(line), f))
		fputs(line, stdout);
	if (f)
		fclose(f);
}

int main(int argc, char *argv[])
{
	int tcp = socket(AF_INET6, SOCK_STREAM, 0), udp = socket(AF_INET, SOCK_DGRAM, 0), one = 1, n = 2;
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(7) }, from;
	struct sockaddr_in6 both = { .sin6_family = AF_INET6, .sin6_port = htons(7) }; /* IPv4, too */
	static struct pollfd f[CLIENTS];
	static char buf[65536];

	say_interfaces(udp);
	say_servers();
	if (argc > 1 && !strcmp(argv[1], "say"))
		return 0;
	setsockopt(tcp, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(tcp, (void *)&both, sizeof(both)) || listen(tcp, 1000) || bind(udp, (void *)&at, sizeof(at))) {
		perror("port 7");
		return 1;
	}
	f[0] = (struct pollfd){ tcp, POLLIN, 0 };
	f[1] = (struct pollfd){ udp, POLLIN, 0 };
	printf("ready\n");
	fflush(stdout);
	while (poll(f, (nfds_t)n, -1) > 0) {
		if (f[1].revents) {
			socklen_t len = sizeof(from);
			ssize_t got = recvfrom(udp, buf, sizeof(buf), 0, (void *)&from, &len);

			if (got == 4 && !memcmp(buf, "quit", 4))
				return 0;
			if (got >= 0)
				sendto(udp, buf, (size_t)got, 0, (void *)&from, len);
		}
		for (int i = 2; i < n; i++) {
			ssize_t got, sent, more;

			if (!f[i].revents)
				continue;
			got = recv(f[i].fd, buf, sizeof(buf), 0);
			for (sent = 0; got > 0 && sent < got; sent += more)
				if ((more = send(f[i].fd, buf + sent, (size_t)(got - sent), MSG_NOSIGNAL)) <= 0)
					got = -1;
			if (got > 0)
				continue;
			close(f[i].fd);
			f[i--] = f[--n];
		}
		if (f[0].revents && n < CLIENTS)
			f[n++] = (struct pollfd){ accept(tcp, NULL, NULL), POLLIN, 0 };
	}
	return 0;
}
