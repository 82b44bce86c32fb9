/* timerfd_create(2), timerfd_settime(2), timerfd_gettime(2). */
#include <core/clock.h>
#include <abi/new_file.h>
#include <abi/syscall.h>
#include <fs/timerfd.h>
#include <linux/time.h>
#include <linux/time_types.h>
#include <linux/timerfd.h>

COMPONENT("timerfd", "timers as files (timerfd)");

long sys_timerfd_create(int clock, int flags)
{
	if (flags & ~(TFD_CLOEXEC | TFD_NONBLOCK))
		return -EINVAL;
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME &&
	    clock != CLOCK_REALTIME_ALARM && clock != CLOCK_BOOTTIME_ALARM)
		return -EINVAL;
	return fd_of_new(timerfd_create(clock, (unsigned)flags), flags & TFD_CLOEXEC);
}
SYSCALL(timerfd_create);

static int to_ns(const struct __kernel_timespec *t, uint64_t *out)
{
	if (t->tv_sec < 0 || (uint64_t)t->tv_nsec >= NSEC_PER_SEC)
		return -EINVAL;
	if ((uint64_t)t->tv_sec >= INT64_MAX / NSEC_PER_SEC)
		*out = INT64_MAX;
	else
		*out = (uint64_t)t->tv_sec * NSEC_PER_SEC + (uint64_t)t->tv_nsec;
	return 0;
}

static int put_setting(struct __kernel_itimerspec __user *to, const struct timerfd_setting *from)
{
	struct __kernel_itimerspec t = {
		.it_interval = { (int64_t)(from->interval_ns / NSEC_PER_SEC), (int64_t)(from->interval_ns % NSEC_PER_SEC) },
		.it_value = { (int64_t)(from->value_ns / NSEC_PER_SEC), (int64_t)(from->value_ns % NSEC_PER_SEC) },
	};

	return copy_out(to, &t);
}

long sys_timerfd_settime(int fd, int flags, const struct __kernel_itimerspec __user *new,
			 struct __kernel_itimerspec __user *old)
{
	struct timerfd_setting set, before;
	struct __kernel_itimerspec t;
	struct file *f;
	int error;

	if (copy_in(&t, new))
		return -EFAULT;
	if (flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET))
		return -EINVAL;
	if (to_ns(&t.it_value, &set.value_ns) || to_ns(&t.it_interval, &set.interval_ns))
		return -EINVAL;
	f = fd_get(fd);
	if (!f)
		return -EBADF;
	error = timerfd_set(f, (unsigned)flags, &set, &before);
	file_put(f);
	if (!error && old)
		error = put_setting(old, &before);
	return error;
}
SYSCALL(timerfd_settime);

long sys_timerfd_gettime(int fd, struct __kernel_itimerspec __user *now)
{
	struct timerfd_setting setting;
	struct file *f = fd_get(fd);
	int error;

	if (!f)
		return -EBADF;
	error = timerfd_get(f, &setting);
	file_put(f);
	return error ? error : put_setting(now, &setting);
}
SYSCALL(timerfd_gettime);
