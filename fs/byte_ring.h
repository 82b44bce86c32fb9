/* A queue of bytes in pages that come and go with its contents: what pipes and stream sockets hold (fs/byte_ring.c).
 *
 * Pages are allocated when first written and freed when the ring runs empty, all but one, so that small transfers
 * always use the same page. No locking: the owner holds a mutex (copies may fault).
 */
#ifndef FS_BYTE_RING_H
#define FS_BYTE_RING_H

#include <fs/io.h>

struct byte_ring {
	uint32_t start;    /* offset of the oldest byte */
	uint32_t used;     /* bytes in it */
	uint32_t capacity; /* bytes, a multiple of PAGE_SIZE */
	uint32_t touched;  /* pages [0, touched) may have been allocated */
	char **pages;      /* owned; NULL: not allocated */
};

/** byte_ring_init() - an empty ring; @capacity is rounded up to whole pages. -ENOMEM. */
int byte_ring_init(struct byte_ring *r, uint32_t capacity) __must_check;
void byte_ring_fini(struct byte_ring *r);
/** byte_ring_resize() - keep the contents. -EBUSY: they would not fit; -ENOMEM. */
int byte_ring_resize(struct byte_ring *r, uint32_t capacity) __must_check;

static inline uint32_t byte_ring_room(const struct byte_ring *r)
{
	return r->capacity - r->used;
}
/** byte_ring_write() - append at most @n bytes of @io. Return: bytes taken; -EFAULT or -ENOMEM if none could be. */
ssize_t byte_ring_write(struct byte_ring *r, struct io *io, size_t n);
/** byte_ring_read() - move at most @n bytes into @io. Return: bytes moved; -EFAULT if none could be. */
ssize_t byte_ring_read(struct byte_ring *r, struct io *io, size_t n);
/** byte_ring_peek() - the same from @skip bytes on (at most used), and the bytes stay. */
ssize_t byte_ring_peek(struct byte_ring *r, struct io *io, size_t skip, size_t n);
/** byte_ring_drop() - forget the @n oldest bytes (at most used). */
void byte_ring_drop(struct byte_ring *r, size_t n);

#endif
