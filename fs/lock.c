/* Locks of files: flock(2), fcntl(2) record locks, open-file-description locks (fs/lock.h).
 *
 * One list an inode, made with its first lock, under a mutex of its own; waiters sleep on one queue and look again.
 * Deadlocks between processes are not detected (-EDEADLK never comes): with one program there is nobody to meet.
 */
#include <core/slab.h>
#include <fs/lock.h>
#include <linux/errno.h>

COMPONENT("vfs", "files, paths, mounts and descriptors");

struct file_locks {
	struct mutex lock;       /* RANK_INODE */
	struct list held;        /* lock; of struct file_lock, owned */
	struct wait_queue freed; /* something was given up */
	uint32_t changes;        /* a: counts that */
};

static struct file_locks *locks_of(struct inode *inode)
{
	struct file_locks *l = __atomic_load_n(&inode->locks, __ATOMIC_ACQUIRE), *none = NULL;

	if (l)
		return l;
	l = kmalloc(sizeof(*l));
	if (!l)
		return NULL;
	mutex_init(&l->lock, RANK_INODE);
	list_init(&l->held);
	wait_queue_init(&l->freed);
	l->changes = 0;
	if (__atomic_compare_exchange_n(&inode->locks, &none, l, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return l;
	kfree(l); /* another thread was faster */
	return none;
}

void file_locks_free(struct file_locks *l)
{
	kfree(l); /* no file is open: no lock is held */
}

static bool same_owner(const struct file_lock *a, const struct file_lock *b)
{
	return a->kind == b->kind && a->owner == b->owner;
}

static bool overlap(const struct file_lock *a, const struct file_lock *b)
{
	return a->start <= b->end && b->start <= a->end;
}

static struct file_lock *conflict(struct file_locks *l, const struct file_lock *want)
{
	struct file_lock *h;

	list_for_each(h, &l->held, node) {
		if ((h->kind == FILE_LOCK_FLOCK) != (want->kind == FILE_LOCK_FLOCK))
			continue; /* flock(2) and record locks do not see each other */
		if (!same_owner(h, want) && overlap(h, want) && (h->exclusive || want->exclusive))
			return h;
	}
	return NULL;
}

/* Take what @want covers away from its owner's own locks. @spare: used if one must be cut in two. Return: it was used. */
static bool carve(struct file_locks *l, const struct file_lock *want, struct file_lock *spare)
{
	struct file_lock *h, *next;
	bool used = false;

	list_for_each_safe(h, next, &l->held, node) {
		if (!same_owner(h, want) || !overlap(h, want))
			continue;
		if (h->start < want->start && h->end > want->end) {
			*spare = *h;
			spare->start = want->end + 1;
			h->end = want->start - 1;
			list_add(&h->node, &spare->node);
			used = true;
		} else if (h->start < want->start) {
			h->end = want->start - 1;
		} else if (h->end > want->end) {
			h->start = want->end + 1;
		} else {
			list_del(&h->node);
			kfree(h);
		}
	}
	return used;
}

int file_lock_set(struct file *f, const struct file_lock *want, bool unlock, bool wait)
{
	struct file_locks *l = f->inode ? locks_of(f->inode) : NULL;
	struct file_lock *made = kmalloc(sizeof(*made)), *spare = kmalloc(sizeof(*spare));
	uint32_t seen;
	int r = -ENOLCK;

	if (!l || !made || !spare)
		goto out;
	mutex_lock(&l->lock);
	while (!unlock && conflict(l, want)) {
		seen = __atomic_load_n(&l->changes, __ATOMIC_RELAXED);
		mutex_unlock(&l->lock);
		r = wait ? wait_event_interruptible(&l->freed, READ_ONCE(l->changes) != seen) : -EAGAIN;
		if (r)
			goto out;
		mutex_lock(&l->lock);
	}
	if (carve(l, want, spare))
		spare = NULL;
	if (!unlock) {
		*made = *want;
		list_add_tail(&l->held, &made->node);
		made = NULL;
	}
	__atomic_fetch_add(&l->changes, 1, __ATOMIC_RELAXED);
	mutex_unlock(&l->lock);
	wait_queue_wake_all(&l->freed, 0);
	r = 0;
out:
	kfree(made);
	kfree(spare);
	return r;
}

bool file_lock_test(struct file *f, const struct file_lock *want, struct file_lock *found)
{
	struct file_locks *l = f->inode ? READ_ONCE(f->inode->locks) : NULL;
	struct file_lock *h;

	if (!l)
		return false;
	mutex_lock(&l->lock);
	h = conflict(l, want);
	if (h)
		*found = *h;
	mutex_unlock(&l->lock);
	return h != NULL;
}

void file_locks_release_(struct file *f, const void *owner)
{
	struct file_locks *l = f->inode->locks;
	struct file_lock *h, *next;

	mutex_lock(&l->lock);
	list_for_each_safe(h, next, &l->held, node) {
		if (h->owner == owner) {
			list_del(&h->node);
			kfree(h);
		}
	}
	__atomic_fetch_add(&l->changes, 1, __ATOMIC_RELAXED);
	mutex_unlock(&l->lock);
	wait_queue_wake_all(&l->freed, 0);
}
