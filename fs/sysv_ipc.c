/* Keys, ids and permissions of System V IPC objects: sysvipc(7), ipc(2) (fs/sysv_ipc.h). */
#include <core/clock.h>
#include <core/process.h>
#include <asm/ipcbuf.h>
#include <fs/sysv_ipc.h>
#include <linux/capability.h>
#include <linux/errno.h>

COMPONENT("sysv-ipc", "what System V semaphores, queues and shared memory have in common");

static const struct credentials *mine(void)
{
	return &current->process->credentials;
}

void ipc_init(struct ipc_object *o, int key, unsigned flags)
{
	list_init(&o->node);
	o->key = key;
	o->mode = flags & 0777;
	o->uid = o->cuid = mine()->euid;
	o->gid = o->cgid = mine()->egid;
	o->removed = false;
}

struct ipc_object *ipc_find_id(struct ipc_table *t, int id)
{
	struct ipc_object *o;

	list_for_each(o, &t->objects, node)
		if (o->id == id)
			return o;
	return NULL;
}

struct ipc_object *ipc_find_index(struct ipc_table *t, int index)
{
	struct ipc_object *o;

	list_for_each(o, &t->objects, node)
		if (o->index == index)
			return o;
	return NULL;
}

struct ipc_object *ipc_find_key(struct ipc_table *t, int key)
{
	struct ipc_object *o;

	if (key == IPC_PRIVATE)
		return NULL;
	list_for_each(o, &t->objects, node)
		if (o->key == key && !o->removed)
			return o;
	return NULL;
}

int ipc_get(struct ipc_table *t, int key, unsigned flags, struct ipc_object **out)
{
	*out = ipc_find_key(t, key);
	if (*out)
		return flags & IPC_CREAT && flags & IPC_EXCL ? -EEXIST : 0;
	if (key != IPC_PRIVATE && !(flags & IPC_CREAT))
		return -ENOENT;
	return t->count < t->limit ? 0 : -ENOSPC;
}

int ipc_add(struct ipc_table *t, struct ipc_object *o)
{
	do
		t->last_id = t->last_id % INT32_MAX + 1; /* never 0 */
	while (ipc_find_id(t, t->last_id));
	o->id = t->last_id;
	while (ipc_find_index(t, t->free_from))
		t->free_from++;
	o->index = t->free_from++;
	list_add_tail(&t->objects, &o->node);
	t->count++;
	return o->id;
}

void ipc_delete(struct ipc_table *t, struct ipc_object *o)
{
	list_del(&o->node);
	t->free_from = MIN(t->free_from, o->index);
	t->count--;
}

bool ipc_allowed(const struct ipc_object *o, unsigned may)
{
	const struct credentials *c = mine();
	unsigned granted = o->mode;

	if (c->euid == o->uid || c->euid == o->cuid)
		granted >>= 6;
	else if (c->egid == o->gid || c->egid == o->cgid)
		granted >>= 3;
	return !(may & ~granted) || (c->cap_effective & 1ull << CAP_IPC_OWNER);
}

struct ipc_object *ipc_for_stat(struct ipc_table *t, int id, bool by_index, bool check)
{
	struct ipc_object *o = by_index ? ipc_find_index(t, id) : ipc_find_id(t, id);

	if (!o)
		return err_ptr(-EINVAL);
	return check && !ipc_allowed(o, IPC_READ) ? err_ptr(-EACCES) : o;
}

bool ipc_allowed_by(const struct ipc_object *o, unsigned flags)
{
	return ipc_allowed(o, (flags >> 6 | flags >> 3 | flags) & (IPC_READ | IPC_WRITE));
}

bool ipc_owned(const struct ipc_object *o)
{
	const struct credentials *c = mine();

	return c->euid == o->uid || c->euid == o->cuid || (c->cap_effective & 1ull << CAP_SYS_ADMIN);
}

void ipc_describe(const struct ipc_object *o, struct ipc64_perm *out)
{
	*out = (struct ipc64_perm){
		.key = o->removed ? IPC_PRIVATE : o->key,
		.uid = o->uid,
		.gid = o->gid,
		.cuid = o->cuid,
		.cgid = o->cgid,
		.mode = o->mode,
	};
}

void ipc_change(struct ipc_object *o, const struct ipc64_perm *from)
{
	o->uid = from->uid;
	o->gid = from->gid;
	o->mode = (o->mode & ~0777u) | (from->mode & 0777);
}

int ipc_highest(const struct ipc_table *t)
{
	const struct ipc_object *o;
	int highest = 0;

	list_for_each(o, &t->objects, node)
		highest = MAX(highest, o->index);
	return highest;
}

int64_t ipc_now(void)
{
	return (int64_t)(clock_realtime_ns() / NSEC_PER_SEC);
}
