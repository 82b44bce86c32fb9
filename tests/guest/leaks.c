/* Each thing that a program makes and gives back, a thousand times: free memory must be what it was. TAP.
 * The first round fills caches; what the later two take is lost. Only meaningful where nothing else runs. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { PAGE = 4096, TIMES = 1000, SLACK_KIB = 64 };

static void *nothing(void *argument)
{
	return argument;
}

static void make_mapping(int i)
{
	size_t size = PAGE * (1 + (size_t)i % 50);
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	p[0] = p[size - 1] = 1;
	mprotect(p, PAGE, PROT_READ);
	munmap(p, size);
}
static void make_tables(int i)
{
	char *p = mmap(NULL, 5 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	p[i] = p[4 << 20] = 1;
	munmap(p, 5 << 20);
}
static void make_thread(__attribute__((unused)) int i)
{
	pthread_t t;

	if (pthread_create(&t, NULL, nothing, NULL) == 0)
		pthread_join(t, NULL);
}
static void make_pipe(__attribute__((unused)) int i)
{
	int fd[2];
	char text[100] = "";

	if (pipe(fd) != 0)
		return;
	write(fd[1], text, 100);
	read(fd[0], text, 50);
	close(fd[0]);
	close(fd[1]);
}
static void make_sockets(__attribute__((unused)) int i)
{
	int fd[2];
	char text[100] = "";

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) != 0)
		return;
	write(fd[1], text, 100);
	close(fd[0]);
	close(fd[1]);
}
static void make_epoll(int i)
{
	struct epoll_event event = { .events = EPOLLIN };
	int set = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, 0);

	epoll_ctl(set, EPOLL_CTL_ADD, timer, &event);
	close(i % 2 ? set : timer);
	close(i % 2 ? timer : set);
}
static void make_file(int i)
{
	char path[40], *p;
	int fd;

	snprintf(path, sizeof(path), "/tmp/leak-%d", i);
	fd = open(path, O_CREAT | O_RDWR, 0600);
	write(fd, path, sizeof(path));
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	p[5] = 1;
	munmap(p, PAGE);
	close(fd);
	unlink(path);
}
static void make_directory(int i)
{
	char path[40];

	snprintf(path, sizeof(path), "/tmp/leaks-%d", i);
	mkdir(path, 0700);
	rename(path, "/tmp/leaks");
	rmdir("/tmp/leaks");
}
static void look(int i)
{
	char path[40];
	struct stat st;

	snprintf(path, sizeof(path), "/tmp/nothing-%d", i);
	stat(path, &st);
	stat("/tmp/../tmp", &st);
}
static void allocate(int i)
{
	void *volatile p = malloc((size_t)i * 300);

	free(p);
}
static void read_maps(__attribute__((unused)) int i)
{
	char text[PAGE];
	int fd = open("/proc/self/maps", O_RDONLY);

	read(fd, text, sizeof(text));
	close(fd);
}

static const struct {
	const char *name;
	void (*make)(int i);
} things[] = {
	{ "mappings", make_mapping }, { "page tables", make_tables }, { "threads", make_thread },
	{ "pipes", make_pipe },       { "socket pairs", make_sockets }, { "epoll sets and timers", make_epoll },
	{ "files", make_file },       { "directories", make_directory }, { "look-ups", look },
	{ "malloc", allocate },       { "files of /proc", read_maps },
};

static long free_kib(void)
{
	struct sysinfo info;

	sysinfo(&info);
	return (long)(info.freeram * info.mem_unit / 1024);
}

int main(void)
{
	enum { THINGS = sizeof(things) / sizeof(things[0]) };
	int failures = 0;

	mkdir("/tmp", 0777);
	for (int t = 0; t < THINGS; t++) {
		long before = 0, lost;

		for (int round = 0; round < 3; round++) {
			if (round == 1)
				before = free_kib();
			for (int i = 0; i < TIMES; i++)
				things[t].make(i);
		}
		lost = before - free_kib();
		failures += lost > SLACK_KIB;
		printf("%sok %d - %s give back what they took (%ld KiB lost)\n", lost > SLACK_KIB ? "not " : "", t + 1,
		       things[t].name, lost);
	}
	printf("1..%d\n", (int)THINGS);
	return failures != 0;
}
