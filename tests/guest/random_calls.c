/* random_calls SEED COUNT [CALL…]: four threads make COUNT system calls each, of all that the kernel has (calls.h is made from its
 * linker set) or of those named, with arguments that are half sensible: descriptors that may be open, pointers that may be good, structures
 * that may make sense. Whatever they return, the kernel lives, and what they took is given back. TAP.
 *
 * What would end or blind this program itself is kept from happening: signals that nobody handles, its own mappings, its
 * way back from a call. For the inside of a guest only: on a host it would leave things behind. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
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
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define THREADS 4
#define MEMORY  65536ul
#define WINDOW  0x200000000000ul /* where mappings are made */
#define WINDOW_SIZE (16ul << 20)
#define SLACK_KIB 512 /* also of pages cut into objects, some of which are in use */
#define SLACK_PAGES 16 /* this program's own: its stacks, its heap */
#define SLACK_OBJECTS 64 /* of nodes of /proc and /dev, which keep what they were asked for */
#define STUCK_TURNS 3000 /* of 2 ms or more */
#define ITEMS(a) (sizeof(a) / sizeof((a)[0]))

struct call {
	const char *name;
	int number;
	const char *arguments; /* scripts/calls: f descriptor, p path, i read through a pointer, o written, n number */
};
static const struct call calls[] = {
#define CALL(name, number, arguments) { #name, number, arguments },
#include "calls.h"
};
static const unsigned requests[] = {

#define IOCTL(name, number) number,
#include "calls.h"
};
static const unsigned options[] = {
#define PRCTL(name, number) number,
#include "calls.h"
};
static const unsigned commands[] = {
#define FCNTL(name, number) number,
#include "calls.h"
};
static const struct {
	int level, option;
} socket_options[] = {
#define OPTION(name, level, number) { level, number },
#include "calls.h"
};

/* Not made: they end a thread, make a process or a thread without a stack, or take the stack or the registers away. */
static const char *const never[] = {
	"exit", "exit_group", "rt_sigreturn", "fork", "vfork", "clone", "execve", "execveat", "rseq", "reboot", "set_robust_list",
	"kexec_load", "set_tid_address",
	"fchdir", /* and chdir() to one place: trees deeper than a path can name would stay behind */
};
static const char *const paths[] = {
	"a", "b", "c", "d", "d/a", "d/b", "d/d", "/tmp/mounts/m/a", ".", "..", "", "/", "/proc/self/maps", "/proc/self/fd", "/dev/null",
	"/dev/zero", "/dev/full", "/dev/tty", "/proc", "/proc/meminfo", "/sys", "/nosuch", "a/b", "/proc/self/comm", "/dev",
};
/* Names that are no files of ours: attributes, kinds of file systems. */
static const char *const names[] = { "user.a", "user.b", "trusted.a", "system.a", "tmpfs", "proc", "user.", "x" };

static char *memory;       /* for everything; a page that is not there follows */
static sigset_t *masks;    /* masks that let SIGALRM through; apart, so that nothing writes them */
static struct sigaction *actions;
static struct sigevent *events;
static char *break_start;
static __thread unsigned long state;
static int handled[64], handled_count;
static unsigned long contexts[256]; /* of io_setup(), and how many there were */
static unsigned context_count;
static char **only; /* names of calls; all if there are none */

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

static unsigned long bad_pointer(void)
{
	switch (below(8)) {
	case 0:
		return 0;
	case 1:
		return 0xffff800000001000ul; /* the kernel's */
	case 2:
		return 0xffffffff80100000ul + below(1 << 20);
	case 3:
		return (unsigned long)memory + MEMORY - below(40); /* the last bytes before what is not allowed */
	case 4:
		return 0x7ffffffff000ul - below(16); /* the end of what a program may have */
	case 5:
		return 0x800000000000ul + below(1ul << 47); /* no address */
	case 6:
		return (unsigned long)&calls; /* can only be read */
	default:
		return ~0ul - below(5000);
	}
}

static unsigned long pointer(void)
{
	return below(6) ? (unsigned long)place() : bad_pointer();
}

static unsigned long number(void)
{
	switch (below(12)) {
	case 0:
		return 0;
	case 1:
		return ~0ul - below(3);
	case 2:
		return 0x7fffffff + below(2);
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

static unsigned long descriptor(void)
{
	switch (below(24)) {
	case 0:
		return (unsigned)AT_FDCWD;
	case 1:
		return number() | 0x100; /* not 0, 1 and 2 */
	default:
		return 3 + below(40);
	}
}

/* Names lie where nothing writes: a name by chance would be a file that nobody finds again. */
static unsigned long path(void)
{
	return below(8) ? (unsigned long)paths[below(ITEMS(paths))] : bad_pointer();
}

static unsigned long name(void)
{
	return below(8) ? (unsigned long)names[below(ITEMS(names))] : bad_pointer();
}

/* In the window, on pages mostly. */
static unsigned long address(void)
{
	return WINDOW + below(WINDOW_SIZE) / (below(8) ? 4096 : 1) * (below(8) ? 4096 : 1) % WINDOW_SIZE;
}

static bool is(const struct call *call, const char *called)
{
	return strcmp(call->name, called) == 0;
}

static bool begins(const struct call *call, const char *with)
{
	return strncmp(call->name, with, strlen(with)) == 0;
}

/* Arguments that have to make sense for the call to come far, or that must not do this program harm. */
static void make_sensible(const struct call *c, unsigned long *a)
{
	unsigned long in_window, left;

	if (is(c, "socket") || is(c, "socketpair")) {
		static const int families[] = { AF_UNIX, AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, 99 };

		a[0] = (unsigned long)families[below(ITEMS(families))];
		a[1] = (1 + below(5)) | (below(2) ? SOCK_NONBLOCK : 0);
		a[2] = below(4) ? 0 : below(2) ? below(20) : number();
	} else if (is(c, "io_submit") || is(c, "io_getevents") || is(c, "io_pgetevents") || is(c, "io_cancel") || is(c, "io_destroy")) {
		if (below(4))
			a[0] = contexts[below(ITEMS(contexts))];
		if (is(c, "io_pgetevents"))
			a[5] = below(2) ? 0 : ~0ul; /* memory may block SIGALRM */
	} else if (is(c, "epoll_ctl")) {
		a[1] = 1 + below(3);
		a[2] = descriptor();
	} else if (is(c, "shmat")) {
		a[1] = address();
	} else if (is(c, "shmget")) {
		a[1] = below(200000);
		a[2] = below(2048);
	} else if (is(c, "shmctl") || is(c, "semctl") || is(c, "msgctl")) {
		a[is(c, "semctl") ? 2 : 1] = below(20);
	} else if (is(c, "setsockopt") || is(c, "getsockopt")) {
		unsigned long i = below(ITEMS(socket_options));

		a[1] = (unsigned long)socket_options[i].level;
		a[2] = (unsigned long)socket_options[i].option;
	} else if (is(c, "close_range")) {
		a[0] = 20 + below(40);
		a[1] = a[0] + below(30);
	} else if (is(c, "fcntl")) {
		a[1] = below(16) ? commands[below(ITEMS(commands))] : number();
	} else if (is(c, "ioctl")) {
		a[1] = below(16) ? requests[below(ITEMS(requests))] : number();
		a[2] = below(8) ? pointer() : number();
	} else if (is(c, "prctl")) {
		a[0] = below(16) ? options[below(ITEMS(options))] : number();
		a[1] = below(2) ? a[1] : pointer();
	} else if (is(c, "arch_prctl")) {
		a[0] = below(4) ? 0x1001 + below(2) * 2 : 0x2000 + below(100);
	} else if (is(c, "futex")) {
		a[1] = below(16) | (below(2) ? 128 : 0);
		a[0] = pointer() & ~3ul;
		a[4] = pointer() & ~3ul;
		if ((a[1] & 127) == 6 || (a[1] & 127) == 11 || (a[1] & 127) == 13)
			a[3] = (unsigned long)masks + 2048; /* a moment that is over: signals do not end a wait for such a lock */
	} else if (is(c, "mmap")) {
		a[0] = below(8) ? address() & ~4095ul : bad_pointer();
		left = WINDOW + WINDOW_SIZE - a[0];
		a[1] = below(a[0] - WINDOW < WINDOW_SIZE ? left : 100000);
		a[2] = below(8);
		a[3] = MAP_FIXED | (below(2) ? MAP_ANONYMOUS : 0) | (1 + below(3)) | (below(4) ? 0 : 1u << below(20));
		a[4] = descriptor();
		a[5] = below(8) ? below(40) * 4096 : number();
		if (a[0] - WINDOW >= WINDOW_SIZE && a[0] < 0x7ffffffff000ul)
			a[0] = address();
	} else if (is(c, "mremap")) {
		in_window = address();
		a[0] = in_window & ~4095ul;
		a[1] = below(WINDOW + WINDOW_SIZE - a[0]);
		a[4] = address() & ~4095ul;
		a[2] = below(WINDOW + WINDOW_SIZE - a[4]);
		a[3] = below(4) ? MREMAP_MAYMOVE | MREMAP_FIXED : 0;
	} else if (is(c, "munmap") || is(c, "mprotect") || is(c, "madvise") || is(c, "msync") || is(c, "mincore") ||
		   is(c, "mlock") || is(c, "munlock") || is(c, "mlock2") || is(c, "remap_file_pages") || is(c, "mbind") ||
		   is(c, "pkey_mprotect") || is(c, "shmdt")) {
		a[0] = address();
		a[1] = below(8) ? below(WINDOW + WINDOW_SIZE - a[0]) : -below(1ul << 45); /* beyond all addresses */
		if (begins(c, "mlock"))
			a[1] %= 65536;
		if (is(c, "madvise"))
			a[2] = below(30);
	} else if (is(c, "mlockall")) {
		a[0] = 4 + below(2) * 8; /* MCL_ONFAULT: not all of the window */
	} else if (is(c, "brk")) {
		a[0] = below(4) ? (unsigned long)break_start + (8 << 20) + below(1 << 20) : 0;
	} else if (is(c, "fallocate")) {
		a[1] = below(70);
		a[2] = below(1 << 20);
		a[3] = below(8) ? below(1 << 20) : 1ul << 62;
	} else if (is(c, "kill") || is(c, "tkill") || is(c, "tgkill") || is(c, "rt_sigqueueinfo") || is(c, "rt_tgsigqueueinfo") ||
		   is(c, "pidfd_send_signal")) {
		int at = is(c, "tgkill") || is(c, "rt_tgsigqueueinfo") ? 2 : 1;

		a[at] = below(16) ? (unsigned long)handled[below((unsigned)handled_count)] : 65 + below(1000);
		a[0] = below(4) ? 1 + below(2 + THREADS) : number();
		if (at == 2)
			a[1] = 1 + below(4 + THREADS);
	} else if (is(c, "rt_sigaction")) {
		a[1] = below(4) ? (unsigned long)(actions + below(4)) : below(2) ? 0 : 0xffff800000001000ul; /* not what it can read */
		a[0] = below(16) ? (unsigned long)handled[below((unsigned)handled_count)] : 65 + below(1000);
		a[3] = 8;
	} else if (is(c, "rt_sigprocmask")) {
		a[1] = (unsigned long)(masks + below(4));
		a[3] = 8;
	} else if (is(c, "rt_sigsuspend") || is(c, "rt_sigtimedwait")) {
		a[0] = (unsigned long)(masks + below(4));
		a[is(c, "rt_sigsuspend") ? 1 : 3] = 8;
	} else if (is(c, "ppoll")) {
		a[1] = below(20);
		a[3] = (unsigned long)(masks + below(4));
		a[4] = 8;
	} else if (is(c, "poll")) {
		a[1] = below(20);
	} else if (is(c, "pselect6")) {
		a[5] = below(2) ? 0 : ~0ul; /* memory may block SIGALRM */
	} else if (begins(c, "epoll_pwait")) {
		a[4] = (unsigned long)(masks + below(4));
		a[5] = 8;
	} else if (is(c, "timer_create")) {
		a[1] = below(4) ? (unsigned long)(events + below(4)) : 0;
	} else if (is(c, "setrlimit") || is(c, "prlimit64")) {
		int at = is(c, "prlimit64");

		a[at] = below(20);
		if (a[at] == RLIMIT_CPU || a[at] == RLIMIT_RTTIME || a[at] == RLIMIT_STACK || a[at] == RLIMIT_AS)
			a[at] = RLIMIT_NOFILE;
		a[0] = at ? below(2) : a[0];
	} else if (begins(c, "set") && (strstr(c->name, "uid") || strstr(c->name, "gid"))) {
		for (int i = 0; i < 3; i++)
			a[i] = below(2) ? 0 : ~0ul;
	} else if (is(c, "setgroups") || is(c, "capset") || is(c, "sched_setattr") || is(c, "clone3")) {
		a[1] = bad_pointer();
		if (is(c, "sched_setattr"))
			a[1] = ~0ul;
		if (is(c, "clone3"))
			a[0] = ~0ul;
	} else if (is(c, "sched_setscheduler")) {
		a[1] = below(2) ? 3 + below(2) * 2 : 0;
	} else if (is(c, "chdir")) {
		a[0] = below(2) ? (unsigned long)"/tmp/random" : bad_pointer();
	} else if (is(c, "chroot")) {
		a[0] = (unsigned long)"/";
	} else if (is(c, "umount2")) {
		a[0] = (unsigned long)(below(8) ? "/tmp/mounts/m" : "d");
		a[1] |= UMOUNT_NOFOLLOW; /* "d" may be a link to /proc */
	} else if (is(c, "mount")) {
		a[1] = (unsigned long)"/tmp/mounts/m"; /* where nobody puts a link to elsewhere */
		a[2] = name();
		a[3] = below(4) ? 0 : number() & ~(unsigned long)MS_MOVE; /* /proc stays where it is */
	} else if (strstr(c->name, "xattr")) {
		a[1] = name();
	} else if (is(c, "mknod") || is(c, "mknodat")) {
		a[is(c, "mknodat") + 1] = (below(2) ? S_IFIFO : below(16) << 12) | 0600;
	} else if (begins(c, "open") || is(c, "creat")) {
		int at = strstr(c->name, "at") ? 2 : 1;

		if (at == 1 || is(c, "openat"))
			a[at] |= O_NONBLOCK;
	} else if (is(c, "dup2") || is(c, "dup3")) {
		a[1] = 3 + below(40);
	} else if (is(c, "sethostname") || is(c, "setdomainname")) {
		a[1] = below(100);
	}
}

static void arguments(const struct call *c, unsigned long *a)
{
	bool after_pointer = false;

	for (int i = 0; i < 6; i++) {
		char kind = c->arguments[0] == '-' || i >= (int)strlen(c->arguments) ? 'n' : c->arguments[i];

		switch (kind) {
		case 'f':
			a[i] = descriptor();
			break;
		case 'p':
			a[i] = path();
			break;
		case 'i':
		case 'o':
			a[i] = pointer();
			break;
		default: /* often how many bytes are behind the pointer */
			a[i] = after_pointer && below(2) ? below(300) : number();
		}
		after_pointer = kind == 'i' || kind == 'o';
	}
	make_sensible(c, a);
}

/* Numbers and pointers all over, and a few structures in one piece. */
static void fill_memory(void)
{
	struct sockaddr_un *local = place();
	struct iovec *v = place();
	struct msghdr *m = place();
	struct cmsghdr *c = place();

	for (int i = 0; i < 200; i++)
		*(unsigned long *)place() = below(3) ? number() : pointer();
	*local = (struct sockaddr_un){ .sun_family = AF_UNIX };
	local->sun_path[0] = below(2) ? '\0' : '/';
	local->sun_path[1] = (char)('a' + below(4));
	*v = (struct iovec){ memory, below(5000) };
	*m = (struct msghdr){ .msg_iov = v, .msg_iovlen = 1, .msg_control = c, .msg_controllen = below(64) };
	*c = (struct cmsghdr){ 16 + 4 * below(4), SOL_SOCKET, 1 + (int)below(2) };
	((int *)(c + 1))[0] = 3 + (int)below(40);
	((int *)(c + 1))[1] = 3 + (int)below(40);
	/* Addresses of the Internet; times that are short. */
	memcpy(place(), below(2) ? "\2\0\37\220\177\0\0\1\0\0\0\0\0\0\0" : "\12\0\37\220\0\0\0\0\0\0\0\0\0\0\0", 16);
	for (int i = 0; i < 20; i++) {
		unsigned long *t = place();

		t[0] = 0;
		t[1] = below(2000);
	}
}

struct work {
	unsigned long seed;
	long count;
	const char *now; /* what the thread is at, and since when */
	unsigned long a[6];
	long calls;
	bool done;
};

static bool is_never(const struct call *c)
{
	if (*only) {
		char **o = only;

		while (*o && strcmp(*o, c->name) != 0)
			o++;
		if (!*o)
			return true;
	}
	for (unsigned i = 0; i < ITEMS(never); i++)
		if (is(c, never[i]))
			return true;
	return false;
}

static void remember_context(unsigned long where)
{
	unsigned i = __atomic_fetch_add(&context_count, 1, __ATOMIC_RELAXED) % ITEMS(contexts);
	unsigned long old = __atomic_exchange_n(&contexts[i], *(volatile unsigned long *)where, __ATOMIC_RELAXED);

	if (old)
		syscall(SYS_io_destroy, old);
}

static pthread_barrier_t all_are_there; /* a call may keep further threads from being made */

static void *make_calls(void *p)
{
	struct work *w = p;

	pthread_barrier_wait(&all_are_there);
	state = w->seed * 0x9e3779b97f4a7c15ul + 1;
	for (long i = 0; i < w->count; i++) {
		const struct call *c;
		unsigned long *a = w->a;

		do {
			c = &calls[below(ITEMS(calls))];
		} while (is_never(c));
		if (i % 50 == 0)
			fill_memory();
		arguments(c, a);
		w->now = c->name;
		__atomic_store_n(&w->calls, i, __ATOMIC_RELEASE);
		if (syscall(c->number, a[0], a[1], a[2], a[3], a[4], a[5]) == 0 && c->number == SYS_io_setup)
			remember_context(a[1]);
	}
	__atomic_store_n(&w->done, true, __ATOMIC_RELEASE);
	return NULL;
}

static void do_nothing(int unused)
{
	(void)unused;
}

static int remove_it(const char *name, const struct stat *st, int kind, struct FTW *where)
{
	(void)st, (void)kind, (void)where;
	remove(name);
	return 0;
}

/* What was in directories when the program began: the rest is removed in the end, and what took its place. */
#define KNOWN 64
struct place {
	const char *name;
	ino_t known[KNOWN];
	unsigned count;
};
static struct place places[] = { { .name = "/tmp/mounts/m" }, { .name = "/tmp/mounts" }, { .name = "/tmp/random" }, { .name = "/tmp" },
				 { .name = "/" }, { .name = "/dev" } };

static void each_name(struct place *p, void (*action)(struct place *, const char *))
{
	DIR *d = chdir(p->name) == 0 ? opendir(".") : NULL;
	struct dirent *e;

	while (d && (e = readdir(d)))
		action(p, e->d_name);
	if (d)
		closedir(d);
}

static void know(struct place *p, const char *name)
{
	struct stat st;

	if (p->count < KNOWN && lstat(name, &st) == 0)
		p->known[p->count++] = st.st_ino;
}

static void remove_unknown(struct place *p, const char *name)
{
	struct stat st;

	if (lstat(name, &st) != 0)
		return;
	for (unsigned i = 0; i < p->count; i++)
		if (p->known[i] == st.st_ino)
			return;
	nftw(name, remove_it, 16, FTW_DEPTH | FTW_PHYS);
}

/* Undo what would make the calls all fail alike after a while, and what takes ever more memory. */
static void tidy(bool all)
{
	static const int limits[] = { RLIMIT_NOFILE, RLIMIT_FSIZE, RLIMIT_AS, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_MEMLOCK,
				      RLIMIT_SIGPENDING, RLIMIT_NPROC };

	for (unsigned i = 0; i < ITEMS(limits); i++) {
		struct rlimit l = { RLIM_INFINITY, RLIM_INFINITY };

		if (limits[i] == RLIMIT_NOFILE)
			l = (struct rlimit){ 1024, 1048576 };
		else if (limits[i] == RLIMIT_STACK)
			l.rlim_cur = 8 << 20;
		else if (limits[i] == RLIMIT_MEMLOCK)
			l.rlim_cur = 1 << 20;
		else if (limits[i] == RLIMIT_SIGPENDING)
			l.rlim_cur = 200;
		setrlimit((__rlimit_resource_t)limits[i], &l);
	}
	umask(022);
	chdir("/tmp/random");
	while (umount2("/tmp/mounts/m", MNT_DETACH) == 0)
		;
	for (int i = 0; i < 6; i++) {
		static const char *const made[] = { "d/a", "d/b", "a", "b", "c", "d/d" };

		if (unlink(made[i]) && errno != ENOENT)
			rmdir(made[i]);
	}
	unlink("/nosuch");
	if (all) {
		for (unsigned i = 0; i < ITEMS(places); i++)
			each_name(&places[i], remove_unknown);
		chdir("/tmp/random");
		sync();
	} else {
		mkdir("d", 0700);
	}
	for (int id = 0; id < (all ? 4096 : 64); id++)
		syscall(SYS_timer_delete, id);
}

static bool tell(const struct work *w)
{
	printf("not ok 1 - a call that signals do not end: %s(", w->now);
	for (int i = 0; i < 6; i++)
		printf("%#lx%s", w->a[i], i < 5 ? ", " : ")\n");
	fflush(stdout);
	return true;
}

static void run(unsigned long seed, long count)
{
	struct work work[THREADS] = { 0 };
	pthread_t t[THREADS];
	long was = -1;
	int since = 0;

	tidy(false);
	pthread_barrier_init(&all_are_there, NULL, THREADS + 1);
	for (int i = 0; i < THREADS; i++) {
		work[i] = (struct work){ .seed = seed * THREADS + (unsigned)i + 1, .count = count };
		if (pthread_create(&t[i], NULL, make_calls, &work[i]) != 0) {
			printf("not ok 1 - there is no thread to be had\n");
			_exit(1);
		}
	}
	pthread_barrier_wait(&all_are_there);
	for (int i = 0, turn = 0; i < THREADS; turn++) {
		struct timespec nap = { 0, 2000000 };
		long at = __atomic_load_n(&work[i].calls, __ATOMIC_ACQUIRE);

		if (at != was || !turn)
			since = turn;
		was = at;
		if (turn - since == STUCK_TURNS && tell(&work[i]))
			_exit(1);

		if (__atomic_load_n(&work[i].done, __ATOMIC_ACQUIRE)) {
			pthread_join(t[i++], NULL);
			continue;
		}
		for (int k = i; k < THREADS; k++)
			pthread_kill(t[k], SIGALRM);
		syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &nap, NULL);
		if (turn % 100 == 0)
			tidy(false);
	}
}

static void clean(void)
{
	struct itimerval never_again = { { 0, 0 }, { 0, 0 } };

	for (int i = 0; i < 3; i++)
		setitimer(i, &never_again, NULL);
	syscall(SYS_close_range, 3, ~0u, 0);
	for (int i = 32767; i >= 0; i--) {
		struct shmid_ds shm;
		struct semid_ds sem;
		struct msqid_ds msg;

		shmctl(shmctl(i, SHM_STAT, &shm), IPC_RMID, NULL);
		semctl(semctl(i, 0, SEM_STAT, &sem), 0, IPC_RMID);
		msgctl(msgctl(i, MSG_STAT, &msg), IPC_RMID, NULL);
	}
	for (unsigned i = 0; i < ITEMS(contexts); i++) {
		syscall(SYS_io_destroy, contexts[i]);
		contexts[i] = 0;
	}
	munmap((void *)WINDOW, 4 * WINDOW_SIZE); /* what grew, or began near the end, is longer than the window */
	munlockall();
	tidy(true);
	syscall(SYS_brk, sbrk(0)); /* where malloc() believes it to be */
}

/* The kernel's account of who has what memory, if it was built with DEBUG=1 and started with whittle.allocations. */
static void allocations(const char *what)
{
	int fd = open("/proc/allocations", O_WRONLY);

	if (fd < 0)
		return;
	write(fd, what, strlen(what));
	close(fd);
}

/* Pages and objects in use, that account's sums. Return: there is one. */
static bool count(long *pages, long *objects)
{
	FILE *f = fopen("/proc/allocations", "r");
	bool there = f && fscanf(f, "%ld pages, %ld objects", pages, objects) == 2;

	if (f)
		fclose(f);
	return there;
}

static long free_kib(void)
{
	struct sysinfo info;

	sysinfo(&info);
	return (long)(info.freeram * info.mem_unit / 1024);
}

static unsigned descriptors(void)
{
	unsigned n = 0;
	DIR *d = opendir("/proc/self/fd");

	if (!d)
		printf("# /proc/self/fd: %m\n");
	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static void set_up(void)
{
	struct sigaction a = { .sa_handler = do_nothing };
	struct sysinfo info;

	memory = mmap(NULL, MEMORY + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(memory + MEMORY, 4096, PROT_NONE);
	memset(memory, 0, MEMORY);
	masks = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	actions = (struct sigaction *)((char *)masks + 1024);
	events = (struct sigevent *)((char *)masks + 3072);
	for (int i = 0; i < 4; i++) {
		const int signals[] = { SIGUSR1, SIGRTMIN + 1, SIGUSR2, SIGALRM };

		/* As the kernel has them: handler, flags, restorer, mask. */
		((unsigned long *)(actions + i))[0] = (unsigned long)SIG_IGN;
		memset(&masks[i], i == 3 ? 0xff : i == 0 ? 0 : 0x55 << i, 8);
		sigdelset(&masks[i], SIGALRM);
		events[i].sigev_notify = i == 3 ? SIGEV_NONE : SIGEV_SIGNAL;
		events[i].sigev_signo = signals[i];
	}
	mprotect(masks, 4096, PROT_READ);
	for (int sig = 1; sig <= 64; sig++) {
		if (sig == SIGSEGV || sig == SIGBUS || sig == SIGILL || sig == SIGFPE || sig == SIGTRAP || sig == SIGABRT ||
		    sig == SIGSYS || sig == 32 || sig == 33 || sigaction(sig, &a, NULL) != 0)
			continue;
		if (sig != SIGALRM)
			handled[handled_count++] = sig;
	}
	/* Tables of descriptors never shrink: as large as it gets, if there is so much memory. */
	sysinfo(&info);
	if (info.totalram * info.mem_unit >= 128ul << 20) {
		setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 1048576, 1048576 });
		close(dup2(0, 1048575));
	}
	mkdir("/tmp", 0777);
	mkdir("/tmp/random", 0700);
	mkdir("/tmp/mounts", 0700);
	mkdir("/tmp/mounts/m", 0700);
	for (unsigned i = 0; i < ITEMS(places); i++)
		each_name(&places[i], know);
	chdir("/tmp/random");
	break_start = sbrk(0);
}

int main(int argc, char **argv)
{
	unsigned long seed;
	long count_of_calls, before, lost, pages, objects, pages_after, objects_after;
	unsigned open_before, open_after;
	bool leak;

	if (argc < 3)
		return 2;
	only = argv + 3;
	seed = strtoul(argv[1], NULL, 0);
	count_of_calls = atol(argv[2]);
	set_up();
	/* Once to fill caches. */
	run(seed + 1000000, count_of_calls / 4 + 1);
	clean();
	open_before = descriptors();
	allocations("mark");
	(void)count(&pages, &objects);
	before = free_kib();
	run(seed, count_of_calls);
	printf("ok 1 - %ld random calls of %zu, and the kernel lives\n", count_of_calls * THREADS, ITEMS(calls));
	clean();
	lost = before - free_kib();
	if (count(&pages_after, &objects_after)) {
		printf("# %ld pages and %ld objects in use, and %ld and %ld after\n", pages, objects, pages_after, objects_after);
		leak = pages_after - pages > SLACK_PAGES || objects_after - objects > SLACK_OBJECTS;
		allocations("show");
	} else {
		leak = lost > SLACK_KIB;
	}
	printf("%sok 2 - they gave back what they took (%ld KiB lost)\n", leak ? "not " : "", lost);
	open_after = descriptors();
	printf("%sok 3 - as many descriptors as before (%u, %u)\n1..3\n", open_after == open_before ? "" : "not ", open_after,
	       open_before);
	fflush(stdout);
	_exit(leak || open_after != open_before);
}
