/* virtio devices and their queues (virtio 1.2; also the legacy interface, 2.4.1), whatever the transport.
 *
 * A transport (mmio.c) finds devices and offers them to drivers of the bus "virtio", whose identity is the virtio
 * device id. A driver calls, in attach(): virtio_start(), virtio_queue() for each queue, virtio_ready(). On failure
 * it calls virtio_fail() and frees what it made.
 *
 * Queues have no lock of their own: one thread at a time uses a queue, by the driver's lock. What the device writes
 * is read once, checked, and used from the copy; a device that breaks the rules marks its queue broken, and from then
 * on the queue gives nothing and takes nothing.
 */
#ifndef DRIVERS_VIRTIO_VIRTIO_H
#define DRIVERS_VIRTIO_VIRTIO_H

#include <linux/errno.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_ring.h>

#define VIRTIO_QUEUES_MAX 17u /* that a driver uses: of a network card, eight pairs and the control queue */

struct virtio_device;
struct virtqueue;

struct virtio_transport {
	uint64_t (*features)(struct virtio_device *d);               /* what the device offers */
	void (*accept)(struct virtio_device *d, uint64_t features);
	uint8_t (*status)(struct virtio_device *d);
	void (*set_status)(struct virtio_device *d, uint8_t status); /* 0: reset, and wait until it is done */
	unsigned (*queue_size)(struct virtio_device *d, unsigned index); /* largest; 0: there is none */
	int (*queue_start)(struct virtqueue *q);                     /* tell the device where the rings are */
	void (*notify)(struct virtqueue *q);
	/* Configuration space, consistently; @offset + @n lies within the structure of the device's kind. */
	void (*config)(struct virtio_device *d, unsigned offset, void *to, unsigned n);
};

struct virtio_device {
	const struct virtio_transport *transport; /* I */
	uint32_t id;                              /* I: VIRTIO_ID_* */
	bool modern;                              /* I: VIRTIO_F_VERSION_1 was negotiated */
	uint64_t features;                        /* I after virtio_start(): negotiated */
	struct virtqueue *queues[VIRTIO_QUEUES_MAX]; /* owned; I after virtio_ready() */
	unsigned queue_count;
	/* The configuration changed. Context: interrupt. NULL: the driver does not care. */
	void (*config_changed)(struct virtio_device *d);
	void *driver;                             /* the driver's own */
	char name[16];                            /* "virtio0": for the log */
};

/** virtio_start() - reset, negotiate. @wanted: features the driver can use. -ENODEV: the device refuses. */
int virtio_start(struct virtio_device *d, uint64_t wanted) __must_check;
/**
 * virtio_queue() - make the next queue of @d, whose indexes are taken in order from 0.
 * @size: entries wanted at most.  @interrupt: called in interrupt context when buffers were used, NULL: never.
 * Return: NULL if there is no such queue or no memory.
 */
struct virtqueue *virtio_queue(struct virtio_device *d, unsigned size, void (*interrupt)(struct virtqueue *q),
			       void *driver) __must_check;
/** virtio_queue_at() - the same of queue @index, whose interrupts go to processor @cpu if the transport can. */
struct virtqueue *virtio_queue_at(struct virtio_device *d, unsigned index, unsigned size, unsigned cpu,
				  void (*interrupt)(struct virtqueue *q), void *driver) __must_check;
void virtio_ready(struct virtio_device *d);
/** virtio_fail() - give up: the device is reset, its queues are freed. */
void virtio_fail(struct virtio_device *d);
static inline bool virtio_has(const struct virtio_device *d, unsigned feature)
{
	return d->features & (1ull << feature);
}
/** virtio_interrupt() - the transport's handler: queues were used. */
void virtio_interrupt(struct virtio_device *d);

/* One piece of a buffer. */
struct virtq_segment {
	paddr_t address;
	uint32_t length;
};

/* What we remember of a descriptor: the table itself is never read back, the device could write to it. */
struct virtq_slot {
	void *cookie;      /* of the chain that starts here; NULL: no chain does */
	uint32_t writable; /* bytes of that chain that the device may write */
	uint16_t count;    /* descriptors of that chain */
	uint16_t next;     /* free list, and the chain while it is out */
};

struct virtqueue {
	struct virtio_device *device;  /* parent */
	unsigned index;                /* I: which of the device's */
	unsigned slot;                 /* I: which of those that the driver uses: device->queues[slot] */
	unsigned cpu;                  /* I: that gets its interrupts, if the transport can choose */
	uint16_t size;                 /* I: entries, a power of two */
	uint16_t free_head, free_count;
	uint16_t avail_index;          /* ours; the ring's is only written */
	uint16_t kicked_index;         /* avail_index when the device was last looked at */
	uint16_t used_index;           /* next used entry to look at */
	bool event_index;              /* I: VIRTIO_RING_F_EVENT_IDX */
	bool broken;
	struct vring_desc *desc;       /* owned: all three rings in one run of pages */
	struct vring_avail *avail;
	struct vring_used *used;
	size_t pages;
	struct virtq_slot *slots;      /* owned: @size of them */
	void (*interrupt)(struct virtqueue *q);
	void *driver;                  /* the driver's own */
};

#define VIRTQ_LEGACY_ALIGN 4096u

/** virtq_alloc() - rings for @size entries (a power of two, at most 32768). NULL: no memory. */
struct virtqueue *virtq_alloc(unsigned size, bool event_index) __must_check;
void virtq_free(struct virtqueue *q);

/**
 * virtq_add() - hand a buffer to the device: first @out pieces that it reads, then @in pieces that it writes.
 * @cookie: what virtq_take() gives back; not NULL. The device may start at once, but is told by virtq_kick() only.
 * Return: 0; -ENOSPC: not enough free descriptors; -EIO: the queue is broken.
 */
int virtq_add(struct virtqueue *q, const struct virtq_segment *pieces, unsigned out, unsigned in, void *cookie);
/** virtq_take() - the next used buffer's cookie, or NULL. @length: bytes written, never more than the buffer has. */
void *virtq_take(struct virtqueue *q, uint32_t *length);
/** virtq_kick() - tell the device of what was added, if it asks to be told. */
void virtq_kick(struct virtqueue *q);
/** virtq_interrupts_off() - a hint: the device need not interrupt for this queue. */
void virtq_interrupts_off(struct virtqueue *q);
/** virtq_interrupts_on() - interrupt for the next used buffer. Return: false if there is one already: take it first. */
bool virtq_interrupts_on(struct virtqueue *q);
static inline bool virtq_pending(const struct virtqueue *q)
{
	return READ_ONCE(q->used->idx) != q->used_index && !q->broken;
}

#endif
