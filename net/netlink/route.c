/* NETLINK_ROUTE (rtnetlink(7)): interfaces, their addresses, and routes, as getifaddrs(3) and ip(8) ask for them.
 *
 * lo is 1, eth0 is 2, and so on. Written under the network lock. What changes something is change.c's.
 */
#include "net/inet/device.h"
#include "net/inet/inet.h"
#include "net/lwip/port.h"
#include "net/netlink/netlink.h"
#include "core/log.h"
#include "lwip/etharp.h"
#include "lwip/ip.h"
#include "lwip/priv/nd6_priv.h"
#include <linux/errno.h>
#include <linux/fib_rules.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/neighbour.h>
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

static void put_statistics(struct netlink_reply *r, const struct netif *netif)
{
	const struct inet_device *d = netif == &loopback ? NULL : netif->state;
	const struct inet_count *in = d ? &d->received : &loopback_count, *out = d ? &d->sent : &loopback_count;
	struct rtnl_link_stats64 s = {
		.rx_packets = in->packets, .tx_packets = out->packets, .rx_bytes = in->bytes, .tx_bytes = out->bytes,
		.rx_dropped = in->dropped, .tx_dropped = out->dropped,
	};
	struct rtnl_link_stats s32 = {
		.rx_packets = (uint32_t)in->packets, .tx_packets = (uint32_t)out->packets, .rx_bytes = (uint32_t)in->bytes,
		.tx_bytes = (uint32_t)out->bytes, .rx_dropped = (uint32_t)in->dropped, .tx_dropped = (uint32_t)out->dropped,
	};

	netlink_attribute(r, IFLA_STATS64, &s, sizeof(s));
	netlink_attribute(r, IFLA_STATS, &s32, sizeof(s32));
}

void netlink_put_link(struct netlink_reply *r, struct netif *netif, unsigned type, unsigned flags, bool up)
{
	static const uint8_t none[6], all[6] = { 255, 255, 255, 255, 255, 255 };
	bool lo = netif == &loopback, running = netif_is_link_up(netif) && up;
	struct ifinfomsg *m = netlink_begin(r, type, flags, sizeof(*m));
	uint8_t state = lo ? IF_OPER_UNKNOWN : running ? IF_OPER_UP : IF_OPER_DOWN, mode = 0, carrier = running;
	const char *queue = lo ? "noqueue" : "pfifo_fast";
	int index = inet_interface(netif);
	char name[IFNAMSIZ];

	if (!m)
		return;
	inet_interface_name(index, name);
	m->ifi_type = lo ? ARPHRD_LOOPBACK : ARPHRD_ETHER;
	m->ifi_index = index;
	m->ifi_flags = lo ? IFF_UP | IFF_LOOPBACK | IFF_RUNNING | IFF_LOWER_UP :
			    (up ? IFF_UP : 0) | IFF_BROADCAST | IFF_MULTICAST | (running ? IFF_RUNNING | IFF_LOWER_UP : 0);
	netlink_attribute(r, IFLA_IFNAME, name, strlen(name) + 1);
	netlink_attribute_u32(r, IFLA_TXQLEN, 1000);
	netlink_attribute(r, IFLA_OPERSTATE, &state, 1);
	netlink_attribute(r, IFLA_LINKMODE, &mode, 1);
	netlink_attribute_u32(r, IFLA_MTU, lo ? 65536 : netif->mtu);
	netlink_attribute_u32(r, IFLA_GROUP, 0);
	netlink_attribute_u32(r, IFLA_NUM_TX_QUEUES, lo ? 1 : ((const struct inet_device *)netif->state)->card->queue_count);
	netlink_attribute_u32(r, IFLA_NUM_RX_QUEUES, lo ? 1 : ((const struct inet_device *)netif->state)->card->queue_count);
	netlink_attribute(r, IFLA_CARRIER, &carrier, 1);
	netlink_attribute(r, IFLA_QDISC, queue, strlen(queue) + 1);
	netlink_attribute(r, IFLA_ADDRESS, lo ? none : netif->hwaddr, sizeof(none));
	netlink_attribute(r, IFLA_BROADCAST, lo ? none : all, sizeof(none));
	put_statistics(r, netif);
}

static uint8_t prefix_length(uint32_t mask)
{
	return mask ? (uint8_t)(32 - __builtin_ctz(lwip_ntohl(mask))) : 0;
}

static void put_lifetimes(struct netlink_reply *r, uint32_t preferred, uint32_t valid)
{
	struct ifa_cacheinfo c = { .ifa_prefered = preferred, .ifa_valid = valid };

	netlink_attribute(r, IFA_CACHEINFO, &c, sizeof(c));
}

void netlink_put_address4(struct netlink_reply *r, const struct netif *netif, unsigned type, unsigned flags, uint32_t address,
			  uint32_t mask)
{
	struct ifaddrmsg *m = netlink_begin(r, type, flags, sizeof(*m));
	bool lo = netif == &loopback;
	char name[IFNAMSIZ];

	if (!m)
		return;
	inet_interface_name(inet_interface(netif), name);
	*m = (struct ifaddrmsg){ AF_INET, prefix_length(mask), IFA_F_PERMANENT, lo ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE,
				 (uint32_t)inet_interface(netif) };
	netlink_attribute_u32(r, IFA_ADDRESS, address);
	netlink_attribute_u32(r, IFA_LOCAL, address);
	if (!lo)
		netlink_attribute_u32(r, IFA_BROADCAST, address | ~mask);
	netlink_attribute(r, IFA_LABEL, name, strlen(name) + 1);
	netlink_attribute_u32(r, IFA_FLAGS, IFA_F_PERMANENT);
	put_lifetimes(r, UINT32_MAX, UINT32_MAX);
}

static uint8_t scope6(const ip6_addr_t *a)
{
	return ip6_addr_isloopback(a) ? RT_SCOPE_HOST : ip6_addr_islinklocal(a) ? RT_SCOPE_LINK :
	       ip6_addr_issitelocal(a) ? RT_SCOPE_SITE : RT_SCOPE_UNIVERSE;
}

void netlink_put_address6(struct netlink_reply *r, const struct netif *netif, unsigned type, unsigned flags, int n)
{
	const ip6_addr_t *a = netif_ip6_addr(netif, n);
	uint32_t state = inet6_address_flags(netif, n);
	struct ifaddrmsg *m = netlink_begin(r, type, flags, sizeof(*m));

	if (!m)
		return;
	*m = (struct ifaddrmsg){ AF_INET6, (uint8_t)inet6_prefix_length(netif), (uint8_t)state, scope6(a),
				 (uint32_t)inet_interface(netif) };
	netlink_attribute(r, IFA_ADDRESS, a->addr, sizeof(a->addr));
	netlink_attribute_u32(r, IFA_FLAGS, state);
	if (netif_ip6_addr_isstatic(netif, n))
		put_lifetimes(r, UINT32_MAX, UINT32_MAX);
	else
		put_lifetimes(r, netif_ip6_addr_pref_life(netif, n), netif_ip6_addr_valid_life(netif, n));
}

static void put_addresses6(struct netlink_reply *r, const struct interface *i)
{
	for (int n = 0; n < LWIP_IPV6_NUM_ADDRESSES; n++)
		if (!ip6_addr_isinvalid(netif_ip6_addr_state(i->netif, n)))
			netlink_put_address6(r, i->netif, RTM_NEWADDR, NLM_F_MULTI, n);
}

static void put_route(struct netlink_reply *r, const struct netif *netif, unsigned type, unsigned flags, unsigned family,
		      const void *to, uint8_t length, uint32_t gateway, uint32_t source)
{
	struct rtmsg *m = netlink_begin(r, type, flags, sizeof(*m));

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
	netlink_attribute_u32(r, RTA_OIF, (uint32_t)inet_interface(netif));
	if (family == AF_INET6)
		netlink_attribute_u32(r, RTA_PRIORITY, 256);
}

void netlink_put_route4(struct netlink_reply *r, const struct netif *netif, unsigned type, unsigned flags, uint32_t to,
			uint32_t mask, uint32_t gateway, uint32_t source)
{
	put_route(r, netif, type, flags, AF_INET, &to, prefix_length(mask), gateway, source);
}

static void put_routes4(struct netlink_reply *r, const struct interface *i)
{
	uint32_t address = ip4_addr_get_u32(netif_ip4_addr(i->netif)), mask = ip4_addr_get_u32(netif_ip4_netmask(i->netif));
	uint32_t gateway = ip4_addr_get_u32(netif_ip4_gw(i->netif)), net = address & mask;

	if (!address || i->index == 1 || !netif_is_up(i->netif))
		return;
	if (gateway && i->netif == netif_default)
		netlink_put_route4(r, i->netif, RTM_NEWROUTE, NLM_F_MULTI, 0, 0, gateway, 0);
	netlink_put_route4(r, i->netif, RTM_NEWROUTE, NLM_F_MULTI, net, mask, 0, address);
}

/* Another address of the same network stands before it. */
static bool listed_before(const struct netif *netif, int n)
{
	for (int before = 0; before < n; before++)
		if (ip6_addr_isvalid(netif_ip6_addr_state(netif, before)) &&
		    ip6_addr_netcmp(netif_ip6_addr(netif, before), netif_ip6_addr(netif, n)))
			return true;
	return false;
}

static void put_routes6(struct netlink_reply *r, const struct interface *i)
{
	for (s8_t n = 0; n < LWIP_IPV6_NUM_ADDRESSES; n++) {
		const ip6_addr_t *a = netif_ip6_addr(i->netif, n);
		uint32_t net[4] = { a->addr[0], a->addr[1], 0, 0 };

		if (!ip6_addr_isvalid(netif_ip6_addr_state(i->netif, n)))
			continue;
		if (i->index == 1)
			put_route(r, i->netif, RTM_NEWROUTE, NLM_F_MULTI, AF_INET6, a->addr, 128, 0, 0);
		else if (!listed_before(i->netif, n))
			put_route(r, i->netif, RTM_NEWROUTE, NLM_F_MULTI, AF_INET6, net, 64, 0, 0);
	}
}

/* A router that announced itself. */
static void put_default6(struct netlink_reply *r, const struct interface *i)
{
	for (unsigned n = 0; n < LWIP_ND6_NUM_ROUTERS; n++) {
		const struct nd6_neighbor_cache_entry *e = default_router_list[n].neighbor_entry;
		struct rtmsg *m;

		if (!e || e->netif != i->netif)
			continue;
		m = netlink_begin(r, RTM_NEWROUTE, NLM_F_MULTI, sizeof(*m));
		if (!m)
			return;
		*m = (struct rtmsg){ .rtm_family = AF_INET6, .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_RA,
				     .rtm_scope = RT_SCOPE_UNIVERSE, .rtm_type = RTN_UNICAST };
		netlink_attribute_u32(r, RTA_TABLE, RT_TABLE_MAIN);
		netlink_attribute(r, RTA_GATEWAY, e->next_hop_address.addr, 16);
		netlink_attribute_u32(r, RTA_OIF, (uint32_t)i->index);
		netlink_attribute_u32(r, RTA_PRIORITY, 1024);
	}
}

static void put_neighbour(struct netlink_reply *r, int index, unsigned family, const void *address, const uint8_t *hardware,
			  uint16_t state, uint8_t flags)
{
	struct ndmsg *m = netlink_begin(r, RTM_NEWNEIGH, NLM_F_MULTI, sizeof(*m));

	if (!m)
		return;
	*m = (struct ndmsg){ .ndm_family = (uint8_t)family, .ndm_ifindex = index, .ndm_state = state, .ndm_flags = flags,
			     .ndm_type = RTN_UNICAST };
	netlink_attribute(r, NDA_DST, address, family == AF_INET ? 4 : 16);
	if (hardware)
		netlink_attribute(r, NDA_LLADDR, hardware, 6);
}

static void put_neighbours4(struct netlink_reply *r)
{
	for (size_t n = 0; n < ARP_TABLE_SIZE; n++) {
		struct eth_addr *hardware;
		struct netif *netif;
		ip4_addr_t *address;

		if (etharp_get_entry(n, &address, &netif, &hardware))
			put_neighbour(r, inet_interface(netif), AF_INET, address, hardware->addr, NUD_REACHABLE, 0);
	}
}

static void put_neighbours6(struct netlink_reply *r)
{
	static const uint16_t state[] = {
		[ND6_INCOMPLETE] = NUD_INCOMPLETE, [ND6_REACHABLE] = NUD_REACHABLE, [ND6_STALE] = NUD_STALE,
		[ND6_DELAY] = NUD_DELAY, [ND6_PROBE] = NUD_PROBE,
	};

	for (unsigned n = 0; n < LWIP_ND6_NUM_NEIGHBORS; n++) {
		const struct nd6_neighbor_cache_entry *e = &neighbor_cache[n];

		if (e->state == ND6_NO_ENTRY || e->state >= ARRAY_SIZE(state))
			continue;
		put_neighbour(r, inet_interface(e->netif), AF_INET6, e->next_hop_address.addr,
			      e->state == ND6_INCOMPLETE ? NULL : e->lladdr, state[e->state], e->isrouter ? NTF_ROUTER : 0);
	}
}

/* The rules that every Linux starts with: local, main, default (ip-rule(8)). */
static void put_rules(struct netlink_reply *r, unsigned family)
{
	static const struct {
		uint32_t priority;
		uint8_t table;
	} rules[] = { { 0, RT_TABLE_LOCAL }, { 32766, RT_TABLE_MAIN }, { 32767, RT_TABLE_DEFAULT } };

	for (unsigned n = 0; n < (family == AF_INET6 ? 2 : ARRAY_SIZE(rules)); n++) {
		struct fib_rule_hdr *m = netlink_begin(r, RTM_NEWRULE, NLM_F_MULTI, sizeof(*m));

		if (!m)
			return;
		*m = (struct fib_rule_hdr){ .family = (uint8_t)family, .table = rules[n].table, .action = FR_ACT_TO_TBL };
		netlink_attribute_u32(r, FRA_TABLE, rules[n].table);
		if (rules[n].priority)
			netlink_attribute_u32(r, FRA_PRIORITY, rules[n].priority);
	}
}

static void dump_others(struct netlink_reply *r, unsigned type, unsigned family)
{
	if (type == RTM_GETRULE && family != AF_UNSPEC) {
		put_rules(r, family);
		return;
	}
	if (type != RTM_GETNEIGH)
		return;
	if (family != AF_INET6)
		put_neighbours4(r);
	if (family != AF_INET)
		put_neighbours6(r);
}

static void dump(struct netlink_reply *r, unsigned type, unsigned family)
{
	bool four = family == AF_INET || family == AF_UNSPEC, six = family == AF_INET6 || family == AF_UNSPEC;
	struct interface i;

	for (int index = 1; interface(index, &i); index++) {
		if (type == RTM_GETLINK)
			netlink_put_link(r, i.netif, RTM_NEWLINK, NLM_F_MULTI, netif_is_up(i.netif));
		else if (type == RTM_GETADDR && four && !ip4_addr_isany(netif_ip4_addr(i.netif)))
			netlink_put_address4(r, i.netif, RTM_NEWADDR, NLM_F_MULTI, ip4_addr_get_u32(netif_ip4_addr(i.netif)),
					     ip4_addr_get_u32(netif_ip4_netmask(i.netif)));
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
	for (int index = 2; type == RTM_GETROUTE && interface(index, &i); index++)
		put_default6(r, &i);
}

/* The route to one address, as it would be taken. */
static int one_route(struct netlink_reply *r, const struct nlmsghdr *request)
{
	const struct rtmsg *q = NLMSG_DATA(request);
	const struct nlattr *a = netlink_find(request, sizeof(*q), RTA_DST);
	bool six = q->rtm_family == AF_INET6;
	const ip_addr_t *source;
	struct netif *netif;
	ip_addr_t to;
	struct rtmsg *m;

	if (request->nlmsg_len < NLMSG_LENGTH(sizeof(*q)) || !a || netlink_length(a) < (six ? 16 : 4))
		return -EINVAL;
	if (six) {
		ip6_addr_t a6;

		__builtin_memcpy(a6.addr, netlink_data(a), 16);
		ip6_addr_clear_zone(&a6);
		ip_addr_copy_from_ip6(to, a6);
	} else {
		u32_t a4;

		__builtin_memcpy(&a4, netlink_data(a), 4);
		ip_addr_set_ip4_u32_val(to, a4);
	}
	netif = ip_route(six ? IP6_ADDR_ANY : IP4_ADDR_ANY, &to);
	source = netif ? inet_source(&to) : NULL;
	if (!source)
		return -ENETUNREACH;
	m = netlink_begin(r, RTM_NEWROUTE, 0, sizeof(*m));
	if (!m)
		return -ENOBUFS;
	*m = (struct rtmsg){ .rtm_family = q->rtm_family, .rtm_dst_len = six ? 128 : 32, .rtm_table = RT_TABLE_MAIN,
			     .rtm_type = netif == &loopback ? RTN_LOCAL : RTN_UNICAST, .rtm_flags = RTM_F_CLONED };
	if (netif == &loopback)
		m->rtm_table = RT_TABLE_LOCAL;
	netlink_attribute_u32(r, RTA_TABLE, m->rtm_table);
	netlink_attribute(r, RTA_DST, netlink_data(a), six ? 16 : 4);
	if (!six && netif != &loopback && !ip4_addr_netcmp(ip_2_ip4(&to), netif_ip4_addr(netif), netif_ip4_netmask(netif)))
		netlink_attribute_u32(r, RTA_GATEWAY, ip4_addr_get_u32(netif_ip4_gw(netif)));
	netlink_attribute_u32(r, RTA_OIF, (uint32_t)inet_interface(netif));
	netlink_attribute(r, RTA_PREFSRC, six ? (const void *)ip_2_ip6(source)->addr : &ip_2_ip4(source)->addr, six ? 16 : 4);
	return 0;
}

/* The interface that IFLA_IFNAME names. */
static bool named(const struct nlmsghdr *request, struct interface *out)
{
	const struct nlattr *a = netlink_find(request, sizeof(struct ifinfomsg), IFLA_IFNAME);
	char name[IFNAMSIZ] = "";

	if (a)
		__builtin_memcpy(name, netlink_data(a), MIN(netlink_length(a), sizeof(name) - 1));
	for (int index = 1; interface(index, out); index++)
		if (!strcmp(name, out->name))
			return true;
	return false;
}

struct netif *netlink_named(const struct nlmsghdr *request)
{
	struct interface i;

	return named(request, &i) ? i.netif : NULL;
}

/* One interface, by its number or its name. */
static int one_link(struct netlink_reply *r, const struct nlmsghdr *request)
{
	const struct ifinfomsg *m = NLMSG_DATA(request);
	struct interface i;

	if (request->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
		return -EINVAL;
	if (m->ifi_index ? !interface(m->ifi_index, &i) : !named(request, &i))
		return -ENODEV;
	netlink_put_link(r, i.netif, RTM_NEWLINK, 0, netif_is_up(i.netif));
	return 0;
}

static int route(struct netlink_reply *r, const struct nlmsghdr *request)
{
	bool all = (request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	unsigned type = request->nlmsg_type, family;
	int error = 0;

	if (request->nlmsg_len < NLMSG_LENGTH(sizeof(struct rtgenmsg)))
		return -EINVAL;
	family = ((const struct rtgenmsg *)NLMSG_DATA(request))->rtgen_family;
	net_lock();
	if (all && (type == RTM_GETLINK || type == RTM_GETADDR || type == RTM_GETROUTE))
		dump(r, type, family);
	else if (all && (type == RTM_GETNEIGH || type == RTM_GETRULE))
		dump_others(r, type, family);
	else if (type == RTM_GETLINK)
		error = one_link(r, request);
	else if (type == RTM_GETROUTE)
		error = one_route(r, request);
	else
		error = netlink_change(request);
	net_unlock();
	return r->failed ? -ENOBUFS : error;
}
SET_ENTRY(netlink_protocol, route, struct netlink_protocol) = { "route", route, NETLINK_ROUTE };
