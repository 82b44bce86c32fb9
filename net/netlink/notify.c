/* What members of groups are told (rtnetlink(7), ip-monitor(8)): interfaces, addresses and routes that come, change and go.
 *
 * lwIP calls for each change, under the network lock, from the first member on; default routes that a program changes are
 * change.c's. Left out: neighbours, rules, and routes of IPv6.
 */
#include "net/netlink/netlink.h"
#include "net/inet/inet.h"
#include "net/lwip/port.h"
#include "lwip/netif.h"
#include <linux/rtnetlink.h>

COMPONENT("netlink", "netlink sockets: interfaces, addresses and routes");

static void tell_link(struct netif *netif, bool up)
{
	struct netlink_reply r = { 0 };

	netlink_put_link(&r, netif, RTM_NEWLINK, 0, up);
	netlink_publish(&r, RTNLGRP_LINK);
}

/* An address of IPv4, and the route to its network. */
static void tell_address4(const struct netif *netif, bool is_new, uint32_t address, uint32_t mask)
{
	struct netlink_reply r = { 0 }, route = { 0 };

	if (!address)
		return;
	netlink_put_address4(&r, netif, is_new ? RTM_NEWADDR : RTM_DELADDR, 0, address, mask);
	netlink_publish(&r, RTNLGRP_IPV4_IFADDR);
	netlink_put_route4(&route, netif, is_new ? RTM_NEWROUTE : RTM_DELROUTE, 0, address & mask, mask, 0, address);
	netlink_publish(&route, RTNLGRP_IPV4_ROUTE);
}

static void tell_gateway(const struct netif *netif, bool is_new, uint32_t gateway)
{
	struct netlink_reply r = { 0 };

	if (!gateway || netif != netif_default)
		return;
	netlink_put_route4(&r, netif, is_new ? RTM_NEWROUTE : RTM_DELROUTE, 0, 0, 0, gateway, 0);
	netlink_publish(&r, RTNLGRP_IPV4_ROUTE);
}

static void changed4(const struct netif *netif, netif_nsc_reason_t reason, const netif_ext_callback_args_t *args)
{
	uint32_t address = ip4_addr_get_u32(netif_ip4_addr(netif)), mask = ip4_addr_get_u32(netif_ip4_netmask(netif));
	uint32_t gateway = ip4_addr_get_u32(netif_ip4_gw(netif));
	uint32_t old = reason & LWIP_NSC_IPV4_ADDRESS_CHANGED ? ip_addr_get_ip4_u32(args->ipv4_changed.old_address) : address;
	uint32_t old_mask = reason & LWIP_NSC_IPV4_NETMASK_CHANGED ? ip_addr_get_ip4_u32(args->ipv4_changed.old_netmask) : mask;

	if (reason & LWIP_NSC_IPV4_GATEWAY_CHANGED)
		tell_gateway(netif, false, ip_addr_get_ip4_u32(args->ipv4_changed.old_gw));
	if (reason & (LWIP_NSC_IPV4_ADDRESS_CHANGED | LWIP_NSC_IPV4_NETMASK_CHANGED)) {
		tell_address4(netif, false, old, old_mask);
		tell_address4(netif, true, address, mask);
	}
	if (reason & LWIP_NSC_IPV4_GATEWAY_CHANGED)
		tell_gateway(netif, true, gateway);
}

static void changed6(const struct netif *netif, const struct ipv6_addr_state_changed_s *a)
{
	u8_t state = netif_ip6_addr_state(netif, a->addr_index);
	struct netlink_reply r = { 0 };

	if (ip6_addr_istentative(state)) /* Linux tells when it may be used, or may not */
		return;
	netlink_put_address6(&r, netif, ip6_addr_isinvalid(state) ? RTM_DELADDR : RTM_NEWADDR, 0, a->addr_index);
	netlink_publish(&r, RTNLGRP_IPV6_IFADDR);
}

static void changed(struct netif *netif, netif_nsc_reason_t reason, const netif_ext_callback_args_t *args)
{
	if (reason & LWIP_NSC_LINK_CHANGED)
		tell_link(netif, netif_is_up(netif));
	if (reason & LWIP_NSC_STATUS_CHANGED) /* called before it is down */
		tell_link(netif, args->status_changed.state);
	if (reason & LWIP_NSC_IPV4_SETTINGS_CHANGED)
		changed4(netif, reason, args);
	if (reason & LWIP_NSC_IPV6_ADDR_STATE_CHANGED)
		changed6(netif, &args->ipv6_addr_state_changed);
}

void netlink_watch(void)
{
	static netif_ext_callback_t callback; /* network lock */

	net_lock();
	if (!callback.callback_fn)
		netif_add_ext_callback(&callback, changed);
	net_unlock();
}
