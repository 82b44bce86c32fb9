/* Event counters, eventfd(2) (fs/eventfd.c). */
#ifndef FS_EVENTFD_H
#define FS_EVENTFD_H

#include <fs/file.h>

/* No UAPI header has these. */
#define EFD_SEMAPHORE 1
#define EFD_CLOEXEC   O_CLOEXEC
#define EFD_NONBLOCK  O_NONBLOCK

/** eventfd_create() - a counter that starts at @value. @flags: EFD_SEMAPHORE, EFD_NONBLOCK. NULL: no memory. */
struct file *eventfd_create(uint64_t value, unsigned flags) __must_check;
/** eventfd_is() - is @f such a counter?  eventfd_signal() - add one, unless it is full. Context: any. */
bool eventfd_is(const struct file *f);
void eventfd_signal(struct file *f);

#endif
