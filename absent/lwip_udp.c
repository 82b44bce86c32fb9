/* A kernel without UDP: datagrams are dropped, once with a word; addresses change without it. */
#include "core/log.h"
#include "lwip/udp.h"

__weak void udp_input(struct pbuf *p, struct netif *inp)
{
	log_once(LOG_INFO, "a UDP datagram came in, and UDP is not in this kernel: --with udp");
	pbuf_free(p);
}

__weak void udp_netif_ip_addr_changed(const ip_addr_t *old_addr, const ip_addr_t *new_addr)
{
}
