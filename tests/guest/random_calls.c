/* random_calls SEED COUNT: three threads make COUNT system calls each of IPC, sockets and files with arguments that are
 * half sensible: descriptors that may be open, pointers that may be good, structures that may make sense. Whatever they
 * return, the kernel lives, and the last line is "done". Signals end what waits. For the inside of a guest only: on a
 * host it would leave things behind. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define THREADS 3
#define MEMORY  65536ul
#define ITEMS(a) (sizeof(a) / sizeof((a)[0]))

static const int calls[] = {
	SYS_read, SYS_write, SYS_close, SYS_poll, SYS_ioctl, SYS_readv, SYS_writev, SYS_pipe, SYS_select, SYS_dup, SYS_dup2,
	SYS_socket, SYS_connect, SYS_accept, SYS_sendto, SYS_recvfrom, SYS_sendmsg, SYS_recvmsg, SYS_shutdown, SYS_bind,
	SYS_listen, SYS_getsockname, SYS_getpeername, SYS_socketpair, SYS_setsockopt, SYS_getsockopt, SYS_fcntl,
	SYS_epoll_create, SYS_epoll_wait, SYS_epoll_ctl, SYS_epoll_pwait, SYS_signalfd, SYS_timerfd_create, SYS_eventfd,
	SYS_timerfd_settime, SYS_timerfd_gettime, SYS_accept4, SYS_signalfd4, SYS_eventfd2, SYS_epoll_create1, SYS_pipe2,
	SYS_recvmmsg, SYS_sendmmsg, SYS_ppoll, SYS_pselect6, SYS_splice, SYS_tee, SYS_vmsplice, SYS_shmget, SYS_shmat,
	SYS_shmdt, SYS_shmctl, SYS_epoll_pwait2, SYS_sendfile, SYS_close_range,
};
static const int no_descriptor_first[] = { SYS_pipe, SYS_pipe2, SYS_poll, SYS_ppoll, SYS_select, SYS_pselect6, SYS_shmdt };
static const int requests[] = { FIONREAD, FIONBIO, TIOCOUTQ, FIOASYNC, 0x8905, 0x8910, 0x8912, 0x5401 };
static const int commands[] = { F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_SETPIPE_SZ, F_GETPIPE_SZ, F_SETOWN, F_GETOWN };

static char *memory;
static __thread unsigned long state;

static unsigned long random_number(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static unsigned long below(unsigned long limit)
{
	return random_number() % limit;
}

static void *place(void)
{
	return memory + (below(MEMORY - 256) & ~7ul);
}

static unsigned long pointer(void)
{
	switch (below(10)) {
	case 0:
		return 0;
	case 1:
		return 0xffff800000001000ul; /* the kernel's */
	case 2:
		return (unsigned long)memory + MEMORY - below(40); /* the last bytes before what is not allowed */
	case 3:
		return 0x7ffffffff000ul - below(16); /* the end of what a program may have */
	case 4:
		return random_number();
	default:
		return (unsigned long)place();
	}
}

static unsigned long number(void)
{
	switch (below(12)) {
	case 0:
		return 0;
	case 1:
		return ~0ul;
	case 2:
		return 0x7fffffff;
	case 3:
		return 1ul << below(64);
	case 4:
		return random_number();
	case 5:
		return below(70000);
	default:
		return below(32);
	}
}

/* Arguments that have to make sense for the call to come far. Return: false if any will do. */
static int sensible(int call, int i, unsigned long *out)
{
	switch (call) {
	case SYS_socket:
	case SYS_socketpair:
		if (i < 3)
			*out = i == 0 ? (below(4) ? AF_UNIX : AF_INET) :
			       i == 1 ? (1 + below(5)) | (below(2) ? SOCK_NONBLOCK : 0) : below(8) ? 0 : number();
		return i < 3;
	case SYS_epoll_ctl:
		*out = 1 + below(3);
		return i == 1;
	case SYS_shmat:
		*out = 0; /* not over the program itself */
		return i > 0;
	case SYS_shmget:
		*out = below(i == 1 ? 200000 : 2048);
		return i > 0;
	case SYS_shmctl:
		*out = below(16);
		return i == 1;
	case SYS_setsockopt:
	case SYS_getsockopt:
		*out = i == 1 ? (below(4) ? SOL_SOCKET : below(50)) : below(80);
		return i == 1 || i == 2;
	case SYS_close:
		*out = 3 + below(60);
		return i == 0;
	case SYS_close_range:
		*out = 40 + below(30);
		return i < 2;
	case SYS_dup2:
		*out = 3 + below(60);
		return i == 1;
	case SYS_fcntl:
		*out = (unsigned long)commands[below(ITEMS(commands))];
		return i == 1;
	case SYS_ioctl:
		*out = (unsigned long)requests[below(ITEMS(requests))];
		return i == 1;
	case SYS_poll:
		*out = below(3); /* ms */
		return i == 2;
	case SYS_epoll_wait:
	case SYS_epoll_pwait:
		*out = below(3);
		return i == 3;
	}
	return 0;
}

static unsigned long argument(int call, int i)
{
	unsigned long value;

	if (sensible(call, i, &value))
		return value;
	if (i == 0) {
		for (unsigned k = 0; k < ITEMS(no_descriptor_first); k++)
			if (call == no_descriptor_first[k])
				return below(2) ? pointer() : number();
		return 3 + below(40);
	}
	return below(2) ? pointer() : number();
}

/* Numbers and pointers all over, and a few structures in one piece. */
static void fill_memory(void)
{
	struct sockaddr_un *name = place();
	struct iovec *v = place();
	struct msghdr *m = place();
	struct cmsghdr *c = place();

	for (int i = 0; i < 200; i++)
		*(unsigned long *)place() = below(3) ? number() : pointer();
	*name = (struct sockaddr_un){ .sun_family = AF_UNIX };
	name->sun_path[0] = below(2) ? '\0' : '/';
	name->sun_path[1] = (char)('a' + below(4));
	*v = (struct iovec){ memory, below(5000) };
	*m = (struct msghdr){ .msg_iov = v, .msg_iovlen = 1, .msg_control = c, .msg_controllen = below(64) };
	*c = (struct cmsghdr){ 16 + 4 * below(4), SOL_SOCKET, 1 + (int)below(2) };
	((int *)(c + 1))[0] = 3 + (int)below(40);
	((int *)(c + 1))[1] = 3 + (int)below(40);
}

struct work {
	unsigned long seed;
	long count;
};

static void *make_calls(void *p)
{
	struct work *w = p;

	state = w->seed * 0x9e3779b97f4a7c15ul + 1;
	for (long i = 0; i < w->count; i++) {
		int call = calls[below(ITEMS(calls))];
		unsigned long a[6];

		if (i % 50 == 0)
			fill_memory();
		for (int k = 0; k < 6; k++)
			a[k] = argument(call, k);
		syscall(call, a[0], a[1], a[2], a[3], a[4], a[5]);
	}
	return NULL;
}

static void do_nothing(int unused)
{
	(void)unused;
}

int main(int argc, char **argv)
{
	struct sigaction a = { .sa_handler = do_nothing };
	struct work work[THREADS];
	pthread_t t[THREADS];
	int console = 1;

	if (argc != 3)
		return 2;
	memory = mmap(NULL, MEMORY + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(memory + MEMORY, 4096, PROT_NONE);
	sigaction(SIGALRM, &a, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGIO, SIG_IGN);
	for (int i = 0; i < THREADS; i++) {
		work[i] = (struct work){ strtoul(argv[1], NULL, 0) * THREADS + (unsigned)i, atol(argv[2]) };
		pthread_create(&t[i], NULL, make_calls, &work[i]);
	}
	for (int i = 0; i < THREADS; i++) {
		while (pthread_tryjoin_np(t[i], NULL)) {
			for (int k = i; k < THREADS; k++)
				pthread_kill(t[k], SIGALRM);
			usleep(2000);
		}
	}
	for (int fd = 3; fd < 2000; fd++)
		close(fd);
	dprintf(console, "done\n");
	_exit(0);
}
