/* The split virtqueue, driver side (virtio 1.2, 2.7), with event indexes (2.7.10). virtio.h is its contract.
 *
 * Memory barriers: the rings are shared with a hypervisor's processor, so the ordinary ones between processors do.
 * The three rings lie as the legacy interface wants them (2.7.2), which suits the modern one as well.
 * Left out: packed rings; indirect descriptors (a network frame has one or two pieces, and a ring of 256 entries is
 * never short of descriptors for them).
 */
#include "core/log.h"
#include "core/page.h"
#include "core/slab.h"
#include "drivers/virtio/virtio.h"

COMPONENT("virtio-ring", "virtqueues, the rings that virtio devices share with us");

/* The two event indexes lie behind the last entry of the other ring. */
static uint16_t *used_event(struct virtqueue *q)
{
	return &q->avail->ring[q->size];
}
static uint16_t *avail_event(struct virtqueue *q)
{
	return (uint16_t *)&q->used->ring[q->size];
}

struct virtqueue *virtq_alloc(unsigned size, bool event_index)
{
	struct virtqueue *q = kzalloc(sizeof(*q));
	struct vring ring;

	if (!q)
		return NULL;
	q->size = (uint16_t)size;
	q->event_index = event_index;
	q->pages = ALIGN_UP(vring_size(size, VIRTQ_LEGACY_ALIGN), PAGE_SIZE) / PAGE_SIZE;
	q->slots = kmalloc_array(size, sizeof(*q->slots));
	q->desc = page_alloc_run(q->pages, PAGE_ZERO);
	if (!q->slots || !q->desc) {
		virtq_free(q);
		return NULL;
	}
	vring_init(&ring, size, q->desc, VIRTQ_LEGACY_ALIGN);
	q->avail = ring.avail;
	q->used = ring.used;
	for (unsigned i = 0; i < size; i++)
		q->slots[i] = (struct virtq_slot){ .next = (uint16_t)(i + 1) };
	q->free_count = q->size;
	return q;
}

void virtq_free(struct virtqueue *q)
{
	if (!q)
		return;
	if (q->desc)
		page_free_run(q->desc, q->pages);
	kfree(q->slots);
	kfree(q);
}

int virtq_add(struct virtqueue *q, const struct virtq_segment *pieces, unsigned out, unsigned in, void *cookie)
{
	unsigned count = out + in;
	uint16_t head = q->free_head, at = head;
	uint32_t writable = 0;

	if (unlikely(q->broken))
		return -EIO;
	if (unlikely(count > q->free_count))
		return -ENOSPC;
	for (unsigned i = 0;;) {
		struct vring_desc *d = &q->desc[at];
		uint16_t flags = i < out ? 0 : VRING_DESC_F_WRITE;

		d->addr = pieces[i].address;
		d->len = pieces[i].length;
		if (flags)
			writable += pieces[i].length;
		if (++i == count) {
			d->flags = flags;
			break;
		}
		d->flags = flags | VRING_DESC_F_NEXT;
		at = q->slots[at].next;
		d->next = at;
	}
	q->free_head = q->slots[at].next;
	q->free_count = (uint16_t)(q->free_count - count);
	q->slots[head].cookie = cookie;
	q->slots[head].writable = writable;
	q->slots[head].count = (uint16_t)count;
	q->avail->ring[q->avail_index & (q->size - 1)] = head;
	q->avail_index++;
	/* The device reads the index, then the entry and descriptors: they must be there first. */
	__atomic_store_n(&q->avail->idx, q->avail_index, __ATOMIC_RELEASE);
	return 0;
}

static __cold void *ring_broken(struct virtqueue *q, const char *why, uint32_t value)
{
	q->broken = true;
	log_err("%s: queue %u is given up: the device %s (%u)", q->device ? q->device->name : "virtio", q->index, why, value);
	return NULL;
}

void *virtq_take(struct virtqueue *q, uint32_t *length)
{
	uint16_t index = __atomic_load_n(&q->used->idx, __ATOMIC_ACQUIRE); /* before the entry that it announces */
	const struct vring_used_elem *e = &q->used->ring[q->used_index & (q->size - 1)];
	struct virtq_slot *slot;
	uint32_t id, n;
	uint16_t last;
	void *cookie;

	if (index == q->used_index || unlikely(q->broken))
		return NULL;
	if (unlikely((uint16_t)(index - q->used_index) > (uint16_t)(q->size - q->free_count)))
		return ring_broken(q, "used more buffers than it has, index", index);
	id = READ_ONCE(e->id);
	n = READ_ONCE(e->len);
	if (unlikely(id >= q->size))
		return ring_broken(q, "used a descriptor that is not there, id", id);
	slot = &q->slots[id];
	cookie = slot->cookie;
	if (unlikely(!cookie))
		return ring_broken(q, "used a buffer that it does not have, id", id);
	slot->cookie = NULL;
	last = (uint16_t)id;
	for (unsigned more = slot->count - 1u; unlikely(more); more--)
		last = q->slots[last].next;
	q->slots[last].next = q->free_head;
	q->free_head = (uint16_t)id;
	q->free_count = (uint16_t)(q->free_count + slot->count);
	q->used_index++;
	*length = MIN(n, slot->writable);
	return cookie;
}

void virtq_kick(struct virtqueue *q)
{
	uint16_t old = q->kicked_index;
	bool wanted;

	if (old == q->avail_index || unlikely(q->broken))
		return;
	q->kicked_index = q->avail_index;
	/* Our index must be visible before we look whether the device sleeps; it does these two the other way round. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (q->event_index)
		wanted = vring_need_event(READ_ONCE(*avail_event(q)), q->avail_index, old);
	else
		wanted = !(READ_ONCE(q->used->flags) & VRING_USED_F_NO_NOTIFY);
	if (wanted)
		q->device->transport->notify(q);
}

/* With event indexes an index that was just passed comes round only after 65,536 buffers. */
void virtq_interrupts_off(struct virtqueue *q)
{
	if (q->event_index)
		WRITE_ONCE(*used_event(q), (uint16_t)(q->used_index - 1));
	else
		WRITE_ONCE(q->avail->flags, VRING_AVAIL_F_NO_INTERRUPT);
}

bool virtq_interrupts_on(struct virtqueue *q)
{
	if (q->event_index)
		WRITE_ONCE(*used_event(q), q->used_index);
	else
		WRITE_ONCE(q->avail->flags, 0);
	/* The wish must be visible before we look: the device adds an entry, then looks at the wish. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return !virtq_pending(q);
}
