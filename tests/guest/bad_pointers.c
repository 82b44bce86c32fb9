/* bad_pointers [PASSES]: every call that the kernel has (calls.h is made from its linker set) with every kind of bad
 * pointer in the place of each of its pointers, other arguments sensible or, of numbers, of each kind. A line for each
 * call, argument, kind and descriptor: what the calls ended with. The same on Linux and in Whittle: it is run on both as
 * nobody, and the lines are compared. More passes make no lines; the last line on stderr says what they lost.
 *
 * Not made: what ends the program, takes its registers or its stack away, or makes a process if the pointer happens to
 * be good. Requests of ioctl, and options, are what the calls in calls.h say, on each descriptor. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define ITEMS(a) (sizeof(a) / sizeof((a)[0]))
#define PAGE     4096ul
#define MEMORY   (16 * PAGE)
#define LINE     4096
#define NO_PROCESS 4194303ul

struct call {
	const char *name;
	long number;
	const char *arguments; /* scripts/calls: f descriptor, p path, i read through a pointer, o written, n number */
};
static const struct call calls[] = {
#define CALL(name, number, arguments) { #name, number, arguments },
#include "calls.h"
};
static const unsigned long requests[] = {
#define IOCTL(name, number) number,
#include "calls.h"
};
static const unsigned long commands[] = {
#define FCNTL(name, number) number,
#include "calls.h"
};
static const unsigned long operations[] = {
#define PRCTL(name, number) number,
#include "calls.h"
};
static const struct {
	int level, option;
} options[] = {
#define OPTION(name, level, number) { level, number },
#include "calls.h"
};

static const char *const never[] = {
	"exit", "exit_group", "rt_sigreturn", "fork", "vfork", "clone", "clone3", "execve", "execveat", "rseq", "reboot",
	"set_robust_list", "set_tid_address", "arch_prctl", "brk",
};

static char *memory;      /* zeroes before every call, for pointers that are not under test */
static char *edge;        /* a page that can be written, and behind it nothing */
static char *closed;      /* PROT_NONE */
static char *read_only;
static char *nothing;     /* where nothing is mapped */

enum kind { ZERO, ONE, UNMAPPED, CLOSED, READ_ONLY, LAST_BYTE, STRADDLING, KERNEL_MAP, KERNEL_IMAGE, NO_ADDRESS, TOP, END, KINDS };
static const char *const kind_names[KINDS] = { "NULL", "1", "unmapped", "PROT_NONE", "read-only", "last byte", "straddling",
					       "kernel's memory", "kernel's image", "not canonical", "top of user's", "end" };

static unsigned long bad(enum kind k)
{
	switch (k) {
	case ONE:
		return 1;
	case UNMAPPED:
		return (unsigned long)nothing;
	case CLOSED:
		return (unsigned long)closed;
	case READ_ONLY:
		return (unsigned long)read_only;
	case LAST_BYTE:
		return (unsigned long)edge + PAGE - 1;
	case STRADDLING:
		return (unsigned long)edge + PAGE - 4;
	case KERNEL_MAP:
		return 0xffff888000001000ul;
	case KERNEL_IMAGE:
		return 0xffffffff80100000ul;
	case NO_ADDRESS:
		return 0x0000800000001000ul;
	case TOP:
		return 0x7ffffffff000ul - 8;
	case END:
		return ~0ul - 7;
	default:
		return 0;
	}
}

static int descriptors[12];
static unsigned descriptor_count;
static const char *const descriptor_names[] = { "file", "directory", "pipe", "writer", "stream", "datagram", "epoll", "eventfd",
						"timerfd", "signalfd", "inotify", "closed" };

static void open_all(void)
{
	int ends[2], *d = descriptors;
	sigset_t none;

	sigemptyset(&none);
	*d++ = open("f", O_RDWR | O_CREAT | O_TRUNC, 0600);
	*d++ = open(".", O_RDONLY | O_DIRECTORY);
	pipe2(ends, O_NONBLOCK);
	*d++ = ends[0];
	*d++ = ends[1];
	write(ends[1], "0123456789", 10);
	*d++ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends);
	write(ends[1], "datagram", 8);
	*d++ = ends[0];
	close(ends[1]);
	*d++ = epoll_create1(0);
	*d++ = eventfd(1, EFD_NONBLOCK);
	*d++ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	*d++ = signalfd(-1, &none, SFD_NONBLOCK);
	*d++ = inotify_init1(IN_NONBLOCK);
	*d++ = 1000;
	descriptor_count = (unsigned)(d - descriptors);
}

static bool is(const struct call *c, const char *name)
{
	return strcmp(c->name, name) == 0;
}

static bool begins(const struct call *c, const char *with)
{
	return strncmp(c->name, with, strlen(with)) == 0;
}

/* Numbers that are pointers for some calls, or that choose what is one: letters as scripts/calls has them. */
static const char *letters(const struct call *c)
{
	if (is(c, "ioctl") || is(c, "fcntl"))
		return "fno";
	if (is(c, "prctl"))
		return "noooo";
	if (is(c, "semctl"))
		return "nnno";
	if (is(c, "shmat"))
		return "non";
	if (is(c, "mincore"))
		return "ono";
	return c->arguments[0] == '-' ? "" : c->arguments;
}

/* Calls whose first number is a process: of those there are more on one than on the other. */
static bool names_process(const struct call *c)
{
	return is(c, "prlimit64") || begins(c, "process_vm_") || is(c, "get_robust_list") || begins(c, "sched_") || is(c, "kcmp") ||
	       is(c, "move_pages") || is(c, "migrate_pages");
}

/* What Linux and Whittle may differ in: what the machine has, what it allows, what it is asked for by number. */
static bool comparable(const struct call *c)
{
	return !is(c, "ioctl") && !is(c, "prctl") && !is(c, "fcntl") && !is(c, "shmat") && !begins(c, "pkey");
}

static bool is_never(const struct call *c)
{
	for (unsigned i = 0; i < ITEMS(never); i++)
		if (is(c, never[i]))
			return true;
	return false;
}

/* Into memory, and out when all is made: the calls close every descriptor but the first three. */
static FILE *out;
static char lines[16 << 20];
static unsigned long made;

/* One call, and what it ended with in a few letters. */
static void make(const struct call *c, const unsigned long *a, char *line)
{
	size_t n = strlen(line);
	long r;

	for (unsigned i = 0; i < 6; i++)
		memset(memory + 4096u * i, 0, 512);
	memset(edge + PAGE - 64, 0, 64);
	errno = 0;
	r = syscall(c->number, a[0], a[1], a[2], a[3], a[4], a[5]);
	made++;
	if (n + 20 < LINE)
		snprintf(line + n, LINE - n, " %s", r == -1 && errno ? strerrorname_np(errno) ? strerrorname_np(errno) + 1 : "?" : "ok");
	/* A call that succeeds may have made a descriptor. */
	if (r > 2)
		syscall(SYS_close_range, 40, ~0u, 0);
}

static void with_numbers(const struct call *c, const char *l, unsigned long *a, char *line)
{
	static const unsigned long values[] = { 0, 1, 8, 4096, ~0ul, 1ul << 63 };
	int at[6], n = 0;

	for (int i = 0; i < (int)strlen(l); i++)
		if (l[i] == 'n')
			at[n++] = i;
	if (is(c, "ioctl") || is(c, "fcntl") || is(c, "prctl")) {
		const unsigned long *codes = is(c, "ioctl") ? requests : is(c, "fcntl") ? commands : operations;
		size_t count = is(c, "ioctl") ? ITEMS(requests) : is(c, "fcntl") ? ITEMS(commands) : ITEMS(operations);

		for (size_t i = 0; i < count; i++) {
			a[at[0]] = codes[i];
			make(c, a, line);
		}
		return;
	}
	if (is(c, "setsockopt") || is(c, "getsockopt")) {
		for (size_t i = 0; i < ITEMS(options); i++) {
			a[1] = (unsigned long)options[i].level;
			a[2] = (unsigned long)options[i].option;
			a[4] = is(c, "setsockopt") ? 8 : a[4];
			make(c, a, line);
		}
		return;
	}
	for (size_t v = 0; v < ITEMS(values); v++) {
		for (size_t w = 0; w < (n > 1 ? ITEMS(values) : 1); w++) {
			for (int i = 0; i < n; i++)
				a[at[i]] = values[i == n - 1 && n > 1 ? w : v];
			if (names_process(c) && (int)a[0] > 0)
				a[0] = (int)a[0] == 1 ? (unsigned long)getpid() : NO_PROCESS;
			/* Not its own alarm clock, and no handler of nobody's. */
			if (is(c, "setitimer") && (int)a[0] == 0)
				continue;
			/* Nor limits of its time and of its output. */
			if ((is(c, "setrlimit") && (unsigned)a[0] <= RLIMIT_FSIZE) || (is(c, "prlimit64") && (unsigned)a[1] <= RLIMIT_FSIZE))
				continue;
			make(c, a, line);
			if (!n)
				return;
		}
	}
}

static void with_descriptor(const struct call *c, const char *l, int which, enum kind k, int fd, const char *fd_name)
{
	static char line[LINE];
	unsigned long a[6] = { 0 };

	for (int i = 0; i < (int)strlen(l); i++) {
		if (l[i] == 'f')
			a[i] = (unsigned long)fd;
		else if (l[i] == 'p')
			a[i] = (unsigned long)(strstr(c->name, "xattr") && i > 0 ? "user.a" : begins(c, "readlink") ? "l" : ".");
		else if (l[i] != 'n')
			a[i] = (unsigned long)memory + 4096u * (unsigned)i;
	}
	a[which] = bad(k);
	line[0] = '\0';
	with_numbers(c, l, a, line);
	if (out && comparable(c))
		fprintf(out, "%s %d %s %s:%s\n", c->name, which + 1, kind_names[k], fd_name, line);
}

static void all(void)
{
	for (size_t i = 0; i < ITEMS(calls); i++) {
		const struct call *c = &calls[i];
		const char *l = letters(c);

		if (is_never(c))
			continue;
		for (int which = 0; which < (int)strlen(l); which++) {
			if (!strchr("pio", l[which]))
				continue;
			for (enum kind k = 0; k < KINDS; k++) {
				if (k == READ_ONLY && l[which] != 'o')
					continue;
				if (!strchr(l, 'f')) {
					with_descriptor(c, l, which, k, 0, "-");
					continue;
				}
				open_all();
				for (unsigned d = 0; d < descriptor_count; d++)
					with_descriptor(c, l, which, k, descriptors[d], descriptor_names[d]);
				syscall(SYS_close_range, 3, 39, 0);
			}
		}
	}
}

static void do_nothing(int unused)
{
	(void)unused;
}

static void *map(int prot)
{
	return mmap(NULL, MEMORY, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static long free_kib(void)
{
	struct sysinfo info;

	truncate("f", 0); /* calls write to it */
	sysinfo(&info);
	return (long)(info.freeram * info.mem_unit / 1024);
}

/* The alarm may cut a write short, or keep it from beginning. */
static bool write_lines(void)
{
	size_t n = strlen(lines), at = 0;

	while (at < n) {
		ssize_t r = write(1, lines + at, n - at);

		if (r < 0 && errno != EINTR)
			return false;
		at += r > 0 ? (size_t)r : 0;
	}
	return n < sizeof(lines) - LINE;
}

/* A kernel built with DEBUG=1 knows exactly. */
static bool count(long *pages, long *objects)
{
	FILE *f = fopen("/proc/allocations", "r");
	bool there = f && fscanf(f, "%ld pages, %ld objects", pages, objects) == 2;

	if (f)
		fclose(f);
	return there;
}

int main(int argc, char **argv)
{
	struct sigaction a = { .sa_handler = do_nothing };
	struct itimerval often = { { 0, 20000 }, { 0, 20000 } };
	char place[] = "/tmp/bad-XXXXXX";
	long before, pages = 0, objects = 0, pages_after, objects_after;
	int passes = argc > 1 ? atoi(argv[1]) : 1;

	memory = map(PROT_READ | PROT_WRITE);
	edge = map(PROT_READ | PROT_WRITE);
	munmap(edge + PAGE, MEMORY - PAGE);
	closed = map(PROT_NONE);
	read_only = map(PROT_READ);
	nothing = map(PROT_NONE);
	munmap(nothing, MEMORY);
	memset(memory, 0, MEMORY);
	out = fmemopen(lines, sizeof(lines), "w");
	mkdir("/tmp", 0777);
	if (!mkdtemp(place) || chdir(place) != 0 || chown(".", 65534, 65534) != 0)
		return 1;
	if (setgroups(0, NULL) != 0 || setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0)
		return 1;
	symlink("f", "l");
	for (int sig = 1; sig < 32; sig++)
		if (sig != SIGSEGV && sig != SIGBUS && sig != SIGILL)
			sigaction(sig, &a, NULL); /* a call that waits is ended by the alarm */
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	setitimer(ITIMER_REAL, &often, NULL);
	all();
	fclose(out);
	if (!write_lines())
		return 1;
	out = NULL;
	before = free_kib();
	(void)count(&pages, &objects);
	for (int i = 1; i < passes; i++)
		all();
	fprintf(stderr, "lost %ld KiB\n", before - free_kib());
	if (count(&pages_after, &objects_after))
		fprintf(stderr, "lost %ld pages, %ld objects\n", pages_after - pages, objects_after - objects);
	fprintf(stderr, "made %lu calls\n", made);
	return 0;
}
