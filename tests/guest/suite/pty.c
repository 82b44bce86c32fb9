/* Pseudo-terminals and what terminals do with lines, echo and signals. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <termios.h>

#include "suite.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER 0x5441
#endif
#ifndef TIOCSIG
#define TIOCSIG 0x40045436
#endif
#ifndef TIOCGPTLCK
#define TIOCGPTLCK 0x80045439
#endif
#ifndef TIOCGEXCL
#define TIOCGEXCL 0x80045440
#endif

static int master, slave;
static char name[64];
static volatile sig_atomic_t caught[65];

static void on_signal(int sig)
{
	caught[sig]++;
}

static void type(const char *text)
{
	if (write(master, text, strlen(text)) != (ssize_t)strlen(text))
		ok(false, "typed %s", text);
}

/* What can be read of @fd now, with control characters made visible. */
static const char *there(int fd)
{
	static char text[2000];
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char buf[400];
	size_t used = 0;

	text[0] = '\0';
	/* The host's terminals pass bytes on in the background. */
	while (poll(&p, 1, used ? 20 : 100) == 1 && p.revents & POLLIN) {
		ssize_t n = read(fd, buf, sizeof(buf));

		if (n <= 0)
			break;
		for (ssize_t i = 0; i < n; i++) {
			const char *form = buf[i] == '\n' ? "\\n" : buf[i] == '\r' ? "\\r" : buf[i] == '\b' ? "\\b" : "%c";

			used += (size_t)snprintf(text + used, sizeof(text) - used, form, buf[i]);
		}
	}
	return text;
}

static void shows(int fd, const char *wanted, const char *what)
{
	const char *got = there(fd);

	if (!ok(!strcmp(got, wanted), "%s: %s", what, wanted))
		printf("#   got %s\n", got);
}

static void change(tcflag_t iflag_off, tcflag_t iflag_on, tcflag_t lflag_off, tcflag_t lflag_on)
{
	struct termios t;

	tcgetattr(slave, &t);
	t.c_iflag = (t.c_iflag & ~iflag_off) | iflag_on;
	t.c_lflag = (t.c_lflag & ~lflag_off) | lflag_on;
	tcsetattr(slave, TCSANOW, &t);
}

static void lines(void)
{
	struct termios saved;
	char buf[100];
	int n;

	tcgetattr(slave, &saved);
	fcntl(slave, F_SETFL, O_NONBLOCK);
	type("abc");
	fails(read(slave, buf, sizeof(buf)), EAGAIN, "no line yet");
	shows(master, "abc", "echo");
	type("\r");
	shows(slave, "abc\\n", "a line");
	shows(master, "\\r\\n", "CR is echoed as CR LF");
	type("one\ntwo\n");
	there(master);
	is(read(slave, buf, sizeof(buf)), 4, "a line at a time");
	ok(ioctl(slave, FIONREAD, &n) == 0 && n == 4, "FIONREAD");
	is(read(slave, buf, 2), 2, "a part of one");
	is(read(slave, buf, sizeof(buf)), 2, "the rest of it");
	type("abx\177c\n");
	shows(master, "abx\\b \\bc\\r\\n", "erase");
	shows(slave, "abc\\n", "the character is gone");
	type("\001x\177\177y\n");
	shows(master, "^Ax\\b \\b\\b \\b\\b \\by\\r\\n", "a control character takes two columns");
	shows(slave, "y\\n", "both erased");
	type("some words\027more\n");
	shows(master, "some words\\b \\b\\b \\b\\b \\b\\b \\b\\b \\bmore\\r\\n", "a word is erased");
	shows(slave, "some more\\n", "it is gone");
	type("all\025new\n");
	shows(master, "all\\b \\b\\b \\b\\b \\bnew\\r\\n", "a line is erased");
	shows(slave, "new\\n", "it is gone too");
	type("a\026\177b\n");
	shows(master, "a^\\b^?b\\r\\n", "the next one literally");
	shows(slave, "a\177b\\n", "is there");
	type("ab\022");
	shows(master, "ab^R\\r\\nab", "shown again");
	type("\n");
	shows(slave, "ab\\n", "and read once");
	there(master);
	type("no end\004");
	shows(slave, "no end", "an end of file makes a line of what there is");
	type("\004");
	poll(&(struct pollfd){ .fd = slave, .events = POLLIN }, 1, 1000);
	is(read(slave, buf, sizeof(buf)), 0, "on an empty line it is one");
	fails(read(slave, buf, sizeof(buf)), EAGAIN, "once");
	there(master);
	change(0, IUTF8, 0, 0);
	type("\303\244\177b\n");
	shows(master, "\303\244\\b \\bb\\r\\n", "a character of two bytes");
	shows(slave, "b\\n", "erased");
	change(IUTF8 | ICRNL, IGNCR | INLCR, ECHO, ECHONL);
	type("x\ry\004");
	shows(slave, "xy", "IGNCR");
	type("q\n\004");
	shows(slave, "q\\r", "INLCR");
	shows(master, "", "no echo");
	change(IGNCR | INLCR, ICRNL | ISTRIP, 0, 0);
	type("\341\n");
	shows(slave, "a\\n", "ISTRIP");
	shows(master, "\\r\\n", "ECHONL");
	tcsetattr(slave, TCSANOW, &saved);
	fcntl(slave, F_SETFL, 0);
}

static void *type_later(void *text)
{
	sleep_ms(40);
	type(text);
	return NULL;
}

static void raw(void)
{
	struct termios saved, t;
	char buf[100];
	pthread_t thread;
	long long start;

	tcgetattr(slave, &saved);
	t = saved;
	cfmakeraw(&t);
	t.c_cc[VMIN] = 1;
	type("part");
	there(master);
	tcsetattr(slave, TCSANOW, &t);
	shows(slave, "part", "what was an unfinished line");
	type("\003\004\n");
	shows(slave, "\003\004\\n", "nothing means anything");
	shows(master, "", "nor is it echoed");
	write(slave, "x\n", 2);
	shows(master, "x\\n", "output is as it is");
	t.c_cc[VMIN] = 3;
	tcsetattr(slave, TCSANOW, &t);
	type("ab");
	pthread_create(&thread, NULL, type_later, "c");
	is(read(slave, buf, sizeof(buf)), 3, "VMIN");
	pthread_join(thread, NULL);
	t.c_cc[VTIME] = 1;
	tcsetattr(slave, TCSANOW, &t);
	type("ab");
	is(read(slave, buf, sizeof(buf)), 2, "VTIME between bytes");
	t.c_cc[VMIN] = 0;
	tcsetattr(slave, TCSANOW, &t);
	start = now_ms();
	is(read(slave, buf, sizeof(buf)), 0, "VTIME alone");
	ok(now_ms() - start >= 80, "is a time-out");
	pthread_create(&thread, NULL, type_later, "z");
	t.c_cc[VTIME] = 50;
	tcsetattr(slave, TCSANOW, &t);
	is(read(slave, buf, sizeof(buf)), 1, "that ends with a byte");
	pthread_join(thread, NULL);
	t.c_cc[VTIME] = 0;
	tcsetattr(slave, TCSANOW, &t);
	is(read(slave, buf, sizeof(buf)), 0, "neither");
	type("lost");
	poll(&(struct pollfd){ .fd = slave, .events = POLLIN }, 1, 1000);
	tcflush(slave, TCIFLUSH);
	shows(slave, "", "TCIFLUSH");
	tcsetattr(slave, TCSAFLUSH, &saved);
}

static void *write_to_slave(void *arg)
{
	*(volatile ssize_t *)arg = write(slave, "held", 4);
	return NULL;
}

static void flow(void)
{
	volatile ssize_t written = -2;
	pthread_t t;
	char buf[8000];
	ssize_t n, all = 0;

	type("\023");
	sleep_ms(20);
	pthread_create(&t, NULL, write_to_slave, (void *)&written);
	shows(master, "", "output is stopped");
	is(written, -2, "the writer waits");
	type("\021");
	pthread_join(t, NULL);
	is(written, 4, "until it is started");
	shows(master, "held", "and read");
	is(tcflow(slave, TCOOFF), 0, "TCOOFF");
	fcntl(slave, F_SETFL, O_NONBLOCK);
	fails(write(slave, "x", 1), EAGAIN, "stopped");
	is(tcflow(slave, TCOON), 0, "TCOON");
	memset(buf, 'x', sizeof(buf));
	while ((n = write(slave, buf, sizeof(buf))) > 0 && all < 1 << 20)
		all += n;
	ok(n == -1 && errno == EAGAIN && all >= 1000 && all < 1 << 20, "output has an end: %zd", all);
	while (all > 0 && (n = read(master, buf, sizeof(buf))) > 0)
		all -= n;
	is(all, 0, "all of it is read");
	is(write(slave, "x", 1), 1, "then there is room again");
	shows(master, "x", "for this");
	fcntl(slave, F_SETFL, 0);
}

static void sizes_and_signals(void)
{
	struct winsize w = { 0 };
	int value;

	ok(ioctl(slave, TIOCGWINSZ, &w) == 0 && w.ws_row == 0 && w.ws_col == 0, "no size at first");
	w = (struct winsize){ .ws_row = 30, .ws_col = 100 };
	is(ioctl(master, TIOCSWINSZ, &w), 0, "TIOCSWINSZ of the master");
	w.ws_row = 0;
	ok(ioctl(slave, TIOCGWINSZ, &w) == 0 && w.ws_row == 30 && w.ws_col == 100, "is the slave's");
	fails(ioctl(slave, TIOCGWINSZ, 8), EFAULT, "to nowhere");
	fails(ioctl(slave, TIOCSWINSZ, 8), EFAULT, "from nowhere");
	fails(ioctl(slave, TCGETS, 8), EFAULT, "termios to nowhere");
	fails(ioctl(slave, TCSETS, 8), EFAULT, "and from nowhere");
	fails(ioctl(slave, TCFLSH, 9), EINVAL, "TCFLSH of nothing");
	fails(ioctl(slave, TCXONC, 9), EINVAL, "TCXONC of nothing");
	fails(ioctl(slave, 0x5499, 0), ENOTTY, "an unknown request");
	fails(ioctl(slave, TIOCGPGRP, &value), ENOTTY, "it is not our terminal");
	fails(ioctl(slave, TIOCSPGRP, &value), ENOTTY, "so it has no group of ours");
	fails(ioctl(slave, TIOCGSID, &value), ENOTTY, "nor our session");
	fails(ioctl(slave, TIOCNOTTY, 0), ENOTTY, "nor can it be given up");
	if (getsid(0) != getpid() && setsid() < 0) {
		printf("# a group's leader cannot have a session of its own\n");
		return;
	}
	(void)!open("/dev/tty", O_RDWR); /* whichever it was: it is this one from now on */
	ioctl(open("/dev/tty", O_RDWR), TIOCNOTTY, 0);
	fails(open("/dev/tty", O_RDWR), ENXIO, "no terminal controls us");
	is(ioctl(slave, TIOCSCTTY, 0), 0, "TIOCSCTTY");
	is(ioctl(slave, TIOCSCTTY, 0), 0, "again changes nothing");
	ok(ioctl(slave, TIOCGPGRP, &value) == 0 && value == getpgrp(), "TIOCGPGRP");
	ok(ioctl(master, TIOCGPGRP, &value) == 0 && value == getpgrp(), "of the master too");
	ok(ioctl(slave, TIOCGSID, &value) == 0 && value == getsid(0), "TIOCGSID");
	is(ioctl(slave, TIOCSPGRP, &(int){ getpgrp() }), 0, "TIOCSPGRP");
	fails(ioctl(slave, TIOCSPGRP, &(int){ 4000000 }), ESRCH, "of no group");
	fails(ioctl(slave, TIOCSPGRP, &(int){ -1 }), EINVAL, "of what cannot be one");
	fails(ioctl(slave, TIOCSPGRP, 8), EFAULT, "from nowhere");
	value = open("/dev/tty", O_RDWR);
	ok(value >= 0, "/dev/tty");
	write(value, "through it\n", 11);
	shows(master, "through it\\r\\n", "it is this terminal");
	close(value);

	type("\003");
	for (int i = 0; i < 200 && !caught[SIGINT]; i++)
		sleep_ms(5);
	is(caught[SIGINT], 1, "SIGINT");
	type("\034\032");
	for (int i = 0; i < 200 && !(caught[SIGQUIT] && caught[SIGTSTP]); i++)
		sleep_ms(5);
	ok(caught[SIGQUIT] == 1 && caught[SIGTSTP] == 1, "SIGQUIT, SIGTSTP");
	there(master);
	change(0, 0, 0, NOFLSH);
	type("\003");
	shows(master, "^C", "echoed");
	change(0, 0, NOFLSH, 0);
	type("abc\003d\n");
	shows(slave, "d\\n", "the line is forgotten");
	change(0, 0, ISIG, 0);
	type("\003\n");
	shows(slave, "\003\\n", "without ISIG it is a character");
	change(0, 0, 0, ISIG);
	there(master);
	is(ioctl(master, TIOCSIG, SIGQUIT), 0, "TIOCSIG");
	fails(ioctl(master, TIOCSIG, SIGKILL), EINVAL, "of another signal");
	is(caught[SIGQUIT], 2, "is sent");
	caught[SIGWINCH] = 0;
	ioctl(slave, TIOCSWINSZ, &w);
	is(caught[SIGWINCH], 0, "the same size");
	w.ws_col++;
	ioctl(slave, TIOCSWINSZ, &w);
	is(caught[SIGWINCH], 1, "SIGWINCH for another");
	is(ioctl(slave, TIOCSTI, "s"), syscall(SYS_getuid) ? -1 : 0, "TIOCSTI");
	type("\n");
	shows(slave, "s\\n", "as if it was typed");
	there(master);
}

static void pairs(void)
{
	int other, peer, value, number = -1;
	struct stat st;
	struct statfs fs;
	char path[64];

	other = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	ok(other >= 0 && isatty(other), "another pair");
	ok(ioctl(other, TIOCGPTN, &number) == 0 && number >= 0, "its number");
	snprintf(path, sizeof(path), "/dev/pts/%d", number);
	ok(stat(path, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev >> 8 == 136 && !(st.st_mode & 06), "%s", path);
	ok(statfs("/dev/pts", &fs) == 0 && fs.f_type == 0x1cd1, "it is a devpts");
	ok(ioctl(other, TIOCGPTLCK, &value) == 0 && value == 1, "locked");
	fails(open(path, O_RDWR | O_NOCTTY), EIO, "it cannot be opened");
	is(ioctl(other, TIOCSPTLCK, &(int){ 0 }), 0, "unlocked");
	fails(ioctl(other, TIOCSPTLCK, 8), EFAULT, "from nowhere");
	peer = open(path, O_RDWR | O_NOCTTY);
	ok(peer >= 0, "now it can");
	close(peer);
	peer = ioctl(other, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	ok(peer >= 0 && isatty(peer) && fcntl(peer, F_GETFD) == FD_CLOEXEC, "by way of the master");
	ok(ttyname(peer) && !strcmp(ttyname(peer), path), "ttyname");
	is(ioctl(peer, TIOCEXCL, 0), 0, "TIOCEXCL");
	ok(ioctl(peer, TIOCGEXCL, &value) == 0 && value == 1, "TIOCGEXCL");
	syscall(SYS_setresuid, -1, 65534, -1);
	value = open(path, O_RDWR | O_NOCTTY);
	ok(value == -1 && (errno == EBUSY || errno == EACCES), "for others");
	syscall(SYS_setresuid, -1, 0, -1);
	ioctl(peer, TIOCNXCL, 0);
	close(peer);
	fails(read(other, path + 20, 10), EIO, "the slave is closed");
	ok(poll(&(struct pollfd){ .fd = other, .events = POLLIN }, 1, 0) == 1, "POLLHUP");
	peer = open(path, O_RDWR | O_NOCTTY);
	write(peer, "left", 4);
	close(peer);
	shows(other, "left", "what it wrote is there");
	peer = open(path, O_RDWR | O_NOCTTY);
	close(other);
	is(read(peer, path + 20, 10), 0, "the master is closed: an end of file");
	fails(write(peer, "x", 1), EIO, "nobody to write to");
	fails(ioctl(peer, TCGETS, path + 20), EIO, "nothing to ask");
	fails(open(path, O_RDWR | O_NOCTTY), ENOENT, "its name is gone");
	close(peer);
}

static void many(void)
{
	int fds[40], numbers[40];
	bool different = true;

	for (int i = 0; i < 40; i++) {
		fds[i] = open("/dev/ptmx", O_RDWR | O_NOCTTY);
		ioctl(fds[i], TIOCGPTN, &numbers[i]);
		for (int j = 0; j < i; j++)
			different &= numbers[i] != numbers[j];
	}
	ok(different, "forty pairs, forty numbers");
	for (int i = 0; i < 40; i++)
		close(fds[i]);
}

void suite_pty(void)
{
	static const int signals[] = { SIGINT, SIGQUIT, SIGTSTP, SIGWINCH, SIGHUP, SIGCONT };
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct termios t;

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &sa, NULL);
	master = posix_openpt(O_RDWR | O_NOCTTY);
	if (!ok(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0 && ptsname_r(master, name, sizeof(name)) == 0,
		"posix_openpt and its like"))
		return;
	slave = open(name, O_RDWR | O_NOCTTY);
	if (!ok(slave >= 0 && isatty(slave) && isatty(master), "%s", name))
		return;
	ok(tcgetattr(slave, &t) == 0 && t.c_lflag & ICANON && t.c_lflag & ECHO && t.c_iflag & ICRNL && t.c_oflag & ONLCR &&
	   t.c_cc[VINTR] == 3 && t.c_cc[VEOF] == 4, "the usual settings");
	write(slave, "hello\n", 6);
	shows(master, "hello\\r\\n", "output");
	lines();
	raw();
	flow();
	pairs();
	many();
	sizes_and_signals();
	caught[SIGHUP] = 0;
	close(master);
	for (int i = 0; i < 200 && !caught[SIGHUP] && getsid(0) == getpid(); i++)
		sleep_ms(5);
	ok(caught[SIGHUP] == 1 || getsid(0) != getpid(), "SIGHUP when the master is closed");
	is(read(slave, name, 10), 0, "and an end of file");
	close(slave);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], SIG_DFL);
}
