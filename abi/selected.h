/* Threads by process, process group or user, as setpriority(2) and ioprio_set(2) name them (abi/selected.c). */
#ifndef ABI_SELECTED_H
#define ABI_SELECTED_H

#include <core/thread.h>

enum { SELECT_THREAD, SELECT_GROUP, SELECT_USER };

/**
 * threads_selected() - call @each for one thread, or for all threads of a process group or user (@who 0: the caller's).
 * @each: may not sleep.  Return: what @each returned last, its errors first; -ESRCH: there is none.
 */
long threads_selected(int which, int who, long (*each)(struct thread *t, void *argument), void *argument);

#endif
