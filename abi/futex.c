/* futex(2): sleeping until a word of the program changes.
 *
 * Waiters hang in a table hashed by key: the address space and address for private ones, the physical address for those
 * that may be shared. A waiter queues itself first and then looks at the word, because the look may fault and no lock
 * may be held: a waker changes the word before it looks at the queue, so one of the two sees the other. A waiter that
 * finds the word changed but has been woken already passes that wake-up on, as Linux's would never have been queued.
 * Locking: one spinlock a bucket; two are taken in order of their addresses.
 * Priority inheritance is in futex_pi.c.
 */
#include <abi/futex.h>
#include <abi/restart.h>
#include <abi/syscall.h>
#include <abi/timespec.h>
#include <core/cut.h>
#include <core/init.h>
#include <core/log.h>
#include <core/process.h>
#include <core/uaccess.h>
#include <core/wait.h>
#include <linux/futex.h>
#include <mm/mm.h>

COMPONENT("futex", "waiting for a word of memory to change (futex)");

#define BUCKETS 256u

struct futex_bucket {
	struct spinlock lock; /* RANK_FUTEX */
	struct list waiters;  /* lock; of struct futex_waiter */
};

static struct futex_bucket buckets[BUCKETS];

static void futex_init(void)
{
	for (unsigned i = 0; i < BUCKETS; i++) {
		spin_init(&buckets[i].lock, RANK_FUTEX);
		list_init(&buckets[i].waiters);
	}
}
INITCALL(10, futex_init);

static struct futex_bucket *bucket_of(const struct futex_key *k)
{
	return &buckets[((k->address >> 2) * 0x9e3779b97f4a7c15ull ^ k->space) >> 56 & (BUCKETS - 1)];
}

/* The page must be the program's own before its address can be a key: written to if it can be, else read. */
static int key_shared(uint32_t __user *word, struct futex_key *out)
{
	struct mm *mm = current->process->mm;
	uint64_t at = (uint64_t)word;
	uint32_t value, found;

	for (;;) {
		mmu_entry *e;
		paddr_t page = 0;

		if (get_user_u32(&value, word))
			return -EFAULT;
		if (user_cmpxchg_u32(word, value, value, &found))
			log_debug("futex: word in a read-only mapping"); /* then its page does not change either */
		mutex_lock(&mm->lock);
		e = mmu_entry_at(&mm->mmu, at & PAGE_MASK, false);
		if (e && mmu_entry_present(*e))
			page = mmu_entry_paddr(*e);
		mutex_unlock(&mm->lock);
		if (page) {
			*out = (struct futex_key){ 0, page | (at & ~PAGE_MASK) };
			return 0;
		}
	}
}

int futex_key_make(uint32_t __user *word, unsigned flags, struct futex_key *out)
{
	if (unlikely((uint64_t)word & 3))
		return -EINVAL;
	if (!(flags & FUTEX_PRIVATE_FLAG))
		return key_shared(word, out);
	if (unlikely(!user_range_ok(word, sizeof(*word))))
		return -EFAULT;
	*out = (struct futex_key){ (uint64_t)current->process->mm, (uint64_t)word };
	return 0;
}

/* The bucket's lock is held. */
static void wake_waiter(struct futex_waiter *w)
{
	struct thread *t = w->thread;

	thread_get(t);
	list_del(&w->node);
	__atomic_store_n(&w->woken, true, __ATOMIC_RELEASE); /* pairs with the look in wait_until_woken() */
	thread_wake(t);
	thread_put(t);
}

long futex_wake(const struct futex_key *k, int count, uint32_t bits)
{
	struct futex_bucket *b = bucket_of(k);
	struct futex_waiter *w, *next;
	long n = 0;

	/* Pairs with the waiter's queueing: it is in the list, or will see the word as the program changed it. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (READ_ONCE(b->waiters.next) == &b->waiters)
		return 0;
	spin_lock(&b->lock);
	list_for_each_safe(w, next, &b->waiters, node) {
		if (!futex_key_equal(&w->key, k) || !(w->bits & bits))
			continue;
		if (unlikely(w->pi)) {
			n = -EINVAL;
			break;
		}
		wake_waiter(w);
		if (++n >= count)
			break;
	}
	spin_unlock(&b->lock);
	return n;
}

bool futex_unqueue(struct futex_waiter *w)
{
	for (;;) {
		struct futex_bucket *b = READ_ONCE(w->bucket);

		if (__atomic_load_n(&w->woken, __ATOMIC_ACQUIRE))
			return true;
		spin_lock(&b->lock);
		if (b == w->bucket) {
			bool woken = w->woken;

			if (!woken)
				list_del(&w->node);
			spin_unlock(&b->lock);
			return woken;
		}
		spin_unlock(&b->lock); /* requeued meanwhile */
	}
}

/* Return: 0 woken, -ETIMEDOUT, -ERESTARTSYS. */
static int wait_until_woken(struct futex_waiter *w, uint64_t deadline)
{
	int r = 0;

	for (;;) {
		thread_mark_waiting();
		if (__atomic_load_n(&w->woken, __ATOMIC_ACQUIRE)) {
			thread_unmark_waiting();
			return 0;
		}
		if (r) {
			thread_unmark_waiting();
			return futex_unqueue(w) ? 0 : r;
		}
		r = wait_sleep(deadline, true);
	}
}

void futex_queue(struct futex_waiter *w, uint32_t bits)
{
	w->bucket = bucket_of(&w->key);
	w->thread = current;
	w->bits = bits;
	w->woken = false;
	spin_lock(&w->bucket->lock);
	list_add_tail(&w->bucket->waiters, &w->node);
	spin_unlock(&w->bucket->lock);
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* pairs with futex_wake() */
}

static long futex_wait(uint32_t __user *word, unsigned flags, uint32_t expected, uint64_t deadline, uint32_t bits)
{
	struct futex_waiter w;
	uint32_t value;
	int r = futex_key_make(word, flags, &w.key);

	if (r)
		return r;
	w.pi = NULL;
	futex_queue(&w, bits);
	r = get_user_u32(&value, word);
	if (unlikely(r || value != expected)) {
		if (futex_unqueue(&w))
			(void)futex_wake(&w.key, 1, bits);
		return r ? r : -EAGAIN;
	}
	return wait_until_woken(&w, deadline);
}

/* A wait for a time, interrupted: the words of restart_data hold all that is needed. */
static long wait_on(void)
{
	uint32_t __user *word = (uint32_t __user *)current->restart_data[1];
	uint64_t flags_value = (uint64_t)current->restart_data[2];
	long r = futex_wait(word, (unsigned)(flags_value >> 32), (uint32_t)flags_value, (uint64_t)current->restart_data[3],
			    FUTEX_BITSET_MATCH_ANY);

	return r == -ERESTARTSYS ? -ERESTART_RESTARTBLOCK : r;
}

static long wait_for(uint32_t __user *word, unsigned flags, uint32_t expected, const struct timespec __user *timeout)
{
	uint64_t deadline = TIMER_NEVER;
	long r;

	if (timeout) {
		r = timespec_deadline(timeout, &deadline);
		if (r)
			return r;
	}
	r = futex_wait(word, flags, expected, deadline, FUTEX_BITSET_MATCH_ANY);
	if (r == -ERESTARTSYS && timeout) {
		restart_set(wait_on, (long)word, (long)((uint64_t)flags << 32 | expected), (long)deadline);
		return -ERESTART_RESTARTBLOCK;
	}
	return r;
}

static long wait_bitset(uint32_t __user *word, unsigned flags, uint32_t expected, const struct timespec __user *until,
			uint32_t bits)
{
	uint64_t deadline = TIMER_NEVER;
	int r;

	if (!bits)
		return -EINVAL;
	if (until) {
		r = timespec_read(until, &deadline);
		if (r)
			return r;
		if (flags & FUTEX_CLOCK_REALTIME)
			deadline = realtime_to_monotonic(deadline);
	}
	return futex_wait(word, flags, expected, deadline, bits);
}

static void lock_two(struct futex_bucket *a, struct futex_bucket *b)
{
	if (a > b) {
		struct futex_bucket *t = a;

		a = b;
		b = t;
	}
	spin_lock(&a->lock);
	if (a != b) {
		b->lock.rank = RANK_FUTEX_PEER;
		spin_lock(&b->lock);
	}
}

static void unlock_two(struct futex_bucket *a, struct futex_bucket *b)
{
	if (a == b) {
		spin_unlock(&a->lock);
		return;
	}
	spin_unlock(a > b ? &a->lock : &b->lock);
	spin_unlock(a > b ? &b->lock : &a->lock);
}

/* Wake @count, move up to @move more to the other word. The compared word is read before the queues are locked: a waiter
 * that comes in between has seen a newer value, and moving it is what the next call would do. */
static long requeue(const struct futex_call *c, const uint32_t *expected)
{
	int count = (int)c->value, move = (int)c->timeout;
	struct futex_key a, b;
	struct futex_bucket *ba, *bb;
	struct futex_waiter *w, *next;
	uint32_t value;
	long woken = 0, moved = 0;
	int r;

	if (count < 0 || move < 0)
		return -EINVAL;
	r = futex_key_make(c->word, c->flags, &a);
	if (!r)
		r = futex_key_make(c->word2, c->flags, &b);
	if (r)
		return r;
	if (futex_key_equal(&a, &b))
		move = 0;
	if (expected) {
		if (get_user_u32(&value, c->word))
			return -EFAULT;
		if (value != *expected)
			return -EAGAIN;
	}
	ba = bucket_of(&a);
	bb = bucket_of(&b);
	lock_two(ba, bb);
	list_for_each_safe(w, next, &ba->waiters, node) {
		if (!futex_key_equal(&w->key, &a))
			continue;
		if (unlikely(w->pi)) {
			woken = -EINVAL;
			moved = 0;
			break;
		}
		if (woken < count) {
			wake_waiter(w);
			woken++;
		} else if (moved < move) {
			list_del(&w->node);
			list_add_tail(&bb->waiters, &w->node);
			w->key = b;
			WRITE_ONCE(w->bucket, bb);
			moved++;
		} else {
			break;
		}
	}
	unlock_two(ba, bb);
	return expected ? woken + moved : woken;
}

static long requeue_all(const struct futex_call *c)
{
	return requeue(c, NULL);
}
FUTEX_OPERATION(FUTEX_REQUEUE, requeue_all);

static long requeue_if(const struct futex_call *c)
{
	return requeue(c, &c->value3);
}
FUTEX_OPERATION(FUTEX_CMP_REQUEUE, requeue_if);

/* FUTEX_WAKE_OP: change the second word by what @code says, wake the first's waiters, and the second's if its old value
 * compares. */
static int change_word(uint32_t __user *word, uint32_t code, bool *out)
{
	unsigned op = code >> 28 & 7, compare = code >> 24 & 15;
	int32_t operand = (int32_t)(code << 8) >> 20, against = (int32_t)(code << 20) >> 20;
	uint32_t old, new, found;

	if (code >> 28 & FUTEX_OP_OPARG_SHIFT)
		operand = (int32_t)(1u << (operand & 31));
	if (get_user_u32(&old, word))
		return -EFAULT;
	for (;;) {
		switch (op) {
		case FUTEX_OP_SET:
			new = (uint32_t)operand;
			break;
		case FUTEX_OP_ADD:
			new = old + (uint32_t)operand;
			break;
		case FUTEX_OP_OR:
			new = old | (uint32_t)operand;
			break;
		case FUTEX_OP_ANDN:
			new = old & ~(uint32_t)operand;
			break;
		case FUTEX_OP_XOR:
			new = old ^ (uint32_t)operand;
			break;
		default:
			return -ENOSYS;
		}
		if (user_cmpxchg_u32(word, old, new, &found))
			return -EFAULT;
		if (found == old)
			break;
		old = found;
	}
	switch (compare) {
	case FUTEX_OP_CMP_EQ:
		*out = (int32_t)old == against;
		return 0;
	case FUTEX_OP_CMP_NE:
		*out = (int32_t)old != against;
		return 0;
	case FUTEX_OP_CMP_LT:
		*out = (int32_t)old < against;
		return 0;
	case FUTEX_OP_CMP_LE:
		*out = (int32_t)old <= against;
		return 0;
	case FUTEX_OP_CMP_GT:
		*out = (int32_t)old > against;
		return 0;
	case FUTEX_OP_CMP_GE:
		*out = (int32_t)old >= against;
		return 0;
	default:
		return -ENOSYS;
	}
}

static long wake_op(const struct futex_call *c)
{
	struct futex_key a, b;
	bool also = false;
	long n;
	int r = futex_key_make(c->word, c->flags, &a);

	if (!r)
		r = futex_key_make(c->word2, c->flags, &b);
	if (!r)
		r = change_word(c->word2, c->value3, &also);
	if (r)
		return r;
	n = futex_wake(&a, (int)c->value, FUTEX_BITSET_MATCH_ANY);
	if (also)
		n += futex_wake(&b, (int)c->timeout, FUTEX_BITSET_MATCH_ANY);
	return n;
}
FUTEX_OPERATION(FUTEX_WAKE_OP, wake_op);

long futex_wake_shared(uint32_t __user *address, int count)
{
	struct futex_key k;
	int r = futex_key_make(address, 0, &k);

	return r ? r : futex_wake(&k, count, FUTEX_BITSET_MATCH_ANY);
}

struct futex_pi_waiter *futex_take_moved(const struct futex_key *k, const struct futex_key *to)
{
	struct futex_bucket *b = bucket_of(k);
	struct futex_pi_waiter *found = NULL;
	struct futex_waiter *w;

	spin_lock(&b->lock);
	list_for_each(w, &b->waiters, node) {
		if (!futex_key_equal(&w->key, k))
			continue;
		if (!w->pi || !futex_pi_waits_for(w->pi, to)) {
			found = err_ptr(-EINVAL);
			break;
		}
		found = w->pi;
		list_del(&w->node);
		__atomic_store_n(&w->woken, true, __ATOMIC_RELEASE);
		break;
	}
	spin_unlock(&b->lock);
	return found;
}

long sys_futex(uint32_t __user *word, int op, uint32_t value, unsigned long timeout, uint32_t __user *word2, uint32_t value3)
{
	unsigned flags = (unsigned)op & (FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME);
	unsigned command = (unsigned)op & FUTEX_CMD_MASK;
	struct futex_key k;
	int r;

	if (flags & FUTEX_CLOCK_REALTIME && command != FUTEX_WAIT_BITSET && command != FUTEX_WAIT_REQUEUE_PI &&
	    command != FUTEX_LOCK_PI2)
		return -ENOSYS;
	switch (command) {
	case FUTEX_WAIT:
		return wait_for(word, flags, value, (const struct timespec __user *)timeout);
	case FUTEX_WAKE:
		value3 = FUTEX_BITSET_MATCH_ANY;
		/* fall through */
	case FUTEX_WAKE_BITSET:
		if (!value3)
			return -EINVAL;
		r = futex_key_make(word, flags, &k);
		return r ? r : futex_wake(&k, (int)value, value3);
	case FUTEX_WAIT_BITSET:
		return wait_bitset(word, flags, value, (const struct timespec __user *)timeout, value3);
	}
	set_for_each(futex, o) {
		if (o->operation == command)
			return o->call(&(struct futex_call){ word, command, flags, value, timeout, word2, value3 });
	}
	(void)cut_asked("futex", command, ENOSYS);
	return -ENOSYS;
}
SYSCALL(futex);
