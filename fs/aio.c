/* Asynchronous I/O as libaio has it: io_setup(2) and its family, linux/aio_abi.h.
 *
 * Reads, writes and syncs are done while they are submitted, as Linux does those of files in its page cache; only a
 * poll waits. When a file that is polled wakes its queue, the request goes to a thread, which asks the file and ends the
 * request if what it waits for holds.
 * A context's number is the address of a page that is mapped for it, because libaio looks there for Linux's ring; it is
 * empty, which tells libaio to ask the kernel.
 * Locking: the context's lock (sleeping) covers its lists; the worker's (irqsave) the list of woken requests.
 */
#include <core/log.h>
#include <core/process.h>
#include <core/ref.h>
#include <core/slab.h>
#include <fs/aio.h>
#include <fs/eventfd.h>
#include <linux/errno.h>
#include <linux/mman.h>
#include <mm/mm.h>

COMPONENT("aio", "asynchronous I/O (io_submit)");

#define CAPACITY_LEAST 126u   /* what fits into Linux's smallest ring */
#define CAPACITY_ALL   65536u /* fs.aio-max-nr */

struct aio_context {
	struct list node;        /* in the process's list; its lock */
	struct aio_contexts *of; /* I, borrowed */
	uint32_t refs;           /* atomic */
	uint64_t id;             /* I */
	unsigned asked, capacity; /* I: requests asked for at io_setup(2), and that it takes */
	struct mutex lock;       /* RANK_AIO */
	unsigned in_use;         /* lock: requests begun whose events were not taken */
	unsigned ready;          /* lock for writing: length of ended */
	bool dead;               /* lock for writing */
	struct list active, ended; /* lock */
	struct wait_queue wait;
};

/* process->aio */
struct aio_contexts {
	struct process_part part;
	struct mutex lock;       /* RANK_AIO_CONTEXTS */
	struct list contexts;    /* lock */
	unsigned capacity;       /* lock: of all */
};

struct aio_hook {
	struct wait_entry entry;
	struct wait_queue *queue;
	struct aio_request *request;
	struct aio_hook *next;
};

static struct {
	struct spinlock lock;    /* RANK_POLL, irqsave */
	struct list woken;       /* of aio_request.woken_node */
	struct wait_queue wait;
	struct mutex start;      /* RANK_AIO_CONTEXTS: started */
	bool started;            /* there is a thread */
} worker = {
	.lock = SPINLOCK_INIT(RANK_POLL),
	.woken = LIST_INIT(worker.woken),
	.wait = { SPINLOCK_INIT(RANK_WAIT_NESTED), LIST_INIT(worker.wait.entries) },
	.start = MUTEX_INIT(worker.start, RANK_AIO_CONTEXTS),
};

static void request_put(struct aio_request *r)
{
	if (!ref_put(&r->refs))
		return;
	aio_context_put(r->context);
	kfree(r);
}

static void context_get(struct aio_context *c)
{
	ref_get(&c->refs);
}

void aio_context_put(struct aio_context *c)
{
	if (ref_put(&c->refs))
		kfree(c);
}

unsigned aio_capacity(const struct aio_context *c)
{
	return c->capacity;
}

/* What a request needed only while it waited; no lock is held, because the last file_put() may do anything. */
static void let_go(struct aio_request *r)
{
	struct aio_hook *next;

	for (; r->hooks; r->hooks = next) {
		next = r->hooks->next;
		kfree(r->hooks);
	}
	if (r->file)
		file_put(r->file);
	if (r->result)
		file_put(r->result);
	r->file = r->result = NULL;
}

/* The context's lock is held. let_go() is due. */
static void end_locked(struct aio_request *r, long result)
{
	struct aio_context *c = r->context;

	for (struct aio_hook *h = r->hooks; h; h = h->next)
		wait_queue_remove(h->queue, &h->entry);
	r->ended = true;
	r->event.res = result;
	list_del(&r->node);
	list_add_tail(&c->ended, &r->node);
	WRITE_ONCE(c->ready, c->ready + 1);
	if (r->result)
		eventfd_signal(r->result);
	if (wait_queue_active(&c->wait))
		wait_queue_wake_all(&c->wait, 0);
}

void aio_end(struct aio_request *r, long result)
{
	struct aio_context *c = r->context;

	ref_get(&r->refs); /* its event may be taken at once */
	mutex_lock(&c->lock);
	end_locked(r, result);
	mutex_unlock(&c->lock);
	let_go(r);
	request_put(r);
}

struct aio_request *aio_begin(struct aio_context *c)
{
	struct aio_request *r = kzalloc(sizeof(*r));
	bool room;

	if (!r)
		return err_ptr(-ENOMEM);
	mutex_lock(&c->lock);
	room = c->in_use < c->capacity && !c->dead;
	if (room) {
		c->in_use++;
		list_add_tail(&c->active, &r->node);
	}
	mutex_unlock(&c->lock);
	if (!room) {
		kfree(r);
		return err_ptr(-EAGAIN);
	}
	context_get(c);
	r->context = c;
	r->refs = 1;
	list_init(&r->woken_node);
	return r;
}

/* The request leaves its context, which gives up its reference. The lock is held. */
static void forget(struct aio_request *r)
{
	list_del(&r->node);
	r->context->in_use--;
}

void aio_drop(struct aio_request *r)
{
	struct aio_context *c = r->context;

	mutex_lock(&c->lock);
	forget(r);
	mutex_unlock(&c->lock);
	let_go(r);
	request_put(r);
}

/* Context: any, under the lock of the file's wait queue. */
static void hook_wake(struct wait_entry *e, uint32_t events)
{
	struct aio_request *r = container_of(e, struct aio_hook, entry)->request;
	irqflags_t flags;
	bool queue;

	if (events && !(events & r->events))
		return;
	flags = spin_lock_irqsave(&worker.lock);
	queue = !r->woken;
	if (queue) {
		r->woken = true;
		ref_get(&r->refs);
		list_add_tail(&worker.woken, &r->woken_node);
	}
	spin_unlock_irqrestore(&worker.lock, flags);
	if (queue)
		wait_queue_wake(&worker.wait, 0);
}

static struct aio_request *next_woken(void)
{
	irqflags_t flags = spin_lock_irqsave(&worker.lock);
	struct aio_request *r = NULL;

	if (!list_empty(&worker.woken)) {
		r = list_first(&worker.woken, struct aio_request, woken_node);
		list_del(&r->woken_node);
		r->woken = false;
	}
	spin_unlock_irqrestore(&worker.lock, flags);
	return r;
}

static uint32_t ask(const struct aio_request *r)
{
	return r->file->ops->poll(r->file, NULL) & r->events;
}

static void work(void *unused)
{
	struct aio_request *r;

	for (;;) {
		uint32_t events = 0;
		struct aio_context *c;

		wait_event(&worker.wait, (r = next_woken()) != NULL);
		c = r->context;
		mutex_lock(&c->lock);
		if (!r->ended)
			events = ask(r);
		if (events)
			end_locked(r, events);
		mutex_unlock(&c->lock);
		if (events)
			let_go(r);
		request_put(r);
	}
}

static int start_worker(void)
{
	struct thread *t;
	int r = 0;

	mutex_lock(&worker.start);
	if (!worker.started) {
		t = thread_create("aio", NULL, work, NULL);
		if (t) {
			thread_start(t);
			thread_put(t);
			worker.started = true;
		} else {
			r = -ENOMEM;
		}
	}
	mutex_unlock(&worker.start);
	return r;
}

struct hooker {
	struct poll_table table;
	struct aio_request *request;
	bool failed;
};

static void hook_add(struct poll_table *t, struct wait_queue *q)
{
	struct hooker *hooker = container_of(t, struct hooker, table);
	struct aio_hook *h = kzalloc(sizeof(*h));

	if (!h) {
		hooker->failed = true;
		return;
	}
	h->request = hooker->request;
	h->queue = q;
	h->entry.wake = hook_wake;
	h->next = h->request->hooks;
	h->request->hooks = h;
	wait_queue_add(q, &h->entry);
}

int aio_poll(struct aio_request *r, struct file *f, uint32_t events)
{
	struct hooker hooker = { .table = { hook_add }, .request = r };
	struct aio_context *c = r->context;
	uint32_t now;
	bool over;
	int error;

	if (!f->ops->poll) { /* always readable and writable */
		aio_end(r, events & (EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM));
		return 0;
	}
	error = start_worker();
	if (error)
		return error;
	file_get(f);
	r->file = f;
	r->events = events | EPOLLERR | EPOLLHUP;
	ref_get(&r->refs);
	mutex_lock(&c->lock);
	now = f->ops->poll(f, &hooker.table) & r->events;
	over = now || c->dead;
	if (over) {
		end_locked(r, now);
	} else if (hooker.failed) {
		for (struct aio_hook *h = r->hooks; h; h = h->next)
			wait_queue_remove(h->queue, &h->entry);
		error = -ENOMEM;
	}
	mutex_unlock(&c->lock);
	if (over)
		let_go(r);
	request_put(r);
	return error;
}

int aio_cancel(struct aio_context *c, uint64_t object)
{
	struct aio_request *r, *found = NULL;

	mutex_lock(&c->lock);
	list_for_each(r, &c->active, node) {
		if (r->event.obj == object && r->file) {
			found = r;
			break;
		}
	}
	if (found) {
		ref_get(&found->refs);
		end_locked(found, 0);
	}
	mutex_unlock(&c->lock);
	if (!found)
		return -EINVAL;
	let_go(found);
	request_put(found);
	return -EINPROGRESS;
}

/* Take the first event that is ready, if @c has one. */
static struct aio_request *take(struct aio_context *c)
{
	struct aio_request *r = NULL;

	mutex_lock(&c->lock);
	if (!list_empty(&c->ended)) {
		r = list_first(&c->ended, struct aio_request, node);
		forget(r);
		WRITE_ONCE(c->ready, c->ready - 1);
	}
	mutex_unlock(&c->lock);
	return r;
}

long aio_events(struct aio_context *c, long min, long max, struct io_event __user *to, uint64_t deadline_ns)
{
	struct aio_request *r;
	bool expired = !deadline_ns;
	long n = 0;

	for (;;) {
		int error;

		while (n < max && (r = take(c))) {
			struct io_event event = r->event;

			request_put(r);
			if (copy_out(to + n, &event))
				return n ? n : -EFAULT;
			n++;
		}
		if (n >= min || n >= max || expired)
			return n;
		if (READ_ONCE(c->dead))
			return n ? n : -EINVAL;
		error = wait_event_interruptible_until(&c->wait, READ_ONCE(c->ready) || READ_ONCE(c->dead), deadline_ns);
		if (error == -ERESTARTSYS)
			return n ? n : error;
		expired = error == -ETIMEDOUT;
	}
}

static void contexts_end(struct process *p, struct process_part *part);

static struct aio_contexts *contexts_of(struct process *p)
{
	struct process_part *part = __atomic_load_n(&p->aio, __ATOMIC_ACQUIRE), *none = NULL;
	struct aio_contexts *all;

	if (part)
		return container_of(part, struct aio_contexts, part);
	all = kzalloc(sizeof(*all));
	if (!all)
		return NULL;
	all->part.end = contexts_end;
	mutex_init(&all->lock, RANK_AIO_CONTEXTS);
	list_init(&all->contexts);
	if (__atomic_compare_exchange_n(&p->aio, &none, &all->part, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return all;
	kfree(all);
	return container_of(none, struct aio_contexts, part);
}

int aio_setup(unsigned events, uint64_t *ret_id)
{
	struct mm *mm = current->process->mm;
	struct aio_contexts *all = contexts_of(current->process);
	struct aio_context *c;
	long id;

	if (events > CAPACITY_ALL)
		return -EAGAIN;
	c = all ? kzalloc(sizeof(*c)) : NULL;
	if (!c)
		return -ENOMEM;
	c->refs = 1;
	c->asked = events;
	c->capacity = MAX(2 * events, CAPACITY_LEAST);
	mutex_init(&c->lock, RANK_AIO);
	list_init(&c->active);
	list_init(&c->ended);
	wait_queue_init(&c->wait);
	id = mm_map(mm, 0, PAGE_SIZE, PROT_READ, MAP_PRIVATE, NULL, 0);
	if (is_err((void *)id)) {
		kfree(c);
		return (int)id;
	}
	c->id = (uint64_t)id;
	mutex_lock(&all->lock);
	if (all->capacity + events > CAPACITY_ALL) {
		mutex_unlock(&all->lock);
		(void)mm_unmap(mm, c->id, PAGE_SIZE); /* was mapped above */
		kfree(c);
		return -EAGAIN;
	}
	c->of = all;
	all->capacity += events;
	list_add_tail(&all->contexts, &c->node);
	mutex_unlock(&all->lock);
	*ret_id = c->id;
	return 0;
}

static struct aio_context *find_locked(struct aio_contexts *all, uint64_t id)
{
	struct aio_context *c;

	list_for_each(c, &all->contexts, node)
		if (c->id == id)
			return c;
	return NULL;
}

struct aio_context *aio_context_get(uint64_t id)
{
	struct process_part *part = __atomic_load_n(&current->process->aio, __ATOMIC_ACQUIRE);
	struct aio_contexts *all = container_of(part, struct aio_contexts, part);
	struct aio_context *c;

	if (!part)
		return NULL;
	mutex_lock(&all->lock);
	c = find_locked(all, id);
	if (c)
		context_get(c);
	mutex_unlock(&all->lock);
	return c;
}

/* @c is out of the list: end what waits, drop what nobody will take, give up the list's reference. */
static void context_end(struct aio_context *c)
{
	struct aio_request *r;

	mutex_lock(&c->lock);
	WRITE_ONCE(c->dead, true);
	for (;;) {
		struct aio_request *waits = NULL;

		list_for_each(r, &c->active, node) {
			if (r->file) {
				waits = r;
				break;
			}
		}
		if (!waits)
			break;
		ref_get(&waits->refs);
		end_locked(waits, 0);
		mutex_unlock(&c->lock);
		let_go(waits);
		request_put(waits);
		mutex_lock(&c->lock);
	}
	mutex_unlock(&c->lock);
	wait_queue_wake_all(&c->wait, 0);
	while ((r = take(c)))
		request_put(r);
	aio_context_put(c);
}

int aio_destroy(uint64_t id)
{
	struct aio_context *c = aio_context_get(id);
	bool mine = false;

	if (!c)
		return -EINVAL;
	mutex_lock(&c->of->lock);
	if (!list_empty(&c->node)) { /* else another thread does it */
		list_del(&c->node);
		c->of->capacity -= c->asked;
		mine = true;
	}
	mutex_unlock(&c->of->lock);
	if (mine) {
		(void)mm_unmap(current->process->mm, c->id, PAGE_SIZE); /* the program may have done so */
		context_end(c);
	}
	aio_context_put(c);
	return mine ? 0 : -EINVAL;
}

/* The process has no threads any more. */
static void contexts_end(struct process *p, struct process_part *part)
{
	struct aio_contexts *all = container_of(part, struct aio_contexts, part);

	while (!list_empty(&all->contexts)) {
		struct aio_context *c = list_first(&all->contexts, struct aio_context, node);

		list_del(&c->node);
		context_end(c);
	}
	p->aio = NULL;
	kfree(all);
}
