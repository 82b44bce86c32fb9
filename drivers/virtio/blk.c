/* virtio block device (virtio 1.2, 5.2): disks vda, vdb … of the block layer (drivers/block.h).
 *
 * A request is a header, the pieces, and a byte of status that the device writes; header and status lie in a slot of the
 * driver's. Requests complete in any order, in interrupt context. lock: the queue and the free slots.
 * Left out: limits on the length of a piece (size_max), writing zeroes, more queues than one.
 */
#include "core/lock.h"
#include "core/log.h"
#include "core/page.h"
#include "core/slab.h"
#include "drivers/block.h"
#include "drivers/driver.h"
#include "drivers/virtio/virtio.h"
#include <linux/virtio_blk.h>

COMPONENT("virtio-blk", "virtio disk");

#define RING_SIZE   256u
#define SLOTS       32u
#define STATUS_NONE 0xffu /* no device writes it */

struct slot {
	struct virtio_blk_outhdr header; /* the device reads it */
	uint8_t status;                  /* the device writes it */
	struct block_request *request;   /* borrowed until it is done; NULL: the slot is free; lock */
	struct slot *next;               /* free list; lock */
};

struct virtio_blk {
	struct block_device block;
	struct virtio_device *device;
	struct spinlock lock;     /* RANK_DEVICE */
	struct virtqueue *queue;
	struct slot *slots;       /* owned: SLOTS of them */
	struct slot *free;        /* lock */
};

static struct virtio_blk *blk_of(struct block_device *d)
{
	return container_of(d, struct virtio_blk, block);
}

/* 0; -ENOSPC: no slot or no descriptors now; -EIO: the queue is broken. */
static int try_submit(struct virtio_blk *b, struct block_request *r, uint32_t type)
{
	struct virtq_segment segments[BLOCK_PIECES_MAX + 2];
	irqflags_t flags = spin_lock_irqsave(&b->lock);
	struct slot *slot = b->free;
	unsigned out = 1, n = 1;
	int error = -ENOSPC;

	if (!slot)
		goto unlock;
	slot->header = (struct virtio_blk_outhdr){ .type = type, .sector = r->offset / BLOCK_SECTOR };
	slot->status = STATUS_NONE;
	segments[0] = (struct virtq_segment){ page_direct_paddr(&slot->header), sizeof(slot->header) };
	for (unsigned i = 0; i < r->count; i++)
		segments[n++] = (struct virtq_segment){ page_direct_paddr(r->pieces[i].data), r->pieces[i].length };
	if (r->write)
		out = n;
	segments[n++] = (struct virtq_segment){ page_direct_paddr(&slot->status), 1 };
	error = virtq_add(b->queue, segments, out, n - out, slot);
	if (!error) {
		slot->request = r;
		b->free = slot->next;
		virtq_kick(b->queue);
	}
unlock:
	spin_unlock_irqrestore(&b->lock, flags);
	return error;
}

static void submit(struct virtio_blk *b, struct block_request *r, uint32_t type)
{
	int error = 0;

	/* Room comes with an interrupt, which wakes all who wait. */
	wait_event(&b->block.wait, (error = try_submit(b, r, type)) != -ENOSPC);
	if (error)
		block_done(&b->block, r, -EIO);
}

static void blk_submit(struct block_device *d, struct block_request *r)
{
	submit(blk_of(d), r, r->write ? VIRTIO_BLK_T_OUT : VIRTIO_BLK_T_IN);
}

static int blk_flush(struct block_device *d)
{
	struct virtio_blk *b = blk_of(d);
	struct block_request r = { .write = true };

	if (!virtio_has(b->device, VIRTIO_BLK_F_FLUSH))
		return 0;
	submit(b, &r, VIRTIO_BLK_T_FLUSH);
	return block_wait(d, &r);
}

static int blk_discard(struct block_device *d, uint64_t offset, uint64_t n)
{
	struct virtio_blk *b = blk_of(d);
	struct virtio_blk_discard_write_zeroes *range = kmalloc(sizeof(*range)); /* the device reads it */
	struct block_piece piece = { range, sizeof(*range) };
	struct block_request r = { .pieces = &piece, .count = 1, .write = true };

	if (!range)
		return -ENOMEM;
	*range = (struct virtio_blk_discard_write_zeroes){ .sector = offset / BLOCK_SECTOR,
							   .num_sectors = (uint32_t)(n / BLOCK_SECTOR) };
	submit(b, &r, VIRTIO_BLK_T_DISCARD);
	(void)block_wait(d, &r);
	kfree(range);
	return r.result;
}

/* The next slot that is done; of a device that broke the rules, all that it has. */
static struct slot *take(struct virtio_blk *b)
{
	struct slot *s;
	uint32_t length;

	do
		s = virtq_take(b->queue, &length);
	while (!s && !virtq_interrupts_on(b->queue));
	if (likely(s) || !b->queue->broken)
		return s;
	for (unsigned i = 0; i < SLOTS; i++)
		if (b->slots[i].request) {
			b->slots[i].status = STATUS_NONE;
			return &b->slots[i];
		}
	return NULL;
}

static void blk_interrupt(struct virtqueue *q)
{
	struct virtio_blk *b = q->driver;
	struct slot *s;

	for (;;) {
		irqflags_t flags = spin_lock_irqsave(&b->lock);
		struct block_request *r = NULL;
		uint8_t status = STATUS_NONE;

		s = take(b);
		if (s) {
			r = s->request;
			status = READ_ONCE(s->status);
			s->request = NULL;
			s->next = b->free;
			b->free = s;
		}
		spin_unlock_irqrestore(&b->lock, flags);
		if (!s)
			break;
		if (status != VIRTIO_BLK_S_OK)
			log_err("%s: %s of %lu fails: status %u", b->block.name, r->write ? "write" : "read",
				(unsigned long)r->offset, status);
		block_done(&b->block, r, status == VIRTIO_BLK_S_OK ? 0 : -EIO);
	}
}

/* Reset, it touches no memory; and what is under way is done as with a device that broke the rules. */
static void blk_stop(struct block_device *d)
{
	struct virtio_blk *b = blk_of(d);
	irqflags_t flags;

	b->device->transport->set_status(b->device, 0);
	flags = spin_lock_irqsave(&b->lock);
	b->queue->broken = true;
	spin_unlock_irqrestore(&b->lock, flags);
	blk_interrupt(b->queue);
}

static const struct block_ops blk_ops = { .submit = blk_submit, .flush = blk_flush, .discard = blk_discard, .stop = blk_stop };

static int blk_limits(struct virtio_blk *b)
{
	struct virtio_device *d = b->device;
	uint64_t sectors;
	uint32_t most = BLOCK_PIECES_MAX;

	d->transport->config(d, offsetof(struct virtio_blk_config, capacity), &sectors, sizeof(sectors));
	if (virtio_has(d, VIRTIO_BLK_F_SEG_MAX))
		d->transport->config(d, offsetof(struct virtio_blk_config, seg_max), &most, sizeof(most));
	most = MIN(MAX(most, 1u), BLOCK_PIECES_MAX);
	b->block.pieces_max = MIN(most, b->queue->size - 2u);
	if (!sectors || sectors > UINT64_MAX / BLOCK_SECTOR || b->queue->size < 3) {
		log_err("%s: a disk of %lu sectors, with a queue of %u", d->name, (unsigned long)sectors, b->queue->size);
		return -ENODEV;
	}
	if (virtio_has(d, VIRTIO_BLK_F_DISCARD)) {
		uint32_t discard = 0;

		d->transport->config(d, offsetof(struct virtio_blk_config, max_discard_sectors), &discard, sizeof(discard));
		b->block.discard_max = (uint64_t)discard * BLOCK_SECTOR;
	}
	b->block.size = sectors * BLOCK_SECTOR;
	b->block.read_only = virtio_has(d, VIRTIO_BLK_F_RO);
	return 0;
}

static int blk_attach(void *dev)
{
	struct virtio_blk *b = kzalloc(sizeof(*b));
	struct virtio_device *d = dev;
	int r = -ENOMEM;

	if (!b)
		return r;
	spin_init(&b->lock, RANK_DEVICE);
	b->device = d;
	b->slots = kmalloc_array(SLOTS, sizeof(*b->slots));
	if (!b->slots)
		goto free;
	for (unsigned i = 0; i < SLOTS; i++)
		b->slots[i] = (struct slot){ .next = i + 1 < SLOTS ? &b->slots[i + 1] : NULL };
	b->free = b->slots;
	r = virtio_start(d, 1ull << VIRTIO_BLK_F_SEG_MAX | 1ull << VIRTIO_BLK_F_RO | 1ull << VIRTIO_BLK_F_FLUSH |
			    1ull << VIRTIO_BLK_F_DISCARD);
	if (r)
		goto fail;
	b->queue = virtio_queue(d, RING_SIZE, blk_interrupt, b);
	r = b->queue ? blk_limits(b) : -ENODEV;
	if (r)
		goto fail;
	virtio_ready(d);
	b->block.ops = &blk_ops;
	block_register(&b->block, "vd*");
	return 0;
fail:
	virtio_fail(d);
	kfree(b->slots);
free:
	kfree(b);
	return r;
}
SET_ENTRY(driver, virtio_blk, struct driver) = { "virtio-blk", "virtio", VIRTIO_ID_BLOCK, blk_attach };
