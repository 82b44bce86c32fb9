/* virtio network card (virtio 1.2, 5.1). netdev.h is its contract, and says what lock its queues are under.
 *
 * Receiving: buffers are 2 KiB; where the device merges them (VIRTIO_NET_F_MRG_RXBUF), a frame that it put together of
 * many segments spans several. Sending: the header goes into the room before the frame where the device takes any
 * layout, so that an ordinary frame is one descriptor. Buffers that were sent are taken back when others are sent or
 * received, without an interrupt; only a full queue asks for one.
 * Several queue pairs (VIRTIO_NET_F_MQ): one a processor, as far as the device has them. A pair's interrupts go to its
 * processor, which sends by it, too; devices learn from that where the answers are wanted.
 * Left out: other uses of the control queue, UDP's segmentation.
 */
#include <arch/irqflags.h>
#include "core/clock.h"
#include "core/cpu.h"
#include "core/log.h"
#include "core/page.h"
#include "core/preempt.h"
#include "core/random.h"
#include "core/slab.h"
#include "drivers/driver.h"
#include "drivers/netdev.h"
#include "drivers/virtio/virtio.h"
#include <linux/if_ether.h>
#include <linux/virtio_net.h>

COMPONENT("virtio-net", "virtio network card");

#define CONTROL_SIZE 64u
#define RING_SIZE   256u
#define POLL_BUDGET 128u /* frames between two looks at what else there is to do */
#define SENT_BATCH  32u  /* take back what was sent once so many are out */

/* Features that need another are not offered without it (5.1.3.1); without merged buffers large frames would not fit. */
#define FEATURES                                                                                                          \
	(1ull << VIRTIO_NET_F_MAC | 1ull << VIRTIO_NET_F_STATUS | 1ull << VIRTIO_NET_F_MTU | 1ull << VIRTIO_NET_F_CSUM |  \
	 1ull << VIRTIO_NET_F_GUEST_CSUM | 1ull << VIRTIO_NET_F_MRG_RXBUF | 1ull << VIRTIO_NET_F_GUEST_TSO4 |             \
	 1ull << VIRTIO_NET_F_GUEST_TSO6 | 1ull << VIRTIO_NET_F_HOST_TSO4 | 1ull << VIRTIO_NET_F_HOST_TSO6 |          \
	 1ull << VIRTIO_NET_F_CTRL_VQ | 1ull << VIRTIO_NET_F_MQ)

/* A pair of queues: what one processor receives and sends by. */
struct virtio_net_pair {
	struct virtio_net *net; /* parent */
	struct virtqueue *rx, *tx;
	unsigned index;
	unsigned sending;       /* frames out */
	bool full;              /* a sender was turned away */
	struct virtio_net_hdr_mrg_rxbuf *headers; /* owned: one for each descriptor of tx, where there is no headroom */
};

struct virtio_net {
	struct netdev netdev;
	struct virtio_device *device;
	unsigned header_size;  /* 10 legacy, else 12 */
	unsigned frame_at;     /* where in a receive buffer the virtio header starts */
	bool merges;           /* I: a frame may span buffers */
	struct virtio_net_pair pairs[NETDEV_QUEUES_MAX];
};

static struct virtio_net *net_of(struct netdev *n)
{
	return container_of(n, struct virtio_net, netdev);
}

static void take_back(struct virtio_net_pair *v)
{
	uint32_t length;
	void *cookie;

	while ((cookie = virtq_take(v->tx, &length))) {
		v->sending--;
		netdev_sent(cookie);
	}
}

/* Room for a frame of @need descriptors. If there is none, an interrupt will tell of it, and the sender is to wait. */
static bool make_room(struct virtio_net_pair *v, unsigned need)
{
	take_back(v);
	while (v->tx->free_count < need) {
		if (virtq_interrupts_on(v->tx)) {
			v->full = true;
			return false;
		}
		take_back(v);
	}
	return true;
}

static int net_send(struct netdev *n, const struct netdev_piece *pieces, unsigned count, unsigned headroom,
		    const struct netdev_offload *offload, void *cookie)
{
	struct virtio_net *net = net_of(n);
	struct virtio_net_pair *v = &net->pairs[n->queue_count > 1 ? percpu_get(this_cpu) % n->queue_count : 0];
	struct virtq_segment s[NETDEV_PIECES_MAX + 1];
	struct virtio_net_hdr_mrg_rxbuf *h;
	unsigned at = 0;
	int r;

	if (v->sending >= SENT_BATCH)
		take_back(v);
	if (unlikely(v->tx->free_count <= count) && !make_room(v, count + 1))
		return v->tx->broken ? -EIO : -ENOSPC;
	if (headroom) {
		h = (void *)((char *)pieces[0].data - net->header_size);
	} else {
		h = &v->headers[v->tx->free_head]; /* the descriptor that this frame starts with */
		s[at++] = (struct virtq_segment){ page_direct_paddr(h), net->header_size };
	}
	for (unsigned i = 0; i < count; i++)
		s[at++] = (struct virtq_segment){ page_direct_paddr(pieces[i].data), pieces[i].length };
	if (headroom) {
		s[0].address -= net->header_size;
		s[0].length += net->header_size;
	}
	__builtin_memset(&h->hdr, 0, sizeof(h->hdr));
	if (offload->checksum) {
		h->hdr.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		h->hdr.csum_start = offload->start;
		h->hdr.csum_offset = offload->offset;
	}
	if (unlikely(offload->segment)) {
		h->hdr.gso_type = offload->six ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;
		h->hdr.gso_size = offload->segment;
		h->hdr.hdr_len = offload->headers;
	}
	if (net->header_size == sizeof(*h))
		h->num_buffers = 0;
	r = virtq_add(v->tx, s, at, 0, cookie);
	if (!r)
		v->sending++;
	return r;
}

static void net_flush(struct netdev *n)
{
	for (unsigned i = 0; i < n->queue_count; i++)
		virtq_kick(net_of(n)->pairs[i].tx);
}

/* A receive buffer is free: the device gets it. */
static int give(struct virtio_net_pair *v, char *buffer)
{
	unsigned at = v->net->frame_at;
	struct virtq_segment s = { page_direct_paddr(buffer) + at, NETDEV_BUFFER_SIZE - at };

	return virtq_add(v->rx, &s, 0, 1, buffer);
}

static void fill(struct virtio_net_pair *v)
{
	v->net->netdev.starving = false;
	while (v->rx->free_count) {
		char *buffer = kmalloc(NETDEV_BUFFER_SIZE);

		if (!buffer) {
			v->net->netdev.starving = true;
			break;
		}
		if (give(v, buffer)) {
			kfree(buffer);
			break;
		}
	}
}

/* Return: the buffers are kept. */
static bool receive(struct virtio_net *v, struct netdev_received *pieces, unsigned count)
{
	const struct virtio_net_hdr *h = pieces[0].data;

	if (pieces[0].length < v->header_size + ETH_HLEN)
		return false;
	pieces[0].data = (char *)pieces[0].data + v->header_size;
	pieces[0].length -= v->header_size;
	return netdev_receive(&v->netdev, pieces, count,
			      READ_ONCE(h->flags) & (VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_DATA_VALID));
}

/* The next buffer that was used. */
static bool take_piece(struct virtio_net_pair *v, struct netdev_received *piece)
{
	piece->buffer = virtq_take(v->rx, &piece->length);
	piece->data = (char *)piece->buffer + v->net->frame_at;
	return piece->buffer;
}

static void give_back(struct virtio_net_pair *v, const struct netdev_received *piece)
{
	if (give(v, piece->buffer))
		kfree(piece->buffer);
}

/* A frame of @wanted pieces, of which one is taken; one of more pieces than there can be is dropped with what it has. */
static __cold void receive_merged(struct virtio_net_pair *v, const struct netdev_received *first, unsigned wanted)
{
	struct netdev_received pieces[NETDEV_RECEIVED_MAX] = { *first };
	unsigned count = 1;

	for (; count < wanted; count++) {
		struct netdev_received more;

		if (!take_piece(v, &more))
			break;
		if (count < NETDEV_RECEIVED_MAX)
			pieces[count] = more;
		else
			give_back(v, &more);
	}
	if (count == wanted && count <= NETDEV_RECEIVED_MAX && receive(v->net, pieces, count))
		return;
	for (unsigned i = 0; i < MIN(count, NETDEV_RECEIVED_MAX); i++)
		give_back(v, &pieces[i]);
}

/* Take one frame off the queue. Return: there was one. */
static bool receive_next(struct virtio_net_pair *v)
{
	struct netdev_received piece;
	unsigned wanted = 1;

	if (!take_piece(v, &piece))
		return false;
	if (v->net->merges && piece.length >= v->net->header_size)
		wanted = READ_ONCE(((const struct virtio_net_hdr_mrg_rxbuf *)piece.data)->num_buffers);
	if (unlikely(wanted > 1))
		receive_merged(v, &piece, wanted);
	else if (!receive(v->net, &piece, 1))
		give_back(v, &piece);
	return true;
}

static bool net_poll(struct netdev *n, unsigned queue)
{
	struct virtio_net_pair *v = &net_of(n)->pairs[queue];
	unsigned got;

	for (got = 0; got < POLL_BUDGET; got++)
		if (!receive_next(v))
			break;
	if (v->rx->free_count)
		fill(v);
	virtq_kick(v->rx);
	if (unlikely(v->full)) {
		if (make_room(v, v->tx->size / 4)) {
			v->full = false;
			virtq_interrupts_off(v->tx);
			netdev_room(n);
		}
	} else if (v->sending >= SENT_BATCH) {
		take_back(v);
	}
	return got == POLL_BUDGET || !virtq_interrupts_on(v->rx);
}

static const struct netdev_ops net_ops = { .send = net_send, .flush = net_flush, .poll = net_poll };

static void net_interrupt(struct virtqueue *q)
{
	struct virtio_net_pair *v = q->driver;

	netdev_interrupt(&v->net->netdev, v->index);
}

static void net_sent_interrupt(struct virtqueue *q)
{
	struct virtio_net_pair *v = q->driver;

	if (READ_ONCE(v->full))
		netdev_interrupt(&v->net->netdev, v->index);
}

static bool net_link(struct virtio_net *v)
{
	uint16_t status;

	if (!virtio_has(v->device, VIRTIO_NET_F_STATUS))
		return true;
	v->device->transport->config(v->device, offsetof(struct virtio_net_config, status), &status, sizeof(status));
	return status & VIRTIO_NET_S_LINK_UP;
}

static void net_config_changed(struct virtio_device *d)
{
	struct virtio_net *v = d->driver;

	v->netdev.link = net_link(v);
	netdev_interrupt(&v->netdev, 0);
}

static void net_identity(struct virtio_net *v)
{
	struct virtio_device *d = v->device;
	uint16_t mtu;

	if (virtio_has(d, VIRTIO_NET_F_MAC)) {
		d->transport->config(d, offsetof(struct virtio_net_config, mac), v->netdev.address, ETH_ALEN);
	} else {
		random_bytes(v->netdev.address, ETH_ALEN);
		v->netdev.address[0] = (uint8_t)((v->netdev.address[0] & ~1) | 2); /* one card's, made up locally */
	}
	v->netdev.mtu = ETH_DATA_LEN;
	if (virtio_has(d, VIRTIO_NET_F_MTU)) {
		d->transport->config(d, offsetof(struct virtio_net_config, mtu), &mtu, sizeof(mtu));
		if (mtu >= 576 && mtu < ETH_DATA_LEN)
			v->netdev.mtu = mtu;
	}
	v->netdev.link = net_link(v);
}

/* The queues of pair @index; the index of the receiving one is even (5.1.2). */
static int make_pair(struct virtio_net *net, unsigned index)
{
	struct virtio_net_pair *v = &net->pairs[index];

	v->net = net;
	v->index = index;
	v->rx = virtio_queue_at(net->device, 2 * index, RING_SIZE, index, net_interrupt, v);
	v->tx = v->rx ? virtio_queue_at(net->device, 2 * index + 1, RING_SIZE, index, net_sent_interrupt, v) : NULL;
	v->headers = v->tx ? kmalloc_array(v->tx->size, sizeof(*v->headers)) : NULL;
	if (!v->headers)
		return -ENOMEM;
	virtq_interrupts_off(v->tx);
	return 0;
}

/* How many pairs the device has. */
static unsigned pairs_offered(struct virtio_net *v)
{
	uint16_t n = 1;

	if (virtio_has(v->device, VIRTIO_NET_F_MQ) && virtio_has(v->device, VIRTIO_NET_F_CTRL_VQ))
		v->device->transport->config(v->device, offsetof(struct virtio_net_config, max_virtqueue_pairs), &n, sizeof(n));
	return n && n <= VIRTIO_NET_CTRL_MQ_VQ_PAIRS_MAX ? n : 1;
}

/* Tell the device to use @count pairs (5.1.6.5.5). Return: it does. */
static bool use_pairs(struct virtqueue *control, unsigned count)
{
	struct {
		struct virtio_net_ctrl_hdr header;
		uint8_t answer;
		uint16_t pairs;
	} *c = kmalloc(sizeof(*c)); /* directly mapped */
	uint64_t end = clock_monotonic_ns() + NSEC_PER_SEC;
	struct virtq_segment s[3];
	uint32_t length;
	bool done = false;

	if (!c)
		return false;
	c->header = (struct virtio_net_ctrl_hdr){ VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET };
	c->pairs = (uint16_t)count;
	c->answer = VIRTIO_NET_ERR;
	s[0] = (struct virtq_segment){ page_direct_paddr(&c->header), sizeof(c->header) };
	s[1] = (struct virtq_segment){ page_direct_paddr(&c->pairs), sizeof(c->pairs) };
	s[2] = (struct virtq_segment){ page_direct_paddr(&c->answer), sizeof(c->answer) };
	if (virtq_add(control, s, 2, 1, c))
		goto out;
	virtq_kick(control);
	while (!virtq_pending(control) && clock_monotonic_ns() < end)
		cpu_relax();
	if (!virtq_take(control, &length))
		return false; /* the memory is still the device's */
	done = READ_ONCE(c->answer) == VIRTIO_NET_OK;
out:
	kfree(c);
	return done;
}

static int net_attach(void *dev)
{
	struct virtio_net *v = kzalloc(sizeof(*v));
	struct virtio_device *d = dev;
	struct virtqueue *control = NULL;
	unsigned offered, count;
	int r = -ENOMEM;

	if (!v)
		return r;
	v->device = d;
	d->driver = v;
	r = virtio_start(d, FEATURES);
	if (r)
		goto fail;
	v->merges = virtio_has(d, VIRTIO_NET_F_MRG_RXBUF);
	v->header_size = d->modern || v->merges ? sizeof(struct virtio_net_hdr_mrg_rxbuf) : sizeof(struct virtio_net_hdr);
	/* The IP header is to lie on four bytes: what is before it are the two headers. */
	v->frame_at = NETDEV_BUFFER_HEAD + (4 - (v->header_size + ETH_HLEN) % 4) % 4;
	if (!d->modern && !virtio_has(d, VIRTIO_F_ANY_LAYOUT)) {
		log_err("%s: a legacy network card that does not take any layout of frames is not supported", d->name);
		r = -EOPNOTSUPP;
		goto fail;
	}
	offered = pairs_offered(v);
	count = MIN(offered, cpu_count);
	count = MIN(count, NETDEV_QUEUES_MAX);
	for (unsigned i = 0; i < count && (r = make_pair(v, i)) == 0; i++)
		;
	if (r)
		goto fail;
	if (count > 1)
		control = virtio_queue_at(d, 2 * offered, CONTROL_SIZE, 0, NULL, v);
	net_identity(v);
	v->netdev.ops = &net_ops;
	v->netdev.name = "virtio-net";
	v->netdev.queue_count = 1;
	if (virtio_has(d, VIRTIO_NET_F_CSUM))
		v->netdev.features |= NETDEV_SEND_CHECKSUM;
	if (virtio_has(d, VIRTIO_NET_F_HOST_TSO4))
		v->netdev.features |= NETDEV_SEND_SEGMENT4;
	if (virtio_has(d, VIRTIO_NET_F_HOST_TSO6))
		v->netdev.features |= NETDEV_SEND_SEGMENT6;
	for (unsigned i = 0; i < count; i++)
		fill(&v->pairs[i]);
	virtio_ready(d);
	for (unsigned i = 0; i < count; i++)
		virtq_kick(v->pairs[i].rx);
	if (control && use_pairs(control, count))
		v->netdev.queue_count = count;
	netdev_register(&v->netdev);
	d->config_changed = net_config_changed;
	if (v->netdev.queue_count > 1)
		log_info("%s: %u pairs of queues", d->name, v->netdev.queue_count);
	return 0;
fail:
	virtio_fail(d);
	for (unsigned i = 0; i < NETDEV_QUEUES_MAX; i++)
		kfree(v->pairs[i].headers);
	kfree(v);
	return r;
}
SET_ENTRY(driver, virtio_net, struct driver) = { "virtio-net", "virtio", VIRTIO_ID_NET, net_attach };
