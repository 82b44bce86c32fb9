/* The root of the test image: EROFS that is only read, under a layer that can be written. In Whittle only. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "suite.h"

static int entries(const char *path)
{
	DIR *d = opendir(path);
	int n = 0;

	if (!d)
		return -1;
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* Each byte of "large" says where it lies. */
static char byte_at(size_t i)
{
	return (char)('a' + (i / 100 + i) % 26);
}

static void reading(void)
{
	char buf[5000], *p;
	struct stat st;
	int fd = open("/data/large", O_RDONLY);
	bool right = true;

	if (!ok(fd >= 0 && fstat(fd, &st) == 0, "a file of the root"))
		return;
	is(st.st_size, 1000003, "its size");
	for (size_t at = 0; at < 1000003;) {
		ssize_t n = read(fd, buf, 4999);

		if (n <= 0)
			break;
		for (ssize_t i = 0; i < n; i++)
			right &= buf[i] == byte_at(at + (size_t)i);
		at += (size_t)n;
		right &= n == 4999 || at == 1000003;
	}
	ok(right, "its bytes");
	ok(pread(fd, buf, 100, 1000000) == 3 && buf[2] == byte_at(1000002), "its end");
	p = mmap(NULL, 1000003, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	ok(p != MAP_FAILED && p[999999] == byte_at(999999), "mapped");
	p[4096] = 'X';
	p[1000002] = 'Y';
	ok(pread(fd, buf, 1, 4096) == 1 && buf[0] == byte_at(4096), "a private write does not reach it");
	ok(p[4095] == byte_at(4095) && p[4097] == byte_at(4097) && p[4096] == 'X', "the page keeps its other bytes");
	is(p[1000003], 0, "behind the end there are zeroes");
	munmap(p, 1000003);
	close(fd);
	is(entries("/data/many"), 502, "a directory of 500 files");
	ok(stat("/data/many/number-321", &st) == 0 && st.st_size == 4, "one of them");
	ok(stat("/data/empty", &st) == 0 && st.st_size == 0, "an empty file");
	ok(readlink("/data/link", buf, sizeof(buf)) == 5 && !memcmp(buf, "large", 5), "a link");
	ok(stat("/data/link", &st) == 0 && st.st_size == 1000003, "and what it names");
	ok(stat("/data/hard", &st) == 0 && st.st_nlink == 2, "a file with two names");
	ok(stat("/data/script", &st) == 0 && (st.st_mode & 07777) == 0755, "a mode");
}

static void writing(void)
{
	char buf[20] = "";
	struct stat st;
	int fd = open("/data/script", O_RDWR), old = open("/data/script", O_RDONLY), before;

	if (!ok(fd >= 0, "a file of the root is opened for writing"))
		return;
	is(pwrite(fd, "#!!", 3, 0), 3, "and written");
	ok(pread(fd, buf, 5, 0) == 5 && !memcmp(buf, "#!!bi", 5), "it has kept its other bytes");
	ok(stat("/data/script", &st) == 0 && (st.st_mode & 07777) == 0755 && st.st_size == 10, "its mode and its size");
	close(fd);
	close(old);
	before = entries("/data");
	is(unlink("/data/empty"), 0, "a file of the root is unlinked");
	fails(stat("/data/empty", &st), ENOENT, "and gone");
	is(entries("/data"), before - 1, "from the directory too");
	is(write_whole_file("/data/empty", "new", 3), 0, "made anew");
	ok(stat("/data/empty", &st) == 0 && st.st_size == 3, "it is the new one");
	is(entries("/data"), before, "once in the directory");
	is(mkdir("/data/made", 0755), 0, "a directory is made");
	is(rename("/data/hard", "/data/made/moved"), 0, "a file of the root is moved into it");
	ok(stat("/data/made/moved", &st) == 0 && st.st_size == 5, "and is there");
	is(write_whole_file("/data/many/new", "x", 1), 0, "a new file in an old directory");
	is(entries("/data/many"), 503, "is listed with the old ones");
	is(chmod("/data/large", 0600), 0, "chmod of a file of the root");
	ok(stat("/data/large", &st) == 0 && (st.st_mode & 07777) == 0600 && st.st_size == 1000003, "is seen");
	is(truncate("/data/large", 10), 0, "truncate too");
	ok(stat("/data/large", &st) == 0 && st.st_size == 10, "is seen");
}

void suite_root(void)
{
	if (!in_guest())
		return;
	reading();
	writing();
}
