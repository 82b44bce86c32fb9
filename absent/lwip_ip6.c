/* A kernel without IPv6 (net/inet6): lwIP's core and net/inet name these. Packets are dropped, no address has a way. */
#include "net/inet/config.h"
#include "net/inet/device.h"
#include "lwip/icmp6.h"
#include "lwip/ip6.h"
#include "lwip/mld6.h"
#include "lwip/nd6.h"
#include "lwip/priv/nd6_priv.h"

__weak void inet6_device(struct inet_device *d)
{
}

__weak void inet6_tick(void)
{
}

__weak size_t inet6_server_lines(char *out, size_t size, unsigned most)
{
	return 0;
}

__weak struct nd6_neighbor_cache_entry neighbor_cache[LWIP_ND6_NUM_NEIGHBORS];
__weak struct nd6_router_list_entry default_router_list[LWIP_ND6_NUM_ROUTERS];

__weak err_t ip6_input(struct pbuf *p, struct netif *from)
{
	pbuf_free(p);
	return ERR_OK;
}

__weak struct netif *ip6_route(const ip6_addr_t *source, const ip6_addr_t *to)
{
	return NULL;
}

__weak const ip_addr_t *ip6_select_source_address(struct netif *netif, const ip6_addr_t *to)
{
	return NULL;
}

__weak err_t ip6_output_if(struct pbuf *p, const ip6_addr_t *source, const ip6_addr_t *to, u8_t hops, u8_t class,
			   u8_t next, struct netif *netif)
{
	return ERR_RTE;
}

__weak err_t ip6_output_if_src(struct pbuf *p, const ip6_addr_t *source, const ip6_addr_t *to, u8_t hops, u8_t class,
			       u8_t next, struct netif *netif)
{
	return ERR_RTE;
}

__weak void icmp6_dest_unreach(struct pbuf *p, enum icmp6_dur_code code)
{
}

__weak void nd6_adjust_mld_membership(struct netif *netif, s8_t index, u8_t state)
{
}

__weak void nd6_cleanup_netif(struct netif *netif)
{
}

__weak void nd6_restart_netif(struct netif *netif)
{
}

__weak u16_t nd6_get_destination_mtu(const ip6_addr_t *to, struct netif *netif)
{
	return netif->mtu;
}

__weak void nd6_reachability_hint(const ip6_addr_t *to)
{
}

__weak err_t mld6_stop(struct netif *netif)
{
	return ERR_OK;
}

__weak void mld6_report_groups(struct netif *netif)
{
}

__weak err_t mld6_joingroup_netif(struct netif *netif, const ip6_addr_t *group)
{
	return ERR_VAL;
}

__weak err_t mld6_leavegroup_netif(struct netif *netif, const ip6_addr_t *group)
{
	return ERR_VAL;
}
