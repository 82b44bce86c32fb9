/* Virtqueues: buffers go out and come back as the device used them, and a device that lies does no harm. */
/* UNIT: drivers/virtio/ring.c */
#include <core/page.h>
#include <core/slab.h>
#include "drivers/virtio/virtio.h"

#include "tests/unit/tap.h"

/* What a device would do, by the specification. */
struct device {
	struct virtqueue *q;
	uint16_t seen;    /* available entries taken */
	uint16_t used;    /* used entries written */
	unsigned kicks;
};

static struct device device;

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
	device.kicks++;
}
static const struct virtio_transport transport = { .notify = notify };
static struct virtio_device parent = { .transport = &transport, .name = "virtio9" };

static void start(unsigned size, bool event_index)
{
	device = (struct device){ .q = virtq_alloc(size, event_index) };
	device.q->device = &parent;
}

static bool device_has(void)
{
	return device.q->avail->idx != device.seen;
}
static uint16_t device_take(void)
{
	return device.q->avail->ring[device.seen++ & (device.q->size - 1)];
}
static void device_use(uint32_t id, uint32_t length)
{
	struct vring_used *u = device.q->used;

	u->ring[device.used & (device.q->size - 1)].id = id;
	u->ring[device.used & (device.q->size - 1)].len = length;
	u->idx = ++device.used;
}
static uint16_t *device_event(void)
{
	return (uint16_t *)&device.q->used->ring[device.q->size];
}

static int cookies[300];

static int add(unsigned out, unsigned in, unsigned number)
{
	struct virtq_segment s[16];

	for (unsigned i = 0; i < out + in; i++)
		s[i] = (struct virtq_segment){ 0x10000ull * number + 0x1000ull * i, 100 + i };
	return virtq_add(device.q, s, out, in, &cookies[number]);
}

static void chains(void)
{
	struct virtqueue *q;
	uint32_t length;
	uint16_t head, at;
	unsigned n = 0;

	start(8, false);
	q = device.q;
	is(add(2, 1, 7), 0, "a chain of three is taken");
	head = device_take();
	for (at = head;; at = q->desc[at].next) {
		is((long long)q->desc[at].addr, 0x70000 + 0x1000 * n, "piece %u lies where it should", n);
		is(q->desc[at].len, 100 + n, "and is as long");
		is(!!(q->desc[at].flags & VRING_DESC_F_WRITE), n == 2, "the device may write only what is for it");
		n++;
		if (!(q->desc[at].flags & VRING_DESC_F_NEXT))
			break;
	}
	is(n, 3, "the chain has three descriptors");
	is(q->free_count, 5, "three are gone from the free ones");
	ok(!virtq_take(q, &length), "nothing comes back before the device used it");
	device_use(head, 1000);
	ok(virtq_take(q, &length) == &cookies[7], "it comes back with its cookie");
	is(length, 102, "a length beyond what the device may write is cut off");
	is(q->free_count, 8, "its descriptors are free again");
	is(add(9, 0, 1), -ENOSPC, "a chain longer than the queue is refused");
	for (unsigned i = 0; i < 8; i++)
		n += !add(1, 0, i);
	is(n, 11, "eight single buffers fit");
	is(add(1, 0, 9), -ENOSPC, "a ninth does not");
	virtq_free(q);
}

/* Many rounds, used in any order, the 16-bit indexes wrapping. */
static void churn(bool event_index)
{
	uint16_t out[64];
	unsigned outside = 0, wrong = 0, number = 0, taken = 0;
	uint32_t length;

	start(64, event_index);
	device.q->avail_index = device.q->kicked_index = device.q->avail->idx = device.seen = 65500;
	device.q->used_index = device.q->used->idx = device.used = 65500;
	for (unsigned round = 0; round < 20000; round++) {
		unsigned pieces = 1 + host_random() % 4;
		int *back;

		if (host_random() % 2 && !add(pieces / 2, pieces - pieces / 2, number))
			number = (number + 1) % 300;
		virtq_kick(device.q);
		while (device_has())
			out[outside++] = device_take();
		if (outside && host_random() % 2) {
			unsigned i = host_random() % outside;

			device_use(out[i], 1);
			out[i] = out[--outside];
		}
		while ((back = virtq_take(device.q, &length))) {
			taken++;
			wrong += back < cookies || back >= cookies + 300;
		}
	}
	is(wrong, 0, "every buffer comes back with a cookie of ours%s", event_index ? ", with event indexes" : "");
	ok(taken > 5000, "many did");
	while (outside)
		device_use(out[--outside], 0);
	while (virtq_take(device.q, &length))
		;
	is(device.q->free_count, 64, "no descriptor is lost");
	ok(!device.q->broken, "nothing is wrong with the queue");
	virtq_free(device.q);
}

static void kicks(void)
{
	start(8, false);
	add(1, 0, 0);
	add(1, 0, 1);
	virtq_kick(device.q);
	is(device.kicks, 1, "two buffers, one kick");
	virtq_kick(device.q);
	is(device.kicks, 1, "no kick without a new buffer");
	device.q->used->flags = VRING_USED_F_NO_NOTIFY;
	add(1, 0, 2);
	virtq_kick(device.q);
	is(device.kicks, 1, "no kick that the device does not want");
	virtq_free(device.q);

	start(8, true);
	*device_event() = 1;
	add(1, 0, 0);
	virtq_kick(device.q);
	is(device.kicks, 0, "no kick before the buffer that the device waits for");
	add(1, 0, 1);
	virtq_kick(device.q);
	is(device.kicks, 1, "a kick with it");
	virtq_free(device.q);
}

static void interrupts(bool event_index)
{
	uint32_t length;

	start(8, event_index);
	ok(virtq_interrupts_on(device.q), "interrupts go on where nothing waits");
	if (event_index)
		is(device.q->avail->ring[8], 0, "the device is asked for the next buffer");
	else
		is(device.q->avail->flags, 0, "the flag is clear");
	add(0, 1, 0);
	device_use(device_take(), 5);
	ok(!virtq_interrupts_on(device.q), "what was used in between is told");
	virtq_take(device.q, &length);
	is(length, 5, "and can be taken");
	virtq_interrupts_off(device.q);
	if (event_index)
		ok(!vring_need_event(device.q->avail->ring[8], 2, 1), "the device need not interrupt for the next");
	else
		is(device.q->avail->flags, VRING_AVAIL_F_NO_INTERRUPT, "the flag is set");
	virtq_free(device.q);
}

/* A device that lies: the queue is given up, nothing outside it is touched. */
static void hostile(const char *what, uint32_t id, uint16_t index)
{
	uint32_t length;

	start(8, false);
	add(1, 1, 3);
	device_use(id, 7);
	device.q->used->idx = index;
	ok(!virtq_take(device.q, &length), "%s: nothing comes back", what);
	ok(device.q->broken, "%s: the queue is given up", what);
	is(add(1, 0, 1), -EIO, "%s: and takes nothing more", what);
	ok(!virtq_pending(device.q), "%s: and has nothing more", what);
	virtq_free(device.q);
}

static void hostile_twice(void)
{
	uint32_t length;
	uint16_t head;

	start(8, false);
	add(1, 1, 3);
	add(1, 0, 4);
	head = device_take();
	device_use(head, 1);
	ok(virtq_take(device.q, &length) == &cookies[3], "used once: fine");
	device_use(head, 1);
	ok(!virtq_take(device.q, &length) && device.q->broken, "the same buffer used twice: given up");
	virtq_free(device.q);
}

/* The device writes into the descriptor table: our lists do not follow it. */
static void hostile_table(void)
{
	uint32_t length;
	uint16_t head;

	start(8, false);
	add(2, 1, 3);
	head = device_take();
	for (unsigned i = 0; i < 8; i++)
		device.q->desc[i].next = 60000;
	device_use(head, 1);
	ok(virtq_take(device.q, &length) == &cookies[3], "a table with wild links: the buffer comes back");
	is(add(4, 4, 5), 0, "and all descriptors can be used again");
	virtq_free(device.q);
}

static void memory(void)
{
	extern long host_fail_after;

	for (long n = 0; n < 2; n++) {
		struct virtqueue *q;

		host_fail_after = n;
		q = virtq_alloc(16, true);
		ok(!q, "allocation %ld fails: no queue, no leak", n);
	}
	host_fail_after = -1;
}

int main(void)
{
	chains();
	churn(false);
	churn(true);
	kicks();
	interrupts(false);
	interrupts(true);
	hostile("an id beyond the table", 8, 1);
	hostile("an id of 32 bits", 0x80000000u, 1);
	hostile("a descriptor within a chain", 1, 1);
	hostile("more used than is out", 0, 9);
	hostile("an index that goes backwards", 0, 65535);
	hostile_twice();
	hostile_table();
	memory();
	return tap_done();
}
