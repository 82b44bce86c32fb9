/* Whole packets for those who ask for them: raw sockets, errors for UDP sockets, shared ports. lwIP shows each packet to
 * its raw sockets' raw_input() first: that is ours, in the place of its core/raw.c, and a test of a pointer as long as
 * nobody asked (lwip/priv/raw_priv.h). Under the network lock.
 */
#include "net/inet/tap.h"
#include "core/kernel.h"
#include "lwip/raw.h"
#include "lwip/priv/raw_priv.h"

COMPONENT("inet", "IPv4 and TCP sockets, over lwIP");

struct inet_tap *net_taps;

void inet_tap_add(struct inet_tap *t)
{
	if (t->on)
		return;
	t->on = true;
	t->next = net_taps;
	net_taps = t;
}

raw_input_state_t net_taps_input(struct pbuf *p, struct netif *from)
{
	bool taken = false;

	for (const struct inet_tap *t = net_taps; t; t = t->next)
		taken |= t->input(p, from);
	return taken ? RAW_INPUT_DELIVERED : RAW_INPUT_NONE;
}

void raw_netif_ip_addr_changed(const ip_addr_t *old, const ip_addr_t *new)
{
}
