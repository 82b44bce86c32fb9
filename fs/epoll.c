/* Sets of watched files: epoll(7).
 *
 * An item is one file under one descriptor in one set. Its entries hang on the file's wait queues; a wake-up puts the
 * item on the set's ready list. What is on that list may be ready: epoll_wait() asks the file's poll() before it
 * reports an event. A level-triggered item that was reported stays on the list and is asked again next time.
 *
 * Locking. ep->lock (sleeping) covers the items and whoever takes from the ready list. ready_lock covers changes of
 * the list, and is all that wake-ups take, which only append: so the holder of ep->lock may walk it without. A wake-up
 * first sets item->touched, then looks whether the item is queued; who takes an item off clears `queued`, then looks
 * whether it was touched since its poll(). One of the two sees the other.
 * f->epoll_lock covers a file's own list of items. An item holds no reference to its file: the last file_put() takes
 * the items away first, under each set's ep->lock, so while that is held the files of its items are there.
 *
 * Sets within sets: an item's set ranks below the set that watches it (level), which bounds the depth, keeps loops
 * out, and orders the mutexes. Who watches a set is told from deferred work, because the wake-up comes under a lock of
 * the same kind.
 */
#include <core/deferred.h>
#include <core/log.h>
#include <core/ref.h>
#include <core/slab.h>
#include <fs/epoll.h>

COMPONENT("epoll", "sets of watched files (epoll)");

#define EPOLL_DEPTH_MAX (RANK_EPOLL_LAST - RANK_EPOLL)
/* Bits of an item's events that are not events. */
#define EPOLL_PRIVATE (EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE)
#define EPOLL_WITH_EXCLUSIVE (EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE)

struct epoll {
	struct mutex lock;           /* RANK_EPOLL + level */
	struct list items;           /* of item.set_node; lock */
	struct spinlock ready_lock;  /* RANK_POLL, irqsave */
	struct list ready;           /* of item.ready_node; ready_lock */
	struct wait_queue wait;      /* threads in epoll_wait() */
	struct wait_queue poll_wait; /* who polls this set itself */
	struct deferred notify;      /* wakes poll_wait */
	bool notifying;              /* atomic: notify is raised, with a reference */
	uint32_t refs;               /* atomic: its file, whoever took an item's set, notify */
	unsigned level;              /* depth below other sets; nesting_lock */
};

struct epoll_item;

/* One entry on one wait queue of the item's file. Most files have one queue, a terminal or a FIFO two. */
struct epoll_hook {
	struct wait_entry entry;
	struct wait_queue *queue;  /* NULL: not used */
	struct epoll_item *item;
	struct epoll_hook *next;   /* owned: further ones */
};

struct epoll_item {
	struct list ready_node;    /* ready_lock */
	bool queued;               /* on the ready list; ready_lock for writing */
	bool touched;              /* atomic: woken since poll() was last asked */
	int fd;                    /* I */
	uint32_t events;           /* lock for writing; read by wake-ups */
	uint64_t data;             /* lock */
	struct epoll *ep;          /* I; borrowed: the set outlives its items */
	struct file *file;         /* I; borrowed, see above */
	struct list set_node;      /* lock */
	struct list file_node;     /* file->epoll_lock */
	struct epoll_hook hook;
};

/* A poll_table that hooks an item to each queue that the file names. */
struct epoll_hooker {
	struct poll_table table;
	struct epoll_item *item;
	bool failed; /* no memory for a further hook */
};

/* Only for nested sets: their levels, and that no loop comes to be. */
static struct mutex nesting_lock = MUTEX_INIT(nesting_lock, RANK_EPOLL_NESTING);

static void epoll_put(struct epoll *ep)
{
	if (ref_put(&ep->refs))
		kfree(ep);
}

static void epoll_get(struct epoll *ep)
{
	ref_get(&ep->refs);
}

static void notify_pollers(struct deferred *d)
{
	struct epoll *ep = container_of(d, struct epoll, notify);

	__atomic_store_n(&ep->notifying, false, __ATOMIC_SEQ_CST);
	wait_queue_wake(&ep->poll_wait, EPOLLIN | EPOLLRDNORM);
	epoll_put(ep);
}

/* The ready list is not empty: whoever waits for that. The fence is for poll_wait too. */
static inline void epoll_tell(struct epoll *ep)
{
	if (wait_queue_active(&ep->wait))
		wait_queue_wake(&ep->wait, 0);
	if (unlikely(READ_ONCE(ep->poll_wait.entries.next) != &ep->poll_wait.entries) &&
	    !__atomic_exchange_n(&ep->notifying, true, __ATOMIC_SEQ_CST)) {
		epoll_get(ep);
		deferred_raise(&ep->notify);
	}
}

/* Context: any, also under the lock of a wait queue. */
static void item_ready(struct epoll_item *item)
{
	struct epoll *ep = item->ep;

	__atomic_store_n(&item->touched, true, __ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&item->queued, __ATOMIC_SEQ_CST)) {
		irqflags_t flags = spin_lock_irqsave(&ep->ready_lock);

		if (!item->queued) {
			list_add_tail(&ep->ready, &item->ready_node);
			item->queued = true;
		}
		spin_unlock_irqrestore(&ep->ready_lock, flags);
	}
	epoll_tell(ep);
}

/* Off the ready list, unless it was woken since its poll() was asked. ep->lock is held. */
static void item_unready(struct epoll_item *item)
{
	struct epoll *ep = item->ep;
	irqflags_t flags = spin_lock_irqsave(&ep->ready_lock);

	__atomic_store_n(&item->queued, false, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&item->touched, __ATOMIC_SEQ_CST))
		item->queued = true;
	else
		list_del(&item->ready_node);
	spin_unlock_irqrestore(&ep->ready_lock, flags);
}

static void hook_wake(struct wait_entry *e, uint32_t events)
{
	struct epoll_item *item = container_of(e, struct epoll_hook, entry)->item;
	uint32_t wanted = READ_ONCE(item->events) & ~EPOLL_PRIVATE;

	if (events ? events & wanted : wanted)
		item_ready(item);
}

static void hook_add(struct poll_table *t, struct wait_queue *q)
{
	struct epoll_hooker *hooker = container_of(t, struct epoll_hooker, table);
	struct epoll_item *item = hooker->item;
	struct epoll_hook *hook = &item->hook;

	if (hook->queue) {
		hook = kzalloc(sizeof(*hook));
		if (!hook) {
			hooker->failed = true;
			return;
		}
		hook->next = item->hook.next;
		item->hook.next = hook;
	}
	hook->queue = q;
	hook->item = item;
	hook->entry.wake = hook_wake;
	hook->entry.exclusive = item->events & EPOLLEXCLUSIVE;
	wait_queue_add(q, &hook->entry);
}

static inline uint32_t item_poll(const struct epoll_item *item)
{
	return item->file->ops->poll(item->file, NULL) & item->events;
}

/* The item's file is there: its owner has a reference, or waits for ep->lock in file_gone(). */
static void item_remove(struct epoll_item *item)
{
	struct epoll *ep = item->ep;
	struct epoll_hook *hook, *next;
	irqflags_t flags;

	debug_assert(mutex_held(&ep->lock));
	for (hook = &item->hook; hook; hook = hook->next)
		if (hook->queue)
			wait_queue_remove(hook->queue, &hook->entry);
	/* No wake-up can reach the item from here on. */
	flags = spin_lock_irqsave(&ep->ready_lock);
	if (item->queued)
		list_del(&item->ready_node);
	spin_unlock_irqrestore(&ep->ready_lock, flags);
	spin_lock(&item->file->epoll_lock);
	list_del(&item->file_node);
	spin_unlock(&item->file->epoll_lock);
	list_del(&item->set_node);
	for (hook = item->hook.next; hook; hook = next) {
		next = hook->next;
		kfree(hook);
	}
	kfree(item);
}

/* file->watched: the last reference is gone. */
static void file_gone(struct file *f)
{
	for (;;) {
		struct epoll_item *item;
		struct epoll *ep;

		/* A set on the list has its items still, so it has a reference to give. */
		spin_lock(&f->epoll_lock);
		if (list_empty(&f->epoll_items)) {
			spin_unlock(&f->epoll_lock);
			return;
		}
		ep = list_first(&f->epoll_items, struct epoll_item, file_node)->ep;
		epoll_get(ep);
		spin_unlock(&f->epoll_lock);

		mutex_lock(&ep->lock);
		for (;;) {
			bool found = false;

			spin_lock(&f->epoll_lock);
			list_for_each(item, &f->epoll_items, file_node) {
				found = item->ep == ep;
				if (found)
					break;
			}
			spin_unlock(&f->epoll_lock);
			if (!found)
				break;
			item_remove(item);
		}
		mutex_unlock(&ep->lock);
		epoll_put(ep);
	}
}

static struct epoll_item *item_find(struct epoll *ep, struct file *f, int fd)
{
	struct epoll_item *item, *found = NULL;

	debug_assert(mutex_held(&ep->lock));
	spin_lock(&f->epoll_lock);
	if (f->watched) {
		list_for_each(item, &f->epoll_items, file_node) {
			if (item->ep == ep && item->fd == fd) {
				found = item;
				break;
			}
		}
	}
	spin_unlock(&f->epoll_lock);
	return found;
}

static int item_add(struct epoll *ep, struct file *f, int fd, const struct epoll_event *event)
{
	struct epoll_hooker hooker = { .table.add = hook_add };
	struct epoll_item *item = kzalloc(sizeof(*item));

	if (!item)
		return -ENOMEM;
	item->ep = ep;
	item->file = f;
	item->fd = fd;
	item->events = event->events | EPOLLERR | EPOLLHUP;
	item->data = event->data;
	list_add_tail(&ep->items, &item->set_node);
	spin_lock(&f->epoll_lock);
	if (!f->watched) {
		list_init(&f->epoll_items);
		f->watched = file_gone;
	}
	list_add_tail(&f->epoll_items, &item->file_node);
	spin_unlock(&f->epoll_lock);
	hooker.item = item;
	if (f->ops->poll(f, &hooker.table) & item->events)
		item_ready(item);
	if (!hooker.failed)
		return 0;
	item_remove(item);
	return -ENOMEM;
}

/* How many sets in a row lie below @ep; EPOLL_DEPTH_MAX + 1 if @outer is among them. nesting_lock keeps it still. */
static unsigned sets_below(struct epoll *ep, const struct epoll *outer)
{
	struct epoll_item *item;
	unsigned most = 0;

	if (ep == outer)
		return EPOLL_DEPTH_MAX + 1;
	mutex_lock(&ep->lock);
	list_for_each(item, &ep->items, set_node) {
		struct epoll *inner = epoll_of(item->file);

		if (inner)
			most = MAX(most, 1 + sets_below(inner, outer));
	}
	mutex_unlock(&ep->lock);
	return most;
}

static void lower(struct epoll *ep, unsigned level)
{
	struct epoll_item *item;

	if (ep->level >= level)
		return;
	mutex_lock(&ep->lock);
	ep->level = level;
	ep->lock.rank = RANK_EPOLL + level;
	list_for_each(item, &ep->items, set_node) {
		struct epoll *inner = epoll_of(item->file);

		if (inner)
			lower(inner, level + 1);
	}
	mutex_unlock(&ep->lock);
}

/* Make room for @inner below @outer. */
static int nest(struct epoll *outer, struct epoll *inner)
{
	if (outer->level + 1 + sets_below(inner, outer) > EPOLL_DEPTH_MAX)
		return -ELOOP;
	lower(inner, outer->level + 1);
	return 0;
}

int epoll_control(struct epoll *ep, int op, int fd, struct file *f, const struct epoll_event *event)
{
	struct epoll *inner = epoll_of(f);
	struct epoll_item *item;
	bool nests = inner && op == EPOLL_CTL_ADD;
	int error = 0;

	if (!f->ops->poll)
		return -EPERM;
	if (inner == ep)
		return -EINVAL;
	if (op != EPOLL_CTL_DEL && (event->events & EPOLLEXCLUSIVE) &&
	    (op == EPOLL_CTL_MOD || inner || (event->events & ~EPOLL_WITH_EXCLUSIVE)))
		return -EINVAL;
	if (nests) {
		mutex_lock(&nesting_lock);
		error = nest(ep, inner);
	}
	mutex_lock(&ep->lock);
	item = item_find(ep, f, fd);
	switch (op) {
	case EPOLL_CTL_ADD:
		if (item)
			error = -EEXIST;
		else if (!error)
			error = item_add(ep, f, fd, event);
		break;
	case EPOLL_CTL_MOD:
		if (!item) {
			error = -ENOENT;
		} else if (item->events & EPOLLEXCLUSIVE) {
			error = -EINVAL;
		} else {
			WRITE_ONCE(item->events, event->events | EPOLLERR | EPOLLHUP);
			item->data = event->data;
			/* Either a wake-up sees the new events, or poll() sees what it told. */
			__atomic_thread_fence(__ATOMIC_SEQ_CST);
			if (item_poll(item))
				item_ready(item);
		}
		break;
	case EPOLL_CTL_DEL:
		if (item)
			item_remove(item);
		else
			error = -ENOENT;
		break;
	default:
		error = -EINVAL;
	}
	mutex_unlock(&ep->lock);
	if (nests)
		mutex_unlock(&nesting_lock);
	return error;
}

/* Begin the ready list at @node: what is before it goes behind the last. */
static void turn_ready(struct epoll *ep, struct list *node)
{
	irqflags_t flags = spin_lock_irqsave(&ep->ready_lock);

	ep->ready.prev->next = ep->ready.next;
	ep->ready.next->prev = ep->ready.prev;
	list_add_tail(node, &ep->ready);
	spin_unlock_irqrestore(&ep->ready_lock, flags);
}

/* What holds of an item from now on: a wake-up after this keeps it on the ready list. */
static inline uint32_t item_ask(struct epoll_item *item)
{
	__atomic_store_n(&item->touched, false, __ATOMIC_SEQ_CST);
	return item_poll(item);
}

static long collect(struct epoll *ep, struct epoll_event __user *events, int max)
{
	struct list *node, *last, *next;
	long n = 0;
	bool more;

	mutex_lock(&ep->lock);
	/* Not beyond what is on the list now, so that nothing is reported twice. */
	last = READ_ONCE(ep->ready.prev);
	for (node = READ_ONCE(ep->ready.next); node != &ep->ready; node = next) {
		struct epoll_item *item = list_entry(node, struct epoll_item, ready_node);
		struct epoll_event event = { item_ask(item), item->data };

		next = node == last ? &ep->ready : READ_ONCE(node->next);
		if (event.events) {
			if (unlikely(copy_out(&events[n], &event))) {
				n = n ? n : -EFAULT;
				break;
			}
			n++;
			if (item->events & EPOLLONESHOT)
				WRITE_ONCE(item->events, item->events & EPOLL_PRIVATE);
		}
		if (!event.events || (item->events & (EPOLLONESHOT | EPOLLET)))
			item_unready(item);
		if (n == max) {
			if (next != &ep->ready)
				turn_ready(ep, next);
			break;
		}
	}
	more = !list_empty(&ep->ready);
	mutex_unlock(&ep->lock);
	if (more && wait_queue_active(&ep->wait))
		wait_queue_wake(&ep->wait, 0);
	return n;
}

long epoll_wait_events(struct epoll *ep, struct epoll_event __user *events, int max, uint64_t deadline_ns)
{
	struct wait_entry entry;
	int error = 0;

	for (;;) {
		if (!list_empty(&ep->ready)) {
			long n = collect(ep, events, max);

			if (n)
				return n;
		}
		if (error)
			return error == -ETIMEDOUT ? 0 : -EINTR;
		if (!deadline_ns)
			return 0;
		wait_entry_init(&entry);
		entry.exclusive = true;
		wait_prepare(&ep->wait, &entry);
		if (list_empty(&ep->ready))
			error = wait_sleep(deadline_ns, true);
		wait_finish(&ep->wait, &entry);
	}
}

/* A set is readable if one of its files has an event. What has none comes off the ready list. */
static uint32_t epoll_poll(struct file *f, struct poll_table *t)
{
	struct epoll *ep = f->private;
	struct list *node, *last, *next;
	bool found = false;

	poll_wait(t, &ep->poll_wait);
	if (list_empty(&ep->ready))
		return 0;
	mutex_lock(&ep->lock);
	last = READ_ONCE(ep->ready.prev);
	for (node = READ_ONCE(ep->ready.next); node != &ep->ready && !found; node = next) {
		struct epoll_item *item = list_entry(node, struct epoll_item, ready_node);

		next = node == last ? &ep->ready : READ_ONCE(node->next);
		found = item_ask(item);
		if (!found)
			item_unready(item);
	}
	mutex_unlock(&ep->lock);
	return found ? EPOLLIN | EPOLLRDNORM : 0;
}

static void epoll_release(struct file *f)
{
	struct epoll *ep = f->private;

	mutex_lock(&ep->lock);
	while (!list_empty(&ep->items))
		item_remove(list_first(&ep->items, struct epoll_item, set_node));
	mutex_unlock(&ep->lock);
	epoll_put(ep);
}

static const struct file_ops epoll_ops = {
	.poll = epoll_poll,
	.release = epoll_release,
	.link_name = "anon_inode:[eventpoll]",
};

struct epoll *epoll_of(struct file *f)
{
	return f->ops == &epoll_ops ? f->private : NULL;
}

struct file *epoll_create(void)
{
	struct epoll *ep = kzalloc(sizeof(*ep));
	struct file *f;

	if (!ep)
		return NULL;
	mutex_init(&ep->lock, RANK_EPOLL);
	list_init(&ep->items);
	spin_init(&ep->ready_lock, RANK_POLL);
	list_init(&ep->ready);
	wait_queue_init(&ep->wait);
	spin_init(&ep->wait.lock, RANK_WAIT_NESTED); /* woken from the queues of files */
	wait_queue_init(&ep->poll_wait);
	ep->notify = (struct deferred)DEFERRED_INIT(notify_pollers);
	ep->refs = 1;
	f = file_alloc(&epoll_ops, ep, O_RDWR);
	if (!f)
		kfree(ep);
	return f;
}
