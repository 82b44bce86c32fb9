/* disk_write DISK: what a program does with a disk as a file, each part of it in another way: TAP. The host knows what is
 * where afterwards (tests/guest/disk_write.t). Part N is the MiB that begins at N MiB, and begins as 'a' + N all over. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { MIB = 1 << 20, PAGE = 4096, TAIL = 512 };

static int points, failures;

static void ok(int good, const char *what)
{
	failures += !good;
	printf("%sok %d - %s\n", good ? "" : "not ", ++points, what);
	if (!good)
		printf("# errno %d\n", errno);
}

static char buffer[MIB] __attribute__((aligned(PAGE)));

static int all(const char *p, size_t n, char value)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != value)
			return 0;
	return 1;
}

static void about(const char *path, int fd, uint64_t size)
{
	unsigned long sectors = 0;
	struct stat st;
	uint64_t bytes = 0;
	int number = 0;

	ok(stat(path, &st) == 0 && S_ISBLK(st.st_mode) && major(st.st_rdev) && st.st_size == 0, "a block device");
	ok(ioctl(fd, BLKGETSIZE64, &bytes) == 0 && bytes == size, "BLKGETSIZE64");
	ok(ioctl(fd, BLKGETSIZE, &sectors) == 0 && sectors == size / 512, "BLKGETSIZE");
	ok(ioctl(fd, BLKSSZGET, &number) == 0 && number == 512, "BLKSSZGET");
	ok(ioctl(fd, BLKBSZGET, &number) == 0 && number == PAGE, "BLKBSZGET");
	ok(ioctl(fd, BLKROGET, &number) == 0 && number == 0, "BLKROGET");
	ok(ioctl(fd, BLKGETSIZE64, NULL) == -1 && errno == EFAULT, "an ioctl with a bad pointer");
	ok(ioctl(fd, TIOCGWINSZ, &number) == -1 && errno == ENOTTY, "an ioctl of others");
	ok(lseek(fd, 0, SEEK_END) == (off_t)size, "its end is known to lseek");
	ok(pread(fd, buffer, 10, (off_t)size) == 0, "nothing is read there");
	ok(pwrite(fd, buffer, 10, (off_t)size) == -1 && errno == ENOSPC, "nor written");
	ok(pread(fd, buffer, 1000, (off_t)size - 100) == 100, "a read is cut off there");
}

static void by_calls(const char *path, int fd, uint64_t size)
{
	int direct = open(path, O_RDWR | O_DIRECT), sync = open(path, O_WRONLY | O_DSYNC);
	char text[TAIL];

	ok(pread(fd, buffer, MIB, 0) == MIB && all(buffer, MIB, 'a'), "the first part is read");
	memset(buffer, 'A', MIB);
	ok(pwrite(fd, buffer, MIB, 0) == MIB, "and written");
	ok(pwrite(fd, "xyz", 3, MIB + 4095) == 3, "three bytes over two pages");
	ok(pread(fd, text, 5, MIB + 4094) == 5 && !memcmp(text, "bxyzb", 5), "with what is around them");
	ok(fsync(fd) == 0, "fsync");
	memset(buffer, 'C', MIB);
	ok(pwrite(direct, buffer, MIB / 2, 2 * MIB) == MIB / 2, "O_DIRECT: half a part");
	ok(pwrite(direct, buffer, 1000, 2 * MIB) == -1 && errno == EINVAL, "but not half a sector");
	ok(pread(direct, buffer, 512, 100) == -1 && errno == EINVAL, "nor from the middle of one");
	ok(pread(direct, buffer, 1024, 2 * MIB + MIB / 2 - 512) == 1024 && buffer[511] == 'C' && buffer[512] == 'c',
	   "and read over its end");
	ok(pwrite(sync, "sync", 4, 2 * MIB + MIB / 2) == 4, "O_DSYNC");
	memset(text, 'z', TAIL);
	ok(pwrite(fd, text, TAIL, (off_t)size - TAIL) == TAIL, "the last sector, not a whole page");
	ok(pwrite(fd, text, TAIL, (off_t)size - 10) == 10, "a write is cut off at the end");
	close(direct);
	close(sync);
}

static void by_mapping(const char *path, int fd)
{
	char *p = mmap(NULL, 2 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 3 * MIB), *q, text[4];
	int read_only = open(path, O_RDONLY);

	ok(p != MAP_FAILED && all(p, MIB, 'd'), "parts 3 and 4 are mapped");
	memset(p, 'D', MIB);
	ok(pread(fd, text, 4, 3 * MIB + 5000) == 4 && !memcmp(text, "DDDD", 4), "what the mapping writes is read");
	ok(pwrite(fd, "mapped", 6, 4 * MIB + 100) == 6 && !memcmp(p + MIB + 100, "mapped", 6), "and the other way round");
	ok(msync(p, MIB, MS_SYNC) == 0, "msync");
	for (int i = 0; i < 256; i++)
		p[i * PAGE] = '1'; /* again after it was written back */
	ok(msync(p, MIB, MS_ASYNC) == 0, "msync, without waiting");
	ok(munmap(p, 2 * MIB) == 0, "unmapped with changes in it");
	ok(pread(fd, text, 2, 3 * MIB + PAGE) == 2 && !memcmp(text, "1D", 2), "which are still there");
	q = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 4 * MIB);
	q[0] = 'P';
	ok(pread(fd, text, 1, 4 * MIB) == 1 && text[0] == 'e', "what a private mapping writes is its own");
	munmap(q, MIB);
	ok(mmap(NULL, MIB, PROT_WRITE, MAP_SHARED, read_only, 0) == MAP_FAILED && errno == EACCES,
	   "a file open for reading is not mapped for writing");
	close(read_only);
}

/* Two threads write through one mapping while it is written back again and again: no write may be lost. */
static volatile int stop;
static uint32_t *counters;
static uint32_t counted[2][256];

static void *count(void *which)
{
	unsigned t = (unsigned)(uintptr_t)which, x = t + 1;

	while (!stop) {
		x = x * 1103515245 + 12345;
		counters[(x >> 16 & 255) * 1024 + t]++;
		counted[t][x >> 16 & 255]++;
	}
	return NULL;
}

static void while_written_back(int fd)
{
	pthread_t threads[2];
	int good = 1, synced = 1;

	counters = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 5 * MIB);
	memset(counters, 0, MIB);
	for (unsigned t = 0; t < 2; t++)
		pthread_create(&threads[t], NULL, count, (void *)(uintptr_t)t);
	for (int i = 0; i < 30; i++) {
		synced &= msync(counters, MIB, MS_SYNC) == 0;
		usleep(1000);
	}
	stop = 1;
	for (unsigned t = 0; t < 2; t++)
		pthread_join(threads[t], NULL);
	munmap(counters, MIB);
	ok(synced && fsync(fd) == 0, "written back while two threads write");
	ok(pread(fd, buffer, MIB, 5 * MIB) == MIB, "read again");
	for (unsigned i = 0; i < 256; i++)
		for (unsigned t = 0; t < 2; t++)
			good &= ((uint32_t *)(void *)buffer)[i * 1024 + t] == counted[t][i];
	ok(good, "no write is lost");
	for (unsigned i = 0; i < 256; i++)
		for (unsigned t = 0; t < 2; t++) /* what the host is to find there */
			((uint32_t *)(void *)buffer)[i * 1024 + t] -= counted[t][i];
	ok(all(buffer, MIB, 0), "and there is nothing else");
}

int main(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : "/dev/vda";
	int fd = open(path, O_RDWR);
	uint64_t range[2] = { 6 * MIB, MIB }, size = 0, bad[2] = { 100, 512 };
	char *p;

	setvbuf(stdout, NULL, _IOLBF, 0);
	ok(fd >= 0, "a disk is opened");
	ioctl(fd, BLKGETSIZE64, &size);
	about(path, fd, size);
	by_calls(path, fd, size);
	by_mapping(path, fd);
	while_written_back(fd);
	ok(pread(fd, buffer, 10, 6 * MIB) == 10 && ioctl(fd, BLKDISCARD, range) == 0, "a part is discarded");
	ok(pread(fd, buffer, MIB, 6 * MIB) == MIB, "and can be read still");
	ok(ioctl(fd, BLKDISCARD, bad) == -1 && errno == EINVAL, "but not from within a sector");
	ok(ioctl(fd, BLKFLSBUF, 0) == 0, "BLKFLSBUF");
	if (argc > 2) { /* more than memory, and more than may be dirty */
		int good = 1;

		p = mmap(NULL, size - 8 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 8 * MIB);
		for (uint64_t i = 0; i < size / MIB - 8; i++)
			memset(p + i * MIB, (int)('a' + i % 26), MIB);
		for (uint64_t i = 0; i < size / MIB - 8; i++)
			good &= all(p + i * MIB, MIB, (char)('a' + i % 26));
		ok(good, "a mapping longer than the memory is written from end to end, and read");
	}
	/* Neither closed nor unmapped nor synced: it is to be there when the machine is off. */
	p = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 7 * MIB);
	memset(p, 'H', MIB / 2);
	memset(buffer, 'h', MIB / 2);
	ok(pwrite(fd, buffer, MIB / 2, 7 * MIB + MIB / 2) == MIB / 2, "written just before the end");
	printf("1..%d\n", points);
	return failures != 0;
}
