/* NETLINK_ROUTE (rtnetlink(7)): interfaces, their addresses, and routes, as getifaddrs(3) and ip(8) ask for them.
 *
 * lo is 1, eth0 is 2, and so on. Written under the network lock. Left out: whatever changes something (the configuration
 * comes from ip=, DHCP and routers), routes to a given address, IPv6's default routes, neighbours.
 */
#include "net/inet/device.h"
#include "net/lwip/port.h"
#include "net/netlink/netlink.h"
#include "core/log.h"
#include <linux/errno.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>

COMPONENT("netlink", "netlink sockets: interfaces, addresses and routes");

struct interface {
	struct netif *netif;
	char name[IFNAMSIZ];
	int index;
};

/* The interface number @index, from 1. */
static bool interface(int index, struct interface *out)
{
	int at = 1;

	*out = (struct interface){ &loopback, "lo", 1 };
	if (index == 1)
		return true;
	for_each_inet_device(d) {
		if (++at != index)
			continue;
		*out = (struct interface){ .netif = &d->netif, .index = index };
		format_text(out->name, sizeof(out->name), "eth%u", d->index);
		return true;
	}
	return false;
}

static void put_link(struct netlink_reply *r, const struct interface *i, unsigned flags)
{
	static const uint8_t none[6], all[6] = { 255, 255, 255, 255, 255, 255 };
	bool lo = i->netif == &loopback, up = netif_is_link_up(i->netif);
	struct ifinfomsg *m = netlink_begin(r, RTM_NEWLINK, flags, sizeof(*m));
	uint8_t state = lo ? IF_OPER_UNKNOWN : up ? IF_OPER_UP : IF_OPER_DOWN, mode = 0;
	const char *queue = lo ? "noqueue" : "pfifo_fast";

	if (!m)
		return;
	m->ifi_type = lo ? ARPHRD_LOOPBACK : ARPHRD_ETHER;
	m->ifi_index = i->index;
	m->ifi_flags = lo ? IFF_UP | IFF_LOOPBACK | IFF_RUNNING | IFF_LOWER_UP :
			    (netif_is_up(i->netif) ? IFF_UP : 0) | IFF_BROADCAST | IFF_MULTICAST |
			    (up ? IFF_RUNNING | IFF_LOWER_UP : 0);
	netlink_attribute(r, IFLA_IFNAME, i->name, strlen(i->name) + 1);
	netlink_attribute_u32(r, IFLA_TXQLEN, 1000);
	netlink_attribute(r, IFLA_OPERSTATE, &state, 1);
	netlink_attribute(r, IFLA_LINKMODE, &mode, 1);
	netlink_attribute_u32(r, IFLA_MTU, lo ? 65536 : i->netif->mtu);
	netlink_attribute_u32(r, IFLA_GROUP, 0);
	netlink_attribute(r, IFLA_QDISC, queue, strlen(queue) + 1);
	netlink_attribute(r, IFLA_ADDRESS, lo ? none : i->netif->hwaddr, sizeof(none));
	netlink_attribute(r, IFLA_BROADCAST, lo ? none : all, sizeof(none));
}

static uint8_t prefix_length(uint32_t mask)
{
	return mask ? (uint8_t)(32 - __builtin_ctz(lwip_ntohl(mask))) : 0;
}

static void put_address4(struct netlink_reply *r, const struct interface *i)
{
	uint32_t address = ip4_addr_get_u32(netif_ip4_addr(i->netif)), mask = ip4_addr_get_u32(netif_ip4_netmask(i->netif));
	struct ifaddrmsg *m;

	if (!address)
		return;
	m = netlink_begin(r, RTM_NEWADDR, NLM_F_MULTI, sizeof(*m));
	if (!m)
		return;
	*m = (struct ifaddrmsg){ AF_INET, prefix_length(mask), IFA_F_PERMANENT,
				 i->index == 1 ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE, (uint32_t)i->index };
	netlink_attribute_u32(r, IFA_ADDRESS, address);
	netlink_attribute_u32(r, IFA_LOCAL, address);
	if (i->index != 1)
		netlink_attribute_u32(r, IFA_BROADCAST, address | ~mask);
	netlink_attribute(r, IFA_LABEL, i->name, strlen(i->name) + 1);
	netlink_attribute_u32(r, IFA_FLAGS, IFA_F_PERMANENT);
}

static uint8_t scope6(const ip6_addr_t *a)
{
	return ip6_addr_isloopback(a) ? RT_SCOPE_HOST : ip6_addr_islinklocal(a) ? RT_SCOPE_LINK :
	       ip6_addr_issitelocal(a) ? RT_SCOPE_SITE : RT_SCOPE_UNIVERSE;
}

static void put_addresses6(struct netlink_reply *r, const struct interface *i)
{
	for (s8_t n = 0; n < LWIP_IPV6_NUM_ADDRESSES; n++) {
		const ip6_addr_t *a = netif_ip6_addr(i->netif, n);
		u8_t state = netif_ip6_addr_state(i->netif, n);
		uint32_t flags = ip6_addr_isvalid(state) ? 0 : IFA_F_TENTATIVE;
		struct ifaddrmsg *m;

		if (ip6_addr_isinvalid(state) || ip6_addr_isduplicated(state))
			continue;
		if (netif_ip6_addr_isstatic(i->netif, n))
			flags |= IFA_F_PERMANENT;
		m = netlink_begin(r, RTM_NEWADDR, NLM_F_MULTI, sizeof(*m));
		if (!m)
			return;
		*m = (struct ifaddrmsg){ AF_INET6, i->index == 1 ? 128 : 64, (uint8_t)flags, scope6(a), (uint32_t)i->index };
		netlink_attribute(r, IFA_ADDRESS, a->addr, sizeof(a->addr));
		netlink_attribute_u32(r, IFA_FLAGS, flags);
	}
}

static void put_route(struct netlink_reply *r, const struct interface *i, unsigned family, const void *to, uint8_t length,
		      uint32_t gateway, uint32_t source)
{
	struct rtmsg *m = netlink_begin(r, RTM_NEWROUTE, NLM_F_MULTI, sizeof(*m));

	if (!m)
		return;
	*m = (struct rtmsg){
		.rtm_family = (uint8_t)family, .rtm_dst_len = length, .rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = gateway ? RTPROT_BOOT : RTPROT_KERNEL, .rtm_type = RTN_UNICAST,
		.rtm_scope = gateway || family == AF_INET6 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
	};
	netlink_attribute_u32(r, RTA_TABLE, RT_TABLE_MAIN);
	if (length)
		netlink_attribute(r, RTA_DST, to, family == AF_INET ? 4 : 16);
	if (gateway)
		netlink_attribute_u32(r, RTA_GATEWAY, gateway);
	else if (source)
		netlink_attribute_u32(r, RTA_PREFSRC, source);
	netlink_attribute_u32(r, RTA_OIF, (uint32_t)i->index);
}

static void put_routes4(struct netlink_reply *r, const struct interface *i)
{
	uint32_t address = ip4_addr_get_u32(netif_ip4_addr(i->netif)), mask = ip4_addr_get_u32(netif_ip4_netmask(i->netif));
	uint32_t gateway = ip4_addr_get_u32(netif_ip4_gw(i->netif)), net = address & mask;

	if (!address || i->index == 1)
		return;
	if (gateway && i->netif == netif_default)
		put_route(r, i, AF_INET, NULL, 0, gateway, 0);
	put_route(r, i, AF_INET, &net, prefix_length(mask), 0, address);
}

static void put_routes6(struct netlink_reply *r, const struct interface *i)
{
	for (s8_t n = 0; n < LWIP_IPV6_NUM_ADDRESSES; n++) {
		const ip6_addr_t *a = netif_ip6_addr(i->netif, n);
		uint32_t net[4] = { a->addr[0], a->addr[1], 0, 0 };

		if (!ip6_addr_isvalid(netif_ip6_addr_state(i->netif, n)))
			continue;
		if (i->index == 1)
			put_route(r, i, AF_INET6, a->addr, 128, 0, 0);
		else
			put_route(r, i, AF_INET6, net, 64, 0, 0);
	}
}

static void dump(struct netlink_reply *r, unsigned type, unsigned family)
{
	bool four = family == AF_INET || family == AF_UNSPEC, six = family == AF_INET6 || family == AF_UNSPEC;
	struct interface i;

	for (int index = 1; interface(index, &i); index++) {
		if (type == RTM_GETLINK)
			put_link(r, &i, NLM_F_MULTI);
		else if (type == RTM_GETADDR && four)
			put_address4(r, &i);
		else if (type == RTM_GETROUTE && four)
			put_routes4(r, &i);
	}
	if (!six)
		return;
	for (int index = 1; interface(index, &i); index++) {
		if (type == RTM_GETADDR)
			put_addresses6(r, &i);
		else if (type == RTM_GETROUTE)
			put_routes6(r, &i);
	}
}

/* One interface, by its number or IFLA_IFNAME. */
static int one_link(struct netlink_reply *r, const struct nlmsghdr *request)
{
	const struct ifinfomsg *m = NLMSG_DATA(request);
	const char *end = (const char *)request + request->nlmsg_len;
	struct interface i;
	char name[IFNAMSIZ] = "";

	if (request->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
		return -EINVAL;
	for (const char *at = (const char *)(m + 1); end - at >= (ptrdiff_t)sizeof(struct nlattr);) {
		const struct nlattr *a = (const void *)at;

		if (a->nla_len < sizeof(*a) || a->nla_len > end - at)
			return -EINVAL;
		if (a->nla_type == IFLA_IFNAME)
			__builtin_memcpy(name, a + 1, MIN(a->nla_len - sizeof(*a), sizeof(name) - 1));
		at += MIN((ptrdiff_t)NLA_ALIGN(a->nla_len), end - at);
	}
	for (int index = 1; interface(index, &i); index++) {
		if (m->ifi_index ? m->ifi_index != index : strcmp(name, i.name))
			continue;
		put_link(r, &i, 0);
		return 0;
	}
	return -ENODEV;
}

int netlink_route(struct netlink_reply *r, const struct nlmsghdr *request)
{
	bool all = (request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	unsigned type = request->nlmsg_type;
	int error = 0;

	if (request->nlmsg_len < NLMSG_LENGTH(sizeof(struct rtgenmsg)))
		return -EINVAL;
	net_lock();
	if (all && (type == RTM_GETLINK || type == RTM_GETADDR || type == RTM_GETROUTE))
		dump(r, type, ((const struct rtgenmsg *)NLMSG_DATA(request))->rtgen_family);
	else if (type == RTM_GETLINK)
		error = one_link(r, request);
	else
		error = -EOPNOTSUPP;
	net_unlock();
	return r->failed ? -ENOBUFS : error;
}
