/* futex(2) with priority inheritance: FUTEX_LOCK_PI and its like, Documentation/locking/pi-futex.rst.
 *
 * A word holds its owner's thread id; the kernel is asked only when there is somebody who waits. Those that wait are in
 * one list, and whoever releases a word writes the id of the next owner, the one of the highest rank, into it. A waiter
 * lends its rank to the owner (sched_lend()), and on along the chain of those that owners wait for.
 * Locking: pi_lock (sleeping, because words are read and written under it, which may fault) for all of this. One lock for
 * all: only contended locks come here.
 */
#include <abi/futex.h>
#include <abi/syscall.h>
#include <abi/timespec.h>
#include <core/process.h>
#include <core/sched.h>
#include <core/uaccess.h>
#include <core/wait.h>
#include <linux/futex.h>

COMPONENT("futex", "waiting for a word of memory to change (futex)");

#define CHAIN_MAX 1024u /* owners that wait for owners; Linux: max_lock_depth */
#define ERESTARTNOINTR 513 /* restart whatever the handler says */

struct futex_pi_waiter {
	struct list node;      /* in `waiting` */
	struct wait_queue wake;
	uint32_t __user *word;
	struct futex_key key;
	struct thread *thread; /* the waiter itself */
	struct thread *owner;  /* ref; while it is in the list */
	bool queued;           /* in the list */
	bool done;
	long result;           /* once done: 0, it owns the word */
};

static struct mutex pi_lock = MUTEX_INIT(pi_lock, RANK_FUTEX_PI);
static struct list waiting = LIST_INIT(waiting); /* pi_lock; by age */
static bool used;                                /* atomic: somebody waited once */

static void waiter_init(struct futex_pi_waiter *w, uint32_t __user *word)
{
	*w = (struct futex_pi_waiter){ .word = word, .thread = current };
	list_init(&w->node);
	wait_queue_init(&w->wake);
}

bool futex_pi_waits_for(const struct futex_pi_waiter *w, const struct futex_key *to)
{
	return futex_key_equal(&w->key, to);
}

/* pi_lock is held in all of these. */

static struct futex_pi_waiter *wait_of(const struct thread *t)
{
	struct futex_pi_waiter *w;

	list_for_each(w, &waiting, node)
		if (w->thread == t)
			return w;
	return NULL;
}

/* The one of the highest rank that waits for @key, the oldest of those. */
static struct futex_pi_waiter *best(const struct futex_key *key)
{
	struct futex_pi_waiter *w, *found = NULL;

	list_for_each(w, &waiting, node)
		if (futex_key_equal(&w->key, key) && (!found || w->thread->rank > found->thread->rank))
			found = w;
	return found;
}

/* @owner has what those that wait for it lend, and lends it on if it waits itself. */
static void lend(struct thread *owner)
{
	for (unsigned i = 0; owner && i < CHAIN_MAX; i++) {
		struct futex_pi_waiter *w;
		unsigned rank = 0;

		list_for_each(w, &waiting, node)
			if (w->owner == owner)
				rank = MAX(rank, (unsigned)w->thread->rank);
		sched_lend(owner, rank);
		w = wait_of(owner);
		owner = w ? w->owner : NULL;
	}
}

/* Would waiting for @owner be waiting for oneself? */
static bool is_loop(const struct thread *owner, const struct thread *t)
{
	for (unsigned i = 0; owner && i < CHAIN_MAX; i++) {
		const struct futex_pi_waiter *w;

		if (owner == t)
			return true;
		w = wait_of(owner);
		owner = w ? w->owner : NULL;
	}
	return owner != NULL;
}

/* The thread that a word names, with a reference; err_ptr(). */
static struct thread *owner_of(uint32_t value)
{
	struct thread *t = thread_by_tid((int)(value & FUTEX_TID_MASK));
	long error;

	if (!t)
		return err_ptr(-ESRCH);
	if (t->process == current->process && !READ_ONCE(t->futexes_ended))
		return t;
	error = t->process ? -ESRCH : -EPERM;
	thread_put(t);
	return err_ptr(error);
}

/*
 * Make @t the owner of @word, unless it has one.
 * Return: 0; 1: *@ret_owner has it, with a reference, and the word says that somebody waits; -errno.
 */
static long take(uint32_t __user *word, const struct futex_key *key, struct thread *t, struct thread **ret_owner)
{
	uint32_t value, new, found;

	if (get_user_u32(&value, word))
		return -EFAULT;
	for (;; value = found) {
		struct thread *owner = NULL;

		if ((value & FUTEX_TID_MASK) == (uint32_t)t->tid)
			return -EDEADLK;
		if (!(value & FUTEX_TID_MASK)) {
			new = (uint32_t)t->tid | (value & FUTEX_OWNER_DIED) | (best(key) ? FUTEX_WAITERS : 0);
		} else {
			owner = owner_of(value);
			if (is_err(owner))
				return ptr_err(owner);
			new = value | FUTEX_WAITERS;
		}
		if (user_cmpxchg_u32(word, value, new, &found)) {
			if (owner)
				thread_put(owner);
			return -EFAULT;
		}
		if (found == value) {
			*ret_owner = owner;
			return owner ? 1 : 0;
		}
		if (owner)
			thread_put(owner);
	}
}

/* @w waits for @owner, whose reference moves. */
static void queue(struct futex_pi_waiter *w, struct thread *owner)
{
	__atomic_store_n(&used, true, __ATOMIC_SEQ_CST); /* pairs with futex_pi_thread_ends() */
	w->owner = owner;
	w->queued = true;
	list_add_tail(&waiting, &w->node);
	lend(owner);
}

static void unqueue(struct futex_pi_waiter *w)
{
	struct thread *owner = w->owner;

	list_del(&w->node);
	w->queued = false;
	w->owner = NULL;
	lend(owner);
	thread_put(owner);
}

static void finish(struct futex_pi_waiter *w, long result)
{
	w->result = result;
	w->done = true;
	wait_queue_wake(&w->wake, 0);
}

/* @w, which was the best, is the owner from now on; its word says so. The others wait for it. */
static void hand_over(struct futex_pi_waiter *w)
{
	struct futex_pi_waiter *other;

	unqueue(w);
	list_for_each(other, &waiting, node) {
		if (futex_key_equal(&other->key, &w->key)) {
			thread_put(other->owner);
			thread_get(w->thread);
			other->owner = w->thread;
		}
	}
	lend(w->thread);
	finish(w, 0);
}

/*
 * Sleep until @w owns its word. pi_lock is not held before, nor after. @before: where it waits until it is moved; NULL.
 * Return: 0, -ETIMEDOUT, -ERESTARTNOINTR, or why it cannot own it.
 */
static long wait_to_own(struct futex_pi_waiter *w, struct futex_waiter *before, uint64_t deadline_ns)
{
	long r = wait_event_interruptible_until(&w->wake, READ_ONCE(w->done), deadline_ns);

	mutex_lock(&pi_lock); /* whoever moved us or made us the owner is done with it after this */
	if (w->done)
		r = w->result;
	else if (w->queued)
		unqueue(w);
	else if (before)
		(void)futex_unqueue(before); /* nobody moves it while we have the lock */
	mutex_unlock(&pi_lock);
	return r == -ERESTARTSYS ? -ERESTARTNOINTR : r;
}

/* A moment as futex(2) states it: of the wall clock if @realtime; NULL: never. */
static int deadline_of(const struct timespec __user *until, bool realtime, uint64_t *out)
{
	int r = 0;

	*out = TIMER_NEVER;
	if (until)
		r = timespec_read(until, out);
	if (!r && until && realtime)
		*out = realtime_to_monotonic(*out);
	return r;
}

static long lock_pi(uint32_t __user *word, unsigned flags, uint64_t deadline_ns, bool try)
{
	struct futex_pi_waiter w;
	struct thread *owner = NULL;
	long r;

	waiter_init(&w, word);
	r = futex_key_make(word, flags, &w.key);
	if (r)
		return r;
	mutex_lock(&pi_lock);
	r = take(word, &w.key, current, &owner);
	if (r == 1 && (try || is_loop(owner, current))) {
		thread_put(owner);
		r = try ? -EAGAIN : -EDEADLK;
	}
	if (r == 1)
		queue(&w, owner);
	mutex_unlock(&pi_lock);
	return r == 1 ? wait_to_own(&w, NULL, deadline_ns) : r;
}

static long lock_op(const struct futex_call *c)
{
	bool realtime = c->command == FUTEX_LOCK_PI || c->flags & FUTEX_CLOCK_REALTIME;
	uint64_t deadline;
	int r = deadline_of((const struct timespec __user *)c->timeout, realtime, &deadline);

	return r ? r : lock_pi(c->word, c->flags, deadline, false);
}
FUTEX_OPERATION(FUTEX_LOCK_PI, lock_op);
FUTEX_OPERATION(FUTEX_LOCK_PI2, lock_op);

static long trylock_op(const struct futex_call *c)
{
	return lock_pi(c->word, c->flags, TIMER_NEVER, true);
}
FUTEX_OPERATION(FUTEX_TRYLOCK_PI, trylock_op);

/* The current thread gives @word up; @died: by ending. hand_over() to *@ret_next is due, if there is one. */
static long release(uint32_t __user *word, const struct futex_key *key, uint32_t died, struct futex_pi_waiter **ret_next)
{
	struct futex_pi_waiter *next = best(key);
	uint32_t value, found;

	if (get_user_u32(&value, word))
		return -EFAULT;
	for (;; value = found) {
		uint32_t new = next ? (uint32_t)next->thread->tid | FUTEX_WAITERS | died : died;

		if ((value & FUTEX_TID_MASK) != (uint32_t)current->tid)
			return -EPERM;
		if (user_cmpxchg_u32(word, value, new, &found))
			return -EFAULT;
		if (found == value)
			break;
	}
	*ret_next = next;
	return 0;
}

static long unlock_op(const struct futex_call *c)
{
	uint32_t __user *word = c->word;
	struct futex_pi_waiter *next = NULL;
	struct futex_key key;
	uint32_t value;
	long r;

	if (get_user_u32(&value, word))
		return -EFAULT;
	if ((value & FUTEX_TID_MASK) != (uint32_t)current->tid)
		return -EPERM;
	r = futex_key_make(word, c->flags, &key);
	if (r)
		return r;
	mutex_lock(&pi_lock);
	r = release(word, &key, 0, &next);
	preempt_disable(); /* what we were lent goes back, but not before the lock does */
	if (next)
		hand_over(next);
	mutex_unlock(&pi_lock);
	preempt_enable();
	return r;
}
FUTEX_OPERATION(FUTEX_UNLOCK_PI, unlock_op);

void futex_pi_thread_ends(void)
{
	struct futex_pi_waiter *w, *next;
	bool again;

	__atomic_store_n(&current->futexes_ended, true, __ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&used, __ATOMIC_SEQ_CST)) /* pairs with queue() */
		return;
	mutex_lock(&pi_lock);
	do {
		again = false;
		list_for_each(w, &waiting, node) {
			if (w->owner != current)
				continue;
			if (!release(w->word, &w->key, FUTEX_OWNER_DIED, &next)) {
				hand_over(next);
			} else {
				unqueue(w); /* the program has written something else there */
				finish(w, -ESRCH);
			}
			again = true;
			break;
		}
	} while (again);
	mutex_unlock(&pi_lock);
}

static long wait_requeue_op(const struct futex_call *c)
{
	uint32_t __user *word = c->word, __user *to = c->word2;
	uint64_t deadline;
	struct futex_pi_waiter pi;
	struct futex_waiter w;
	uint32_t value;
	long r = deadline_of((const struct timespec __user *)c->timeout, c->flags & FUTEX_CLOCK_REALTIME, &deadline);

	if (r)
		return r;
	if (word == to)
		return -EINVAL;
	waiter_init(&pi, to);
	r = futex_key_make(to, c->flags, &pi.key);
	if (!r)
		r = futex_key_make(word, c->flags, &w.key);
	if (r)
		return r;
	w.pi = &pi;
	futex_queue(&w, FUTEX_BITSET_MATCH_ANY);
	r = get_user_u32(&value, word);
	if (r || value != c->value) {
		/* Moved already: then the value was what it should be when that was done. */
		if (!futex_unqueue(&w))
			return r ? r : -EAGAIN;
	}
	return wait_to_own(&pi, &w, deadline);
}
FUTEX_OPERATION(FUTEX_WAIT_REQUEUE_PI, wait_requeue_op);

/* One that was moved owns its word, or waits for it, or learns why it cannot. */
static long move_one(struct futex_pi_waiter *w)
{
	struct thread *owner = NULL;
	long r = take(w->word, &w->key, w->thread, &owner);

	if (r == 1 && is_loop(owner, w->thread)) {
		thread_put(owner);
		r = -EDEADLK;
	}
	if (r == 1) {
		queue(w, owner);
		return 0;
	}
	finish(w, r);
	return r;
}

static long cmp_requeue_op(const struct futex_call *c)
{
	uint32_t __user *word = c->word, __user *to = c->word2;
	int move = (int)c->timeout;
	struct futex_key from_key, to_key;
	struct futex_pi_waiter *w;
	uint32_t value;
	long n = 0, r;

	if (c->value != 1 || move < 0 || word == to)
		return -EINVAL;
	r = futex_key_make(word, c->flags, &from_key);
	if (!r)
		r = futex_key_make(to, c->flags, &to_key);
	if (r)
		return r;
	mutex_lock(&pi_lock);
	if (get_user_u32(&value, to) || get_user_u32(&value, word))
		r = -EFAULT;
	else if (value != c->value3)
		r = -EAGAIN;
	while (!r && n < 1l + move) {
		w = futex_take_moved(&from_key, &to_key);
		if (!w)
			break;
		r = is_err(w) ? ptr_err(w) : move_one(w);
		n += !r;
	}
	mutex_unlock(&pi_lock);
	return n ? n : r;
}
FUTEX_OPERATION(FUTEX_CMP_REQUEUE_PI, cmp_requeue_op);
