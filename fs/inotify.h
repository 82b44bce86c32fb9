/* Watches of files, inotify(7) (fs/inotify.c). */
#ifndef FS_INOTIFY_H
#define FS_INOTIFY_H

#include <fs/vfs.h>

/* What /proc/sys/fs/inotify says. */
#define INOTIFY_INSTANCES_MAX 128u
#define INOTIFY_WATCHES_MAX   65536u
#define INOTIFY_EVENTS_MAX    16384u

/** inotify_create() - @flags: O_NONBLOCK. err_ptr(-EMFILE, -ENOMEM). */
struct file *inotify_create(unsigned flags) __must_check;
/** inotify_is() - was @f made so? The rest is only for those. */
bool inotify_is(const struct file *f);
/** inotify_watch() - watch @inode, or change what is watched of it. Return: the watch's number; -EEXIST, -ENOSPC, -ENOMEM. */
int inotify_watch(struct file *f, struct inode *inode, uint32_t mask);
/** inotify_unwatch() - -EINVAL: no such watch. */
int inotify_unwatch(struct file *f, int wd);

#endif
