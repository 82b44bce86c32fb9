/* The table of descriptors (fs/files.h): an array of files, and two bitmaps, used and close-on-exec.
 *
 * Locking: table->lock (spinning) for everything in it. A used descriptor without a file is reserved. The arrays grow
 * by replacement: the new ones are made with the lock dropped, then swapped in under it, so that nobody can hold a
 * pointer into the old ones. Files are closed after the lock is dropped.
 */
#include <core/process.h>
#include <core/ref.h>
#include <core/slab.h>
#include <fs/files_table.h>
#include <fs/lock.h>
#include <linux/resource.h>

COMPONENT("vfs", "files, paths, mounts and descriptors");

#define WORD_BITS   64u

_Static_assert(FILES_FIRST == WORD_BITS, "one word of bits for the first descriptors");

static inline bool bit_get(const uint64_t *map, unsigned i)
{
	return map[i / WORD_BITS] >> i % WORD_BITS & 1;
}
static inline void bit_put(uint64_t *map, unsigned i, bool on)
{
	uint64_t bit = 1ull << i % WORD_BITS;

	map[i / WORD_BITS] = on ? map[i / WORD_BITS] | bit : map[i / WORD_BITS] & ~bit;
}

struct files *files_create(void)
{
	struct files *t = kzalloc(sizeof(*t));

	if (!t)
		return NULL;
	spin_init(&t->lock, RANK_FILES);
	t->refs = 1;
	t->size = FILES_FIRST;
	t->slots = t->slots_first;
	t->used = t->used_first;
	t->cloexec = t->cloexec_first;
	return t;
}

static void files_free_arrays(const struct files *t, struct file **slots)
{
	if (slots != t->slots_first)
		kfree(slots); /* the bitmaps lie behind it */
}

/* Make room for descriptor @fd. The lock is held, dropped meanwhile, and held again. 0 or -ENOMEM. */
static int files_grow(struct files *t, unsigned fd)
{
	while (fd >= t->size) {
		unsigned old_size = t->size, size = old_size, words;
		struct file **slots, **old;
		uint64_t *bits;

		while (size <= fd)
			size *= 2;
		words = size / WORD_BITS;
		spin_unlock(&t->lock);
		slots = kmalloc(size * sizeof(*slots) + 2 * words * sizeof(uint64_t));
		spin_lock(&t->lock);
		if (!slots)
			return -ENOMEM;
		if (size <= t->size) { /* another thread was faster */
			kfree(slots);
			continue;
		}
		old_size = t->size;
		bits = (uint64_t *)(slots + size);
		memset(slots + old_size, 0, (size - old_size) * sizeof(*slots));
		memset(bits, 0, 2 * words * sizeof(uint64_t));
		memcpy(slots, t->slots, old_size * sizeof(*slots));
		memcpy(bits, t->used, old_size / 8);
		memcpy(bits + words, t->cloexec, old_size / 8);
		old = t->slots;
		t->slots = slots;
		t->used = bits;
		t->cloexec = bits + words;
		t->size = size;
		files_free_arrays(t, old);
	}
	return 0;
}

struct files *files_copy(struct files *from)
{
	struct files *t = files_create();
	unsigned size;

	if (!t)
		return NULL;
	spin_lock(&from->lock);
	while (from->size > t->size) { /* it may grow while ours does */
		size = from->size;
		spin_unlock(&from->lock);
		spin_lock(&t->lock);
		if (files_grow(t, size - 1)) {
			spin_unlock(&t->lock);
			files_put_table(t);
			return NULL;
		}
		spin_unlock(&t->lock);
		spin_lock(&from->lock);
	}
	for (unsigned fd = 0; fd < from->size; fd++) {
		struct file *f = from->slots[fd];

		if (!f)
			continue; /* a reserved one belongs to a call of the other process */
		file_get(f);
		t->slots[fd] = f;
		bit_put(t->used, fd, true);
		bit_put(t->cloexec, fd, bit_get(from->cloexec, fd));
	}
	spin_unlock(&from->lock);
	return t;
}

void files_get_table(struct files *t)
{
	ref_get(&t->refs);
}

static void files_close_one(struct files *t, struct file *f)
{
	if (f->inode)
		file_lock_closed(f, t);
	file_put(f);
}

void files_put_table(struct files *t)
{
	if (!t || !ref_put(&t->refs))
		return;
	for (unsigned fd = 0; fd < t->size; fd++)
		if (t->slots[fd])
			files_close_one(t, t->slots[fd]);
	files_free_arrays(t, t->slots);
	kfree(t);
}

struct file *files_get_file(struct files *t, int fd)
{
	return files_look_up(t, fd);
}

struct file *fd_get(int fd)
{
	return files_look_up(current->process->files, fd);
}

/* The lowest free descriptor from @from below @limit; the lock is held. */
static int files_find_free(struct files *t, unsigned from, unsigned limit)
{
	unsigned fd = MAX(from, t->first_free);

	while (fd < t->size) {
		uint64_t free = ~t->used[fd / WORD_BITS] & ~0ull << fd % WORD_BITS;

		if (free) {
			fd = ALIGN_DOWN(fd, WORD_BITS) + (unsigned)__builtin_ctzll(free);
			break;
		}
		fd = ALIGN_DOWN(fd, WORD_BITS) + WORD_BITS;
	}
	return fd < limit ? (int)fd : -EMFILE;
}

static int fd_take(struct files *t, struct file *f, bool cloexec, int from)
{
	uint64_t limit = MIN(current->process->limits[RLIMIT_NOFILE].soft, (uint64_t)FILES_MAX);
	int fd, error;

	if (unlikely(from < 0 || (unsigned)from >= limit))
		return from ? -EINVAL : -EMFILE;
	spin_lock(&t->lock);
	for (;;) {
		fd = files_find_free(t, (unsigned)from, (unsigned)limit);
		if (unlikely(fd < 0) || likely((unsigned)fd < t->size))
			break;
		error = files_grow(t, (unsigned)fd);
		if (error) {
			fd = error;
			break;
		}
	}
	if (likely(fd >= 0)) {
		t->slots[fd] = f;
		bit_put(t->used, (unsigned)fd, true);
		bit_put(t->cloexec, (unsigned)fd, cloexec);
		if ((unsigned)from <= t->first_free)
			t->first_free = (unsigned)fd + 1;
	}
	spin_unlock(&t->lock);
	return fd;
}

int fd_install(struct file *f, bool cloexec, int from)
{
	return fd_take(current->process->files, f, cloexec, from);
}

int fd_reserve(bool cloexec, int from)
{
	return fd_take(current->process->files, NULL, cloexec, from);
}

void fd_fill(int fd, struct file *f)
{
	struct files *t = current->process->files;

	spin_lock(&t->lock);
	t->slots[fd] = f;
	spin_unlock(&t->lock);
}

/* Take @fd out; the lock is held. Return: its file, whose reference is the caller's now, or NULL. */
static struct file *files_remove(struct files *t, unsigned fd)
{
	struct file *f = t->slots[fd];

	t->slots[fd] = NULL;
	bit_put(t->used, fd, false);
	if (fd < t->first_free)
		t->first_free = fd;
	return f;
}

void fd_unreserve(int fd)
{
	struct files *t = current->process->files;

	spin_lock(&t->lock);
	(void)files_remove(t, (unsigned)fd); /* it had no file yet */
	spin_unlock(&t->lock);
}

int files_install_at(struct files *t, int fd, struct file *f, bool cloexec)
{
	struct file *old = NULL;
	int r;

	if (fd < 0 || (unsigned)fd >= FILES_MAX)
		return -EBADF;
	spin_lock(&t->lock);
	r = files_grow(t, (unsigned)fd);
	if (!r) {
		old = t->slots[fd];
		if (unlikely(!old && bit_get(t->used, (unsigned)fd))) {
			r = -EBUSY; /* reserved: its call would overwrite ours */
		} else {
			t->slots[fd] = f;
			bit_put(t->used, (unsigned)fd, true);
			bit_put(t->cloexec, (unsigned)fd, cloexec);
		}
	}
	spin_unlock(&t->lock);
	if (!r && old)
		files_close_one(t, old);
	return r;
}

int fd_replace(int fd, struct file *f, bool cloexec)
{
	if (fd < 0 || (uint64_t)fd >= current->process->limits[RLIMIT_NOFILE].soft)
		return -EBADF;
	return files_install_at(current->process->files, fd, f, cloexec);
}

int fd_close(int fd)
{
	struct files *t = current->process->files;
	struct file *f = NULL;

	spin_lock(&t->lock);
	if (likely((unsigned)fd < t->size && t->slots[fd]))
		f = files_remove(t, (unsigned)fd);
	spin_unlock(&t->lock);
	if (unlikely(!f))
		return -EBADF;
	files_close_one(t, f);
	return 0;
}

int fd_close_range(unsigned first, unsigned last, bool only_mark_cloexec)
{
	struct files *t = current->process->files;

	spin_lock(&t->lock);
	for (unsigned fd = first; fd < t->size && fd <= last; fd++) {
		struct file *f = t->slots[fd];

		if (!f)
			continue;
		if (only_mark_cloexec) {
			bit_put(t->cloexec, fd, true);
			continue;
		}
		(void)files_remove(t, fd); /* f */
		spin_unlock(&t->lock);
		files_close_one(t, f);
		spin_lock(&t->lock);
	}
	spin_unlock(&t->lock);
	return 0;
}

void files_close_on_exec(struct files *t)
{
	spin_lock(&t->lock);
	for (unsigned fd = 0; fd < t->size; fd++) {
		struct file *f = t->slots[fd];

		if (!f || !bit_get(t->cloexec, fd))
			continue;
		(void)files_remove(t, fd); /* f */
		spin_unlock(&t->lock);
		files_close_one(t, f);
		spin_lock(&t->lock);
	}
	spin_unlock(&t->lock);
}

bool files_cloexec(struct files *t, int fd)
{
	bool on;

	spin_lock(&t->lock);
	on = (unsigned)fd < t->size && bit_get(t->used, (unsigned)fd) && bit_get(t->cloexec, (unsigned)fd);
	spin_unlock(&t->lock);
	return on;
}

bool fd_cloexec_get(int fd)
{
	return files_cloexec(current->process->files, fd);
}

int fd_cloexec_set(int fd, bool on)
{
	struct files *t = current->process->files;
	int r = -EBADF;

	spin_lock(&t->lock);
	if ((unsigned)fd < t->size && t->slots[fd]) {
		bit_put(t->cloexec, (unsigned)fd, on);
		r = 0;
	}
	spin_unlock(&t->lock);
	return r;
}

unsigned files_size(struct files *t)
{
	return READ_ONCE(t->size);
}

int files_next(struct files *t, int fd)
{
	int found = -1;

	spin_lock(&t->lock);
	for (unsigned i = (unsigned)fd; found < 0 && i < t->size; i++)
		if (t->slots[i])
			found = (int)i;
	spin_unlock(&t->lock);
	return found;
}
