/* Huge pages as Whittle makes them: when, as what files of /proc and /sys say, and while threads write to them. TAP. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

enum { PAGE = 4096, BLOCK = 2 << 20, SIZE = 8 * BLOCK, THREADS = 3, ROUNDS = 60 };
static const char enabled[] = "/sys/kernel/mm/transparent_hugepage/enabled";
static int points, failures;

static void ok(int good, const char *what)
{
	failures += !good;
	printf("%sok %d - %s\n", good ? "" : "not ", ++points, what);
}

static long number_in(const char *path, const char *name)
{
	static char text[65536];
	int fd = open(path, O_RDONLY);
	ssize_t n, all = 0;
	long sum = 0;

	while ((n = read(fd, text + all, sizeof(text) - 1 - (size_t)all)) > 0)
		all += n;
	text[all] = '\0';
	close(fd);
	for (char *at = text; (at = strstr(at, name)) != NULL; at += strlen(name))
		sum += atol(at + strlen(name));
	return sum;
}

static long first_number(const char *path)
{
	char text[32] = "";
	int fd = open(path, O_RDONLY);

	read(fd, text, sizeof(text) - 1);
	close(fd);
	return atol(text);
}

static long huge_kib(void)
{
	long kib = number_in("/proc/meminfo", "AnonHugePages:");

	return kib == number_in("/proc/self/smaps", "AnonHugePages:") ? kib : -1;
}

static int set(const char *mode)
{
	int fd = open(enabled, O_WRONLY);
	int r = write(fd, mode, strlen(mode)) == (ssize_t)strlen(mode) ? 0 : -errno;

	close(fd);
	return r;
}

static char *blocks(void)
{
	char *p = mmap(NULL, SIZE + BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return (char *)(((uintptr_t)p + BLOCK - 1) & ~(uintptr_t)(BLOCK - 1));
}

/* Each thread counts in a word of its own in each page. */
static volatile int stop;
static char *shared;
static uint32_t counted[THREADS][16];

static void *count(void *which)
{
	unsigned t = (unsigned)(uintptr_t)which, x = t + 1;

	while (!stop) {
		x = x * 1103515245 + 12345;
		((volatile uint32_t *)(void *)(shared + (x >> 16 & 15) * 32 * PAGE))[t]++;
		counted[t][x >> 16 & 15]++;
	}
	return NULL;
}

static void while_written(void)
{
	pthread_t threads[THREADS];
	int good = 1, made = 0, seen = 0;

	shared = blocks();
	for (unsigned t = 0; t < THREADS; t++)
		pthread_create(&threads[t], NULL, count, (void *)(uintptr_t)t);
	for (int i = 0; i < ROUNDS; i++) {
		made += madvise(shared, BLOCK, MADV_COLLAPSE) == 0;
		seen += huge_kib() == BLOCK / 1024;
		if (i % 3 == 0)
			madvise(shared + PAGE, PAGE, MADV_DONTNEED);
		else if (i % 3 == 1)
			mprotect(shared + PAGE, 5 * PAGE, i % 2 ? PROT_READ : PROT_READ | PROT_WRITE);
		else
			madvise(shared, BLOCK, MADV_FREE); /* nobody is short of memory */
		mprotect(shared + PAGE, 5 * PAGE, PROT_READ | PROT_WRITE);
		usleep(500);
	}
	stop = 1;
	for (unsigned t = 0; t < THREADS; t++)
		pthread_join(threads[t], NULL);
	for (unsigned i = 0; i < 16; i++)
		for (unsigned t = 0; t < THREADS; t++)
			good &= ((uint32_t *)(void *)(shared + i * 32 * PAGE))[t] == counted[t][i];
	ok(made == ROUNDS && seen > 0, "blocks are made and split while threads write to them");
	ok(good, "no write is lost");
	munmap(shared, SIZE);
}

int main(void)
{
	char *p = blocks(), mode[64] = "";
	struct sysinfo before, after;
	int fd = open(enabled, O_RDONLY);

	sysinfo(&before);
	read(fd, mode, sizeof(mode) - 1);
	close(fd);
	ok(!strcmp(mode, "always [madvise] never\n"), "huge pages where a program asks for them");
	memset(p, 1, BLOCK);
	ok(huge_kib() == 0, "none where it does not");
	ok(madvise(p + BLOCK, 2 * BLOCK, MADV_HUGEPAGE) == 0, "MADV_HUGEPAGE");
	p[BLOCK] = p[2 * BLOCK] = 1;
	ok(huge_kib() == 4096, "two blocks");
	ok(munmap(p + BLOCK + PAGE, PAGE) == 0 && huge_kib() == 2048, "a page less makes one of them many");
	ok(madvise(p, BLOCK, MADV_COLLAPSE) == 0 && huge_kib() == 4096, "MADV_COLLAPSE");
	ok(p[0] == 1 && p[BLOCK - 1] == 1, "with what was there");
	ok(set("always\n") == 0, "always");
	p[4 * BLOCK + 5] = 1;
	ok(huge_kib() == 6144, "is without being asked");
	ok(madvise(p + 5 * BLOCK, BLOCK, MADV_NOHUGEPAGE) == 0, "MADV_NOHUGEPAGE");
	p[5 * BLOCK] = 1;
	ok(huge_kib() == 6144, "is none");
	ok(set("never") == 0, "never");
	p[6 * BLOCK] = 1;
	ok(huge_kib() == 6144, "is no more");
	ok(set("sometimes") == -EINVAL, "sometimes is not known");
	ok(set("madvise") == 0, "back again");
	ok(first_number("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size") == BLOCK, "their size");
	munmap(p, SIZE);
	ok(huge_kib() == 0, "unmapped, there are none");
	while_written();
	ok(huge_kib() == 0, "nor afterwards");
	sysinfo(&after);
	/* Other processors keep some single pages, which are not counted as free. */
	ok((long)(before.freeram - after.freeram) / 1024 < 256 + 512 * (get_nprocs() - 1), "the memory is back");
	printf("# %ld KiB less\n", (long)(before.freeram - after.freeram) / 1024);
	printf("1..%d\n", points);
	return failures != 0;
}
