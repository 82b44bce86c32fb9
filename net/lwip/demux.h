/* Finding connections (demux.c). All under the network lock. */
#ifndef NET_LWIP_DEMUX_H
#define NET_LWIP_DEMUX_H

#include "lwip/tcp.h"

/* The extra arguments of a control block: 0 is the socket layer's (net/inet/stream.c). */
#define TCP_ARG_CHAIN  1
#define TCP_ARG_BEFORE 2
#define TCP_ARG_SELF   3

/** lwip_tcp_input() - lwIP's tcp_input(), which is ours. */
void lwip_tcp_input(struct pbuf *p, struct netif *from);
/** net_tcp_port() - a port of ip_local_port_range that no connection to @remote has, nor a bound socket. 0: none is left. */
u16_t net_tcp_port(const struct tcp_pcb *pcb, const ip_addr_t *remote, u16_t remote_port);
/** net_tcp_find() - the connection, also one in TIME_WAIT; NULL. */
struct tcp_pcb *net_tcp_find(const ip_addr_t *local, u16_t local_port, const ip_addr_t *remote, u16_t remote_port);

#endif
