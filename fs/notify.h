/* What happens to files, told to whoever watches them (fs/inotify.c). Bits of events are Linux's IN_*.
 *
 * Until the first watch is made there is nobody to tell, and a kernel without inotify holds no part of it: the hooks
 * are reached through a pointer, and each place costs one look at it.
 */
#ifndef FS_NOTIFY_H
#define FS_NOTIFY_H

#include <fs/vfs.h>
#include <linux/inotify.h>

struct notify_hooks {
	/* The inode of @d and the directory that it is in. */
	void (*entry)(struct dentry *d, uint32_t events);
	/* A name came into @dir, or left it. */
	void (*name)(struct inode *dir, const struct dentry *d, uint32_t events);
	/* @d was renamed: it was called @old_name in @from and is in @to now. */
	void (*renamed)(struct inode *from, const char *old_name, size_t old_len, struct inode *to, struct dentry *d);
	/* The inode alone; IN_DELETE_SELF: it has no name and is not open any more. */
	void (*inode)(struct inode *inode, uint32_t events);
	/* @s is not mounted any more. */
	void (*unmounted)(struct super *s);
};
extern const struct notify_hooks *notify_hooks; /* a: set with the first watch, NULL before */

static inline const struct notify_hooks *notify_who(void)
{
	return __atomic_load_n(&notify_hooks, __ATOMIC_ACQUIRE);
}

void notify_file_(struct file *f, uint32_t events);
/** notify_file() - of an open file. */
static inline void notify_file(struct file *f, uint32_t events)
{
	if (unlikely(notify_who()))
		notify_file_(f, events);
}
/** notify_moved() - @r bytes were moved: a read (IN_ACCESS) or a write (IN_MODIFY). Return: @r. */
static inline ssize_t notify_moved(struct file *f, ssize_t r, uint32_t events)
{
	if (unlikely(notify_who()) && r > 0)
		notify_file_(f, events);
	return r;
}
static inline void notify_entry(struct dentry *d, uint32_t events)
{
	if (unlikely(notify_who()))
		notify_who()->entry(d, events);
}
static inline void notify_name(struct inode *dir, const struct dentry *d, uint32_t events)
{
	if (unlikely(notify_who()))
		notify_who()->name(dir, d, events);
}
static inline void notify_renamed(struct inode *from, const char *old_name, size_t old_len, struct inode *to,
				  struct dentry *d)
{
	if (unlikely(notify_who()))
		notify_who()->renamed(from, old_name, old_len, to, d);
}
static inline void notify_inode(struct inode *inode, uint32_t events)
{
	if (unlikely(notify_who()))
		notify_who()->inode(inode, events);
}
static inline void notify_unmounted(struct super *s)
{
	if (unlikely(notify_who()))
		notify_who()->unmounted(s);
}

#endif
