/* virtio console device (virtio 1.2, 5.3): the program's output in large pieces, where a debug port takes a byte at a time.
 *
 * Only the first port, and only output: input comes on the serial line (include/whittle/console.h), so the receive queue
 * stays empty. A write is copied once into a buffer of the driver's and is over when the device has taken it, so that
 * nothing is on its way when the machine ends. One writer at a time: the console device's write lock.
 */
#include "core/console.h"
#include "core/log.h"
#include "core/page.h"
#include "core/string.h"
#include "core/thread.h"
#include "drivers/driver.h"
#include "drivers/virtio/virtio.h"

COMPONENT("virtio-console", "virtio console: the program's output");

#define BUFFER_BYTES (4 * PAGE_SIZE)

static struct virtqueue *transmit; /* I after attach */
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
	if (!r && (!virtio_queue(d, 1, NULL, NULL) || !(transmit = virtio_queue(d, 2, NULL, NULL))))
		r = -ENODEV;
	if (r) {
		virtio_fail(d);
		page_free_run(buffer, BUFFER_BYTES / PAGE_SIZE);
		transmit = NULL;
		return r;
	}
	virtio_ready(d);
	console_offer(&virtio_console);
	return 0;
}
SET_ENTRY(driver, virtio_console, struct driver) = { "virtio-console", "virtio", VIRTIO_ID_CONSOLE, console_attach };
