/* Times as programs hand them in: checked, in nanoseconds, as deadlines of the monotonic clock (abi/timespec.c). */
#ifndef ABI_TIMESPEC_H
#define ABI_TIMESPEC_H

#include <linux/time.h>

#define TIME_FOREVER UINT64_MAX

/** timespec_ns() - nanoseconds, saturated. -EINVAL if negative or not normal. */
int timespec_ns(const struct timespec *ts, uint64_t *out);
/** timespec_read() - from a program. -EFAULT, -EINVAL. */
int timespec_read(const struct timespec __user *from, uint64_t *ret_ns);
int timespec_write(struct timespec __user *to, uint64_t ns);
/** timespec_deadline() - a time from now on. @out: monotonic; -EFAULT, -EINVAL. */
int timespec_deadline(const struct timespec __user *from, uint64_t *out);
/** time_after() - now + @ns, saturated. */
uint64_t time_after(uint64_t ns);
/** realtime_to_monotonic() - when the wall clock will show @ns, if nobody sets it. */
uint64_t realtime_to_monotonic(uint64_t ns);

#endif
