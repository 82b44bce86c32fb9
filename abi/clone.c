/* clone(2), clone3(2): new threads. A new process (fork) is not here: that needs copied address spaces. */
#include <abi/clone.h>
#include <abi/syscall.h>
#include <arch/thread.h>
#include <core/log.h>
#include <core/process.h>
#include <core/uaccess.h>
#include <linux/sched.h>
#include <mm/mm.h>

COMPONENT("thread-calls", "system calls that make, end and schedule threads");

#define THREAD_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)
#define KNOWN_FLAGS                                                                                \
	(THREAD_FLAGS | CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID |    \
	 CLONE_CHILD_SETTID | CLONE_DETACHED | CLONE_IO | CLONE_PTRACE | CLONE_UNTRACED)

static long clone_thread(uint64_t flags, uint64_t sp, int32_t __user *parent_tid, int32_t __user *child_tid, uint64_t tls)
{
	struct thread *t;
	long tid;

	if ((flags & CLONE_THREAD && !(flags & CLONE_SIGHAND)) || (flags & CLONE_SIGHAND && !(flags & CLONE_VM)))
		return -EINVAL;
	if (!(flags & CLONE_VM) || !(flags & CLONE_THREAD)) {
		log_once(LOG_WARNING, "%s: fork is not in this kernel yet: ENOSYS", current->name);
		return -ENOSYS;
	}
	if ((flags & THREAD_FLAGS) != THREAD_FLAGS || (flags & ~(uint64_t)KNOWN_FLAGS))
		return -EINVAL;
	if (flags & CLONE_SETTLS && tls >= current->process->mm->limit)
		return -EPERM; /* the processor faults on a segment base that is no address at all */
	t = thread_create(current->name, current->process, NULL, NULL);
	if (!t)
		return -EAGAIN;
	arch_thread_fork(t, current->frame, sp ? sp : frame_sp(current->frame), flags & CLONE_SETTLS, tls);
	tid = t->tid;
	if (flags & CLONE_CHILD_CLEARTID)
		t->clear_child_tid = child_tid;
	/* As in Linux, an address that is not there does not undo the thread. */
	if (flags & CLONE_PARENT_SETTID && put_user_u32((uint32_t __user *)parent_tid, (uint32_t)tid))
		log_debug("clone: parent_tid is not mapped");
	if (flags & CLONE_CHILD_SETTID && put_user_u32((uint32_t __user *)child_tid, (uint32_t)tid))
		log_debug("clone: child_tid is not mapped");
	thread_start(t);
	thread_put(t);
	return tid;
}

/* Partial: new threads alone: a new process is ENOSYS, a new namespace EPERM. */
long sys_clone(unsigned long flags, unsigned long sp, int32_t __user *parent_tid, int32_t __user *child_tid, unsigned long tls)
{
	return clone_thread(flags & ~(unsigned long)CSIGNAL, sp, parent_tid, child_tid, tls);
}
SYSCALL(clone);

/* Partial: as clone; cgroups and the choice of ids are refused. */
long sys_clone3(const struct clone_args __user *from, size_t size)
{
	struct clone_args a = { 0 };

	if (size < CLONE_ARGS_SIZE_VER0)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	if (copy_from_user(&a, from, MIN(size, sizeof(a))))
		return -EFAULT;
	for (size_t i = sizeof(a); i < size; i += 8) {
		uint64_t more; /* fields that this kernel does not know must be unused */

		if (get_user_u64(&more, (const uint64_t __user *)((uint64_t)from + i)))
			return -EFAULT;
		if (more)
			return -E2BIG;
	}
	if ((a.flags & CSIGNAL) || a.set_tid_size || (!a.stack != !a.stack_size))
		return -EINVAL;
	return clone_thread(a.flags, a.stack ? a.stack + a.stack_size : 0, (int32_t __user *)a.parent_tid,
			    (int32_t __user *)a.child_tid, a.tls);
}
SYSCALL(clone3);
