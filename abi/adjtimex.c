/* adjtimex(2), clock_adjtime(2): what a daemon that keeps the wall clock asks and sets.
 *
 * The clock is set and stepped; how far off it is said to be is kept and told again, as Linux does. Left out: slewing.
 */
#include <abi/cpu_time.h>
#include <abi/syscall.h>
#include <core/clock.h>
#include <core/lock.h>
#include <core/process.h>
#include <core/uaccess.h>
#include <linux/capability.h>
#include <linux/timex.h>

COMPONENT("adjtimex", "adjtimex(2): state and steps of the wall clock");

#define PHASE_LIMIT_US 16000000l /* NTP_PHASE_LIMIT: as far off as can be said */
#define TICK_US        10000l
#define TICK_PART      (TICK_US / 10)
#define TOLERANCE      (500l << 16) /* parts in a million, with 16 bits behind the point */
#define CONSTANT       2l
/* What ADJ_OFFSET_SINGLESHOT and ADJ_OFFSET_SS_READ have beside ADJ_OFFSET. */
#define ADJ_ADJTIME         (ADJ_OFFSET_SINGLESHOT & ~ADJ_OFFSET)
#define ADJ_OFFSET_READONLY (ADJ_OFFSET_SS_READ & ~ADJ_OFFSET_SINGLESHOT)

static struct mutex adjust_lock = MUTEX_INIT(adjust_lock, RANK_CALL);
static struct {
	long max_error_us, error_us, constant;
	int status, tai;
} kept = { PHASE_LIMIT_US, PHASE_LIMIT_US, CONSTANT, STA_UNSYNC, 0 }; /* adjust_lock */

/* adjtime(3) is ADJ_OFFSET_SINGLESHOT, and how much of it is left ADJ_OFFSET_SS_READ: nothing ever. */
static long check(const struct __kernel_timex *t)
{
	const unsigned part = t->modes & ADJ_NANO ? NSEC_PER_SEC : NSEC_PER_SEC / 1000;
	bool single = t->modes & ADJ_ADJTIME;

	if (single && !(t->modes & ADJ_OFFSET))
		return -EINVAL;
	if (t->modes && !(single && t->modes & ADJ_OFFSET_READONLY) &&
	    !(current->process->credentials.cap_effective & 1ull << CAP_SYS_TIME))
		return -EPERM;
	if (!single && t->modes & ADJ_TICK && (t->tick < TICK_US - TICK_PART || t->tick > TICK_US + TICK_PART))
		return -EINVAL;
	if (t->modes & ADJ_SETOFFSET && (t->time.tv_usec < 0 || (uint64_t)t->time.tv_usec >= part))
		return -EINVAL;
	if (single)
		return t->modes & ADJ_OFFSET_READONLY || t->offset == 0 ? 0 : -EOPNOTSUPP;
	if ((t->modes & ADJ_OFFSET && t->offset) || (t->modes & ADJ_FREQUENCY && t->freq) ||
	    (t->modes & ADJ_TICK && t->tick != TICK_US))
		return -EOPNOTSUPP;
	return 0;
}

static void change(const struct __kernel_timex *t)
{
	if (t->modes & ADJ_SETOFFSET) {
		int64_t part = t->modes & ADJ_NANO ? t->time.tv_usec : t->time.tv_usec * 1000;

		clock_set_realtime(clock_realtime_ns() + (uint64_t)t->time.tv_sec * NSEC_PER_SEC + (uint64_t)part);
	}
	if (t->modes & ADJ_STATUS)
		kept.status = (kept.status & STA_RONLY) | (t->status & ~STA_RONLY);
	if (t->modes & ADJ_NANO)
		kept.status |= STA_NANO;
	if (t->modes & ADJ_MICRO)
		kept.status &= ~STA_NANO;
	if (t->modes & ADJ_MAXERROR)
		kept.max_error_us = MIN(MAX(t->maxerror, 0l), PHASE_LIMIT_US);
	if (t->modes & ADJ_ESTERROR)
		kept.error_us = MIN(MAX(t->esterror, 0l), PHASE_LIMIT_US);
	if (t->modes & ADJ_TIMECONST)
		kept.constant = MIN(MAX(t->constant + (kept.status & STA_NANO ? 0 : 4), 0l), 10l);
	if (t->modes & ADJ_TAI && t->constant >= 0)
		kept.tai = (int)t->constant;
}

static long adjust(struct __kernel_timex __user *user)
{
	struct __kernel_timex t;
	uint64_t now;
	long r;

	if (copy_in(&t, user))
		return -EFAULT;
	r = check(&t);
	if (r)
		return r;
	mutex_lock(&adjust_lock);
	if (!(t.modes & ADJ_ADJTIME))
		change(&t);
	now = clock_realtime_ns();
	t.offset = t.freq = 0;
	t.maxerror = kept.max_error_us;
	t.esterror = kept.error_us;
	t.status = kept.status;
	t.constant = kept.constant;
	t.precision = 1;
	t.tolerance = TOLERANCE;
	t.tick = TICK_US;
	t.tai = kept.tai;
	t.time.tv_sec = (int64_t)(now / NSEC_PER_SEC);
	t.time.tv_usec = (int64_t)(now % NSEC_PER_SEC);
	if (!(kept.status & STA_NANO))
		t.time.tv_usec /= 1000;
	r = kept.status & (STA_UNSYNC | STA_CLOCKERR) ? TIME_ERROR : TIME_OK;
	mutex_unlock(&adjust_lock);
	return copy_out(user, &t) ? -EFAULT : r;
}

/* Partial: not the slow ways of setting the clock (ADJ_OFFSET, ADJ_FREQUENCY, ADJ_TICK, adjtime): EOPNOTSUPP. */
long sys_adjtimex(struct __kernel_timex __user *t)
{
	return adjust(t);
}
SYSCALL(adjtimex);

/* Partial: as adjtimex. */
long sys_clock_adjtime(int clock, struct __kernel_timex __user *t)
{
	uint64_t ns;

	if (clock == CLOCK_REALTIME)
		return adjust(t);
	return clock_read(clock, &ns) ? -EINVAL : -EOPNOTSUPP;
}
SYSCALL(clock_adjtime);
