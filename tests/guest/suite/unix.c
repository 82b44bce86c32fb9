/* AF_UNIX sockets. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "suite.h"

static void pairs(void)
{
	int s[2], n;
	char buf[100];
	struct pollfd f;

	is(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0, "a stream pair");
	is(send(s[0], "hello", 5, 0), 5, "send");
	ok(recv(s[1], buf, 3, MSG_PEEK) == 3 && !memcmp(buf, "hel", 3), "MSG_PEEK takes nothing");
	is(ioctl(s[1], FIONREAD, &n), 0, "FIONREAD");
	is(n, 5, "all is there");
	is(write(s[0], " you", 4), 4, "write");
	ok(read(s[1], buf, 100) == 9 && !memcmp(buf, "hello you", 9), "a stream joins");
	fails(recv(s[1], buf, 1, MSG_DONTWAIT), EAGAIN, "MSG_DONTWAIT");
	is(send(s[1], "back", 4, 0), 4, "the other way");
	is(shutdown(s[1], SHUT_WR), 0, "shutdown of one direction");
	ok(read(s[0], buf, 100) == 4 && read(s[0], buf, 100) == 0, "what was sent, then the end");
	is(write(s[0], "still", 5), 5, "the other direction lives");
	is(read(s[1], buf, 100), 5, "arrives");
	fails(send(s[1], "x", 1, MSG_NOSIGNAL), EPIPE, "none is sent after shutdown");
	close(s[1]);
	f = (struct pollfd){ s[0], POLLIN, 0 };
	ok(poll(&f, 1, 100) == 1 && f.revents & POLLHUP, "poll: hung up");
	fails(send(s[0], "x", 1, MSG_NOSIGNAL), EPIPE, "nobody is there");
	close(s[0]);
	is(socketpair(AF_UNIX, SOCK_DGRAM, 0, s), 0, "a datagram pair");
	send(s[0], "one", 3, 0);
	send(s[0], "three", 5, 0);
	send(s[0], "", 0, 0);
	is(recv(s[1], buf, 100, 0), 3, "datagrams stay apart");
	ok(recv(s[1], buf, 2, MSG_TRUNC) == 5 && !memcmp(buf, "th", 2), "MSG_TRUNC tells the length");
	is(recv(s[1], buf, 100, 0), 0, "even an empty one");
	close(s[0]);
	close(s[1]);
	is(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, s), 0, "a packet pair");
	ok(fcntl(s[0], F_GETFL) & O_NONBLOCK && fcntl(s[0], F_GETFD) == FD_CLOEXEC, "with its flags");
	send(s[0], "ab", 2, 0);
	send(s[0], "cd", 2, 0);
	ok(recv(s[1], buf, 100, 0) == 2 && recv(s[1], buf, 100, 0) == 2, "packets stay apart");
	close(s[0]);
	is(recv(s[1], buf, 100, 0), 0, "the end");
	close(s[1]);
	fails(socketpair(AF_INET, SOCK_STREAM, 0, s), EOPNOTSUPP, "no pairs of AF_INET");
	fails(socket(AF_UNIX, 99, 0), EINVAL, "type 99");
	fails(socket(99, SOCK_STREAM, 0), EAFNOSUPPORT, "family 99");
}

static struct sockaddr_un address;

static void *be_client(void *unused)
{
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	char buf[4096];
	ssize_t n;

	if (connect(s, (void *)&address, sizeof(address)))
		return (void *)1;
	memset(buf, 1, sizeof(buf));
	for (int i = 0; i < 100; i++)
		if (send(s, buf, sizeof(buf), 0) != sizeof(buf))
			return (void *)2;
	shutdown(s, SHUT_WR);
	n = recv(s, buf, sizeof(buf), 0);
	close(s);
	return n == 4 && !memcmp(buf, "done", 4) ? unused : (void *)3;
}

static void named(void)
{
	int l = socket(AF_UNIX, SOCK_STREAM, 0), c, again;
	struct sockaddr_un peer;
	socklen_t len = sizeof(peer);
	struct ucred cred;
	struct stat st;
	pthread_t t;
	void *result;
	ssize_t n, all = 0;
	char buf[3000];

	memset(&address, 0, sizeof(address));
	address.sun_family = AF_UNIX;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", scratch("socket"));
	fails(connect(l, (void *)&address, sizeof(address)), ENOENT, "no socket of that name");
	is(bind(l, (void *)&address, sizeof(address)), 0, "bind");
	ok(stat(address.sun_path, &st) == 0 && S_ISSOCK(st.st_mode), "makes a file");
	again = socket(AF_UNIX, SOCK_STREAM, 0);
	fails(bind(again, (void *)&address, sizeof(address)), EADDRINUSE, "the name is taken");
	fails(connect(again, (void *)&address, sizeof(address)), ECONNREFUSED, "nobody listens");
	close(again);
	is(listen(l, 5), 0, "listen");
	pthread_create(&t, NULL, be_client, NULL);
	c = accept4(l, (void *)&peer, &len, SOCK_CLOEXEC);
	ok(c >= 0, "accept");
	is(len, sizeof(sa_family_t), "a peer without a name");
	len = sizeof(peer);
	ok(getsockname(c, (void *)&peer, &len) == 0 && !strcmp(peer.sun_path, address.sun_path), "our own name");
	len = sizeof(cred);
	ok(getsockopt(c, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 && cred.pid == getpid() && cred.uid == getuid(), "SO_PEERCRED");
	while ((n = recv(c, buf, sizeof(buf), 0)) > 0)
		all += n;
	is(all, 409600, "all that was sent");
	is(send(c, "done", 4, 0), 4, "an answer");
	pthread_join(t, &result);
	is((long)(uintptr_t)result, 0, "the client is content");
	close(c);
	close(l);
	fails(connect(c = socket(AF_UNIX, SOCK_STREAM, 0), (void *)&address, sizeof(address)), ECONNREFUSED,
	      "closed, nobody listens");
	close(c);
	unlink(address.sun_path);
	memcpy(address.sun_path, "\0abstract", 9);
	l = socket(AF_UNIX, SOCK_DGRAM, 0);
	is(bind(l, (void *)&address, offsetof(struct sockaddr_un, sun_path) + 9), 0, "an abstract name");
	c = socket(AF_UNIX, SOCK_DGRAM, 0);
	is(sendto(c, "to you", 6, 0, (void *)&address, offsetof(struct sockaddr_un, sun_path) + 9), 6, "a datagram to it");
	is(recv(l, buf, 100, 0), 6, "arrives");
	close(c);
	close(l);
}

static void passing(void)
{
	int s[2], p[2], got = -1;
	char byte = 'f', control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	struct cmsghdr *c;

	socketpair(AF_UNIX, SOCK_STREAM, 0, s);
	pipe(p);
	memset(control, 0, sizeof(control));
	c = CMSG_FIRSTHDR(&m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &p[1], sizeof(int));
	is(sendmsg(s[0], &m, 0), 1, "a descriptor is sent");
	close(p[1]);
	memset(control, 0, sizeof(control));
	m.msg_controllen = sizeof(control);
	is(recvmsg(s[1], &m, MSG_CMSG_CLOEXEC), 1, "and received");
	c = CMSG_FIRSTHDR(&m);
	if (ok(c && c->cmsg_type == SCM_RIGHTS, "as SCM_RIGHTS"))
		memcpy(&got, CMSG_DATA(c), sizeof(int));
	is(fcntl(got, F_GETFD), FD_CLOEXEC, "MSG_CMSG_CLOEXEC");
	ok(write(got, "z", 1) == 1 && read(p[0], &byte, 1) == 1 && byte == 'z', "it is the pipe");
	close(got);
	is(read(p[0], &byte, 1), 0, "closed, it was the last one");
	close(p[0]);
	close(s[0]);
	close(s[1]);
}

void suite_unix(void)
{
	signal(SIGPIPE, SIG_IGN);
	pairs();
	named();
	passing();
}
