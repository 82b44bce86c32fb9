/* borders: every call of the mmap family at addresses on both sides of every border of a few mappings, and of what
 * programs may map at all, with lengths of every kind; one line each with its result and what the mappings are like
 * afterwards. The same on Linux and in Whittle. The last line, on stderr, says how many KiB the second time lost. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#define WINDOW 0x210000000000ul
#define PAGE   4096ul
#define PAGES  20u
#define TOP    0x7ffffffff000ul

static sigjmp_buf escape;
static int fd;

static void on_fault(int sig)
{
	siglongjmp(escape, sig);
}

static void place(unsigned page, unsigned n, int prot, int flags, int file)
{
	mmap((void *)(WINDOW + page * PAGE), n * PAGE, prot, flags | MAP_FIXED, file, 0);
}

/* Private memory, a hole, a file privately, a file shared, what may not be touched, a hole, memory again. */
static void set_up(void)
{
	munmap((void *)WINDOW, PAGES * PAGE);
	place(0, 4, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	place(6, 3, PROT_READ, MAP_PRIVATE, fd);
	place(9, 3, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	place(12, 2, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	place(16, 3, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	for (unsigned i = 0; i < 3; i++)
		*(volatile char *)(WINDOW + i * PAGE + 1) = *(volatile char *)(WINDOW + (16 + i) * PAGE + 1) = 7;
}

static uint64_t sum(void)
{
	volatile uint64_t all = 0;

	for (volatile unsigned i = 0; i < PAGES; i++) {
		volatile char *p = (char *)(WINDOW + i * PAGE + 1);
		int sig = sigsetjmp(escape, 1);

		all = all * 31 + (uint64_t)(sig ? 100 + sig : *p);
	}
	return all;
}

static const struct {
	const char *name;
	long number, argument, more;
} calls[] = {
	{ "munmap", SYS_munmap, 0, 0 },
	{ "mprotect read", SYS_mprotect, PROT_READ, 0 },
	{ "mprotect none", SYS_mprotect, PROT_NONE, 0 },
	{ "mprotect bad", SYS_mprotect, 64, 0 },
	{ "madvise dontneed", SYS_madvise, MADV_DONTNEED, 0 },
	{ "madvise willneed", SYS_madvise, MADV_WILLNEED, 0 },
	{ "madvise free", SYS_madvise, MADV_FREE, 0 },
	{ "madvise bad", SYS_madvise, 77, 0 },
	{ "msync sync", SYS_msync, MS_SYNC, 0 },
	{ "msync bad", SYS_msync, 8, 0 },
	{ "mlock", SYS_mlock, 0, 0 },
	{ "munlock", SYS_munlock, 0, 0 },
	{ "mlock2", SYS_mlock2, MLOCK_ONFAULT, 0 },
	{ "mincore", SYS_mincore, 0, 0 },
	{ "mremap same", SYS_mremap, -1, 0 },
	{ "mremap shorter", SYS_mremap, PAGE, 0 },
	{ "mremap longer", SYS_mremap, 30 * PAGE, 0 },
	{ "mremap bad", SYS_mremap, PAGE, 64 },
	{ "mmap noreplace", SYS_mmap, 0, 0 },
};

static long call(unsigned c, uint64_t address, uint64_t length)
{
	static unsigned char resident[PAGES + 8];
	long argument = calls[c].argument;

	if (calls[c].number == SYS_mincore) {
		if (length > PAGES * PAGE)
			return 0; /* its answer has no room */
		argument = (long)resident;
	}
	if (calls[c].number == SYS_mremap && argument == -1)
		argument = (long)length;
	if (calls[c].number == SYS_mmap)
		return syscall(SYS_mmap, address, length, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	return syscall(calls[c].number, address, length, argument, calls[c].more);
}

static void all(FILE *out)
{
	static const unsigned borders[] = { 0, 4, 6, 9, 12, 14, 16, 19 };
	static const long sides[] = { -(long)PAGE, -1, 0, 1, (long)PAGE };
	static const uint64_t lengths[] = { 0, 1, PAGE, 2 * PAGE + 1, 5 * PAGE, 1ul << 46, (uint64_t)-1, (uint64_t)-PAGE, 1ul << 63 };
	uint64_t places[sizeof(borders) / sizeof(borders[0]) * 5 + 7];
	unsigned n = 0;

	for (unsigned b = 0; b < sizeof(borders) / sizeof(borders[0]); b++)
		for (unsigned s = 0; s < 5; s++)
			places[n++] = WINDOW + borders[b] * PAGE + (uint64_t)sides[s];
	places[n++] = TOP;
	places[n++] = TOP + 1;
	places[n++] = TOP + PAGE;
	places[n++] = 1ul << 47;
	places[n++] = 0xffff800000000000ul;
	places[n++] = 0xffffffff80100000ul;
	places[n++] = (uint64_t)-PAGE;
	for (unsigned c = 0; c < sizeof(calls) / sizeof(calls[0]); c++)
		for (unsigned p = 0; p < n; p++)
			for (unsigned l = 0; l < sizeof(lengths) / sizeof(lengths[0]); l++) {
				long r;

				/* What would reach the program itself, or lies above the window: not the same everywhere. */
				if (places[p] < TOP && lengths[l] == 1ul << 46)
					continue;
				if (places[p] < TOP && lengths[l] == 1ul << 63 && calls[c].number == SYS_madvise)
					continue;
				set_up();
				errno = 0;
				r = call(c, places[p], lengths[l]);
				fprintf(out, "%s %lx + %lx: %lx %s, %lx\n", calls[c].name, places[p], lengths[l], r,
					r == -1 ? strerrorname_np(errno) : "-", sum());
			}
}

static long free_kib(void)
{
	struct sysinfo info;

	sysinfo(&info);
	return (long)(info.freeram * info.mem_unit / 1024);
}

int main(void)
{
	struct sigaction sa = { .sa_handler = on_fault };
	char path[] = "/tmp/borders-XXXXXX", text[3 * PAGE];
	FILE *nothing = fopen("/dev/null", "w");
	long before;

	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
	mkdir("/tmp", 0777);
	memset(text, 3, sizeof(text));
	fd = mkstemp(path);
	if (fd < 0 || unlink(path) != 0 || write(fd, text, sizeof(text)) != (ssize_t)sizeof(text))
		return 1;
	all(stdout);
	fflush(stdout);
	before = free_kib();
	all(nothing);
	fprintf(stderr, "lost %ld KiB\n", before - free_kib());
	return 0;
}
