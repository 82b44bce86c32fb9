/* memfd_create(2), and the commands of fcntl(2) for seals. */
#include <abi/code.h>
#include <abi/new_file.h>
#include <abi/syscall.h>
#include <core/uaccess.h>
#include <fs/memfd.h>
#include <linux/memfd.h>

COMPONENT("memfd", "files in memory without a name (memfd)");

#define NAME_SIZE 250u /* Linux: 249 bytes and a zero */
static const char prefix[] = "memfd:";

long sys_memfd_create(const char __user *name, unsigned flags)
{
	char text[sizeof(prefix) + NAME_SIZE];
	struct file *f;
	ssize_t n;

	if (flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING))
		return -EINVAL; /* no huge pages here */
	memcpy(text, prefix, sizeof(prefix));
	n = strncpy_from_user(text + sizeof(prefix) - 1, name, NAME_SIZE);
	if (n < 0)
		return n;
	if (n == NAME_SIZE)
		return -EINVAL;
	f = memfd_create(text, flags & MFD_ALLOW_SEALING ? 0 : F_SEAL_SEAL);
	return is_err(f) ? ptr_err(f) : fd_of_new(f, flags & MFD_CLOEXEC);
}
SYSCALL(memfd_create);

static long f_get_seals(int fd, struct file *f, unsigned long arg)
{
	return memfd_seals(f);
}
FCNTL(F_GET_SEALS, f_get_seals);

static long f_add_seals(int fd, struct file *f, unsigned long arg)
{
	return arg > UINT32_MAX ? -EINVAL : memfd_add_seals(f, (unsigned)arg);
}
FCNTL(F_ADD_SEALS, f_add_seals);
