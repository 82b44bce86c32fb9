/* A kernel without UDP: nobody looks at whole IP packets (net/inet/icmp_error.c). */
#include "lwip/raw.h"
#include "lwip/priv/raw_priv.h"

__weak raw_input_state_t raw_input(struct pbuf *p, struct netif *inp)
{
	return RAW_INPUT_NONE;
}

__weak void raw_netif_ip_addr_changed(const ip_addr_t *old_addr, const ip_addr_t *new_addr)
{
}
