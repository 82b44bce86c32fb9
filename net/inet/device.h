/* Interfaces of lwIP over network cards (device.c), and the loopback (loopback.c). */
#ifndef NET_INET_DEVICE_H
#define NET_INET_DEVICE_H

#include "drivers/netdev.h"
#include "lwip/netif.h"
#include "lwip/pbuf.h"

/* What went one way, for /proc/net/dev. */
struct inet_count {
	uint64_t packets, bytes, dropped;
};

static inline void inet_counted(struct inet_count *c, uint32_t bytes)
{
	c->packets++;
	c->bytes += bytes;
}

/* All under the network lock. */
struct inet_device {
	struct netif netif;
	struct netdev *card;
	struct inet_device *next;
	struct inet_device *next_dirty;
	bool dirty;                  /* on the list of cards to flush */
	bool checking;               /* lwIP looks at checksums of what is received */
	unsigned index;              /* eth0 … */
	unsigned queue_length;       /* of frames that wait until the card has room */
	struct inet_frame *queue_head, *queue_tail;
	struct inet_batch *batch;    /* owned: segments to go out as one; sent before the lock is let go */
	bool configured;             /* has its address, by ip= or DHCP */
	bool automatic;              /* DHCP is to find it */
	void (*link_changed)(struct inet_device *d);  /* DHCP's; NULL */
	void (*address_given)(struct inet_device *d); /* the same: it is to keep away from now on */
	struct inet_count sent, received;
};

extern struct inet_device *inet_devices; /* network lock, in order of discovery */
extern struct netif loopback;
extern struct inet_count loopback_count; /* network lock; what is sent is received */

/** loopback_queue() - @p comes in again as if it had been received by @as. Network lock held. */
err_t loopback_queue(struct netif *as, struct pbuf *p);
/** device_loops() - of what goes to a group, our own members get a copy (IP_MULTICAST_LOOP). Network lock held. */
static inline void device_loops(struct netif *netif, struct pbuf *p)
{
	if (unlikely(p->flags & PBUF_FLAG_MCASTLOOP))
		(void)loopback_queue(netif, p); /* a packet may get lost */
}

/* IPv6's part (net/inet6), nothing in a kernel without it: a new card, and a tick a second. Network lock held. */
void inet6_device(struct inet_device *d);
void inet6_tick(void);

#define for_each_inet_device(d) for (struct inet_device *d = inet_devices; d; d = d->next)

#endif
