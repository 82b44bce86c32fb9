/* Network cards as interfaces of lwIP: frames from drivers to lwIP and back (drivers/netdev.h is the contract below).
 *
 * What is received lies in a driver's buffer: a small frame is copied, so that a byte does not hold two kilobytes; a
 * larger one goes up as it is, and its buffer is freed with it. What is sent goes to the card where it lies, and is
 * held by a reference until the card is done. Everything here runs under the network lock.
 */
#include "net/inet/device.h"
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

/* Hand a frame to the card; the card gets a reference. */
static int give(struct inet_device *d, struct pbuf *p)
{
	struct netdev_piece pieces[NETDEV_PIECES_MAX];
	struct netdev_offload offload = { 0 };
	unsigned count = 0, headroom = 0;
	int r;

	if (d->card->features & NETDEV_SEND_CHECKSUM)
		offload_checksum(p, &offload);
	for (struct pbuf *q = p; q; q = q->next) {
		if (!q->len)
			continue;
		if (count == NETDEV_PIECES_MAX)
			return -EMSGSIZE;
		pieces[count++] = (struct netdev_piece){ q->payload, q->len };
	}
	if ((p->type_internal & PBUF_TYPE_FLAG_STRUCT_DATA_CONTIGUOUS) &&
	    (char *)p->payload - (char *)(p + 1) >= (ptrdiff_t)NETDEV_HEADROOM)
		headroom = NETDEV_HEADROOM;
	pbuf_ref(p);
	r = d->card->ops->send(d->card, pieces, count, headroom, &offload, p);
	if (r) {
		pbuf_free(p);
		return r;
	}
	inet_counted(&d->sent, p->tot_len);
	if (!d->dirty) {
		d->dirty = true;
		d->next_dirty = dirty_devices;
		dirty_devices = d;
		net_pending |= NET_PENDING_FLUSH;
	}
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

/* netif->linkoutput: a whole frame, Ethernet header first. */
static err_t device_output(struct netif *netif, struct pbuf *p)
{
	struct inet_device *d = netif->state;
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
	pbuf_free(cookie);
}

void device_flush(void)
{
	if (unlikely(net_link_slow))
		net_link_wake();
	while (dirty_devices) {
		struct inet_device *d = dirty_devices;

		dirty_devices = d->next_dirty;
		d->dirty = false;
		d->card->ops->flush(d->card);
	}
}

static void buffer_free(struct pbuf *p)
{
	kfree(p);
}

bool netdev_receive(struct netdev *n, void *buffer, void *frame, uint32_t length, bool checked)
{
	struct inet_device *d = n->protocol;
	struct pbuf *p;
	bool kept;

	if (unlikely(!d))
		return false;
	if (length <= COPY_MAX) {
		kept = false;
		p = pbuf_alloc(PBUF_RAW, (u16_t)length, PBUF_RAM);
		if (!p) {
			d->received.dropped++;
			return false;
		}
		memcpy(p->payload, frame, length);
	} else {
		struct pbuf_custom *c = buffer;

		kept = true;
		c->custom_free_function = buffer_free;
		p = pbuf_alloced_custom(PBUF_RAW, (u16_t)length, PBUF_REF, c, frame, (u16_t)length);
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
	struct netdev *n = container_of(work, struct netdev, work);
	struct inet_device *d = n->protocol;
	bool more;

	net_lock();
	more = n->ops->poll(n);
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
		if (d->card->ops->poll(d->card))
			deferred_raise(&d->card->work);
}

bool net_cards_starve(void)
{
	for_each_inet_device(d)
		if (d->card->starving)
			return true;
	return false;
}

static err_t device_output4(struct netif *netif, struct pbuf *p, const ip4_addr_t *to)
{
	device_loops(netif, p);
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
	n->work = (struct deferred)DEFERRED_INIT(device_work);
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
	net_unlock();
	deferred_raise(&n->work);
	log_info("eth%u: %s %02x:%02x:%02x:%02x:%02x:%02x, MTU %u%s", d->index, n->name, n->address[0], n->address[1],
		 n->address[2], n->address[3], n->address[4], n->address[5], n->mtu, n->link ? "" : ", no link");
}
