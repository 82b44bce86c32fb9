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
#define MNT_DETACH_ 2
#define UMOUNT_KNOWN 15

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

long sys_mount(const char __user *source, const char __user *target, const char __user *type, unsigned long flags,
	       const char __user *data)
{
	char type_text[32], source_text[256], *options;
	struct path at;
	long r;

	if (current->process->credentials.euid != 0)
		return -EPERM;
	if ((flags & 0xffff0000ul) == 0xc0ed0000ul)
		flags &= 0xffff; /* a magic number of old */
	options = kmalloc(OPTIONS_MAX);
	if (!options)
		return -ENOMEM;
	r = copy_text(type_text, type, sizeof(type_text));
	if (!r)
		r = copy_text(source_text, source, sizeof(source_text));
	if (!r)
		r = copy_text(options, data, OPTIONS_MAX);
	if (!r)
		r = path_at_find(AT_FDCWD, target, 0, &at);
	if (!r) {
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

	if (flags & ~UMOUNT_KNOWN)
		return -EINVAL;
	if (current->process->credentials.euid != 0)
		return -EPERM;
	r = path_at_find(AT_FDCWD, target, flags & 8 ? AT_SYMLINK_NOFOLLOW : 0, &at);
	if (r)
		return r;
	r = mount_remove(&at, flags & MNT_DETACH_);
	path_put(&at);
	return r;
}
SYSCALL(umount2);
