/* Where lwIP asks us: sequence numbers, routes, and whether a listener takes another connection. */
#ifndef NET_LWIP_ARCH_HOOKS_H
#define NET_LWIP_ARCH_HOOKS_H

struct netif;
struct ip4_addr;
struct ip6_addr;
struct tcp_pcb;
struct tcp_hdr;

/** net_route() - the loopback interface, if @dest is an address of our own; else NULL: as lwIP finds it. */
struct netif *net_route(const struct ip4_addr *dest);
/** net_route6() - the same of IPv6. */
struct netif *net_route6(const struct ip6_addr *dest);

#define LWIP_HOOK_TCP_ISN(local, local_port, remote, remote_port) net_random()

/** net_tcp_found() - lwIP has found the segment's connection: its lists are whole again (net/lwip/demux.c). */
void net_tcp_found(void);
/** net_tcp_busy() - something goes in or out: TCP's ticks run (net/lwip/timers.c). */
void net_tcp_busy(void);
/** net_tcp_gives_up() - its owner wants it ended: nobody acknowledges what it sent (net/inet/stream.c). */
bool net_tcp_gives_up(struct tcp_pcb *pcb);
/** net_listener_full() - a SYN for it is not answered; the peer will ask again. */
bool net_listener_full(struct tcp_pcb *listener);
/** net_tcp_urgent() - a segment says that there is a byte out of band. */
void net_tcp_urgent(struct tcp_pcb *pcb, const struct tcp_hdr *header);
#define LWIP_HOOK_TCP_INPACKET_PCB(pcb, header, option_length, option1_length, option2, p)          \
	(net_tcp_found(), net_tcp_busy(), (TCPH_FLAGS(header) & TCP_URG) ? net_tcp_urgent(pcb, header) : (void)0,   \
	  (pcb)->state == LISTEN && net_listener_full(pcb) ? ERR_MEM : ERR_OK)

#endif
