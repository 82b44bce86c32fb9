/* Timers as files, timerfd_create(2) (fs/timerfd.c). */
#ifndef FS_TIMERFD_H
#define FS_TIMERFD_H

#include <fs/file.h>

/** timerfd_create() - a disarmed timer. @clock: CLOCK_*, checked by the caller. NULL: no memory. */
struct file *timerfd_create(int clock, unsigned flags) __must_check;

struct timerfd_setting {
	uint64_t value_ns;    /* until the first expiration; 0: disarmed */
	uint64_t interval_ns; /* between further ones; 0: only one */
};
/**
 * timerfd_set() - arm or disarm. @flags: TFD_TIMER_ABSTIME: value_ns is a moment of the timer's clock;
 * TFD_TIMER_CANCEL_ON_SET. @old may be NULL. Return: 0; -EINVAL: @f is no timer.
 */
int timerfd_set(struct file *f, unsigned flags, const struct timerfd_setting *set, struct timerfd_setting *old);
int timerfd_get(struct file *f, struct timerfd_setting *out);

#endif
