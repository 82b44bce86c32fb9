/* virtio entropy device (virtio 1.2, 5.4): bytes from the host, asked for at start-up and mixed into the generator.
 *
 * One request is out at a time, of one buffer; its answer is taken in interrupt context and stirred in at once. Start
 * waits for the first answer a little, so that keys made early are good. lock: the queue and the buffer.
 */
#include "core/clock.h"
#include "core/lock.h"
#include "core/log.h"
#include "core/page.h"
#include "core/random.h"
#include "core/slab.h"
#include "drivers/driver.h"
#include "drivers/virtio/virtio.h"

COMPONENT("virtio-rng", "virtio entropy device");

#define ENTROPY_BYTES   64u
#define FIRST_WAIT_NS   (2 * 1000 * 1000ull)
#define ANSWERS_WANTED  2u /* then it rests: the generator does not wear out */

struct virtio_rng {
	struct spinlock lock; /* RANK_DEVICE */
	struct virtqueue *queue;
	uint8_t *bytes;       /* owned */
	unsigned answers;     /* a */
};

static void rng_ask(struct virtio_rng *g)
{
	struct virtq_segment s = { page_direct_paddr(g->bytes), ENTROPY_BYTES };

	if (!virtq_add(g->queue, &s, 0, 1, g))
		virtq_kick(g->queue);
}

static void rng_take(struct virtio_rng *g)
{
	irqflags_t flags = spin_lock_irqsave(&g->lock);
	uint32_t length;

	if (virtq_take(g->queue, &length) && length) {
		random_add(g->bytes, length);
		if (++g->answers < ANSWERS_WANTED)
			rng_ask(g);
	}
	spin_unlock_irqrestore(&g->lock, flags);
}

static void rng_interrupt(struct virtqueue *q)
{
	rng_take(q->driver);
}

static int rng_attach(void *dev)
{
	struct virtio_rng *g = kzalloc(sizeof(*g));
	struct virtio_device *d = dev;
	uint64_t until;
	int r = -ENOMEM;

	if (!g)
		return r;
	spin_init(&g->lock, RANK_DEVICE);
	g->bytes = kmalloc(ENTROPY_BYTES);
	if (!g->bytes)
		goto free;
	r = virtio_start(d, 0);
	if (r)
		goto fail;
	g->queue = virtio_queue(d, 8, rng_interrupt, g);
	r = -ENODEV;
	if (!g->queue)
		goto fail;
	virtio_ready(d);
	rng_ask(g);
	for (until = clock_monotonic_ns() + FIRST_WAIT_NS; !READ_ONCE(g->answers) && clock_monotonic_ns() < until;) {
		cpu_relax();
		rng_take(g);
	}
	return 0;
fail:
	virtio_fail(d);
	kfree(g->bytes);
free:
	kfree(g);
	return r;
}
SET_ENTRY(driver, virtio_rng, struct driver) = { "virtio-rng", "virtio", VIRTIO_ID_RNG, rng_attach };
