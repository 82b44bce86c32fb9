/* arch_prctl(2): segment bases of the current thread, which x86-64 uses for thread-local storage. */
#include <abi/syscall.h>
#include <arch/layout.h>
#include <arch/thread.h>
#include <asm/prctl.h>
#include <core/uaccess.h>

COMPONENT("process-calls", "system calls of the process: identity, limits, sessions");

long sys_arch_prctl(int code, unsigned long address)
{
	switch (code) {
	case ARCH_SET_FS:
		if (address >= USER_LIMIT)
			return -EPERM;
		arch_fs_base_set(address);
		return 0;
	case ARCH_SET_GS:
		if (address >= USER_LIMIT)
			return -EPERM;
		arch_gs_base_set(address);
		return 0;
	case ARCH_GET_FS:
		return put_user_u64((uint64_t __user *)address, arch_fs_base_get());
	case ARCH_GET_GS:
		return put_user_u64((uint64_t __user *)address, arch_gs_base_get());
	default: /* shadow stacks and the like are asked for by libc at start, and not there */
		return -EINVAL;
	}
}
SYSCALL(arch_prctl);
