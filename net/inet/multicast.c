/* Membership in multicast groups (ip(7), ipv6(7)): IGMPv2 and MLDv1 are lwIP's. Whoever is bound to a group's port gets
 * what comes for it, as on Linux by default (IP_MULTICAST_ALL). Left out: membership by source (IGMPv3, MLDv2). All under
 * the network lock.
 */
#include "core/slab.h"
#include "net/inet/device.h"
#include "net/inet/inet.h"
#include "net/lwip/port.h"
#include "lwip/igmp.h"
#include "lwip/ip.h"
#include "lwip/mld6.h"
#include <linux/errno.h>
#include <linux/in6.h>

COMPONENT("multicast", "membership in multicast groups");

/* The root that profiles name (absent/lwip_igmp.c). */
extern const char inet_multicast[];
const char inet_multicast[] = "multicast";

struct inet_group {
	struct inet_group *next;
	ip_addr_t address;
	struct netif *netif;
};

static int enter(struct netif *netif, const ip_addr_t *group)
{
	err_t e = IP_IS_V6(group) ? mld6_joingroup_netif(netif, ip_2_ip6(group)) : igmp_joingroup_netif(netif, ip_2_ip4(group));

	return e == ERR_OK ? 0 : e == ERR_MEM ? -ENOBUFS : -ENODEV;
}

static void leave(const struct inet_group *g)
{
	if (IP_IS_V6_VAL(g->address))
		mld6_leavegroup_netif(g->netif, ip_2_ip6(&g->address));
	else
		igmp_leavegroup_netif(g->netif, ip_2_ip4(&g->address));
}

static int join(struct inet_options *o, struct netif *netif, const ip_addr_t *group)
{
	struct inet_group *g;
	int r;

	for (g = o->groups; g; g = g->next)
		if (g->netif == netif && ip_addr_cmp(&g->address, group))
			return -EADDRINUSE;
	g = kmalloc(sizeof(*g));
	if (!g)
		return -ENOBUFS;
	r = enter(netif, group);
	if (r) {
		kfree(g);
		return r;
	}
	*g = (struct inet_group){ o->groups, *group, netif };
	o->groups = g;
	return 0;
}

/* @netif NULL: of any interface. */
static int quit(struct inet_options *o, const struct netif *netif, const ip_addr_t *group)
{
	for (struct inet_group **at = &o->groups; *at; at = &(*at)->next) {
		struct inet_group *g = *at;

		if ((netif && g->netif != netif) || !ip_addr_cmp(&g->address, group))
			continue;
		leave(g);
		*at = g->next;
		kfree(g);
		return 0;
	}
	return -EADDRNOTAVAIL;
}

void inet_leave_groups(struct inet_options *o)
{
	while (o->groups) {
		struct inet_group *g = o->groups;

		leave(g);
		o->groups = g->next;
		kfree(g);
	}
}

/* What Linux's route for groups comes to: the interface that packets leave by. */
static struct netif *usual(void)
{
	return netif_default ? netif_default : inet_devices ? &inet_devices->netif : NULL;
}

static struct netif *by_address(uint32_t address)
{
	struct netif *netif;

	for (int i = LOOPBACK_INDEX; (netif = inet_netif(i)); i++)
		if (ip4_addr_get_u32(netif_ip4_addr(netif)) == address)
			return netif;
	return NULL;
}

struct wish {
	ip_addr_t group;
	int interface;         /* 0: see address */
	uint32_t address;      /* of IPv4; 0: any */
	bool enter;
};

static int parse4(struct wish *w, int option, const void *value, unsigned len)
{
	struct ip_mreqn m = { 0 };

	if (len < sizeof(struct ip_mreq))
		return -EINVAL;
	__builtin_memcpy(&m, value, MIN(len, sizeof(m)));
	if (len < sizeof(m))
		m.imr_ifindex = 0;
	*w = (struct wish){ .interface = m.imr_ifindex, .address = m.imr_address.s_addr, .enter = option == IP_ADD_MEMBERSHIP };
	ip_addr_set_ip4_u32_val(w->group, m.imr_multiaddr.s_addr);
	return 0;
}

static void set_group6(struct wish *w, const struct in6_addr *group)
{
	ip6_addr_t a;

	__builtin_memcpy(a.addr, group, sizeof(a.addr));
	ip6_addr_clear_zone(&a);
	ip_addr_copy_from_ip6(w->group, a);
}

static int parse6(struct wish *w, int option, const void *value, unsigned len)
{
	struct ipv6_mreq m;

	if (len < sizeof(m))
		return -EINVAL;
	__builtin_memcpy(&m, value, sizeof(m));
	*w = (struct wish){ .interface = m.ipv6mr_ifindex, .enter = option == IPV6_ADD_MEMBERSHIP };
	set_group6(w, &m.ipv6mr_multiaddr);
	return 0;
}

static int parse_any(struct wish *w, int level, int option, const void *value, unsigned len)
{
	struct group_req r;

	if (len < sizeof(r))
		return -EINVAL;
	__builtin_memcpy(&r, value, sizeof(r));
	*w = (struct wish){ .interface = (int)r.gr_interface, .enter = option == MCAST_JOIN_GROUP };
	if (level == SOL_IP) {
		const struct sockaddr_in *in = (const void *)&r.gr_group;

		if (in->sin_family != AF_INET)
			return -EINVAL;
		ip_addr_set_ip4_u32_val(w->group, in->sin_addr.s_addr);
	} else {
		const struct sockaddr_in6 *in = (const void *)&r.gr_group;

		if (in->sin6_family != AF_INET6)
			return -EADDRNOTAVAIL;
		set_group6(w, &in->sin6_addr);
	}
	return 0;
}

int inet_group_option(struct socket *s, struct inet_options *o, int level, int option, const void *value, unsigned len)
{
	struct netif *netif;
	struct wish w;
	int r;

	if (option == MCAST_JOIN_GROUP || option == MCAST_LEAVE_GROUP)
		r = parse_any(&w, level, option, value, len);
	else if (level == SOL_IP && (option == IP_ADD_MEMBERSHIP || option == IP_DROP_MEMBERSHIP))
		r = parse4(&w, option, value, len);
	else if (level == SOL_IPV6 && (option == IPV6_ADD_MEMBERSHIP || option == IPV6_DROP_MEMBERSHIP))
		r = parse6(&w, option, value, len);
	else
		return -ENOPROTOOPT;
	if (s->type == SOCK_STREAM)
		return -EPROTO;
	if (r)
		return r;
	if (!ip_addr_ismulticast(&w.group))
		return w.enter || level == SOL_IPV6 ? -EINVAL : -EADDRNOTAVAIL;
	net_lock();
	netif = w.interface ? inet_netif(w.interface) : w.address ? by_address(w.address) : w.enter ? usual() : NULL;
	if (netif && IP_IS_V6_VAL(w.group) && ip6_addr_lacks_zone(ip_2_ip6(&w.group), IP6_MULTICAST))
		ip6_addr_assign_zone(ip_2_ip6(&w.group), IP6_MULTICAST, netif);
	if (!netif && (w.enter || w.interface))
		r = -ENODEV;
	else
		r = w.enter ? join(o, netif, &w.group) : quit(o, netif, &w.group);
	net_unlock();
	return r;
}
