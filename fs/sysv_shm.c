/* System V shared memory: shmget(2), shmop(2), sysvipc(7).
 *
 * A segment is a vm_object around one of shared anonymous memory; it counts how often it is mapped, so that a removed
 * one goes with its last mapping. The table's lock (spinning, because mappings come and go under mm->lock) covers all
 * fields.
 * Not done: SHM_HUGETLB is taken as a hint, SHM_LOCK as done.
 */
#include <core/log.h>
#include <core/process.h>
#include <core/slab.h>
#include <linux/mman.h>
#include <fs/sysv_ipc.h>
#include <fs/sysv_shm.h>
#include <linux/errno.h>
#include <linux/stat.h>
#include <mm/mm.h>

COMPONENT("sysv-shm", "System V shared memory");

#define KEY_PREFIX   "/SYSV"

struct segment {
	struct ipc_object ipc;   /* removed: freed with the last mapping */
	struct vm_object object; /* I: what is mapped */
	struct vm_object *memory; /* I: ref: the pages */
	uint64_t size;           /* I: bytes, as asked for */
	int creator, last_pid;
	int64_t attach_time, detach_time, change_time; /* seconds since the epoch */
	uint64_t attached;       /* mappings */
};

static struct ipc_table table = IPC_TABLE_INIT(table, SHMMNI);

static struct segment *segment_of(struct vm_object *o)
{
	return container_of(o, struct segment, object);
}

static int segment_page(struct vm_object *o, uint64_t index, bool write, struct vm_page *out)
{
	struct vm_object *memory = segment_of(o)->memory;

	return memory->ops->page(memory, index, write, out);
}

static void segment_get(struct vm_object *o)
{
	spin_lock(&table.lock);
	segment_of(o)->attached++;
	spin_unlock(&table.lock);
}

static void segment_free(struct segment *s)
{
	s->memory->ops->put(s->memory);
	kfree(s);
}

static void segment_put(struct vm_object *o)
{
	struct segment *s = segment_of(o);
	bool last;

	spin_lock(&table.lock);
	last = --s->attached == 0 && s->ipc.removed;
	s->detach_time = ipc_now();
	s->last_pid = current->process ? current->process->pid : 0;
	if (last)
		ipc_delete(&table, &s->ipc);
	spin_unlock(&table.lock);
	if (last)
		segment_free(s);
}

static void segment_describe(struct vm_object *o, char *path, size_t size, uint64_t *inode, uint32_t *device)
{
	struct segment *s = segment_of(o);

	(void)format_text(path, size, KEY_PREFIX "%08x (deleted)", (unsigned)s->ipc.key);
	*inode = (uint64_t)s->ipc.id;
}

static const struct vm_object_ops segment_ops = {
	.page = segment_page,
	.get = segment_get,
	.put = segment_put,
	.describe = segment_describe,
};

#define SHM_NORESERVE 010000u /* its header wants a libc */

static struct segment *find_id(int id)
{
	struct ipc_object *o = ipc_find_id(&table, id);

	return o ? container_of(o, struct segment, ipc) : NULL;
}

static struct segment *segment_create(int key, size_t size, unsigned flags)
{
	struct segment *s = kzalloc(sizeof(*s));

	if (!s)
		return NULL;
	s->memory = vm_object_create_shared((size + PAGE_SIZE - 1) / PAGE_SIZE, flags & SHM_NORESERVE);
	if (!s->memory) {
		kfree(s);
		return NULL;
	}
	s->object.ops = &segment_ops;
	ipc_init(&s->ipc, key, flags);
	s->size = size;
	s->creator = current->process->pid;
	s->change_time = ipc_now();
	return s;
}

/* As it is now: the id of the one with this key, 0 if there is none, or -errno. table.lock is held. */
static long look_up(int key, size_t size, unsigned flags)
{
	struct ipc_object *o;
	long r = ipc_get(&table, key, flags, &o);

	if (r || !o)
		return r;
	if (size > container_of(o, struct segment, ipc)->size)
		return -EINVAL;
	return ipc_allowed_by(o, flags) ? o->id : -EACCES;
}

long shm_get(int key, size_t size, unsigned flags)
{
	struct segment *new;
	long r;

	spin_lock(&table.lock);
	r = look_up(key, size, flags);
	spin_unlock(&table.lock);
	if (r)
		return r;
	if (size < SHMMIN || size > INT64_MAX)
		return -EINVAL;
	new = segment_create(key, size, flags);
	if (!new)
		return -ENOMEM;
	spin_lock(&table.lock);
	r = look_up(key, size, flags); /* somebody else may have made it meanwhile */
	if (!r) {
		r = ipc_add(&table, &new->ipc);
		new = NULL;
	}
	spin_unlock(&table.lock);
	if (new)
		segment_free(new);
	return r;
}

long shm_attach(int id, uint64_t address, unsigned flags)
{
	bool read_only = flags & SHM_RDONLY;
	int how = MAP_SHARED, prot = PROT_READ | (read_only ? 0 : PROT_WRITE) | (flags & SHM_EXEC ? PROT_EXEC : 0);
	struct segment *s;
	long r = 0;

	if (address) {
		if (flags & SHM_RND)
			address = ALIGN_DOWN(address, PAGE_SIZE);
		if (address % PAGE_SIZE || !address)
			return -EINVAL;
		how |= flags & SHM_REMAP ? MAP_FIXED : MAP_FIXED_NOREPLACE;
	} else if (flags & SHM_REMAP) {
		return -EINVAL;
	}
	spin_lock(&table.lock);
	s = find_id(id);
	if (!s)
		r = -EINVAL;
	else if (!ipc_allowed(&s->ipc, IPC_READ | (read_only ? 0 : IPC_WRITE)))
		r = -EACCES;
	else
		s->attached++; /* ours, until it is mapped */
	spin_unlock(&table.lock);
	if (r)
		return r;
	r = mm_map(current->process->mm, address, s->size, prot, how, &s->object, 0);
	if (r >= 0 || r < -4095) {
		spin_lock(&table.lock);
		s->attach_time = ipc_now();
		s->last_pid = current->process->pid;
		spin_unlock(&table.lock);
	}
	segment_put(&s->object);
	return r == -EEXIST ? -EINVAL : r;
}

long shm_detach(uint64_t address)
{
	struct mm *mm = current->process->mm;
	struct segment *s;
	struct mm_range range;
	uint64_t size = 0;

	if (address % PAGE_SIZE || !mm_next_range(mm, address, false, &range) || range.start != address || !range.shared ||
	    range.offset || memcmp(range.path, KEY_PREFIX, sizeof(KEY_PREFIX) - 1))
		return -EINVAL;
	spin_lock(&table.lock);
	s = find_id((int)range.inode);
	if (s)
		size = ALIGN_UP(s->size, PAGE_SIZE);
	spin_unlock(&table.lock);
	return size ? mm_unmap(mm, address, size) : -EINVAL;
}

long shm_remove(int id)
{
	struct segment *s;
	bool last = false;
	long r = 0;

	spin_lock(&table.lock);
	s = find_id(id);
	if (!s) {
		r = -EINVAL;
	} else if (!ipc_owned(&s->ipc)) {
		r = -EPERM;
	} else {
		s->ipc.removed = true;
		s->ipc.mode |= SHM_DEST;
		last = !s->attached;
		if (last)
			ipc_delete(&table, &s->ipc);
	}
	spin_unlock(&table.lock);
	if (last)
		segment_free(s);
	return r;
}

static void fill(struct shmid64_ds *out, const struct segment *s)
{
	*out = (struct shmid64_ds){
		.shm_segsz = s->size,
		.shm_atime = s->attach_time,
		.shm_dtime = s->detach_time,
		.shm_ctime = s->change_time,
		.shm_cpid = s->creator,
		.shm_lpid = s->last_pid,
		.shm_nattch = s->attached,
	};
	ipc_describe(&s->ipc, &out->shm_perm);
}

long shm_stat(int id, bool by_index, bool check, struct shmid64_ds *out)
{
	struct ipc_object *o;
	long r;

	spin_lock(&table.lock);
	o = ipc_for_stat(&table, id, by_index, check);
	if (is_err(o)) {
		r = ptr_err(o);
	} else {
		fill(out, container_of(o, struct segment, ipc));
		r = by_index ? o->id : 0;
	}
	spin_unlock(&table.lock);
	return r;
}

long shm_set(int id, const struct shmid64_ds *from)
{
	struct segment *s;
	long r = -EINVAL;

	spin_lock(&table.lock);
	s = find_id(id);
	if (s && !ipc_owned(&s->ipc)) {
		r = -EPERM;
	} else if (s) {
		ipc_change(&s->ipc, &from->shm_perm);
		s->change_time = ipc_now();
		r = 0;
	}
	spin_unlock(&table.lock);
	return r;
}

long shm_totals(struct shm_info *out)
{
	struct segment *s;
	long highest;

	*out = (struct shm_info){ .used_ids = 0 };
	spin_lock(&table.lock);
	list_for_each(s, &table.objects, ipc.node)
		out->shm_tot += (s->size + PAGE_SIZE - 1) / PAGE_SIZE;
	out->used_ids = (int)table.count;
	highest = ipc_highest(&table);
	spin_unlock(&table.lock);
	return highest;
}
