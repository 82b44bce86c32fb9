/* mmap(2) and its family: mappings made, cut, merged, moved and removed. Each call holds mm->lock once.
 *
 * Addresses are handed out from mm->mmap_top down, at the highest gap that fits. Neighbours that are alike are one
 * mapping. What is promised is counted (mm/commit.c). */
#include <core/page.h>
#include <core/process.h>
#include <core/slab.h>
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/mman.h>
#include <linux/resource.h>
#include <mm/commit.h>
#include <mm/internal.h>

COMPONENT("mm", "address spaces: mappings, page faults, copy on write");

#define LOW_LIMIT (1ul << 31) /* MAP_32BIT: below this */
#ifndef MAP_32BIT             /* x86 alone has it */
#define MAP_32BIT 0
#endif

static uint64_t pages_of(uint64_t bytes)
{
	return bytes >> PAGE_SHIFT;
}

/* Return: [@address, + @length) is not empty, page-aligned at its start, and lies where programs may map. */
static bool range_ok(const struct mm *mm, uint64_t address, uint64_t length)
{
	return length && !(address & ~PAGE_MASK) && address < mm->limit && length <= mm->limit - address;
}

static bool alike(const struct vma *a, const struct vma *b)
{
	return a->end == b->start && a->prot == b->prot && a->flags == b->flags && !(a->flags & VMA_GROWSDOWN) &&
	       a->object == b->object && (!a->object || a->index + pages_of(a->end - a->start) == b->index);
}

static bool is_data(int prot, unsigned flags)
{
	return (prot & PROT_WRITE) && !(flags & (VMA_SHARED | VMA_GROWSDOWN));
}

/* What is counted as committed, if it is writable. */
static bool may_account(unsigned flags)
{
	return !(flags & VMA_SHARED) && (!(flags & VMA_NORESERVE) || READ_ONCE(commit_mode) == COMMIT_NEVER);
}

/* @v has so many pages more, or fewer. */
static void count_pages(struct mm *mm, const struct vma *v, int64_t pages)
{
	mm->total_pages += (uint64_t)pages;
	if (is_data(v->prot, v->flags))
		mm->data_pages += (uint64_t)pages;
	if (unlikely(v->flags & VMA_LOCKED))
		mm->locked_pages += (uint64_t)pages;
}

/* The same, and they are not committed any more. */
static void drop_pages(struct mm *mm, const struct vma *v, uint64_t pages)
{
	mm->total_most = MAX(mm->total_most, mm->total_pages);
	count_pages(mm, v, -(int64_t)pages);
	if (v->flags & VMA_ACCOUNT)
		commit_move(-(int64_t)pages);
}

void vma_uncommit(struct mm *mm, const struct vma *v)
{
	drop_pages(mm, v, pages_of(v->end - v->start));
}

/* What a call says that did all it could, of a range up to @end. */
static long beyond(const struct mm *mm, uint64_t end)
{
	return end > mm->limit ? -ENOMEM : 0;
}

static void vma_free(struct mm *mm, struct vma *v)
{
	if (mm->last_hit == v)
		mm->last_hit = NULL;
	vma_remove(&mm->tree, v);
	mm->map_count--;
	if (v->object)
		v->object->ops->put(v->object);
	kfree(v);
}

/* Make @v one with those beside it that are like it. Return: the mapping that holds its pages now. */
static struct vma *vma_merge(struct mm *mm, struct vma *v)
{
	struct vma *prev = v->prev, *next = v->next;

	if (next && alike(v, next)) {
		uint64_t end = next->end;

		vma_free(mm, next);
		vma_move_bounds(v, v->start, end);
	}
	if (prev && alike(prev, v)) {
		uint64_t end = v->end;

		vma_free(mm, v);
		vma_move_bounds(prev, prev->start, end);
		v = prev;
	}
	return v;
}

/* Cut @v in two at @at. Return: 0; -ENOMEM: nothing has changed. */
static int vma_split(struct mm *mm, struct vma *v, uint64_t at)
{
	struct vma *tail;

	if (mm->map_count >= MAP_COUNT_MAX || huge_split(mm, at))
		return -ENOMEM;
	tail = kmalloc(sizeof(*tail));
	if (!tail)
		return -ENOMEM;
	*tail = *v;
	tail->start = at;
	tail->index += pages_of(at - v->start);
	if (tail->object)
		tail->object->ops->get(tail->object);
	vma_move_bounds(v, v->start, at);
	vma_insert(&mm->tree, tail);
	mm->map_count++;
	return 0;
}

/* Empty [@start, @end). -ENOMEM: a mapping would have to be cut in two, and there is no memory for that. */
static int unmap_range(struct mm *mm, uint64_t start, uint64_t end)
{
	struct vma *v = vma_find(&mm->tree, start), *next;

	if (huge_split(mm, start) || huge_split(mm, end))
		return -ENOMEM;
	if (v && v->start < start && v->end > end) {
		int r = vma_split(mm, v, end);

		if (r)
			return r;
	}
	for (; v && v->start < end; v = next) {
		uint64_t from = MAX(v->start, start), to = MIN(v->end, end);

		next = v->next;
		entries_zap(mm, from, to);
		drop_pages(mm, v, pages_of(to - from));
		if (from > v->start) {
			vma_move_bounds(v, v->start, from);
		} else if (to < v->end) {
			v->index += pages_of(to - v->start);
			vma_move_bounds(v, to, v->end);
		} else {
			vma_free(mm, v);
		}
	}
	if (end - start >= BLOCK_SIZE)
		mmu_free_tables(&mm->mmu, start, end);
	return 0;
}

static uint64_t limit_pages(unsigned resource)
{
	const struct process *p = current->process;

	return p ? p->limits[resource].soft >> PAGE_SHIFT : UINT64_MAX >> PAGE_SHIFT;
}

/* Limits allow @pages more of this kind. */
static bool limits_allow(const struct mm *mm, uint64_t pages, int prot, unsigned flags)
{
	return mm->total_pages + pages <= limit_pages(RLIMIT_AS) &&
	       (!is_data(prot, flags) || mm->data_pages + pages <= limit_pages(RLIMIT_DATA));
}

/* The same for memory that is locked. */
static bool lock_allows(const struct mm *mm, uint64_t pages)
{
	const struct process *p = current->process;

	return !p || p->credentials.cap_effective >> CAP_IPC_LOCK & 1 ||
	       mm->locked_pages + pages <= limit_pages(RLIMIT_MEMLOCK);
}

static bool may_lock(void)
{
	const struct process *p = current->process;

	return !p || p->credentials.cap_effective >> CAP_IPC_LOCK & 1 || p->limits[RLIMIT_MEMLOCK].soft;
}

/* Promise @pages of a mapping of this kind; VMA_ACCOUNT is added to *@flags if they are counted. 0 or -ENOMEM. */
static int commit_new(const struct mm *mm, uint64_t pages, int prot, unsigned *flags)
{
	int r = 0;

	if ((prot & PROT_WRITE) && may_account(*flags)) {
		r = commit_charge(mm, pages);
		if (!r)
			*flags |= VMA_ACCOUNT;
	}
	return r;
}

/* @v, which is counted, gets @pages more. 0 or -ENOMEM. */
static int commit_growth(const struct mm *mm, const struct vma *v, uint64_t pages)
{
	if (!limits_allow(mm, pages, v->prot, v->flags))
		return -ENOMEM;
	return v->flags & VMA_ACCOUNT ? commit_charge(mm, pages) : 0;
}

bool stack_may_grow(struct mm *mm, const struct vma *v, uint64_t pages)
{
	if (v->flags & VMA_LOCKED && !lock_allows(mm, pages))
		return false;
	if (commit_growth(mm, v, pages))
		return false;
	count_pages(mm, v, (int64_t)pages);
	return true;
}

static bool is_free(const struct mm *mm, uint64_t address, uint64_t length)
{
	const struct vma *v = vma_find(&mm->tree, address);

	return !v || v->start >= address + length;
}

/* Choose where a mapping goes, and make room there. Return: 0 or -errno. */
static int place(struct mm *mm, uint64_t *address, uint64_t length, int flags)
{
	uint64_t high = flags & MAP_32BIT ? MIN(mm->mmap_top, LOW_LIMIT) : mm->mmap_top;

	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		if (*address >= mm->limit || length > mm->limit - *address)
			return -ENOMEM;
		if (*address & ~PAGE_MASK)
			return -EINVAL;
		if (*address < VMA_LOWEST)
			return -EPERM;
		if (flags & MAP_FIXED_NOREPLACE)
			return is_free(mm, *address, length) ? 0 : -EEXIST;
		return unmap_range(mm, *address, *address + length);
	}
	*address = ALIGN_DOWN(*address, PAGE_SIZE);
	if (*address >= VMA_LOWEST && range_ok(mm, *address, length) && is_free(mm, *address, length) &&
	    (!(flags & MAP_32BIT) || *address + length <= high))
		return 0;
	*address = vma_find_gap(&mm->tree, length, high);
	if (!*address && !(flags & MAP_32BIT))
		*address = vma_find_gap(&mm->tree, length, mm->limit);
	return *address ? 0 : -ENOMEM;
}

/* A new mapping at a place that is free; it was committed. @object's reference moves in. */
static int add_mapping(struct mm *mm, uint64_t address, uint64_t length, int prot, unsigned vma_flags,
		       struct vm_object *object, uint64_t index)
{
	struct vma *v;

	if (mm->map_count >= MAP_COUNT_MAX)
		return -ENOMEM;
	v = kmalloc(sizeof(*v));
	if (!v)
		return -ENOMEM;
	v->start = address;
	v->end = address + length;
	v->prot = (uint8_t)(prot & (PROT_READ | PROT_WRITE | PROT_EXEC));
	v->flags = (uint16_t)vma_flags;
	v->bits = mmu_entry_make(0, prot_access(mm, prot));
	v->object = object;
	v->index = index;
	vma_insert(&mm->tree, v);
	mm->map_count++;
	count_pages(mm, v, (int64_t)pages_of(length));
	vma_merge(mm, v);
	return 0;
}

/* Pages of [@address, + @length) that are mapped, and make way. */
static uint64_t overlap(const struct mm *mm, uint64_t address, uint64_t length)
{
	uint64_t n = 0;

	for (const struct vma *v = vma_find(&mm->tree, address); v && v->start < address + length; v = v->next)
		n += pages_of(MIN(v->end, address + length) - MAX(v->start, address));
	return n;
}

static long map_at(struct mm *mm, uint64_t address, uint64_t length, int prot, int flags, unsigned vma_flags,
		   struct vm_object *object, uint64_t offset)
{
	int r = place(mm, &address, length, flags);

	if (r)
		return r;
	if (object) {
		object->ops->get(object);
	} else if (vma_flags & VMA_SHARED) {
		object = vm_object_create_shared(pages_of(length), vma_flags & VMA_NORESERVE);
		if (!object)
			return -ENOMEM;
	}
	r = add_mapping(mm, address, length, prot, vma_flags, object, pages_of(offset));
	if (r) {
		if (object)
			object->ops->put(object);
		return r;
	}
	/* That it cannot be filled now is no failure: it is filled, or ends the program, when it is touched. */
	if (flags & MAP_POPULATE || (vma_flags & VMA_LOCKED && !(mm->lock_future & MM_LOCK_ON_FAULT)))
		(void)populate_locked(mm, address, address + length);
	return (long)address;
}

static long map_locked(struct mm *mm, uint64_t address, uint64_t length, int prot, int flags, struct vm_object *object,
		       uint64_t offset)
{
	bool shared = (flags & MAP_TYPE) != MAP_PRIVATE;
	unsigned vma_flags = (shared ? VMA_SHARED : 0) | (flags & MAP_GROWSDOWN ? VMA_GROWSDOWN : 0) |
			     (prot & MM_PROT_NEVER_WRITE ? VMA_NEVER_WRITE : 0) |
			     (flags & MAP_NORESERVE ? VMA_NORESERVE : 0) |
			     (flags & MAP_LOCKED || mm->lock_future ? VMA_LOCKED : 0);
	uint64_t pages = pages_of(length), way = 0;
	long r;

	if (unlikely(vma_flags & VMA_LOCKED)) {
		if (flags & MAP_LOCKED && !may_lock())
			return -EPERM;
		if (!lock_allows(mm, pages))
			return -EAGAIN;
	}
	if (flags & MAP_FIXED && !(address & ~PAGE_MASK) && range_ok(mm, address, length) &&
	    unlikely(!limits_allow(mm, pages, prot, vma_flags)))
		way = overlap(mm, address, length);
	if (!limits_allow(mm, pages - way, prot, vma_flags))
		return -ENOMEM;
	r = commit_new(mm, pages, prot, &vma_flags);
	if (r)
		return r;
	r = map_at(mm, address, length, prot, flags, vma_flags, object, offset);
	if (r < 0 && vma_flags & VMA_ACCOUNT)
		commit_move(-(int64_t)pages);
	return r;
}

long mm_map(struct mm *mm, uint64_t address, uint64_t length, int prot, int flags, struct vm_object *object,
	    uint64_t offset)
{
	uint64_t size = ALIGN_UP(length, PAGE_SIZE);
	long r;

	if (!length)
		return -EINVAL;
	if (size < length || size > mm->limit)
		return -ENOMEM;
	if (offset & ~PAGE_MASK)
		return -EINVAL;
	if (offset + size < offset)
		return -EOVERFLOW;
	mutex_lock(&mm->lock);
	r = map_locked(mm, address, size, prot, flags, object, offset);
	mutex_unlock(&mm->lock);
	return r;
}

long mm_unmap(struct mm *mm, uint64_t address, uint64_t length)
{
	long r;

	length = ALIGN_UP(length, PAGE_SIZE);
	if (!range_ok(mm, address, length))
		return -EINVAL;
	mutex_lock(&mm->lock);
	r = unmap_range(mm, address, address + length);
	mutex_unlock(&mm->lock);
	return r;
}

/* ---- mprotect ---- */

/* Cut @v so that it lies within [@start, @end). Return: the part that does, or NULL: no memory. */
static struct vma *vma_isolate(struct mm *mm, struct vma *v, uint64_t start, uint64_t end)
{
	if (v->start < start) {
		if (vma_split(mm, v, start))
			return NULL;
		v = v->next;
	}
	if (v->end > end && vma_split(mm, v, end))
		return NULL;
	return v;
}

/* -ENOMEM: it becomes writable, and so much was not promised. */
static int set_prot(struct mm *mm, struct vma *v, int prot)
{
	uint64_t pages = pages_of(v->end - v->start);
	unsigned flags = v->flags;

	if (is_data(prot, flags) && !is_data(v->prot, flags)) {
		if (mm->data_pages + pages > limit_pages(RLIMIT_DATA))
			return -ENOMEM;
		if (!(flags & VMA_ACCOUNT) && may_account(flags)) {
			if (commit_charge(mm, pages))
				return -ENOMEM;
			v->flags |= VMA_ACCOUNT;
		}
	}
	count_pages(mm, v, -(int64_t)pages);
	v->prot = (uint8_t)prot;
	count_pages(mm, v, (int64_t)pages);
	return 0;
}

static long protect_locked(struct mm *mm, uint64_t start, uint64_t end, int prot)
{
	struct vma *v = vma_find(&mm->tree, start);
	uint64_t at = start;

	if ((prot & PROT_GROWSDOWN) && v && (v->flags & VMA_GROWSDOWN))
		at = start = v->start;
	prot &= PROT_READ | PROT_WRITE | PROT_EXEC;
	for (; at < end; v = v->next) {
		if (!v || v->start > at)
			return -ENOMEM;
		if ((prot & PROT_WRITE) && (v->flags & VMA_NEVER_WRITE))
			return -EACCES;
		if (v->prot != prot) {
			v = vma_isolate(mm, v, start, end);
			if (!v || set_prot(mm, v, prot))
				return -ENOMEM;
			v->bits = mmu_entry_make(0, prot_access(mm, prot));
			entries_protect(mm, v, v->start, v->end);
			v = vma_merge(mm, v);
		}
		at = v->end;
	}
	return 0;
}

long mm_protect(struct mm *mm, uint64_t address, uint64_t length, int prot)
{
	uint64_t end = address + ALIGN_UP(length, PAGE_SIZE);
	long r;

	if (address & ~PAGE_MASK)
		return -EINVAL;
	if (!length)
		return 0;
	if (end <= address || address >= mm->limit)
		return -ENOMEM;
	mutex_lock(&mm->lock);
	r = protect_locked(mm, address, MIN(end, mm->limit), prot);
	mutex_unlock(&mm->lock);
	return r ? r : beyond(mm, end);
}

/* ---- mremap ---- */

/* Lengthen the mapping that ends at @end where it is, if nothing is in the way. */
static bool extend(struct mm *mm, struct vma *v, uint64_t end, uint64_t more)
{
	if (v->end != end || !range_ok(mm, end, more) || !is_free(mm, end, more))
		return false;
	vma_move_bounds(v, v->start, end + more);
	count_pages(mm, v, (int64_t)pages_of(more));
	vma_merge(mm, v);
	return true;
}

/* What the mapping becomes longer by was committed. */
static long remap_move(struct mm *mm, struct vma *v, uint64_t old, uint64_t old_length, uint64_t new_length, int flags,
		       uint64_t target)
{
	uint64_t index = v->index + pages_of(old - v->start);
	struct vm_object *object = v->object;
	int r = place(mm, &target, new_length, flags & MREMAP_FIXED ? MAP_FIXED : 0);
	bool counted;

	if (r)
		return r;
	/* Making room may have cut the old mapping, and, if nothing of it is moved, taken it away. */
	v = vma_find(&mm->tree, old);
	if (!v || v->start > old)
		return -EFAULT;
	counted = v->flags & VMA_ACCOUNT;
	if (object)
		object->ops->get(object);
	r = add_mapping(mm, target, new_length, v->prot, v->flags, object, index);
	if (r) {
		if (object)
			object->ops->put(object);
		return r;
	}
	if (counted) /* twice, until the old place is empty */
		commit_move((int64_t)pages_of(old_length));
	r = entries_move(mm, old, target, old_length);
	if (r) {
		(void)entries_move(mm, target, old, old_length); /* needs no tables: they are there */
		(void)unmap_range(mm, target, target + new_length);
		if (counted) /* the caller takes it back */
			commit_move((int64_t)pages_of(new_length - old_length));
		return r;
	}
	if (old_length)
		(void)unmap_range(mm, old, old + old_length); /* if it cannot be cut, an empty mapping stays */
	return (long)target;
}

/* Longer than it was, by pages that were committed. */
static long remap_longer(struct mm *mm, struct vma *v, uint64_t old, uint64_t old_length, uint64_t new_length, int flags,
			 uint64_t target)
{
	if (flags & MREMAP_FIXED)
		return remap_move(mm, v, old, old_length, new_length, flags, target);
	if (extend(mm, v, old + old_length, new_length - old_length))
		return (long)old;
	if (!(flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	return remap_move(mm, v, old, old_length, new_length, flags, 0);
}

static long remap_locked(struct mm *mm, uint64_t old, uint64_t old_length, uint64_t new_length, int flags,
			 uint64_t target)
{
	uint64_t more;
	struct vma *v;
	bool counted, locked;
	long r;

	v = vma_find(&mm->tree, old);
	if (!v || v->start > old)
		return -EFAULT;
	/* Nothing of private memory moved: there would be two of it. Of shared memory it is one more view. */
	if (!old_length && !(v->flags & VMA_SHARED))
		return -EINVAL;
	if (old_length >= new_length && !(flags & MREMAP_FIXED)) {
		r = old_length > new_length ? unmap_range(mm, old + new_length, old + old_length) : 0;
		return r ? r : (long)old;
	}
	if (v->end - old < MIN(old_length, new_length))
		return -EFAULT;
	if (old_length > new_length) {
		r = unmap_range(mm, old + new_length, old + old_length);
		if (r)
			return r;
		old_length = new_length;
		v = vma_find(&mm->tree, old);
	}
	more = pages_of(new_length - old_length);
	counted = v->flags & VMA_ACCOUNT;
	locked = v->flags & VMA_LOCKED;
	if (more && locked && !lock_allows(mm, more))
		return -EAGAIN;
	if (more && commit_growth(mm, v, more))
		return -ENOMEM;
	if (huge_split(mm, old) || huge_split(mm, old + old_length))
		r = -ENOMEM;
	else
		r = remap_longer(mm, v, old, old_length, new_length, flags, target);
	if (r < 0 && counted)
		commit_move(-(int64_t)more);
	else if (r >= 0 && locked)
		(void)populate_locked(mm, (uint64_t)r, (uint64_t)r + new_length);
	return r;
}

long mm_remap(struct mm *mm, uint64_t old, uint64_t old_length, uint64_t new_length, int flags, uint64_t target)
{
	long r;

	if ((flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED)) || ((flags & MREMAP_FIXED) && !(flags & MREMAP_MAYMOVE)))
		return -EINVAL;
	old_length = ALIGN_UP(old_length, PAGE_SIZE);
	new_length = ALIGN_UP(new_length, PAGE_SIZE);
	if ((old & ~PAGE_MASK) || !new_length || new_length > mm->limit)
		return -EINVAL;
	if (!range_ok(mm, old, MAX(old_length, PAGE_SIZE)))
		return mm_mapped(mm, old, PAGE_SIZE) ? -EFAULT : -EINVAL;
	if (flags & MREMAP_FIXED) {
		if (!range_ok(mm, target, new_length) || (target < old + old_length && old < target + new_length))
			return -EINVAL;
	}
	mutex_lock(&mm->lock);
	r = remap_locked(mm, old, old_length, new_length, flags, target);
	mutex_unlock(&mm->lock);
	return r;
}

/* ---- madvise, brk, mlock, mincore ---- */

/* Return: 0; -ENOMEM: there are holes in [@start, @end). */
static int covered(const struct mm *mm, uint64_t start, uint64_t end)
{
	const struct vma *v = vma_find(&mm->tree, start);

	while (start < end) {
		if (!v || v->start > start)
			return -ENOMEM;
		start = v->end;
		v = v->next;
	}
	return 0;
}

/* Their contents are not needed any more; MADV_FREE: unless the program writes to them before memory is short. */
static long advise_drop(struct mm *mm, uint64_t start, uint64_t end, int advice)
{
	for (struct vma *v = vma_find(&mm->tree, start); v && v->start < end; v = v->next) {
		uint64_t from = MAX(v->start, start), to = MIN(v->end, end);

		if ((v->flags & VMA_LOCKED && advice != MADV_DONTNEED_LOCKED) || (advice == MADV_FREE && v->object))
			return -EINVAL;
		if (huge_split(mm, from) || huge_split(mm, to))
			return -ENOMEM;
		if (advice == MADV_FREE) {
			entries_free_lazily(mm, from, to);
			mm->lazily_freed = true;
		} else {
			entries_zap(mm, from, to);
		}
	}
	return covered(mm, start, end);
}

/* Mappings in [@start, @end) get the flags @set and lose @clear. -ENOMEM: no memory, or a hole. */
static long advise_flags(struct mm *mm, uint64_t start, uint64_t end, unsigned set, unsigned clear)
{
	for (struct vma *v = vma_find(&mm->tree, start); v && v->start < end; v = v->next) {
		unsigned flags = (v->flags & ~clear) | set;

		if (flags == v->flags)
			continue;
		v = vma_isolate(mm, v, start, end);
		if (!v)
			return -ENOMEM;
		v->flags = (uint16_t)flags;
		v = vma_merge(mm, v);
	}
	return covered(mm, start, end);
}

static long advise_locked(struct mm *mm, uint64_t start, uint64_t end, int advice)
{
	long r;

	switch (advice) {
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
	case MADV_FREE:
		return advise_drop(mm, start, end, advice);
	case MADV_HUGEPAGE:
		return advise_flags(mm, start, end, VMA_HUGE, VMA_NOHUGE);
	case MADV_NOHUGEPAGE:
		return advise_flags(mm, start, end, VMA_NOHUGE, VMA_HUGE);
	case MADV_COLLAPSE:
		r = huge_collapse(mm, start, end);
		return r ? r : covered(mm, start, end);
	case MADV_POPULATE_READ:
	case MADV_POPULATE_WRITE:
		if (covered(mm, start, end))
			return -ENOMEM;
		return populate_locked(mm, start, end);
	case MADV_NORMAL:
	case MADV_RANDOM:
	case MADV_SEQUENTIAL:
	case MADV_WILLNEED:
	case MADV_DONTFORK:
	case MADV_DOFORK:
	case MADV_DONTDUMP:
	case MADV_DODUMP:
	case MADV_COLD:
	case MADV_PAGEOUT:
		return covered(mm, start, end);
	default:
		return -EINVAL;
	}
}

long mm_advise(struct mm *mm, uint64_t address, uint64_t length, int advice)
{
	uint64_t size = ALIGN_UP(length, PAGE_SIZE), end = address + size;
	long r = advise_locked(mm, 0, 0, advice); /* of nothing: is there such an advice? */

	if (r)
		return r;
	if ((address & ~PAGE_MASK) || size < length || end < address)
		return -EINVAL;
	if (end == address)
		return 0;
	mutex_lock(&mm->lock);
	r = advise_locked(mm, MIN(address, mm->limit), MIN(end, mm->limit), advice);
	mutex_unlock(&mm->lock);
	return r ? r : beyond(mm, end);
}

static bool brk_move(struct mm *mm, uint64_t new_brk)
{
	uint64_t old_end = ALIGN_UP(mm->brk, PAGE_SIZE), new_end = ALIGN_UP(new_brk, PAGE_SIZE);
	const struct process *p = current->process;
	uint64_t pages = pages_of(new_end - old_end);
	unsigned flags = mm->lock_future ? VMA_LOCKED : 0;

	if (new_brk < mm->brk_start || new_end > mm->limit || new_end < new_brk)
		return false;
	if (new_end < old_end)
		return unmap_range(mm, new_end, old_end) == 0;
	if (new_end == old_end)
		return true;
	if (p && new_brk - mm->brk_start > p->limits[RLIMIT_DATA].soft)
		return false;
	if (!is_free(mm, old_end, new_end - old_end + STACK_GUARD_GAP) ||
	    !limits_allow(mm, pages, PROT_READ | PROT_WRITE, 0) || (flags && !lock_allows(mm, pages)) ||
	    commit_new(mm, pages, PROT_WRITE, &flags))
		return false;
	if (add_mapping(mm, old_end, new_end - old_end, PROT_READ | PROT_WRITE, flags, NULL, 0)) {
		commit_move(flags & VMA_ACCOUNT ? -(int64_t)pages : 0);
		return false;
	}
	if (mm->lock_future == MM_LOCK)
		(void)populate_locked(mm, old_end, new_end);
	return true;
}

long mm_brk(struct mm *mm, uint64_t new_brk)
{
	long r;

	mutex_lock(&mm->lock);
	if (brk_move(mm, new_brk))
		mm->brk = new_brk;
	r = (long)mm->brk;
	mutex_unlock(&mm->lock);
	return r;
}

/* Mark what is mapped in [@start, @end) as locked or not. -ENOMEM: a hole, what is before it is marked; or no memory. */
static long mark_locked(struct mm *mm, uint64_t start, uint64_t end, bool locked)
{
	struct vma *v = vma_find(&mm->tree, start);

	for (uint64_t at = start; at < end; v = v->next) {
		if (!v || v->start > at)
			return -ENOMEM;
		if (!(v->flags & VMA_LOCKED) == locked) {
			v = vma_isolate(mm, v, start, end);
			if (!v)
				return -ENOMEM;
			v->flags ^= VMA_LOCKED;
			mm->locked_pages += pages_of(v->end - v->start) * (locked ? 1 : -1ul);
			v = vma_merge(mm, v);
		}
		at = v->end;
	}
	return 0;
}

/* Pages of [@start, @end) that are not locked yet; *@none: there is something that may not even be read. */
static uint64_t not_locked(const struct mm *mm, uint64_t start, uint64_t end, bool *none)
{
	uint64_t n = 0;

	*none = false;
	for (const struct vma *v = vma_find(&mm->tree, start); v && v->start < end; v = v->next) {
		if (!(v->flags & VMA_LOCKED))
			n += pages_of(MIN(v->end, end) - MAX(v->start, start));
		*none |= !v->prot;
	}
	return n;
}

static long lock_locked(struct mm *mm, uint64_t start, uint64_t end, unsigned how)
{
	bool none;
	long r;

	if (how && !lock_allows(mm, not_locked(mm, start, end, &none)))
		return -ENOMEM;
	r = mark_locked(mm, start, end, how);
	if (r || how != MM_LOCK)
		return r;
	r = populate_locked(mm, start, end);
	return none ? -ENOMEM : r;
}

long mm_lock(struct mm *mm, uint64_t address, uint64_t length, unsigned how)
{
	uint64_t start = ALIGN_DOWN(address, PAGE_SIZE), end = start + ALIGN_UP(length + (address - start), PAGE_SIZE);
	long r;

	if (how && !may_lock())
		return -EPERM;
	if (end < start)
		return -EINVAL;
	if (start == end)
		return 0;
	mutex_lock(&mm->lock);
	r = lock_locked(mm, MIN(start, mm->limit), MIN(end, mm->limit), how);
	mutex_unlock(&mm->lock);
	return r ? r : beyond(mm, end);
}

long mm_lock_all(struct mm *mm, unsigned now, unsigned future)
{
	long r = 0;

	if ((now | future) && !may_lock())
		return -EPERM;
	mutex_lock(&mm->lock);
	if (now && !lock_allows(mm, mm->total_pages - mm->locked_pages)) {
		r = -ENOMEM;
	} else {
		mm->lock_future = future;
		for (struct vma *v = mm->tree.first; v && (now || !future); v = v->next) {
			bool changes = !(v->flags & VMA_LOCKED) == !!now;

			v->flags = (uint16_t)((v->flags & ~VMA_LOCKED) | (now ? VMA_LOCKED : 0));
			if (changes)
				mm->locked_pages += pages_of(v->end - v->start) * (now ? 1 : -1ul);
		}
		if (now == MM_LOCK)
			(void)populate_locked(mm, 0, mm->limit); /* as Linux, which does not say that it failed */
	}
	mutex_unlock(&mm->lock);
	return r;
}

long mm_mapped(struct mm *mm, uint64_t address, uint64_t length)
{
	long r;

	if (!length)
		return 0;
	if (!range_ok(mm, address, length))
		return -ENOMEM;
	mutex_lock(&mm->lock);
	r = covered(mm, address, address + length);
	mutex_unlock(&mm->lock);
	return r;
}

long mm_resident(struct mm *mm, uint64_t address, uint64_t pages, uint8_t *out)
{
	uint64_t end = address + (pages << PAGE_SHIFT);
	long r;

	if (!range_ok(mm, address, end - address))
		return -ENOMEM;
	mutex_lock(&mm->lock);
	r = covered(mm, address, end);
	for (uint64_t i = 0; r == 0 && i < pages; i++) {
		const mmu_entry *e = mmu_entry_at(&mm->mmu, address + (i << PAGE_SHIFT), false);

		out[i] = e ? mmu_entry_present(*e) : huge_at(mm, address + (i << PAGE_SHIFT)) != NULL;
	}
	mutex_unlock(&mm->lock);
	return r;
}
