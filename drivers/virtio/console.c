/* virtio console device (virtio 1.2, 5.3): the program's output and input in large pieces, where a debug port and a serial
 * line take a byte at a time.
 *
 * Only the first port. Input that finds no room stays in its buffer, and the device waits for one; whoever makes room asks for
 * more. A write is copied once into a buffer of the driver's and is over when the device has taken it, so that
 * nothing is on its way when the machine ends. One writer at a time: the console device's write lock.
 */
#include <arch/irqflags.h>
#include "core/console.h"
#include "core/kernel.h"
#include "core/log.h"
#include "core/page.h"
#include "core/string.h"
#include "core/thread.h"
#include "drivers/driver.h"
#include "drivers/virtio/virtio.h"

COMPONENT("virtio-console", "virtio console: the program's output and input");

#define BUFFER_BYTES (4 * PAGE_SIZE)
#define INPUT_BUFFERS 2u /* of a page */

static struct virtqueue *transmit, *receive; /* I after attach */
static void (*others_poll)(void); /* I: of the driver that takes input, too */
/* Of whoever is in take_input(), one at a time. */
static char *input;                /* what was received and not taken; NULL: nothing */
static uint32_t input_at, input_length;
static uint32_t wanted;            /* a: how often input was asked for since nobody is in there; see poll_input() */
static char *buffer;               /* owned by the device between virtq_add() and virtq_take() */

static void virtio_console_write(const char *bytes, size_t n)
{
	while (n) {
		struct virtq_segment s = { page_direct_paddr(buffer), (uint32_t)MIN(n, BUFFER_BYTES) };
		uint32_t length;

		memcpy(buffer, bytes, s.length);
		if (virtq_add(transmit, &s, 1, 0, buffer))
			return;
		virtq_kick(transmit);
		/* QEMU takes it before the kick returns, unless its own reader is slow. */
		while (!virtq_take(transmit, &length)) {
			if (transmit->broken)
				return;
			thread_yield();
		}
		bytes += s.length;
		n -= s.length;
	}
}

static void offer(char *page)
{
	struct virtq_segment s = { page_direct_paddr(page), PAGE_SIZE };

	(void)virtq_add(receive, &s, 0, 1, page); /* there is room for as many as there are */
}

static void take_input(void)
{
	for (;;) {
		uint32_t n;

		if (!input) {
			input = virtq_take(receive, &input_length);
			input_at = 0;
			if (!input && virtq_interrupts_on(receive))
				break;
			if (!input)
				continue;
		}
		n = (uint32_t)MIN(console_input_room(), (size_t)(input_length - input_at));
		if (!n && input_length)
			break;
		console_input(input + input_at, n);
		input_at += n;
		if (input_at < input_length)
			continue;
		offer(input);
		input = NULL;
		virtq_kick(receive);
	}
}

/* From the interrupt and from readers that made room, on any processor: the first goes in, and goes again for the others. */
static void poll_input(void)
{
	uint32_t seen = 1;

	if (others_poll)
		others_poll();
	if (__atomic_fetch_add(&wanted, 1, __ATOMIC_ACQ_REL))
		return;
	do {
		seen = __atomic_load_n(&wanted, __ATOMIC_ACQUIRE);
		take_input();
	} while (!__atomic_compare_exchange_n(&wanted, &seen, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
}

static void input_interrupt(struct virtqueue *q)
{
	irqflags_t flags = irq_save();

	poll_input();
	irq_restore(flags);
}

static void start_input(void)
{
	for (unsigned i = 0; i < INPUT_BUFFERS; i++) {
		char *page = page_alloc_run(1, 0);

		if (page)
			offer(page);
	}
	others_poll = console_input_poll;
	console_input_poll = poll_input;
	virtq_kick(receive);
}

static bool not_early(void)
{
	return false;
}

/* Found by its bus, when the early choice is long made. */
static const struct console virtio_console = {
	"hvc0", not_early, virtio_console_write, .rating = 300, .flags = CONSOLE_PROGRAM,
};

static int console_attach(void *dev)
{
	struct virtio_device *d = dev;
	int r;

	if (transmit)
		return -EBUSY;
	buffer = page_alloc_run(BUFFER_BYTES / PAGE_SIZE, 0);
	if (!buffer)
		return -ENOMEM;
	r = virtio_start(d, 0);
	if (!r && (!(receive = virtio_queue(d, INPUT_BUFFERS, input_interrupt, NULL)) || !(transmit = virtio_queue(d, 2, NULL, NULL))))
		r = -ENODEV;
	if (r) {
		virtio_fail(d);
		page_free_run(buffer, BUFFER_BYTES / PAGE_SIZE);
		transmit = NULL;
		return r;
	}
	virtio_ready(d);
	start_input();
	console_offer(&virtio_console);
	return 0;
}
SET_ENTRY(driver, virtio_console, struct driver) = { "virtio-console", "virtio", VIRTIO_ID_CONSOLE, console_attach };
