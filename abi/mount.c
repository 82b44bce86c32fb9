/* mount(2), umount2(2). */
#include <abi/path_at.h>
#include <abi/syscall.h>
#include <core/process.h>
#include <core/slab.h>
#include <core/uaccess.h>
#include <linux/fcntl.h>
#include <linux/mount.h>

COMPONENT("file-calls", "system calls on files, directories and descriptors");

#define OPTIONS_MAX 1024u
#define PROPAGATION (MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE)
#define UMOUNT_KNOWN (MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW)

/* A string that may be NULL, which reads as "". @to has @size bytes. */
static long copy_text(char *to, const char __user *from, size_t size)
{
	ssize_t n = 0;

	if (from)
		n = strncpy_from_user(to, from, size);
	if (n < 0)
		return n;
	if ((size_t)n == size)
		return -EINVAL;
	to[n] = '\0';
	return 0;
}

/* MS_BIND, MS_MOVE: @source is a path too. */
static long mount_place(const char *source, const struct path *at, unsigned long flags)
{
	struct path from;
	long r = *source ? path_walk(NULL, source, WALK_FOLLOW, &from) : -EINVAL;

	if (!r) {
		r = flags & MS_BIND ? mount_bind(&from, at, flags & MS_REC) : mount_move(&from, at);
		path_put(&from);
	}
	return r;
}

/* MS_PRIVATE and MS_SLAVE say what every mount is here; the others want what there is not. */
static long propagation(const struct path *at, unsigned long flags)
{
	unsigned long kind = flags & ~(unsigned long)(MS_REC | MS_SILENT);

	return at->dentry == at->mount->root && (kind == MS_PRIVATE || kind == MS_SLAVE) ? 0 : -EINVAL;
}

/* Partial: without propagation between mounts: MS_SHARED and MS_UNBINDABLE are EINVAL. */
long sys_mount(const char __user *source, const char __user *target, const char __user *type, unsigned long flags,
	       const char __user *data)
{
	char type_text[32], *options, *source_text;
	struct path at;
	long r;

	if ((flags & 0xffff0000ul) == 0xc0ed0000ul)
		flags &= 0xffff; /* a magic number of old */
	options = kmalloc(OPTIONS_MAX + PATH_LIMIT);
	if (!options)
		return -ENOMEM;
	source_text = options + OPTIONS_MAX;
	r = copy_text(type_text, type, sizeof(type_text));
	if (!r)
		r = copy_text(source_text, source, PATH_LIMIT);
	if (!r)
		r = copy_text(options, data, OPTIONS_MAX);
	if (!r)
		r = path_at_find(AT_FDCWD, target, 0, &at);
	if (!r) {
		if (flags & MS_NOUSER)
			r = -EINVAL;
		else if (current->process->credentials.euid != 0)
			r = -EPERM;
		else if (flags & PROPAGATION && !(flags & (MS_BIND | MS_REMOUNT)))
			r = propagation(&at, flags);
		else if (flags & (MS_BIND | MS_MOVE) && !(flags & MS_REMOUNT))
			r = mount_place(source_text, &at, flags);
		else
			r = mount_filesystem(type_text, *source_text ? source_text : "none", &at, flags, options);
		path_put(&at);
	}
	kfree(options);
	return r;
}
SYSCALL(mount);

long sys_umount2(const char __user *target, int flags)
{
	struct path at;
	long r;

	if ((unsigned)flags & ~UMOUNT_KNOWN || (flags & MNT_EXPIRE && flags & (MNT_FORCE | MNT_DETACH)))
		return -EINVAL;
	r = path_at_find(AT_FDCWD, target, flags & UMOUNT_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0, &at);
	if (r)
		return r;
	r = current->process->credentials.euid == 0 ? mount_remove(&at, (unsigned)flags) : -EPERM;
	path_put(&at);
	return r;
}
SYSCALL(umount2);
