/* futex_waitv(2): sleeping until one of several words changes. */
#include <abi/futex.h>
#include <abi/syscall.h>
#include <abi/timespec.h>
#include <core/process.h>
#include <core/slab.h>
#include <core/uaccess.h>
#include <core/wait.h>
#include <linux/futex.h>

COMPONENT("futex-waitv", "waiting for one of several words of memory (futex_waitv)");

static long read_words(struct futex_waitv *words, const struct futex_waitv __user *from, unsigned count)
{
	if (copy_from_user(words, from, count * sizeof(*words)))
		return -EFAULT;
	for (unsigned i = 0; i < count; i++)
		if (words[i].flags & ~(uint32_t)(FUTEX_32 | FUTEX_PRIVATE_FLAG) || words[i].__reserved ||
		    !(words[i].flags & FUTEX_32))
			return -EINVAL;
	return 0;
}

/* Return: the number of the last one that was woken, or -1. */
static long unqueue_all(struct futex_waiter *waiters, unsigned count)
{
	long woken = -1;

	for (unsigned i = 0; i < count; i++)
		if (futex_unqueue(&waiters[i]))
			woken = i;
	return woken;
}

/* Queue them all, each before its word is looked at. *@ret_queued: all are as expected; else the call's result. */
static long queue_all(struct futex_waiter *waiters, const struct futex_waitv *words, unsigned count, bool *ret_queued)
{
	long r = 0, woken;

	for (unsigned i = 0; i < count && !r; i++) {
		uint32_t __user *word = (uint32_t __user *)words[i].uaddr;
		uint32_t value;

		waiters[i].pi = NULL;
		r = futex_key_make(word, words[i].flags & FUTEX_PRIVATE_FLAG, &waiters[i].key);
		if (r) {
			count = i;
			break;
		}
		futex_queue(&waiters[i], FUTEX_BITSET_MATCH_ANY);
		if (get_user_u32(&value, word))
			r = -EFAULT;
		else if (value != (uint32_t)words[i].val)
			r = -EAGAIN;
		if (r)
			count = i + 1;
	}
	*ret_queued = !r;
	if (!r)
		return 0;
	woken = unqueue_all(waiters, count);
	return woken >= 0 ? woken : r; /* a wake-up that was meant for us is not lost */
}

static bool any_woken(const struct futex_waiter *waiters, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (__atomic_load_n(&waiters[i].woken, __ATOMIC_ACQUIRE))
			return true;
	return false;
}

static long wait_for_any(struct futex_waiter *waiters, unsigned count, uint64_t deadline_ns)
{
	long woken;
	int r = 0;

	for (;;) {
		thread_mark_waiting();
		if (r || any_woken(waiters, count))
			break;
		r = wait_sleep(deadline_ns, true);
	}
	thread_unmark_waiting();
	woken = unqueue_all(waiters, count);
	return woken >= 0 ? woken : r;
}

long sys_futex_waitv(const struct futex_waitv __user *from, unsigned count, unsigned flags, const struct timespec __user *until,
		     int clock)
{
	struct futex_waiter *waiters;
	struct futex_waitv *words;
	uint64_t deadline = TIMER_NEVER;
	bool queued = false;
	long r;

	if (flags || !count || count > FUTEX_WAITV_MAX || !from)
		return -EINVAL;
	if (until) {
		if (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME)
			return -EINVAL;
		r = timespec_read(until, &deadline);
		if (r)
			return r;
		if (clock == CLOCK_REALTIME)
			deadline = realtime_to_monotonic(deadline);
	}
	words = kmalloc_array(count, sizeof(*words));
	waiters = kmalloc_array(count, sizeof(*waiters));
	r = words && waiters ? read_words(words, from, count) : -ENOMEM;
	if (!r) {
		r = queue_all(waiters, words, count, &queued);
		if (queued)
			r = wait_for_any(waiters, count, deadline);
	}
	kfree(words);
	kfree(waiters);
	return r;
}
SYSCALL(futex_waitv);
