/* The vDSO: functions of the kernel that run in the program (vdso(7)), reading the time page (core/timekeeping.h).
 *
 * Compiled for the program's side and linked by itself (exec/vdso/vdso.mk); the kernel maps it behind its data page. What
 * it cannot answer from there it asks by the system call.
 */
#define TIMEKEEPING_VDSO
#include <arch/vdso.h>
#include <asm/unistd.h>
#include <core/pvclock.h>
#include <core/timekeeping.h>
#include <linux/time.h>

extern const union timekeeping_page vdso_data __attribute__((visibility("hidden")));
extern const struct pvclock_time vdso_host __attribute__((visibility("hidden"))); /* there with VDSO_PVCLOCK */

struct vdso_timespec {
	long sec, nsec;
};
struct vdso_timeval {
	long sec, usec;
};

#define NSEC_PER_SEC 1000000000ul
#define LIKELY(x)    __builtin_expect(!!(x), 1)

#define CLOCKS_REAL      (1u << CLOCK_REALTIME | 1u << CLOCK_REALTIME_COARSE | 1u << CLOCK_TAI)
#define CLOCKS_MONOTONIC (1u << CLOCK_MONOTONIC | 1u << CLOCK_MONOTONIC_RAW | 1u << CLOCK_MONOTONIC_COARSE | 1u << CLOCK_BOOTTIME)

int __vdso_clock_gettime(int clock, struct vdso_timespec *ts);
int __vdso_clock_getres(int clock, struct vdso_timespec *ts);
int __vdso_gettimeofday(struct vdso_timeval *tv, struct timezone *tz);
long __vdso_time(long *t);
int __vdso_getcpu(unsigned *cpu, unsigned *node, void *unused);

static inline unsigned long monotonic_ns(void)
{
	const struct timekeeping *t = &vdso_data.t;

	return (unsigned long)(((unsigned __int128)(vdso_counter() - t->counter_base) * t->mult) >> 32);
}

/* By the host's page: the first processor's part of it is good for all, as long as it says so. */
static int host_ns(int clock, unsigned long *ns)
{
	const struct timekeeping *t = &vdso_data.t;
	struct pvclock_time copy;
	uint32_t version, seq;
	unsigned long offset;

	do {
		seq = __atomic_load_n(&t->seq, __ATOMIC_ACQUIRE);
		version = pvclock_copy_begin(&vdso_host);
		copy = vdso_host;
		*ns = pvclock_ns(&copy, vdso_counter()) - t->counter_base;
		offset = *(const volatile uint64_t *)&t->realtime_offset_ns;
	} while (!pvclock_copy_done(&vdso_host, version) || (seq & 1) || seq != *(const volatile uint32_t *)&t->seq);
	if (1u << clock & CLOCKS_REAL)
		*ns += offset;
	return copy.flags & PVCLOCK_TSC_STABLE;
}

static inline unsigned long realtime_ns(void)
{
	const struct timekeeping *t = &vdso_data.t;
	unsigned long ns;
	uint32_t seq;

	/* Pairs with the writer in core/clock.c: seq is made odd before the offset changes, even after. */
	do {
		seq = __atomic_load_n(&t->seq, __ATOMIC_ACQUIRE);
		ns = monotonic_ns() + *(const volatile uint64_t *)&t->realtime_offset_ns;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (__builtin_expect((seq & 1) || seq != *(const volatile uint32_t *)&t->seq, 0));
	return ns;
}

/* Apart, so that the counter's way saves no registers. */
static __attribute__((noinline)) int host_gettime(int clock, struct vdso_timespec *ts)
{
	unsigned bit = (unsigned)clock < 32 ? 1u << clock : 0;
	unsigned long ns;

	if (vdso_data.t.vdso != VDSO_PVCLOCK || !(bit & (CLOCKS_MONOTONIC | CLOCKS_REAL)) || !host_ns(clock, &ns))
		return (int)vdso_call(__NR_clock_gettime, clock, (long)ts, 0);
	ts->sec = (long)(ns / NSEC_PER_SEC);
	ts->nsec = (long)(ns % NSEC_PER_SEC);
	return 0;
}

int __vdso_clock_gettime(int clock, struct vdso_timespec *ts)
{
	unsigned bit = (unsigned)clock < 32 ? 1u << clock : 0;
	unsigned long ns;

	if (LIKELY(vdso_data.t.vdso == VDSO_COUNTER && (bit & CLOCKS_MONOTONIC)))
		ns = monotonic_ns();
	else if (LIKELY(vdso_data.t.vdso == VDSO_COUNTER && (bit & CLOCKS_REAL)))
		ns = realtime_ns();
	else
		return host_gettime(clock, ts);
	ts->sec = (long)(ns / NSEC_PER_SEC);
	ts->nsec = (long)(ns % NSEC_PER_SEC);
	return 0;
}

int __vdso_clock_getres(int clock, struct vdso_timespec *ts)
{
	return (int)vdso_call(__NR_clock_getres, clock, (long)ts, 0);
}

int __vdso_gettimeofday(struct vdso_timeval *tv, struct timezone *tz)
{
	struct vdso_timespec ts;
	unsigned long us;

	if (tv && vdso_data.t.vdso != VDSO_COUNTER) {
		host_gettime(CLOCK_REALTIME, &ts);
		tv->sec = ts.sec;
		tv->usec = ts.nsec / 1000;
	} else if (tv) {
		us = realtime_ns() / 1000;
		tv->sec = (long)(us / 1000000);
		tv->usec = (long)(us % 1000000);
	}
	if (tz)
		*tz = (struct timezone){ 0, 0 };
	return 0;
}

long __vdso_time(long *t)
{
	struct vdso_timespec now;

	__vdso_clock_gettime(CLOCK_REALTIME, &now);
	if (t)
		*t = now.sec;
	return now.sec;
}

int __vdso_getcpu(unsigned *cpu, unsigned *node, void *unused)
{
	return (int)vdso_call(__NR_getcpu, (long)cpu, (long)node, (long)unused);
}
