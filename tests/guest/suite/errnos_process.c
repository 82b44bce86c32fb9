/* Each errno that the calls on processes, identities, scheduling, signals, time and memory choose themselves, and calls that
 * only older programs make. */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/wait.h>

#include "errnos.h"

#define NOBODY 99999 /* no thread has this id */

/* Of Linux's own headers, which not every C library brings. */
#define CAPABILITY_VERSION_3 0x20080522
#define ARCH_SET_GS          0x1001
#define FUTEX_WAIT           0

static char text[5000];

static void on_signal(int unused)
{
	(void)unused;
}

static void processes(void)
{
	struct {
		uint32_t version;
		int pid;
	} head = { CAPABILITY_VERSION_3, 0 }, unknown = { 1, 0 }, nobody = { CAPABILITY_VERSION_3, NOBODY };
	uint32_t caps[6] = { 0 };
	void *list;
	size_t size;
	unsigned cpu;

	OK(SYS_capget, &head, caps);
	OK(SYS_prctl, PR_CAPBSET_DROP, 20);
	OK(SYS_capset, &head, caps);
	NO(EFAULT, SYS_capget, BAD, caps);
	NO(EFAULT, SYS_capget, &head, BAD);
	NO(EINVAL, SYS_capget, &unknown, caps);
	NO(ESRCH, SYS_capget, &nobody, caps);
	NO(EFAULT, SYS_capset, BAD, caps);
	NO(EFAULT, SYS_capset, &head, BAD);
	unknown.version = 1;
	NO(EINVAL, SYS_capset, &unknown, caps);
	memset(caps, 0xff, sizeof(caps));
	NO(EPERM, SYS_capset, &head, caps); /* more than there are */
	NO(ECHILD, SYS_wait4, -1, NULL, 0, NULL);
	NO(ECHILD, SYS_waitid, P_ALL, 0, NULL, WEXITED, NULL);
	NO(EFAULT, SYS_waitid, P_ALL, 0, BAD, WEXITED, NULL);
	NO(EFAULT, SYS_getrlimit, RLIMIT_NOFILE, NULL);
	NO(EFAULT, SYS_setrlimit, RLIMIT_NOFILE, NULL);
	OK(SYS_get_robust_list, 0, &list, &size);
	NO(EFAULT, SYS_get_robust_list, 0, BAD, &size);
	NO(ESRCH, SYS_get_robust_list, NOBODY, &list, &size);
	NO(EINVAL, SYS_set_robust_list, list, 1);
	OK(SYS_getcpu, &cpu, NULL, NULL);
	NO(EFAULT, SYS_getcpu, BAD, NULL, NULL);
	OK(SYS_personality, 0xffffffff);
	NO(EINVAL, SYS_arch_prctl, 0x9999, 0);
	NO(EPERM, SYS_arch_prctl, ARCH_SET_GS, -4096L);
	OK(SYS_getpgrp);
	syscall(SYS_setsid); /* the first process of a machine leads its session already */
	NO(EPERM, SYS_setsid);
	NO(EPERM, SYS_setpgid, 0, 0);
	OK(SYS_getpgid, 0);
	OK(SYS_getsid, 0);
	NO(ESRCH, SYS_getsid, NOBODY);
	NO(ESRCH, SYS_getpgid, NOBODY);
	NO(EINVAL, SYS_setpgid, 0, -1);
	NO(ESRCH, SYS_setpgid, NOBODY, 0);
	NO(EINVAL, SYS_getrusage, 99, text);
	NO(EINVAL, SYS_getrandom, text, 1, 99);
	NO(EFAULT, SYS_sethostname, BAD, 5);
	NO(EINVAL, SYS_sethostname, text, -1);
	NO(EFAULT, SYS_setdomainname, BAD, 5);
	NO(EINVAL, SYS_setdomainname, text, 100);
	gethostname(text, 64);
	OK(SYS_sethostname, text, strlen(text));
	getdomainname(text, 64);
	OK(SYS_setdomainname, text, strlen(text));
	OK(SYS_times, text);
	NO(EFAULT, SYS_times, BAD);
	NO(EINVAL, SYS_membarrier, 1 << 20, 0, 0);
	NO(EINVAL, SYS_clone3, text, 8);
	NO(EFAULT, SYS_clone3, BAD, 88);
	NO(E2BIG, SYS_clone3, text, 100000);
	NO(EINVAL, SYS_clone, 0x10000 /* CLONE_THREAD */, NULL, NULL, NULL, 0);
}

static void identities(void)
{
	gid_t groups[4] = { 0 };
	struct rlimit l, more;
	uid_t a, b, c;

	OK(SYS_getresuid, &a, &b, &c);
	NO(EFAULT, SYS_getresuid, BAD, &b, &c);
	OK(SYS_getresgid, &a, &b, &c);
	NO(EFAULT, SYS_getresgid, &a, BAD, &c);
	NO(EINVAL, SYS_getgroups, -1, groups);
	OK(SYS_setgroups, 2, groups);
	OK(SYS_getgroups, 4, groups);
	NO(EINVAL, SYS_getgroups, 1, groups);
	NO(EFAULT, SYS_getgroups, 4, BAD);
	NO(EFAULT, SYS_setgroups, 2, BAD);
	NO(EINVAL, SYS_setgroups, 100000, groups);
	OK(SYS_setfsuid, 0);
	OK(SYS_setfsgid, 0);
	OK(SYS_setuid, 0);
	OK(SYS_setgid, 0);
	OK(SYS_setreuid, 0, 0);
	OK(SYS_setregid, 0, 0);
	NO(EINVAL, SYS_setuid, -1);
	NO(EINVAL, SYS_setgid, -1);
	OK(SYS_getrlimit, RLIMIT_NOFILE, &l);
	OK(SYS_setrlimit, RLIMIT_NOFILE, &l);
	NO(EINVAL, SYS_getrlimit, 99, &l);
	NO(EFAULT, SYS_getrlimit, RLIMIT_NOFILE, BAD);
	NO(EINVAL, SYS_setrlimit, 99, &l);
	NO(EFAULT, SYS_setrlimit, RLIMIT_NOFILE, BAD);
	NO(EINVAL, SYS_setrlimit, RLIMIT_NOFILE, (&(struct rlimit){ 5, 4 }));
	NO(ESRCH, SYS_prlimit64, NOBODY, RLIMIT_NOFILE, NULL, &l);
	NO(EINVAL, SYS_setpriority, 99, 0, 0);
	NO(ESRCH, SYS_setpriority, PRIO_PROCESS, NOBODY, 0);
	OK(SYS_setpriority, PRIO_PROCESS, 0, 0);
	NO(EINVAL, SYS_getpriority, 99, 0);
	NO(ESRCH, SYS_getpriority, PRIO_PROCESS, NOBODY);
	NO(EFAULT, SYS_mount, "none", BAD, "tmpfs", 0, NULL);
	NO(EINVAL, SYS_umount2, "/tmp", 1 << 10);
	memset(text, 'a', sizeof(text) - 1);
	NO(ENAMETOOLONG, SYS_mount, "none", text, "tmpfs", 0, NULL);
	NO(EINVAL, SYS_mount, "none", "/tmp", text, 0, NULL);
	memset(text, 0, sizeof(text));
	NO(EFAULT, SYS_settimeofday, BAD, NULL);
	NO(EINVAL, SYS_settimeofday, (&(struct timeval){ 0, 1000000 }), NULL);
	NO(EINVAL, SYS_clock_settime, CLOCK_MONOTONIC, (&(struct timespec){ 1, 0 }));
	NO(EINVAL, SYS_clock_settime, CLOCK_REALTIME, (&(struct timespec){ 1, -1 }));

	/* As somebody else, with the way back kept. */
	getrlimit(RLIMIT_NOFILE, &l);
	more = (struct rlimit){ l.rlim_cur, l.rlim_max + 1 };
	is(setresgid(1000, 1000, 0) + setresuid(1000, 1000, 0), 0, "no longer root");
	NO(EPERM, SYS_setuid, 55);
	NO(EPERM, SYS_setgid, 55);
	NO(EPERM, SYS_setreuid, 55, 55);
	NO(EPERM, SYS_setregid, 55, 55);
	NO(EPERM, SYS_setresuid, 55, 55, 55);
	NO(EPERM, SYS_setresgid, 55, 55, 55);
	NO(EPERM, SYS_setgroups, 1, groups);
	NO(EPERM, SYS_chroot, "/");
	NO(EPERM, SYS_mount, "none", "/tmp", "tmpfs", 0, NULL);
	NO(EPERM, SYS_umount2, "/tmp", 0);
	NO(EPERM, SYS_sethostname, text, 1);
	NO(EPERM, SYS_setdomainname, text, 1);
	NO(EPERM, SYS_settimeofday, (&(struct timeval){ 1, 0 }), NULL);
	NO(EPERM, SYS_clock_settime, CLOCK_REALTIME, (&(struct timespec){ 1, 0 }));
	NO(EPERM, SYS_setrlimit, RLIMIT_NOFILE, &more);
	NO(EPERM, SYS_prlimit64, 0, RLIMIT_NOFILE, &more, NULL);
	NO(EPERM, SYS_prctl, PR_CAPBSET_DROP, 20);
	NO(EPERM, SYS_utimensat, -100, "/", ((struct timespec[]){ { 1, 0 }, { 1, 0 } }), 0);
	NO(EPERM, SYS_sched_setattr, 0, ((uint64_t[]){ 48, 0, -5u, 0, 0, 0 }), 0);
	NO(EPERM, SYS_mknodat, -100, "/tmp/errnos-device", 020600, 0x103);
	is(setresuid(0, 0, 0) + setresgid(0, 0, 0), 0, "root again");
	if (in_guest()) { /* nobody sets the clock of the host */
		struct timespec now;
		struct timeval tv;

		clock_gettime(CLOCK_REALTIME, &now);
		OK(SYS_clock_settime, CLOCK_REALTIME, &now);
		gettimeofday(&tv, NULL);
		OK(SYS_settimeofday, &tv, NULL);
	}
}

static void scheduling(void)
{
	struct sched_param none = { .sched_priority = 0 }, high = { .sched_priority = 50 };
	struct timespec t;
	cpu_set_t set;

	OK(SYS_sched_get_priority_max, SCHED_FIFO);
	OK(SYS_sched_get_priority_min, SCHED_FIFO);
	NO(EINVAL, SYS_sched_get_priority_max, 99);
	NO(EINVAL, SYS_sched_get_priority_min, 99);
	OK(SYS_sched_getaffinity, 0, sizeof(set), &set);
	NO(EINVAL, SYS_sched_getaffinity, 0, 1, &set);
	NO(ESRCH, SYS_sched_getaffinity, NOBODY, sizeof(set), &set);
	NO(EFAULT, SYS_sched_setaffinity, 0, sizeof(set), BAD);
	NO(ESRCH, SYS_sched_setaffinity, NOBODY, sizeof(set), &set);
	OK(SYS_sched_getattr, 0, text, 48, 0);
	NO(EFAULT, SYS_sched_getattr, 0, BAD, 48, 0);
	NO(EINVAL, SYS_sched_getattr, 0, text, 1, 0);
	NO(ESRCH, SYS_sched_getattr, NOBODY, text, 48, 0);
	OK(SYS_sched_getparam, 0, &none);
	NO(EINVAL, SYS_sched_getparam, -1, &none);
	NO(ESRCH, SYS_sched_getparam, NOBODY, &none);
	OK(SYS_sched_getscheduler, 0);
	NO(EINVAL, SYS_sched_getscheduler, -1);
	NO(ESRCH, SYS_sched_getscheduler, NOBODY);
	OK(SYS_sched_rr_get_interval, 0, &t);
	NO(EINVAL, SYS_sched_rr_get_interval, -1, &t);
	NO(ESRCH, SYS_sched_rr_get_interval, NOBODY, &t);
	OK(SYS_sched_setparam, 0, &none);
	NO(EFAULT, SYS_sched_setparam, 0, BAD);
	NO(EINVAL, SYS_sched_setparam, 0, &high);
	NO(ESRCH, SYS_sched_setparam, NOBODY, &none);
	OK(SYS_sched_setscheduler, 0, SCHED_OTHER, &none);
	NO(EFAULT, SYS_sched_setscheduler, 0, SCHED_OTHER, BAD);
	NO(EINVAL, SYS_sched_setscheduler, 0, 99, &none);
	NO(EINVAL, SYS_sched_setscheduler, 0, SCHED_OTHER, &high);
	NO(ESRCH, SYS_sched_setscheduler, NOBODY, SCHED_OTHER, &none);
}

static volatile int on_stack_error;

static void on_alternate_stack(int unused)
{
	stack_t other = { .ss_flags = SS_DISABLE };

	(void)unused;
	on_stack_error = syscall(SYS_sigaltstack, &other, NULL) ? errno : 0;
}

static void alternate_stack(void)
{
	struct sigaction sa = { .sa_handler = on_alternate_stack, .sa_flags = SA_ONSTACK };
	stack_t stack = { .ss_sp = malloc(65536), .ss_size = 65536 }, none = { .ss_flags = SS_DISABLE };

	sigaction(SIGUSR2, &sa, NULL);
	OK(SYS_sigaltstack, &stack, NULL);
	raise(SIGUSR2);
	is(on_stack_error, EPERM, "a stack that is stood on stays");
	sigaltstack(&none, NULL);
	free(stack.ss_sp);
	signal(SIGUSR2, SIG_DFL);
}

static void too_many_timers(void)
{
	struct rlimit few = { 10, 10 }, before;
	int id, made = 0, error = 0;

	getrlimit(RLIMIT_SIGPENDING, &before);
	few.rlim_max = before.rlim_max;
	setrlimit(RLIMIT_SIGPENDING, &few);
	while (made < 1000 && !error) {
		if (syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &id))
			error = errno;
		else
			made++;
	}
	is(error, EAGAIN, "there is an end to timers");
	for (id = 0; id < 2000 && made; id++)
		made -= syscall(SYS_timer_delete, id) == 0;
	setrlimit(RLIMIT_SIGPENDING, &before);
}

static void of_system_v(void)
{
	int sem = semget(IPC_PRIVATE, 1, 0600), shm = shmget(IPC_PRIVATE, 4096, 0600);
	struct sembuf op = { 0, 1, 0 };

	OK(SYS_semop, sem, &op, 1);
	NO(EINVAL, SYS_semop, sem, &op, 0);
	NO(E2BIG, SYS_semop, sem, &op, 100000);
	NO(EFAULT, SYS_semop, sem, BAD, 1);
	semctl(sem, 0, IPC_RMID);
	NO(EFAULT, SYS_shmctl, shm, IPC_STAT, BAD);
	shmctl(shm, IPC_RMID, NULL);
}

static void priorities(void)
{
	struct sched_param one = { .sched_priority = 1 }, two = { .sched_priority = 2 }, none = { .sched_priority = 0 };
	struct rlimit no = { 0, 0 };

	setrlimit(RLIMIT_RTPRIO, &no);
	OK(SYS_sched_setscheduler, 0, SCHED_FIFO, &one);
	is(setresuid(-1, 1000, -1), 0, "as somebody");
	NO(EPERM, SYS_sched_setparam, 0, &two);
	is(setresuid(-1, 0, -1), 0, "root again");
	OK(SYS_sched_setscheduler, 0, SCHED_OTHER, &none);
}

static void signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };
	struct itimerval soon = { { 0, 0 }, { 0, 10000 } };
	stack_t stack = { .ss_sp = text, .ss_size = 100 };
	siginfo_t info = { .si_code = SI_QUEUE };
	struct timespec t = { 0, -1 }, minute = { 60, 0 };
	sigset_t none;

	sigemptyset(&none);
	sigaction(SIGALRM, &sa, NULL);
	sigaction(SIGUSR1, &sa, NULL);
	NO(EINVAL, SYS_rt_sigpending, text, 99);
	NO(EFAULT, SYS_rt_sigpending, BAD, 8);
	OK(SYS_rt_sigpending, BAD, 0);
	OK(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &info);
	NO(EFAULT, SYS_rt_sigqueueinfo, getpid(), SIGUSR1, BAD);
	NO(EINVAL, SYS_rt_sigqueueinfo, getpid(), 99, &info);
	NO(ESRCH, SYS_rt_sigqueueinfo, NOBODY, SIGUSR1, &info);
	info.si_code = 0;
	NO(EPERM, SYS_rt_sigqueueinfo, NOBODY, SIGUSR1, &info);
	NO(EPERM, SYS_rt_tgsigqueueinfo, NOBODY, NOBODY, SIGUSR1, &info);
	info.si_code = SI_QUEUE;
	OK(SYS_rt_tgsigqueueinfo, getpid(), getpid(), SIGUSR1, &info);
	NO(EFAULT, SYS_rt_tgsigqueueinfo, getpid(), getpid(), SIGUSR1, BAD);
	NO(EINVAL, SYS_rt_tgsigqueueinfo, getpid(), getpid(), 99, &info);
	NO(EINVAL, SYS_rt_tgsigqueueinfo, -1, getpid(), SIGUSR1, &info);
	NO(ESRCH, SYS_rt_tgsigqueueinfo, getpid(), NOBODY, SIGUSR1, &info);
	OK(SYS_tkill, getpid(), 0);
	NO(EINVAL, SYS_tkill, -1, 0);
	NO(EINVAL, SYS_tkill, getpid(), 99);
	NO(ESRCH, SYS_tkill, NOBODY, 0);
	NO(EFAULT, SYS_rt_sigsuspend, BAD, 8);
	NO(EINVAL, SYS_rt_sigsuspend, &none, 7);
	NO(EFAULT, SYS_rt_sigtimedwait, BAD, NULL, NULL, 8);
	NO(EINVAL, SYS_rt_sigtimedwait, &none, NULL, NULL, 7);
	NO(EINVAL, SYS_rt_sigtimedwait, &none, NULL, &t, 8);
	NO(EFAULT, SYS_rt_sigtimedwait, &none, NULL, BAD, 8);
	setitimer(ITIMER_REAL, &soon, NULL);
	NO(EINTR, SYS_rt_sigtimedwait, &none, NULL, &minute, 8);
	setitimer(ITIMER_REAL, &soon, NULL);
	NO(EINTR, SYS_clock_nanosleep, CLOCK_REALTIME, TIMER_ABSTIME, (&(struct timespec){ 4000000000, 0 }), NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	NO(EINTR, SYS_pause);
	setitimer(ITIMER_REAL, &soon, NULL);
	NO(EINTR, SYS_nanosleep, &minute, NULL);
	OK(SYS_nanosleep, (&(struct timespec){ 0, 1000 }), NULL);
	NO(EINTR, SYS_restart_syscall);
	NO(ENOMEM, SYS_sigaltstack, &stack, NULL);
	stack.ss_flags = 99;
	NO(EINVAL, SYS_sigaltstack, &stack, NULL);
	NO(EFAULT, SYS_rt_sigaction, SIGUSR1, BAD, NULL, 8);
	NO(EINVAL, SYS_rt_sigaction, 99, NULL, NULL, 8);
	NO(EFAULT, SYS_rt_sigprocmask, SIG_BLOCK, BAD, NULL, 8);
	NO(EINVAL, SYS_rt_sigprocmask, 99, &none, NULL, 8);
	NO(EINVAL, SYS_rt_sigprocmask, SIG_BLOCK, &none, NULL, 7);
	signal(SIGALRM, SIG_DFL);
	signal(SIGUSR1, SIG_DFL);
}

static void times_and_timers(void)
{
	struct itimerspec bad = { { 0, -1 }, { 0, 0 } }, none = { 0 };
	struct timespec t = { 0, 0 };
	struct sigevent event = { .sigev_notify = 99 };
	struct timeval tv;
	int id = 0;

	OK(SYS_time, text);
	NO(EFAULT, SYS_time, BAD);
	OK(SYS_gettimeofday, &tv, NULL);
	NO(EFAULT, SYS_gettimeofday, BAD, NULL);
	NO(EINVAL, SYS_clock_getres, 99, &t);
	NO(EINVAL, SYS_clock_gettime, 99, &t);
	NO(EFAULT, SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, BAD, NULL);
	NO(EINVAL, SYS_clock_nanosleep, 99, 0, &t, NULL);
	NO(EOPNOTSUPP, SYS_clock_nanosleep, CLOCK_MONOTONIC_RAW, 0, &t, NULL);
	NO(EINVAL, SYS_getitimer, 99, text);
	NO(EINVAL, SYS_setitimer, 99, text, NULL);
	NO(EFAULT, SYS_setitimer, ITIMER_REAL, BAD, NULL);
	NO(EINVAL, SYS_setitimer, ITIMER_REAL, (&(struct itimerval){ { 0, 1000000 }, { 0, 0 } }), NULL);
	NO(EINVAL, SYS_timer_create, 99, NULL, &id);
	NO(EINVAL, SYS_timer_create, CLOCK_MONOTONIC, &event, &id);
	NO(EFAULT, SYS_timer_create, CLOCK_MONOTONIC, BAD, &id);
	NO(EFAULT, SYS_timer_create, CLOCK_MONOTONIC, NULL, BAD);
	OK(SYS_timer_create, CLOCK_MONOTONIC, NULL, &id);
	NO(EFAULT, SYS_timer_settime, id, 0, BAD, NULL);
	NO(EINVAL, SYS_timer_settime, id, 0, &bad, NULL);
	NO(EINVAL, SYS_timer_settime, 99999, 0, &none, NULL);
	NO(EFAULT, SYS_timer_gettime, id, BAD);
	NO(EINVAL, SYS_timer_gettime, 99999, &none);
	NO(EINVAL, SYS_timer_getoverrun, 99999);
	OK(SYS_timer_delete, id);
	NO(EINVAL, SYS_timer_delete, id);
}

static void memory(void)
{
	int fd[2];
	char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	NO(EINVAL, SYS_mincore, p + 1, 1, text);
	NO(EFAULT, SYS_mincore, p, 4096, BAD);
	OK(SYS_mlock2, p, 4096, 1);
	NO(EINVAL, SYS_mlock2, p, 4096, 2);
	OK(SYS_mlockall, MCL_CURRENT | MCL_ONFAULT);
	NO(EINVAL, SYS_mlockall, 0);
	OK(SYS_munlockall);
	NO(EINVAL, SYS_mprotect, p + 1, 4096, PROT_READ);
	NO(EINVAL, SYS_mprotect, p, 4096, PROT_GROWSDOWN | PROT_GROWSUP);
	NO(EINVAL, SYS_msync, p, 4096, MS_ASYNC | MS_SYNC);
	NO(EINVAL, SYS_msync, p + 1, 4096, MS_SYNC);
	NO(EINVAL, SYS_mmap, NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	NO(EBADF, SYS_mmap, NULL, 4096, PROT_READ, MAP_PRIVATE, NONE, 0);
	pipe(fd);
	NO(ENODEV, SYS_mmap, NULL, 4096, PROT_READ, MAP_PRIVATE, fd[0], 0);
	close(fd[0]);
	close(fd[1]);
	NO(EINVAL, SYS_futex, text + 1, FUTEX_WAIT, 0, NULL, NULL, 0);
	NO(EFAULT, SYS_futex, NULL, FUTEX_WAIT, 0, NULL, NULL, 0);
	munmap(p, 8192);
	NO(ENOMEM, SYS_mincore, p, 4096, text);
	NO(ENOMEM, SYS_msync, p, 4096, MS_SYNC);
}

static void restartable(void)
{
	NO(EINVAL, SYS_rseq, text + 1, 32, 0, 0);
	NO(EINVAL, SYS_rseq, text, 31, 0, 0);
	NO(EINVAL, SYS_rseq, text, 32, 9, 0);
}

void suite_errnos_process(void)
{
	signals();
	times_and_timers();
	scheduling();
	alternate_stack();
	too_many_timers();
	of_system_v();
	priorities();
	memory();
	restartable();
	identities();
	processes();
}
