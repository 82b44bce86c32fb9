/* What a mapping maps: something that has pages by index (a file's page cache, an image in memory, shared memory).
 *
 * mm/ asks it for pages when they are touched, with the address space's lock (RANK_MM) held; file systems and others
 * implement it.
 */
#ifndef MM_VM_OBJECT_H
#define MM_VM_OBJECT_H

#include <core/page.h>

struct vm_object;

/* One page as an object hands it out. */
struct vm_page {
	paddr_t paddr;
	struct page *page; /* ref, moved to the taker; NULL: memory that lies there anyway, neither counted nor freed */
};

struct vm_object_ops {
	/* Page @index, for writing into the object itself if @write. May sleep. 0; -EFAULT: past the end (SIGBUS);
	 * -ENOMEM; -EIO. */
	int (*page)(struct vm_object *o, uint64_t index, bool write, struct vm_page *out);
	void (*get)(struct vm_object *o); /* one more reference */
	void (*put)(struct vm_object *o);
	/* Its path for /proc/self/maps, "" if none; inode number and device (st_dev), which are 0 before. */
	void (*describe)(struct vm_object *o, char *path, size_t size, uint64_t *inode, uint32_t *device);
	/* Pages in a row from @index, at most @count, for reading, as far as they lie in memory now: neighbours of a
	 * page that was touched. Does not sleep for I/O. NULL: the object does not know. Return: how many. */
	unsigned (*resident)(struct vm_object *o, uint64_t index, unsigned count, struct vm_page *out);
	/* What was written to pages [@index, @index + @count) by mappings is to last: msync(2). May sleep; mm->lock is not
	 * held. NULL: it lasts by itself. -EIO. */
	int (*sync)(struct vm_object *o, uint64_t index, uint64_t count);
};

struct vm_object {
	const struct vm_object_ops *ops;
};

/** vm_object_create_shared() - @pages pages of memory for MAP_SHARED | MAP_ANONYMOUS, one reference; or NULL: no memory,
 * or so much is not promised, unless @noreserve. */
struct vm_object *vm_object_create_shared(uint64_t pages, bool noreserve) __must_check;

#endif
