/* System V semaphores: semget(2), semop(2), semctl(2), sysvipc(7).
 *
 * The operations of one semop() are done all at once or not at all, under the table's lock. One that must wait hangs its
 * operations in its set's list, oldest first; whoever changes a value tries those that wait, and does them for the
 * waiter. A waiter takes the lock once more before it leaves, so that what woke it is done with it.
 * SEM_UNDO is taken and needs nothing done: it is for the end of a process, which is the end of all semaphores here.
 */
#include <core/process.h>
#include <core/slab.h>
#include <core/wait.h>
#include <fs/sysv_ipc.h>
#include <fs/sysv_sem.h>
#include <linux/errno.h>

COMPONENT("sysv-sem", "System V semaphores");

struct semaphore {
	uint16_t value;
	int pid; /* of the last operation */
};

/* All fields: the table's lock. */
struct sem_set {
	struct ipc_object ipc;
	unsigned count; /* I */
	int64_t operation_time, change_time;
	struct list waiters; /* by age */
	struct semaphore semaphores[];
};

struct sem_waiter {
	struct list node;
	struct wait_queue wake;
	const struct sembuf *ops;
	unsigned count;
	const struct sembuf *blocked_by;
	int pid;
	bool done;
	int result; /* once done */
};

static struct ipc_table table = IPC_TABLE_INIT(table, SEMMNI);

static struct sem_set *find(int id)
{
	struct ipc_object *o = ipc_find_id(&table, id);

	return o ? container_of(o, struct sem_set, ipc) : NULL;
}

/* Return: 0 done; 1 it must wait for *@blocked_by; -EAGAIN, -ERANGE. Nothing has changed unless it is done. */
static int try(struct sem_set *s, const struct sembuf *ops, unsigned count, int pid, const struct sembuf **blocked_by)
{
	unsigned i;
	int r = 0;

	for (i = 0; i < count; i++) {
		struct semaphore *sem = &s->semaphores[ops[i].sem_num];
		int value = sem->value + ops[i].sem_op;

		*blocked_by = &ops[i];
		if (ops[i].sem_op == 0 ? sem->value != 0 : value < 0) {
			r = ops[i].sem_flg & IPC_NOWAIT ? -EAGAIN : 1;
			break;
		}
		if (value > SEMVMX) {
			r = -ERANGE;
			break;
		}
		sem->value = (uint16_t)value;
	}
	if (r) {
		while (i--)
			s->semaphores[ops[i].sem_num].value = (uint16_t)(s->semaphores[ops[i].sem_num].value - ops[i].sem_op);
		return r;
	}
	for (i = 0; i < count; i++)
		s->semaphores[ops[i].sem_num].pid = pid;
	s->operation_time = ipc_now();
	return 0;
}

static bool alters(const struct sembuf *ops, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (ops[i].sem_op)
			return true;
	return false;
}

static void finish(struct sem_waiter *w, int result)
{
	list_del(&w->node);
	w->result = result;
	w->done = true;
	wait_queue_wake(&w->wake, 0);
}

/* Values have changed: do what can be done now, from the oldest on again after each that changes them itself. */
static void retry(struct sem_set *s)
{
	struct sem_waiter *w, *next;
	bool again;

	do {
		again = false;
		list_for_each_safe(w, next, &s->waiters, node) {
			int r = try(s, w->ops, w->count, w->pid, &w->blocked_by);

			if (r > 0)
				continue;
			finish(w, r);
			again = !r && alters(w->ops, w->count);
			if (again)
				break;
		}
	} while (again);
}

/* As it is now: the id of the one with this key, 0 if there is none, or -errno. */
static long look_up(int key, int count, unsigned flags)
{
	struct ipc_object *o;
	long r = ipc_get(&table, key, flags, &o);

	if (r || !o)
		return r;
	if ((unsigned)count > container_of(o, struct sem_set, ipc)->count)
		return -EINVAL;
	return ipc_allowed_by(o, flags) ? o->id : -EACCES;
}

long sem_get(int key, int count, unsigned flags)
{
	struct sem_set *new;
	long r;

	if (count < 0 || count > SEMMSL)
		return -EINVAL;
	spin_lock(&table.lock);
	r = look_up(key, count, flags);
	spin_unlock(&table.lock);
	if (r)
		return r;
	if (!count)
		return -EINVAL;
	new = kzalloc(sizeof(*new) + (size_t)count * sizeof(new->semaphores[0]));
	if (!new)
		return -ENOMEM;
	ipc_init(&new->ipc, key, flags);
	new->count = (unsigned)count;
	new->change_time = ipc_now();
	list_init(&new->waiters);
	spin_lock(&table.lock);
	r = look_up(key, count, flags); /* somebody else may have made it meanwhile */
	if (!r) {
		r = ipc_add(&table, &new->ipc);
		new = NULL;
	}
	spin_unlock(&table.lock);
	kfree(new);
	return r;
}

static int check(const struct sem_set *s, const struct sembuf *ops, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (ops[i].sem_num >= s->count)
			return -EFBIG;
	return ipc_allowed(&s->ipc, alters(ops, count) ? IPC_WRITE : IPC_READ) ? 0 : -EACCES;
}

long sem_operate(int id, const struct sembuf *ops, unsigned count, uint64_t deadline_ns)
{
	struct sem_waiter w = { .ops = ops, .count = count, .pid = current->process->pid };
	struct sem_set *s;
	int r;

	spin_lock(&table.lock);
	s = find(id);
	r = s ? check(s, ops, count) : -EINVAL;
	if (!r)
		r = try(s, ops, count, w.pid, &w.blocked_by);
	if (!r && alters(ops, count))
		retry(s);
	if (r > 0) {
		wait_queue_init(&w.wake);
		list_add_tail(&s->waiters, &w.node);
	}
	spin_unlock(&table.lock);
	if (r <= 0)
		return r;
	r = wait_event_interruptible_until(&w.wake, READ_ONCE(w.done), deadline_ns);
	spin_lock(&table.lock);
	if (w.done)
		r = w.result;
	else
		list_del(&w.node);
	spin_unlock(&table.lock);
	return r == -ETIMEDOUT ? -EAGAIN : r == -ERESTARTSYS ? -EINTR : r; /* semop(2): never restarted */
}

long sem_remove(int id)
{
	struct sem_waiter *w, *next;
	struct sem_set *s;
	long r = 0;

	spin_lock(&table.lock);
	s = find(id);
	if (!s) {
		r = -EINVAL;
	} else if (!ipc_owned(&s->ipc)) {
		r = -EPERM;
	} else {
		ipc_delete(&table, &s->ipc);
		list_for_each_safe(w, next, &s->waiters, node)
			finish(w, -EIDRM);
	}
	spin_unlock(&table.lock);
	if (!r)
		kfree(s);
	return r;
}

long sem_stat(int id, bool by_index, bool check_rights, struct semid64_ds *out)
{
	struct ipc_object *o;
	long r;

	*out = (struct semid64_ds){ .sem_nsems = 0 };
	spin_lock(&table.lock);
	o = ipc_for_stat(&table, id, by_index, check_rights);
	if (is_err(o)) {
		r = ptr_err(o);
	} else {
		const struct sem_set *s = container_of(o, struct sem_set, ipc);

		ipc_describe(o, &out->sem_perm);
		out->sem_otime = s->operation_time;
		out->sem_ctime = s->change_time;
		out->sem_nsems = s->count;
		r = by_index ? o->id : 0;
	}
	spin_unlock(&table.lock);
	return r;
}

long sem_set(int id, const struct semid64_ds *from)
{
	struct sem_set *s;
	long r = -EINVAL;

	spin_lock(&table.lock);
	s = find(id);
	if (s && !ipc_owned(&s->ipc)) {
		r = -EPERM;
	} else if (s) {
		ipc_change(&s->ipc, &from->sem_perm);
		s->change_time = ipc_now();
		r = 0;
	}
	spin_unlock(&table.lock);
	return r;
}

/* How many operations wait for semaphore @number to become zero, or to become more. */
static long waiting(const struct sem_set *s, int number, bool zero)
{
	const struct sem_waiter *w;
	long n = 0;

	list_for_each(w, &s->waiters, node)
		n += w->blocked_by->sem_num == number && (w->blocked_by->sem_op == 0) == zero;
	return n;
}

long sem_one(int id, int number, int command)
{
	const struct sem_set *s;
	long r;

	spin_lock(&table.lock);
	s = find(id);
	if (!s)
		r = -EINVAL;
	else if (!ipc_allowed(&s->ipc, IPC_READ))
		r = -EACCES;
	else if (number < 0 || (unsigned)number >= s->count)
		r = -EINVAL;
	else if (command == GETVAL)
		r = s->semaphores[number].value;
	else if (command == GETPID)
		r = s->semaphores[number].pid;
	else
		r = waiting(s, number, command == GETZCNT);
	spin_unlock(&table.lock);
	return r;
}

long sem_set_value(int id, int number, int value)
{
	struct sem_set *s;
	long r = 0;

	if (value < 0 || value > SEMVMX)
		return -ERANGE;
	spin_lock(&table.lock);
	s = find(id);
	if (!s || number < 0 || (unsigned)number >= s->count) {
		r = -EINVAL;
	} else if (!ipc_allowed(&s->ipc, IPC_WRITE)) {
		r = -EACCES;
	} else {
		s->semaphores[number].value = (uint16_t)value;
		s->semaphores[number].pid = current->process->pid;
		s->change_time = ipc_now();
		retry(s);
	}
	spin_unlock(&table.lock);
	return r;
}

long sem_count(int id, unsigned may)
{
	const struct sem_set *s;
	long r;

	spin_lock(&table.lock);
	s = find(id);
	r = !s ? -EINVAL : ipc_allowed(&s->ipc, may) ? (long)s->count : -EACCES;
	spin_unlock(&table.lock);
	return r;
}

long sem_get_all(int id, uint16_t *values, unsigned count)
{
	const struct sem_set *s;
	long r = -EIDRM;

	spin_lock(&table.lock);
	s = find(id);
	if (s && s->count == count) {
		for (unsigned i = 0; i < count; i++)
			values[i] = s->semaphores[i].value;
		r = 0;
	}
	spin_unlock(&table.lock);
	return r;
}

long sem_set_all(int id, const uint16_t *values, unsigned count)
{
	struct sem_set *s;
	long r = -EIDRM;

	for (unsigned i = 0; i < count; i++)
		if (values[i] > SEMVMX)
			return -ERANGE;
	spin_lock(&table.lock);
	s = find(id);
	if (s && s->count == count) {
		for (unsigned i = 0; i < count; i++) {
			s->semaphores[i].value = values[i];
			s->semaphores[i].pid = current->process->pid;
		}
		s->change_time = ipc_now();
		retry(s);
		r = 0;
	}
	spin_unlock(&table.lock);
	return r;
}

long sem_totals(int *ret_sets, int *ret_semaphores)
{
	const struct sem_set *s;
	unsigned n = 0;
	long highest;

	spin_lock(&table.lock);
	list_for_each(s, &table.objects, ipc.node)
		n += s->count;
	*ret_sets = (int)table.count;
	*ret_semaphores = (int)n;
	highest = ipc_highest(&table);
	spin_unlock(&table.lock);
	return highest;
}
