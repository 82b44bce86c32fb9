/* The loopback interface: packets that we send to ourselves come back in when the network lock is released.
 *
 * The receiver changes headers in place, and the sender keeps its segment until it is acknowledged: so the headers are
 * copied, and the data behind them is shared by a reference. Checksums are neither made nor looked at.
 */
#include "core/init.h"
#include "core/slab.h"
#include "net/inet/device.h"
#include "net/inet/inet.h"
#include "net/lwip/port.h"
#include "lwip/igmp.h"
#include "lwip/ip.h"
#include "lwip/pbuf.h"
#include "arch/hooks.h"
#include "lwip/priv/tcp_priv.h"

COMPONENT("inet", "IPv4 and TCP sockets, over lwIP");

#define COPY_MAX   512u /* a packet up to this size is copied whole */
#define CHECKS     (NETIF_CHECKSUM_CHECK_IP | NETIF_CHECKSUM_CHECK_UDP | NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_ICMP | \
		    NETIF_CHECKSUM_CHECK_ICMP6)
#define HEADER_MAX 128u /* at least as much of a larger one: IP and TCP headers with their options */

struct netif loopback;
struct inet_count loopback_count;

/* Packets on their way, chained: in each pbuf but the last of a packet, tot_len is larger than len. */
static struct pbuf *queue_head, *queue_tail;

/* A part of another pbuf's data. */
struct shared {
	struct pbuf_custom custom;
	struct pbuf *origin; /* ref */
};

static void shared_free(struct pbuf *p)
{
	struct shared *s = container_of(p, struct shared, custom.pbuf);

	pbuf_free(s->origin);
	kfree(s);
}

static struct pbuf *share(struct pbuf *origin, u16_t skip)
{
	struct shared *s = kmalloc(sizeof(*s));

	if (!s)
		return NULL;
	s->custom.custom_free_function = shared_free;
	s->origin = origin;
	pbuf_ref(origin);
	return pbuf_alloced_custom(PBUF_RAW, (u16_t)(origin->len - skip), PBUF_REF, &s->custom,
				   (char *)origin->payload + skip, (u16_t)(origin->len - skip));
}

/* A packet with the bytes of @p whose headers are its own. */
static struct pbuf *packet_of(struct pbuf *p)
{
	u16_t own = p->tot_len <= COPY_MAX ? p->tot_len : LWIP_MIN(p->len, HEADER_MAX);
	struct pbuf *packet = pbuf_alloc(PBUF_RAW, own, PBUF_RAM);

	if (!packet)
		return NULL;
	pbuf_copy_partial(p, packet->payload, own, 0);
	if (own == p->tot_len)
		return packet;
	for (struct pbuf *q = p; q; q = q->next) {
		u16_t skip = q == p ? own : 0;
		struct pbuf *part;

		if (q->len == skip)
			continue;
		part = share(q, skip);
		if (!part) {
			pbuf_free(packet);
			return NULL;
		}
		pbuf_cat(packet, part);
	}
	return packet;
}

err_t loopback_queue(struct netif *as, struct pbuf *p)
{
	struct pbuf *packet = packet_of(p);

	if (!packet)
		return ERR_MEM;
	if (unlikely(as != &loopback))
		packet->if_idx = netif_get_index(as);
	if (queue_tail)
		queue_tail->next = packet;
	else
		queue_head = packet;
	while (packet->next)
		packet = packet->next;
	queue_tail = packet;
	net_pending |= NET_PENDING_LOOPBACK;
	return ERR_OK;
}

static err_t loopback_output(struct netif *netif, struct pbuf *p, const ip4_addr_t *to)
{
	inet_counted(&loopback_count, p->tot_len);
	return loopback_queue(netif, p);
}

static void take_in(struct pbuf *packet, struct netif *from)
{
	if (ip_input(packet, from) != ERR_OK)
		pbuf_free(packet);
}

/* As if a card had received it, but for checksums, which a card was to make. */
static __cold void take_in_as(struct pbuf *packet, struct netif *from)
{
	uint16_t checks = from->chksum_flags;

	NETIF_SET_CHECKSUM_CTRL(from, checks & ~CHECKS);
	take_in(packet, from);
	NETIF_SET_CHECKSUM_CTRL(from, checks);
}

void loopback_run(void)
{
	while (queue_head) {
		struct pbuf *packet = queue_head, *last = packet;

		while (last->len != last->tot_len)
			last = last->next;
		queue_head = last->next;
		if (!queue_head)
			queue_tail = NULL;
		last->next = NULL;
		if (likely(packet->if_idx == NETIF_NO_INDEX))
			take_in(packet, &loopback);
		else
			take_in_as(packet, netif_get_by_index(packet->if_idx));
	}
}

static err_t loopback_netif_init(struct netif *netif)
{
	netif->name[0] = 'l';
	netif->name[1] = 'o';
	netif->output = loopback_output;
	netif->mtu = UINT16_MAX;
	netif->flags = NETIF_FLAG_IGMP;
	NETIF_SET_CHECKSUM_CTRL(netif, NETIF_CHECKSUM_DISABLE_ALL);
	return ERR_OK;
}

/* lwIP's hook: what is for one of our own addresses does not leave the machine. */
struct netif *net_route(const struct ip4_addr *to)
{
	for_each_inet_device(d)
		if (ip4_addr_cmp(to, netif_ip4_addr(&d->netif)) && !ip4_addr_isany_val(*to))
			return &loopback;
	return NULL;
}

static void inet_loopback_init(void)
{
	ip4_addr_t address, mask, gateway;

	IP4_ADDR(&address, 127, 0, 0, 1);
	IP4_ADDR(&mask, 255, 0, 0, 0);
	ip4_addr_set_zero(&gateway);
	net_lock();
	tcp_init();
	igmp_init();
	socket_interface_ioctl = inet_ioctl;
	netif_add(&loopback, &address, &mask, &gateway, NULL, loopback_netif_init, ip_input);
	netif_set_link_up(&loopback);
	netif_set_up(&loopback);
	net_unlock();
}
INITCALL(45, inet_loopback_init);
