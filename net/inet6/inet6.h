/* IPv6's own (net/inet6). Network lock held throughout. */
#ifndef NET_INET6_INET6_H
#define NET_INET6_INET6_H

struct pbuf;
struct netif;

/** lwip_nd6_input() - lwIP's nd6_input(), which frees @p (net/lwip/lwip.mk). */
void lwip_nd6_input(struct pbuf *p, struct netif *from);
/** inet6_servers_tick() - forget name servers whose time is over. */
void inet6_servers_tick(void);

#endif
