/* Calls whose first, second, … allocation fails, until all of them succeed: each then ends with ENOMEM or one of the few
 * errnos that say the same, or does without; and nothing is lost. Printing TAP. For a kernel built with DEBUG=1, which has
 * /proc/self/task/TID/fail-nth as Linux has it with CONFIG_FAULT_INJECTION, and /proc/allocations. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define TRIES 300u /* allocations that one call makes at most */
#define MANY  200  /* more than the kernel keeps on its stack */

static int fail_nth, allocations;
static unsigned nth;       /* which fails; 0: none */
static bool fired;
static int points, failures;
static char data[65536], long_path[1200];
static uint64_t seen[3];   /* of this subject: which errnos, by bit */
static bool failed, odd;   /* of this subject: an errno that says "no memory"; one that does not */

static void point(bool good, const char *name, const char *what)
{
	points++;
	failures += !good;
	printf("%sok %d - %s: %s\n", good ? "" : "not ", points, name, what);
}

static bool says_no_memory(int e)
{
	return e == ENOMEM || e == ENOBUFS || e == EAGAIN || e == ENOLCK || e == ENOSPC;
}

static void arm(void)
{
	char text[16];
	int n = sprintf(text, "%u", nth);

	fired = false;
	if (nth && pwrite(fail_nth, text, (size_t)n, 0) != n)
		abort();
}

/* The file is read with allocations of its own: one that fails there did not in the call. */
static long disarm(long r)
{
	int e = errno;
	char text[16] = "";
	ssize_t n;

	if (!nth)
		return r;
	n = pread(fail_nth, text, sizeof(text) - 1, 0);
	fired = n > 0 && atoi(text) == 0;
	for (int i = 0; i < 3 && pwrite(fail_nth, "0", 1, 0) != 1; i++)
		;
	if (r < 0 && fired) {
		seen[(unsigned)e / 64 % 3] |= 1ull << e % 64;
		failed |= says_no_memory(e);
		odd |= !says_no_memory(e);
	}
	errno = e;
	return r;
}
#define TRY(call)                                                                                  \
	({                                                                                         \
		arm();                                                                             \
		disarm((long)(call));                                                              \
	})

static void close_if(long fd)
{
	if (fd >= 0)
		close((int)fd);
}

static int file, dir, pair[2], pipes[2];

/* Each makes one call, and undoes it. */
static void s_open(void)
{
	close_if(TRY(open("new", O_CREAT | O_RDWR, 0600)));
	unlink("new");
}
static void s_open_long(void) { close_if(TRY(open(long_path, O_RDONLY))); }
static void s_openat2(void)
{
	struct { uint64_t flags, mode, resolve; } how = { O_RDONLY, 0, 0 };

	close_if(TRY(syscall(SYS_openat2, AT_FDCWD, "f", &how, sizeof(how))));
}
static void s_tmpfile(void) { close_if(TRY(open(".", O_TMPFILE | O_RDWR, 0600))); }
static void s_mkdir(void) { TRY(mkdir("newdir", 0700)); rmdir("newdir"); }
static void s_mknod(void) { TRY(mknod("fifo", S_IFIFO | 0600, 0)); unlink("fifo"); }
static void s_symlink(void) { TRY(symlink(long_path, "newlink")); unlink("newlink"); }
static void s_link(void) { TRY(link("f", "other")); unlink("other"); }
static void s_rename(void)
{
	close(open("from", O_CREAT | O_RDWR, 0600));
	TRY(rename("from", "to"));
	unlink("from");
	unlink("to");
}
static void s_unlink(void)
{
	close(open("gone", O_CREAT | O_RDWR, 0600));
	TRY(unlink("gone"));
	unlink("gone");
}
static void s_getcwd(void) { TRY(syscall(SYS_getcwd, data, 4096)); }
static void s_chdir(void) { TRY(chdir(".")); }
static void s_readlink(void) { TRY(readlink("l", data, 4096)); }
static void s_readlink_magic(void) { TRY(syscall(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", data, 4096)); }
static void s_getdents(void)
{
	lseek(dir, 0, SEEK_SET);
	TRY(syscall(SYS_getdents64, dir, data, sizeof(data)));
}
static void s_stat(void) { struct stat st; TRY(stat(long_path, &st)); }
static void s_write(void)
{
	TRY(pwrite(file, data, 20000, 100000));
	ftruncate(file, 65536);
}
static void s_writev(void)
{
	struct iovec v[MANY];

	for (int i = 0; i < MANY; i++)
		v[i] = (struct iovec){ data, 10 };
	TRY(pwritev(file, v, MANY, 0));
}
static void s_truncate(void) { TRY(ftruncate(file, 65536 * 4)); ftruncate(file, 65536); }
static void s_fallocate(void) { TRY(fallocate(file, 0, 65536, 30000)); ftruncate(file, 65536); }
static void s_setxattr(void) { TRY(setxattr("f", "user.b", data, 1000, 0)); removexattr("f", "user.b"); }
static void s_lsetxattr(void) { TRY(lsetxattr("f", "user.b", data, 1000, 0)); removexattr("f", "user.b"); }
static void s_fsetxattr(void) { TRY(fsetxattr(file, "user.b", data, 1000, 0)); removexattr("f", "user.b"); }
static void s_getxattr(void) { TRY(getxattr("f", "user.a", data, 1000)); }
static void s_lgetxattr(void) { TRY(lgetxattr("f", "user.a", data, 1000)); }
static void s_fgetxattr(void) { TRY(fgetxattr(file, "user.a", data, 1000)); }
static void s_listxattr(void) { TRY(listxattr("f", data, 1000)); }
static void s_llistxattr(void) { TRY(llistxattr("f", data, 1000)); }
static void s_flistxattr(void) { TRY(flistxattr(file, data, 1000)); }
static void s_removexattr(void)
{
	setxattr("f", "user.c", "1", 1, 0);
	TRY(removexattr("f", "user.c"));
	removexattr("f", "user.c");
}
static void s_sendfile(void)
{
	off_t at = 0;

	TRY(sendfile(pair[0], file, &at, 100));
	recv(pair[1], data, sizeof(data), MSG_DONTWAIT);
}
static void s_copy_file_range(void)
{
	off_t from = 0, to = 0;
	int other = open("copy", O_CREAT | O_RDWR, 0600);

	TRY(copy_file_range(file, &from, other, &to, 20000, 0));
	close(other);
	unlink("copy");
}
static void s_splice(void)
{
	off_t at = 0;

	TRY(splice(file, &at, pipes[1], NULL, 100, SPLICE_F_NONBLOCK));
	read(pipes[0], data, 100);
}
static void s_tee(void)
{
	int other[2];

	pipe(other);
	write(pipes[1], data, 100);
	TRY(tee(pipes[0], other[1], 100, SPLICE_F_NONBLOCK));
	read(pipes[0], data, 100);
	close(other[0]);
	close(other[1]);
}
static void s_vmsplice(void)
{
	struct iovec v[MANY];

	for (int i = 0; i < MANY; i++)
		v[i] = (struct iovec){ data, 10 };
	TRY(vmsplice(pipes[1], v, MANY, SPLICE_F_NONBLOCK));
	read(pipes[0], data, sizeof(data));
}
static void s_mount(void) { TRY(mount("none", "d", "tmpfs", 0, "size=1m")); umount2("d", MNT_DETACH); }
static void s_bind(void) { TRY(mount("d", "e", NULL, MS_BIND | MS_REC, NULL)); umount2("e", MNT_DETACH); }
static void s_umount(void)
{
	mount("none", "d", "tmpfs", 0, NULL);
	TRY(umount2("d", 0));
	umount2("d", MNT_DETACH);
}
static void s_pipe(void)
{
	int p[2];

	if (TRY(pipe(p)) == 0) {
		close(p[0]);
		close(p[1]);
	}
}
static void s_pipe_size(void) { TRY(fcntl(pipes[0], F_SETPIPE_SZ, 1 << 18)); fcntl(pipes[0], F_SETPIPE_SZ, 65536); }
static void s_pipe_write(void) { TRY(write(pipes[1], data, 9000)); read(pipes[0], data, sizeof(data)); }
static void pair_of(int type)
{
	int p[2];

	if (TRY(socketpair(AF_UNIX, type, 0, p)) == 0) {
		close(p[0]);
		close(p[1]);
	}
}
static void s_socketpair(void) { pair_of(SOCK_STREAM); }
static void s_socketpair_dgram(void) { pair_of(SOCK_DGRAM); }
static void s_socket(void) { close_if(TRY(socket(AF_INET, SOCK_STREAM, 0))); }
static void s_socket_udp(void) { close_if(TRY(socket(AF_INET, SOCK_DGRAM, 0))); }
static void s_socket_netlink(void) { close_if(TRY(socket(AF_NETLINK, SOCK_RAW, 0))); }
static const struct sockaddr_un name = { AF_UNIX, "\0no-memory" };
static int listening(void)
{
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	if (bind(s, (const struct sockaddr *)&name, 12) != 0 || listen(s, 5) != 0)
		abort();
	return s;
}
static void s_bind_unix(void)
{
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	TRY(bind(s, (const struct sockaddr *)&name, 12));
	close(s);
}
static void s_connect(void)
{
	int l = listening(), c = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	TRY(connect(c, (const struct sockaddr *)&name, 12));
	close(c);
	close(l);
}
static void accept_by(long number)
{
	int l = listening(), c = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	connect(c, (const struct sockaddr *)&name, 12);
	fcntl(l, F_SETFL, O_NONBLOCK);
	close_if(TRY(syscall(number, l, NULL, NULL, 0)));
	close(c);
	close(l);
}
static void s_accept(void) { accept_by(SYS_accept); }
static void s_accept4(void) { accept_by(SYS_accept4); }
static void s_send_stream(void) { TRY(send(pair[0], data, 20000, MSG_DONTWAIT)); while (recv(pair[1], data, sizeof(data), MSG_DONTWAIT) > 0) ; }
static void s_send_datagram(void)
{
	int p[2];

	socketpair(AF_UNIX, SOCK_DGRAM, 0, p);
	TRY(send(p[0], data, 3000, MSG_DONTWAIT));
	close(p[0]);
	close(p[1]);
}
static void s_send_descriptor(void)
{
	union { char bytes[CMSG_SPACE(sizeof(int))]; struct cmsghdr header; } control = { .bytes = "" };
	struct iovec v = { data, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control) };

	control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(&control.header), &file, sizeof(int));
	TRY(sendmsg(pair[0], &m, MSG_DONTWAIT));
	recv(pair[1], data, 1, MSG_DONTWAIT);
}
static void s_sendmsg_long(void)
{
	static char control[1000];
	struct iovec v[MANY];
	struct msghdr m = { .msg_iov = v, .msg_iovlen = MANY, .msg_control = control, .msg_controllen = sizeof(control) };

	for (int i = 0; i < MANY; i++)
		v[i] = (struct iovec){ data, 10 };
	*(struct cmsghdr *)control = (struct cmsghdr){ .cmsg_len = sizeof(control), .cmsg_level = 77, .cmsg_type = 1 };
	TRY(sendmsg(pair[0], &m, MSG_DONTWAIT));
	while (recv(pair[1], data, sizeof(data), MSG_DONTWAIT) > 0)
		;
}
static void s_filter(void)
{
	struct sock_filter code[] = { BPF_STMT(BPF_RET | BPF_K, 0xffff) };
	struct sock_fprog p = { 1, code };

	TRY(setsockopt(pair[0], SOL_SOCKET, SO_ATTACH_FILTER, &p, sizeof(p)));
	setsockopt(pair[0], SOL_SOCKET, SO_DETACH_FILTER, &p, sizeof(p));
}
static void s_udp(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(to);
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	bind(s, (struct sockaddr *)&to, sizeof(to));
	getsockname(s, (struct sockaddr *)&to, &n);
	TRY(sendto(s, data, 1000, 0, (struct sockaddr *)&to, sizeof(to)));
	recv(s, data, sizeof(data), 0);
	close(s);
}
static void s_bind_tcp(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int s = socket(AF_INET, SOCK_STREAM, 0);

	TRY(bind(s, (struct sockaddr *)&to, sizeof(to)));
	close(s);
}
static void s_listen_tcp(void)
{
	int s = socket(AF_INET, SOCK_STREAM, 0);

	TRY(listen(s, 5));
	close(s);
}
/* A connection over loopback: @step 0 connects, 1 accepts, 2 sends, 3 receives. */
static void tcp(int step)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct linger none = { 1, 0 };
	socklen_t n = sizeof(to);
	int l = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	long s;

	bind(l, (struct sockaddr *)&to, sizeof(to));
	listen(l, 5);
	getsockname(l, (struct sockaddr *)&to, &n);
	setsockopt(c, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	if (step != 0)
		connect(c, (struct sockaddr *)&to, sizeof(to));
	else if (TRY(connect(c, (struct sockaddr *)&to, sizeof(to))) != 0 && errno == EINPROGRESS)
		seen[EINPROGRESS / 64] &= ~(1ull << EINPROGRESS % 64), odd = false; /* what was lost is sent again */
	s = step == 1 ? TRY(accept4(l, NULL, NULL, SOCK_NONBLOCK)) : accept4(l, NULL, NULL, SOCK_NONBLOCK);
	if (s >= 0) {
		setsockopt((int)s, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
		if (step == 2)
			TRY(send(c, data, 5000, 0));
		else
			send(c, data, 5000, 0);
		if (step == 3)
			TRY(recv((int)s, data, 5000, 0));
		close((int)s);
	}
	close(c);
	close(l);
}
static void s_tcp_connect(void) { tcp(0); }
static void s_tcp_accept(void) { tcp(1); }
static void s_tcp_send(void) { tcp(2); }
static void s_tcp_receive(void) { tcp(3); }
static void s_epoll_create(void) { close_if(TRY(epoll_create1(0))); }
static void s_epoll_add(void)
{
	int e = epoll_create1(0);

	TRY(epoll_ctl(e, EPOLL_CTL_ADD, pipes[0], &(struct epoll_event){ .events = EPOLLIN }));
	close(e);
}
static void s_eventfd(void) { close_if(TRY(eventfd(0, 0))); }
static void s_timerfd(void) { close_if(TRY(timerfd_create(CLOCK_MONOTONIC, 0))); }
static void s_signalfd(void)
{
	sigset_t none;

	sigemptyset(&none);
	close_if(TRY(signalfd(-1, &none, 0)));
}
static void s_inotify(void) { close_if(TRY(inotify_init1(0))); }
static void s_inotify_add(void)
{
	int i = inotify_init1(IN_NONBLOCK);

	TRY(inotify_add_watch(i, ".", IN_ALL_EVENTS));
	close(i);
}
static void s_inotify_event(void)
{
	int i = inotify_init1(IN_NONBLOCK);

	inotify_add_watch(i, ".", IN_ALL_EVENTS);
	TRY(chmod("f", 0600));
	close(i);
}
static void s_memfd(void) { close_if(TRY(memfd_create("m", MFD_CLOEXEC))); }
static void s_pidfd(void) { close_if(TRY(syscall(SYS_pidfd_open, getpid(), 0))); }
static void s_futex_waitv(void)
{
	static uint32_t word;
	struct futex_waitv v[64];

	for (int i = 0; i < 64; i++)
		v[i] = (struct futex_waitv){ .val = 1, .uaddr = (uintptr_t)&word, .flags = FUTEX_32 | FUTEX_PRIVATE_FLAG };
	TRY(syscall(SYS_futex_waitv, v, 64, 0, NULL, 0));
}
static void s_msgget(void)
{
	long id = TRY(msgget(IPC_PRIVATE, 0600));

	if (id >= 0)
		msgctl((int)id, IPC_RMID, NULL);
}
static void s_msgsnd(void)
{
	int id = msgget(IPC_PRIVATE, 0600);

	*(long *)(void *)data = 1;
	TRY(msgsnd(id, data, 1000, IPC_NOWAIT));
	msgctl(id, IPC_RMID, NULL);
}
static void s_semget(void)
{
	long id = TRY(semget(IPC_PRIVATE, 20, 0600));

	if (id >= 0)
		semctl((int)id, 0, IPC_RMID);
}
static int semaphores(struct sembuf *ops)
{
	for (unsigned short i = 0; i < 20; i++)
		ops[i] = (struct sembuf){ i, 1, SEM_UNDO | IPC_NOWAIT };
	return semget(IPC_PRIVATE, 20, 0600);
}
static void s_semop(void)
{
	struct sembuf ops[20];
	int id = semaphores(ops);

	TRY(syscall(SYS_semop, id, ops, 20));
	semctl(id, 0, IPC_RMID);
}
static void s_semtimedop(void)
{
	struct sembuf ops[20];
	int id = semaphores(ops);

	TRY(semtimedop(id, ops, 20, NULL));
	semctl(id, 0, IPC_RMID);
}
static void s_semctl(void)
{
	struct sembuf ops[20];
	int id = semaphores(ops);

	TRY(semctl(id, 0, GETALL, data));
	semctl(id, 0, IPC_RMID);
}
static void s_shmget(void)
{
	long id = TRY(shmget(IPC_PRIVATE, 10000, 0600));

	if (id >= 0)
		shmctl((int)id, IPC_RMID, NULL);
}
static void s_shmat(void)
{
	int id = shmget(IPC_PRIVATE, 10000, 0600);
	long at = TRY(shmat(id, NULL, 0));

	if (at != -1)
		shmdt((void *)at);
	shmctl(id, IPC_RMID, NULL);
}
static void s_mq_open(void) { close_if(TRY(mq_open("/n", O_CREAT | O_RDWR, 0600, NULL))); mq_unlink("/n"); }
static void s_mq_send(void)
{
	mqd_t q = mq_open("/n", O_CREAT | O_RDWR, 0600, NULL);

	mq_unlink("/n");
	TRY(mq_send(q, data, 1000, 0));
	mq_close(q);
}
static struct pollfd *many(void)
{
	static struct pollfd p[MANY];

	for (int i = 0; i < MANY; i++)
		p[i] = (struct pollfd){ .fd = pipes[1], .events = POLLOUT };
	return p;
}
static void s_poll(void) { TRY(poll(many(), MANY, 0)); }
static void s_ppoll(void) { struct timespec none = { 0, 0 }; TRY(syscall(SYS_ppoll, many(), MANY, &none, NULL, 8)); }
static void s_select(void) { fd_set s; struct timeval t = { 0, 0 }; FD_ZERO(&s); FD_SET(pipes[1], &s); TRY(syscall(SYS_select, 900, NULL, &s, NULL, &t)); }
static void s_pselect(void) { fd_set s; struct timespec t = { 0, 0 }; FD_ZERO(&s); FD_SET(pipes[1], &s); TRY(syscall(SYS_pselect6, 900, NULL, &s, NULL, &t, NULL)); }
static void s_setitimer(void) { struct itimerval v = { { 0, 0 }, { 0, 0 } }; TRY(setitimer(ITIMER_VIRTUAL, &v, NULL)); }
static void s_timer_create(void)
{
	int32_t id;

	if (TRY(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &id)) == 0)
		syscall(SYS_timer_delete, id);
}
static void s_mmap(void)
{
	long p = TRY(mmap(NULL, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	if (p != -1)
		munmap((void *)p, 1 << 20);
}
static void s_mmap_file(void)
{
	long p = TRY(mmap(NULL, 65536, PROT_READ, MAP_SHARED, file, 0));

	if (p != -1)
		munmap((void *)p, 65536);
}
static void s_mmap_populate(void)
{
	long p = TRY(mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0));

	if (p != -1)
		munmap((void *)p, 1 << 16);
}
static char *region(void)
{
	return mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static void s_mprotect(void) { char *p = region(); TRY(mprotect(p + 4096, 4096, PROT_READ)); munmap(p, 1 << 16); }
static void s_munmap(void) { char *p = region(); TRY(munmap(p + 4096, 4096)); munmap(p, 1 << 16); }
static void s_mremap(void)
{
	char *p = region();
	long q = TRY(mremap(p, 1 << 16, 1 << 18, MREMAP_MAYMOVE));

	if (q != -1)
		munmap((void *)q, 1 << 18);
	else
		munmap(p, 1 << 16);
}
static void s_mlock(void) { char *p = region(); TRY(mlock(p, 1 << 16)); munmap(p, 1 << 16); }
static void s_madvise(void) { char *p = region(); p[0] = 1; TRY(madvise(p + 4096, 8192, MADV_DONTFORK)); munmap(p, 1 << 16); }
static void *thread(void *unused) { return unused; }
static void s_thread(void)
{
	pthread_t t;
	int e;

	arm();
	e = pthread_create(&t, NULL, thread, NULL);
	errno = e;
	disarm(e ? -1 : 0);
	if (!e)
		pthread_join(t, NULL);
}
static void s_io_setup(void)
{
	aio_context_t c = 0;

	if (TRY(syscall(SYS_io_setup, 8, &c)) == 0)
		syscall(SYS_io_destroy, c);
}
static void s_io_submit(void)
{
	struct iocb cb = { .aio_lio_opcode = IOCB_CMD_PREAD, .aio_fildes = (uint32_t)file, .aio_buf = (uintptr_t)data, .aio_nbytes = 512 };
	struct iocb *all[] = { &cb };
	struct io_event e;
	aio_context_t c = 0;

	syscall(SYS_io_setup, 8, &c);
	TRY(syscall(SYS_io_submit, c, 1, all));
	syscall(SYS_io_getevents, c, 0, 1, &e, NULL);
	syscall(SYS_io_destroy, c);
}
static void s_ptmx(void) { close_if(TRY(open("/dev/ptmx", O_RDWR | O_NOCTTY))); }
static void s_pts(void)
{
	int m = open("/dev/ptmx", O_RDWR | O_NOCTTY), n = 0;
	char path[32];

	ioctl(m, TIOCSPTLCK, &n);
	ioctl(m, TIOCGPTN, &n);
	sprintf(path, "/dev/pts/%d", n);
	close_if(TRY(open(path, O_RDWR | O_NOCTTY)));
	close(m);
}
static void s_process_vm(void)
{
	struct iovec v[MANY], w = { data, 2000 };

	for (int i = 0; i < MANY; i++)
		v[i] = (struct iovec){ data + 4096, 10 };
	TRY(process_vm_readv(getpid(), v, MANY, &w, 1, 0));
}
static void s_flock(void)
{
	int f = open("f", O_RDWR);

	TRY(flock(f, LOCK_EX));
	close(f);
}
static void s_lock(void)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 10 };

	TRY(fcntl(file, F_SETLK, &l));
	l.l_type = F_UNLCK;
	fcntl(file, F_SETLK, &l);
}
static void s_unlock_middle(void)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 100 };

	fcntl(file, F_SETLK, &l);
	l = (struct flock){ .l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 10 };
	TRY(fcntl(file, F_SETLK, &l));
	l = (struct flock){ .l_type = F_UNLCK, .l_whence = SEEK_SET };
	fcntl(file, F_SETLK, &l);
}
static void s_dup(void) { if (TRY(dup2(file, 900)) >= 0) close(900); }
static void read_all(const char *path)
{
	int f = open(path, O_RDONLY);

	TRY(read(f, data, 4096));
	close(f);
}
static void s_proc_open(void) { close_if(TRY(open("/proc/self/maps", O_RDONLY))); }
static void s_proc_maps(void) { read_all("/proc/self/maps"); }
static void s_proc_status(void) { read_all("/proc/self/status"); }
static void s_proc_mounts(void) { read_all("/proc/self/mountinfo"); }
static void s_proc_stat(void) { read_all("/proc/stat"); }
static void s_sys(void) { read_all("/sys/devices/system/cpu/online"); }
static void s_proc_fd(void)
{
	int d = open("/proc/self/fd", O_RDONLY | O_DIRECTORY);

	TRY(syscall(SYS_getdents64, d, data, 4096));
	close(d);
}
static void s_chroot(void) { TRY(chroot("/")); }
static void s_statfs(void) { TRY(syscall(SYS_statfs, "f", data)); }
static void s_sigqueue(void)
{
	sigset_t one;

	sigemptyset(&one);
	sigaddset(&one, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &one, NULL);
	TRY(sigqueue(getpid(), SIGRTMIN, (union sigval){ 0 }));
	sigtimedwait(&one, NULL, &(struct timespec){ 0, 0 });
}

static const struct subject {
	const char *name;
	void (*run)(void);
	bool fails; /* one of its allocations is needed for sure */
} subjects[] = {
#define S(name, fails) { #name, s_##name, fails }
	S(setitimer, false), S(open, true), S(open_long, true), S(openat2, true), S(tmpfile, true), S(mkdir, true), S(mknod, true),
	S(symlink, true), S(link, true), S(rename, false), S(unlink, false), S(getcwd, true), S(chdir, false), S(readlink, false),
	S(readlink_magic, true), S(getdents, false), S(stat, true), S(write, false), S(writev, true), S(truncate, false),
	S(fallocate, true), S(setxattr, true), S(lsetxattr, true), S(fsetxattr, true), S(getxattr, true), S(lgetxattr, true),
	S(fgetxattr, true), S(listxattr, true), S(llistxattr, true), S(flistxattr, true), S(removexattr, false), S(sendfile, true),
	S(copy_file_range, true), S(splice, false), S(tee, false), S(vmsplice, true), S(mount, true), S(bind, true),
	S(umount, false), S(pipe, true), S(pipe_size, true), S(pipe_write, false), S(socketpair, true), S(socketpair_dgram, true),
	S(socket, true), S(socket_udp, true), S(socket_netlink, false), S(bind_unix, false), S(connect, true), S(accept, true),
	S(accept4, true), S(send_stream, false), S(send_datagram, true), S(send_descriptor, true), S(sendmsg_long, true),
	S(filter, false), S(udp, false), S(bind_tcp, false), S(listen_tcp, false), S(tcp_connect, false),
	S(tcp_accept, false), S(tcp_send, false), S(tcp_receive, false), S(epoll_create, true), S(epoll_add, true),
	S(eventfd, true), S(timerfd, true), S(signalfd, true), S(inotify, true), S(inotify_add, true), S(inotify_event, false),
	S(memfd, true), S(pidfd, true), S(futex_waitv, true), S(msgget, true), S(msgsnd, true), S(semget, true), S(semop, true),
	S(semtimedop, true), S(semctl, true), S(shmget, true), S(shmat, true), S(mq_open, true), S(mq_send, true), S(poll, true),
	S(ppoll, true), S(select, true), S(pselect, true), S(timer_create, true), S(mmap, true), S(mmap_file, true),
	S(mmap_populate, false), S(mprotect, true), S(munmap, true), S(mremap, false), S(mlock, false), S(madvise, false),
	S(thread, true), S(io_setup, true), S(io_submit, false), S(ptmx, true), S(pts, false), S(process_vm, true),
	S(flock, true), S(lock, true), S(unlock_middle, true), S(dup, false), S(proc_open, true), S(proc_maps, true),
	S(proc_status, true), S(proc_mounts, true), S(proc_stat, true), S(sys, true), S(proc_fd, false), S(chroot, false),
	S(statfs, false), S(sigqueue, false),
};

/* Return: how many of its allocations there were. */
static unsigned walk(const struct subject *s)
{
	for (nth = 1; nth < TRIES; nth++) {
		fired = false;
		s->run();
		if (!fired)
			break;
	}
	return nth - 1;
}

/* Bytes through a connection while allocations of the writer fail: all that it was told are sent arrive, in their order. */
#define STREAM (256u * 1024)
static char pattern[STREAM];
static size_t wrong_at;

static void *reader(void *fd)
{
	static char got[STREAM];
	size_t n = 0;

	for (ssize_t r; n < STREAM && (r = read(*(int *)fd, got + n, STREAM - n)) > 0;)
		n += (size_t)r;
	wrong_at = 0;
	while (wrong_at < n && got[wrong_at] == pattern[wrong_at])
		wrong_at++;
	return NULL;
}

/* Return: every byte came, whichever allocation failed. */
static bool stream(int in, int out)
{
	for (unsigned n = 1; n < 60; n++) {
		size_t sent = 0;
		pthread_t t;
		long r;

		pthread_create(&t, NULL, reader, &out);
		for (nth = n; sent < STREAM; nth = nth || sent > STREAM / 2 ? 0 : n) { /* every second time */
			r = TRY(write(in, pattern + sent, STREAM - sent));
			if (r < 0 && !says_no_memory(errno))
				break;
			sent += r > 0 ? (size_t)r : 0;
		}
		if (sent < STREAM)
			shutdown(in, SHUT_WR);
		nth = 0;
		pthread_join(t, NULL);
		if (wrong_at < STREAM) {
			printf("# allocation %u: byte %zu is another\n", n, wrong_at);
			return false;
		}
	}
	return true;
}

static void streams(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int l = socket(AF_INET, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0), p[2];
	socklen_t n = sizeof(to);

	for (size_t i = 0; i < STREAM; i++)
		pattern[i] = (char)(i * 7 + i / 4096);
	bind(l, (struct sockaddr *)&to, sizeof(to));
	listen(l, 5);
	getsockname(l, (struct sockaddr *)&to, &n);
	connect(c, (struct sockaddr *)&to, sizeof(to));
	point(stream(c, accept(l, NULL, NULL)), "TCP", "every byte arrives");
	socketpair(AF_UNIX, SOCK_STREAM, 0, p);
	point(stream(p[0], p[1]), "AF_UNIX", "every byte arrives");
	pipe(p);
	point(stream(p[1], p[0]), "pipe", "every byte arrives");
}

static bool counts(long *pages, long *objects)
{
	char text[100] = "";

	return pread(allocations, text, sizeof(text) - 1, 0) > 0 && sscanf(text, "%ld pages, %ld objects", pages, objects) == 2;
}

int main(int argc, char **argv)
{
	char path[64];

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	sprintf(path, "/proc/self/task/%d/fail-nth", getpid());
	fail_nth = open(path, O_RDWR);
	allocations = open("/proc/allocations", O_RDONLY);
	if (fail_nth < 0 || allocations < 0) {
		printf("1..0 # SKIP no fail-nth in this kernel\n");
		return 0;
	}
	mkdir("/tmp", 0777);
	mkdir("/tmp/no-memory", 0777);
	if (chdir("/tmp/no-memory") != 0)
		return 1;
	memset(data, 'x', sizeof(data));
	file = open("f", O_CREAT | O_RDWR, 0600);
	pwrite(file, data, sizeof(data), 0);
	fsetxattr(file, "user.a", "1", 1, 0);
	symlink("f", "l");
	mkdir("d", 0700);
	mkdir("e", 0700);
	for (size_t n = 0; n + 3 < 600; n += 2)
		strcat(long_path, "./");
	strcat(long_path, "f");
	dir = open(".", O_RDONLY | O_DIRECTORY);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	pipe2(pipes, O_NONBLOCK);
	counts(&(long){ 0 }, &(long){ 0 });
	/* A process's first timer makes what they all hang in. */
	nth = 1;
	s_setitimer();
	point(fired && seen[0] & 1ull << ENOMEM, "setitimer", "the first");
	seen[0] = 0;
	s_timer_create();
	nth = 2;
	s_timer_create(); /* that is made, and the timer is not */
	s_timer_create(); /* the timer is, and their table is not */
	point(seen[0] & 1ull << ENOMEM, "timer_create", "the first");
	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
		const struct subject *s = &subjects[i];
		long pages, objects, pages_after, objects_after;
		unsigned made;
		char text[200];
		int n;

		if (argc > 1 && strcmp(argv[1], s->name) != 0)
			continue;
		memset(seen, 0, sizeof(seen));
		failed = odd = false;
		nth = 0;
		s->run(); /* what is made once only */
		made = walk(s);
		walk(s);
		counts(&pages, &objects);
		walk(s);
		walk(s);
		counts(&pages_after, &objects_after);
		n = snprintf(text, sizeof(text), "%u allocations, each failed:", made);
		for (int e = 0; e < 192; e++)
			if (seen[e / 64] & 1ull << e % 64)
				n += snprintf(text + n, sizeof(text) - (size_t)n, " %s", strerrorname_np(e));
		point(nth < TRIES && !odd && (!s->fails || failed), s->name, text);
		snprintf(text, sizeof(text), "nothing is lost (%ld pages, %ld objects)", pages_after - pages, objects_after - objects);
		point(pages_after == pages && objects_after == objects, s->name, text);
	}
	nth = 0;
	if (argc == 1)
		streams();
	printf("1..%d\n", points);
	return failures != 0;
}
