/* Where lwIP asks us: sequence numbers, routes, and whether a listener takes another connection. */
#ifndef NET_LWIP_ARCH_HOOKS_H
#define NET_LWIP_ARCH_HOOKS_H

struct netif;
struct ip4_addr;
struct ip6_addr;
struct tcp_pcb;

/** net_route() - the loopback interface, if @dest is an address of our own; else NULL: as lwIP finds it. */
struct netif *net_route(const struct ip4_addr *dest);
/** net_route6() - the same of IPv6. */
struct netif *net_route6(const struct ip6_addr *dest);

#define LWIP_HOOK_TCP_ISN(local, local_port, remote, remote_port) net_random()

/** net_tcp_found() - lwIP has found the segment's connection: its lists are whole again (net/lwip/demux.c). */
void net_tcp_found(void);
/** net_tcp_busy() - something goes in or out: TCP's ticks run (net/lwip/timers.c). */
void net_tcp_busy(void);
/** net_listener_full() - a SYN for it is not answered; the peer will ask again. */
bool net_listener_full(struct tcp_pcb *listener);
#define LWIP_HOOK_TCP_INPACKET_PCB(pcb, header, option_length, option1_length, option2, p)          \
	(net_tcp_found(), net_tcp_busy(), (pcb)->state == LISTEN && net_listener_full(pcb) ? ERR_MEM : ERR_OK)

#endif
