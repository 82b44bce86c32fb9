/* Address spaces as such: their life, which one a processor is in, reading and writing them from outside. */
#include <arch/trap.h>
#include <core/page.h>
#include <core/ref.h>
#include <core/slab.h>
#include <core/uaccess.h>
#include <linux/errno.h>
#include <linux/mman.h>
#include <mm/internal.h>

COMPONENT("mm", "address spaces: mappings, page faults, copy on write");

static struct spinlock all_lock = SPINLOCK_INIT(RANK_SPIN);
static struct list all = LIST_INIT(all); /* all_lock: of struct mm.node */

/* Whose tables this processor has loaded, with a reference, which lasts until it loads others: one that idles, or runs
 * kernel threads, stays in the tables that it was in last, even if the address space comes to its end meanwhile. */
PERCPU(struct mm *, loaded_mm) = NULL; /* interrupts off */

struct mm *mm_create(void)
{
	struct mm *mm = kzalloc(sizeof(*mm));

	if (!mm)
		return NULL;
	if (mmu_init(&mm->mmu) != 0) {
		kfree(mm);
		return NULL;
	}
	mutex_init(&mm->lock, RANK_MM);
	mm->refs = mm->table_refs = 1;
	mm->user_access = MMU_USER;
	mm->limit = mm->mmap_top = mm->stack_top = USER_LIMIT;
	spin_lock(&all_lock);
	list_add(&all, &mm->node);
	spin_unlock(&all_lock);
	return mm;
}

void mm_get(struct mm *mm)
{
	ref_get(&mm->refs);
}

/* Context: any. */
static void table_put(struct mm *mm)
{
	if (!ref_put(&mm->table_refs))
		return;
	mmu_fini(&mm->mmu);
	kfree(mm);
}

/* Mappings and the tables below the topmost go now; that and the structure when no processor has them loaded. */
static void mm_destroy(struct mm *mm)
{
	struct vma *next;

	spin_lock(&all_lock);
	list_del(&mm->node);
	spin_unlock(&all_lock);
	for (struct vma *v = mm->tree.first; v; v = next) {
		next = v->next;
		entries_zap(mm, v->start, v->end);
		vma_uncommit(mm, v);
		if (v->object)
			v->object->ops->put(v->object);
		kfree(v);
	}
	mmu_clear(&mm->mmu);
	table_put(mm);
}

void mm_put(struct mm *mm)
{
	if (mm && ref_put(&mm->refs))
		mm_destroy(mm);
}

void mm_activate(struct mm *mm)
{
	struct mm *before = *percpu_ptr(loaded_mm);

	if (mm)
		ref_get(&mm->table_refs);
	*percpu_ptr(loaded_mm) = mm;
	percpu_set(uaccess_limit, mm ? mm->limit : 0);
	mmu_switch(mm ? &mm->mmu : NULL);
	if (before)
		table_put(before);
}

/* Copy between the kernel and a page of @mm that is faulted in first. */
static int copy_page_part(struct mm *mm, uint64_t address, void *buf, size_t n, bool write)
{
	mmu_entry *e;
	char *at;
	int code;

	if (fault_in_locked(mm, address, write ? FAULT_WRITE : 0, &code) != 0)
		return -EFAULT;
	e = mmu_entry_at(&mm->mmu, address, false);
	if (e) {
		at = (char *)page_direct(mmu_entry_paddr(*e)) + (address & ~PAGE_MASK);
	} else {
		e = huge_at(mm, address);
		at = (char *)page_direct(mmu_entry_paddr(*e)) + (address & (BLOCK_SIZE - 1));
	}
	if (write) {
		memcpy(at, buf, n);
		mmu_entry_set_dirty(e);
	} else {
		memcpy(buf, at, n);
	}
	return 0;
}

static int copy_across(struct mm *mm, uint64_t address, char *buf, size_t n, bool write)
{
	int r = 0;

	if (address >= mm->limit || n > mm->limit - address)
		return -EFAULT;
	mutex_lock(&mm->lock);
	while (n && r == 0) {
		size_t part = MIN(n, PAGE_SIZE - (address & ~PAGE_MASK));

		r = copy_page_part(mm, address, buf, part, write);
		address += part;
		buf += part;
		n -= part;
	}
	mutex_unlock(&mm->lock);
	return r;
}

int mm_write(struct mm *mm, uint64_t address, const void *from, size_t n)
{
	return copy_across(mm, address, (char *)(uintptr_t)from, n, true);
}

int mm_read(struct mm *mm, uint64_t address, void *to, size_t n)
{
	return copy_across(mm, address, to, n, false);
}

/* Unmap what @mm maps of @object from page @index on. */
static void unmap_object(struct mm *mm, struct vm_object *object, uint64_t index)
{
	mutex_lock(&mm->lock);
	for (struct vma *v = mm->tree.first; v; v = v->next) {
		uint64_t pages = (v->end - v->start) >> PAGE_SHIFT;
		uint64_t gone = index > v->index ? index - v->index : 0;

		if (v->object == object && gone < pages)
			entries_zap(mm, v->start + (gone << PAGE_SHIFT), v->end);
	}
	mutex_unlock(&mm->lock);
}

struct mm *mm_next(struct mm *done)
{
	struct mm *mm = NULL;
	struct list *at;

	spin_lock(&all_lock);
	/* One that is being destroyed has no references left, and unmaps by itself. */
	at = done ? done->node.next : all.next;
	for (; at != &all && !mm; at = at->next) {
		struct mm *candidate = list_entry(at, struct mm, node);

		if (ref_get_found(&candidate->refs))
			mm = candidate;
	}
	spin_unlock(&all_lock);
	mm_put(done);
	return mm;
}

void mm_object_truncated(struct vm_object *object, uint64_t index)
{
	for (struct mm *mm = mm_next(NULL); mm; mm = mm_next(mm))
		unmap_object(mm, object, index);
}

static void protect_object(struct mm *mm, const struct vm_object *object, uint64_t index, uint64_t end)
{
	mutex_lock(&mm->lock);
	for (struct vma *v = mm->tree.first; v; v = v->next) {
		uint64_t last = v->index + ((v->end - v->start) >> PAGE_SHIFT);
		uint64_t from = MAX(index, v->index), to = MIN(end, last);

		if (v->object == object && from < to)
			entries_protect(mm, v, v->start + ((from - v->index) << PAGE_SHIFT),
					v->start + ((to - v->index) << PAGE_SHIFT));
	}
	mutex_unlock(&mm->lock);
}

void mm_object_protect(struct vm_object *object, uint64_t index, uint64_t count)
{
	for (struct mm *mm = mm_next(NULL); mm; mm = mm_next(mm))
		protect_object(mm, object, index, index + count);
}

/* Of the first shared mapping from @at on and below @end: its object, with a reference, and which pages of it. */
static struct vm_object *next_shared(struct mm *mm, uint64_t *at, uint64_t end, uint64_t *index, uint64_t *count)
{
	struct vm_object *object = NULL;

	mutex_lock(&mm->lock);
	for (struct vma *v = vma_find(&mm->tree, *at); v && *at < end && v->start < end && !object; v = v->next) {
		uint64_t from = MAX(*at, v->start), to = MIN(end, v->end);

		*at = to;
		if (!(v->flags & VMA_SHARED) || !v->object || !v->object->ops->sync)
			continue;
		object = v->object;
		object->ops->get(object);
		*index = v->index + ((from - v->start) >> PAGE_SHIFT);
		*count = (to - from) >> PAGE_SHIFT;
	}
	mutex_unlock(&mm->lock);
	return object;
}

long mm_sync(struct mm *mm, uint64_t address, uint64_t length)
{
	long hole = mm_mapped(mm, address, length), r = 0;
	uint64_t end = MIN(address + length, mm->limit), index, count;
	struct vm_object *object;

	if (!length)
		return 0;
	if (end < address)
		return -ENOMEM;
	while (!r && (object = next_shared(mm, &address, end, &index, &count)) != NULL) {
		r = object->ops->sync(object, index, count);
		object->ops->put(object);
	}
	return r ? r : hole;
}

bool mm_next_range(struct mm *mm, uint64_t from, bool count, struct mm_range *out)
{
	struct vm_object *object = NULL;
	struct vma *v;

	mutex_lock(&mm->lock);
	v = vma_find(&mm->tree, from);
	if (v) {
		object = v->object;
		*out = (struct mm_range){
			.start = v->start,
			.end = v->end,
			.offset = v->object ? v->index << PAGE_SHIFT : 0,
			.prot = v->prot,
			.shared = v->flags & VMA_SHARED,
			.locked = v->flags & VMA_LOCKED,
			.noreserve = v->flags & VMA_NORESERVE,
			.stack = v->start < mm->stack_top && mm->stack_top <= v->end,
			.heap = !v->object && v->start < mm->brk && v->end > mm->brk_start,
		};
		if (count)
			out->resident_pages = entries_count(mm, v->start, v->end, &out->private_pages, &out->huge_pages);
		if (object)
			object->ops->get(object);
	}
	mutex_unlock(&mm->lock);
	if (object) {
		object->ops->describe(object, out->path, sizeof(out->path), &out->inode, &out->device);
		object->ops->put(object);
	}
	return v != NULL;
}

void mm_sizes(struct mm *mm, struct mm_sizes *out)
{
	*out = (struct mm_sizes){ 0 };
	mutex_lock(&mm->lock);
	out->total = mm->total_pages;
	out->resident = mm->resident_pages;
	out->private = mm->anon_pages;
	out->total_most = MAX(mm->total_most, mm->total_pages);
	out->resident_most = MAX(mm->resident_most, mm->resident_pages);
	out->locked = mm->locked_pages;
	for (struct vma *v = mm->tree.first; v; v = v->next) {
		uint64_t pages = (v->end - v->start) >> PAGE_SHIFT;

		if (v->prot & PROT_EXEC)
			out->code += pages;
		else if (v->flags & VMA_GROWSDOWN)
			out->stack += pages;
		else if (v->prot & PROT_WRITE && !(v->flags & VMA_SHARED))
			out->data += pages;
	}
	mutex_unlock(&mm->lock);
}
