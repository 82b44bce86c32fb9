/* Stands before lwIP's own header of this name: connections are entered into, and taken out of, a hash (net/lwip/demux.c). */
#ifndef NET_LWIP_TCP_PRIV_H
#define NET_LWIP_TCP_PRIV_H

#include_next <lwip/priv/tcp_priv.h>

void net_tcp_enter(struct tcp_pcb **list, struct tcp_pcb *pcb);
void net_tcp_leave(struct tcp_pcb **list, struct tcp_pcb *pcb);

#undef TCP_REG
#undef TCP_RMV
#define TCP_REG(list, pcb) net_tcp_enter((list), (pcb))
#define TCP_RMV(list, pcb) net_tcp_leave((list), (pcb))

#endif
