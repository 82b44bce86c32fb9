/* pressure HOLD FILE…: hold HOLD MiB of memory, then read the FILEs, longer together than the memory is, in each way there
 * is: by read(), by a mapping, by a private mapping that is written here and there; thrice. A line with a sum for each:
 * the same on any machine, if what is given back comes back as it was. Two threads do the first two at the same time. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE = 4096, STEP = 65536 };

static uint64_t sum_of(uint64_t sum, const unsigned char *p, size_t n)
{
	for (size_t i = 0; i + 8 <= n; i += 64) {
		uint64_t word;

		memcpy(&word, p + i, 8);
		sum = (sum ^ word) * 0x100000001b3u;
	}
	return sum;
}

static uint64_t by_read(const char *path)
{
	static unsigned char text[STEP];
	int fd = open(path, O_RDONLY);
	uint64_t sum = 0;
	ssize_t n;

	while ((n = read(fd, text, sizeof(text))) > 0)
		sum = sum_of(sum, text, (size_t)n);
	if (fd < 0 || n < 0)
		perror(path);
	close(fd);
	return sum;
}

static uint64_t by_mapping(const char *path, int written)
{
	int fd = open(path, O_RDONLY);
	struct stat st = { 0 };
	uint64_t sum = 0;
	unsigned char *p;

	fstat(fd, &st);
	p = mmap(NULL, (size_t)st.st_size, written ? PROT_READ | PROT_WRITE : PROT_READ, MAP_PRIVATE | MAP_NORESERVE, fd, 0);
	if (p == MAP_FAILED) {
		perror(path);
		return 0;
	}
	if (written)
		for (off_t i = 0; i < st.st_size; i += 50 * PAGE)
			p[i]++;
	for (off_t i = 0; i < st.st_size; i += STEP)
		sum = sum_of(sum, p + i, st.st_size - i < STEP ? (size_t)(st.st_size - i) : STEP);
	munmap(p, (size_t)st.st_size);
	close(fd);
	return sum;
}

static void *reader(void *path)
{
	return (void *)(uintptr_t)by_read(path);
}

int main(int argc, char **argv)
{
	size_t hold = (size_t)atol(argv[1]) << 20;
	unsigned char *held = malloc(hold);
	uint64_t before;

	for (size_t i = 0; i < hold; i += 8) {
		uint64_t word = i * 0x9e3779b97f4a7c15u;

		memcpy(held + i, &word, 8);
	}
	before = sum_of(1, held, hold);
	for (int round = 0; round < 3; round++)
		for (int i = 2; i < argc; i++) {
			uint64_t mapped;
			void *read;
			pthread_t t;

			if (pthread_create(&t, NULL, reader, argv[i])) {
				puts("no thread");
				return 1;
			}
			mapped = by_mapping(argv[i], 0);
			pthread_join(t, &read);
			printf("%d %s: read %lx, mapped %lx, written %lx\n", round, argv[i], (unsigned long)read,
			       (unsigned long)mapped, (unsigned long)by_mapping(argv[i], 1));
			fflush(stdout);
		}
	printf("held: %s\n", sum_of(1, held, hold) == before ? "as it was" : "changed");
	return 0;
}
