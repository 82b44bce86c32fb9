/* ppoll(2), pselect6(2): waiting for several files.
 *
 * The program's arrays are copied in whole, and what changed is copied back; large ones go through allocated memory.
 */
#include <core/process.h>
#include <core/signal.h>
#include <core/slab.h>
#include <abi/deadline.h>
#include <abi/poll.h>
#include <abi/syscall.h>
#include <fs/files.h>
#include <linux/resource.h>

COMPONENT("poll", "waiting for several files (poll, select)");

#define POLL_ON_STACK   16u
#define SELECT_ON_STACK 128u /* descriptors */

static void *user_pointer(void __user *p)
{
	return (void *)(uintptr_t)p;
}

long poll_user(struct pollfd __user *fds, unsigned count, uint64_t deadline_ns)
{
	struct pollfd some[POLL_ON_STACK], *all = some;
	long found;

	if (count > current->process->limits[RLIMIT_NOFILE].soft)
		return -EINVAL;
	if (count > POLL_ON_STACK) {
		all = kmalloc_array(count, sizeof(*all));
		if (!all)
			return -ENOMEM;
	}
	found = -EFAULT;
	if (user_range_ok(fds, count * sizeof(*fds)) && !copy_from_user(all, fds, count * sizeof(*all)))
		found = poll_files(all, count, deadline_ns);
	for (unsigned i = 0; found >= 0 && i < count; i++)
		if (copy_out(&fds[i].revents, &all[i].revents))
			found = -EFAULT;
	if (all != some)
		kfree(all);
	return found;
}

long select_user(int count, void __user *in, void __user *out, void __user *except, uint64_t deadline_ns)
{
	uint64_t some[2 * SELECT_SETS * SELECT_ON_STACK / 64], *words = some;
	void __user *const user[SELECT_SETS] = { in, out, except };
	struct select_sets sets = { { NULL }, { NULL } };
	size_t per_set;
	long found = 0;

	if (count < 0)
		return -EINVAL;
	count = MIN(count, (int)FILES_MAX);
	per_set = ((size_t)count + 63) / 64;
	if (count > (int)SELECT_ON_STACK) {
		words = kmalloc_array(2 * SELECT_SETS * per_set, sizeof(*words));
		if (!words)
			return -ENOMEM;
	}
	for (unsigned s = 0; s < SELECT_SETS; s++) {
		uint64_t *set_in = words + s * per_set, *set_out = words + (SELECT_SETS + s) * per_set;

		if (!user_pointer(user[s]))
			continue;
		if (copy_from_user(set_in, user[s], per_set * sizeof(*words)))
			found = -EFAULT;
		memset(set_out, 0, per_set * sizeof(*words));
		sets.in[s] = set_in;
		sets.out[s] = set_out;
	}
	if (!found)
		found = select_files((unsigned)count, &sets, deadline_ns);
	for (unsigned s = 0; found >= 0 && s < SELECT_SETS; s++)
		if (sets.out[s] && copy_to_user(user[s], sets.out[s], per_set * sizeof(*words)))
			found = -EFAULT;
	if (words != some)
		kfree(words);
	return found;
}

long sys_ppoll(struct pollfd __user *fds, unsigned count, struct __kernel_timespec __user *timeout,
	       const signal_mask __user *mask, size_t mask_size)
{
	signal_mask blocked;
	uint64_t deadline_ns;
	int error = deadline_from(timeout, &deadline_ns);
	long found;

	if (error)
		return error;
	if (mask) {
		if (mask_size != sizeof(blocked))
			return -EINVAL;
		if (copy_in(&blocked, mask))
			return -EFAULT;
		signal_mask_push(blocked);
	}
	found = poll_user(fds, count, deadline_ns);
	if (mask)
		signal_mask_pop(found == -ERESTARTNOHAND);
	(void)deadline_put_left(timeout, deadline_ns);
	return found;
}
SYSCALL(ppoll);

/* pselect6's last argument: a mask and its size, because six arguments are the limit. */
struct sized_mask {
	const signal_mask __user *mask;
	size_t size;
};

long sys_pselect6(int count, void __user *in, void __user *out, void __user *except,
		  struct __kernel_timespec __user *timeout, const struct sized_mask __user *sized)
{
	struct sized_mask s = { NULL, 0 };
	signal_mask blocked;
	uint64_t deadline_ns;
	int error;
	long found;

	if (sized && copy_in(&s, sized))
		return -EFAULT;
	error = deadline_from(timeout, &deadline_ns);
	if (error)
		return error;
	if (s.mask) {
		if (s.size != sizeof(blocked))
			return -EINVAL;
		if (copy_in(&blocked, s.mask))
			return -EFAULT;
		signal_mask_push(blocked);
	}
	found = select_user(count, in, out, except, deadline_ns);
	if (s.mask)
		signal_mask_pop(found == -ERESTARTNOHAND);
	(void)deadline_put_left(timeout, deadline_ns);
	return found;
}
SYSCALL(pselect6);
