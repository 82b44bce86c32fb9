/* Watches of files and directories, and their events: inotify(7).
 *
 * A watch is in two lists, its inode's and its instance's; it holds a reference to the inode. An inode gets a list with
 * its first watch and keeps it. Locking: the list's lock, then the instance's; a watch goes into or out of its lists
 * under both, and events are made under the first, so a watch that is found there is alive. From the instance's side a
 * watch is found under its own lock alone, and looked for again once both are held.
 * What is unmounted is found by way of the list of all instances.
 * An event that says the same as the last one in the queue is dropped, as on Linux.
 */
#include <core/slab.h>
#include <fs/inotify.h>
#include <fs/notify.h>
#include <linux/errno.h>

COMPONENT("inotify", "watches of files (inotify)");

#define NAME_UNIT sizeof(struct inotify_event) /* names are padded to it */
#define SELF_EVENTS (IN_DELETE_SELF | IN_MOVE_SELF)
#define ALWAYS_TOLD (IN_IGNORED | IN_UNMOUNT | IN_Q_OVERFLOW)

struct inode_watches {
	struct spinlock lock; /* RANK_NOTIFY */
	struct list list;     /* lock; of watch.inode_node */
};

struct instance {
	struct list node;          /* instances_lock */
	struct spinlock lock;      /* RANK_NOTIFY_QUEUE: all below */
	struct list watches;       /* of watch.node */
	int last_wd;
	struct list events;        /* of queued */
	unsigned event_count;
	size_t bytes;              /* that reading all of them would give */
	struct wait_queue wait;
};

struct watch {
	struct list inode_node, node; /* both locks */
	struct instance *owner;       /* I; borrowed */
	struct inode *inode;          /* I; ref */
	int wd;                       /* I */
	uint32_t mask;                /* inode's lock */
};

struct queued {
	struct list node;
	uint32_t name_len; /* without padding; 0: none */
	struct inotify_event event;
	char name[];
};

static struct spinlock instances_lock = SPINLOCK_INIT(RANK_NOTIFY); /* instances: before any one's lock */
static struct list instances = LIST_INIT(instances);
static unsigned instance_count, watch_count; /* atomic */
static uint32_t last_cookie;                 /* atomic */

static size_t padded(size_t name_len)
{
	return name_len ? ALIGN_UP(name_len + 1, NAME_UNIT) : 0;
}

static bool says_the_same(const struct queued *q, const struct watch *w, uint32_t mask, uint32_t cookie, const char *name,
			  size_t len)
{
	return q->event.wd == w->wd && q->event.mask == mask && q->event.cookie == cookie && q->name_len == len &&
	       !memcmp(q->name, name, len);
}

/* Both locks are held. Without memory, or with too many events, the program is told that some are missing. */
static void queue_event(const struct watch *w, uint32_t mask, uint32_t cookie, const char *name, size_t len)
{
	struct instance *in = w->owner;
	bool full = in->event_count >= INOTIFY_EVENTS_MAX;
	struct queued *q, *last = list_empty(&in->events) ? NULL : list_last(&in->events, struct queued, node);

	if (last && (last->event.mask == IN_Q_OVERFLOW ? full : says_the_same(last, w, mask, cookie, name, len)))
		return;
	q = full ? NULL : kmalloc(sizeof(*q) + len + 1);
	if (!q) {
		mask = IN_Q_OVERFLOW;
		cookie = 0;
		len = 0;
		q = kmalloc(sizeof(*q) + 1);
		if (!q)
			return;
	}
	q->event = (struct inotify_event){
		.wd = mask == IN_Q_OVERFLOW ? -1 : w->wd, .mask = mask, .cookie = cookie, .len = (uint32_t)padded(len),
	};
	q->name_len = (uint32_t)len;
	memcpy(q->name, name, len);
	q->name[len] = '\0';
	list_add_tail(&in->events, &q->node);
	in->event_count++;
	in->bytes += sizeof(q->event) + q->event.len;
	wait_queue_wake(&in->wait, EPOLLIN | EPOLLRDNORM);
}

/* Out of both lists, whose locks are held; the caller puts the inode and frees it, outside. */
static void unlink_watch(struct watch *w)
{
	list_del(&w->inode_node);
	list_del(&w->node);
	__atomic_fetch_sub(&watch_count, 1, __ATOMIC_RELAXED);
}

/* Something happened to @inode. @name: in it, if it is a directory. @nameless: to a file that has lost that name. */
static void tell(struct inode *inode, uint32_t events, uint32_t cookie, const char *name, size_t len, bool nameless)
{
	struct inode_watches *all = __atomic_load_n(&inode->watches, __ATOMIC_ACQUIRE);
	struct list done = LIST_INIT(done);
	struct watch *w, *next;
	bool last = events & (IN_DELETE_SELF | IN_UNMOUNT);

	if (!all)
		return;
	inode_get(inode); /* the watches' references may go */
	spin_lock(&all->lock);
	list_for_each_safe(w, next, &all->list, inode_node) {
		bool wanted = events & (w->mask | ALWAYS_TOLD), end = last;

		if (nameless && w->mask & IN_EXCL_UNLINK)
			wanted = false;
		if (!wanted && !last)
			continue;
		spin_lock(&w->owner->lock);
		if (wanted) {
			queue_event(w, events, cookie, name, len);
			end |= (w->mask & IN_ONESHOT) != 0;
		}
		if (end) {
			queue_event(w, IN_IGNORED, 0, "", 0);
			unlink_watch(w);
		}
		spin_unlock(&w->owner->lock); /* its release() waits for this, and goes on */
		if (end)
			list_add_tail(&done, &w->inode_node);
	}
	spin_unlock(&all->lock);
	list_for_each_safe(w, next, &done, inode_node) {
		inode_put(inode);
		kfree(w);
	}
	inode_put(inode);
}

/* The directory that @d is in, if somebody watches it, with a reference; its name goes to @name. */
static struct inode *watched_parent(struct dentry *d, char *name, size_t *ret_len, bool *ret_nameless)
{
	struct inode *dir = NULL;

	spin_lock(&dentry_lock);
	if (d->parent != d && d->parent->inode && READ_ONCE(d->parent->inode->watches)) {
		dir = d->parent->inode;
		inode_get(dir);
		*ret_len = d->name_len;
		memcpy(name, d->name, d->name_len);
		*ret_nameless = !(d->flags & DENTRY_HASHED);
	}
	spin_unlock(&dentry_lock);
	return dir;
}

static uint32_t with_kind(const struct inode *inode, uint32_t events)
{
	return events | (inode_is_dir(inode) ? IN_ISDIR : 0);
}

static void tell_entry(struct dentry *d, uint32_t events)
{
	char name[NAME_LIMIT + 1];
	bool nameless;
	size_t len;
	struct inode *dir = watched_parent(d, name, &len, &nameless);

	events = with_kind(d->inode, events);
	if (dir) {
		tell(dir, events, 0, name, len, nameless);
		inode_put(dir);
	}
	tell(d->inode, events, 0, "", 0, false);
}

static void tell_name(struct inode *dir, const struct dentry *d, uint32_t events)
{
	tell(dir, with_kind(d->inode, events), 0, d->name, d->name_len, false);
}

static void tell_inode(struct inode *inode, uint32_t events)
{
	tell(inode, events & SELF_EVENTS ? events : with_kind(inode, events), 0, "", 0, false);
}

static void tell_renamed(struct inode *from, const char *old_name, size_t old_len, struct inode *to, struct dentry *d)
{
	uint32_t cookie = __atomic_add_fetch(&last_cookie, 1, __ATOMIC_RELAXED);

	tell(from, with_kind(d->inode, IN_MOVED_FROM), cookie, old_name, old_len, false);
	tell(to, with_kind(d->inode, IN_MOVED_TO), cookie, d->name, d->name_len, false);
	tell(d->inode, IN_MOVE_SELF, 0, "", 0, false);
}

static void unmounted(struct super *s);

static const struct notify_hooks hooks = {
	.entry = tell_entry,
	.name = tell_name,
	.renamed = tell_renamed,
	.inode = tell_inode,
	.unmounted = unmounted,
};


static struct inode_watches *watches_of(struct inode *inode)
{
	struct inode_watches *all = __atomic_load_n(&inode->watches, __ATOMIC_ACQUIRE), *none = NULL;

	if (all)
		return all;
	all = kmalloc(sizeof(*all));
	if (!all)
		return NULL;
	spin_init(&all->lock, RANK_NOTIFY);
	list_init(&all->list);
	__atomic_store_n(&notify_hooks, &hooks, __ATOMIC_RELEASE);
	if (__atomic_compare_exchange_n(&inode->watches, &none, all, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return all;
	kfree(all);
	return none;
}

/* A watch of something on @s, by its inode, with a reference. */
static struct inode *watched_on(const struct super *s)
{
	struct inode *found = NULL;
	struct instance *in;
	struct watch *w;

	spin_lock(&instances_lock);
	list_for_each(in, &instances, node) {
		spin_lock(&in->lock);
		list_for_each(w, &in->watches, node) {
			if (!found && w->inode->super == s) {
				found = w->inode;
				inode_get(found);
			}
		}
		spin_unlock(&in->lock);
		if (found)
			break;
	}
	spin_unlock(&instances_lock);
	return found;
}

static void unmounted(struct super *s)
{
	struct inode *inode;

	while ((inode = watched_on(s))) {
		tell(inode, IN_UNMOUNT, 0, "", 0, false);
		inode_put(inode);
	}
}

static struct watch *find_locked(const struct instance *in, int wd)
{
	struct watch *w;

	list_for_each(w, &in->watches, node)
		if (w->wd == wd)
			return w;
	return NULL;
}

/* @wd 0: any. -EINVAL: there is none. */
static int remove_watch(struct instance *in, int wd)
{
	struct inode *inode = NULL;
	struct watch *w;

	spin_lock(&in->lock);
	w = wd ? find_locked(in, wd) : list_empty(&in->watches) ? NULL : list_first(&in->watches, struct watch, node);
	if (w) {
		wd = w->wd;
		inode = w->inode;
		inode_get(inode);
	}
	spin_unlock(&in->lock);
	if (!inode)
		return -EINVAL;
	spin_lock(&inode->watches->lock);
	spin_lock(&in->lock);
	w = find_locked(in, wd); /* its last event may have come meanwhile */
	if (w) {
		queue_event(w, IN_IGNORED, 0, "", 0);
		unlink_watch(w);
	}
	spin_unlock(&in->lock);
	spin_unlock(&inode->watches->lock);
	if (w)
		inode_put(inode);
	kfree(w);
	inode_put(inode);
	return w ? 0 : -EINVAL;
}

int inotify_unwatch(struct file *f, int wd)
{
	return wd > 0 ? remove_watch(f->private, wd) : -EINVAL;
}

/* Both locks are held. */
static int change_watch(struct watch *w, uint32_t mask)
{
	uint32_t kept = mask & (IN_ALL_EVENTS | IN_ONESHOT | IN_EXCL_UNLINK);

	if (mask & IN_MASK_CREATE)
		return -EEXIST;
	w->mask = mask & IN_MASK_ADD ? w->mask | kept : kept;
	return w->wd;
}

static int add_watch(struct instance *in, struct inode *inode, struct watch *new, uint32_t mask)
{
	if (__atomic_add_fetch(&watch_count, 1, __ATOMIC_RELAXED) > INOTIFY_WATCHES_MAX) {
		__atomic_fetch_sub(&watch_count, 1, __ATOMIC_RELAXED);
		return -ENOSPC;
	}
	inode_get(inode);
	*new = (struct watch){ .owner = in, .inode = inode };
	do
		in->last_wd = in->last_wd % INT32_MAX + 1;
	while (find_locked(in, in->last_wd));
	new->wd = in->last_wd;
	list_add_tail(&inode->watches->list, &new->inode_node);
	list_add_tail(&in->watches, &new->node);
	return change_watch(new, mask & ~(uint32_t)(IN_MASK_CREATE | IN_MASK_ADD));
}

int inotify_watch(struct file *f, struct inode *inode, uint32_t mask)
{
	struct instance *in = f->private;
	struct inode_watches *all = watches_of(inode);
	struct watch *new = kmalloc(sizeof(*new)), *w;
	int r = 0;

	if (!all || !new) {
		kfree(new);
		return -ENOMEM;
	}
	spin_lock(&all->lock);
	spin_lock(&in->lock);
	list_for_each(w, &all->list, inode_node) {
		if (w->owner == in) {
			r = change_watch(w, mask);
			break;
		}
	}
	if (!r) {
		r = add_watch(in, inode, new, mask);
		if (r > 0)
			new = NULL;
	}
	spin_unlock(&in->lock);
	spin_unlock(&all->lock);
	kfree(new);
	return r;
}

/* The first event, off the queue, if it fits into @room. NULL: none, and *ret_some says whether there is one at all. */
static struct queued *take(struct instance *in, size_t room, bool *ret_some)
{
	struct queued *q = NULL;

	spin_lock(&in->lock);
	*ret_some = !list_empty(&in->events);
	if (*ret_some) {
		q = list_first(&in->events, struct queued, node);
		if (sizeof(q->event) + q->event.len <= room) {
			list_del(&q->node);
			in->event_count--;
			in->bytes -= sizeof(q->event) + q->event.len;
		} else {
			q = NULL;
		}
	}
	spin_unlock(&in->lock);
	return q;
}

static bool put_event(struct io *io, const struct queued *q)
{
	size_t zeroes = q->event.len - q->name_len;

	return io_put(io, &q->event, sizeof(q->event)) == sizeof(q->event) &&
	       io_put(io, q->name, q->name_len) == q->name_len && io_zero(io, zeroes) == zeroes;
}

static ssize_t inotify_read(struct file *f, struct io *io, off_t *pos)
{
	struct instance *in = f->private;
	ssize_t done = 0;
	bool some;

	for (;;) {
		struct queued *q = take(in, io->left, &some);
		int r;

		if (q) {
			bool whole = put_event(io, q);

			done += (ssize_t)(sizeof(q->event) + q->event.len);
			kfree(q);
			if (!whole)
				return -EFAULT;
			continue;
		}
		if (done)
			return done;
		if (some)
			return -EINVAL; /* the first one does not fit */
		if (READ_ONCE(f->flags) & O_NONBLOCK)
			return -EAGAIN;
		r = wait_event_interruptible(&in->wait, READ_ONCE(in->event_count));
		if (r)
			return r;
	}
}

static uint32_t inotify_poll(struct file *f, struct poll_table *t)
{
	struct instance *in = f->private;

	poll_wait(t, &in->wait);
	return READ_ONCE(in->event_count) ? EPOLLIN | EPOLLRDNORM : 0;
}

static long inotify_readable(struct file *f)
{
	const struct instance *in = f->private;

	return (long)READ_ONCE(in->bytes);
}

static void inotify_release(struct file *f)
{
	struct instance *in = f->private;
	struct queued *q, *next;

	spin_lock(&instances_lock);
	list_del(&in->node);
	spin_unlock(&instances_lock);
	while (!list_empty(&in->watches))
		(void)remove_watch(in, 0); /* the last one may go by itself meanwhile */
	spin_lock(&in->lock); /* whoever made the last event is done with it after this */
	spin_unlock(&in->lock);
	list_for_each_safe(q, next, &in->events, node)
		kfree(q);
	kfree(in);
	__atomic_fetch_sub(&instance_count, 1, __ATOMIC_RELAXED);
}

static const struct file_ops inotify_ops = {
	.read = inotify_read,
	.poll = inotify_poll,
	.readable_bytes = inotify_readable,
	.release = inotify_release,
	.link_name = "anon_inode:inotify",
};

struct file *inotify_create(unsigned flags)
{
	struct instance *in;
	struct file *f;

	if (__atomic_add_fetch(&instance_count, 1, __ATOMIC_RELAXED) > INOTIFY_INSTANCES_MAX) {
		__atomic_fetch_sub(&instance_count, 1, __ATOMIC_RELAXED);
		return err_ptr(-EMFILE);
	}
	in = kzalloc(sizeof(*in));
	f = in ? file_alloc(&inotify_ops, in, O_RDONLY | flags) : NULL;
	if (!f) {
		__atomic_fetch_sub(&instance_count, 1, __ATOMIC_RELAXED);
		kfree(in);
		return err_ptr(-ENOMEM);
	}
	spin_init(&in->lock, RANK_NOTIFY_QUEUE);
	list_init(&in->watches);
	list_init(&in->events);
	wait_queue_init(&in->wait);
	spin_lock(&instances_lock);
	list_add_tail(&instances, &in->node);
	spin_unlock(&instances_lock);
	return f;
}

bool inotify_is(const struct file *f)
{
	return f->ops == &inotify_ops;
}
