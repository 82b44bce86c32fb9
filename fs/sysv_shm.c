/* System V shared memory: shmget(2), shmop(2), sysvipc(7).
 *
 * A segment is a vm_object around one of shared anonymous memory; it counts how often it is mapped, so that a removed
 * one goes with its last mapping. shm_lock (spinning, because mappings come and go under mm->lock) covers all fields.
 * Not done: SHM_HUGETLB is taken as a hint, SHM_LOCK as done.
 */
#include <core/clock.h>
#include <core/list.h>
#include <core/log.h>
#include <core/process.h>
#include <core/slab.h>
#include <linux/mman.h>
#include <fs/sysv_shm.h>
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/stat.h>
#include <mm/mm.h>

COMPONENT("sysv-shm", "System V shared memory");

#define KEY_PREFIX   "/SYSV"

struct segment {
	struct vm_object object; /* I: what is mapped */
	struct vm_object *memory; /* I: ref: the pages */
	struct list node;
	int id, key;             /* I */
	uint64_t size;           /* I: bytes, as asked for */
	uint32_t mode;           /* S_IRUSR …, SHM_DEST */
	uint32_t uid, gid, cuid, cgid;
	int creator, last_pid;
	int64_t attach_time, detach_time, change_time; /* seconds since the epoch */
	uint64_t attached;       /* mappings */
	bool removed;            /* key forgotten; freed with the last mapping */
};

static struct spinlock shm_lock = SPINLOCK_INIT(RANK_SYSV);
static struct list segments = LIST_INIT(segments); /* by age */
static unsigned segment_count;
static int last_id;

static int64_t now(void)
{
	return (int64_t)(clock_realtime_ns() / NSEC_PER_SEC);
}

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
	spin_lock(&shm_lock);
	segment_of(o)->attached++;
	spin_unlock(&shm_lock);
}

static void segment_free(struct segment *s)
{
	s->memory->ops->put(s->memory);
	kfree(s);
}

/* Out of the list; shm_lock is held. */
static void forget(struct segment *s)
{
	list_del(&s->node);
	segment_count--;
}

static void segment_put(struct vm_object *o)
{
	struct segment *s = segment_of(o);
	bool last;

	spin_lock(&shm_lock);
	last = --s->attached == 0 && s->removed;
	s->detach_time = now();
	s->last_pid = current->process ? current->process->pid : 0;
	if (last)
		forget(s);
	spin_unlock(&shm_lock);
	if (last)
		segment_free(s);
}

static void segment_describe(struct vm_object *o, char *path, size_t size, uint64_t *inode, uint32_t *device)
{
	struct segment *s = segment_of(o);

	(void)format_text(path, size, KEY_PREFIX "%08x (deleted)", (unsigned)s->key);
	*inode = (uint64_t)s->id;
}

static const struct vm_object_ops segment_ops = {
	.page = segment_page,
	.get = segment_get,
	.put = segment_put,
	.describe = segment_describe,
};

static struct segment *find_id(int id)
{
	struct segment *s;

	list_for_each(s, &segments, node)
		if (s->id == id)
			return s;
	return NULL;
}

static struct segment *find_key(int key)
{
	struct segment *s;

	if (key == IPC_PRIVATE)
		return NULL;
	list_for_each(s, &segments, node)
		if (s->key == key && !s->removed)
			return s;
	return NULL;
}

/* May the current process do this? @may: read 4, write 2, as in one digit of a mode. */
static bool allowed(const struct segment *s, unsigned may)
{
	const struct credentials *c = &current->process->credentials;
	unsigned granted = s->mode;

	if (c->euid == s->uid || c->euid == s->cuid)
		granted >>= 6;
	else if (c->egid == s->gid || c->egid == s->cgid)
		granted >>= 3;
	return !(may & ~granted) || (c->cap_effective & 1ull << CAP_IPC_OWNER);
}

static bool owned(const struct segment *s)
{
	const struct credentials *c = &current->process->credentials;

	return c->euid == s->uid || c->euid == s->cuid || (c->cap_effective & 1ull << CAP_SYS_ADMIN);
}

static struct segment *segment_create(int key, size_t size, unsigned flags)
{
	const struct process *p = current->process;
	struct segment *s = kzalloc(sizeof(*s));

	if (!s)
		return NULL;
	s->memory = vm_object_create_shared((size + PAGE_SIZE - 1) / PAGE_SIZE);
	if (!s->memory) {
		kfree(s);
		return NULL;
	}
	s->object.ops = &segment_ops;
	s->key = key;
	s->size = size;
	s->mode = flags & 0777;
	s->uid = s->cuid = p->credentials.euid;
	s->gid = s->cgid = p->credentials.egid;
	s->creator = p->pid;
	s->change_time = now();
	return s;
}

/* One that exists, for shmget(2); shm_lock is held. */
static long check_existing(const struct segment *s, size_t size, unsigned flags)
{
	unsigned wanted = (flags >> 6 | flags >> 3 | flags) & 7;

	if ((flags & IPC_CREAT) && (flags & IPC_EXCL))
		return -EEXIST;
	if (size > s->size)
		return -EINVAL;
	return allowed(s, wanted & 6) ? s->id : -EACCES;
}

long shm_get(int key, size_t size, unsigned flags)
{
	struct segment *s, *new = NULL;
	long r;

	spin_lock(&shm_lock);
	s = find_key(key);
	r = s ? check_existing(s, size, flags) : key == IPC_PRIVATE || (flags & IPC_CREAT) ? 0 : -ENOENT;
	if (!s && !r && segment_count >= SHMMNI)
		r = -ENOSPC;
	spin_unlock(&shm_lock);
	if (s || r)
		return r;
	if (size < SHMMIN || size > INT64_MAX)
		return -EINVAL;
	new = segment_create(key, size, flags);
	if (!new)
		return -ENOMEM;
	spin_lock(&shm_lock);
	s = find_key(key);
	if (s) { /* somebody else made it meanwhile */
		r = check_existing(s, size, flags);
	} else {
		do
			last_id = (last_id + 1) & INT32_MAX;
		while (find_id(last_id));
		r = new->id = last_id;
		list_add_tail(&segments, &new->node);
		segment_count++;
	}
	spin_unlock(&shm_lock);
	if (s)
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
	spin_lock(&shm_lock);
	s = find_id(id);
	if (!s)
		r = -EINVAL;
	else if (!allowed(s, read_only ? 4 : 6))
		r = -EACCES;
	else
		s->attached++; /* ours, until it is mapped */
	spin_unlock(&shm_lock);
	if (r)
		return r;
	r = mm_map(current->process->mm, address, s->size, prot, how, &s->object, 0);
	if (r >= 0 || r < -4095) {
		spin_lock(&shm_lock);
		s->attach_time = now();
		s->last_pid = current->process->pid;
		spin_unlock(&shm_lock);
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
	spin_lock(&shm_lock);
	s = find_id((int)range.inode);
	if (s)
		size = ALIGN_UP(s->size, PAGE_SIZE);
	spin_unlock(&shm_lock);
	return size ? mm_unmap(mm, address, size) : -EINVAL;
}

long shm_remove(int id)
{
	struct segment *s;
	bool last = false;
	long r = 0;

	spin_lock(&shm_lock);
	s = find_id(id);
	if (!s) {
		r = -EINVAL;
	} else if (!owned(s)) {
		r = -EPERM;
	} else {
		s->removed = true;
		s->mode |= SHM_DEST;
		last = !s->attached;
		if (last)
			forget(s);
	}
	spin_unlock(&shm_lock);
	if (last)
		segment_free(s);
	return r;
}

static void fill(struct shmid64_ds *out, const struct segment *s)
{
	*out = (struct shmid64_ds){
		.shm_perm = {
			.key = s->removed ? IPC_PRIVATE : s->key,
			.uid = s->uid,
			.gid = s->gid,
			.cuid = s->cuid,
			.cgid = s->cgid,
			.mode = s->mode,
		},
		.shm_segsz = s->size,
		.shm_atime = s->attach_time,
		.shm_dtime = s->detach_time,
		.shm_ctime = s->change_time,
		.shm_cpid = s->creator,
		.shm_lpid = s->last_pid,
		.shm_nattch = s->attached,
	};
}

static struct segment *find_index(int index)
{
	struct segment *s;

	list_for_each(s, &segments, node)
		if (index-- == 0)
			return s;
	return NULL;
}

long shm_stat(int id, bool by_index, bool check, struct shmid64_ds *out)
{
	struct segment *s;
	long r = -EINVAL;

	spin_lock(&shm_lock);
	s = by_index ? find_index(id) : find_id(id);
	if (s && check && !allowed(s, 4)) {
		r = -EACCES;
	} else if (s) {
		fill(out, s);
		r = by_index ? s->id : 0;
	}
	spin_unlock(&shm_lock);
	return r;
}

long shm_set(int id, const struct shmid64_ds *from)
{
	struct segment *s;
	long r = -EINVAL;

	spin_lock(&shm_lock);
	s = find_id(id);
	if (s && !owned(s)) {
		r = -EPERM;
	} else if (s) {
		s->uid = from->shm_perm.uid;
		s->gid = from->shm_perm.gid;
		s->mode = (s->mode & ~0777u) | (from->shm_perm.mode & 0777);
		s->change_time = now();
		r = 0;
	}
	spin_unlock(&shm_lock);
	return r;
}

long shm_totals(struct shm_info *out)
{
	struct segment *s;
	long count = 0;

	*out = (struct shm_info){ .used_ids = 0 };
	spin_lock(&shm_lock);
	list_for_each(s, &segments, node) {
		out->shm_tot += (s->size + PAGE_SIZE - 1) / PAGE_SIZE;
		count++;
	}
	spin_unlock(&shm_lock);
	out->used_ids = (int)count;
	return count ? count - 1 : 0;
}
