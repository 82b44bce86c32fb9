/* Stands before lwIP's own header of this name: whole packets go to taps (net/inet/tap.c), and a packet for which there is none
 * costs no call. */
#ifndef NET_LWIP_RAW_PRIV_H
#define NET_LWIP_RAW_PRIV_H

#define raw_input lwip_raw_input /* its declaration only */
#include_next <lwip/priv/raw_priv.h>
#undef raw_input

struct inet_tap;
extern struct inet_tap *net_taps; /* network lock */
raw_input_state_t net_taps_input(struct pbuf *p, struct netif *from);

static inline raw_input_state_t raw_input(struct pbuf *p, struct netif *from)
{
	return __builtin_expect(!net_taps, 1) ? RAW_INPUT_NONE : net_taps_input(p, from);
}

#endif
