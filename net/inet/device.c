/* Network cards as interfaces of lwIP: frames from drivers to lwIP and back (drivers/netdev.h is the contract below).
 *
 * What is received lies in a driver's buffer: a small frame is copied, so that a byte does not hold two kilobytes; a
 * larger one goes up as it is, and its buffer is freed with it. What is sent goes to the card where it lies, and is
 * held by a reference until the card is done. Everything here runs under the network lock.
 */
#include "net/inet/device.h"
#include "net/inet/packet.h"
#include "core/init.h"
#include "core/log.h"
#include "core/slab.h"
#include "net/inet/config.h"
#include "net/lwip/port.h"
#include "net/lwip/timers.h"
#include "lwip/etharp.h"
#include "lwip/igmp.h"
#include "lwip/prot/ethernet.h"
#include "lwip/prot/ip6.h"
#include "lwip/prot/tcp.h"
#include "lwip/prot/udp.h"
#include "lwip/tcp.h"
#include "netif/ethernet.h"
#include <linux/errno.h>

COMPONENT("inet", "IPv4 and TCP sockets, over lwIP");

#define COPY_MAX      256u  /* a frame up to this size is copied out of its buffer */
#define CHECK_ALL     (NETIF_CHECKSUM_CHECK_IP | NETIF_CHECKSUM_CHECK_UDP | NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_ICMP)
#define FRAME_PIECES  16u   /* of a frame that is not a batch */
#define QUEUE_MAX     1000u /* frames that wait for room on a card; more are dropped */

/* A frame that waits for room. */
struct inet_frame {
	struct inet_frame *next;
	struct pbuf *p; /* ref */
};

struct inet_device *inet_devices;
static struct inet_device *dirty_devices;

_Static_assert(sizeof(struct pbuf_custom) <= NETDEV_BUFFER_HEAD, "room in a receive buffer");
_Static_assert(PBUF_LINK_ENCAPSULATION_HLEN == NETDEV_HEADROOM, "room before a frame");

/* The sum of the pseudo header where the card is to add the rest, for TCP and UDP. */
static bool offload_checksum(struct pbuf *p, struct netdev_offload *o)
{
	const struct ip_hdr *ip = (const void *)((char *)p->payload + SIZEOF_ETH_HDR);
	const struct eth_hdr *eth = p->payload;
	unsigned header, field;
	u8_t protocol;
	u16_t n;
	u32_t sum;

	if (p->len < SIZEOF_ETH_HDR + IP_HLEN)
		return false;
	if (likely(eth->type == PP_HTONS(ETHTYPE_IP))) {
		if (IPH_OFFSET(ip) & PP_HTONS(IP_OFFMASK | IP_MF))
			return false;
		header = IPH_HL_BYTES(ip);
		protocol = IPH_PROTO(ip);
		n = (u16_t)(lwip_ntohs(IPH_LEN(ip)) - header);
		sum = (ip->src.addr & 0xffff) + (ip->src.addr >> 16) + (ip->dest.addr & 0xffff) + (ip->dest.addr >> 16);
	} else if (eth->type == PP_HTONS(ETHTYPE_IPV6) && p->len >= SIZEOF_ETH_HDR + IP6_HLEN) {
		const struct ip6_hdr *ip6 = (const void *)ip;

		header = IP6_HLEN;
		protocol = IP6H_NEXTH(ip6);
		n = IP6H_PLEN(ip6);
		sum = net_checksum(&ip6->src, sizeof(ip6->src) + sizeof(ip6->dest));
	} else {
		return false;
	}
	if (protocol == IP_PROTO_TCP)
		field = offsetof(struct tcp_hdr, chksum);
	else if (protocol == IP_PROTO_UDP)
		field = offsetof(struct udp_hdr, chksum);
	else
		return false;
	if (p->len < SIZEOF_ETH_HDR + header + field + 2)
		return false;
	sum += lwip_htons(protocol) + lwip_htons(n);
	sum = (sum & 0xffff) + (sum >> 16);
	*(u16_t *)((char *)ip + header + field) = (u16_t)(sum + (sum >> 16));
	o->checksum = true;
	o->start = (u16_t)(SIZEOF_ETH_HDR + header);
	o->offset = (u16_t)field;
	return true;
}

static unsigned headroom_of(const struct pbuf *p)
{
	return (p->type_internal & PBUF_TYPE_FLAG_STRUCT_DATA_CONTIGUOUS) &&
	       (const char *)p->payload - (const char *)(p + 1) >= (ptrdiff_t)NETDEV_HEADROOM ? NETDEV_HEADROOM : 0;
}

/* The card was given a frame: it is told before the lock is let go. */
static void will_flush(struct inet_device *d)
{
	if (d->dirty)
		return;
	d->dirty = true;
	d->next_dirty = dirty_devices;
	dirty_devices = d;
	net_pending |= NET_PENDING_FLUSH;
}

/* Hand a frame to the card; the card gets a reference. */
static int give(struct inet_device *d, struct pbuf *p)
{
	struct netdev_piece pieces[FRAME_PIECES];
	struct netdev_offload offload = { 0 };
	unsigned count = 0;
	int r;

	if (d->card->features & NETDEV_SEND_CHECKSUM)
		offload_checksum(p, &offload);
	for (struct pbuf *q = p; q; q = q->next) {
		if (!q->len)
			continue;
		if (count == FRAME_PIECES)
			return -EMSGSIZE;
		pieces[count++] = (struct netdev_piece){ q->payload, q->len };
	}
	pbuf_ref(p);
	r = d->card->ops->send(d->card, pieces, count, headroom_of(p), &offload, p);
	if (r) {
		pbuf_free(p);
		return r;
	}
	inet_counted(&d->sent, p->tot_len);
	will_flush(d);
	return 0;
}

static err_t queue_frame(struct inet_device *d, struct pbuf *p)
{
	struct inet_frame *f = d->queue_length < QUEUE_MAX ? kmalloc(sizeof(*f)) : NULL;

	if (!f) {
		d->sent.dropped++;
		return ERR_MEM;
	}
	pbuf_ref(p);
	*f = (struct inet_frame){ NULL, p };
	if (d->queue_tail)
		d->queue_tail->next = f;
	else
		d->queue_head = f;
	d->queue_tail = f;
	d->queue_length++;
	return ERR_OK;
}

static err_t send_frame(struct inet_device *d, struct pbuf *p)
{
	int r;

	if (unlikely(d->queue_head))
		return queue_frame(d, p);
	r = give(d, p);
	if (likely(!r))
		return ERR_OK;
	if (r == -ENOSPC)
		return queue_frame(d, p);
	if (r == -EMSGSIZE) { /* in too many pieces */
		struct pbuf *whole = pbuf_clone(PBUF_RAW_TX, PBUF_RAM, p);

		if (!whole)
			return ERR_MEM;
		r = give(d, whole);
		pbuf_free(whole);
	}
	return r ? ERR_IF : ERR_OK;
}

/* Segments of one connection that follow each other, to go to the card as one frame that it cuts up again (TSO). */
struct inet_batch {
	unsigned count;
	uint16_t segment;  /* bytes of each but the last */
	uint16_t headers;  /* Ethernet, IP, TCP */
	uint32_t bytes;    /* behind the headers */
	uint32_t next_seq; /* of what would follow */
	bool full;         /* the last was shorter: nothing may follow */
	struct pbuf *parts[NETDEV_PIECES_MAX]; /* ref each */
};

#define BATCH_TAG     1ul  /* in a cookie: a batch, not a pbuf */
#define BATCH_LEAST   500u /* bytes of a frame that is worth looking at */
#define BATCH_BYTES   65000u

static struct tcp_hdr *tcp_of(const struct pbuf *p, unsigned headers)
{
	return (struct tcp_hdr *)((char *)p->payload + headers - TCP_HLEN);
}

/* All headers of a frame that may be part of a batch; 0: it may not. Nothing but data: no options, no flags. */
static unsigned headers_of(const struct inet_device *d, const struct pbuf *p)
{
	const struct eth_hdr *eth = p->payload;
	const struct ip_hdr *ip = (const void *)(eth + 1);
	const struct ip6_hdr *ip6 = (const void *)ip;
	unsigned headers;

	if (p->next || p->len <= SIZEOF_ETH_HDR + IP6_HLEN + TCP_HLEN)
		return 0;
	if (eth->type == PP_HTONS(ETHTYPE_IP) && (d->card->features & NETDEV_SEND_SEGMENT4) && IPH_HL(ip) == 5 &&
	    IPH_PROTO(ip) == IP_PROTO_TCP)
		headers = SIZEOF_ETH_HDR + IP_HLEN + TCP_HLEN;
	else if (eth->type == PP_HTONS(ETHTYPE_IPV6) && (d->card->features & NETDEV_SEND_SEGMENT6) &&
		 IP6H_NEXTH(ip6) == IP6_NEXTH_TCP)
		headers = SIZEOF_ETH_HDR + IP6_HLEN + TCP_HLEN;
	else
		return 0;
	return (lwip_ntohs(tcp_of(p, headers)->_hdrlen_rsvd_flags) & ~TCP_PSH) == ((TCP_HLEN / 4) << 12 | TCP_ACK) ? headers : 0;
}

/* Both are of one connection, and say the same but for what they bring. */
static bool same_headers(const struct pbuf *a, const struct pbuf *b, unsigned headers)
{
	const struct tcp_hdr *ta = tcp_of(a, headers), *tb = tcp_of(b, headers);
	unsigned addresses = headers == SIZEOF_ETH_HDR + IP_HLEN + TCP_HLEN ? 8 : 32;

	return ta->src == tb->src && ta->dest == tb->dest && ta->ackno == tb->ackno && ta->wnd == tb->wnd &&
	       !memcmp((const char *)ta - addresses, (const char *)tb - addresses, addresses) &&
	       !memcmp(a->payload, b->payload, SIZEOF_ETH_HDR + 2);
}

/* The headers of the first part become those of the whole. */
static void finish_headers(struct inet_batch *b, struct netdev_offload *offload)
{
	struct pbuf *first = b->parts[0];
	struct ip_hdr *ip = (void *)((char *)first->payload + SIZEOF_ETH_HDR);
	unsigned length = b->headers - SIZEOF_ETH_HDR + b->bytes;

	offload->six = b->headers != SIZEOF_ETH_HDR + IP_HLEN + TCP_HLEN;
	if (offload->six) {
		IP6H_PLEN_SET((struct ip6_hdr *)ip, length - IP6_HLEN);
	} else {
		IPH_LEN_SET(ip, lwip_htons((u16_t)length));
		IPH_CHKSUM_SET(ip, 0);
		IPH_CHKSUM_SET(ip, (u16_t)~net_checksum(ip, IP_HLEN));
	}
	TCPH_SET_FLAG(tcp_of(first, b->headers), TCPH_FLAGS(tcp_of(b->parts[b->count - 1], b->headers)) & TCP_PSH);
	offload_checksum(first, offload);
	offload->segment = b->segment;
	offload->headers = b->headers;
}

/* Give the card what was gathered. */
static void send_batch(struct inet_device *d)
{
	struct inet_batch *b = d->batch;
	struct netdev_piece pieces[NETDEV_PIECES_MAX];
	struct netdev_offload offload = { 0 };
	unsigned count = 0;

	d->batch = NULL;
	if (b->count > 1 && !d->queue_head) {
		finish_headers(b, &offload);
		for (; count < b->count; count++) {
			unsigned skip = count ? b->headers : 0;

			pieces[count] = (struct netdev_piece){ (char *)b->parts[count]->payload + skip, b->parts[count]->len - skip };
		}
		if (!d->card->ops->send(d->card, pieces, count, headroom_of(b->parts[0]), &offload, (void *)((uintptr_t)b | BATCH_TAG))) {
			inet_counted(&d->sent, b->headers + b->bytes);
			return;
		}
		/* No room: they wait one by one, and the first is only itself again. */
		b->bytes = b->segment;
		finish_headers(b, &offload);
	}
	for (unsigned i = 0; i < b->count; i++) {
		(void)send_frame(d, b->parts[i]);
		pbuf_free(b->parts[i]);
	}
	kfree(b);
}

/* Return: @p is part of a batch now. */
static bool gather(struct inet_device *d, struct pbuf *p)
{
	struct inet_batch *b = d->batch;
	unsigned headers = headers_of(d, p), bytes = p->len - headers;

	if (b) {
		if (headers == b->headers && !b->full && b->count < NETDEV_PIECES_MAX && bytes <= b->segment &&
		    b->bytes + bytes <= BATCH_BYTES && lwip_ntohl(tcp_of(p, headers)->seqno) == b->next_seq &&
		    same_headers(b->parts[0], p, headers))
			goto add;
		send_batch(d);
	}
	if (!headers)
		return false;
	b = kmalloc(sizeof(*b));
	if (!b)
		return false;
	b->count = 0;
	b->segment = (uint16_t)bytes;
	b->headers = (uint16_t)headers;
	b->bytes = 0;
	d->batch = b;
	will_flush(d);
add:
	pbuf_ref(p);
	b->parts[b->count++] = p;
	b->bytes += bytes;
	b->next_seq = lwip_ntohl(tcp_of(p, headers)->seqno) + bytes;
	b->full = bytes < b->segment;
	return true;
}

/* netif->linkoutput: a whole frame, Ethernet header first. */
static err_t device_output(struct netif *netif, struct pbuf *p)
{
	struct inet_device *d = netif->state;

	if (d->card->features & (NETDEV_SEND_SEGMENT4 | NETDEV_SEND_SEGMENT6)) {
		if (p->tot_len >= BATCH_LEAST || d->batch)
			if (gather(d, p))
				return ERR_OK;
	}
	return send_frame(d, p);
}

void netdev_room(struct netdev *n)
{
	struct inet_device *d = n->protocol;

	while (d->queue_head) {
		struct inet_frame *f = d->queue_head;

		if (give(d, f->p) == -ENOSPC)
			return;
		d->queue_head = f->next;
		if (!f->next)
			d->queue_tail = NULL;
		d->queue_length--;
		pbuf_free(f->p);
		kfree(f);
	}
}

void netdev_sent(void *cookie)
{
	struct inet_batch *b = (void *)((uintptr_t)cookie & ~BATCH_TAG);

	if (likely(cookie == b)) {
		pbuf_free(cookie);
		return;
	}
	for (unsigned i = 0; i < b->count; i++)
		pbuf_free(b->parts[i]);
	kfree(b);
}

void device_flush(void)
{
	if (unlikely(net_link_slow))
		net_link_wake();
	while (dirty_devices) {
		struct inet_device *d = dirty_devices;

		dirty_devices = d->next_dirty;
		d->dirty = false;
		if (d->batch)
			send_batch(d);
		d->card->ops->flush(d->card);
	}
}

static void buffer_free(struct pbuf *p)
{
	kfree(p);
}

/* A frame as it lies in its buffers, which are freed with it. */
static struct pbuf *wrap(const struct netdev_received *pieces, unsigned count)
{
	struct pbuf *whole = NULL;

	for (unsigned i = 0; i < count; i++) {
		struct pbuf_custom *c = pieces[i].buffer;
		u16_t n = (u16_t)pieces[i].length;
		struct pbuf *p;

		c->custom_free_function = buffer_free;
		p = pbuf_alloced_custom(PBUF_RAW, n, PBUF_REF, c, pieces[i].data, n);
		if (whole)
			pbuf_cat(whole, p);
		else
			whole = p;
	}
	return whole;
}

bool netdev_receive(struct netdev *n, const struct netdev_received *pieces, unsigned count, bool checked)
{
	struct inet_device *d = n->protocol;
	uint32_t length = pieces[0].length;
	struct pbuf *p;
	bool kept;

	if (unlikely(!d))
		return false;
	for (unsigned i = 1; unlikely(i < count); i++)
		length += pieces[i].length;
	if (length <= COPY_MAX && likely(count == 1)) {
		kept = false;
		p = pbuf_alloc(PBUF_RAW, (u16_t)length, PBUF_RAM);
		if (!p) {
			d->received.dropped++;
			return false;
		}
		memcpy(p->payload, pieces[0].data, length);
	} else if (unlikely(length > UINT16_MAX)) {
		d->received.dropped++;
		return false;
	} else {
		kept = true;
		p = wrap(pieces, count);
	}
	inet_counted(&d->received, length);
	if (unlikely(checked == d->checking)) {
		d->checking = !checked;
		NETIF_SET_CHECKSUM_CTRL(&d->netif, d->netif.chksum_flags ^ CHECK_ALL);
	}
	if (d->netif.input(p, &d->netif) != ERR_OK)
		pbuf_free(p);
	return kept;
}

static void follow_link(struct inet_device *d)
{
	if (d->card->link)
		netif_set_link_up(&d->netif);
	else
		netif_set_link_down(&d->netif);
	if (d->link_changed)
		d->link_changed(d);
	log_info("eth%u: link is %s", d->index, d->card->link ? "up" : "down");
}

static void device_work(struct deferred *work)
{
	struct netdev_queue *q = container_of(work, struct netdev_queue, work);
	struct netdev *n = q->netdev;
	struct inet_device *d = n->protocol;
	bool more;

	net_lock();
	more = n->ops->poll(n, (unsigned)(q - n->queues));
	if (unlikely(net_link_slow))
		net_link_wake();
	if (unlikely(READ_ONCE(n->link) != netif_is_link_up(&d->netif)))
		follow_link(d);
	net_unlock();
	if (more)
		deferred_raise(work);
}

void net_poll_devices(void)
{
	for_each_inet_device(d)
		for (unsigned i = 0; i < d->card->queue_count; i++)
			if (d->card->ops->poll(d->card, i))
				netdev_interrupt(d->card, i);
}

bool net_cards_starve(void)
{
	for_each_inet_device(d)
		if (d->card->starving)
			return true;
	return false;
}

/* RFC 791: routers may not cut it. The header's sum is made already, and changes by this bit. */
static void forbid_cuts(struct ip_hdr *h)
{
	uint32_t sum = IPH_CHKSUM(h);

	if (IPH_OFFSET(h))
		return;
	IPH_OFFSET_SET(h, PP_HTONS(IP_DF));
	sum += (uint16_t)~PP_HTONS(IP_DF);
	sum = (sum & 0xffff) + (sum >> 16);
	IPH_CHKSUM_SET(h, (u16_t)((sum & 0xffff) + (sum >> 16)));
}

static err_t device_output4(struct netif *netif, struct pbuf *p, const ip4_addr_t *to)
{
	if (unlikely(p->flags & (PBUF_FLAG_MCASTLOOP | PBUF_FLAG_WHOLE))) {
		device_loops(netif, p);
		if (p->flags & PBUF_FLAG_WHOLE)
			forbid_cuts(p->payload);
	}
	return etharp_output(netif, p, to);
}

static err_t device_netif_init(struct netif *netif)
{
	struct inet_device *d = netif->state;

	netif->name[0] = 'e';
	netif->name[1] = 'n';
	netif->output = device_output4;
	netif->linkoutput = device_output;
	netif->hwaddr_len = ETH_HWADDR_LEN;
	memcpy(netif->hwaddr, d->card->address, ETH_HWADDR_LEN);
	netif->mtu = d->card->mtu;
	netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_IGMP;
	NETIF_SET_CHECKSUM_CTRL(netif, d->card->features & NETDEV_SEND_CHECKSUM ?
					       NETIF_CHECKSUM_ENABLE_ALL & ~(NETIF_CHECKSUM_GEN_TCP | NETIF_CHECKSUM_GEN_UDP) :
					       NETIF_CHECKSUM_ENABLE_ALL);
	return ERR_OK;
}

void netdev_register(struct netdev *n)
{
	struct inet_device *d = kzalloc(sizeof(*d)), **end = &inet_devices;

	if (!d)
		return;
	d->card = n;
	d->checking = true;
	net_lock();
	igmp_init();
	for (; *end; end = &(*end)->next)
		d->index++;
	*end = d;
	n->protocol = d;
	netif_add_noaddr(&d->netif, d, device_netif_init, ethernet_input);
	netif_set_up(&d->netif);
	if (n->link)
		netif_set_link_up(&d->netif);
	inet6_device(d);
	net_link_timer_start();
	inet_configure(d);
	for (unsigned i = 0; i < n->queue_count; i++) {
		n->queues[i].netdev = n;
		/* Interrupts may come already: with this they raise it. */
		__atomic_store_n(&n->queues[i].work.call, device_work, __ATOMIC_RELEASE);
	}
	net_unlock();
	for (unsigned i = 0; i < n->queue_count; i++)
		netdev_interrupt(n, i);
	log_info("eth%u: %s %02x:%02x:%02x:%02x:%02x:%02x, MTU %u%s", d->index, n->name, n->address[0], n->address[1],
		 n->address[2], n->address[3], n->address[4], n->address[5], n->mtu, n->link ? "" : ", no link");
}
