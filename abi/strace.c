/* strace: each system call with its arguments and result, as strace(1) prints them, where kernel messages go.
 *
 * whittle.strace prints all, whittle.strace=missing only those that found nothing under a path. Without the parameter this
 * costs nothing: it is the table of calls that is exchanged at start. A call is printed when it has returned; structures are
 * printed as addresses. With more than one thread each line begins with the thread's id.
 */
#include <abi/syscall.h>
#include <abi/syscall_names.h>
#include <arch/signal.h>
#include <core/init.h>
#include <core/log.h>
#include <core/param.h>
#include <core/process.h>
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
 *   a access(2) mode   A AT_*   z number in hex
 * and behind them, if the result is an address, an X; if the call does not return, a '!'.
 */
static const struct {
	uint16_t number;
	char arguments[ARGUMENTS + 2];
} calls[] = {
	{ __NR_accept, "dxx" }, { __NR_accept4, "dxxz" }, { __NR_access, "pa" }, { __NR_alarm, "u" }, { __NR_arch_prctl, "zx" },
	{ __NR_bind, "dxu" }, { __NR_brk, "xX" }, { __NR_capget, "xx" }, { __NR_capset, "xx" }, { __NR_chdir, "p" },
	{ __NR_chmod, "pm" }, { __NR_chown, "pdd" }, { __NR_chroot, "p" }, { __NR_clock_getres, "dx" },
	{ __NR_clock_gettime, "dx" }, { __NR_clock_nanosleep, "ddxx" }, { __NR_clone, "xxxxx" }, { __NR_clone3, "xu" },
	{ __NR_close, "d" }, { __NR_close_range, "uux" }, { __NR_connect, "dxu" }, { __NR_copy_file_range, "dxdxux" },
	{ __NR_creat, "pm" }, { __NR_dup, "d" }, { __NR_dup2, "dd" }, { __NR_dup3, "ddo" }, { __NR_epoll_create, "d" },
	{ __NR_epoll_create1, "z" }, { __NR_epoll_ctl, "dddx" }, { __NR_epoll_pwait, "dxddxu" }, { __NR_epoll_wait, "dxdd" },
	{ __NR_eventfd, "u" }, { __NR_eventfd2, "uz" }, { __NR_execve, "pxx" }, { __NR_exit, "d!" }, { __NR_exit_group, "d!" },
	{ __NR_faccessat, "fpa" }, { __NR_faccessat2, "fpaA" }, { __NR_fadvise64, "duud" }, { __NR_fallocate, "dxuu" },
	{ __NR_fchdir, "d" }, { __NR_fchmod, "dm" }, { __NR_fchmodat, "fpm" }, { __NR_fchown, "ddd" },
	{ __NR_fchownat, "fpddA" }, { __NR_fcntl, "ddx" }, { __NR_fdatasync, "d" }, { __NR_flock, "dx" }, { __NR_fork, "" },
	{ __NR_fstat, "dx" }, { __NR_fstatfs, "dx" }, { __NR_fsync, "d" }, { __NR_ftruncate, "du" }, { __NR_futex, "xzuxxu" },
	{ __NR_get_robust_list, "dxx" }, { __NR_getcwd, "xu" }, { __NR_getdents64, "dxu" }, { __NR_getegid, "" },
	{ __NR_geteuid, "" }, { __NR_getgid, "" }, { __NR_getgroups, "dx" }, { __NR_getpeername, "dxx" }, { __NR_getpgid, "d" },
	{ __NR_getpgrp, "" }, { __NR_getpid, "" }, { __NR_getppid, "" }, { __NR_getrandom, "xuz" }, { __NR_getrusage, "dx" },
	{ __NR_getsockname, "dxx" }, { __NR_getsockopt, "dddxx" }, { __NR_gettid, "" }, { __NR_gettimeofday, "xx" },
	{ __NR_getuid, "" }, { __NR_getxattr, "ppxu" }, { __NR_inotify_add_watch, "dpx" }, { __NR_ioctl, "dxx" },
	{ __NR_kill, "dS" }, { __NR_lgetxattr, "ppxu" }, { __NR_link, "pp" }, { __NR_linkat, "fpfpA" }, { __NR_listen, "dd" },
	{ __NR_lseek, "ddd" }, { __NR_lstat, "px" }, { __NR_madvise, "xud" }, { __NR_memfd_create, "pz" }, { __NR_mkdir, "pm" },
	{ __NR_mkdirat, "fpm" }, { __NR_mlock, "xu" }, { __NR_mmap, "xuPMdzX" }, { __NR_mount, "pppxx" },
	{ __NR_mprotect, "xuP" }, { __NR_mremap, "xuuxxX" }, { __NR_munmap, "xu" }, { __NR_nanosleep, "xx" },
	{ __NR_newfstatat, "fpxA" }, { __NR_open, "pom" }, { __NR_openat, "fpom" }, { __NR_openat2, "fpxu" },
	{ __NR_pause, "" }, { __NR_pipe, "x" }, { __NR_pipe2, "xo" }, { __NR_poll, "xud" }, { __NR_ppoll, "xuxxu" },
	{ __NR_prctl, "dxxxx" }, { __NR_pread64, "druu" }, { __NR_preadv, "dxdu" }, { __NR_prlimit64, "ddxx" },
	{ __NR_pselect6, "dxxxxx" }, { __NR_pwrite64, "dwuu" }, { __NR_read, "dru" }, { __NR_readlink, "pru" },
	{ __NR_readlinkat, "fpru" }, { __NR_readv, "dxd" }, { __NR_recvfrom, "druxxx" }, { __NR_recvmsg, "dxx" },
	{ __NR_rename, "pp" }, { __NR_renameat, "fpfp" }, { __NR_renameat2, "fpfpx" }, { __NR_rmdir, "p" },
	{ __NR_rseq, "xuzz" }, { __NR_rt_sigaction, "Sxxu" }, { __NR_rt_sigprocmask, "dxxu" }, { __NR_rt_sigreturn, "" },
	{ __NR_rt_sigsuspend, "xu" }, { __NR_rt_sigtimedwait, "xxxu" }, { __NR_sched_getaffinity, "dux" },
	{ __NR_sched_setaffinity, "dux" }, { __NR_sched_yield, "" }, { __NR_select, "dxxxx" }, { __NR_sendfile, "ddxu" },
	{ __NR_sendmsg, "dxx" }, { __NR_sendto, "dwuxxu" }, { __NR_set_robust_list, "xu" }, { __NR_set_tid_address, "x" },
	{ __NR_setgid, "d" }, { __NR_setgroups, "ux" }, { __NR_setitimer, "dxx" }, { __NR_setpgid, "dd" }, { __NR_setsid, "" },
	{ __NR_setsockopt, "dddxu" }, { __NR_setuid, "d" }, { __NR_shmat, "dxxX" }, { __NR_shutdown, "dd" },
	{ __NR_sigaltstack, "xx" }, { __NR_signalfd4, "dxux" }, { __NR_socket, "ddd" }, { __NR_socketpair, "dddx" },
	{ __NR_stat, "px" }, { __NR_statfs, "px" }, { __NR_statx, "fpAzx" }, { __NR_symlink, "pp" }, { __NR_symlinkat, "pfp" },
	{ __NR_sync, "" }, { __NR_sysinfo, "x" }, { __NR_tgkill, "ddS" }, { __NR_time, "x" }, { __NR_timerfd_create, "dx" },
	{ __NR_timerfd_settime, "dxxx" }, { __NR_times, "x" }, { __NR_truncate, "pu" }, { __NR_umask, "m" },
	{ __NR_uname, "x" }, { __NR_unlink, "p" }, { __NR_unlinkat, "fpA" }, { __NR_utimensat, "fpxA" }, { __NR_vfork, "" },
	{ __NR_wait4, "dxxx" }, { __NR_write, "dwu" }, { __NR_writev, "dxd" },
};

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

static const char *arguments_of(uint64_t number)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		if (calls[i].number == number)
			return calls[i].arguments;
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
	const char *kinds = arguments_of(number);
	struct line l = { .n = 0 };
	size_t begin;

	if (READ_ONCE(current->process->thread_count) > 1)
		add(&l, "[pid %5d] ", current->tid);
	begin = l.n;
	add(&l, "%s(", syscall_name(number));
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
static bool wanted, only_missing;

static bool is_missing(uint64_t number, long result)
{
	return result == -ENOENT && strchr(arguments_of(number), 'p');
}

static long trace(long a, long b, long c, long d, long e, long f)
{
	uint64_t number = arch_syscall_number(current->frame);
	const long args[ARGUMENTS] = { a, b, c, d, e, f };
	long result;

	if (number >= SYSCALL_TABLE_SIZE)
		return -ENOSYS;
	if (strchr(arguments_of(number), '!') && !only_missing)
		print(number, args, 0, false);
	result = traced[number] ? traced[number](a, b, c, d, e, f) : trap_unknown_syscall(number);
	if (!only_missing || is_missing(number, result))
		print(number, args, result, true);
	return result;
}

static int set_strace(char *value)
{
	only_missing = strcmp(value, "missing") == 0;
	wanted = strcmp(value, "0") != 0;
	return *value && !only_missing && strcmp(value, "0") && strcmp(value, "1") ? -EINVAL : 0;
}
BOOT_PARAM(strace, "whittle.strace", set_strace);

static void strace_start(void)
{
	if (!wanted)
		return;
	for (unsigned i = 0; i < SYSCALL_TABLE_SIZE; i++) {
		traced[i] = syscall_table[i];
		syscall_table[i] = trace;
	}
}
INITCALL(80, strace_start);
