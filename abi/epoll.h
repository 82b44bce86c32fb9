/* What epoll_wait has in common with epoll_pwait (abi/epoll.c). */
#ifndef ABI_EPOLL_H
#define ABI_EPOLL_H

#include <fs/epoll.h>

long epoll_wait_user(int epfd, struct epoll_event __user *events, int max, uint64_t deadline_ns);

#endif
