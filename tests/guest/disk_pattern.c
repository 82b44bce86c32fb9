/* disk_pattern DISK [BAD]: a pattern is written and read at random offsets of a disk, flushed, partly discarded, and all of it compared.
 * BAD: sectors BAD and BAD + 256 fail, the former when read, the latter when written; EIO is told once, and the disk is good else.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BLOCK  4096u
#define ROUNDS 2000u

static unsigned tests, failed;

static void ok(int good, const char *what)
{
	failed += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++tests, what);
}

/* What block @n holds after it was written @version times; 0: as it came, zeroes. */
static void fill(uint64_t *p, uint64_t n, uint8_t version)
{
	for (unsigned i = 0; i < BLOCK / 8; i++)
		p[i] = version ? ((n << 8 | version) * 512 + i) * 0x9e3779b97f4a7c15ull : 0;
}

static int is_right(int fd, uint64_t n, uint8_t version)
{
	static uint64_t got[BLOCK / 8] __attribute__((aligned(BLOCK))), wanted[BLOCK / 8];

	fill(wanted, n, version);
	return pread(fd, got, BLOCK, (off_t)(n * BLOCK)) == BLOCK && !memcmp(got, wanted, BLOCK);
}

static void errors(int fd, uint64_t bad)
{
	static char block[BLOCK] __attribute__((aligned(BLOCK)));

	errno = 0;
	ok(pread(fd, block, BLOCK, (off_t)(bad * 512)) == -1 && errno == EIO, "a sector that cannot be read: EIO");
	ok(pread(fd, block, BLOCK, 0) == BLOCK, "others can");
	memset(block, 'w', sizeof(block));
	ok(pwrite(fd, block, BLOCK, (off_t)((bad + 256) * 512)) == BLOCK, "a sector that cannot be written is taken");
	errno = 0;
	ok(fsync(fd) == -1 && errno == EIO, "and fsync says EIO");
	ok(pwrite(fd, block, BLOCK, 0) == BLOCK && !fsync(fd), "others can be written");
}

static void pattern(int fd, const char *path, uint64_t blocks)
{
	static uint64_t data[BLOCK / 8] __attribute__((aligned(BLOCK)));
	uint8_t *version = calloc(blocks, 1);
	uint64_t range[2] = { blocks / 2 * BLOCK, 64 * BLOCK };
	unsigned wrong = 0, lost = 0;
	int direct;

	srandom(1);
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t n = (uint64_t)random() % blocks;

		if (random() % 2) {
			fill(data, n, ++version[n]);
			lost += pwrite(fd, data, BLOCK, (off_t)(n * BLOCK)) != BLOCK;
		} else {
			wrong += !is_right(fd, n, version[n]);
		}
	}
	ok(!lost, "blocks are written at random offsets");
	ok(!wrong, "and read");
	ok(!fsync(fd), "fsync");
	ok(!ioctl(fd, BLKFLSBUF, 0), "BLKFLSBUF");
	ok(!ioctl(fd, BLKDISCARD, range), "BLKDISCARD");
	for (uint64_t n = range[0] / BLOCK; n < (range[0] + range[1]) / BLOCK; n++) {
		fill(data, n, ++version[n]);
		lost += pwrite(fd, data, BLOCK, (off_t)(n * BLOCK)) != BLOCK;
	}
	ok(!lost && !fsync(fd), "what was discarded is written again");
	direct = open(path, O_RDWR | O_DIRECT);
	for (uint64_t n = 0; n < blocks; n++)
		wrong += !is_right(direct, n, version[n]);
	ok(direct >= 0 && !wrong, "all of the disk is what was written, and else what it was");
}

int main(int argc, char **argv)
{
	uint64_t size = 0;
	int fd;

	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc < 2 || (fd = open(argv[1], O_RDWR)) < 0)
		return perror("open"), 1;
	ok(!ioctl(fd, BLKGETSIZE64, &size) && size >= 1 << 20, "BLKGETSIZE64");
	if (argc > 2)
		errors(fd, strtoull(argv[2], NULL, 0));
	else
		pattern(fd, argv[1], size / BLOCK);
	printf("1..%u\n", tests);
	return failed != 0;
}
