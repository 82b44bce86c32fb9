/* Waiting for several files: poll(2), select(2).
 *
 * The first pass over the files hooks the caller to their wait queues, until one is ready; then it sleeps until a hook
 * is woken, and asks all of them again. A hook holds a reference to its file, so that the queue stays.
 */
#include <core/slab.h>
#include <fs/files.h>
#include <fs/poll.h>

COMPONENT("poll", "waiting for several files (poll, select)");

#define HOOKS_INSIDE 6u
#define HOOKS_MORE   60u

struct poll_waiter;

struct poll_hook {
	struct wait_entry entry;
	struct wait_queue *queue;
	struct file *file;          /* ref */
	struct poll_waiter *waiter;
	uint32_t events;            /* those that are waited for */
};

struct poll_hooks {
	struct poll_hooks *next;
	unsigned used;
	struct poll_hook hook[HOOKS_MORE];
};

struct poll_waiter {
	struct poll_table table;
	struct thread *thread;
	bool triggered;             /* atomic: a hook was woken */
	bool failed;                /* no memory for a hook */
	struct file *file;          /* the one that is asked now, and for what */
	uint32_t events;
	unsigned used;              /* of inside */
	struct poll_hooks *more;    /* owned */
	struct poll_hook inside[HOOKS_INSIDE];
};

static void hook_wake(struct wait_entry *e, uint32_t events)
{
	struct poll_hook *hook = container_of(e, struct poll_hook, entry);

	if (events && !(events & hook->events))
		return;
	__atomic_store_n(&hook->waiter->triggered, true, __ATOMIC_SEQ_CST);
	thread_wake(hook->waiter->thread);
}

static struct poll_hook *hook_alloc(struct poll_waiter *w)
{
	struct poll_hooks *more = w->more;

	if (w->used < HOOKS_INSIDE)
		return &w->inside[w->used++];
	if (!more || more->used == HOOKS_MORE) {
		more = kmalloc(sizeof(*more));
		if (!more)
			return NULL;
		more->used = 0;
		more->next = w->more;
		w->more = more;
	}
	return &more->hook[more->used++];
}

static void hook_add(struct poll_table *t, struct wait_queue *q)
{
	struct poll_waiter *w = container_of(t, struct poll_waiter, table);
	struct poll_hook *hook = hook_alloc(w);

	if (!hook) {
		w->failed = true;
		return;
	}
	file_get(w->file);
	hook->file = w->file;
	hook->queue = q;
	hook->waiter = w;
	hook->events = w->events;
	hook->entry.wake = hook_wake;
	hook->entry.thread = w->thread;
	hook->entry.exclusive = false;
	wait_queue_add(q, &hook->entry);
}

static void hook_remove(struct poll_hook *hook)
{
	wait_queue_remove(hook->queue, &hook->entry);
	file_put(hook->file);
}

static void waiter_init(struct poll_waiter *w)
{
	w->table.add = hook_add;
	w->thread = current;
	w->triggered = false;
	w->failed = false;
	w->used = 0;
	w->more = NULL;
}

static void waiter_fini(struct poll_waiter *w)
{
	for (unsigned i = 0; i < w->used; i++)
		hook_remove(&w->inside[i]);
	while (w->more) {
		struct poll_hooks *more = w->more;

		for (unsigned i = 0; i < more->used; i++)
			hook_remove(&more->hook[i]);
		w->more = more->next;
		kfree(more);
	}
}

/* Return: 0 after a wake-up, -ETIMEDOUT, -ERESTARTSYS. */
static int waiter_sleep(struct poll_waiter *w, uint64_t deadline_ns)
{
	int error = 0;

	thread_mark_waiting();
	if (!__atomic_load_n(&w->triggered, __ATOMIC_SEQ_CST))
		error = wait_sleep(deadline_ns, true);
	thread_unmark_waiting();
	__atomic_store_n(&w->triggered, false, __ATOMIC_SEQ_CST); /* before the files are asked again */
	return error;
}

/* What holds of @f. @t: hook to it too, unless NULL. */
static uint32_t ask(struct poll_waiter *w, struct poll_table *t, struct file *f, uint32_t events)
{
	if (!f->ops->poll)
		return (EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM) & events;
	w->file = f;
	w->events = events;
	return f->ops->poll(f, t) & events;
}

static long poll_pass(struct poll_waiter *w, struct poll_table *t, struct pollfd *fds, unsigned count)
{
	long found = 0;

	for (unsigned i = 0; i < count; i++) {
		struct file *f;

		fds[i].revents = 0;
		if (fds[i].fd < 0)
			continue;
		f = fd_get(fds[i].fd);
		if (f) {
			fds[i].revents = (short)ask(w, t, f, (uint16_t)fds[i].events | EPOLLERR | EPOLLHUP);
			file_put(f);
		} else {
			fds[i].revents = POLLNVAL;
		}
		if (fds[i].revents) {
			found++;
			t = NULL; /* the caller will not sleep */
		}
	}
	return found;
}

static long select_pass(struct poll_waiter *w, struct poll_table *t, unsigned count, const struct select_sets *sets)
{
	static const uint32_t meaning[SELECT_SETS] = {
		[SELECT_READ] = EPOLLRDNORM | EPOLLRDBAND | EPOLLIN | EPOLLHUP | EPOLLERR,
		[SELECT_WRITE] = EPOLLWRBAND | EPOLLWRNORM | EPOLLOUT | EPOLLERR,
		[SELECT_EXCEPT] = EPOLLPRI,
	};
	long found = 0;

	for (unsigned i = 0; i < count; i++) {
		unsigned word = i / 64;
		uint64_t bit = 1ull << i % 64;
		uint32_t events = 0, holds;
		struct file *f;

		for (unsigned s = 0; s < SELECT_SETS; s++)
			if (sets->in[s] && (sets->in[s][word] & bit))
				events |= meaning[s];
		if (!events)
			continue;
		f = fd_get((int)i);
		if (!f)
			return -EBADF;
		holds = ask(w, t, f, events | EPOLLERR | EPOLLHUP);
		file_put(f);
		for (unsigned s = 0; s < SELECT_SETS; s++) {
			if (sets->in[s] && (sets->in[s][word] & bit) && (holds & meaning[s])) {
				sets->out[s][word] |= bit;
				found++;
				t = NULL;
			}
		}
	}
	return found;
}

/* One pass after another: @fds for poll, @sets for select. */
static long wait_for(struct pollfd *fds, const struct select_sets *sets, unsigned count, uint64_t deadline_ns)
{
	struct poll_waiter w;
	struct poll_table *t = deadline_ns ? &w.table : NULL;
	long found;
	int error = 0;

	waiter_init(&w);
	for (;;) {
		found = fds ? poll_pass(&w, t, fds, count) : select_pass(&w, t, count, sets);
		if (found || error || !deadline_ns)
			break;
		if (w.failed) {
			error = -ENOMEM;
			break;
		}
		t = NULL; /* hooked to all of them */
		error = waiter_sleep(&w, deadline_ns);
	}
	waiter_fini(&w);
	if (found || !error || error == -ETIMEDOUT)
		return found;
	return error == -ERESTARTSYS ? -ERESTARTNOHAND : error;
}

long poll_files(struct pollfd *fds, unsigned count, uint64_t deadline_ns)
{
	return wait_for(fds, NULL, count, deadline_ns);
}

long select_files(unsigned count, const struct select_sets *sets, uint64_t deadline_ns)
{
	return wait_for(NULL, sets, count, deadline_ns);
}
