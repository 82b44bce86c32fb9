/* The table of descriptors from within (fs/files.c): for that, and for the calls whose cost is the look-up's. */
#ifndef FS_FILES_TABLE_H
#define FS_FILES_TABLE_H

#include <core/process.h>
#include <core/thread.h>
#include <fs/files.h>

#define FILES_FIRST 64u /* descriptors that a table has room for without another allocation */

struct files {
	struct spinlock lock;  /* RANK_FILES */
	uint32_t refs;         /* atomic */
	unsigned size;         /* descriptors there is room for, a multiple of WORD_BITS; lock */
	unsigned first_free;   /* no free one below; lock */
	struct file **slots;   /* lock; ref each */
	uint64_t *used;        /* lock */
	uint64_t *cloexec;     /* lock */
	struct file *slots_first[FILES_FIRST];
	uint64_t used_first[1], cloexec_first[1];
};

/** files_look_up() - files_get_file(), in line. */
static inline struct file *files_look_up(struct files *t, int fd)
{
	struct file *f = NULL;

	spin_lock(&t->lock);
	if (likely((unsigned)fd < t->size)) {
		f = t->slots[fd];
		if (likely(f))
			file_get(f);
	}
	spin_unlock(&t->lock);
	return f;
}

#endif
