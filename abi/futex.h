/* Waiting for words of memory: what the files of futex(2) share (abi/futex.c, futex_pi.c, futex_waitv.c). */
#ifndef ABI_FUTEX_H
#define ABI_FUTEX_H

#include <core/lock.h>

struct futex_bucket;
struct futex_pi_waiter;
struct thread;

/* Which word it is, whoever asks. */
struct futex_key {
	uint64_t space;   /* struct mm *, or 0: shared */
	uint64_t address; /* of the word: in that space, or physical */
};

static inline bool futex_key_equal(const struct futex_key *a, const struct futex_key *b)
{
	return a->address == b->address && a->space == b->space;
}

struct futex_waiter {
	struct list node;      /* bucket's lock */
	struct futex_bucket *bucket; /* where it is queued; changed under that bucket's lock */
	struct futex_key key;  /* likewise */
	struct thread *thread; /* the waiter itself */
	uint32_t bits;
	bool woken;            /* set last by the waker, after which the waiter may be gone */
	struct futex_pi_waiter *pi; /* FUTEX_WAIT_REQUEUE_PI: what it is once it was moved; else NULL */
};

/** futex_key_make() - @flags: FUTEX_PRIVATE_FLAG. -EINVAL: not aligned; -EFAULT. */
int futex_key_make(uint32_t __user *word, unsigned flags, struct futex_key *out) __must_check;
/** futex_queue() - @w, whose key is set, waits from here on. */
void futex_queue(struct futex_waiter *w, uint32_t bits);
/** futex_unqueue() - it waits no more. Return: it had been woken. */
bool futex_unqueue(struct futex_waiter *w);
/** futex_wake() - Return: how many; -EINVAL: one of them waits to be moved. */
long futex_wake(const struct futex_key *k, int count, uint32_t bits);
/** futex_wake_shared() - wake up to @count waiters of the word at @address, as FUTEX_WAKE without FUTEX_PRIVATE_FLAG. */
long futex_wake_shared(uint32_t __user *address, int count);
/**
 * futex_take_moved() - the next waiter of @k that waits to be moved, off its queue.
 * Return: NULL: there is none; err_ptr(-EINVAL): it waits for something else.
 */
struct futex_pi_waiter *futex_take_moved(const struct futex_key *k, const struct futex_key *to);

/* abi/futex_pi.c: the operations with priority inheritance. @deadline_ns: monotonic. */
long futex_lock_pi(uint32_t __user *word, unsigned flags, uint64_t deadline_ns, bool try);
long futex_unlock_pi(uint32_t __user *word, unsigned flags);
long futex_wait_requeue_pi(uint32_t __user *word, unsigned flags, uint32_t expected, uint64_t deadline_ns, uint32_t __user *to);
long futex_cmp_requeue_pi(uint32_t __user *word, unsigned flags, int wake, int move, uint32_t __user *to, uint32_t expected);
/** futex_pi_waits_for() - is it the word @to that @w is to be moved to? */
bool futex_pi_waits_for(const struct futex_pi_waiter *w, const struct futex_key *to);
/** futex_pi_thread_ends() - what the current thread owns goes to those that wait for it. */
void futex_pi_thread_ends(void);

#endif
