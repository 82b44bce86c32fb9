/* Address spaces (mm/): mappings in a balanced tree, pages filled in by faults, private pages copied on write.
 *
 * Locking: mm->lock (RANK_MM) for everything in the tree and the page tables; faults take it too. All addresses and
 * lengths are bytes, page-aligned unless said otherwise. Numbers of protections and flags are Linux's (PROT_*, MAP_*).
 * A private page is shared by reference count: who writes to one that has other references gets a copy, whoever holds
 * those (the page cache, another address space).
 */
#ifndef MM_MM_H
#define MM_MM_H

#include <arch/mmu.h>
#include <core/process.h>
#include <mm/vm_object.h>
#include <mm/vma.h>

struct mm {
	struct mutex lock;
	struct mmu mmu;
	uint32_t refs;            /* atomic: who maps and uses it; the last one unmaps everything */
	uint32_t table_refs;      /* atomic: one of all those, one of each processor that has its tables loaded */
	unsigned user_access;     /* MMU_USER, or 0 where programs run in kernel mode; I */
	struct vma_tree tree;     /* lock */
	struct vma *last_hit;     /* lock: where the last fault was */
	uint64_t map_count;       /* lock */
	uint64_t total_pages;     /* lock: all mappings */
	uint64_t data_pages;      /* lock: those that are private and writable, but no stacks: RLIMIT_DATA */
	uint64_t locked_pages;    /* lock: those that are locked: RLIMIT_MEMLOCK */
	unsigned lock_future;     /* lock: mlockall(2): MM_LOCK, and MM_LOCK_ON_FAULT */
	uint64_t huge_pages;      /* lock: huge entries */
	bool lazily_freed;        /* lock: there may be pages that may be taken back unless written to (MADV_FREE) */
	/* lock: what these two were at most before they became less; mm_sizes() looks at them, too. */
	uint64_t total_most, resident_most;
	uint64_t anon_pages;      /* lock: resident private pages */
	uint64_t resident_pages;  /* lock: all entries that hold a page, private or not */
	uint64_t brk_start, brk;  /* lock */
	uint64_t mmap_top;        /* highest address mmap hands out from; I */
	uint64_t stack_top;       /* I */
	uint64_t limit;           /* first address no program mapping reaches; copy routines check it; I */
	uint64_t code_start, code_end, data_start, data_end; /* for /proc; set by exec */
	struct list node;         /* in the list of all; its lock */
};

#define MAP_COUNT_MAX 65530u /* mappings of an address space */

/** mm_create() - empty, one reference. brk_start, mmap_top and stack_top are for exec to set. */
struct mm *mm_create(void) __must_check;
void mm_get(struct mm *mm);
void mm_put(struct mm *mm);

/* Added to @prot of mm_map(): mprotect() may not make it writable (a shared mapping of a file opened for reading). */
#define MM_PROT_NEVER_WRITE 0x10000

/**
 * mm_map() - mmap(2). @object: NULL for anonymous memory; a reference is taken. @offset: bytes into the object.
 * @flags: MAP_SHARED or MAP_PRIVATE, MAP_FIXED, MAP_FIXED_NOREPLACE, MAP_GROWSDOWN, MAP_POPULATE, MAP_NORESERVE,
 * MAP_32BIT, MAP_LOCKED. @address need not be aligned where it is only a hint, @length never.
 * Return: the address, or -errno.
 */
long mm_map(struct mm *mm, uint64_t address, uint64_t length, int prot, int flags, struct vm_object *object,
	    uint64_t offset);
long mm_unmap(struct mm *mm, uint64_t address, uint64_t length);
long mm_protect(struct mm *mm, uint64_t address, uint64_t length, int prot);
long mm_remap(struct mm *mm, uint64_t old, uint64_t old_length, uint64_t new_length, int flags, uint64_t new_address);
long mm_advise(struct mm *mm, uint64_t address, uint64_t length, int advice);
/** mm_brk() - Return: the new end of the heap, or the old one if it cannot move. */
long mm_brk(struct mm *mm, uint64_t new_brk);
#define MM_LOCK          1u /* pages stay in memory */
#define MM_LOCK_ON_FAULT 2u /* those that come later, too, but none is brought in for that */
/** mm_lock() - mlock2(2) and, with @how 0, munlock(2). -ENOMEM: a hole, or RLIMIT_MEMLOCK; -EPERM. Any alignment. */
long mm_lock(struct mm *mm, uint64_t address, uint64_t length, unsigned how);
/** mm_lock_all() - mlockall(2): @now: what there is, @future: what will be mapped; both MM_LOCK*. 0, 0: munlockall(2). */
long mm_lock_all(struct mm *mm, unsigned now, unsigned future);
/** mm_sync() - msync(2): what shared mappings have written. -ENOMEM: there is a hole; -EIO. */
long mm_sync(struct mm *mm, uint64_t address, uint64_t length);
/** mm_object_protect() - from here on, a write to pages [@index, @index + @count) of @object by a mapping faults. */
void mm_object_protect(struct vm_object *object, uint64_t index, uint64_t count);
/** mm_mapped() - 0, or -ENOMEM: there is a hole in [@address, + @length). */
long mm_mapped(struct mm *mm, uint64_t address, uint64_t length);
/** mm_resident() - mincore(2): one byte a page. -ENOMEM: a hole. */
long mm_resident(struct mm *mm, uint64_t address, uint64_t pages, uint8_t *out);
/** mm_write(), mm_read() - to and from another (or a not yet running) address space, by faulting pages in; -EFAULT.
 * Any alignment and length. What the program may not write, mm_write() does not write either. */
int mm_write(struct mm *mm, uint64_t address, const void *from, size_t n);
int mm_read(struct mm *mm, uint64_t address, void *to, size_t n);
/** mm_object_truncated() - pages of @object from @index on are gone: unmap them everywhere. */
void mm_object_truncated(struct vm_object *object, uint64_t index);

/* One mapping as /proc/self/maps shows it. */
struct mm_range {
	uint64_t start, end, offset, inode;
	int prot;
	bool shared, stack, heap, locked, noreserve;
	uint32_t device;          /* st_dev of the file, 0 without one */
	uint64_t resident_pages;  /* in the page tables; both only if counting was asked for */
	uint64_t private_pages;   /* of them, the program's own: not a file's */
	uint64_t huge_pages;      /* blocks of these */
	char path[256];
};
/** mm_next_range() - the first mapping that ends above @from; @count: and its pages, each. Return: false at the end. */
bool mm_next_range(struct mm *mm, uint64_t from, bool count, struct mm_range *out);
/* Pages of an address space, by kind. */
struct mm_sizes {
	uint64_t total;              /* all mappings */
	uint64_t total_most, resident_most; /* ever */
	uint64_t resident, private;  /* in the page tables; of them, the program's own */
	uint64_t code, data, stack;  /* of mappings: executable; private and writable, without stacks; stacks */
	uint64_t locked;             /* of mappings: those that are locked */
};
/** mm_resident_falls() - so many entries less. @mm->lock held. */
static inline void mm_resident_falls(struct mm *mm, uint64_t pages)
{
	mm->resident_most = MAX(mm->resident_most, mm->resident_pages);
	mm->resident_pages -= pages;
}
/** mm_sizes() - walks the mappings, not their pages. Context: may sleep. */
void mm_sizes(struct mm *mm, struct mm_sizes *out);

#endif
