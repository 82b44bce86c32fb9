/* Bad pointers to system calls: each is answered with EFAULT, and the kernel lives on. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "suite.h"

enum { PAGE = 4096 };

static int pipe_read, pipe_write, file, dir, sock, epoll, zero;

/* Calls with one bad pointer in place of BAD; -1 as the number ends the table. */
#define BAD 0x0badl
static const struct {
	const char *name;
	int number;
	long args[6];
	int *fd; /* put in the place of the first argument */
} calls[] = {
	{ "read", SYS_read, { 0, BAD, 10 }, &zero },
	{ "read from a pipe", SYS_read, { 0, BAD, 10 }, &pipe_read },
	{ "read from a file", SYS_read, { 0, BAD, 10 }, &file },
	{ "write to a pipe", SYS_write, { 0, BAD, 10 }, &pipe_write },
	{ "write to a file", SYS_write, { 0, BAD, 10 }, &file },
	{ "pread", SYS_pread64, { 0, BAD, 10, 0 }, &file },
	{ "pwrite", SYS_pwrite64, { 0, BAD, 10, 0 }, &file },
	{ "readv", SYS_readv, { 0, BAD, 1 }, &zero },
	{ "writev", SYS_writev, { 0, BAD, 1 }, &file },
	{ "open", SYS_open, { BAD, O_RDONLY }, NULL },
	{ "openat", SYS_openat, { AT_FDCWD, BAD, O_RDONLY }, NULL },
	{ "stat", SYS_stat, { BAD, 0 }, NULL },
	{ "stat's result", SYS_stat, { (long)"/", BAD }, NULL },
	{ "fstat", SYS_fstat, { 0, BAD }, &file },
	{ "newfstatat", SYS_newfstatat, { AT_FDCWD, (long)"/", BAD, 0 }, NULL },
	{ "statx", SYS_statx, { AT_FDCWD, (long)"/", 0, 0x7ff, BAD }, NULL },
	{ "access", SYS_access, { BAD, 0 }, NULL },
	{ "mkdir", SYS_mkdir, { BAD, 0755 }, NULL },
	{ "unlink", SYS_unlink, { BAD }, NULL },
	{ "rename", SYS_rename, { (long)"/nosuch", BAD }, NULL },
	{ "readlink", SYS_readlink, { BAD, 0, 10 }, NULL },
	{ "readlink's result", SYS_readlink, { (long)"/proc/self/exe", BAD, 10 }, NULL },
	{ "getcwd", SYS_getcwd, { BAD, 100 }, NULL },
	{ "chdir", SYS_chdir, { BAD }, NULL },
	{ "getdents64", SYS_getdents64, { 0, BAD, 1000 }, &dir },
	{ "statfs", SYS_statfs, { (long)"/", BAD }, NULL },
	{ "pipe", SYS_pipe, { BAD }, NULL },
	{ "pipe2", SYS_pipe2, { BAD, 0 }, NULL },
	{ "poll", SYS_poll, { BAD, 1, 0 }, NULL },
	{ "select", SYS_select, { 10, BAD, 0, 0, 0 }, NULL },
	{ "epoll_ctl", SYS_epoll_ctl, { 0, EPOLL_CTL_ADD, 0, BAD }, &epoll },
	{ "clock_gettime", SYS_clock_gettime, { 1, BAD }, NULL },
	{ "gettimeofday", SYS_gettimeofday, { BAD, 0 }, NULL },
	{ "nanosleep", SYS_nanosleep, { BAD, 0 }, NULL },
	{ "rt_sigaction", SYS_rt_sigaction, { SIGUSR1, BAD, 0, 8 }, NULL },
	{ "rt_sigaction's result", SYS_rt_sigaction, { SIGUSR1, 0, BAD, 8 }, NULL },
	{ "rt_sigprocmask", SYS_rt_sigprocmask, { SIG_BLOCK, BAD, 0, 8 }, NULL },
	{ "sigaltstack", SYS_sigaltstack, { BAD, 0 }, NULL },
	{ "futex", SYS_futex, { BAD, 0, 0, 0, 0, 0 }, NULL },
	{ "uname", SYS_uname, { BAD }, NULL },
	{ "getrlimit", SYS_getrlimit, { 7, BAD }, NULL },
	{ "prlimit64", SYS_prlimit64, { 0, 7, BAD, 0 }, NULL },
	{ "getrusage", SYS_getrusage, { 0, BAD }, NULL },
	{ "sysinfo", SYS_sysinfo, { BAD }, NULL },
	{ "times", SYS_times, { BAD }, NULL },
	{ "getrandom", SYS_getrandom, { BAD, 100, 0 }, NULL },
	{ "sched_getaffinity", SYS_sched_getaffinity, { 0, 128, BAD }, NULL },
	{ "socketpair", SYS_socketpair, { AF_UNIX, SOCK_STREAM, 0, BAD }, NULL },
	{ "bind", SYS_bind, { 0, BAD, 16 }, &sock },
	{ "connect", SYS_connect, { 0, BAD, 16 }, &sock },
	{ "getsockname", SYS_getsockname, { 0, BAD, BAD }, &sock },
	{ "sendmsg", SYS_sendmsg, { 0, BAD, 0 }, &sock },
	{ "recvmsg", SYS_recvmsg, { 0, BAD, MSG_DONTWAIT }, &sock },
	{ "setsockopt", SYS_setsockopt, { 0, SOL_SOCKET, SO_KEEPALIVE, BAD, 4 }, &sock },
	{ "getsockopt", SYS_getsockopt, { 0, SOL_SOCKET, SO_TYPE, BAD, BAD }, &sock },
	{ "timer_create", SYS_timer_create, { CLOCK_MONOTONIC, 0, BAD }, NULL },
	{ "setitimer", SYS_setitimer, { 0, BAD, 0 }, NULL },
	{ "prctl PR_SET_NAME", SYS_prctl, { 15, BAD }, NULL },
	{ "utimensat", SYS_utimensat, { AT_FDCWD, (long)"/", BAD, 0 }, NULL },
};

static void try_each(const char *what, long bad)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		long a[6];

		for (int j = 0; j < 6; j++)
			a[j] = calls[i].args[j] == BAD ? bad : calls[i].args[j];
		if (calls[i].fd)
			a[0] = *calls[i].fd;
		fails(syscall(calls[i].number, a[0], a[1], a[2], a[3], a[4], a[5]), EFAULT, "%s, %s", calls[i].name, what);
	}
}

void suite_badptr(void)
{
	char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *only_read;
	int fd[2];
	struct iovec iov[2];

	only_read = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(p + PAGE, PAGE);
	pipe(fd);
	pipe_read = fd[0];
	pipe_write = fd[1];
	write(pipe_write, "0123456789", 10);
	file = open(scratch("bad"), O_RDWR | O_CREAT, 0600);
	write(file, p, PAGE);
	lseek(file, 0, SEEK_SET);
	dir = open("/", O_RDONLY | O_DIRECTORY);
	sock = socket(AF_INET, SOCK_STREAM, 0);
	epoll = epoll_create1(0);
	zero = open("/dev/zero", O_RDONLY);

	try_each("not mapped", (long)(p + PAGE));
	try_each("the kernel's", (long)0xffffffff80100000ul);
	try_each("no address at all", (long)0x8000000000000000ul);
	fails(syscall(SYS_read, zero, only_read, 10), EFAULT,
	      "read into memory that cannot be written");
	is(syscall(SYS_read, zero, p + PAGE - 10, 10), 10, "a read that ends with the mapping");
	is(syscall(SYS_pread64, file, p + PAGE - 10, 20, 0), 10, "a read that goes beyond it is short");
	memset(p + PAGE - 10, 'a', 10);
	fails(syscall(SYS_open, p + PAGE - 10, O_RDONLY), EFAULT, "a path that runs out of the mapping");
	iov[0] = (struct iovec){ p, 10 };
	iov[1] = (struct iovec){ (void *)8, 10 };
	is(syscall(SYS_readv, zero, iov, 2), 10, "readv stops at the bad buffer");
	ok(syscall(SYS_getpid) == getpid(), "and the kernel lives");
	close(fd[0]);
	close(fd[1]);
	close(file);
	close(dir);
	close(sock);
	close(epoll);
	close(zero);
}
