/* Xen's console: two rings of bytes in a page that the domain was built with (public/io/console.h). `xl console` and the
 * console daemon are at the other end; the program's bytes and the kernel's messages share it.
 *
 * It is found by an initcall, before which there is nothing to write to; what the log has by then is written then.
 */
#include <core/console.h>
#include <core/init.h>
#include <core/lock.h>
#include <core/log.h>
#include <core/string.h>
#include "drivers/xen/xen.h"

COMPONENT("xen-console", "Xen's console");

#define INPUT_BYTES  1024u
#define OUTPUT_BYTES 2048u

enum { SCHED_YIELD = 0 };

struct rings {
	char input[INPUT_BYTES], output[OUTPUT_BYTES];
	uint32_t input_taken, input_put, output_taken, output_put;
};

static struct rings *rings __sealed;
static struct spinlock output_lock = SPINLOCK_INIT(RANK_CONSOLE); /* output_put and what is behind it */
static void (*others_poll)(void) __sealed;                        /* of the driver that takes input, too */

static void take_input(void *unused)
{
	for (;;) {
		uint32_t at = rings->input_taken % INPUT_BYTES;
		uint32_t there = __atomic_load_n(&rings->input_put, __ATOMIC_ACQUIRE) - rings->input_taken;
		size_t in_row = MIN(there, INPUT_BYTES - at), n = MIN(in_row, console_input_room());

		if (!n)
			return;
		console_input(rings->input + at, n);
		__atomic_store_n(&rings->input_taken, rings->input_taken + (uint32_t)n, __ATOMIC_RELEASE);
	}
}

static struct xen_event event = { .handle = take_input };

static void poll_input(void)
{
	if (others_poll)
		others_poll();
	take_input(NULL);
	xen_event_send(&event);
}

/* A ring that stays full holds up whoever writes, as a serial line does. */
static size_t write_some(const char *bytes, size_t n)
{
	uint32_t at = rings->output_put % OUTPUT_BYTES;
	uint32_t held = rings->output_put - __atomic_load_n(&rings->output_taken, __ATOMIC_ACQUIRE);
	uint32_t room = held >= OUTPUT_BYTES ? 0 : MIN(OUTPUT_BYTES - held, OUTPUT_BYTES - at);
	size_t part = MIN(n, (size_t)room);

	memcpy(rings->output + at, bytes, part);
	__atomic_store_n(&rings->output_put, rings->output_put + (uint32_t)part, __ATOMIC_RELEASE);
	return part;
}

static void xen_console_write(const char *bytes, size_t n)
{
	while (n) {
		bool alone = panicking; /* which may have come while the lock was held, for good then */
		irqflags_t flags = irq_save();
		size_t part;

		if (!alone)
			spin_lock(&output_lock);
		part = write_some(bytes, n);
		if (!alone)
			spin_unlock(&output_lock);
		irq_restore(flags);
		xen_event_send(&event);
		if (!part)
			(void)xen_hypercall(XEN_SCHED_OP, SCHED_YIELD, 0, 0);
		bytes += part;
		n -= part;
	}
}

static const struct console xen_console = {
	"hvc0", NULL, xen_console_write, .rating = 250, .flags = CONSOLE_LOG | CONSOLE_PROGRAM,
};

static void xen_console_start(void)
{
	if (!xen_present())
		return;
	event.port = (uint32_t)xen_param(XEN_PARAM_CONSOLE_EVENT);
	rings = xen_map_param(XEN_PARAM_CONSOLE_PFN);
	if (!rings)
		return;
	others_poll = console_input_poll;
	console_input_poll = poll_input;
	if (xen_event_bind(&event))
		log_warn("xen: the console has no events: no input");
	console_offer(&xen_console);
}
INITCALL(40, xen_console_start);
