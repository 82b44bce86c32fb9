/* Xen's paravirtual network card (public/io/netif.h). netdev.h is its contract, and says what lock its rings are under.
 *
 * Two rings, each in a page, one channel. Frames pass through pages of the driver's own, granted once and for good, and are
 * copied: the other side never sees what else lies in a page of ours, and no grant has to end. A request to send is half a
 * page, one to receive a whole one, since the other side chooses where in it a frame begins.
 * Left out: segmentation offloads, frames in pieces, several queues, the control ring.
 */
#include <core/log.h>
#include <core/page.h>
#include <core/param.h>
#include <core/slab.h>
#include <core/string.h>
#include <linux/errno.h>
#include <linux/if_ether.h>
#include "drivers/driver.h"
#include "drivers/netdev.h"
#include "drivers/xen/ring.h"
#include "drivers/xen/xenstore.h"

COMPONENT("xen-netfront", "Xen's paravirtual network card");

#define RING_SIZE    256u /* both: the largest power of two of entries that fit behind the ring's head */
#define SEND_SLOTS   128u
#define SEND_BYTES   2048u
#define RECEIVE_PAGES 128u
#define POLL_BUDGET  128u

#define NETIF_CHECKSUM_BLANK 1u
#define NETIF_CHECKSUM_VALID 2u
#define NETIF_MORE_DATA      4u
#define NETIF_EXTRA_INFO     8u

struct send_request {
	uint32_t grant;
	uint16_t offset, flags, id, size;
};
struct send_response {
	uint16_t id;
	int16_t status;
};
union send_entry {
	struct send_request request;
	struct send_response response;
};
_Static_assert(sizeof(union send_entry) == 12, "netif_tx");
struct receive_request {
	uint16_t id, reserved;
	uint32_t grant;
};
struct receive_response {
	uint16_t id, offset, flags;
	int16_t status; /* bytes; negative: an error */
};
union receive_entry {
	struct receive_request request;
	struct receive_response response;
};
_Static_assert(sizeof(union receive_entry) == 8, "netif_rx");

/* A page that is granted for good. */
struct granted {
	char *page;
	uint32_t grant;
};

struct netfront {
	struct netdev netdev;
	struct xen_device *device;
	struct xen_event event;
	struct xen_ring *send_ring, *receive_ring;
	union send_entry *send_entries;       /* in their rings' pages */
	union receive_entry *receive_entries;
	uint32_t send_put, send_told, sent_taken, receive_put, received_taken;
	uint32_t send_ring_grant, receive_ring_grant;
	struct granted send_pages[SEND_SLOTS * SEND_BYTES / PAGE_SIZE], receive_pages[RECEIVE_PAGES];
	uint16_t free_slots[SEND_SLOTS];      /* a stack */
	unsigned free_count;
	bool slot_out[SEND_SLOTS], page_out[RECEIVE_PAGES];
	bool full;                            /* a sender was turned away */
	bool broken;
};

static struct netfront *net_of(struct netdev *n)
{
	return container_of(n, struct netfront, netdev);
}

static void give_up(struct netfront *f, const char *why)
{
	if (f->broken)
		return;
	f->broken = true;
	f->netdev.link = false;
	log_err("xen-netfront: the other side %s: the card is given up", why);
}

static void take_back(struct netfront *f)
{
	uint32_t put = xen_ring_responses(f->send_ring);

	if (put - f->sent_taken > SEND_SLOTS)
		give_up(f, "has sent more than it was given");
	while (!f->broken && f->sent_taken != put) {
		uint16_t id = READ_ONCE(f->send_entries[f->sent_taken++ % RING_SIZE].response.id);

		if (id >= SEND_SLOTS || !f->slot_out[id]) {
			give_up(f, "has sent what it was not given");
			return;
		}
		f->slot_out[id] = false;
		f->free_slots[f->free_count++] = id;
	}
}

/* If there is no slot, an event will tell of one, and the sender is to wait. */
static bool make_room(struct netfront *f)
{
	do
		take_back(f);
	while (!f->free_count && !f->broken && xen_ring_ask_responses(f->send_ring, f->sent_taken));
	f->full = !f->free_count;
	return f->free_count;
}

static int net_send(struct netdev *n, const struct netdev_piece *pieces, unsigned count, unsigned headroom,
		    const struct netdev_offload *offload, void *cookie)
{
	struct netfront *f = net_of(n);
	const struct granted *g;
	unsigned slot, size = 0;
	char *to;

	if (f->broken)
		return -EIO;
	if (!f->free_count && !make_room(f))
		return f->broken ? -EIO : -ENOSPC;
	slot = f->free_slots[f->free_count - 1];
	g = &f->send_pages[slot * SEND_BYTES / PAGE_SIZE];
	to = g->page + slot * SEND_BYTES % PAGE_SIZE;
	for (unsigned i = 0; i < count; i++) {
		if (pieces[i].length > SEND_BYTES - size)
			return -EIO;
		memcpy(to + size, pieces[i].data, pieces[i].length);
		size += pieces[i].length;
	}
	f->free_count--;
	f->slot_out[slot] = true;
	f->send_entries[f->send_put++ % RING_SIZE].request = (struct send_request){
		g->grant, (uint16_t)(slot * SEND_BYTES % PAGE_SIZE),
		offload->checksum ? NETIF_CHECKSUM_BLANK | NETIF_CHECKSUM_VALID : 0, (uint16_t)slot, (uint16_t)size,
	};
	netdev_sent(cookie);
	return 0;
}

static void net_flush(struct netdev *n)
{
	struct netfront *f = net_of(n);

	if (f->send_put != f->send_told && xen_ring_put_request(f->send_ring, f->send_put))
		xen_event_send(&f->event);
	f->send_told = f->send_put;
}

static void offer(struct netfront *f, unsigned page)
{
	f->page_out[page] = true;
	f->receive_entries[f->receive_put++ % RING_SIZE].request =
		(struct receive_request){ .id = (uint16_t)page, .grant = f->receive_pages[page].grant };
}

/* A frame lies in a page of ours; it goes up in a buffer, as far as there is memory for that. */
static void deliver(struct netfront *f, const struct receive_response *r)
{
	struct netdev_received piece;
	char *buffer;

	if (r->status < ETH_HLEN || (unsigned)r->status > NETDEV_BUFFER_SIZE - NETDEV_BUFFER_HEAD - 2)
		return;
	buffer = kmalloc(NETDEV_BUFFER_SIZE);
	if (!buffer)
		return; /* as if it had been lost on its way */
	piece = (struct netdev_received){ buffer, buffer + NETDEV_BUFFER_HEAD + 2, (uint32_t)r->status }; /* IP on 4 bytes */
	memcpy(piece.data, f->receive_pages[r->id].page + r->offset, piece.length);
	if (!netdev_receive(&f->netdev, &piece, 1, r->flags & (NETIF_CHECKSUM_BLANK | NETIF_CHECKSUM_VALID)))
		kfree(buffer);
}

static unsigned receive_some(struct netfront *f)
{
	uint32_t put = xen_ring_responses(f->receive_ring);
	unsigned n = 0;

	if (put - f->received_taken > RECEIVE_PAGES)
		give_up(f, "has received more than there is room for");
	for (; !f->broken && f->received_taken != put && n < POLL_BUDGET; n++) {
		const union receive_entry *e = &f->receive_entries[f->received_taken++ % RING_SIZE];
		struct receive_response r = *(const volatile struct receive_response *)&e->response;

		if (r.id >= RECEIVE_PAGES || !f->page_out[r.id] ||
		    (r.status > 0 && (unsigned)r.offset + (unsigned)r.status > PAGE_SIZE)) {
			give_up(f, "has received where it may not");
			break;
		}
		f->page_out[r.id] = false;
		if (!(r.flags & (NETIF_MORE_DATA | NETIF_EXTRA_INFO))) /* which it was not asked for */
			deliver(f, &r);
		offer(f, r.id);
	}
	if (n && !f->broken && xen_ring_put_request(f->receive_ring, f->receive_put))
		xen_event_send(&f->event);
	return n;
}

static bool net_poll(struct netdev *n, unsigned queue)
{
	struct netfront *f = net_of(n);
	unsigned got = f->broken ? 0 : receive_some(f);

	if (f->broken)
		return false;
	take_back(f);
	if (f->full && (f->free_count > SEND_SLOTS / 4 || f->free_count == SEND_SLOTS)) {
		f->full = false;
		netdev_room(n);
	}
	if (f->full)
		(void)make_room(f);
	return got == POLL_BUDGET || xen_ring_ask_responses(f->receive_ring, f->received_taken);
}

static const struct netdev_ops net_ops = { .send = net_send, .flush = net_flush, .poll = net_poll };

static void net_event(void *data)
{
	struct netfront *f = data;

	netdev_interrupt(&f->netdev, 0);
}

static int make_granted(struct netfront *f, struct granted *g, unsigned count, bool read_only)
{
	for (unsigned i = 0; i < count; i++) {
		g[i].page = page_alloc_run(1, PAGE_ZERO);
		g[i].grant = g[i].page ? xen_grant(f->device->remote, g[i].page, read_only) : XEN_GRANT_NONE;
		if (g[i].grant == XEN_GRANT_NONE)
			return -ENOMEM;
	}
	return 0;
}

static int make_rings(struct netfront *f)
{
	struct granted rings[2];
	int r = make_granted(f, rings, ARRAY_SIZE(rings), false);

	if (!r)
		r = make_granted(f, f->send_pages, ARRAY_SIZE(f->send_pages), true);
	if (!r)
		r = make_granted(f, f->receive_pages, RECEIVE_PAGES, false);
	if (r)
		return r;
	f->send_ring = (struct xen_ring *)rings[0].page;
	f->send_entries = (union send_entry *)(f->send_ring + 1);
	f->send_ring_grant = rings[0].grant;
	f->receive_ring = (struct xen_ring *)rings[1].page;
	f->receive_entries = (union receive_entry *)(f->receive_ring + 1);
	f->receive_ring_grant = rings[1].grant;
	xen_ring_init(f->send_ring);
	xen_ring_init(f->receive_ring);
	while (f->free_count < SEND_SLOTS) {
		f->free_slots[f->free_count] = (uint16_t)f->free_count;
		f->free_count++;
	}
	for (unsigned i = 0; i < RECEIVE_PAGES; i++)
		offer(f, i);
	(void)xen_ring_put_request(f->receive_ring, f->receive_put);
	return 0;
}

static int say_and_connect(struct netfront *f)
{
	const struct {
		const char *name;
		uint64_t number;
	} said[] = {
		{ "tx-ring-ref", f->send_ring_grant }, { "rx-ring-ref", f->receive_ring_grant },
		{ "event-channel", f->event.port }, { "request-rx-copy", 1 }, { "feature-rx-notify", 1 },
		{ "feature-ipv6-csum-offload", 1 }, { "state", XEN_STATE_CONNECTED },
	};
	int r = xen_device_wait(f->device, XEN_STATE_INIT_WAIT);

	for (unsigned i = 0; i < ARRAY_SIZE(said) && !r; i++)
		r = xen_device_say_number(f->device, said[i].name, said[i].number);
	return r ? r : xen_device_wait(f->device, XEN_STATE_CONNECTED);
}

/* "00:16:3e:11:22:33" */
static int parse_address(const char *text, uint8_t address[ETH_ALEN])
{
	for (unsigned i = 0; i < ETH_ALEN; i++, text += 3) {
		char pair[5] = { '0', 'x', text[0], text[0] ? text[1] : '\0', '\0' };
		uint64_t n;

		if (!pair[3] || param_number(pair, &n) || n > UINT8_MAX || text[2] != (i < ETH_ALEN - 1 ? ':' : '\0'))
			return -EINVAL;
		address[i] = (uint8_t)n;
	}
	return 0;
}

static int learn(struct netfront *f)
{
	char text[XENSTORE_VALUE_MAX];
	uint64_t can;
	int r = xen_device_own_text(f->device, "mac", text, sizeof(text));

	if (!r)
		r = parse_address(text, f->netdev.address);
	if (r)
		return r;
	f->netdev.mtu = ETH_DATA_LEN;
	f->netdev.link = true;
	if (!xen_device_number(f->device, "feature-ipv6-csum-offload", &can) && can)
		f->netdev.features = NETDEV_SEND_CHECKSUM; /* of both versions */
	return 0;
}

static int net_attach(void *dev)
{
	struct netfront *f = kzalloc(sizeof(*f));
	int r;

	if (!f)
		return -ENOMEM;
	f->device = dev;
	f->event = (struct xen_event){ .handle = net_event, .data = f };
	f->netdev.ops = &net_ops;
	f->netdev.name = "xen-netfront";
	f->netdev.queue_count = 1;
	r = learn(f);
	if (!r)
		r = make_rings(f);
	if (!r)
		r = xen_event_open(&f->event, f->device->remote);
	if (!r)
		r = say_and_connect(f);
	if (r) {
		xen_event_close(&f->event);
		return r; /* what the other side was told of stays its own */
	}
	netdev_register(&f->netdev);
	return 0;
}
SET_ENTRY(driver, xen_netfront, struct driver) = { "xen-netfront", "xen", XEN_DEVICE_NETWORK, net_attach };
