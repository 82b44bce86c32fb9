/* mmap(2) and its family: mappings made, cut, merged, moved and removed. Each call holds mm->lock once.
 *
 * Addresses are handed out from mm->mmap_top down, at the highest gap that fits. Neighbours that are alike are one
 * mapping. A limit on a single mapping, all of memory, stands for an overcommit policy: as Linux's default, only the
 * obviously impossible is refused, and who touches more than there is ends. */
#include <core/page.h>
#include <core/process.h>
#include <core/slab.h>
#include <linux/errno.h>
#include <linux/mman.h>
#include <linux/resource.h>
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

	if (mm->map_count >= MAP_COUNT_MAX)
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

	if (v && v->start < start && v->end > end) {
		int r = vma_split(mm, v, end);

		if (r)
			return r;
	}
	for (; v && v->start < end; v = next) {
		uint64_t from = MAX(v->start, start), to = MIN(v->end, end);

		next = v->next;
		entries_zap(mm, from, to);
		mm->total_pages -= pages_of(to - from);
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

/* More address space of this kind is nothing that could not possibly be used. */
static bool commit_ok(const struct mm *mm, uint64_t pages, int prot, int flags)
{
	const struct process *p = current->process;

	if ((prot & PROT_WRITE) && !(flags & (MAP_SHARED | MAP_NORESERVE)) && pages > page_total())
		return false;
	return !p || (mm->total_pages + pages) <= p->limits[RLIMIT_AS].soft >> PAGE_SHIFT;
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
		if (*address & ~PAGE_MASK)
			return -EINVAL;
		if (!range_ok(mm, *address, length))
			return -ENOMEM;
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

/* A new mapping at a place that is free. @object's reference moves in. */
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
	v->flags = (uint8_t)vma_flags;
	v->bits = mmu_entry_make(0, prot_access(mm, prot));
	v->object = object;
	v->index = index;
	vma_insert(&mm->tree, v);
	mm->map_count++;
	mm->total_pages += pages_of(length);
	vma_merge(mm, v);
	return 0;
}

static long map_locked(struct mm *mm, uint64_t address, uint64_t length, int prot, int flags, struct vm_object *object,
		       uint64_t offset)
{
	bool shared = (flags & MAP_TYPE) != MAP_PRIVATE;
	unsigned vma_flags = (shared ? VMA_SHARED : 0) | (flags & MAP_GROWSDOWN ? VMA_GROWSDOWN : 0) |
			     (prot & MM_PROT_NEVER_WRITE ? VMA_NEVER_WRITE : 0);
	int r;

	if (!commit_ok(mm, pages_of(length), prot, flags))
		return -ENOMEM;
	r = place(mm, &address, length, flags);
	if (r)
		return r;
	if (object) {
		object->ops->get(object);
	} else if (shared) {
		object = vm_object_create_shared(pages_of(length));
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
	if (flags & (MAP_POPULATE | MAP_LOCKED))
		(void)populate_locked(mm, address, address + length);
	return (long)address;
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
			if (!v)
				return -ENOMEM;
			v->prot = (uint8_t)prot;
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
	long r;

	if (address & ~PAGE_MASK)
		return -EINVAL;
	if (!length)
		return 0;
	length = ALIGN_UP(length, PAGE_SIZE);
	if (!range_ok(mm, address, length))
		return -ENOMEM;
	mutex_lock(&mm->lock);
	r = protect_locked(mm, address, address + length, prot);
	mutex_unlock(&mm->lock);
	return r;
}

/* ---- mremap ---- */

/* Lengthen the mapping that ends at @end where it is, if nothing is in the way. */
static bool extend(struct mm *mm, struct vma *v, uint64_t end, uint64_t more)
{
	if (v->end != end || !range_ok(mm, end, more) || !is_free(mm, end, more))
		return false;
	vma_move_bounds(v, v->start, end + more);
	mm->total_pages += pages_of(more);
	vma_merge(mm, v);
	return true;
}

static long remap_move(struct mm *mm, struct vma *v, uint64_t old, uint64_t old_length, uint64_t new_length, int flags,
		       uint64_t target)
{
	uint64_t index = v->index + pages_of(old - v->start);
	struct vm_object *object = v->object;
	int r = place(mm, &target, new_length, flags & MREMAP_FIXED ? MAP_FIXED : 0);

	if (r)
		return r;
	/* Making room may have cut the old mapping, and, if nothing of it is moved, taken it away. */
	v = vma_find(&mm->tree, old);
	if (!v || v->start > old)
		return -EFAULT;
	if (object)
		object->ops->get(object);
	r = add_mapping(mm, target, new_length, v->prot, v->flags, object, index);
	if (r) {
		if (object)
			object->ops->put(object);
		return r;
	}
	r = entries_move(mm, old, target, old_length);
	if (r) {
		(void)entries_move(mm, target, old, old_length); /* needs no tables: they are there */
		(void)unmap_range(mm, target, target + new_length);
		return r;
	}
	if (old_length)
		(void)unmap_range(mm, old, old + old_length); /* if it cannot be cut, an empty mapping stays */
	return (long)target;
}

static long remap_locked(struct mm *mm, uint64_t old, uint64_t old_length, uint64_t new_length, int flags,
			 uint64_t target)
{
	struct vma *v;
	int r;

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
	if (new_length > old_length && !commit_ok(mm, pages_of(new_length - old_length), v->prot, 0))
		return -ENOMEM;
	if (flags & MREMAP_FIXED) {
		if (old_length > new_length) {
			r = unmap_range(mm, old + new_length, old + old_length);
			if (r)
				return r;
			old_length = new_length;
			v = vma_find(&mm->tree, old);
		}
		return remap_move(mm, v, old, old_length, new_length, flags, target);
	}
	if (extend(mm, v, old + old_length, new_length - old_length))
		return (long)old;
	if (!(flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	return remap_move(mm, v, old, old_length, new_length, flags, 0);
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
		return -EFAULT;
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

static long advise_locked(struct mm *mm, uint64_t start, uint64_t end, int advice)
{
	switch (advice) {
	case MADV_DONTNEED:
	case MADV_FREE: /* may be lost at any time from now on: now */
		for (struct vma *v = vma_find(&mm->tree, start); v && v->start < end; v = v->next) {
			if (advice == MADV_FREE && (v->object || (v->flags & VMA_SHARED)))
				return -EINVAL;
			entries_zap(mm, MAX(v->start, start), MIN(v->end, end));
		}
		return covered(mm, start, end);
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
	case MADV_HUGEPAGE:
	case MADV_NOHUGEPAGE:
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
	long r;

	if (address & ~PAGE_MASK)
		return -EINVAL;
	length = ALIGN_UP(length, PAGE_SIZE);
	if (length && !range_ok(mm, address, length))
		return -ENOMEM;
	mutex_lock(&mm->lock);
	r = advise_locked(mm, address, address + length, advice);
	mutex_unlock(&mm->lock);
	return r;
}

static bool brk_move(struct mm *mm, uint64_t new_brk)
{
	uint64_t old_end = ALIGN_UP(mm->brk, PAGE_SIZE), new_end = ALIGN_UP(new_brk, PAGE_SIZE);
	const struct process *p = current->process;

	if (new_brk < mm->brk_start || new_end > mm->limit || new_end < new_brk)
		return false;
	if (new_end < old_end)
		return unmap_range(mm, new_end, old_end) == 0;
	if (new_end == old_end)
		return true;
	if (p && new_brk - mm->brk_start > p->limits[RLIMIT_DATA].soft)
		return false;
	if (!is_free(mm, old_end, new_end - old_end + STACK_GUARD_GAP) ||
	    !commit_ok(mm, pages_of(new_end - old_end), PROT_WRITE, 0))
		return false;
	return add_mapping(mm, old_end, new_end - old_end, PROT_READ | PROT_WRITE, 0, NULL, 0) == 0;
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

long mm_populate(struct mm *mm, uint64_t address, uint64_t length)
{
	uint64_t start = ALIGN_DOWN(address, PAGE_SIZE), end = ALIGN_UP(address + length, PAGE_SIZE);
	long r;

	if (start == end)
		return 0;
	if (!range_ok(mm, start, end - start))
		return -ENOMEM;
	mutex_lock(&mm->lock);
	r = covered(mm, start, end);
	if (r == 0)
		r = populate_locked(mm, start, end);
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

		out[i] = e && mmu_entry_present(*e);
	}
	mutex_unlock(&mm->lock);
	return r;
}
