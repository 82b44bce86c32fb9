/* Starts QEMU and passes bytes: the program's output to stdout untouched, kernel messages to stderr line by line, stdin
 * framed to the virtio console or the serial line, the status byte to the exit status (include/whittle/console.h).
 *
 * QEMU writes to its channels without blocking, and what a virtio console cannot write at once it drops. So the machine
 * starts stopped; when QEMU has opened everything (it greets on its control channel), the pipes are made blocking again,
 * which its copies share, and the machine is let go. Then a slow reader makes it wait, in every device.
 *
 * Writing to stdout may block, and then so does the program: nothing is dropped and nothing piles up. Stdin is read
 * only when the last of it was taken.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <whittle/console.h>

#include "run.h"

#define LINGER_MS 3000 /* how long the machine may take to power off after its last word, or after a signal */

struct pump {
	const struct run_request *request;
	struct channels *ch;
	struct names *names;
	struct trace trace;
	pid_t qemu;
	int signals;       /* a signalfd: SIGINT, SIGTERM, SIGHUP */
	bool input_ready; /* the kernel takes input */
	bool input_ended;
	struct buf input;  /* framed, waiting for the machine to take it */
	size_t input_sent;
	struct buf log;    /* the beginning of a line */
	struct buf serial; /* the same, from COM1 */
	struct buf errors; /* what QEMU said */
	int status;        /* -1: none yet */
	int signal;        /* that stopped the machine, 0 for none */
	int asked;         /* the signal that made us ask the program to end, 0 for none */
	bool asked_guest;  /* and the machine was told */
	bool output_gone;
	int64_t deadline;  /* when QEMU is killed, 0 for never */
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static pid_t start(const struct strings *args, struct channels *ch)
{
	int *pairs[] = { ch->serial, ch->output, ch->log, ch->status, ch->control, ch->errors };
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		fail("fork: %s", strerror(errno));
	if (pid == 0) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		signal(SIGPIPE, SIG_DFL);
		/* A group of its own: Ctrl-C is for the tool, which then stops the machine. */
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(RUN_NO_MACHINE);
		dup2(ch->input[1], STDIN_FILENO);
		dup2(ch->output[1], STDOUT_FILENO); /* one open file with the fd set's: both block, or none */
		dup2(ch->errors[1], STDERR_FILENO);
		for (size_t i = 0; i + 1 < COUNT(pairs); i++)
			fcntl(pairs[i][1], F_SETFD, 0);
		execvp(args->at[0], args->at);
		dprintf(STDERR_FILENO, "%s: %s\n", args->at[0],
			errno == ENOENT ? "not installed (Debian package qemu-system-x86)" : strerror(errno));
		_exit(RUN_NO_MACHINE);
	}
	close(ch->serial[1]);
	close(ch->control[1]);
	close(ch->input[1]);
	close(ch->errors[1]);
	return pid;
}

/* QEMU has opened its channels, or is gone. */
static void let_go(struct pump *p, bool greeted)
{
	static const char go[] = "{\"execute\":\"qmp_capabilities\"}\n{\"execute\":\"cont\"}\n";
	int *ends[] = { &p->ch->output[1], &p->ch->log[1], &p->ch->status[1] };
	/* gdb is what lets a machine go that waits for it: capabilities alone. */
	size_t size = p->request->gdb ? (size_t)(strchr(go, '\n') - go) + 1 : strlen(go);

	for (size_t i = 0; i < COUNT(ends); i++) {
		fcntl(*ends[i], F_SETFL, fcntl(*ends[i], F_GETFL) & ~O_NONBLOCK);
		close(*ends[i]);
		*ends[i] = -1;
	}
	if (greeted && send(p->ch->control[0], go, size, MSG_NOSIGNAL) < 0)
		warn("QEMU's control channel: %s", strerror(errno));
}

static void stop_machine(struct pump *p, int signal)
{
	if (p->signal)
		return;
	p->signal = signal;
	kill(p->qemu, SIGTERM);
	p->deadline = now_ms() + LINGER_MS;
}

/* A break on the serial line: it overtakes input that the program does not read. Before the kernel has set the line up it
 * would be lost. */
static void ask_guest(struct pump *p)
{
	static const char words[] = "{\"execute\":\"chardev-send-break\",\"arguments\":{\"id\":\"com1\"}}\n";

	if (!p->asked || p->asked_guest || !p->input_ready)
		return;
	p->asked_guest = true;
	if (send(p->ch->control[0], words, strlen(words), MSG_NOSIGNAL) < 0)
		stop_machine(p, p->asked);
}

/* The first signal asks the program to end, if the kernel can; the second does not ask. */
static void take_signal(struct pump *p)
{
	struct signalfd_siginfo info;

	if (read(p->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (p->asked || !p->request->stop_ms || p->status >= 0) {
		stop_machine(p, (int)info.ssi_signo);
		return;
	}
	p->asked = (int)info.ssi_signo;
	p->deadline = now_ms() + (int64_t)p->request->stop_ms + LINGER_MS;
	ask_guest(p);
}

/* Return: how long to wait for what comes next, for poll(2). Past its deadline QEMU is killed. */
static int time_left(struct pump *p)
{
	int64_t left = p->deadline - now_ms();

	if (!p->deadline)
		return -1;
	if (left > 0)
		return left < INT_MAX ? (int)left : INT_MAX;
	if (p->asked && !p->signal && p->status < 0) {
		warn("the machine did not stop, it is ended");
		p->signal = p->asked;
	}
	kill(p->qemu, SIGKILL);
	p->deadline = 0;
	p->output_gone = true;
	return -1;
}

/* Waits for room rather than within write(2), so that a signal ends the wait for a reader that takes nothing. */
static void write_stdout(struct pump *p, const char *data, size_t size)
{
	while (size && !p->output_gone) {
		struct pollfd wait[] = { { STDOUT_FILENO, POLLOUT, 0 }, { p->signals, POLLIN, 0 } };
		ssize_t n;

		if (poll(wait, COUNT(wait), time_left(p)) < 0)
			continue;
		if (wait[1].revents) {
			take_signal(p);
			p->output_gone = p->signal;
			continue;
		}
		if (!wait[0].revents)
			continue;
		n = write(STDOUT_FILENO, data, size < PIPE_BUF ? size : PIPE_BUF);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0) {
			if (errno != EPIPE)
				warn("standard output: %s", strerror(errno));
			p->output_gone = true;
			stop_machine(p, SIGPIPE);
			return;
		}
		data += n;
		size -= (size_t)n;
	}
}

/* Passes whole lines of @b on to stderr, with addresses named; the rest too if it is the @end. */
static void write_log(struct pump *p, struct buf *b, bool end)
{
	size_t from = 0;

	for (size_t i = 0; i < b->size; i++) {
		char *line;

		if (b->data[i] != '\n')
			continue;
		b->data[i] = '\0';
		if (i > from && b->data[i - 1] == '\r')
			b->data[i - 1] = '\0';
		line = trace_line(&p->trace, b->data + from);
		from = i + 1;
		if (!line)
			continue;
		line = names_line(p->names, line);
		fprintf(stderr, "%s\n", line);
		free(line);
	}
	if (end && from < b->size) {
		fprintf(stderr, "%.*s\n", (int)(b->size - from), b->data + from);
		from = b->size;
	}
	if (from) {
		memmove(b->data, b->data + from, b->size - from);
		b->size -= from;
	}
}

static void take_input(struct pump *p)
{
	char chunk[16384];
	ssize_t n = read(STDIN_FILENO, chunk, p->ch->fast_input ? sizeof(chunk) : sizeof(chunk) / 4);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	p->input.size = 0;
	p->input_sent = 0;
	if (n <= 0) {
		static const char end[] = { CONSOLE_DLE, CONSOLE_EOF };

		p->input_ended = true;
		buf_add(&p->input, end, sizeof(end));
		return;
	}
	for (ssize_t i = 0; i < n; i++) {
		if (chunk[i] == CONSOLE_DLE)
			buf_add(&p->input, &chunk[i], 1);
		buf_add(&p->input, &chunk[i], 1);
	}
}

static void send_input(struct pump *p)
{
	const char *bytes = p->input.data + p->input_sent;
	size_t left = p->input.size - p->input_sent;
	ssize_t n = p->ch->fast_input ? write(p->ch->input[0], bytes, left) :
					send(p->ch->serial[0], bytes, left, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n > 0)
		p->input_sent += (size_t)n;
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		p->input_sent = p->input.size; /* the machine is ending */
}

/* Reads what there is. Return: false at the end of the channel. */
static bool take(struct pump *p, int fd)
{
	char chunk[65536];
	ssize_t n = read(fd, chunk, sizeof(chunk));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (fd == p->ch->control[0] && p->ch->output[1] >= 0)
		let_go(p, n > 0);
	if (n <= 0)
		return false;
	if (fd == p->ch->output[0]) {
		write_stdout(p, chunk, (size_t)n);
	} else if (fd == p->ch->log[0]) {
		buf_add(&p->log, chunk, (size_t)n);
		write_log(p, &p->log, false);
	} else if (fd == p->ch->serial[0]) {
		char *ready = p->input_ready ? NULL : memchr(chunk, CONSOLE_READY, (size_t)n);

		if (ready) {
			p->input_ready = true;
			ask_guest(p);
			memmove(ready, ready + 1, (size_t)(chunk + n - ready - 1));
			n--;
		}
		buf_add(&p->serial, chunk, (size_t)n);
		write_log(p, &p->serial, false);
	} else if (fd == p->ch->status[0]) {
		p->status = (unsigned char)chunk[n - 1];
		if (!p->signal)
			p->deadline = now_ms() + LINGER_MS;
	} else if (fd == p->ch->errors[0]) {
		buf_add(&p->errors, chunk, (size_t)n);
	}
	return true;
}

enum { FD_OUTPUT, FD_LOG, FD_STATUS, FD_ERRORS, FD_CONTROL, FD_SERIAL, FD_STDIN, FD_SIGNAL, FD_INPUT, FD_COUNT };

/* Until QEMU has closed all that it writes to. */
static void pump(struct pump *p)
{
	struct pollfd fds[FD_COUNT] = {
		[FD_OUTPUT] = { p->ch->output[0], POLLIN, 0 }, [FD_LOG] = { p->ch->log[0], POLLIN, 0 },
		[FD_STATUS] = { p->ch->status[0], POLLIN, 0 }, [FD_ERRORS] = { p->ch->errors[0], POLLIN, 0 },
		[FD_CONTROL] = { p->ch->control[0], POLLIN, 0 },
		[FD_SERIAL] = { p->ch->serial[0], POLLIN, 0 }, [FD_STDIN] = { -1, POLLIN, 0 },
		[FD_SIGNAL] = { p->signals, POLLIN, 0 }, [FD_INPUT] = { -1, POLLOUT, 0 },
	};
	unsigned open_count = FD_SERIAL + 1;

	while (open_count) {
		bool waiting = p->input_sent < p->input.size;

		fds[FD_SERIAL].events = POLLIN | (waiting && !p->ch->fast_input ? POLLOUT : 0);
		fds[FD_INPUT].fd = waiting && p->ch->fast_input ? p->ch->input[0] : -1;
		fds[FD_STDIN].fd = waiting || !p->input_ready || p->input_ended || fds[FD_SERIAL].fd < 0 ? -1 : STDIN_FILENO;
		if (poll(fds, FD_COUNT, time_left(p)) < 0 && errno != EINTR)
			fail("poll: %s", strerror(errno));
		if (fds[FD_SIGNAL].revents)
			take_signal(p);
		if (fds[FD_STDIN].fd >= 0 && fds[FD_STDIN].revents)
			take_input(p);
		if ((fds[FD_SERIAL].fd >= 0 && fds[FD_SERIAL].revents & POLLOUT) || (fds[FD_INPUT].fd >= 0 && fds[FD_INPUT].revents))
			send_input(p);
		for (unsigned i = 0; i <= FD_SERIAL; i++) {
			if (fds[i].fd < 0 || !(fds[i].revents & (POLLIN | POLLHUP | POLLERR)))
				continue;
			if (!take(p, fds[i].fd)) {
				fds[i].fd = -1;
				open_count--;
			}
		}
	}
}

static int conclude(struct pump *p, int wait_status)
{
	write_log(p, &p->log, true);
	write_log(p, &p->serial, true);
	trace_report(&p->trace);
	if (p->signal)
		return 128 + p->signal;
	if (p->status >= 0)
		return p->status;
	if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0) {
		warn("the machine stopped without saying how the program ended");
		return RUN_TOOL_FAILED;
	}
	if (WIFSIGNALED(wait_status))
		warn("QEMU was ended by signal %d", WTERMSIG(wait_status));
	else
		warn("the machine could not start: %s", first_line(&p->errors));
	return RUN_NO_MACHINE;
}

int machine_run(const struct run_request *request, const struct strings *args, struct channels *ch)
{
	struct pump p = { .request = request, .ch = ch, .names = names_new(request->image), .trace = { .request = request },
			  .status = -1 };
	int wait_status = 0;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	p.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	signal(SIGPIPE, SIG_IGN);
	p.qemu = start(args, ch);
	pump(&p);
	while (waitpid(p.qemu, &wait_status, 0) < 0 && errno == EINTR)
		;
	if (request->verbose && p.errors.size)
		fwrite(p.errors.data, 1, p.errors.size, stderr);
	return conclude(&p, wait_status);
}
