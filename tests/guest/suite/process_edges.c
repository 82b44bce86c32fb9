/* The finer points of signals, threads, timers and restartable sequences: what handlers see and may change, what is
 * left when a thread ends, what must be refused. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>

#include "suite.h"

/* musl-gcc finds no Linux headers. */
enum { THREAD_FLAGS = 0x50f00, SETTLS = 0x80000, LOCK_PI = 6, MEMBARRIER_QUERY = 0, RSEQ_SIGNATURE = 0x53053053 };

struct sequence_area {
	uint32_t cpu_id_start, cpu_id;
	uint64_t sequence;
	uint32_t flags, padding[3];
} __attribute__((aligned(32)));

static volatile sig_atomic_t seen;
static volatile long long seen_value;

static void count(int signo)
{
	(void)signo;
	seen++;
}

static void *nothing(void *p)
{
	return p;
}

static void *spin(void *stop)
{
	while (!*(volatile int *)stop)
		;
	return NULL;
}

/* ---- what a handler finds in its context, and what it may change there ---- */

static void skip_store(int signo, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)signo;
	seen = uc->uc_mcontext.gregs[REG_TRAPNO] == 14 && (uc->uc_mcontext.gregs[REG_ERR] & 7) == 6 &&
	       uc->uc_mcontext.gregs[REG_CR2] == 0x1238 && info->si_addr == (void *)0x1238;
	uc->uc_mcontext.gregs[REG_RIP] += 2; /* mov %eax, (%rcx) */
	uc->uc_mcontext.gregs[REG_RBX] = 0x1122334455667788;
	sigaddset(&uc->uc_sigmask, SIGUSR2);
}

static void contexts(void)
{
	struct sigaction a = { .sa_sigaction = skip_store, .sa_flags = SA_SIGINFO }, old;
	double x = 1.25;
	uint64_t rbx = 0;
	sigset_t mask;

	seen = 0;
	sigaction(SIGSEGV, &a, &old);
	__asm__ volatile("movsd %1, %%xmm9\n\tmov $0x1238, %%ecx\n\tmov %%eax, (%%rcx)\n\tmov %%rbx, %0\n\tmovsd %%xmm9, %1"
			 : "=r"(rbx), "+m"(x) : : "rbx", "rcx", "xmm9", "memory");
	sigaction(SIGSEGV, &old, NULL);
	ok(seen, "a fault's number, error code and address are in its context");
	ok(rbx == 0x1122334455667788, "a handler changes registers and goes on behind the fault");
	ok(x == 1.25, "the FPU's registers survive a handler");
	sigprocmask(SIG_BLOCK, NULL, &mask);
	ok(sigismember(&mask, SIGUSR2), "and the mask that it returns to");
	sigdelset(&mask, SIGUSR2);
	sigprocmask(SIG_SETMASK, &mask, NULL);
}

static void odd_flags(void)
{
	char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *end = p + (1 << 20);
	char *at = p;
	bool clean = true;

	__asm__ volatile("std\n\tpushfq\n\torl $0x40000, (%%rsp)\n\tpopfq\n1:\tmovb $1, 8(%0)\n\tadd $4096, %0\n\tcmp %1, %0\n\t"
			 "jb 1b\n\tpushfq\n\tandl $~0x40000, (%%rsp)\n\tpopfq\n\tcld" : "+r"(at) : "r"(end) : "memory", "cc");
	for (at = p; at < end; at++)
		clean &= *at == ((at - p) % 4096 == 8);
	ok(clean, "page faults with the direction flag set");
	munmap(p, 1 << 20);
}

/* ---- restartable sequences ---- */

/* Count down inside a sequence. Return: it came to its end, rather than to its abort address. */
static bool count_down(struct sequence_area *area, unsigned long n)
{
	__asm__ goto(".pushsection sequences, \"aw\"\n\t.balign 32\n3:\t.long 0, 0\n\t.quad 1f, 2f - 1f, 4f\n\t.popsection\n\t"
		     "mov %1, %%rcx\n\tlea 3b(%%rip), %%rax\n\tmov %%rax, %0\n1:\tdec %%rcx\n\tjnz 1b\n2:\tjmp 5f\n\t"
		     ".byte 0x0f, 0xb9, 0x3d\n\t.long %c2\n4:\tjmp %l[aborted]\n5:"
		     : : "m"(area->sequence), "r"(n), "i"(RSEQ_SIGNATURE) : "rax", "rcx", "memory", "cc" : aborted);
	return true;
aborted:
	return false;
}

extern const ptrdiff_t __rseq_offset __attribute__((weak)); /* glibc registers each thread */

static bool follows(const struct sequence_area *area)
{
	cpu_set_t allowed, one;
	bool right = true;

	sched_getaffinity(0, sizeof(allowed), &allowed);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &allowed))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		right &= sched_setaffinity(0, sizeof(one), &one) == 0 && sched_getcpu() == cpu &&
			 *(volatile uint32_t *)&area->cpu_id == (uint32_t)cpu;
	}
	sched_setaffinity(0, sizeof(allowed), &allowed);
	return right;
}

static void *sequences_of_thread(void *unused)
{
	static struct sequence_area own;
	struct itimerval often = { { 0, 2000 }, { 0, 2000 } }, off = { { 0, 0 }, { 0, 0 } };
	bool by_libc = &__rseq_offset != NULL;
	struct sequence_area *area = by_libc ? (void *)((char *)__builtin_thread_pointer() + __rseq_offset) : &own;
	unsigned ended = 0, aborted = 0;

	if (!by_libc)
		is(syscall(SYS_rseq, area, 32, 0, RSEQ_SIGNATURE), 0, "rseq registers a thread");
	ok(area->cpu_id == area->cpu_id_start && area->cpu_id < 1024, "its area says where it runs");
	fails(syscall(SYS_rseq, area, 32, 0, RSEQ_SIGNATURE), EBUSY, "it is registered once");
	ok(follows(area), "its area follows it from processor to processor");
	ok(count_down(area, 10), "a short sequence ends");
	signal(SIGALRM, count);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < 2000 && !(ended && aborted); i++) {
		aborted += !count_down(area, 20000000);
		ended += count_down(area, 10);
	}
	setitimer(ITIMER_REAL, &off, NULL);
	ok(aborted, "a handler aborts a long one");
	ok(ended, "others end");
	if (!by_libc)
		is(syscall(SYS_rseq, area, 32, 1, RSEQ_SIGNATURE), 0, "rseq unregisters");
	return unused;
}

/* ---- timers ---- */

static timer_t overrunning;
static volatile long long told;

static void take_overrun(int signo, siginfo_t *info, void *context)
{
	(void)signo;
	(void)context;
	if (seen++)
		return;
	seen_value = info->si_overrun;
	told = timer_getoverrun(overrunning);
}

static void timers(void)
{
	struct itimerval period = { { 0, 10000 }, { 0, 10000 } }, off = { { 0, 0 }, { 0, 0 } }, left;
	struct sigaction a = { .sa_sigaction = take_overrun, .sa_flags = SA_SIGINFO };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 3 };
	struct itimerspec often = { { 0, 5000000 }, { 0, 5000000 } }, stop = { { 0, 0 }, { 0, 0 } };
	sigset_t mask;

	signal(SIGPROF, count);
	seen = 0;
	is(setitimer(ITIMER_PROF, &period, NULL), 0, "ITIMER_PROF");
	sleep_ms(100);
	ok(seen <= 2, "does not go on while we sleep");
	for (clock_t start = clock(); clock() - start < CLOCKS_PER_SEC / 5;)
		;
	ok(seen >= 5 && seen <= 30, "but while we work");
	ok(getitimer(ITIMER_PROF, &left) == 0 && left.it_interval.tv_usec == 10000, "getitimer");
	setitimer(ITIMER_PROF, &off, NULL);
	sigaction(SIGRTMIN + 3, &a, NULL);
	sigemptyset(&mask);
	sigaddset(&mask, SIGRTMIN + 3);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	seen = 0;
	if (!ok(timer_create(CLOCK_MONOTONIC, &event, &overrunning) == 0 && timer_settime(overrunning, 0, &often, NULL) == 0, "a timer"))
		return;
	sleep_ms(100);
	is(seen, 0, "that fires often while its signal is blocked");
	sigprocmask(SIG_UNBLOCK, &mask, NULL);
	timer_settime(overrunning, 0, &stop, NULL);
	ok(seen >= 1 && seen <= 3, "sends one");
	ok(seen_value >= 5 && seen_value < 60, "which counts the others");
	is(told, seen_value, "timer_getoverrun says the same");
	timer_delete(overrunning);
}

/* ---- the end of threads ---- */

static pthread_mutex_t robust;

static void *die_holding(void *unused)
{
	pthread_mutex_lock(&robust);
	return unused;
}

static void *lock_elsewhere(void *unused)
{
	(void)unused;
	return (void *)(intptr_t)pthread_mutex_lock(&robust);
}

static void ends(void)
{
	pthread_mutexattr_t attr;
	pthread_t t;
	void *got;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&robust, &attr);
	pthread_create(&t, NULL, die_holding, NULL);
	pthread_join(t, NULL);
	is(pthread_mutex_lock(&robust), EOWNERDEAD, "a robust lock tells that its owner ended");
	is(pthread_mutex_consistent(&robust), 0, "it can be mended");
	pthread_create(&t, NULL, lock_elsewhere, NULL);
	sleep_ms(30);
	is(pthread_mutex_unlock(&robust), 0, "and unlocked");
	pthread_join(t, &got);
	is((intptr_t)got, 0, "for one that waited");
	pthread_create(&t, NULL, lock_elsewhere, NULL);
	pthread_join(t, &got);
	is((intptr_t)got, EOWNERDEAD, "whose end is told again");
}

/* ---- refusals ---- */

static void refusals(void)
{
	static char stack[4096];
	uint32_t word = 0;
	int stop = 0;
	pthread_t t;
	cpu_set_t none;

	fails(syscall(SYS_clone, THREAD_FLAGS | SETTLS, stack + sizeof(stack), 0, 0, 0x8000000000000000ul), EPERM,
	      "a thread whose TLS lies nowhere");
	fails(syscall(SYS_clone, 0x10000ul, stack + sizeof(stack), 0, 0, 0), EINVAL, "CLONE_THREAD without CLONE_VM");
	fails(kill((pid_t)0x80000000, 0), ESRCH, "kill of the most negative id");
	fails(syscall(SYS_tgkill, getpid(), -1, 0), EINVAL, "tgkill of -1");
	fails(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &word, NULL, 4), EINVAL, "a mask of four bytes");
	fails(syscall(SYS_futex, &word, 99, 0, NULL, NULL, 0), ENOSYS, "futex operation 99");
	CPU_ZERO(&none);
	fails(sched_setaffinity(0, sizeof(none), &none), EINVAL, "affinity to no processor");
	fails(getpriority(99, 0), EINVAL, "priority of something else");
	ok(syscall(SYS_membarrier, MEMBARRIER_QUERY, 0, 0) >= 0, "membarrier says what it has");
	pthread_create(&t, NULL, spin, &stop);
	sleep_ms(20);
	stop = 1;
	is(pthread_join(t, NULL), 0, "a thread that spins can be joined");
	for (int i = 0; i < 3; i++)
		pthread_create(&t, NULL, nothing, NULL), pthread_join(t, NULL);
	is(getpid(), syscall(SYS_getpid), "the process is still the same");
}

void suite_process_edges(void)
{
	pthread_t t;

	contexts();
	odd_flags();
	pthread_create(&t, NULL, sequences_of_thread, NULL);
	pthread_join(t, NULL);
	timers();
	ends();
	refusals();
}
