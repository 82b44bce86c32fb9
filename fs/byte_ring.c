/* A queue of bytes in pages (fs/byte_ring.h). A ring that runs empty starts again at its first page. */
#include <core/page.h>
#include <core/slab.h>
#include <fs/byte_ring.h>

COMPONENT("byte-ring", "queue of bytes behind pipes and stream sockets");

static void *ring_page_alloc(void)
{
	struct page *p = page_alloc(0, 0);

	return p ? page_address(p) : NULL;
}
static void ring_page_free(void *page)
{
	page_put(page_of(page_direct_paddr(page)));
}

int byte_ring_init(struct byte_ring *r, uint32_t capacity)
{
	capacity = ALIGN_UP(capacity, PAGE_SIZE);
	*r = (struct byte_ring){ .capacity = capacity };
	r->pages = kzalloc(capacity / PAGE_SIZE * sizeof(*r->pages));
	return r->pages ? 0 : -ENOMEM;
}

static void free_pages_from(struct byte_ring *r, uint32_t first)
{
	for (uint32_t i = first; i < r->touched; i++) {
		if (r->pages[i])
			ring_page_free(r->pages[i]);
		r->pages[i] = NULL;
	}
	r->touched = MIN(r->touched, first);
}

void byte_ring_fini(struct byte_ring *r)
{
	if (r->pages)
		free_pages_from(r, 0);
	kfree(r->pages);
	r->pages = NULL;
}

int byte_ring_resize(struct byte_ring *r, uint32_t capacity)
{
	struct byte_ring to;
	uint32_t first = r->start / PAGE_SIZE, old_count = r->capacity / PAGE_SIZE;
	uint32_t offset = r->start % PAGE_SIZE, kept;
	int error;

	capacity = ALIGN_UP(capacity, PAGE_SIZE);
	/* Pages move as they are, so that the oldest keeps the hole at its start. */
	kept = (offset + r->used + PAGE_SIZE - 1) / PAGE_SIZE;
	if (r->used > capacity)
		return -EBUSY;
	error = byte_ring_init(&to, capacity);
	if (error)
		return error;
	if (kept > capacity / PAGE_SIZE || kept > old_count) {
		/* The contents wrap within one page: they have to be copied. */
		for (uint32_t done = 0; done < r->used;) {
			uint32_t from = (r->start + done) % r->capacity;
			uint32_t n = MIN(r->used - done, (uint32_t)PAGE_SIZE - from % (uint32_t)PAGE_SIZE);
			struct io io;

			io_init_kernel(&io, r->pages[from / PAGE_SIZE] + from % PAGE_SIZE, n);
			if (byte_ring_write(&to, &io, n) != (ssize_t)n) {
				byte_ring_fini(&to);
				return -ENOMEM;
			}
			done += n;
		}
	} else {
		for (uint32_t i = 0; i < kept; i++) {
			uint32_t from = (first + i) % old_count;

			to.pages[i] = r->pages[from];
			r->pages[from] = NULL;
		}
		to.touched = kept;
		to.start = offset;
		to.used = r->used;
	}
	byte_ring_fini(r);
	*r = to;
	return 0;
}

static ssize_t write_pieces(struct byte_ring *r, struct io *io, size_t n)
{
	size_t done = 0;

	while (done < n) {
		uint32_t end = r->start + r->used, index, offset;
		size_t part, got;

		if (end >= r->capacity)
			end -= r->capacity;
		index = end / PAGE_SIZE;
		offset = end % PAGE_SIZE;
		part = MIN(n - done, PAGE_SIZE - offset);
		if (unlikely(!r->pages[index])) {
			r->pages[index] = ring_page_alloc();
			if (!r->pages[index])
				return done ? (ssize_t)done : -ENOMEM;
			r->touched = MAX(r->touched, index + 1);
		}
		got = io_get(io, r->pages[index] + offset, part);
		r->used += (uint32_t)got;
		done += got;
		if (unlikely(got < part))
			return done ? (ssize_t)done : -EFAULT;
	}
	return (ssize_t)done;
}

ssize_t byte_ring_write(struct byte_ring *r, struct io *io, size_t n)
{
	uint32_t end = r->start + r->used;
	char *page;
	size_t got;

	n = MIN(n, (size_t)byte_ring_room(r));
	if (end >= r->capacity)
		end -= r->capacity;
	page = r->pages[end / PAGE_SIZE];
	if (unlikely(n > PAGE_SIZE - end % PAGE_SIZE || !page))
		return write_pieces(r, io, n);
	got = io_get(io, page + end % PAGE_SIZE, n);
	r->used += (uint32_t)got;
	return likely(got) || !n ? (ssize_t)got : -EFAULT;
}

void byte_ring_drop(struct byte_ring *r, size_t n)
{
	r->used -= (uint32_t)n;
	r->start += (uint32_t)n;
	if (r->used == 0) {
		r->start = 0;
		if (r->touched > 1)
			free_pages_from(r, 1);
	} else if (r->start >= r->capacity) {
		r->start -= r->capacity;
	}
}

ssize_t byte_ring_peek(struct byte_ring *r, struct io *io, size_t skip, size_t n)
{
	size_t done = 0;

	n = MIN(n, r->used - skip);
	while (done < n) {
		uint32_t at = r->start + (uint32_t)(skip + done);
		size_t part, put;

		if (at >= r->capacity)
			at -= r->capacity;
		part = MIN(n - done, PAGE_SIZE - at % PAGE_SIZE);
		put = io_put(io, r->pages[at / PAGE_SIZE] + at % PAGE_SIZE, part);
		done += put;
		if (unlikely(put < part))
			return done ? (ssize_t)done : -EFAULT;
	}
	return (ssize_t)done;
}

ssize_t byte_ring_read(struct byte_ring *r, struct io *io, size_t n)
{
	ssize_t done;

	n = MIN(n, (size_t)r->used);
	if (likely(n <= PAGE_SIZE - r->start % PAGE_SIZE)) {
		size_t put = io_put(io, r->pages[r->start / PAGE_SIZE] + r->start % PAGE_SIZE, n);

		done = likely(put) || !n ? (ssize_t)put : -EFAULT;
	} else {
		done = byte_ring_peek(r, io, 0, n);
	}
	if (likely(done > 0))
		byte_ring_drop(r, (size_t)done);
	return done;
}
