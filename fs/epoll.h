/* Sets of watched files, epoll(7) (fs/epoll.c). */
#ifndef FS_EPOLL_H
#define FS_EPOLL_H

#include <fs/file.h>

struct epoll;

/** epoll_create() - an empty set. NULL: no memory. */
struct file *epoll_create(void) __must_check;
/** epoll_of() - the set that @f is, NULL if it is none. */
struct epoll *epoll_of(struct file *f);

/**
 * epoll_control() - epoll_ctl(2). @op: EPOLL_CTL_*; @fd: the number under which @f is known to the program; @event:
 * for ADD and MOD, a kernel copy.
 * Return: 0; -EEXIST, -ENOENT, -EPERM (@f cannot be watched), -EINVAL, -ELOOP, -ENOMEM.
 */
int epoll_control(struct epoll *ep, int op, int fd, struct file *f, const struct epoll_event *event);

/**
 * epoll_wait_events() - up to @max events to the program, waiting until @deadline_ns for the first.
 * @deadline_ns: monotonic; 0: do not wait; TIMER_NEVER.   Return: how many; 0 at the deadline; -EFAULT; -EINTR.
 */
long epoll_wait_events(struct epoll *ep, struct epoll_event __user *events, int max, uint64_t deadline_ns);

#endif
