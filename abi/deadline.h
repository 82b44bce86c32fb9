/* Time-outs of calls that wait for events: a timespec of the program, and the moment it means (abi/deadline.c). */
#ifndef ABI_DEADLINE_H
#define ABI_DEADLINE_H

#include <core/timer.h>
#include <core/uaccess.h>
#include <linux/time_types.h>

/** deadline_after() - the moment in @ns from now, at most TIMER_NEVER - 1; 0 nanoseconds: 0, do not wait. */
uint64_t deadline_after(uint64_t ns);
/** deadline_from() - from a timespec of the program; NULL: TIMER_NEVER. -EFAULT, -EINVAL. */
int deadline_from(const struct __kernel_timespec __user *ts, uint64_t *ret_deadline_ns) __must_check;
/** deadline_left() - what is left, in nanoseconds; 0 if it has passed or there never was one to wait for. */
uint64_t deadline_left(uint64_t deadline_ns);
/** deadline_put_left() - the same into the program's timespec, as ppoll and pselect6 do, where a fault is no error.
 * Return: 0 or -EFAULT. */
int deadline_put_left(struct __kernel_timespec __user *ts, uint64_t deadline_ns);

#endif
