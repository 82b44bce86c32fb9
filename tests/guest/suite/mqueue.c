/* POSIX message queues. */
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "errnos.h"

static const struct mq_attr small = { .mq_maxmsg = 3, .mq_msgsize = 16 };
static char text[8192];
static volatile int signals, value, code;

static void arrived(int signo, siginfo_t *info, void *context)
{
	(void)signo, (void)context;
	signals++;
	value = info->si_value.sival_int;
	code = info->si_code;
}

static void nothing(int signo)
{
	(void)signo;
}

static struct timespec in_ms(long ms)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += ms * 1000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

/* The next one is @wanted, of @priority. */
static bool next_is(mqd_t q, const char *wanted, unsigned priority)
{
	unsigned p = 99;
	ssize_t n = mq_receive(q, text, sizeof(text), &p);

	return n == (ssize_t)strlen(wanted) && !memcmp(text, wanted, (size_t)n) && p == priority;
}

static void names(void)
{
	char long_name[300];
	struct rlimit limit;
	mqd_t q, other;

	memset(long_name, 'x', sizeof(long_name));
	long_name[299] = '\0';
	q = (int)syscall(SYS_mq_open, "suite", O_CREAT | O_EXCL | O_RDWR, 0600, NULL);
	ok(q >= 0, "a queue is made");
	ok(fcntl(q, F_GETFD) == FD_CLOEXEC, "it is closed by exec");
	NO(EEXIST, SYS_mq_open, "suite", O_CREAT | O_EXCL | O_RDWR, 0600, NULL);
	other = (int)syscall(SYS_mq_open, "suite", O_WRONLY | O_CREAT, 0600, NULL);
	ok(other >= 0 && mq_send(other, "by name", 7, 0) == 0 && next_is(q, "by name", 0), "it is found by its name");
	NO(EBADF, SYS_mq_timedreceive, other, text, sizeof(text), NULL, NULL);
	close(other);
	NO(ENOENT, SYS_mq_open, "none", O_RDWR, 0, NULL);
	NO(EACCES, SYS_mq_open, "a/b", O_RDWR | O_CREAT, 0600, NULL);
	NO(EACCES, SYS_mq_open, "..", O_RDWR | O_CREAT, 0600, NULL);
	NO(ENOENT, SYS_mq_open, "", O_RDWR | O_CREAT, 0600, NULL);
	NO(ENAMETOOLONG, SYS_mq_open, long_name, O_RDWR | O_CREAT, 0600, NULL);
	NO(EFAULT, SYS_mq_open, BAD, O_RDWR, 0, NULL);
	NO(EFAULT, SYS_mq_open, "suite", O_RDWR, 0, BAD);
	NO(EINVAL, SYS_mq_open, "wrong", O_RDWR | O_CREAT, 0600, &((struct mq_attr){ .mq_maxmsg = 0, .mq_msgsize = 8 }));
	NO(EINVAL, SYS_mq_open, "wrong", O_RDWR | O_CREAT, 0600, &((struct mq_attr){ .mq_maxmsg = 65537, .mq_msgsize = 8 }));
	getrlimit(RLIMIT_MSGQUEUE, &limit);
	setrlimit(RLIMIT_MSGQUEUE, &(struct rlimit){ 1000, limit.rlim_max });
	NO(EMFILE, SYS_mq_open, "wrong", O_RDWR | O_CREAT, 0600, NULL);
	setrlimit(RLIMIT_MSGQUEUE, &limit);
	is(setegid(65534) | seteuid(65534), 0, "as nobody");
	NO(EACCES, SYS_mq_open, "suite", O_RDONLY, 0, NULL);
	ok(syscall(SYS_mq_unlink, "suite") == -1 && (errno == EPERM || errno == EACCES), "nor may it be unlinked");
	NO(EINVAL, SYS_mq_open, "wrong", O_RDWR | O_CREAT, 0600, &((struct mq_attr){ .mq_maxmsg = 11, .mq_msgsize = 8 }));
	is(seteuid(0) | setegid(0), 0, "as root");
	is(syscall(SYS_mq_unlink, "suite"), 0, "its name goes");
	NO(ENOENT, SYS_mq_unlink, "suite");
	NO(ENOENT, SYS_mq_open, "suite", O_RDWR, 0, NULL);
	NO(EFAULT, SYS_mq_unlink, BAD);
	NO(ENAMETOOLONG, SYS_mq_unlink, long_name);
	ok(mq_send(q, "still", 5, 0) == 0 && next_is(q, "still", 0), "the queue stays while it is open");
	close(q);
}

static void messages(mqd_t q, mqd_t now)
{
	struct timespec t = in_ms(30), wrong = { 0, 1000000000 };
	struct pollfd p = { .fd = q, .events = POLLIN | POLLOUT };
	struct mq_attr a;

	ok(poll(&p, 1, 0) == 1 && p.revents == POLLOUT, "poll: empty");
	is(mq_send(q, "low", 3, 1) | mq_send(q, "high", 4, 32767), 0, "sent");
	ok(poll(&p, 1, 0) == 1 && p.revents == (POLLIN | POLLOUT), "poll: some");
	is(mq_send(q, "low2", 4, 1), 0, "full");
	ok(poll(&p, 1, 0) == 1 && p.revents == POLLIN, "poll: full");
	ok(mq_getattr(q, &a) == 0 && a.mq_curmsgs == 3 && a.mq_maxmsg == 3 && a.mq_msgsize == 16 && !a.mq_flags, "mq_getattr");
	fails(mq_send(now, "x", 1, 0), EAGAIN, "no room");
	fails(mq_timedsend(q, "x", 1, 0, &t), ETIMEDOUT, "nor after a while");
	ok(next_is(q, "high", 32767) && next_is(q, "low", 1) && next_is(q, "low2", 1), "by priority, then by age");
	fails(mq_receive(now, text, sizeof(text), NULL), EAGAIN, "nothing");
	t = in_ms(30);
	fails(mq_timedreceive(q, text, sizeof(text), NULL, &t), ETIMEDOUT, "nor after a while");
	t.tv_sec = 5;
	fails(mq_timedreceive(q, text, sizeof(text), NULL, &t), ETIMEDOUT, "a moment long ago");
	is(mq_send(q, "", 0, 0), 0, "an empty message");
	is(mq_receive(q, text, sizeof(text), NULL), 0, "is one");
	NO(EMSGSIZE, SYS_mq_timedsend, q, text, 17, 0, NULL);
	NO(EMSGSIZE, SYS_mq_timedreceive, q, text, 15, NULL, NULL);
	NO(EINVAL, SYS_mq_timedsend, q, text, 1, 32768, NULL);
	NO(EINVAL, SYS_mq_timedsend, q, text, 1, 0, &wrong);
	NO(EINVAL, SYS_mq_timedreceive, q, text, 16, NULL, &wrong);
	NO(EFAULT, SYS_mq_timedsend, q, BAD, 1, 0, NULL);
	NO(EFAULT, SYS_mq_timedsend, q, text, 1, 0, BAD);
	NO(EFAULT, SYS_mq_timedreceive, q, text, 16, NULL, BAD);
	is(mq_send(q, "lost", 4, 0), 0, "one to be lost");
	NO(EFAULT, SYS_mq_timedreceive, q, BAD, 16, NULL, NULL);
	NO(EAGAIN, SYS_mq_timedreceive, now, text, 16, NULL, NULL);
	NO(EBADF, SYS_mq_timedsend, NONE, text, 1, 0, NULL);
	NO(EBADF, SYS_mq_timedsend, 0, text, 1, 0, NULL);
	NO(EBADF, SYS_mq_timedreceive, NONE, text, 16, NULL, NULL);
	sigaction(SIGALRM, &(struct sigaction){ .sa_handler = nothing }, NULL);
	ualarm(50000, 0);
	fails(mq_receive(q, text, sizeof(text), NULL), EINTR, "a signal ends the waiting");
	signal(SIGALRM, SIG_DFL);
}

static void *send_later(void *arg)
{
	sleep_ms(50);
	mq_send(*(mqd_t *)arg, "later", 5, 7);
	return NULL;
}

static void *take_later(void *arg)
{
	sleep_ms(50);
	mq_receive(*(mqd_t *)arg, text, sizeof(text), NULL);
	return NULL;
}

static void waiting(mqd_t q)
{
	pthread_t t;

	pthread_create(&t, NULL, send_later, &q);
	ok(next_is(q, "later", 7), "a message that is waited for");
	pthread_join(t, NULL);
	for (int i = 0; i < 3; i++)
		mq_send(q, "full", 4, 0);
	pthread_create(&t, NULL, take_later, &q);
	is(mq_send(q, "in", 2, 9), 0, "room that is waited for");
	pthread_join(t, NULL);
	ok(next_is(q, "in", 9), "it went in");
	while (next_is(q, "full", 0) && mq_getattr(q, &(struct mq_attr){ 0 }) == 0) {
		struct mq_attr a;

		mq_getattr(q, &a);
		if (!a.mq_curmsgs)
			break;
	}
}

static void notices(mqd_t q, mqd_t now)
{
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 42 };
	struct mq_attr a = { .mq_flags = O_NONBLOCK }, was;
	char buf[100] = "";

	sigaction(SIGUSR1, &(struct sigaction){ .sa_sigaction = arrived, .sa_flags = SA_SIGINFO }, NULL);
	is(mq_notify(q, &e), 0, "a notice is asked for");
	fails(mq_notify(now, &e), EBUSY, "by one only");
	ok(pread(q, buf, sizeof(buf) - 1, 0) > 40 && strstr(buf, "SIGNO:10"), "which can be read (%s)", strtok(buf, "\n"));
	mq_send(q, "one", 3, 0);
	ok(signals == 1 && value == 42 && code == SI_MESGQ, "it comes");
	mq_send(q, "two", 3, 0);
	is(signals, 1, "once");
	is(mq_notify(q, &e), 0, "asked again");
	mq_send(q, "three", 5, 0);
	is(signals, 1, "the queue was not empty");
	is(mq_notify(q, NULL), 0, "no more");
	ok(next_is(q, "one", 0) && next_is(q, "two", 0) && next_is(q, "three", 0), "all three");
	mq_send(q, "four", 4, 0);
	ok(signals == 1 && next_is(q, "four", 0), "nothing comes");
	e.sigev_notify = SIGEV_NONE;
	is(mq_notify(q, &e), 0, "a notice of nothing");
	close(q);
	e.sigev_notify = SIGEV_SIGNAL;
	is(mq_notify(now, &e), 0, "another's went with its file");
	NO(EBADF, SYS_mq_notify, NONE, NULL);
	NO(EBADF, SYS_mq_notify, 0, NULL);
	NO(EFAULT, SYS_mq_notify, now, BAD);
	e.sigev_signo = 99;
	NO(EINVAL, SYS_mq_notify, now, &e);
	e.sigev_notify = 77;
	NO(EINVAL, SYS_mq_notify, now, &e);
	a.mq_flags = 0;
	ok(mq_setattr(now, &a, &was) == 0 && was.mq_flags == O_NONBLOCK, "mq_setattr");
	is(fcntl(now, F_GETFL) & O_NONBLOCK, 0, "it waits now");
	a.mq_flags = O_RDWR | 1;
	NO(EINVAL, SYS_mq_getsetattr, now, &a, NULL);
	NO(EFAULT, SYS_mq_getsetattr, now, BAD, NULL);
	NO(EFAULT, SYS_mq_getsetattr, now, NULL, BAD);
	NO(EBADF, SYS_mq_getsetattr, NONE, NULL, NULL);
	NO(EBADF, SYS_mq_getsetattr, 0, NULL, NULL);
	if (in_guest()) { /* elsewhere by a netlink socket */
		e.sigev_notify = SIGEV_THREAD;
		NO(EOPNOTSUPP, SYS_mq_notify, now, &e);
	}
}

void suite_mqueue(void)
{
	static const char *const files[] = { "msg_max", "msg_default", "msgsize_max", "msgsize_default", "queues_max" };
	mqd_t q, now;

	syscall(SYS_mq_unlink, "suite");
	names();
	q = mq_open("/suite", O_RDWR | O_CREAT, 0600, &small);
	now = mq_open("/suite", O_RDWR | O_NONBLOCK);
	mq_unlink("/suite");
	if (!ok(q >= 0 && now >= 0, "one to work with"))
		return;
	messages(q, now);
	waiting(q);
	notices(q, now);
	close(now);
	for (unsigned i = 0; i < 5; i++) {
		char path[64];
		int fd;

		snprintf(path, sizeof(path), "/proc/sys/fs/mqueue/%s", files[i]);
		fd = open(path, O_RDONLY);
		ok(fd >= 0 && read(fd, text, 100) > 1, "%s", path);
		close(fd);
	}
}
