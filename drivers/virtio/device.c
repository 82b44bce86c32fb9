/* What every virtio driver does to start its device (virtio 1.2, 3.1.1), and to stop it. virtio.h is the contract. */
#include "core/log.h"
#include "core/slab.h"
#include "drivers/virtio/virtio.h"

COMPONENT("virtio", "what all virtio devices have in common");

/* What the rings can do, whatever the device. */
#define RING_FEATURES                                                                              \
	(1ull << VIRTIO_F_VERSION_1 | 1ull << VIRTIO_F_ANY_LAYOUT | 1ull << VIRTIO_RING_F_EVENT_IDX |  \
	 1ull << VIRTIO_F_ACCESS_PLATFORM)

int virtio_start(struct virtio_device *d, uint64_t wanted)
{
	const struct virtio_transport *t = d->transport;
	uint64_t offered;

	t->set_status(d, 0);
	t->set_status(d, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	t->set_status(d, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER);
	offered = t->features(d);
	d->features = offered & (wanted | RING_FEATURES);
	d->modern = virtio_has(d, VIRTIO_F_VERSION_1);
	t->accept(d, d->features);
	if (d->modern) {
		t->set_status(d, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER | VIRTIO_CONFIG_S_FEATURES_OK);
		if (!(t->status(d) & VIRTIO_CONFIG_S_FEATURES_OK)) {
			log_err("%s: the device refuses features %lx of %lx", d->name, (unsigned long)d->features,
				(unsigned long)offered);
			return -ENODEV;
		}
	}
	return 0;
}

struct virtqueue *virtio_queue(struct virtio_device *d, unsigned size, void (*interrupt)(struct virtqueue *q),
			       void *driver)
{
	return virtio_queue_at(d, d->queue_count, size, 0, interrupt, driver);
}

struct virtqueue *virtio_queue_at(struct virtio_device *d, unsigned index, unsigned size, unsigned cpu,
				  void (*interrupt)(struct virtqueue *q), void *driver)
{
	unsigned most = d->queue_count < VIRTIO_QUEUES_MAX ? d->transport->queue_size(d, index) : 0;
	struct virtqueue *q;

	/* A legacy device takes its own size or none; in practice every one takes a smaller power of two. */
	if (!most || most > 32768 || (most & (most - 1))) {
		log_err("%s: queue %u has %u entries, expected a power of two", d->name, index, most);
		return NULL;
	}
	q = virtq_alloc(MIN(size, most), virtio_has(d, VIRTIO_RING_F_EVENT_IDX));
	if (!q)
		return NULL;
	q->device = d;
	q->index = index;
	q->slot = d->queue_count;
	q->cpu = cpu;
	q->interrupt = interrupt;
	q->driver = driver;
	if (d->transport->queue_start(q)) {
		virtq_free(q);
		return NULL;
	}
	if (!interrupt)
		virtq_interrupts_off(q);
	d->queues[d->queue_count++] = q;
	return q;
}

void virtio_ready(struct virtio_device *d)
{
	d->transport->set_status(d, d->transport->status(d) | VIRTIO_CONFIG_S_DRIVER_OK);
}

void virtio_fail(struct virtio_device *d)
{
	d->transport->set_status(d, 0);
	d->transport->set_status(d, VIRTIO_CONFIG_S_FAILED);
	while (d->queue_count)
		virtq_free(d->queues[--d->queue_count]);
}

void virtio_interrupt(struct virtio_device *d)
{
	for (unsigned i = 0; i < d->queue_count; i++) {
		struct virtqueue *q = d->queues[i];

		if (q->interrupt && virtq_pending(q))
			q->interrupt(q);
	}
}
