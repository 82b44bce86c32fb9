/* A virtqueue whose device does what the input says, also what no device may: each buffer comes back once, or not. */
/* UNIT: drivers/virtio/ring.c */
#include <core/log.h>
#include <core/page.h>
#include "drivers/virtio/virtio.h"

#define SIZE    16u
#define BUFFERS 64u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
void *host_alloc(size_t size, size_t align);
void host_free(void *p);

void *page_alloc_run(size_t count, unsigned flags)
{
	return host_alloc(count * PAGE_SIZE, PAGE_SIZE);
}
void page_free_run(void *run, size_t count)
{
	host_free(run);
}

static void notify(struct virtqueue *q)
{
}
static const struct virtio_transport transport = { .notify = notify };
static struct virtio_device parent = { .transport = &transport, .name = "fuzz" };

/* Bytes that the device may write to a buffer that is out; -1: it is not out. */
static int32_t out[BUFFERS];

static void add(struct virtqueue *q, unsigned shape)
{
	struct virtq_segment s[8];
	unsigned outs = shape & 3, ins = shape >> 2 & 3, i, writable = 0;

	for (i = 0; i < BUFFERS && out[i] >= 0; i++)
		;
	if (i == BUFFERS || !(outs + ins))
		return;
	for (unsigned k = 0; k < outs + ins; k++) {
		s[k] = (struct virtq_segment){ 0x1000 * k, 100 * k + shape };
		writable += k >= outs ? s[k].length : 0;
	}
	if (!virtq_add(q, s, outs, ins, &out[i]))
		out[i] = (int32_t)writable;
}

static void take(struct virtqueue *q)
{
	uint32_t length = 0;
	int32_t *b = virtq_take(q, &length);

	if (!b)
		return;
	assert(b >= out && b < out + BUFFERS && *b >= 0 && length <= (uint32_t)*b);
	*b = -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct virtqueue *q;
	uint16_t used = 0;

	if (size < 1)
		return 0;
	q = virtq_alloc(SIZE, data[0] & 1);
	assert(q);
	q->device = &parent;
	for (unsigned i = 0; i < BUFFERS; i++)
		out[i] = -1;
	for (size_t i = 1; i + 3 < size; i += 4) {
		uint32_t v = (uint32_t)(data[i + 1] | data[i + 2] << 8 | data[i + 3] << 16);

		switch (data[i] % 10) {
		case 0: add(q, v); break;
		case 1: take(q); break;
		case 2: virtq_kick(q); break;
		case 3: virtq_interrupts_on(q); break;
		case 4: virtq_interrupts_off(q); break;
		case 5: /* as a device does it */
		case 6:
			q->used->ring[used & (SIZE - 1)] = (struct vring_used_elem){ v & 31, v >> 5 };
			q->used->idx = ++used;
			break;
		case 7: q->used->ring[v & (SIZE - 1)].id = v << 12; break;
		case 8: q->used->idx = used = (uint16_t)v; break;
		case 9: q->desc[v & (SIZE - 1)].next = (uint16_t)(v >> 4); break;
		}
		assert(q->free_count <= SIZE);
	}
	virtq_free(q);
	return 0;
}
