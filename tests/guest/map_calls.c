/* map_calls COUNT [SEED]: random calls of the mmap family on a window of addresses, one line each with its result, and
 * a sum over what all pages of the window hold or how they fault. The same on Linux and in Whittle, line by line.
 *
 * Left out is what Linux decides by its own lights: where mappings without a fixed place go, mremap() over a border of
 * two mappings (they merge by rules of their own), mlock limits. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define WINDOW 0x200000000000ul
#define PAGES  64u
#define PAGE   4096ul

static sigjmp_buf escape;
static volatile int fault_code;
static uint64_t state = 88172645463325252u;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	(void)context;
	fault_code = info->si_code;
	siglongjmp(escape, sig);
}

static unsigned random_number(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 11);
}

static char *page_at(unsigned n)
{
	return (char *)WINDOW + n * PAGE;
}

/* Return: the byte, or minus a number made of signal and code. */
static int load(const char *p)
{
	int sig = sigsetjmp(escape, 1);

	return sig ? -(sig * 100 + fault_code) : *(const volatile unsigned char *)p;
}

static int store(char *p, int value)
{
	int sig = sigsetjmp(escape, 1);

	if (sig)
		return -(sig * 100 + fault_code);
	*(volatile char *)p = (char)value;
	return 0;
}

static uint64_t window_sum(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < PAGES; i++)
		sum = sum * 31 + (unsigned)load(page_at(i) + 5);
	return sum;
}

static const int prots[] = { PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE,
			     PROT_READ | PROT_EXEC, PROT_WRITE, PROT_READ | PROT_WRITE | PROT_EXEC };
static const int advices[] = { MADV_DONTNEED, MADV_DONTNEED, MADV_DONTNEED, MADV_WILLNEED, MADV_NORMAL, MADV_RANDOM,
			       MADV_DONTDUMP, 99, MADV_DOFORK, MADV_DONTFORK };
static const int syncs[] = { MS_ASYNC, MS_INVALIDATE, MS_SYNC, MS_ASYNC | MS_SYNC, MS_SYNC | MS_INVALIDATE, 8, 0 };

static const char *name;

static long one_call(int fd, int fd_read)
{
	unsigned page = random_number() % PAGES, n = random_number() % 10, other = random_number() % PAGES;
	unsigned kind = random_number() % 20, x = random_number();
	int prot = prots[random_number() % 7], file = x & 64 ? fd : fd_read;
	char *p = page_at(page) + (x % 37 == 0 ? 8 : 0);
	size_t length = n * PAGE - (x % 5 == 0 && n ? 1000 : 0);
	unsigned char resident[16];
	char byte = (char)x;
	long r;

	switch (kind) {
	case 0:
	case 1:
		name = "mmap private";
		return (long)mmap(p, length, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	case 2:
		name = "mmap private file";
		return (long)mmap(p, length, prot, MAP_PRIVATE | MAP_FIXED, file, other % 45 * PAGE + (x % 41 == 0));
	case 3:
		name = "mmap shared file";
		return (long)mmap(p, length, prot, MAP_SHARED | MAP_FIXED, file, other % 45 * PAGE);
	case 4:
		name = "mmap shared";
		return (long)mmap(p, length, prot, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	case 5:
		name = "munmap";
		return munmap(p, length);
	case 6:
	case 7:
		name = "mprotect";
		return mprotect(p, length, prot);
	case 8:
		name = "madvise";
		return madvise(p, length, advices[x % 10]);
	case 9:
		name = "mremap to";
		return (long)mremap(p, n ? PAGE : 0, (1 + x % 9) * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, page_at(other));
	case 10:
		name = "mremap";
		return (long)mremap(p, n ? PAGE : 0, x % 9 * PAGE, 0);
	case 11:
		name = "mmap noreplace";
		return (long)mmap(p, length, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	case 12:
		name = "msync";
		return msync(p, length, syncs[x % 7]);
	case 13:
		name = "mincore";
		return mincore(p, length, resident);
	case 14:
		name = "mmap hint";
		r = (long)mmap(page_at(page), length, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (r == -1 || r == (long)page_at(page))
			return r;
		munmap((void *)r, length);
		return 1;
	case 15:
		name = "ftruncate";
		return ftruncate(fd, (off_t)((20 + x % 25) * PAGE + x % 3 * 500));
	case 16:
		name = "pwrite";
		return pwrite(fd, &byte, 1, (off_t)(other % 40 * PAGE + 5));
	default:
		name = "store";
		return store(page_at(page) + 5, (int)(x & 127));
	}
}

int main(int argc, char **argv)
{
	long count = argc > 1 ? atol(argv[1]) : 1000;
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	char path[] = "/tmp/map_calls-XXXXXX", text[PAGE];
	int fd, fd_read;

	if (argc > 2)
		state ^= strtoull(argv[2], NULL, 0);
	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
	mkdir("/tmp", 0777);
	fd = mkstemp(path);
	fd_read = open(path, O_RDONLY);
	if (fd < 0 || fd_read < 0 || unlink(path) != 0) {
		perror(path);
		return 1;
	}
	for (int i = 0; i < 40; i++) {
		memset(text, i + 1, sizeof(text));
		if (write(fd, text, sizeof(text)) != (ssize_t)sizeof(text))
			return 1;
	}
	for (long i = 0; i < count; i++) {
		long r;

		errno = 0;
		r = one_call(fd, fd_read);
		printf("%ld %s: %lx %s, %016lx\n", i, name, r, r == -1 ? strerrorname_np(errno) : "-", window_sum());
	}
	return 0;
}
