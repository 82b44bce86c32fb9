/* Codes: each request of ioctl(2), command of fcntl(2) and option of prctl(2) that is not the subject of another suite, with
 * the errnos that it chooses; and files of /proc, /sys and /dev that others leave out. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <termios.h>

#include "errnos.h"

/* Of Linux's own headers, which not every C library brings. */
#define SIOCOUTQNSD_        0x894b
#define TFD_IOC_SET_TICKS_  _IOW('T', 0, uint64_t)
#define F_SETPIPE_SZ_       1031
#define F_GETPIPE_SZ_       1032
#define F_ADD_SEALS_        1033
#define F_GET_SEALS_        1034
#define F_OFD_GETLK_        36
#define F_OFD_SETLK_        37
#define F_OFD_SETLKW_       38

static void prctl_options(void)
{
	char name[20];
	int number;

	OK(SYS_prctl, PR_SET_NAME, "codes");
	NO(EFAULT, SYS_prctl, PR_SET_NAME, BAD);
	OK(SYS_prctl, PR_GET_NAME, name);
	ok(!strcmp(name, "codes"), "the name");
	NO(EFAULT, SYS_prctl, PR_GET_NAME, BAD);
	OK(SYS_prctl, PR_SET_DUMPABLE, 1);
	NO(EINVAL, SYS_prctl, PR_SET_DUMPABLE, 9);
	is(syscall(SYS_prctl, PR_GET_DUMPABLE), 1, "dumpable");
	OK(SYS_prctl, PR_SET_PDEATHSIG, SIGUSR1);
	NO(EINVAL, SYS_prctl, PR_SET_PDEATHSIG, 99);
	OK(SYS_prctl, PR_GET_PDEATHSIG, &number);
	is(number, SIGUSR1, "what the death of a parent sends");
	NO(EFAULT, SYS_prctl, PR_GET_PDEATHSIG, BAD);
	OK(SYS_prctl, PR_SET_PDEATHSIG, 0);
	OK(SYS_prctl, PR_SET_KEEPCAPS, 1);
	is(syscall(SYS_prctl, PR_GET_KEEPCAPS), 1, "capabilities are kept");
	OK(SYS_prctl, PR_SET_KEEPCAPS, 0);
	NO(EINVAL, SYS_prctl, PR_SET_KEEPCAPS, 2);
	is(syscall(SYS_prctl, PR_CAPBSET_READ, 0), 1, "a capability in the bounding set");
	NO(EINVAL, SYS_prctl, PR_CAPBSET_READ, 999);
	NO(EINVAL, SYS_prctl, PR_CAPBSET_DROP, 999);
	OK(SYS_prctl, PR_GET_SECUREBITS);
	is(syscall(SYS_prctl, PR_GET_SECCOMP), 0, "no filter of calls");
	ok(syscall(SYS_prctl, PR_GET_TIMERSLACK) > 0, "slack of timers");
	OK(SYS_prctl, PR_SET_TIMERSLACK, 50000);
	OK(SYS_prctl, PR_SET_CHILD_SUBREAPER, 0);
	NO(EINVAL, SYS_prctl, PR_SET_THP_DISABLE, 1, 1, 1, 1);
	OK(SYS_prctl, PR_SET_THP_DISABLE, 0, 0, 0, 0);
	NO(EINVAL, SYS_prctl, 0x53564d41 /* PR_SET_VMA */, 99, 0, 0, 0);
	NO(EINVAL, SYS_prctl, PR_SET_NO_NEW_PRIVS, 2, 0, 0, 0);
	NO(EINVAL, SYS_prctl, PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0);
	is(syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0, "no new privileges");
	is(syscall(SYS_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1, "for good");
	NO(EINVAL, SYS_prctl, 9999);
}

static void lock_commands(int file, int reader)
{
	static const int sets[] = { F_SETLK, F_SETLKW, F_OFD_SETLK_, F_OFD_SETLKW_ }, gets[] = { F_GETLK, F_OFD_GETLK_ };
	struct flock whole = { .l_type = F_WRLCK };
	struct flock far = { .l_type = F_WRLCK, .l_start = INT64_MAX, .l_len = 2 };
	struct flock bad = { .l_type = 99 }, none = { .l_type = F_UNLCK };

	for (int i = 0; i < 4; i++) {
		OK(SYS_fcntl, file, sets[i], &whole);
		OK(SYS_fcntl, file, sets[i], &none);
		NO(EBADF, SYS_fcntl, reader, sets[i], &whole);
		NO(EFAULT, SYS_fcntl, file, sets[i], BAD);
		NO(EINVAL, SYS_fcntl, file, sets[i], &bad);
		NO(EOVERFLOW, SYS_fcntl, file, sets[i], &far);
	}
	for (int i = 0; i < 2; i++) {
		OK(SYS_fcntl, file, gets[i], &whole);
		is(whole.l_type, F_UNLCK, "nobody has locked it");
		whole = (struct flock){ .l_type = F_WRLCK };
		NO(EFAULT, SYS_fcntl, file, gets[i], BAD);
		NO(EINVAL, SYS_fcntl, file, gets[i], &bad);
		NO(EOVERFLOW, SYS_fcntl, file, gets[i], &far);
	}
}

static void fcntl_commands(void)
{
	char name[320];
	int fd[2], file, reader, path_only, memory;

	snprintf(name, sizeof(name), "%s", scratch("codes"));
	file = open(name, O_RDWR | O_CREAT, 0600);
	reader = open(name, O_RDONLY);
	path_only = open(name, O_PATH);
	pipe(fd);
	NO(EINVAL, SYS_fcntl, file, F_DUPFD, -1L);
	NO(EINVAL, SYS_fcntl, file, F_DUPFD_CLOEXEC, -1L);
	OK(SYS_fcntl, file, F_DUPFD_CLOEXEC, 100);
	is(fcntl(100, F_GETFD), FD_CLOEXEC, "closed by execve");
	NO(EBADF, SYS_fcntl, path_only, F_SETFL, 0);
	OK(SYS_fcntl, fd[0], F_SETOWN, getpid());
	is(syscall(SYS_fcntl, fd[0], F_GETOWN), getpid(), "the owner");
	NO(EBADF, SYS_fcntl, file, F_GETPIPE_SZ_);
	NO(EBADF, SYS_fcntl, file, F_SETPIPE_SZ_, 4096);
	NO(EINVAL, SYS_fcntl, fd[0], F_SETPIPE_SZ_, 0xfffffffful);
	is(setresuid(-1, 1000, -1), 0, "as somebody");
	NO(EPERM, SYS_fcntl, fd[0], F_SETPIPE_SZ_, 4 << 20);
	is(setresuid(-1, 0, -1), 0, "root again");
	memory = (int)syscall(SYS_memfd_create, "codes", 2 /* MFD_ALLOW_SEALING */);
	OK(SYS_fcntl, memory, F_ADD_SEALS_, 2);
	is(syscall(SYS_fcntl, memory, F_GET_SEALS_), 2, "seals");
	NO(EINVAL, SYS_fcntl, memory, F_ADD_SEALS_, 1 << 20);
	NO(EINVAL, SYS_fcntl, fd[0], F_GET_SEALS_);
	lock_commands(file, reader);
	syscall(SYS_close_range, 3, 120, 0);
}

static void requests_of_any(void)
{
	int fd[2], on = 1, off = 0, event = (int)syscall(SYS_eventfd2, 0, 0);
	uint64_t ticks = 5, none = 0;

	pipe(fd);
	OK(SYS_ioctl, fd[0], FIONBIO, &on);
	NO(EAGAIN, SYS_read, fd[0], &ticks, 8);
	OK(SYS_ioctl, fd[0], FIONBIO, &off);
	is(fcntl(fd[0], F_GETFL) & O_NONBLOCK, 0, "FIONBIO off");
	NO(EFAULT, SYS_ioctl, fd[0], FIONBIO, BAD);
	OK(SYS_ioctl, fd[0], FIOASYNC, &on);
	OK(SYS_ioctl, fd[0], FIOASYNC, &off);
	NO(EFAULT, SYS_ioctl, fd[0], FIOASYNC, BAD);
	OK(SYS_ioctl, fd[0], FIOCLEX);
	is(fcntl(fd[0], F_GETFD), FD_CLOEXEC, "FIOCLEX");
	OK(SYS_ioctl, fd[0], FIONCLEX);
	is(fcntl(fd[0], F_GETFD), 0, "FIONCLEX");
	write(fd[1], "abc", 3);
	OK(SYS_ioctl, fd[0], FIONREAD, &on);
	is(on, 3, "FIONREAD");
	NO(ENOTTY, SYS_ioctl, event, FIONREAD, &on);
	NO(ENOTTY, SYS_ioctl, fd[0], 0x12345678, &on);
	close(fd[0]);
	close(fd[1]);
	fd[0] = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	if (syscall(SYS_ioctl, fd[0], TFD_IOC_SET_TICKS_, &ticks) == 0) { /* not every host's kernel is built with it */
		is(read(fd[0], &ticks, 8), 8, "ticks that were set");
		NO(EINVAL, SYS_ioctl, fd[0], TFD_IOC_SET_TICKS_, &none);
		NO(EFAULT, SYS_ioctl, fd[0], TFD_IOC_SET_TICKS_, BAD);
	}
	close(fd[0]);
	close(event);
}

static void requests_of_sockets(void)
{
	static const struct {
		const char *name;
		unsigned long request;
	} of_interface[] = {
		{ "SIOCGIFADDR", SIOCGIFADDR }, { "SIOCGIFFLAGS", SIOCGIFFLAGS }, { "SIOCGIFHWADDR", SIOCGIFHWADDR },
		{ "SIOCGIFINDEX", SIOCGIFINDEX }, { "SIOCGIFMETRIC", SIOCGIFMETRIC }, { "SIOCGIFMTU", SIOCGIFMTU },
		{ "SIOCGIFNETMASK", SIOCGIFNETMASK }, { "SIOCGIFTXQLEN", SIOCGIFTXQLEN },
		{ "SIOCGIFBRDADDR", SIOCGIFBRDADDR }, { "SIOCGIFDSTADDR", SIOCGIFDSTADDR },
	};
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t length = sizeof(here);
	int s = socket(AF_INET, SOCK_STREAM, 0), u = socket(AF_INET, SOCK_DGRAM, 0), to, pair[2], n;
	struct ifreq r;
	char all[1000];
	struct ifconf conf = { .ifc_len = sizeof(all), .ifc_buf = all };

	for (unsigned i = 0; i < sizeof(of_interface) / sizeof(of_interface[0]); i++) {
		strcpy(r.ifr_name, "lo");
		is(syscall(SYS_ioctl, s, of_interface[i].request, &r), 0, "%s of lo", of_interface[i].name);
		strcpy(r.ifr_name, "none");
		fails(syscall(SYS_ioctl, s, of_interface[i].request, &r), ENODEV, "%s of none", of_interface[i].name);
		fails(syscall(SYS_ioctl, s, of_interface[i].request, BAD), EFAULT, "%s of nowhere", of_interface[i].name);
	}
	strcpy(r.ifr_name, "lo");
	ioctl(s, SIOCGIFINDEX, &r);
	is(ioctl(s, SIOCGIFNAME, &r), 0, "SIOCGIFNAME");
	ok(!strcmp(r.ifr_name, "lo"), "is lo");
	is(ioctl(s, SIOCGIFCONF, &conf), 0, "SIOCGIFCONF");
	ok(conf.ifc_len >= (int)sizeof(r), "has one at least");
	bind(s, (struct sockaddr *)&here, sizeof(here));
	listen(s, 1);
	getsockname(s, (struct sockaddr *)&here, &length);
	to = socket(AF_INET, SOCK_STREAM, 0);
	is(connect(to, (struct sockaddr *)&here, sizeof(here)), 0, "connected");
	n = 99;
	OK(SYS_ioctl, to, SIOCATMARK, &n);
	is(n, 0, "not at the mark");
	OK(SYS_ioctl, to, TIOCOUTQ, &n);
	OK(SYS_ioctl, to, SIOCOUTQNSD_, &n);
	is(n, 0, "nothing unsent");
	OK(SYS_ioctl, u, TIOCOUTQ, &n);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	write(pair[0], "abc", 3);
	OK(SYS_ioctl, pair[0], TIOCOUTQ, &n);
	ok(n > 0, "unread at the peer");
	close(pair[0]);
	close(pair[1]);
	close(to);
	close(u);
	close(s);
}

static void requests_of_terminals(void)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY), slave, n = 0;
	struct termios t;
	char name[40], two[64];

	ioctl(master, TIOCSPTLCK, &n);
	ioctl(master, TIOCGPTN, &n);
	snprintf(name, sizeof(name), "/dev/pts/%d", n);
	slave = open(name, O_RDWR | O_NOCTTY);
	OK(SYS_ioctl, slave, TCGETS, &t);
	OK(SYS_ioctl, slave, TCSETS, &t);
	OK(SYS_ioctl, slave, TCSETSW, &t);
	OK(SYS_ioctl, slave, TCSETSF, &t);
	NO(EFAULT, SYS_ioctl, slave, TCGETS, BAD);
	NO(EFAULT, SYS_ioctl, slave, TCSETS, BAD);
	OK(SYS_ioctl, slave, 0x802c542a /* TCGETS2 */, two);
	OK(SYS_ioctl, slave, 0x402c542b /* TCSETS2 */, two);
	OK(SYS_ioctl, slave, 0x402c542c /* TCSETSW2 */, two);
	OK(SYS_ioctl, slave, 0x402c542d /* TCSETSF2 */, two);
	OK(SYS_ioctl, slave, TCSBRK, 1);
	OK(SYS_ioctl, slave, TCSBRKP, 0);
	OK(SYS_ioctl, slave, TIOCGETD, &n);
	is(n, 0, "the line discipline");
	OK(SYS_ioctl, slave, TIOCOUTQ, &n);
	close(slave);
	close(master);
}

/* Files that a program reads once in a while: what they say begins as Linux's. */
static void small_files(void)
{
	static const struct {
		const char *path, *digits; /* the characters it is made of */
	} files[] = {
		{ "/proc/sys/kernel/random/poolsize", "0123456789\n" }, { "/proc/sys/kernel/version", NULL },
		{ "/proc/sys/kernel/domainname", NULL }, { "/proc/sys/net/ipv4/tcp_keepalive_intvl", "0123456789\n" },
		{ "/proc/sys/net/ipv4/tcp_keepalive_probes", "0123456789\n" },
		{ "/proc/sys/net/ipv4/ping_group_range", "0123456789\t\n" },
		{ "/proc/sys/fs/inotify/max_queued_events", "0123456789\n" },
		{ "/proc/sys/fs/inotify/max_user_instances", "0123456789\n" },
		{ "/proc/sys/fs/inotify/max_user_watches", "0123456789\n" },
		{ "/proc/sys/vm/overcommit_kbytes", "0123456789\n" }, { "/proc/sys/vm/overcommit_ratio", "0123456789\n" },
		{ "/proc/swaps", NULL }, { "/sys/devices/system/cpu/possible", "0123456789-,\n" },
		{ "/sys/devices/system/cpu/present", "0123456789-,\n" },
		{ "/proc/cgroups", NULL },
		{ "/sys/devices/system/clocksource/clocksource0/current_clocksource", NULL },
		{ "/sys/devices/system/cpu/isolated", "0123456789-,\n" },
		{ "/sys/devices/system/cpu/offline", "0123456789-,\n" },
		{ "/sys/devices/system/cpu/smt/active", "01\n" },
		{ "/sys/devices/system/cpu/smt/control", NULL },
		{ "/sys/devices/system/node/has_cpu", "0123456789-,\n" },
		{ "/sys/devices/system/node/has_memory", "0123456789-,\n" },
		{ "/sys/devices/system/node/has_normal_memory", "0123456789-,\n" },
		{ "/sys/devices/system/node/node0/cpumap", "0123456789abcdef,\n" },
		{ "/sys/devices/system/node/node0/distance", "0123456789 \n" },
		{ "/sys/devices/system/node/online", "0123456789-,\n" },
		{ "/sys/devices/system/node/possible", "0123456789-,\n" },
		{ "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "0123456789\n" },
		{ "/sys/devices/system/cpu/cpu0/topology/core_id", "0123456789\n" },
		{ "/sys/devices/system/cpu/cpu0/topology/die_id", "0123456789\n" },
		{ "/sys/devices/system/cpu/cpu0/topology/physical_package_id", "0123456789\n" },
		{ "/sys/devices/system/cpu/cpu0/topology/core_cpus", "0123456789abcdef,\n" },
		{ "/sys/devices/system/cpu/cpu0/topology/core_cpus_list", "0123456789-,\n" },
		{ "/sys/devices/system/cpu/cpu0/topology/core_siblings", "0123456789abcdef,\n" },
		{ "/sys/devices/system/cpu/cpu0/topology/core_siblings_list", "0123456789-,\n" },
		{ "/sys/devices/system/cpu/cpu0/topology/package_cpus", "0123456789abcdef,\n" },
		{ "/sys/devices/system/cpu/cpu0/topology/package_cpus_list", "0123456789-,\n" },
		{ "/sys/devices/system/cpu/cpu0/topology/thread_siblings", "0123456789abcdef,\n" },
		{ "/sys/devices/system/cpu/cpu0/topology/thread_siblings_list", "0123456789-,\n" },
	};
	char text[1000];
	struct stat st;

	for (unsigned i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		int fd = open(files[i].path, O_RDONLY);
		ssize_t n = read(fd, text, sizeof(text) - 1);

		text[n > 0 ? n : 0] = '\0';
		ok(n > 0 && text[n - 1] == '\n' && (!files[i].digits || strspn(text, files[i].digits) == (size_t)n), "%s",
		   files[i].path);
		close(fd);
	}
	is(lstat("/proc/net", &st), 0, "/proc/net");
	ok(S_ISLNK(st.st_mode), "is a link");
	is(stat("/sys/fs/cgroup", &st), 0, "/sys/fs/cgroup");
	ok(S_ISDIR(st.st_mode), "is a directory");
	is(stat("/dev/kmsg", &st), 0, "/dev/kmsg");
	ok(S_ISCHR(st.st_mode) && st.st_rdev == 0x10b, "is device 1, 11");
}

static void random_device(void)
{
	char a[16] = "", b[16] = "";
	int fd = open("/dev/random", O_RDONLY);

	is(read(fd, a, 16) + read(fd, b, 16), 32, "/dev/random");
	ok(memcmp(a, b, 16) != 0, "says another thing each time");
	close(fd);
}

void suite_codes(void)
{
	fcntl_commands();
	requests_of_any();
	requests_of_sockets();
	requests_of_terminals();
	small_files();
	random_device();
	prctl_options();
}
