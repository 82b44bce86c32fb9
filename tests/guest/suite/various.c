/* Calls that belong to no other suite: memory policies, processes as files, waiting for children of which there are none. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "suite.h"

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

enum { PAGE = 4096, NOBODY = 65534 };

static void become(unsigned uid)
{
	syscall(SYS_setresuid, -1, uid, -1);
}

/* linux/mempolicy.h, which musl's headers do not reach. */
enum { POLICY_DEFAULT, POLICY_PREFERRED, POLICY_BIND, POLICY_INTERLEAVE, POLICY_LOCAL, POLICY_UNKNOWN = 30 };
enum { STATIC_NODES = 1 << 15, RELATIVE_NODES = 1 << 14, NUMA_BALANCING = 1 << 13 };
enum { OF_NODE = 1, OF_ADDRESS = 2, ALLOWED = 4 };
enum { MOVE = 2, MOVE_ALL = 4 };

static long set_policy(int mode, const unsigned long *mask, unsigned long bits)
{
	return syscall(SYS_set_mempolicy, mode, mask, bits);
}
static long bind_range(void *at, size_t size, int mode, const unsigned long *mask, unsigned long bits, unsigned flags)
{
	return syscall(SYS_mbind, at, size, mode, mask, bits, flags);
}
static long get_policy(int *mode, unsigned long *mask, unsigned long bits, void *at, unsigned flags)
{
	return syscall(SYS_get_mempolicy, mode, mask, bits, at, flags);
}

static void memory_policies(void)
{
	unsigned long node0 = 1, other = 1ul << 40, none = 0, far[17] = { [16] = 1 }, mask[16] = { 7 };
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int mode = -1;

	ok(get_policy(&mode, mask, 1024, NULL, 0) == 0 && mode == POLICY_DEFAULT && mask[0] == 0, "the default policy");
	ok(get_policy(&mode, mask, 1024, NULL, ALLOWED) == 0 && mask[0] & 1 && mode == 0, "the nodes there are");
	is(set_policy(POLICY_BIND, &node0, 64), 0, "bound to node 0");
	ok(get_policy(&mode, mask, 1024, NULL, 0) == 0 && mode == POLICY_BIND && mask[0] == 1, "told again");
	is(set_policy(POLICY_INTERLEAVE | STATIC_NODES, &node0, 64), 0, "interleaved");
	ok(get_policy(&mode, mask, 1024, NULL, 0) == 0 && mode == (POLICY_INTERLEAVE | STATIC_NODES), "with its flag");
	ok(get_policy(&mode, NULL, 0, NULL, OF_NODE) == 0 && mode == 0, "the next node");
	is(set_policy(POLICY_PREFERRED, NULL, 0), 0, "preferred without a node");
	ok(get_policy(&mode, NULL, 0, NULL, 0) == 0 && mode == POLICY_LOCAL, "is local");
	is(set_policy(POLICY_DEFAULT, NULL, 0), 0, "back to the default");
	*p = 1;
	ok(get_policy(&mode, NULL, 0, p, OF_NODE | OF_ADDRESS) == 0 && mode == 0, "the node of a page");
	is(bind_range(p, 3 * PAGE + 1, POLICY_BIND, &node0, 64, MOVE), 0, "mbind");
	is(bind_range(p, 0, POLICY_BIND, &node0, 64, 0), 0, "of nothing");

	fails(set_policy(POLICY_UNKNOWN, NULL, 0), EINVAL, "no such policy");
	fails(set_policy(POLICY_BIND, NULL, 0), EINVAL, "bound to nothing");
	fails(set_policy(POLICY_BIND, &none, 64), EINVAL, "or to none");
	fails(set_policy(POLICY_BIND, &other, 64), EINVAL, "a node that does not exist");
	fails(set_policy(POLICY_BIND, far, 17 * 64), EINVAL, "one that cannot");
	fails(set_policy(POLICY_BIND, &node0, 40000), EINVAL, "too long a mask");
	fails(set_policy(POLICY_DEFAULT, &node0, 64), EINVAL, "the default with a node");
	fails(set_policy(POLICY_PREFERRED | STATIC_NODES, NULL, 0), EINVAL, "a flag without nodes");
	fails(set_policy(POLICY_BIND | STATIC_NODES | RELATIVE_NODES, &node0, 64), EINVAL, "both flags");
	fails(set_policy(POLICY_INTERLEAVE | NUMA_BALANCING, &node0, 64), EINVAL, "balancing is for bound ones");
	fails(set_policy(POLICY_BIND, (unsigned long *)8, 64), EFAULT, "a mask from nowhere");
	fails(bind_range(p, PAGE, POLICY_BIND, &node0, 64, 64), EINVAL, "mbind: an unknown flag");
	fails(bind_range(p + 1, PAGE, POLICY_BIND, &node0, 64, 0), EINVAL, "an odd address");
	fails(bind_range(p, -PAGE, POLICY_BIND, &node0, 64, 0), EINVAL, "too long a range");
	munmap(p + PAGE, PAGE);
	fails(bind_range(p, 4 * PAGE, POLICY_BIND, &node0, 64, 0), EFAULT, "a hole");
	become(NOBODY);
	fails(bind_range(p, PAGE, POLICY_BIND, &node0, 64, MOVE_ALL), EPERM, "others' pages");
	become(0);
	fails(get_policy(&mode, NULL, 0, NULL, 64), EINVAL, "get_mempolicy: an unknown flag");
	fails(get_policy(&mode, mask, 0, NULL, 0), EINVAL, "a mask of no bits");
	fails(get_policy(&mode, NULL, 0, NULL, ALLOWED | OF_NODE), EINVAL, "two questions at once");
	fails(get_policy(&mode, NULL, 0, p, 0), EINVAL, "an address that nobody asked for");
	fails(get_policy(&mode, NULL, 0, NULL, OF_NODE), EINVAL, "the next node of what is not interleaved");
	fails(get_policy(&mode, NULL, 0, p + PAGE, OF_ADDRESS), EFAULT, "nothing is there");
	fails(get_policy((int *)8, NULL, 0, NULL, 0), EFAULT, "to nowhere");
	fails(get_policy(NULL, (unsigned long *)8, 64, NULL, 0), EFAULT, "the mask to nowhere");
	munmap(p, 4 * PAGE);
}

static void no_children(void)
{
	siginfo_t info;
	int status;

	fails(wait4(-1, &status, 0, NULL), ECHILD, "wait4 without children");
	fails(wait4(-1, &status, WNOHANG | WUNTRACED | WCONTINUED, NULL), ECHILD, "whatever is waited for");
	fails(wait4(getpid(), &status, 0, NULL), ECHILD, "nor is one one's own");
	fails(wait4(-1, &status, 0x10000000, NULL), EINVAL, "an unknown option");
	fails(wait4(INT_MIN, &status, 0, NULL), ESRCH, "a group that cannot be");
	fails(syscall(SYS_waitid, P_ALL, 0, &info, WEXITED, NULL), ECHILD, "waitid without children");
	fails(syscall(SYS_waitid, P_PID, 12345, &info, WEXITED | WNOWAIT, NULL), ECHILD, "nor this one");
	fails(syscall(SYS_waitid, P_PGID, 0, &info, WSTOPPED, NULL), ECHILD, "nor one of this group");
	fails(syscall(SYS_waitid, P_ALL, 0, &info, 0, NULL), EINVAL, "waiting for nothing");
	fails(syscall(SYS_waitid, P_ALL, 0, &info, WEXITED | 0x10000, NULL), EINVAL, "an unknown option");
	fails(syscall(SYS_waitid, 99, 0, &info, WEXITED, NULL), EINVAL, "an unknown kind");
	fails(syscall(SYS_waitid, P_PID, 0, &info, WEXITED, NULL), EINVAL, "no process has this id");
	fails(syscall(SYS_waitid, P_PGID, -1, &info, WEXITED, NULL), EINVAL, "nor any group");
	fails(syscall(SYS_waitid, 3 /* P_PIDFD */, -1, &info, WEXITED, NULL), EINVAL, "nor a descriptor");
	fails(syscall(SYS_waitid, 3 /* P_PIDFD */, 999, &info, WEXITED, NULL), EBADF, "one that is not open");
}

static void process_files(void)
{
	int fd = (int)syscall(SYS_pidfd_open, getpid(), 0), copy, null = open("/dev/null", O_RDONLY);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	siginfo_t info = { .si_signo = SIGUSR1, .si_code = SI_QUEUE };
	struct timespec no_time = { 0, 0 };
	sigset_t set, old;

	if (!ok(fd >= 0, "pidfd_open"))
		return;
	is(fcntl(fd, F_GETFD), FD_CLOEXEC, "it is closed by execve");
	is(poll(&p, 1, 0), 0, "it has not ended");
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, &old);
	is(syscall(SYS_pidfd_send_signal, fd, SIGUSR1, NULL, 0), 0, "a signal");
	ok(sigtimedwait(&set, &info, &no_time) == SIGUSR1 && info.si_code == SI_USER && info.si_pid == getpid(), "is there");
	memset(&info, 0, sizeof(info));
	info.si_signo = SIGUSR1;
	info.si_code = SI_QUEUE;
	info.si_value.sival_int = 42;
	is(syscall(SYS_pidfd_send_signal, fd, SIGUSR1, &info, 0), 0, "with a value");
	ok(sigtimedwait(&set, &info, &no_time) == SIGUSR1 && info.si_value.sival_int == 42, "which comes along");
	sigprocmask(SIG_SETMASK, &old, NULL);
	is(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0), 0, "no signal at all");
	info.si_signo = SIGUSR1;
	fails(syscall(SYS_pidfd_send_signal, fd, SIGUSR2, &info, 0), EINVAL, "another than it says");
	fails(syscall(SYS_pidfd_send_signal, fd, 99, NULL, 0), EINVAL, "no such signal");
	fails(syscall(SYS_pidfd_send_signal, fd, SIGUSR1, 8, 0), EFAULT, "from nowhere");
	fails(syscall(SYS_pidfd_send_signal, fd, SIGUSR1, NULL, 0x100), EINVAL, "a flag");
	fails(syscall(SYS_pidfd_send_signal, -1, 0, NULL, 0), EBADF, "to nobody");
	fails(syscall(SYS_pidfd_send_signal, null, 0, NULL, 0), EBADF, "to a file");
	copy = (int)syscall(SYS_pidfd_getfd, fd, null, 0);
	ok(copy >= 0 && syscall(SYS_kcmp, getpid(), getpid(), 0, copy, null) == 0, "pidfd_getfd: the same file");
	ok(syscall(SYS_kcmp, getpid(), getpid(), 0, fd, null) > 0, "another is another");
	fails(syscall(SYS_pidfd_getfd, fd, 9999, 0), EBADF, "of no descriptor");
	fails(syscall(SYS_pidfd_getfd, null, null, 0), EBADF, "of no process");
	fails(syscall(SYS_pidfd_getfd, -1, null, 0), EBADF, "of nothing");
	fails(syscall(SYS_pidfd_getfd, fd, null, 1), EINVAL, "with a flag");
	fails(syscall(SYS_pidfd_open, getpid(), 1), EINVAL, "pidfd_open with a flag");
	fails(syscall(SYS_pidfd_open, -1, 0), EINVAL, "of no id");
	fails(syscall(SYS_pidfd_open, 3999999, 0), ESRCH, "of no process");
	is(syscall(SYS_kcmp, getpid(), getpid(), 1, 0, 0), 0, "kcmp of memory");
	fails(syscall(SYS_kcmp, getpid(), 3999999, 1, 0, 0), ESRCH, "with nobody");
	fails(syscall(SYS_kcmp, getpid(), getpid(), 99, 0, 0), EINVAL, "of something else");
	fails(syscall(SYS_kcmp, getpid(), getpid(), 0, 9999, null), EBADF, "of no file");
	close(fd);
	close(copy);
	close(null);
}

static void own_memory(void)
{
	char from[20] = "0123456789", to[20] = "", *hole = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec local[2] = { { to, 3 }, { to + 10, 5 } }, remote[2] = { { from + 1, 4 }, { from + 7, 3 } };

	is(process_vm_readv(getpid(), local, 2, remote, 2, 0), 7, "process_vm_readv");
	ok(!memcmp(to, "123", 3) && !memcmp(to + 10, "4789", 4), "piece by piece");
	local[0] = (struct iovec){ from, 5 };
	remote[0] = (struct iovec){ to, 20 };
	is(process_vm_writev(getpid(), local, 1, remote, 1, 0), 5, "process_vm_writev");
	ok(!memcmp(to, "01234", 5), "is there");
	munmap(hole + PAGE, PAGE);
	local[0] = (struct iovec){ to, 20 };
	remote[0] = (struct iovec){ hole + PAGE, 10 };
	fails(process_vm_readv(getpid(), local, 1, remote, 1, 0), EFAULT, "nothing there");
	fails(process_vm_writev(getpid(), local, 1, remote, 1, 0), EFAULT, "nor to write to");
	fails(process_vm_writev(3999999, local, 1, remote, 1, 0), ESRCH, "nobody to write to");
	fails(process_vm_readv(3999999, local, 1, remote, 1, 0), ESRCH, "nobody there");
	fails(process_vm_readv(getpid(), local, 1, remote, 1, 1), EINVAL, "a flag");
	fails(process_vm_readv(getpid(), (void *)8, 1, remote, 1, 0), EFAULT, "no vector");
	fails(process_vm_readv(getpid(), local, 1, (void *)8, 1, 0), EFAULT, "no other one");
	fails(process_vm_writev(getpid(), local, 2000, remote, 1, 0), EINVAL, "too long a vector");
	fails(process_vm_writev(getpid(), local, 1, remote, 1, 0), EFAULT, "nowhere to write to");
	fails(process_vm_writev(3999999, local, 1, remote, 1, 0), ESRCH, "nobody to write to");
	munmap(hole, PAGE);
}

static void leases(void)
{
	int fd = open(scratch("lease"), O_RDWR | O_CREAT, 0600);

	is(fcntl(fd, F_GETLEASE), F_UNLCK, "F_GETLEASE: none");
	close(fd);
	become(NOBODY);
	fails(syscall(SYS_vhangup), EPERM, "vhangup is not for all");
	become(0);
	fd = open("/dev/tty", O_RDONLY);
	if (fd < 0)
		is(syscall(SYS_vhangup), 0, "without a terminal it does nothing");
	else
		close(fd);
}

void suite_various(void)
{
	process_files();
	own_memory();
	leases();
	memory_policies();
	no_children();
}
