/* /proc and /sys: that what programs read there has Linux's form, and agrees with what calls say of the same thing. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <mntent.h>
#include <pthread.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include "suite.h"

static char text[1 << 20];

/* The whole file, with a zero behind it. Return: bytes, or -1. */
static long slurp(const char *path)
{
	int fd = open(path, O_RDONLY);
	long n, at = 0;

	text[0] = 0;
	if (fd < 0)
		return -1;
	while ((n = read(fd, text + at, sizeof(text) - 1 - (size_t)at)) > 0)
		at += n;
	close(fd);
	text[at] = 0;
	return n < 0 ? -1 : at;
}

/* The number behind "NAME:" at the start of a line; -1: there is none. */
static long long field(const char *name)
{
	size_t len = strlen(name);

	for (char *line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
		if (!strncmp(line, name, len) && line[len] == ':')
			return strtoll(line + len + 1, NULL, 10);
	return -1;
}

static bool is_one_number(const char *path)
{
	char *end;

	if (slurp(path) <= 0)
		return false;
	strtoll(text, &end, 10);
	return end != text && !strcmp(end, "\n");
}

static bool link_is(const char *path, const char *wanted)
{
	char target[500];
	ssize_t n = readlink(path, target, sizeof(target) - 1);

	target[n < 0 ? 0 : n] = 0;
	return n > 0 && !strcmp(target, wanted);
}

static bool has_entry(const char *dir, const char *name)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	bool found = false;

	while (d && (e = readdir(d)))
		found |= !strcmp(e->d_name, name);
	if (d)
		closedir(d);
	return found;
}

static void links(void)
{
	char wanted[300], path[300], here[300];
	struct stat a, b;
	struct statfs fs;
	int fd, pipe_fds[2];

	snprintf(wanted, sizeof(wanted), "%d", getpid());
	ok(link_is("/proc/self", wanted), "self");
	ok(has_entry("/proc", wanted), "the process is in the list");
	snprintf(wanted, sizeof(wanted), "%d/task/%d", getpid(), getpid());
	ok(link_is("/proc/thread-self", wanted), "thread-self");
	ok(stat("/proc/self/exe", &a) == 0 && S_ISREG(a.st_mode), "exe leads to a file");
	fd = open("/proc/self/exe", O_RDONLY);
	ok(read(fd, text, 4) == 4 && !memcmp(text, "\177ELF", 4), "which is the program");
	close(fd);
	getcwd(here, sizeof(here));
	ok(link_is("/proc/self/cwd", here), "cwd");
	ok(stat("/proc/self/cwd/.", &a) == 0 && stat(".", &b) == 0 && a.st_ino == b.st_ino, "leads there");
	ok(link_is("/proc/self/root", "/"), "root");
	ok(statfs("/proc", &fs) == 0 && fs.f_type == 0x9fa0, "statfs knows it");
	snprintf(here, sizeof(here), "%s", scratch("kept"));
	fd = open(here, O_RDWR | O_CREAT, 0600);
	write(fd, "kept", 4);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ok(link_is(path, here), "a descriptor's link");
	snprintf(wanted, sizeof(wanted), "%d", fd);
	ok(has_entry("/proc/self/fd", wanted), "is listed");
	ok(lstat(path, &a) == 0 && S_ISLNK(a.st_mode) && (a.st_mode & 0700) == 0700, "shows how it was opened");
	snprintf(wanted, sizeof(wanted), "/proc/thread-self/fd/%d", fd);
	ok(link_is(wanted, here), "also below the thread");
	unlink(here);
	snprintf(wanted, sizeof(wanted), "%s (deleted)", here);
	ok(link_is(path, wanted), "also when the file has lost its name");
	pipe_fds[0] = open(path, O_RDONLY);
	ok(read(pipe_fds[0], text, 10) == 4 && !memcmp(text, "kept", 4), "and opens it still");
	close(pipe_fds[0]);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	ok(slurp(path) > 0 && field("pos") == 4 && strstr(text, "flags:\t0"), "fdinfo");
	close(fd);
	fails(open(path, O_RDONLY), ENOENT, "closed, it is gone");
	pipe(pipe_fds);
	fstat(pipe_fds[0], &a);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", pipe_fds[0]);
	snprintf(wanted, sizeof(wanted), "pipe:[%lu]", (unsigned long)a.st_ino);
	ok(link_is(path, wanted), "a pipe has its number");
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	fails(open("/proc/self/fd/x", O_RDONLY), ENOENT, "no descriptor");
	fails(open("/proc/0", O_RDONLY), ENOENT, "no process 0");
	fails(open("/proc/999999999", O_RDONLY), ENOENT, "nor one so high");
	fails(open("/proc/self/nothing", O_RDONLY), ENOENT, "no such file");
	fails(mkdir("/proc/new", 0700), ENOENT, "nothing can be made");
}

/* The line of the mapping that @address is in. */
static char *line_of(const void *address)
{
	unsigned long start, end, at = (unsigned long)address;

	for (char *line = text; *line; line = strchr(line, '\n') + 1) {
		if (sscanf(line, "%lx-%lx", &start, &end) == 2 && start <= at && at < end)
			return line;
		if (!strchr(line, '\n'))
			break;
	}
	return NULL;
}

static void memory(void)
{
	static int variable = 1;
	unsigned long start, end, offset, ino, before = 0;
	unsigned major, minor;
	char bits[5], path[300], *line, *area;
	bool right = true, found = false;
	struct stat st;
	int lines = 0, fd;

	area = mmap(NULL, 5 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(area + 4096, 3 * 4096, PROT_READ);
	memset(area, 1, 4096);
	ok(slurp("/proc/self/maps") > 0, "maps");
	for (line = text; line && *line; line = strchr(line, '\n') + 1, lines++) {
		right &= sscanf(line, "%lx-%lx %4s %lx %x:%x %lu", &start, &end, bits, &offset, &major, &minor, &ino) == 7 &&
			 start >= before && start < end && strlen(bits) == 4;
		before = end;
	}
	ok(right && lines > 5, "every line of %d has its form, in order", lines);
	line = line_of((void *)memory);
	ok(line && strstr(line, " r-xp "), "the program's code");
	stat("/proc/self/exe", &st);
	ok(line && sscanf(line, "%lx-%lx %4s %lx %x:%x %lu", &start, &end, bits, &offset, &major, &minor, &ino) == 7 &&
	   ino == st.st_ino, "its inode");
	snprintf(path, sizeof(path), "%.*s", line ? (int)strcspn(line, "\n") : 0, line ? line : "");
	ok(strlen(path) > 73 && path[72] == ' ' && path[73] == '/', "the path in its column");
	line = line_of(&variable);
	ok(line && strstr(line, " rw-p "), "its data");
	line = line_of(&line);
	ok(line && strstr(line, "[stack]"), "the stack");
	line = line_of(area + 4096);
	ok(line && sscanf(line, "%lx-%lx %4s", &start, &end, bits) == 3 && !strcmp(bits, "r--p") &&
	   start == (unsigned long)area + 4096 && end == start + 3 * 4096, "what mprotect changed");
	ok(getauxval(AT_SYSINFO_EHDR) == 0 || ((line = line_of((void *)getauxval(AT_SYSINFO_EHDR))) && strstr(line, "[vdso]")),
	   "the vDSO");
	ok(slurp("/proc/self/smaps") > 0 && field("Size") > 0 && field("Rss") >= 0 && strstr(text, "\nPrivate_Dirty: "), "smaps");
	line = line_of(area);
	ok(line && (line = strstr(line, "\nAnonymous:")) && strtol(line + 11, NULL, 10) >= 4 &&
	   (!in_guest() || strtol(line + 11, NULL, 10) == 4), "one page is the program's own" /* Linux may take a large one */);
	ok(slurp("/proc/self/statm") > 0, "statm");
	ok(sscanf(text, "%lu %lu %lu", &start, &end, &offset) == 3 && start >= end && end >= offset && end > 0, "its sizes");
	fd = open("/proc/self/cmdline", O_RDONLY);
	lines = (int)read(fd, text, sizeof(text));
	close(fd);
	ok(lines > 5 && text[lines - 1] == 0 && strstr(text, "suite"), "cmdline");
	setenv("CHANGED", "1", 1);
	ok(slurp("/proc/self/environ") >= 0 && !strstr(text, "CHANGED"), "environ is what was given at start");
	fd = open("/proc/self/auxv", O_RDONLY);
	lines = (int)read(fd, text, 4096);
	close(fd);
	for (unsigned long *v = (unsigned long *)(void *)text; (char *)v < text + lines; v += 2)
		found |= v[0] == AT_PAGESZ && v[1] == 4096;
	ok(lines % 16 == 0 && found, "auxv");
	munmap(area, 5 * 4096);
}

static void on_signal(int signo)
{
	(void)signo;
}

static void *sleeper(void *done)
{
	char name[100];
	int fd;

	pthread_setname_np(pthread_self(), "a-sleeper");
	snprintf(name, sizeof(name), "/proc/self/task/%ld/comm", (long)syscall(SYS_gettid));
	fd = open(name, O_RDONLY);
	name[0] = 0;
	read(fd, name, sizeof(name));
	close(fd);
	*(bool *)done = !strncmp(name, "a-sleeper\n", 10);
	pause();
	return NULL;
}

static void process(void)
{
	struct rlimit limit;
	bool named = false;
	sigset_t set;
	long ppid, threads, pid, ticks;
	char name[100], state, *rest;
	pthread_t thread;
	int fd;

	ok(slurp("/proc/self/stat") > 0 && sscanf(text, "%ld (", &pid) == 1 && pid == getpid(), "stat");
	rest = strrchr(text, ')');
	ok(rest && sscanf(rest, ") %c %ld", &state, &ppid) == 2 && state == 'R' && ppid == getppid(), "running, its parent");
	threads = 0;
	for (char *p = rest; p && *p; p++)
		threads += *p == ' ';
	is(threads, 50, "52 fields");
	ok(rest && sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %ld", &threads) == 1 &&
	   threads >= 1, "threads");
	signal(SIGUSR1, on_signal);
	signal(SIGUSR2, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 3);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGRTMIN + 3);
	ok(slurp("/proc/self/status") > 0, "status");
	is(field("Pid"), getpid(), "Pid");
	is(field("Tgid"), getpid(), "Tgid");
	is(field("PPid"), getppid(), "PPid");
	is(field("Uid"), getuid(), "Uid");
	is(field("Gid"), getgid(), "Gid");
	is(field("Threads"), threads, "Threads");
	ok(field("VmSize") >= field("VmRSS") && field("VmRSS") > 0 && field("VmStk") > 0 && field("VmExe") > 0, "sizes");
	ok(strstr(text, "State:\tR (running)\n") != NULL, "State");
	rest = strstr(text, "SigBlk:\t");
	ok(rest && strtoull(rest + 8, NULL, 16) == 1ull << (SIGRTMIN + 2), "the blocked signal");
	rest = strstr(text, "SigPnd:\t");
	ok(rest && strtoull(rest + 8, NULL, 16) == 1ull << (SIGRTMIN + 2), "is pending");
	rest = strstr(text, "SigIgn:\t");
	ok(rest && strtoull(rest + 8, NULL, 16) >> (SIGUSR2 - 1) & 1, "one is ignored");
	rest = strstr(text, "SigCgt:\t");
	ok(rest && strtoull(rest + 8, NULL, 16) >> (SIGUSR1 - 1) & 1, "one is caught");
	signal(SIGRTMIN + 3, SIG_IGN);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	fd = open("/proc/self/comm", O_RDWR);
	is(write(fd, "another-name-too-long", 21), 21, "comm is written");
	close(fd);
	prctl(PR_GET_NAME, name);
	ok(!strcmp(name, "another-name-to"), "and cut off");
	ok(slurp("/proc/self/comm") == 16 && !strcmp(text, "another-name-to\n"), "as it reads");
	ok(slurp("/proc/self/stat") > 0 && strstr(text, "(another-name-to)"), "everywhere");
	ok(slurp("/proc/self/limits") > 0 && strstr(text, "Limit                     Soft Limit           Hard Limit"), "limits");
	getrlimit(RLIMIT_NOFILE, &limit);
	rest = strstr(text, "\nMax open files            ");
	ok(rest && strtoull(rest + 27, NULL, 10) == limit.rlim_cur, "as getrlimit says");
	fd = open("/proc/self/oom_score_adj", O_RDWR);
	ok(write(fd, "500\n", 4) == 4 && pread(fd, name, 10, 0) == 4 && !memcmp(name, "500\n", 4), "oom_score_adj");
	fails(write(fd, "1001", 4), EINVAL, "up to 1000");
	close(fd);
	ok(slurp("/proc/self/cgroup") > 0 && strchr(text, ':'), "cgroup");
	pthread_create(&thread, NULL, sleeper, &named);
	for (int i = 0; i < 200 && !__atomic_load_n(&named, __ATOMIC_ACQUIRE); i++)
		sleep_ms(5);
	sleep_ms(20);
	ok(named, "a thread has a name of its own");
	snprintf(name, sizeof(name), "%d", getpid());
	ok(has_entry("/proc/self/task", name), "the first thread is listed");
	ok(slurp("/proc/self/status") > 0 && field("Threads") == threads + 1, "there is one more");
	fd = 0;
	for (DIR *d = opendir("/proc/self/task"); d;) {
		struct dirent *e = readdir(d);

		if (!e) {
			closedir(d);
			break;
		}
		snprintf(name, sizeof(name), "/proc/self/task/%s/stat", e->d_name);
		if (slurp(name) > 0 && strstr(text, "(a-sleeper) S "))
			fd++;
	}
	is(fd, 1, "it sleeps");
	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, NULL);
	ticks = 0;
	for (long long until = now_ms() + 3000; ticks < 3 && now_ms() < until;) {
		for (volatile int i = 0; i < 1000000; i++)
			;
		slurp("/proc/self/stat");
		rest = strrchr(text, ')');
		sscanf(rest ? rest : "", ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld", &ticks);
	}
	ok(ticks >= 3, "utime grows");
}

/* PID/io: this thread reads and writes known amounts; another's are in the sum when it has ended. */
static void *moves(void *fd)
{
	return (void *)write((int)(intptr_t)fd, text, 1000);
}

static void io(void)
{
	long long read_before, written_before, reads, writes;
	char part[500], path[60];
	int fd = open(scratch("io"), O_RDWR | O_CREAT | O_TRUNC, 0600);
	pthread_t t;
	bool moved;

	snprintf(path, sizeof(path), "/proc/self/task/%d/io", getpid());
	ok(slurp(path) > 0 && field("rchar") > 0 && field("syscw") > 0, "a thread's io");
	(void)slurp("/proc/self/io");
	read_before = field("rchar"), written_before = field("wchar"), reads = field("syscr"), writes = field("syscw");
	/* No point in between: it writes, too. */
	moved = write(fd, text, 3000) == 3000 && pread(fd, part, 500, 0) == 500 &&
		pthread_create(&t, NULL, moves, (void *)(intptr_t)fd) == 0 && pthread_join(t, NULL) == 0;
	moved &= slurp("/proc/self/io") > 0;
	ok(moved, "3000 bytes are written, 500 read, 1000 written by another thread");
	is(field("wchar") - written_before, 4000, "wchar");
	is(field("syscw") - writes, 2, "syscw");
	ok(field("rchar") - read_before >= 500, "rchar");
	ok(field("syscr") - reads >= 2, "syscr");
	ok(field("read_bytes") >= 0 && field("write_bytes") >= 0 && field("cancelled_write_bytes") >= 0, "storage");
	close(fd);
}

static void processors(void)
{
	char path[100], wanted[20];
	cpu_set_t set;
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	char *list;

	for (long cpu = 0; cpu < n; cpu++) {
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%ld/topology/core_cpus", cpu);
		ok(slurp(path) > 0 && strtoull(text, NULL, 16) >> cpu & 1, "processor %ld is in its own core", cpu);
	}
	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%ld", sysconf(_SC_NPROCESSORS_CONF));
	ok(access(path, F_OK) == -1 && errno == ENOENT, "and there is no other");
	ok(has_entry("/sys/devices/system/cpu", "cpu0") && !has_entry("/sys/devices/system/cpu", "CPU"), "they are listed");
	ok(slurp("/sys/devices/system/cpu/kernel_max") > 0 && atoi(text) >= n - 1, "kernel_max");
	if (access("/sys/devices/system/node", F_OK) == 0)
		ok(slurp("/sys/devices/system/node/node0/cpulist") > 0 && text[0] == '0', "node 0 has them");
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	is(sched_setaffinity(0, sizeof(set), &set), 0, "only the first one from now on");
	ok(slurp("/proc/self/status") > 0 && (list = strstr(text, "\nCpus_allowed_list:\t")) && !strncmp(list + 20, "0\n", 2),
	   "as status says");
	ok((list = strstr(text, "\nCpus_allowed:\t")) && strtoull(list + 15, NULL, 16) == 1, "in bits, too");
	for (int cpu = 0; cpu < (int)n; cpu++)
		CPU_SET(cpu, &set);
	is(sched_setaffinity(0, sizeof(set), &set), 0, "all again");
	snprintf(wanted, sizeof(wanted), n > 1 ? "0-%ld\n" : "0\n", n - 1);
	ok(slurp("/proc/self/status") > 0 && (list = strstr(text, "\nCpus_allowed_list:\t")) &&
	   !strncmp(list + 20, wanted, strlen(wanted)), "as a range");
}

/* What smaps says adds up to what smaps_rollup and statm say, but for what changes meanwhile. */
static void smaps_sums(void)
{
	long long rss = 0, pss = 0, size = 0;
	unsigned long pages;

	slurp("/proc/self/smaps"); /* the buffer itself comes into being */
	slurp("/proc/self/smaps");
	for (char *line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		rss += !strncmp(line, "Rss:", 4) ? strtoll(line + 4, NULL, 10) : 0;
		pss += !strncmp(line, "Pss:", 4) ? strtoll(line + 4, NULL, 10) : 0;
		size += !strncmp(line, "Size:", 5) ? strtoll(line + 5, NULL, 10) : 0;
	}
	ok(rss > 0 && pss > 0 && pss <= rss && rss <= size, "Pss <= Rss <= Size");
	ok(slurp("/proc/self/smaps_rollup") > 0 && strstr(text, "[rollup]\nRss: "), "smaps_rollup");
	ok(llabs(field("Rss") - rss) <= 64 && llabs(field("Pss") - pss) <= 64, "has the sums");
	is(field("Rss"), field("Shared_Clean") + field("Shared_Dirty") + field("Private_Clean") + field("Private_Dirty"),
	   "shared and private, clean and dirty are all");
	ok(field("Anonymous") >= 4 && field("Anonymous") == field("Pss_Anon"), "some of it is anonymous memory");
	rss = field("Rss");
	ok(slurp("/proc/self/statm") > 0 && sscanf(text, "%*u %lu", &pages) == 1 && llabs((long long)pages * 4 - rss) <= 2048,
	   "statm nearly agrees");
}

/* What can be chosen, in the guest: a host may be built without it. */
static void choices(void)
{
	static const char *const huge[] = { "enabled", "defrag", "shmem_enabled" };
	char path[200], clocks[200];

	for (unsigned i = 0; i < sizeof(huge) / sizeof(huge[0]); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/mm/transparent_hugepage/%s", huge[i]);
		ok(slurp(path) > 0 && strchr(text, '['), "huge pages: %s", huge[i]);
	}
	is(access("/sys/kernel/mm/hugepages", R_OK | X_OK), 0, "those set aside");
	ok(slurp("/sys/devices/system/clocksource/clocksource0/available_clocksource") > 0, "clocks");
	snprintf(clocks, sizeof(clocks), " %.*s ", (int)strcspn(text, "\n"), text);
	ok(slurp("/sys/devices/system/clocksource/clocksource0/current_clocksource") > 0, "the one in use");
	snprintf(path, sizeof(path), " %.*s ", (int)strcspn(text, "\n"), text);
	ok(strstr(clocks, path), "is one of them");
}

static void machine(void)
{
	struct utsname uts;
	struct sysinfo info;
	double up, idle, load[3];
	long long total;
	char wanted[200];
	int running, all, last;
	char *page;

	sysinfo(&info);
	uname(&uts);
	ok(slurp("/proc/meminfo") > 0, "meminfo");
	total = field("MemTotal");
	ok(total == (long long)(info.totalram / 1024 * info.mem_unit), "MemTotal is sysinfo's");
	ok(field("MemFree") > 0 && field("MemFree") < total && field("MemAvailable") <= total, "MemFree");
	ok(strstr(text, "MemTotal:       ") && strstr(text, " kB\n"), "in its form");
	slurp("/proc/meminfo");
	total = field("AnonPages");
	page = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(page, 1, 1 << 20);
	slurp("/proc/meminfo");
	ok(!in_guest() || field("AnonPages") >= total + 1024, "AnonPages grows");
	munmap(page, 1 << 20);
	total = field("Cached");
	for (running = 0; running < 256; running++)
		memset(text + running * 4096, running, 4096);
	write_whole_file(scratch("cached"), text, sizeof(text));
	slurp("/proc/meminfo");
	ok(!in_guest() || field("Cached") >= total + 1024, "Cached grows");
	unlink(scratch("cached"));
	slurp("/proc/meminfo");
	ok(!in_guest() || field("Cached") < total + 1024, "and shrinks");
	ok(slurp("/proc/cpuinfo") > 0 && !strncmp(text, "processor\t: 0\n", 14), "cpuinfo");
	ok(strstr(text, "\nflags\t\t: ") && strstr(text, " sse2 ") && strstr(text, "model name\t: "), "has flags");
	ok(slurp("/proc/stat") > 0 && !strncmp(text, "cpu  ", 5) && strstr(text, "\ncpu0 ") && strstr(text, "\nbtime "), "stat");
	ok(strtoll(strstr(text, "\nbtime ") + 7, NULL, 10) <= time(NULL), "the time of boot");
	ok(slurp("/proc/uptime") > 0 && sscanf(text, "%lf %lf\n", &up, &idle) == 2 && up > 0, "uptime");
	snprintf(wanted, sizeof(wanted), "Linux version %s ", uts.release);
	ok(slurp("/proc/version") > 0 && !strncmp(text, wanted, strlen(wanted)), "version");
	ok(slurp("/proc/loadavg") > 0 && sscanf(text, "%lf %lf %lf %d/%d %d\n", &load[0], &load[1], &load[2], &running, &all,
						&last) == 6 && running >= 1 && all >= running && last > 0, "loadavg");
	ok(slurp("/proc/filesystems") > 0 && strstr(text, "nodev\tproc\n") && strstr(text, "nodev\ttmpfs\n"), "filesystems");
	ok(slurp("/proc/cmdline") > 0 && text[strlen(text) - 1] == '\n', "cmdline");
	ok(slurp("/proc/vmstat") > 0 && strstr(text, "pgfault "), "vmstat");
	ok(slurp("/sys/devices/system/cpu/online") > 0 && text[0] == '0', "online processors");
	if (getuid() == 0) {
		running = open("/proc/version", O_WRONLY);
		fails(write(running, "x", 1), EIO, "is not written");
		close(running);
		fails(open("/proc/sys/kernel/osrelease", O_WRONLY), EACCES, "nor is the release, even by root");
	}
}

static void mounts(void)
{
	FILE *f = setmntent("/proc/mounts", "r");
	struct mntent *m;
	bool root = false, proc = false, right = true;
	int id, parent;
	char place[300];

	while (f && (m = getmntent(f))) {
		root |= !strcmp(m->mnt_dir, "/");
		proc |= !strcmp(m->mnt_dir, "/proc") && !strcmp(m->mnt_type, "proc");
		right &= hasmntopt(m, "ro") || hasmntopt(m, "rw");
	}
	ok(f && root && proc && right, "mounts");
	if (f)
		endmntent(f);
	f = fopen("/proc/self/mountinfo", "r");
	proc = false;
	while (f && fgets(text, sizeof(text), f)) {
		right &= sscanf(text, "%d %d %*u:%*u %*s %299s", &id, &parent, place) == 3 && strstr(text, " - ");
		proc |= !strcmp(place, "/proc");
	}
	ok(f && right && proc, "mountinfo");
	if (f)
		fclose(f);
}

static void limits(void)
{
	static const char *const numbers[] = {
		"kernel/pid_max", "kernel/threads-max", "kernel/ngroups_max", "kernel/cap_last_cap", "vm/overcommit_memory",
		"vm/max_map_count", "vm/mmap_min_addr", "fs/file-max", "fs/nr_open", "fs/pipe-max-size",
		"kernel/random/entropy_avail", "net/core/somaxconn", "net/ipv4/tcp_keepalive_time", "kernel/overflowuid",
		"kernel/overflowgid", "kernel/shmall", "kernel/shmmax", "kernel/shmmni", "kernel/tainted", "vm/nr_hugepages",
		"vm/swappiness",
	};
	struct utsname uts;
	char path[200], first[100];
	int low, high;

	for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		snprintf(path, sizeof(path), "/proc/sys/%s", numbers[i]);
		ok(is_one_number(path), "%s is a number", numbers[i]);
	}
	ok(slurp("/proc/sys/net/ipv4/ip_local_port_range") > 0 && sscanf(text, "%d\t%d\n", &low, &high) == 2 && low < high,
	   "ports");
	uname(&uts);
	snprintf(path, sizeof(path), "%s\n", uts.release);
	ok(slurp("/proc/sys/kernel/osrelease") > 0 && !strcmp(text, path), "osrelease");
	snprintf(path, sizeof(path), "%s\n", uts.nodename);
	ok(slurp("/proc/sys/kernel/hostname") > 0 && !strcmp(text, path), "hostname");
	ok(slurp("/proc/sys/kernel/ostype") > 0 && !strcmp(text, "Linux\n"), "ostype");
	ok(slurp("/proc/sys/kernel/random/boot_id") == 37 && text[8] == '-' && text[36] == '\n', "boot_id");
	snprintf(first, sizeof(first), "%s", text);
	ok(slurp("/proc/sys/kernel/random/boot_id") == 37 && !strcmp(text, first), "stays");
	ok(slurp("/proc/sys/kernel/random/uuid") == 37 && text[14] == '4' && strchr("89ab", text[19]), "uuid");
	snprintf(first, sizeof(first), "%s", text);
	ok(slurp("/proc/sys/kernel/random/uuid") == 37 && strcmp(text, first), "changes");
}

static void sockets(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(a);
	char wanted[100];
	struct stat st;

	if (fd < 0)
		return; /* a kernel without IPv4 */
	bind(fd, (struct sockaddr *)&a, sizeof(a));
	listen(fd, 5);
	getsockname(fd, (struct sockaddr *)&a, &len);
	snprintf(wanted, sizeof(wanted), ": 0100007F:%04X 00000000:0000 0A ", ntohs(a.sin_port));
	ok(slurp("/proc/net/tcp") > 0 && strstr(text, wanted), "a listener is in net/tcp");
	fstat(fd, &st);
	snprintf(wanted, sizeof(wanted), " %lu 1 ", (unsigned long)st.st_ino);
	ok(strstr(text, wanted) != NULL, "with its inode");
	ok(strcspn(text, "\n") == 149, "lines are as long as Linux's");
	close(fd);
	ok(slurp("/proc/net/dev") > 0 && strstr(text, "\n    lo: ") && strstr(text, " face |bytes    packets errs"), "net/dev");
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	a.sin_port = 0;
	bind(fd, (struct sockaddr *)&a, sizeof(a));
	getsockname(fd, (struct sockaddr *)&a, &len);
	snprintf(wanted, sizeof(wanted), ": 0100007F:%04X 00000000:0000 07 ", ntohs(a.sin_port));
	ok(slurp("/proc/net/udp") > 0 && strstr(text, wanted), "a datagram socket is in net/udp");
	close(fd);
}

static void reading(void)
{
	char whole[4096], part[4096];
	int fd = open("/proc/self/status", O_RDONLY);
	long n = 0, got;

	while ((got = read(fd, part + n, 7)) > 0)
		n += got;
	ok(n > 100 && got == 0, "a file is read in small pieces");
	ok(pread(fd, whole, sizeof(whole), 0) > 100 && !memcmp(whole, part, 50), "and anew from its start");
	is(lseek(fd, 5, SEEK_SET), 5, "lseek");
	ok(read(fd, part, 4) == 4 && !memcmp(part, whole + 5, 4), "goes where it says");
	fails(ftruncate(fd, 0), EINVAL, "nothing to cut off");
	close(fd);
	fails(open("/proc/self/status", O_RDONLY | O_DIRECTORY), ENOTDIR, "a file is no directory");
}

static volatile bool stop;

static void *nothing(void *unused)
{
	return unused;
}

/* Threads and descriptors come and go. */
static void *restless(void *unused)
{
	pthread_t thread;
	int fds[2];

	while (!stop) {
		if (pipe(fds) == 0) {
			close(fds[0]);
			close(fds[1]);
		}
		if (pthread_create(&thread, NULL, nothing, NULL) == 0)
			pthread_join(thread, NULL);
		munmap(mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 4096);
	}
	return unused;
}

/* Reads every file there is, two levels deep. What is gone when it is read is not an error. */
static long read_tree(const char *path, int depth)
{
	DIR *d = opendir(path);
	struct dirent *e;
	char name[500], buf[1000];
	long n, bytes = 0;
	int fd;

	while (d && (e = readdir(d))) {
		snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		if (e->d_name[0] == '.')
			continue;
		if (e->d_type == DT_DIR && depth) {
			bytes += read_tree(name, depth - 1);
		} else if (e->d_type == DT_LNK) {
			n = readlink(name, buf, sizeof(buf));
			bytes += n > 0 ? n : 0;
		} else if (e->d_type == DT_REG && strcmp(e->d_name, "mem") && strcmp(e->d_name, "pagemap")) {
			fd = open(name, O_RDONLY);
			while ((n = read(fd, buf, sizeof(buf))) > 0)
				bytes += n;
			close(fd);
		}
	}
	if (d)
		closedir(d);
	return bytes;
}

static void *reader(void *bytes)
{
	while (!stop)
		__atomic_fetch_add((long *)bytes, read_tree("/proc/self", in_guest() ? 3 : 1), __ATOMIC_RELAXED);
	return NULL;
}

static void under_load(void)
{
	pthread_t threads[4];
	long bytes = 0;

	pthread_create(&threads[0], NULL, restless, NULL);
	pthread_create(&threads[1], NULL, restless, NULL);
	pthread_create(&threads[2], NULL, reader, &bytes);
	pthread_create(&threads[3], NULL, reader, &bytes);
	sleep_ms(1000);
	stop = true;
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	ok(bytes > 1000, "all is read while threads and descriptors come and go");
	sleep_ms(20);
	slurp("/proc/self/status");
	is(field("Threads"), 1, "which leaves nothing behind");
}

/* What only grows, and what is at most as much as it once was. */
static void counters(void)
{
	enum { SIZE = 8 << 20 };
	long long switches, interrupts, threads, peak, high;
	unsigned long local = 0;
	pthread_t t;
	char *line, *page;
	long processors_here = sysconf(_SC_NPROCESSORS_ONLN);

	ok(slurp("/proc/stat") > 0 && strstr(text, "\nintr ") && strstr(text, "\nctxt ") && strstr(text, "\nprocesses "),
	   "stat has interrupts, switches and processes");
	interrupts = strtoll(strstr(text, "\nintr ") + 6, NULL, 10);
	switches = strtoll(strstr(text, "\nctxt ") + 6, NULL, 10);
	threads = strtoll(strstr(text, "\nprocesses ") + 11, NULL, 10);
	pthread_create(&t, NULL, moves, (void *)(intptr_t)-1);
	pthread_join(t, NULL);
	for (int i = 0; i < 5; i++)
		sleep_ms(10);
	for (int i = 0; i < 100; i++) { /* a sleep that is over before the processor idles needs no interrupt */
		sleep_ms(10);
		(void)slurp("/proc/stat");
		if (strtoll(strstr(text, "\nintr ") + 6, NULL, 10) > interrupts)
			break;
	}
	ok(strtoll(strstr(text, "\nintr ") + 6, NULL, 10) > interrupts, "sleeping interrupts");
	ok(strtoll(strstr(text, "\nctxt ") + 6, NULL, 10) >= switches + 5, "and switches");
	ok(strtoll(strstr(text, "\nprocesses ") + 11, NULL, 10) >= threads + 1, "a thread counts as one of processes");
	ok(slurp("/proc/interrupts") > 0 && (line = strstr(text, "CPU0")) && line < strchr(text, '\n'), "interrupts: a column a processor");
	line = strstr(text, "\nLOC:");
	ok(line && sscanf(line + 5, "%lu", &local) == 1 && strstr(line, "Local timer interrupts"), "the timer's");
	line = line ? line + 5 : text;
	for (long cpu = 0; cpu < processors_here; cpu++)
		local = strtoul(line, &line, 10);
	ok(!strncmp(line, "   Local", 8), "for each of %ld processors", processors_here);

	ok(slurp("/proc/self/status") > 0 && field("VmPeak") >= field("VmSize") && field("VmHWM") >= field("VmRSS"),
	   "VmPeak and VmHWM are no less than what is now");
	page = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(page, 1, SIZE);
	slurp("/proc/self/status");
	peak = field("VmSize"), high = field("VmRSS");
	munmap(page, SIZE);
	slurp("/proc/self/status");
	ok(field("VmPeak") >= peak && field("VmSize") <= peak - SIZE / 1024, "VmPeak stays when a mapping goes");
	/* Newer Linux sums up only roughly what it compares with the highest. */
	ok(field("VmHWM") + (in_guest() ? 0 : 1024) >= high && field("VmRSS") < high - SIZE / 2048, "so does VmHWM");
}

/* One group without limits: what the JVM, node and Go's libraries read to know how much memory they may use. */
static void group(void)
{
	static const char *const limits[] = { "memory.max", "memory.high", "memory.swap.max", "pids.max", "cpu.max" };
	static const struct {
		const char *name, *text;
	} others[] = {
		{ "cgroup.events", "populated 1\nfrozen 0\n" },
		{ "cgroup.freeze", "0\n" },
		{ "cgroup.max.depth", "max\n" },
		{ "cgroup.max.descendants", "max\n" },
		{ "cgroup.stat", "nr_descendants 0\nnr_dying_descendants 0\n" },
		{ "cgroup.subtree_control", "" },
		{ "cgroup.type", "domain\n" },
		{ "cpu.weight", "100\n" },
		{ "cpuset.cpus", "\n" },
		{ "cpuset.mems", "\n" },
		{ "cpuset.mems.effective", "0\n" },
		{ "memory.events", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n" },
		{ "memory.low", "0\n" },
		{ "memory.min", "0\n" },
		{ "memory.swap.current", "0\n" },
	};
	char path[100], hierarchy[300], place[300] = "", name[20], pid[20];
	bool found = false;
	struct statfs fs;
	FILE *f;

	ok(slurp("/proc/cgroups") > 0 && !strncmp(text, "#subsys_name\thierarchy\tnum_cgroups\tenabled\n", 42), "cgroups");
	ok(strstr(text, "\ncpu\t") && strstr(text, "\ncpuset\t") && strstr(text, "\nmemory\t") && strstr(text, "\ncpuacct\t"),
	   "has what runtimes ask for");
	ok(slurp("/proc/self/cgroup") > 0 && (sscanf(text, "0::%299s", hierarchy) == 1 || strstr(text, "\n0::/")),
	   "the process's group in the one hierarchy");
	if (!in_guest())
		return; /* the build host may have another layout, or none */
	is(strcmp(hierarchy, "/"), 0, "it is the only one");
	f = fopen("/proc/self/mountinfo", "r");
	while (f && fgets(text, sizeof(text), f))
		found |= sscanf(text, "%*d %*d %*d:%*d %299s %299s %*[^-]- %19s", hierarchy, place, name) == 3 &&
			 !strcmp(place, "/sys/fs/cgroup") && !strcmp(name, "cgroup2") && !strcmp(hierarchy, "/");
	fclose(f);
	ok(found, "mountinfo says where it is mounted, as the JVM reads it");
	ok(statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == 0x63677270, "by its number, too");
	ok(slurp("/sys/fs/cgroup/cgroup.controllers") > 0 && strstr(text, "memory") && strstr(text, "cpu "), "controllers");
	for (unsigned i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		snprintf(path, sizeof(path), "/sys/fs/cgroup/%s", limits[i]);
		ok(slurp(path) > 0 && !strncmp(text, "max", 3) && strchr("\n ", text[3]), "%s: none", limits[i]);
	}
	for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		snprintf(path, sizeof(path), "/sys/fs/cgroup/%s", others[i].name);
		ok(slurp(path) >= 0 && !strcmp(text, others[i].text), "%s", others[i].name);
	}
	ok(is_one_number("/sys/fs/cgroup/memory.current") && atoll(text) > 1 << 16, "memory in use");
	slurp("/proc/meminfo");
	ok(field("MemTotal") > 0, "and all there is");
	snprintf(pid, sizeof(pid), "%d\n", getpid());
	ok(slurp("/sys/fs/cgroup/cgroup.procs") > 0 && !strcmp(text, pid), "the process is in it");
	ok(slurp("/sys/fs/cgroup/memory.stat") > 0 && !strncmp(text, "anon ", 5) && atoll(text + 5) > 0, "memory.stat");
	ok(slurp("/sys/fs/cgroup/cpu.stat") > 0 && !strncmp(text, "usage_usec ", 11) && atoll(text + 11) > 0, "cpu.stat");
	ok(slurp("/sys/fs/cgroup/cpuset.cpus.effective") > 0 && text[0] == '0', "processors");
	ok(is_one_number("/sys/fs/cgroup/pids.current") && atoi(text) == 1, "threads");
	fails(open("/sys/fs/cgroup/memory.max", O_WRONLY), EACCES, "nothing can be set");
	fails(mkdir("/sys/fs/cgroup/new", 0700), ENOENT, "nor made");
}

static void disks(void)
{
	ok(slurp("/proc/partitions") > 0 && !strncmp(text, "major minor  #blocks  name\n\n", 28), "partitions");
	ok(slurp("/proc/diskstats") >= 0, "diskstats");
}

void suite_procfs(void)
{
	links();
	memory();
	process();
	io();
	processors();
	smaps_sums();
	machine();
	if (in_guest())
		choices();
	mounts();
	limits();
	sockets();
	reading();
	under_load();
	counters();
	group();
	disks();
}
