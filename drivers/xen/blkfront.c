/* Xen's paravirtual disks (public/io/blkif.h): xvda, xvdb … of the block layer (drivers/block.h).
 *
 * One ring in a page, one channel. Every slot of the ring has references of its own for the pages of its data, which the other
 * side maps while the request is under way. A transfer of more segments than a request has takes several. Discarding and
 * flushing as far as the other side offers them. lock: the ring and the free slots.
 * Left out: persistent grants, indirect descriptors, rings of several pages, several rings.
 */
#include <core/lock.h>
#include <core/log.h>
#include <core/slab.h>
#include <core/string.h>
#include <linux/errno.h>
#include "drivers/block.h"
#include "drivers/driver.h"
#include "drivers/xen/ring.h"
#include "drivers/xen/xenstore.h"

COMPONENT("xen-blkfront", "Xen's paravirtual disk");

#define SEGMENTS_MAX 11u
#define PAGE_SECTORS (PAGE_SIZE / BLOCK_SECTOR)
#define DISCARD_MOST (1ull << 30)
#define VDISK_READ_ONLY 4u

enum blkif_operation { BLKIF_READ = 0, BLKIF_WRITE = 1, BLKIF_FLUSH = 3, BLKIF_DISCARD = 5 };

struct blkif_segment {
	uint32_t grant;
	uint8_t first_sector, last_sector;
};
struct blkif_request {
	uint8_t operation, segment_count; /* flags, of a discard */
	uint16_t handle;
	uint64_t id, sector;
	union {
		struct blkif_segment segments[SEGMENTS_MAX];
		uint64_t discard_sectors;
	};
};
_Static_assert(sizeof(struct blkif_request) == 112, "blkif_request");
struct blkif_response {
	uint64_t id;
	uint8_t operation;
	int16_t status;
};
_Static_assert(sizeof(struct blkif_response) == 16, "blkif_response");
union blkif_entry {
	struct blkif_request request;
	struct blkif_response response;
};
#define RING_SIZE 32u /* the largest power of two of entries that fit behind the ring's head */
_Static_assert(sizeof(struct xen_ring) + RING_SIZE * sizeof(union blkif_entry) <= PAGE_SIZE, "one page");

/* What several slots may work for. It is the waiting thread's. */
struct transfer {
	unsigned under_way; /* slots; lock */
	int result;         /* lock */
};

struct slot {
	struct transfer *transfer; /* NULL: free; lock */
	unsigned segments;         /* granted */
	uint32_t grants[SEGMENTS_MAX];
	struct slot *next;         /* free list; lock */
};

struct blkfront {
	struct block_device block;
	struct xen_device *device;
	struct xen_event event;
	struct spinlock lock;           /* RANK_DEVICE */
	struct xen_ring *ring;
	union blkif_entry *entries;     /* in the ring's page */
	uint32_t requests_put, responses_taken; /* lock */
	uint32_t ring_grant;
	uint16_t handle;
	bool flushes, broken;           /* broken: lock */
	struct slot slots[RING_SIZE];
	struct slot *free;              /* lock */
};

static struct blkfront *blk_of(struct block_device *d)
{
	return container_of(d, struct blkfront, block);
}

/* Whoever waits is told that it failed. lock. */
static void give_up(struct blkfront *b, const char *why)
{
	if (b->broken)
		return;
	b->broken = true;
	log_err("%s: the other side %s: the disk is given up", b->block.name, why);
	for (unsigned i = 0; i < RING_SIZE; i++) {
		struct slot *s = &b->slots[i];

		if (!s->transfer)
			continue;
		s->transfer->result = -EIO;
		s->transfer->under_way--;
		s->transfer = NULL;
	}
}

static void finish(struct blkfront *b, const struct blkif_response *r)
{
	uint64_t id = READ_ONCE(r->id);
	struct slot *s = id < RING_SIZE ? &b->slots[id] : NULL;

	if (!s || !s->transfer) {
		give_up(b, "answers what was not asked");
		return;
	}
	for (unsigned i = 0; i < s->segments; i++) {
		if (!xen_grant_pause(s->grants[i])) {
			give_up(b, "keeps pages that are not its own");
			return;
		}
	}
	if (READ_ONCE(r->status))
		s->transfer->result = -EIO;
	s->transfer->under_way--;
	s->transfer = NULL;
	s->next = b->free;
	b->free = s;
}

static void blk_event(void *data)
{
	struct blkfront *b = data;
	irqflags_t flags = spin_lock_irqsave(&b->lock);

	do {
		uint32_t put = xen_ring_responses(b->ring);

		if (put - b->responses_taken > RING_SIZE)
			give_up(b, "answers more than was asked");
		while (!b->broken && b->responses_taken != put)
			finish(b, &b->entries[b->responses_taken++ % RING_SIZE].response);
	} while (!b->broken && xen_ring_ask_responses(b->ring, b->responses_taken));
	spin_unlock_irqrestore(&b->lock, flags);
	wait_queue_wake_all(&b->block.wait, 0);
}

/* A request with no segments yet. NULL: there is no slot now. lock. */
static struct blkif_request *begin(struct blkfront *b, struct transfer *t, enum blkif_operation operation, uint64_t offset)
{
	struct slot *s = b->free;
	struct blkif_request *q;

	if (!s)
		return NULL;
	b->free = s->next;
	s->transfer = t;
	s->segments = 0;
	t->under_way++;
	q = &b->entries[b->requests_put % RING_SIZE].request;
	*q = (struct blkif_request){
		.operation = operation, .handle = b->handle, .id = (uint64_t)(s - b->slots), .sector = offset / BLOCK_SECTOR,
	};
	return q;
}

/* The next request's segments, none of them over the end of a page. */
static void add_segments(struct blkfront *b, struct blkif_request *q, struct block_place *p)
{
	struct slot *s = &b->slots[q->id];

	while (p->pieces && s->segments < SEGMENTS_MAX) {
		uint32_t n, in_page;
		const char *data = block_place_data(p, &n);

		in_page = (uint32_t)((uintptr_t)data % PAGE_SIZE);
		xen_grant_again(s->grants[s->segments], b->device->remote, data - in_page, q->operation == BLKIF_WRITE);
		q->segments[s->segments] = (struct blkif_segment){
			s->grants[s->segments], (uint8_t)(in_page / BLOCK_SECTOR), (uint8_t)((in_page + n) / BLOCK_SECTOR - 1),
		};
		s->segments++;
		block_place_advance(p, n);
	}
	q->segment_count = (uint8_t)s->segments;
}

/* As many requests as there are slots for. Return: all are on their way, or it is of no use. */
static bool send_some(struct blkfront *b, struct transfer *t, enum blkif_operation operation, struct block_place *p)
{
	irqflags_t flags = spin_lock_irqsave(&b->lock);
	struct blkif_request *q;
	bool notify = false, all;

	while (!b->broken && p->pieces && (q = begin(b, t, operation, p->offset))) {
		add_segments(b, q, p);
		notify |= xen_ring_put_request(b->ring, ++b->requests_put);
	}
	all = b->broken || !p->pieces;
	if (b->broken)
		t->result = -EIO;
	spin_unlock_irqrestore(&b->lock, flags);
	if (notify)
		xen_event_send(&b->event);
	return all;
}

static void wait_for(struct blkfront *b, struct transfer *t)
{
	irqflags_t flags;

	wait_event(&b->block.wait, !READ_ONCE(t->under_way));
	flags = spin_lock_irqsave(&b->lock); /* whoever counted it down has let go of it */
	spin_unlock_irqrestore(&b->lock, flags);
}

static void blk_submit(struct block_device *d, struct block_request *r)
{
	struct block_place p = { r->pieces, r->count, 0, r->offset };
	struct blkfront *b = blk_of(d);
	struct transfer t = { 0, 0 };

	for (unsigned i = 0; i < r->count; i++)
		if ((uintptr_t)r->pieces[i].data % BLOCK_SECTOR)
			t.result = -EIO; /* nobody in the kernel does that */
	if (!t.result)
		wait_event(&d->wait, send_some(b, &t, r->write ? BLKIF_WRITE : BLKIF_READ, &p));
	wait_for(b, &t);
	block_done(d, r, t.result);
}

/* A request without segments, and its end. */
static int command(struct blkfront *b, enum blkif_operation operation, uint64_t offset, uint64_t n)
{
	struct blkif_request *q = NULL;
	struct transfer t = { 0, 0 };
	bool notify = false;

	wait_event(&b->block.wait, ({
		irqflags_t flags = spin_lock_irqsave(&b->lock);

		if (b->broken)
			t.result = -EIO;
		else if ((q = begin(b, &t, operation, offset))) {
			q->discard_sectors = n / BLOCK_SECTOR;
			notify = xen_ring_put_request(b->ring, ++b->requests_put);
		}
		spin_unlock_irqrestore(&b->lock, flags);
		q || t.result;
	}));
	if (notify)
		xen_event_send(&b->event);
	wait_for(b, &t);
	return t.result;
}

static int blk_flush(struct block_device *d)
{
	return blk_of(d)->flushes ? command(blk_of(d), BLKIF_FLUSH, 0, 0) : 0;
}

static int blk_discard(struct block_device *d, uint64_t offset, uint64_t n)
{
	return command(blk_of(d), BLKIF_DISCARD, offset, n);
}

static const struct block_ops blk_ops = { .submit = blk_submit, .flush = blk_flush, .discard = blk_discard };

static int make_ring(struct blkfront *b)
{
	char *page = page_alloc_run(1, PAGE_ZERO);

	if (!page)
		return -ENOMEM;
	b->ring = (struct xen_ring *)page;
	b->entries = (union blkif_entry *)(page + sizeof(struct xen_ring));
	xen_ring_init(b->ring);
	b->ring_grant = xen_grant(b->device->remote, page, false);
	for (unsigned i = 0; i < RING_SIZE; i++) {
		for (unsigned j = 0; j < SEGMENTS_MAX; j++) {
			b->slots[i].grants[j] = xen_grant(b->device->remote, page, true);
			if (b->slots[i].grants[j] == XEN_GRANT_NONE || !xen_grant_pause(b->slots[i].grants[j]))
				return -ENOSPC;
		}
		b->slots[i].next = b->free;
		b->free = &b->slots[i];
	}
	return b->ring_grant == XEN_GRANT_NONE ? -ENOSPC : 0;
}

static int say_and_connect(struct blkfront *b)
{
	const struct xen_device *d = b->device;
	int r = xen_device_wait(d, XEN_STATE_INIT_WAIT);

	if (!r)
		r = xen_device_say_number(d, "ring-ref", b->ring_grant);
	if (!r)
		r = xen_device_say_number(d, "event-channel", b->event.port);
	if (!r)
		r = xen_device_say(d, "protocol", "x86_64-abi");
	if (!r)
		r = xen_device_say_number(d, "state", XEN_STATE_INITIALISED);
	return r ? r : xen_device_wait(d, XEN_STATE_CONNECTED);
}

static int learn(struct blkfront *b)
{
	uint64_t sectors, flags, handle, can;

	if (xen_device_own_number(b->device, "virtual-device", &handle) || xen_device_number(b->device, "sectors", &sectors) ||
	    xen_device_number(b->device, "info", &flags) || !sectors || sectors > UINT64_MAX / 2 / BLOCK_SECTOR)
		return -ENODEV;
	b->handle = (uint16_t)handle;
	b->block.size = sectors * BLOCK_SECTOR;
	b->block.read_only = flags & VDISK_READ_ONLY;
	b->flushes = !xen_device_number(b->device, "feature-flush-cache", &can) && can;
	if (!xen_device_number(b->device, "feature-discard", &can) && can)
		b->block.discard_max = DISCARD_MOST;
	b->block.pieces_max = BLOCK_PIECES_MAX;
	return 0;
}

static int blk_attach(void *dev)
{
	struct blkfront *b = kzalloc(sizeof(*b));
	int r;

	if (!b)
		return -ENOMEM;
	spin_init(&b->lock, RANK_DEVICE);
	wait_queue_init(&b->block.wait);
	b->device = dev;
	b->event = (struct xen_event){ .handle = blk_event, .data = b };
	r = make_ring(b);
	if (!r)
		r = xen_event_open(&b->event, b->device->remote);
	if (!r)
		r = say_and_connect(b);
	if (!r)
		r = learn(b);
	if (!r)
		r = xen_device_say_number(b->device, "state", XEN_STATE_CONNECTED);
	if (r) {
		xen_event_close(&b->event);
		return r; /* what the other side was told of stays its own */
	}
	b->block.ops = &blk_ops;
	block_register(&b->block, "xvd*");
	return 0;
}
SET_ENTRY(driver, xen_blkfront, struct driver) = { "xen-blkfront", "xen", XEN_DEVICE_DISK, blk_attach };
