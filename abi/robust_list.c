/* Locks that a thread holds when it ends: set_robust_list(2), Documentation/locking/robust-futexes.rst. */
#include <abi/futex.h>
#include <abi/syscall.h>
#include <core/process.h>
#include <core/uaccess.h>
#include <linux/futex.h>

COMPONENT("robust-list", "locks whose owner ends (set_robust_list)");

#define ROBUST_PI ((uint64_t)1) /* bit 0 of a list pointer */

long sys_set_robust_list(struct robust_list_head __user *head, size_t size)
{
	if (size != sizeof(*head))
		return -EINVAL;
	current->robust_list = head;
	return 0;
}
SYSCALL(set_robust_list);

long sys_get_robust_list(int tid, uint64_t __user *head, uint64_t __user *size)
{
	struct thread *t = tid == 0 ? current : thread_by_tid(tid);
	uint64_t list;

	if (!t)
		return -ESRCH;
	list = (uint64_t)t->robust_list;
	if (tid != 0)
		thread_put(t);
	return put_user_u64(head, list) || put_user_u64(size, sizeof(struct robust_list_head)) ? -EFAULT : 0;
}
SYSCALL(get_robust_list);

/* A lock whose owner ends: mark it, and wake one waiter, who will own it and know. */
static bool owner_died(uint32_t __user *word, bool pending, bool pi)
{
	uint32_t value, found;

	if (((uint64_t)word & 3) || get_user_u32(&value, word))
		return false;
	for (;;) {
		if ((value & FUTEX_TID_MASK) != (uint32_t)current->tid) {
			/* Released, but perhaps not woken: the owner ended in between. */
			if (pending && !pi && !(value & FUTEX_TID_MASK))
				(void)futex_wake_shared(word, 1);
			return true;
		}
		if (user_cmpxchg_u32(word, value, (value & FUTEX_WAITERS) | FUTEX_OWNER_DIED, &found))
			return false;
		if (found == value)
			break;
		value = found;
	}
	if (value & FUTEX_WAITERS && !pi) /* of those with priority inheritance, waiters were seen to already */
		(void)futex_wake_shared(word, 1);
	return true;
}

void robust_list_release(const struct robust_list_head __user *head)
{
	uint64_t at, next, offset, pending;

	if (get_user_u64(&at, (const uint64_t __user *)&head->list.next) ||
	    get_user_u64(&offset, (const uint64_t __user *)&head->futex_offset) ||
	    get_user_u64(&pending, (const uint64_t __user *)&head->list_op_pending))
		return;
	/* The list is the program's: it may be a ring without end. */
	for (unsigned i = 0; i < ROBUST_LIST_LIMIT && (at & ~ROBUST_PI) != (uint64_t)&head->list; i++) {
		if (get_user_u64(&next, (const uint64_t __user *)(at & ~ROBUST_PI)))
			return;
		if (at != pending && !owner_died((uint32_t __user *)((at & ~ROBUST_PI) + offset), false, at & ROBUST_PI))
			return;
		at = next;
	}
	if (pending & ~ROBUST_PI)
		(void)owner_died((uint32_t __user *)((pending & ~ROBUST_PI) + offset), true, pending & ROBUST_PI);
}
