/* Signals read from a file, signalfd(2) (fs/signalfd.c). */
#ifndef FS_SIGNALFD_H
#define FS_SIGNALFD_H

#include <core/signal.h>
#include <fs/file.h>

struct file *signalfd_create(signal_mask mask, unsigned flags) __must_check; /* NULL: no memory */
/** signalfd_change() - which signals it reads from now on. Return: 0; -EINVAL: @f is none. */
int signalfd_change(struct file *f, signal_mask mask);

#endif
