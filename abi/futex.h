/* Waiting for words of memory: what the files of futex(2) share (abi/futex.c, futex_pi.c, futex_waitv.c). */
#ifndef ABI_FUTEX_H
#define ABI_FUTEX_H

#include <abi/code.h>
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

/* What futex(2) was called with. */
struct futex_call {
	uint32_t __user *word;
	unsigned command, flags; /* the operation without, and with nothing but, FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME */
	uint32_t value;
	unsigned long timeout; /* or a second value */
	uint32_t __user *word2;
	uint32_t value3;
};

/* An operation that only some programs use; waiting and waking are always there. */
struct futex_operation {
	const char *name;
	long (*call)(const struct futex_call *c);
	uint64_t operation;
};
SET_DECLARE(futex, struct futex_operation, 24);
#define FUTEX_OPERATION(ident, fn) CODE_ENTRY_(futex_operation, set_futex_##ident, ".set.futex." #ident) = { #ident, fn, ident }

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

struct robust_list_head;
/** robust_list_release() - mark the locks of the current thread's list, and wake who waits for them. */
void robust_list_release(const struct robust_list_head *head);

/* abi/futex_pi.c: the operations with priority inheritance. */
/** futex_pi_waits_for() - is it the word @to that @w is to be moved to? */
bool futex_pi_waits_for(const struct futex_pi_waiter *w, const struct futex_key *to);
/** futex_pi_thread_ends() - what the current thread owns goes to those that wait for it. */
void futex_pi_thread_ends(void);

#endif
