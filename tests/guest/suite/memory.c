/* Memory: mapping, protection, copy on write, faults with their addresses. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "suite.h"

enum { PAGE = 4096 };

static volatile char sink;

static char *map(size_t size, int prot)
{
	return mmap(NULL, size, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void anonymous(void)
{
	char *p = map(16 * PAGE, PROT_READ | PROT_WRITE), *q;
	bool zero = true;

	if (!ok(p != MAP_FAILED, "an anonymous mapping"))
		return;
	for (int i = 0; i < 16 * PAGE; i++)
		zero &= p[i] == 0;
	ok(zero, "it reads as zeroes");
	memset(p, 0x5a, 16 * PAGE);
	is(munmap(p + 4 * PAGE, 2 * PAGE), 0, "its middle is unmapped");
	is(FAULT_OF(sink = p[4 * PAGE]), SIGSEGV, "reading there faults");
	is(fault_code, SEGV_MAPERR, "as not mapped");
	ok(fault_address == p + 4 * PAGE, "at the right address");
	is(FAULT_OF(p[5 * PAGE + 123] = 1), SIGSEGV, "writing there faults");
	ok(fault_address == p + 5 * PAGE + 123, "at the right address, to the byte");
	ok(p[3 * PAGE] == 0x5a && p[6 * PAGE] == 0x5a, "what lies around it is as it was");
	q = mmap(p + 4 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	ok(q == p + 4 * PAGE && *q == 0, "MAP_FIXED puts a fresh page into the hole");
	q = mmap(p, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	ok(q == MAP_FAILED && errno == EEXIST, "MAP_FIXED_NOREPLACE replaces nothing");
	q = mmap(p, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	ok(q == p && *q == 0, "MAP_FIXED replaces");
	is(munmap(p, 16 * PAGE), 0, "all of it is unmapped, hole or not");
	fails(munmap(p + 1, PAGE), EINVAL, "munmap of an odd address");
	q = mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ok(q == MAP_FAILED && errno == EINVAL, "a mapping of no bytes is refused");
	q = mmap(NULL, 1ul << 52, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ok(q == MAP_FAILED && errno == ENOMEM, "so is one of more than there are addresses");
}

static void sparse(void)
{
	size_t size = 1ul << 30;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	bool right = true;

	if (!ok(p != MAP_FAILED, "a mapping of 1 GiB"))
		return;
	for (size_t i = 0; i < size; i += size / 64)
		p[i] = (char)(i >> 24);
	for (size_t i = 0; i < size; i += size / 64)
		right &= p[i] == (char)(i >> 24);
	ok(right, "can be touched here and there");
	ok(p[size - 1] == 0, "its end too");
	is(madvise(p, size, MADV_DONTNEED), 0, "MADV_DONTNEED");
	ok(p[0] == 0 && p[size / 2] == 0, "gives zeroes again");
	is(munmap(p, size), 0, "unmapped");
}

static int code(void)
{
	return 42;
}

static void protection(void)
{
	char *p = map(3 * PAGE, PROT_READ | PROT_WRITE);
	int (*jump)(void);

	memcpy(p + PAGE, (const void *)(uintptr_t)code, 64);
	is(mprotect(p + PAGE, PAGE, PROT_READ), 0, "a page becomes read-only");
	is(FAULT_OF(p[PAGE + 7] = 1), SIGSEGV, "writing it faults");
	is(fault_code, SEGV_ACCERR, "as not allowed");
	ok(fault_address == p + PAGE + 7, "at the right address");
	p[0] = p[2 * PAGE] = 1;
	ok(p[0] + p[2 * PAGE] == 2, "its neighbours can be written still");
	jump = (int (*)(void))(uintptr_t)(p + PAGE);
	is(FAULT_OF(jump()), SIGSEGV, "running it faults");
	ok(fault_address == p + PAGE, "at the right address");
	is(mprotect(p + PAGE, PAGE, PROT_READ | PROT_EXEC), 0, "made executable");
	is(jump(), 42, "it runs");
	is(mprotect(p + PAGE, PAGE, PROT_NONE), 0, "made inaccessible");
	is(FAULT_OF(sink = p[PAGE]), SIGSEGV, "reading it faults");
	is(mprotect(p, 3 * PAGE, PROT_READ | PROT_WRITE), 0, "made writable, all three");
	p[PAGE] = 1;
	ok(!memcmp(p + PAGE + 1, (const char *)(uintptr_t)code + 1, 20), "it has kept its bytes");
	munmap(p + PAGE, PAGE);
	fails(mprotect(p, 3 * PAGE, PROT_READ), ENOMEM, "mprotect over a hole");
	munmap(p, 3 * PAGE);
	is(FAULT_OF(sink = *(volatile char *)8), SIGSEGV, "address 8 faults");
	ok(fault_address == (void *)8, "at address 8");
	is(FAULT_OF(*(volatile char *)(uintptr_t)code = 0), SIGSEGV, "the program's code cannot be written");
	is(FAULT_OF(sink = *(volatile char *)0xffffffff80100000ul), SIGSEGV, "the kernel's addresses cannot be read");
	is(FAULT_OF(*(volatile char *)0xffffffff80100000ul = 0), SIGSEGV, "nor written");
	is(FAULT_OF(sink = *(volatile char *)0x123456789abcdef0ul), SIGSEGV, "nor what is no address");
}

static void files(void)
{
	const char *path = scratch("mapped");
	char text[PAGE + 100], back[PAGE + 100], *priv, *shared, *late;
	int fd;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i % 26);
	ok(write_whole_file(path, text, sizeof(text)) == 0, "a file to map");
	fd = open(path, O_RDWR);
	priv = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (!ok(priv != MAP_FAILED, "mapped privately"))
		return;
	ok(!memcmp(priv, text, sizeof(text)), "it shows the file");
	is(priv[sizeof(text)], 0, "and zeroes behind its end");
	priv[10] = '!';
	priv[PAGE + 10] = '!';
	ok(pread(fd, back, sizeof(back), 0) == (ssize_t)sizeof(back) && !memcmp(back, text, sizeof(text)),
	   "private writes do not reach the file");
	shared = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ok(shared != MAP_FAILED, "mapped shared")) {
		is(shared[10], text[10], "private writes do not show there");
		shared[20] = '#';
		ok(pread(fd, back, sizeof(back), 0) > 0 && back[20] == '#', "shared writes reach the file");
		is(pwrite(fd, "$", 1, 30), 1, "a write to the file");
		is(shared[30], '$', "shows in the shared mapping");
		is(shared[PAGE + 99], text[PAGE + 99], "the file's last byte");
		is(msync(shared, 2 * PAGE, MS_SYNC), 0, "msync");
		munmap(shared, 2 * PAGE);
	}
	is(priv[10], '!', "the private copy has kept its write");
	late = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, PAGE);
	ok(late != MAP_FAILED && late[5] == text[PAGE + 5], "a mapping from an offset");
	munmap(late, PAGE);
	late = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 100);
	ok(late == MAP_FAILED && errno == EINVAL, "an odd offset is refused");
	late = mmap(NULL, 4 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	is(FAULT_OF(sink = late[3 * PAGE]), SIGBUS, "a page wholly behind the end is a SIGBUS");
	ok(fault_address == late + 3 * PAGE, "at the right address");
	munmap(late, 4 * PAGE);
	close(fd);
	ok(priv[10] == '!' && priv[50] == text[50], "mappings outlive the descriptor");
	munmap(priv, 2 * PAGE);
	fd = open(path, O_RDONLY);
	late = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ok(late == MAP_FAILED && errno == EACCES, "no writable shared mapping of a file opened for reading");
	close(fd);
	late = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 999, 0);
	ok(late == MAP_FAILED && errno == EBADF, "no mapping of a bad descriptor");
	is(unlink(path), 0, "unlinked");
}

static void shared_anonymous(void)
{
	char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (!ok(p != MAP_FAILED, "a shared anonymous mapping"))
		return;
	p[0] = 1;
	p[PAGE] = 2;
	ok(p[0] == 1 && p[PAGE] == 2 && p[1] == 0, "holds what is written");
	munmap(p, 2 * PAGE);
}

static void remapping(void)
{
	char *p = map(4 * PAGE, PROT_READ | PROT_WRITE), *q;

	memset(p, 7, 4 * PAGE);
	q = mremap(p, 4 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
	if (!ok(q != MAP_FAILED, "mremap grows"))
		return;
	ok(q[0] == 7 && q[4 * PAGE - 1] == 7 && q[4 * PAGE] == 0 && q[64 * PAGE - 1] == 0,
	   "with the old bytes and zeroes behind");
	if (q != p)
		is(FAULT_OF(sink = *p), SIGSEGV, "the old place is gone");
	else
		ok(true, "it stayed where it was");
	p = mremap(q, 64 * PAGE, 2 * PAGE, 0);
	ok(p == q && p[PAGE] == 7, "mremap shrinks in place");
	is(FAULT_OF(sink = p[2 * PAGE]), SIGSEGV, "the rest is gone");
	munmap(p, 2 * PAGE);
}

static void heap(void)
{
	char *before = sbrk(0), *after;
	void *blocks[64];
	bool right = true;

	ok(before != (void *)-1, "sbrk(0) says where the heap ends");
	if (sbrk(5 * PAGE) == before) {
		before[5 * PAGE - 1] = 1;
		after = sbrk(0);
		ok(after == before + 5 * PAGE, "sbrk grows it");
		ok(sbrk(-5 * PAGE) == after, "and shrinks it");
	} else {
		/* musl has no sbrk that grows. */
		ok(errno == ENOMEM, "sbrk refuses to grow");
		ok(sbrk(0) == before, "and does not");
	}
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 64; i++) {
			size_t size = 1ul << (round + i) % 18;

			blocks[i] = malloc(size);
			memset(blocks[i], i, size);
		}
		for (int i = 0; i < 64; i++) {
			right &= *(char *)blocks[i] == (char)i;
			free(blocks[i]);
		}
	}
	ok(right, "malloc and free of many sizes");
}

static int __attribute__((noinline)) deep(int n)
{
	volatile char frame[1000];

	frame[0] = (char)n;
	return n == 0 ? 0 : deep(n - 1) + (frame[0] == (char)n);
}

static int __attribute__((noinline)) endless(volatile int *n)
{
	volatile char frame[1000];

	frame[0] = 1;
	++*n;
	return endless(n) + frame[0];
}

static void stack(void)
{
	struct rlimit limit;
	volatile int depth = 0;

	is(deep(4000), 4000, "the stack grows to 4 MB");
	is(getrlimit(RLIMIT_STACK, &limit), 0, "RLIMIT_STACK");
	is(FAULT_OF(endless(&depth)), SIGSEGV, "its overflow is a SIGSEGV, handled on another stack");
	ok(depth > 4000, "after more than 4 MB");
}

static void advice(void)
{
	char *p = map(8 * PAGE, PROT_READ | PROT_WRITE);
	unsigned char in[8];

	memset(p, 1, 2 * PAGE);
	is(madvise(p, 8 * PAGE, MADV_WILLNEED), 0, "MADV_WILLNEED");
	is(madvise(p, 8 * PAGE, MADV_NORMAL), 0, "MADV_NORMAL");
	is(madvise(p, PAGE, MADV_DONTNEED), 0, "MADV_DONTNEED of one page");
	ok(p[0] == 0 && p[PAGE] == 1, "drops that one only");
	fails(madvise(p, PAGE, 9999), EINVAL, "advice that is none");
	is(mincore(p, 2 * PAGE, in), 0, "mincore");
	ok(in[1] & 1, "knows a page that was touched");
	is(mlock(p, PAGE), 0, "mlock");
	is(munlock(p, PAGE), 0, "munlock");
	munmap(p, 8 * PAGE);
}

/* One of several threads that map, fill, protect, drop and unmap at the same time. Return: how often it was wrong. */
/* Whole blocks of 2 MiB, which may be huge pages, taken apart in each way. */
static void blocks(void)
{
	enum { BLOCK = 2 << 20, SIZE = 8 * BLOCK };
	char *p = map(SIZE, PROT_READ | PROT_WRITE), *q, *moved;
	bool good = true;
	int fd[2];
	void *huge;

	q = (char *)(((uintptr_t)p + BLOCK - 1) & ~(uintptr_t)(BLOCK - 1));
	madvise(p, SIZE, MADV_HUGEPAGE); /* a host need not have them */
	for (int i = 0; i < 6 * BLOCK; i += PAGE)
		q[i + 9] = (char)(i / PAGE % 251);
	is(madvise(q + 5 * PAGE, 3 * PAGE, MADV_DONTNEED), 0, "pages of the first block are dropped");
	is(mprotect(q + BLOCK + PAGE, PAGE, PROT_READ), 0, "one of the second is read-only");
	is(munmap(q + 2 * BLOCK + BLOCK / 2, BLOCK), 0, "half of the third and fourth are unmapped");
	moved = mremap(q + 4 * BLOCK + 2 * PAGE, BLOCK, BLOCK, MREMAP_MAYMOVE | MREMAP_FIXED, q + 2 * BLOCK + BLOCK / 2);
	ok(moved == q + 2 * BLOCK + BLOCK / 2, "a piece of the fifth and sixth moves there");
	for (int i = 0; i < 6 * BLOCK; i += PAGE) {
		int from = i / PAGE;

		if (from >= 5 && from < 8)
			good &= q[i + 9] == 0;
		else if (i >= 2 * BLOCK + BLOCK / 2 && i < 3 * BLOCK + BLOCK / 2)
			good &= q[i + 9] == (char)((from - BLOCK / 2 / PAGE - 2 * BLOCK / PAGE + 4 * BLOCK / PAGE + 2) % 251);
		else if (i < 4 * BLOCK + 2 * PAGE || i >= 5 * BLOCK + 2 * PAGE)
			good &= q[i + 9] == (char)(from % 251);
	}
	ok(good, "all else is where it was");
	is(FAULT_OF(q[BLOCK + PAGE] = 1), SIGSEGV, "the read-only page is");
	is(FAULT_OF(sink = q[4 * BLOCK + 2 * PAGE]), SIGSEGV, "what moved is gone");
	ok(pipe(fd) == 0 && write(fd[1], q + BLOCK - 50, 100) == 100, "a call reads over a block's end");
	ok(read(fd[0], q + 2 * BLOCK - 50, 100) == 100, "another writes there");
	close(fd[0]);
	close(fd[1]);
	is(madvise(q, BLOCK, MADV_NOHUGEPAGE), 0, "MADV_NOHUGEPAGE");
	is(munmap(p, SIZE), 0, "all of it is unmapped");
	huge = mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	ok(huge == MAP_FAILED && errno == ENOMEM, "there are no huge pages set aside");
}

static long status_kib(const char *name)
{
	char text[4096] = "", *at;
	int fd = open("/proc/self/status", O_RDONLY);

	read(fd, text, sizeof(text) - 1);
	close(fd);
	at = strstr(text, name);
	return at ? atol(at + strlen(name)) : -1;
}

static void locked(void)
{
	char *p = map(8 * PAGE, PROT_READ | PROT_WRITE);
	unsigned char in[8];
	long before = status_kib("VmLck:");
	int r;

	ok(before >= 0, "VmLck is told");
	is(mlock(p + PAGE + 100, 2 * PAGE), 0, "mlock of parts of three pages");
	is(status_kib("VmLck:") - before, 12, "locks all of them");
	ok(mincore(p, 8 * PAGE, in) == 0 && (in[1] & in[2] & in[3] & 1) && !(in[0] & 1), "and fills them in");
	is(mlock(p + 2 * PAGE, 4 * PAGE), 0, "mlock again");
	is(status_kib("VmLck:") - before, 20, "counts each once");
	fails(madvise(p, 8 * PAGE, MADV_DONTNEED), EINVAL, "MADV_DONTNEED of locked pages");
	is(munlock(p + 3 * PAGE, PAGE), 0, "munlock in the middle");
	is(status_kib("VmLck:") - before, 16, "counts");
	is(munmap(p + 4 * PAGE, 4 * PAGE), 0, "unmapping");
	is(status_kib("VmLck:") - before, 8, "counts as well");
	fails(mlock(p, 8 * PAGE), ENOMEM, "mlock over a hole");
	fails(munlock(p + 5 * PAGE, PAGE), ENOMEM, "munlock of a hole");
	fails(mlock((void *)-8192ul, 16384), EINVAL, "mlock round the end of addresses");
	is(mlock(p, 0), 0, "mlock of nothing");
	is(munmap(p, 4 * PAGE), 0, "all of it is unmapped");
	is(status_kib("VmLck:"), before, "nothing is locked");
	p = map(2 * PAGE, PROT_READ | PROT_WRITE);
	r = mlock2(p, 2 * PAGE, MLOCK_ONFAULT);
	ok(r == 0 && mincore(p, 2 * PAGE, in) == 0 && !(in[0] & 1), "MLOCK_ONFAULT fills nothing in");
	fails(mlock2(p, PAGE, 2), EINVAL, "mlock2 with flags that are none");
	fails(mlockall(0), EINVAL, "mlockall of nothing");
	fails(mlockall(MCL_ONFAULT), EINVAL, "mlockall of nothing on fault");
	is(mlockall(MCL_FUTURE | MCL_ONFAULT), 0, "mlockall for the future");
	munmap(p, 2 * PAGE);
	p = map(4 * PAGE, PROT_READ | PROT_WRITE);
	is(status_kib("VmLck:") - before, 16, "locks what comes");
	is(munlockall(), 0, "munlockall");
	is(status_kib("VmLck:"), 0, "unlocks all");
	munmap(p, 4 * PAGE);
}

static void lazily_freed(void)
{
	char *p = map(16 * PAGE, PROT_READ | PROT_WRITE), *shared;
	bool good = true;

	memset(p, 7, 16 * PAGE);
	if (madvise(p, 8 * PAGE, MADV_FREE) != 0)
		ok(false, "MADV_FREE");
	p[PAGE] = 9;
	for (int i = 0; i < 16; i++)
		good &= p[i * PAGE + 5] == 7 || (i < 8 && p[i * PAGE + 5] == 0);
	ok(good, "after MADV_FREE pages are as they were, or zeroes");
	ok(p[PAGE] == 9, "and what is written to stays");
	is(mprotect(p, 4 * PAGE, PROT_READ), 0, "mprotect of such pages");
	is(madvise(p, 16 * PAGE, MADV_DONTNEED), 0, "MADV_DONTNEED");
	ok(p[0] == 0 && p[15 * PAGE] == 0, "drops them");
	munmap(p, 16 * PAGE);
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	fails(madvise(shared, PAGE, MADV_FREE), EINVAL, "MADV_FREE of shared memory");
	munmap(shared, PAGE);
}

static void limited(void)
{
	struct rlimit old, low;
	char *p = map(16 * PAGE, PROT_READ | PROT_WRITE), *q;

	getrlimit(RLIMIT_AS, &old);
	low = (struct rlimit){ 16 * PAGE, old.rlim_max };
	is(setrlimit(RLIMIT_AS, &low), 0, "RLIMIT_AS below what there is");
	q = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ok(q == MAP_FAILED && errno == ENOMEM, "nothing more is mapped");
	q = mmap(p, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	ok(q == p || errno == ENOMEM, "what takes another's place may be");
	q = mremap(p, 16 * PAGE, 32 * PAGE, MREMAP_MAYMOVE);
	ok(q == MAP_FAILED, "nothing grows");
	setrlimit(RLIMIT_AS, &old);
	getrlimit(RLIMIT_DATA, &old);
	low = (struct rlimit){ 16 * PAGE, old.rlim_max };
	is(setrlimit(RLIMIT_DATA, &low), 0, "RLIMIT_DATA");
	q = map(PAGE, PROT_READ | PROT_WRITE);
	ok(q == MAP_FAILED && errno == ENOMEM, "no private memory that can be written");
	q = map(PAGE, PROT_READ);
	ok(q != MAP_FAILED, "but some to read");
	fails(mprotect(q, PAGE, PROT_READ | PROT_WRITE), ENOMEM, "that stays so");
	munmap(q, PAGE);
	q = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ok(q != MAP_FAILED, "and shared memory");
	munmap(q, PAGE);
	setrlimit(RLIMIT_DATA, &old);
	munmap(p, 16 * PAGE);
}

static void *churn(void *seed)
{
	unsigned state = (unsigned)(uintptr_t)seed;
	uintptr_t wrong = 0;

	for (int round = 0; round < 300; round++) {
		size_t size = PAGE * (1 + (size_t)rand_r(&state) % 30);
		char *p = map(size, PROT_READ | PROT_WRITE);

		if (p == MAP_FAILED)
			return (void *)1000;
		for (size_t at = 0; at < size; at += PAGE) {
			wrong += p[at] != 0;
			p[at] = (char)state;
		}
		if (round % 3 == 0) {
			wrong += mprotect(p, PAGE, PROT_READ) != 0;
			wrong += p[0] != (char)state;
		}
		if (round % 5 == 0) {
			wrong += madvise(p, size, MADV_DONTNEED) != 0;
			wrong += p[0] != 0;
		} else {
			wrong += p[size - PAGE] != (char)state;
		}
		free(malloc(1 + (size_t)rand_r(&state) % 300000));
		wrong += munmap(p, size) != 0;
	}
	return (void *)wrong;
}

static void concurrent(void)
{
	pthread_t threads[4];
	uintptr_t wrong = 0;

	for (size_t i = 0; i < 4; i++)
		if (pthread_create(&threads[i], NULL, churn, (void *)(i + 1)) != 0)
			wrong++;
	for (size_t i = 0; i < 4; i++) {
		void *result = NULL;

		pthread_join(threads[i], &result);
		wrong += (uintptr_t)result;
	}
	is((long)wrong, 0, "four threads that map and unmap at once are always right");
}

/* A host's processor may have keys; what goes beyond asking for one is refused with and without. */
static void protection_keys(void)
{
	char *p = map(PAGE, PROT_READ | PROT_WRITE);
	long key = syscall(SYS_pkey_alloc, 0, 0);

	ok(key > 0 || (key == -1 && errno == EINVAL), "a protection key, or that there are none");
	if (key > 0)
		is(syscall(SYS_pkey_free, key), 0, "is given back");
	fails(syscall(SYS_pkey_alloc, 1, 0), EINVAL, "flags of a key");
	fails(syscall(SYS_pkey_alloc, 0, 4), EINVAL, "rights that a key has not");
	fails(syscall(SYS_pkey_free, 15), EINVAL, "a key that was not given out cannot be freed");
	fails(syscall(SYS_pkey_mprotect, p, PAGE, PROT_READ, 15), EINVAL, "nor used");
	is(syscall(SYS_pkey_mprotect, p, PAGE, PROT_READ, -1), 0, "protection without a key");
	is(FAULT_OF(*p = 1), SIGSEGV, "is mprotect's");
	fails(syscall(SYS_pkey_mprotect, p + 1, PAGE, PROT_READ, -1), EINVAL, "and has its errors");
	munmap(p, PAGE);
}

void suite_memory(void)
{
	anonymous();
	sparse();
	protection();
	protection_keys();
	files();
	shared_anonymous();
	remapping();
	heap();
	stack();
	advice();
	blocks();
	locked();
	lazily_freed();
	limited();
	concurrent();
}
