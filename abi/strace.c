/* strace: each system call with its arguments and result, as strace(1) prints them, where kernel messages go.
 *
 * whittle.strace prints all, whittle.strace=missing only those that found nothing under a path, whittle.strace=first each
 * call with an error, and with a code or file of /proc, /sys and /dev, only the first time: what tests reach
 * (tests/guest/coverage.t). Without the parameter this costs nothing: it is the table of calls that is exchanged at start. A call is printed when it has returned; structures are
 * printed as addresses. With more than one thread each line begins with the thread's id.
 */
#include <abi/strace.h>
#include <abi/syscall.h>
#include <abi/syscall_names.h>
#include <arch/signal.h>
#include <core/init.h>
#include <core/log.h>
#include <core/param.h>
#include <core/process.h>
#include <core/slab.h>
#include <core/uaccess.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <asm/signal.h>

COMPONENT("strace", "prints system calls as strace(1) does");

#define LINE_SIZE     480
#define STRING_SHOWN  32 /* of a buffer, as strace(1) */
#define PATH_SHOWN    256
#define RESULT_COLUMN 40
#define ARGUMENTS     6

/* What the arguments of a call are, a letter each:
 *   d int   u unsigned   x address or flags   p path   f directory for a path   w bytes, as many as the next argument says
 *   r the same, filled by the call, as many as it returned   o open(2) flags   m mode   P PROT_*   M MAP_*   S signal
 *   a access(2) mode   A AT_*   z number in hex   c d, and C x, that say which of many calls this is
 * and behind them, if the result is an address, an X; if the call does not return, a '!'.
 * By name, because architectures differ in which calls they have.
 */
static const char calls[] =
	"accept\0dxx\0" "accept4\0dxxz\0" "access\0pa\0" "alarm\0u\0" "arch_prctl\0Cx\0" "bind\0dxu\0"
	"brk\0xX\0" "capget\0xx\0" "capset\0xx\0" "chdir\0p\0" "chmod\0pm\0" "chown\0pdd\0" "chroot\0p\0"
	"clock_getres\0dx\0" "clock_gettime\0dx\0" "clock_nanosleep\0ddxx\0" "clone\0xxxxx\0"
	"clone3\0xu\0" "close\0d\0" "close_range\0uux\0" "connect\0dxu\0" "copy_file_range\0dxdxux\0"
	"creat\0pm\0" "dup\0d\0" "dup2\0dd\0" "dup3\0ddo\0" "epoll_create\0d\0" "epoll_create1\0z\0"
	"epoll_ctl\0dddx\0" "epoll_pwait\0dxddxu\0" "epoll_wait\0dxdd\0" "eventfd\0u\0" "eventfd2\0uz\0"
	"execve\0pxx\0" "exit\0d!\0" "exit_group\0d!\0" "faccessat\0fpa\0" "faccessat2\0fpaA\0"
	"fadvise64\0duud\0" "fallocate\0dxuu\0" "fchdir\0d\0" "fchmod\0dm\0" "fchmodat\0fpm\0"
	"fchown\0ddd\0" "fchownat\0fpddA\0" "fcntl\0dcx\0" "fdatasync\0d\0" "flock\0dx\0" "fork\0\0"
	"fstat\0dx\0" "fstatfs\0dx\0" "fsync\0d\0" "ftruncate\0du\0" "futex\0xzuxxu\0"
	"get_robust_list\0dxx\0" "getcwd\0xu\0" "getdents64\0dxu\0" "getegid\0\0" "geteuid\0\0"
	"getgid\0\0" "getgroups\0dx\0" "getpeername\0dxx\0" "getpgid\0d\0" "getpgrp\0\0" "getpid\0\0"
	"getppid\0\0" "getrandom\0xuz\0" "getrusage\0dx\0" "getsockname\0dxx\0" "getsockopt\0dccxx\0"
	"gettid\0\0" "gettimeofday\0xx\0" "getuid\0\0" "getxattr\0ppxu\0" "inotify_add_watch\0dpx\0"
	"ioctl\0dCx\0" "kill\0dS\0" "lgetxattr\0ppxu\0" "link\0pp\0" "linkat\0fpfpA\0" "listen\0dd\0"
	"lseek\0ddd\0" "lstat\0px\0" "madvise\0xud\0" "memfd_create\0pz\0" "mkdir\0pm\0" "mkdirat\0fpm\0"
	"mlock\0xu\0" "mmap\0xuPMdzX\0" "mount\0pppxx\0" "mprotect\0xuP\0" "mremap\0xuuxxX\0"
	"munmap\0xu\0" "nanosleep\0xx\0" "newfstatat\0fpxA\0" "open\0pom\0" "openat\0fpom\0"
	"openat2\0fpxu\0" "pause\0\0" "pipe\0x\0" "pipe2\0xo\0" "poll\0xud\0" "ppoll\0xuxxu\0"
	"prctl\0cxxxx\0" "pread64\0druu\0" "preadv\0dxdu\0" "prlimit64\0ddxx\0" "pselect6\0dxxxxx\0"
	"pwrite64\0dwuu\0" "read\0dru\0" "readlink\0pru\0" "readlinkat\0fpru\0" "readv\0dxd\0"
	"recvfrom\0druxxx\0" "recvmsg\0dxx\0" "rename\0pp\0" "renameat\0fpfp\0" "renameat2\0fpfpx\0"
	"rmdir\0p\0" "rseq\0xuzz\0" "rt_sigaction\0Sxxu\0" "rt_sigprocmask\0dxxu\0" "rt_sigreturn\0\0"
	"rt_sigsuspend\0xu\0" "rt_sigtimedwait\0xxxu\0" "sched_getaffinity\0dux\0"
	"sched_setaffinity\0dux\0" "sched_yield\0\0" "select\0dxxxx\0" "sendfile\0ddxu\0" "sendmsg\0dxx\0"
	"sendto\0dwuxxu\0" "set_robust_list\0xu\0" "set_tid_address\0x\0" "setgid\0d\0" "setgroups\0ux\0"
	"setitimer\0dxx\0" "setpgid\0dd\0" "setsid\0\0" "setsockopt\0dccxu\0" "setuid\0d\0" "shmat\0dxxX\0"
	"shutdown\0dd\0" "sigaltstack\0xx\0" "signalfd4\0dxux\0" "socket\0ddd\0" "socketpair\0dddx\0"
	"stat\0px\0" "statfs\0px\0" "statx\0fpAzx\0" "symlink\0pp\0" "symlinkat\0pfp\0" "sync\0\0"
	"sysinfo\0x\0" "tgkill\0ddS\0" "time\0x\0" "timerfd_create\0dx\0" "timerfd_settime\0dxxx\0"
	"times\0x\0" "truncate\0pu\0" "umask\0m\0" "uname\0x\0" "unlink\0p\0" "unlinkat\0fpA\0"
	"utimensat\0fpxA\0" "vfork\0\0" "wait4\0dxxx\0" "write\0dwu\0" "writev\0dxd\0";

struct flag {
	uint32_t bits;
	char name[20];
};
static const struct flag open_flags[] = {
	{ O_CREAT, "O_CREAT" }, { O_EXCL, "O_EXCL" }, { O_NOCTTY, "O_NOCTTY" }, { O_TRUNC, "O_TRUNC" },
	{ O_APPEND, "O_APPEND" }, { O_NONBLOCK, "O_NONBLOCK" }, { O_SYNC, "O_SYNC" }, { O_DSYNC, "O_DSYNC" },
	{ O_DIRECT, "O_DIRECT" }, { O_LARGEFILE, "O_LARGEFILE" }, { O_TMPFILE, "O_TMPFILE" }, { O_DIRECTORY, "O_DIRECTORY" },
	{ O_NOFOLLOW, "O_NOFOLLOW" }, { O_NOATIME, "O_NOATIME" }, { O_CLOEXEC, "O_CLOEXEC" }, { O_PATH, "O_PATH" },
};
static const struct flag access_modes[] = { { 4, "R_OK" }, { 2, "W_OK" }, { 1, "X_OK" } };
static const struct flag at_flags[] = {
	{ AT_SYMLINK_NOFOLLOW, "AT_SYMLINK_NOFOLLOW" }, { AT_REMOVEDIR, "AT_REMOVEDIR" }, { AT_SYMLINK_FOLLOW, "AT_SYMLINK_FOLLOW" },
	{ AT_NO_AUTOMOUNT, "AT_NO_AUTOMOUNT" }, { AT_EMPTY_PATH, "AT_EMPTY_PATH" },
};
static const struct flag prot_flags[] = { { PROT_READ, "PROT_READ" }, { PROT_WRITE, "PROT_WRITE" }, { PROT_EXEC, "PROT_EXEC" } };
static const struct flag map_flags[] = {
	{ MAP_FIXED, "MAP_FIXED" }, { MAP_ANONYMOUS, "MAP_ANONYMOUS" }, { MAP_GROWSDOWN, "MAP_GROWSDOWN" },
	{ MAP_DENYWRITE, "MAP_DENYWRITE" }, { MAP_NORESERVE, "MAP_NORESERVE" }, { MAP_POPULATE, "MAP_POPULATE" },
	{ MAP_STACK, "MAP_STACK" }, { MAP_HUGETLB, "MAP_HUGETLB" },
};
static const char *const open_modes[] = { "O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE" };
static const char *const map_kinds[] = { "0", "MAP_SHARED", "MAP_PRIVATE", "MAP_SHARED_VALIDATE" };
static const char signal_names[][8] = {
	"0", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
	"STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR",
	"SYS",
};

struct line {
	char text[LINE_SIZE];
	size_t n;
};

static void __printf(2, 3) add(struct line *l, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	l->n += (size_t)format_text_va(l->text + l->n, sizeof(l->text) - l->n, format, args);
	va_end(args);
	l->n = MIN(l->n, sizeof(l->text) - 1);
}

static void add_flags(struct line *l, const struct flag *flags, size_t count, uint32_t value, const char *before)
{
	for (size_t i = 0; i < count; i++) {
		if ((value & flags[i].bits) != flags[i].bits || !value)
			continue;
		add(l, "%s%s", before, flags[i].name);
		before = "|";
		value &= ~flags[i].bits;
	}
	if (value)
		add(l, "%s0x%x", before, value);
	else if (!*before)
		add(l, "0");
}

static void add_byte(struct line *l, uint8_t c, uint8_t next)
{
	static const char special[] = "\t\n\v\f\r", letters[] = "tnvfr";
	const char *at = c ? strchr(special, c) : NULL;

	if (at)
		add(l, "\\%c", letters[at - special]);
	else if (c == '"' || c == '\\')
		add(l, "\\%c", c);
	else if (c >= ' ' && c < 127)
		add(l, "%c", c);
	else if (next >= '0' && next <= '9')
		add(l, "\\%u%u%u", c >> 6, c >> 3 & 7, c & 7);
	else if (c >= 64)
		add(l, "\\%u%u%u", c >> 6, c >> 3 & 7, c & 7);
	else if (c >= 8)
		add(l, "\\%u%u", c >> 3, c & 7);
	else
		add(l, "\\%u", c);
}

static void add_bytes(struct line *l, const char __user *from, size_t size)
{
	uint8_t bytes[STRING_SHOWN + 1] = { 0 };
	size_t n = MIN(size, (size_t)STRING_SHOWN);

	if (copy_from_user(bytes, from, n)) {
		add(l, "0x%lx", (unsigned long)from);
		return;
	}
	add(l, "\"");
	for (size_t i = 0; i < n; i++)
		add_byte(l, bytes[i], i + 1 < n ? bytes[i + 1] : 0);
	add(l, size > n ? "\"..." : "\"");
}

static void add_path(struct line *l, const char __user *from)
{
	char path[PATH_SHOWN];
	ssize_t n = strncpy_from_user(path, from, sizeof(path));

	if (n < 0) {
		add(l, from ? "0x%lx" : "NULL", (unsigned long)from);
		return;
	}
	add(l, "\"");
	for (ssize_t i = 0; i < n && i < PATH_SHOWN - 1; i++)
		add_byte(l, (uint8_t)path[i], (uint8_t)path[i + 1]);
	add(l, n >= PATH_SHOWN ? "\"..." : "\"");
}

static void add_argument(struct line *l, char kind, const long *a, long result)
{
	uint32_t value = (uint32_t)*a;

	switch (kind) {
	case 'f':
	case 'd':
	case 'c':
		add(l, kind == 'f' && (int)*a == AT_FDCWD ? "AT_FDCWD" : "%d", (int)*a);
		return;
	case 'u':
		add(l, "%lu", (unsigned long)*a);
		return;
	case 'p':
		add_path(l, (const char __user *)*a);
		return;
	case 'r':
		if (result < 0)
			add(l, "0x%lx", (unsigned long)*a);
		else
			add_bytes(l, (const char __user *)*a, (size_t)result);
		return;
	case 'w':
		add_bytes(l, (const char __user *)*a, (size_t)a[1]);
		return;
	case 'o':
		add(l, "%s", open_modes[value & O_ACCMODE]);
		if (value & ~(uint32_t)O_ACCMODE)
			add_flags(l, open_flags, ARRAY_SIZE(open_flags), value & ~(uint32_t)O_ACCMODE, "|");
		return;
	case 'm':
		add(l, "0%u%u%u%u", value >> 9 & 7, value >> 6 & 7, value >> 3 & 7, value & 7);
		return;
	case 'P':
		if (value)
			add_flags(l, prot_flags, ARRAY_SIZE(prot_flags), value, "");
		else
			add(l, "PROT_NONE");
		return;
	case 'M':
		add(l, "%s", map_kinds[value & 3]);
		if (value & ~3u)
			add_flags(l, map_flags, ARRAY_SIZE(map_flags), value & ~3u, "|");
		return;
	case 'a':
		if (value)
			add_flags(l, access_modes, ARRAY_SIZE(access_modes), value, "");
		else
			add(l, "F_OK");
		return;
	case 'A':
		add_flags(l, at_flags, ARRAY_SIZE(at_flags), value, "");
		return;
	case 'z':
		add(l, *a ? "0x%lx" : "%lx", (unsigned long)*a);
		return;
	case 'S':
		if (value && value < ARRAY_SIZE(signal_names))
			add(l, "SIG%s", signal_names[value]);
		else
			add(l, value >= 32 ? "SIGRT_%u" : "%u", value >= 32 ? value - 32 : value);
		return;
	}
	add(l, *a ? "0x%lx" : "NULL", (unsigned long)*a);
}

/* By the list itself, so that who traces has the names. */
static const char *name_of(uint64_t number)
{
	const char *name = name_by_number(syscall_names, syscall_names_end, number);

	return name ? name : "without_a_name";
}

const char *strace_arguments(uint64_t number)
{
	const char *name = name_of(number), *call = calls;

	while (*call) {
		const char *arguments = call + strlen(call) + 1;

		if (strcmp(call, name) == 0)
			return arguments;
		call = arguments + strlen(arguments) + 1;
	}
	return "xxxxxx";
}

/* open(2) has a mode only if it makes a file. */
static bool is_there(const char *kinds, unsigned i, const long *args)
{
	return !(kinds[i] == 'm' && i && kinds[i - 1] == 'o' && !(args[i - 1] & (O_CREAT | O_TMPFILE)));
}

static void add_result(struct line *l, long result, bool address)
{
	static const char *const restarts[] = { "SYS", "NOINTR", "NOHAND", "", "_RESTARTBLOCK" };

	if (result >= 0 || result < -4095)
		add(l, address ? "0x%lx" : "%ld", result);
	else if (result <= -512 && result >= -516)
		add(l, "? ERESTART%s", restarts[-result - 512]);
	else if (name_by_number(errno_names, errno_names_end, (uint64_t)-result))
		add(l, "-1 %s", name_by_number(errno_names, errno_names_end, (uint64_t)-result));
	else
		add(l, "-1 ERRNO_%ld", -result);
}

static void print(uint64_t number, const long *args, long result, bool returned)
{
	const char *kinds = strace_arguments(number);
	struct line l = { .n = 0 };
	size_t begin;

	if (READ_ONCE(current->process->thread_count) > 1)
		add(&l, "[pid %5d] ", current->tid);
	begin = l.n;
	add(&l, "%s(", name_of(number));
	for (unsigned i = 0; kinds[i] && i < ARGUMENTS && kinds[i] != 'X' && kinds[i] != '!' && is_there(kinds, i, args); i++) {
		if (i)
			add(&l, ", ");
		add_argument(&l, kinds[i], &args[i], result);
	}
	add(&l, ") ");
	while (l.n - begin < RESULT_COLUMN)
		add(&l, " ");
	add(&l, "= ");
	if (returned)
		add_result(&l, result, strchr(kinds, 'X'));
	else
		add(&l, "?");
	l.n = MIN(l.n, sizeof(l.text) - 2);
	l.text[l.n++] = '\n';
	log_write(l.text, l.n);
}

static syscall_function traced[SYSCALL_TABLE_SIZE]; /* the table as it was; I once programs run */
static bool wanted, only_missing, only_first;

/* Keys of what was printed, by hash, 0 for none; written atomically, never taken out. For whittle.strace=first. */
#define SEEN_SIZE 8192u
static uint64_t *seen;

static uint64_t mix(uint64_t key, uint64_t with)
{
	key = (key ^ with) * 0x9e3779b97f4a7c15ull;
	return key ^ key >> 32;
}

/* What a file of the kernel's own is called, in one number; 0 for other names. */
static uint64_t special_name(const char __user *from)
{
	char path[PATH_SHOWN];
	uint64_t key = 0;

	if (strncpy_from_user(path, from, sizeof(path)) < 0)
		return 0;
	if (strncmp(path, "/proc/", 6) && strncmp(path, "/sys/", 5) && strncmp(path, "/dev/", 5))
		return 0;
	for (unsigned i = 0; i < sizeof(path) && path[i]; i++)
		key = mix(key, (uint8_t)path[i]);
	return key;
}

static bool is_first(uint64_t number, const long *args, long result)
{
	bool failed = result < 0 && result >= -4095;
	const char *kinds = strace_arguments(number);
	uint64_t key = mix(mix(0, number + 1), failed ? (uint64_t)result : 0);

	for (unsigned i = 0; i < ARGUMENTS && kinds[i]; i++) {
		if (kinds[i] == 'c' || kinds[i] == 'C')
			key = mix(key, (uint32_t)args[i]);
		else if (kinds[i] == 'p' && !failed)
			key = mix(key, special_name((const char __user *)args[i]));
	}
	key |= 1;
	for (unsigned i = 0; i < SEEN_SIZE; i++) {
		uint64_t *at = &seen[(key + i) % SEEN_SIZE], found = __atomic_load_n(at, __ATOMIC_RELAXED);

		if (found == key || (!found && !__atomic_compare_exchange_n(at, &found, key, false, __ATOMIC_RELAXED,
									    __ATOMIC_RELAXED) && found == key))
			return false;
		if (!found)
			return true;
	}
	return true;
}

static bool is_missing(uint64_t number, long result)
{
	return result == -ENOENT && strchr(strace_arguments(number), 'p');
}

static long trace(long a, long b, long c, long d, long e, long f)
{
	uint64_t number = arch_syscall_number(current->frame);
	const long args[ARGUMENTS] = { a, b, c, d, e, f };
	long result;

	if (number >= SYSCALL_TABLE_SIZE)
		return -ENOSYS;
	if (strchr(strace_arguments(number), '!') && !only_missing)
		print(number, args, 0, false);
	result = traced[number] ? traced[number](a, b, c, d, e, f) : trap_unknown_syscall(number);
	if (only_missing ? is_missing(number, result) : !only_first || is_first(number, args, result))
		print(number, args, result, true);
	return result;
}

static int set_strace(char *value)
{
	only_missing = strcmp(value, "missing") == 0;
	only_first = strcmp(value, "first") == 0;
	wanted = strcmp(value, "0") != 0;
	return *value && !only_missing && !only_first && strcmp(value, "0") && strcmp(value, "1") ? -EINVAL : 0;
}
BOOT_PARAM(strace, "whittle.strace", set_strace);

static void strace_start(void)
{
	if (!wanted)
		return;
	if (only_first)
		seen = kzalloc(SEEN_SIZE * sizeof(*seen));
	only_first = seen;
	for (unsigned i = 0; i < SYSCALL_TABLE_SIZE; i++) {
		traced[i] = syscall_table[i];
		syscall_table[i] = trace;
	}
}
INITCALL(80, strace_start);
