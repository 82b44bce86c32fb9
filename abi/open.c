/* openat(2), openat2(2), close(2), close_range(2). */
#include <abi/open.h>
#include <abi/path_at.h>
#include <abi/syscall.h>
#include <core/uaccess.h>
#include <fs/files.h>
#include <linux/close_range.h>
#include <linux/openat2.h>

COMPONENT("file-calls", "system calls on files, directories and descriptors");

#define OPEN_KNOWN                                                                                                     \
	(O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_SYNC | O_DSYNC | FASYNC |       \
	 O_DIRECT | O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC | O_PATH | O_TMPFILE)

static long open_at(int dirfd, const char __user *name, unsigned flags, uint32_t mode, unsigned walk)
{
	struct path_at p;
	struct file *f;
	long r = path_at_get(&p, dirfd, name);

	if (unlikely(r))
		return r;
	f = file_open(p.start, p.name, flags, mode, walk);
	path_at_put(&p);
	if (is_err(f))
		return ptr_err(f);
	r = fd_install(f, flags & O_CLOEXEC, 0);
	if (unlikely(r < 0))
		file_put(f);
	return r;
}

long open_by_name(int dirfd, const char __user *name, int flags, uint32_t mode)
{
	return open_at(dirfd, name, (unsigned)flags & OPEN_KNOWN, mode, 0);
}

long sys_openat(int dirfd, const char __user *name, int flags, uint32_t mode)
{
	return open_at(dirfd, name, (unsigned)flags & OPEN_KNOWN, mode, 0);
}
SYSCALL(openat);

/* The structure may be longer than ours, if what we do not know is zero. */
static int copy_how(struct open_how *how, const struct open_how __user *from, size_t size)
{
	const char __user *p = (const char __user *)from;
	char rest[64];

	*how = (struct open_how){ 0 };
	if (size < sizeof(*how))
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	if (copy_from_user(how, from, sizeof(*how)))
		return -EFAULT;
	for (size_t at = sizeof(*how); at < size; at += sizeof(rest)) {
		size_t n = MIN(size - at, sizeof(rest));

		if (copy_from_user(rest, p + at, n))
			return -EFAULT;
		for (size_t i = 0; i < n; i++)
			if (rest[i])
				return -E2BIG;
	}
	return 0;
}

long sys_openat2(int dirfd, const char __user *name, const struct open_how __user *from, size_t size)
{
	static const struct {
		uint64_t resolve;
		unsigned walk;
	} map[] = {
		{ RESOLVE_NO_XDEV, WALK_NO_XDEV },   { RESOLVE_NO_MAGICLINKS, WALK_NO_MAGIC },
		{ RESOLVE_BENEATH, WALK_BENEATH },   { RESOLVE_NO_SYMLINKS, WALK_NO_LINKS },
		{ RESOLVE_IN_ROOT, WALK_IN_ROOT },   { RESOLVE_CACHED, 0 },
	};
	struct open_how how;
	unsigned walk = 0;
	int r = copy_how(&how, from, size);

	if (r)
		return r;
	if (how.flags & ~(uint64_t)OPEN_KNOWN || how.mode & ~07777ull)
		return -EINVAL;
	if (how.mode && !(how.flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))))
		return -EINVAL;
	for (unsigned i = 0; i < ARRAY_SIZE(map); i++)
		if (how.resolve & map[i].resolve) {
			walk |= map[i].walk;
			how.resolve &= ~map[i].resolve;
		}
	if (how.resolve || (walk & WALK_BENEATH && walk & WALK_IN_ROOT))
		return -EINVAL;
	return open_at(dirfd, name, (unsigned)how.flags, (uint32_t)how.mode, walk);
}
SYSCALL(openat2);

long sys_close(int fd)
{
	return fd_close(fd);
}
SYSCALL(close);

long sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	if (flags & ~(unsigned)(CLOSE_RANGE_CLOEXEC | CLOSE_RANGE_UNSHARE) || first > last)
		return -EINVAL;
	return fd_close_range(first, last, flags & CLOSE_RANGE_CLOEXEC);
}
SYSCALL(close_range);
