/* System V message queues: msgget(2), msgop(2), msgctl(2), sysvipc(7).
 *
 * The table's lock covers queues and messages. Who must wait hangs in the queue's list; a change of the queue wakes
 * all of one list, who look again by the queue's id, which tells them if it was removed meanwhile. A waiter takes the
 * lock once more before it leaves, so that what woke it is done with it.
 */
#include <core/process.h>
#include <core/slab.h>
#include <core/wait.h>
#include <fs/sysv_ipc.h>
#include <asm/msgbuf.h>
#include <fs/sysv_msg.h>
#include <linux/capability.h>
#include <linux/errno.h>

COMPONENT("sysv-msg", "System V message queues");

/* All fields: the table's lock. */
struct msg_queue {
	struct ipc_object ipc;
	struct list messages;
	uint64_t bytes, limit;
	unsigned count;
	struct list senders, receivers; /* of msg_waiter */
	int64_t send_time, receive_time, change_time;
	int last_sender, last_receiver;
};

struct msg_waiter {
	struct list node;
	struct wait_queue wake;
	bool woken;
};

static struct ipc_table table = IPC_TABLE_INIT(table, MSGMNI);

static struct msg_queue *find(int id)
{
	struct ipc_object *o = ipc_find_id(&table, id);

	return o ? container_of(o, struct msg_queue, ipc) : NULL;
}

static void wake_all(struct list *waiters)
{
	struct msg_waiter *w, *next;

	list_for_each_safe(w, next, waiters, node) {
		list_del(&w->node);
		w->woken = true;
		wait_queue_wake(&w->wake, 0);
	}
}

/* Wait in @waiters for a change; the lock is held, but given up meanwhile. Return: 0 or -ERESTARTNOHAND. */
static int wait_in(struct list *waiters)
{
	struct msg_waiter w = { .woken = false };
	int r;

	wait_queue_init(&w.wake);
	list_add_tail(waiters, &w.node);
	spin_unlock(&table.lock);
	r = wait_event_interruptible(&w.wake, READ_ONCE(w.woken));
	spin_lock(&table.lock);
	if (w.woken)
		return 0;
	list_del(&w.node);
	return r ? -ERESTARTNOHAND : 0;
}

/* As it is now: the id of the one with this key, 0 if there is none, or -errno. */
static long look_up(int key, unsigned flags)
{
	struct ipc_object *o;
	long r = ipc_get(&table, key, flags, &o);

	if (r || !o)
		return r;
	return ipc_allowed_by(o, flags) ? o->id : -EACCES;
}

long msg_get(int key, unsigned flags)
{
	struct msg_queue *new;
	long r;

	spin_lock(&table.lock);
	r = look_up(key, flags);
	spin_unlock(&table.lock);
	if (r)
		return r;
	new = kzalloc(sizeof(*new));
	if (!new)
		return -ENOMEM;
	ipc_init(&new->ipc, key, flags);
	list_init(&new->messages);
	list_init(&new->senders);
	list_init(&new->receivers);
	new->limit = MSGMNB;
	new->change_time = ipc_now();
	spin_lock(&table.lock);
	r = look_up(key, flags); /* somebody else may have made it meanwhile */
	if (!r) {
		r = ipc_add(&table, &new->ipc);
		new = NULL;
	}
	spin_unlock(&table.lock);
	kfree(new);
	return r;
}

static bool has_room(const struct msg_queue *q, size_t size)
{
	return q->bytes + size <= q->limit && q->count + 1 <= q->limit;
}

long msg_send(int id, struct message *m, unsigned flags)
{
	struct msg_queue *q;
	bool waited = false;
	long r;

	spin_lock(&table.lock);
	for (;;) {
		q = find(id);
		r = !q ? (waited ? -EIDRM : -EINVAL) : ipc_allowed(&q->ipc, IPC_WRITE) ? 0 : -EACCES;
		if (r || has_room(q, m->size))
			break;
		r = flags & IPC_NOWAIT ? -EAGAIN : wait_in(&q->senders);
		if (r)
			break;
		waited = true;
	}
	if (!r) {
		list_add_tail(&q->messages, &m->node);
		q->count++;
		q->bytes += m->size;
		q->send_time = ipc_now();
		q->last_sender = current->process->pid;
		wake_all(&q->receivers);
	}
	spin_unlock(&table.lock);
	return r;
}

/* The message that msgrcv(2) means by @type, or NULL. */
static struct message *choose(const struct msg_queue *q, long type, unsigned flags)
{
	struct message *m, *lowest = NULL;
	unsigned long most = type < 0 ? -(unsigned long)type : 0;

	list_for_each(m, &q->messages, node) {
		if (flags & MSG_COPY) {
			if (type-- == 0)
				return m;
		} else if (type < 0) {
			if ((unsigned long)m->type <= most && (!lowest || m->type < lowest->type))
				lowest = m;
		} else if (type == 0 || (m->type == type) == !(flags & MSG_EXCEPT)) {
			return m;
		}
	}
	return lowest;
}

/* @spare: room for a copy of any message that fits. */
static long take(struct msg_queue *q, struct message *m, size_t room, unsigned flags, struct message *spare,
		 struct message **out)
{
	if (m->size > room && !(flags & MSG_NOERROR))
		return -E2BIG;
	if (flags & MSG_COPY) {
		spare->type = m->type;
		spare->size = MIN(m->size, room);
		memcpy(spare->text, m->text, spare->size);
		*out = spare;
		return 0;
	}
	list_del(&m->node);
	q->count--;
	q->bytes -= m->size;
	q->receive_time = ipc_now();
	q->last_receiver = current->process->pid;
	wake_all(&q->senders);
	*out = m;
	return 0;
}

long msg_receive(int id, size_t room, long type, unsigned flags, struct message **out)
{
	struct message *spare = NULL, *m;
	struct msg_queue *q;
	bool waited = false;
	long r;

	if (flags & MSG_COPY) {
		if (flags & MSG_EXCEPT || !(flags & IPC_NOWAIT))
			return -EINVAL;
		room = MIN(room, (size_t)MSGMAX);
		spare = kmalloc(sizeof(*spare) + room);
		if (!spare)
			return -ENOMEM;
	}
	*out = NULL;
	spin_lock(&table.lock);
	for (;;) {
		q = find(id);
		r = !q ? (waited ? -EIDRM : -EINVAL) : ipc_allowed(&q->ipc, IPC_READ) ? 0 : -EACCES;
		if (r)
			break;
		m = choose(q, type, flags);
		if (m) {
			r = take(q, m, room, flags, spare, out);
			break;
		}
		r = flags & IPC_NOWAIT ? -ENOMSG : wait_in(&q->receivers);
		if (r)
			break;
		waited = true;
	}
	spin_unlock(&table.lock);
	if (*out != spare)
		kfree(spare);
	return r;
}

long msg_remove(int id)
{
	struct message *m, *next;
	struct msg_queue *q;
	long r = 0;

	spin_lock(&table.lock);
	q = find(id);
	if (!q) {
		r = -EINVAL;
	} else if (!ipc_owned(&q->ipc)) {
		r = -EPERM;
	} else {
		ipc_delete(&table, &q->ipc);
		wake_all(&q->senders);
		wake_all(&q->receivers);
	}
	spin_unlock(&table.lock);
	if (r)
		return r;
	list_for_each_safe(m, next, &q->messages, node)
		kfree(m);
	kfree(q);
	return 0;
}

long msg_stat(int id, bool by_index, bool check, struct msqid64_ds *out)
{
	struct ipc_object *o;
	long r;

	*out = (struct msqid64_ds){ .msg_qnum = 0 };
	spin_lock(&table.lock);
	o = ipc_for_stat(&table, id, by_index, check);
	if (is_err(o)) {
		r = ptr_err(o);
	} else {
		const struct msg_queue *q = container_of(o, struct msg_queue, ipc);

		ipc_describe(o, &out->msg_perm);
		out->msg_stime = q->send_time;
		out->msg_rtime = q->receive_time;
		out->msg_ctime = q->change_time;
		out->msg_cbytes = q->bytes;
		out->msg_qnum = q->count;
		out->msg_qbytes = q->limit;
		out->msg_lspid = q->last_sender;
		out->msg_lrpid = q->last_receiver;
		r = by_index ? o->id : 0;
	}
	spin_unlock(&table.lock);
	return r;
}

long msg_set(int id, const struct msqid64_ds *from)
{
	const struct credentials *c = &current->process->credentials;
	struct msg_queue *q;
	long r = 0;

	spin_lock(&table.lock);
	q = find(id);
	if (!q) {
		r = -EINVAL;
	} else if (!ipc_owned(&q->ipc) ||
		   (from->msg_qbytes > MSGMNB && !(c->cap_effective & 1ull << CAP_SYS_RESOURCE))) {
		r = -EPERM;
	} else {
		ipc_change(&q->ipc, &from->msg_perm);
		q->limit = from->msg_qbytes;
		q->change_time = ipc_now();
		wake_all(&q->senders); /* there may be room, or they may not send any more */
		wake_all(&q->receivers);
	}
	spin_unlock(&table.lock);
	return r;
}

long msg_totals(int *ret_queues, int *ret_messages, int *ret_bytes)
{
	const struct msg_queue *q;
	uint64_t messages = 0, bytes = 0;
	long highest;

	spin_lock(&table.lock);
	list_for_each(q, &table.objects, ipc.node) {
		messages += q->count;
		bytes += q->bytes;
	}
	*ret_queues = (int)table.count;
	*ret_messages = (int)messages;
	*ret_bytes = (int)bytes;
	highest = ipc_highest(&table);
	spin_unlock(&table.lock);
	return highest;
}
