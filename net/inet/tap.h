/* Who looks at whole packets before lwIP's protocols do (tap.c). */
#ifndef NET_INET_TAP_H
#define NET_INET_TAP_H

#include "lwip/netif.h"
#include "lwip/pbuf.h"

struct inet_tap {
	/* @p: from the IP header on, still lwIP's; ip_current_src_addr() and its like are set. Return: somebody was there
	 * for a packet of this protocol, so that an unknown one is not answered by an error. */
	bool (*input)(struct pbuf *p, struct netif *from);
	struct inet_tap *next;
	bool on;
};

/** inet_tap_add() - from now on it sees packets; nothing if it does already. Network lock held. */
void inet_tap_add(struct inet_tap *t);

#endif
