/* What NETLINK_ROUTE changes, for ip(8) as root: the address of an interface, the default route, up and down, the MTU.
 *
 * An interface has one address of IPv4: a second is refused, as are routes that are neither the default one nor that of
 * the interface's own network. Addresses of IPv6 are added and taken away, with a prefix of 64 bits, the only length that lwIP
 * knows. Network lock held throughout.
 */
#include "core/process.h"
#include "net/inet/device.h"
#include "net/inet/inet.h"
#include "net/netlink/netlink.h"
#include "lwip/ip.h"
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>

COMPONENT("netlink", "netlink sockets: interfaces, addresses and routes");

#define MTU_LEAST 576u

static bool address4(const struct nlmsghdr *request, size_t size, unsigned type, uint32_t *out)
{
	const struct nlattr *a = netlink_find(request, size, type);

	if (!a || netlink_length(a) < sizeof(*out))
		return false;
	__builtin_memcpy(out, netlink_data(a), sizeof(*out));
	return true;
}

static int change_address4(const struct nlmsghdr *request, struct netif *netif)
{
	const struct ifaddrmsg *m = NLMSG_DATA(request);
	struct inet_device *d = netif->state;
	ip4_addr_t address, mask, gateway = *netif_ip4_gw(netif);
	uint32_t wanted, now = ip4_addr_get_u32(netif_ip4_addr(netif));

	if (!address4(request, sizeof(*m), IFA_LOCAL, &wanted) && !address4(request, sizeof(*m), IFA_ADDRESS, &wanted))
		return -EINVAL;
	if (m->ifa_prefixlen > 32)
		return -EINVAL;
	if (request->nlmsg_type == RTM_DELADDR) {
		if (wanted != now)
			return -EADDRNOTAVAIL;
		wanted = 0;
	} else if (now == wanted) {
		return request->nlmsg_flags & NLM_F_REPLACE ? 0 : -EEXIST;
	} else if (now) {
		return -EOPNOTSUPP;
	}
	if (d->automatic && d->address_given)
		d->address_given(d);
	ip4_addr_set_u32(&address, wanted);
	ip4_addr_set_u32(&mask, m->ifa_prefixlen && wanted ? lwip_htonl(UINT32_MAX << (32 - m->ifa_prefixlen)) : 0);
	if (!wanted)
		ip4_addr_set_zero(&gateway);
	netif_set_addr(netif, &address, &mask, &gateway);
	if (!wanted && netif_default == netif)
		netif_set_default(NULL);
	return 0;
}

static int change_address6(const struct nlmsghdr *request, struct netif *netif)
{
	const struct nlattr *a = netlink_find(request, sizeof(struct ifaddrmsg), IFA_ADDRESS);
	ip6_addr_t address;
	s8_t at;

	if (!a)
		a = netlink_find(request, sizeof(struct ifaddrmsg), IFA_LOCAL);
	if (!a || netlink_length(a) < sizeof(address.addr))
		return -EINVAL;
	if (((const struct ifaddrmsg *)NLMSG_DATA(request))->ifa_prefixlen != inet6_prefix_length(netif))
		return -EOPNOTSUPP;
	__builtin_memcpy(address.addr, netlink_data(a), sizeof(address.addr));
	ip6_addr_clear_zone(&address);
	ip6_addr_assign_zone(&address, IP6_UNICAST, netif);
	at = netif_get_ip6_addr_match(netif, &address);
	if (request->nlmsg_type == RTM_DELADDR) {
		if (at < 0)
			return -EADDRNOTAVAIL;
		netif_ip6_addr_set_state(netif, at, IP6_ADDR_INVALID);
		return 0;
	}
	if (at >= 0)
		return request->nlmsg_flags & NLM_F_REPLACE ? 0 : -EEXIST;
	if (netif_add_ip6_address(netif, &address, &at) != ERR_OK)
		return -ENOBUFS;
	return 0;
}

static int change_address(const struct nlmsghdr *request)
{
	const struct ifaddrmsg *m = NLMSG_DATA(request);
	struct netif *netif;

	if (request->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
		return -EINVAL;
	netif = inet_netif((int)m->ifa_index);
	if (!netif)
		return -ENODEV;
	if (netif == &loopback)
		return -EOPNOTSUPP;
	return m->ifa_family == AF_INET  ? change_address4(request, netif) :
	       m->ifa_family == AF_INET6 ? change_address6(request, netif) : -EAFNOSUPPORT;
}

static void tell_route(const struct netif *netif, unsigned type, const ip4_addr_t *gateway)
{
	struct netlink_reply r = { 0 };

	netlink_put_route4(&r, netif, type, 0, 0, 0, ip4_addr_get_u32(gateway), 0);
	netlink_publish(&r, RTNLGRP_IPV4_ROUTE);
}

static int change_route(const struct nlmsghdr *request)
{
	const struct rtmsg *m = NLMSG_DATA(request);
	uint32_t index = 0, gateway = 0;
	struct netif *netif = NULL;
	ip4_addr_t address;

	if (request->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
		return -EINVAL;
	if (m->rtm_family != AF_INET || m->rtm_dst_len)
		return -EOPNOTSUPP;
	address4(request, sizeof(*m), RTA_OIF, &index);
	address4(request, sizeof(*m), RTA_GATEWAY, &gateway);
	ip4_addr_set_u32(&address, gateway);
	if (index) {
		netif = inet_netif((int)index);
		if (!netif)
			return -ENODEV;
	} else {
		for_each_inet_device(d)
			if (ip4_addr_netcmp(&address, netif_ip4_addr(&d->netif), netif_ip4_netmask(&d->netif)))
				netif = &d->netif;
	}
	if (request->nlmsg_type == RTM_DELROUTE) {
		if (!netif_default || (netif && index && netif != netif_default) ||
		    (gateway && gateway != ip4_addr_get_u32(netif_ip4_gw(netif_default))))
			return -ESRCH;
		tell_route(netif_default, RTM_DELROUTE, netif_ip4_gw(netif_default));
		ip4_addr_set_zero(&address);
		netif_set_gw(netif_default, &address);
		netif_set_default(NULL);
		return 0;
	}
	if (!netif || netif == &loopback || (gateway && !ip4_addr_netcmp(&address, netif_ip4_addr(netif), netif_ip4_netmask(netif))))
		return -ENETUNREACH;
	if (netif_default && !(request->nlmsg_flags & NLM_F_REPLACE))
		return -EEXIST;
	netif_set_gw(netif, &address);
	netif_set_default(netif);
	tell_route(netif, RTM_NEWROUTE, &address);
	return 0;
}

static void tell_link(struct netif *netif)
{
	struct netlink_reply r = { 0 };

	netlink_put_link(&r, netif, RTM_NEWLINK, 0, netif_is_up(netif));
	netlink_publish(&r, RTNLGRP_LINK);
}

static int change_link(const struct nlmsghdr *request)
{
	const struct ifinfomsg *m = NLMSG_DATA(request);
	struct netif *netif = NULL;
	uint32_t mtu;

	if (request->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
		return -EINVAL;
	if (m->ifi_index)
		netif = inet_netif(m->ifi_index);
	else
		netif = netlink_named(request);
	if (!netif)
		return -ENODEV;
	if (address4(request, sizeof(*m), IFLA_MTU, &mtu)) {
		const struct inet_device *d = netif->state;

		if (netif == &loopback || mtu < MTU_LEAST || mtu > d->card->mtu)
			return -EINVAL;
		netif->mtu = (u16_t)mtu;
		tell_link(netif);
	}
	if ((m->ifi_change & IFF_UP) && netif != &loopback) {
		if (m->ifi_flags & IFF_UP)
			netif_set_up(netif);
		else
			netif_set_down(netif);
	} else if ((m->ifi_change & IFF_UP) && !(m->ifi_flags & IFF_UP)) {
		return -EOPNOTSUPP;
	}
	return 0;
}

int netlink_change(const struct nlmsghdr *request)
{
	unsigned type = request->nlmsg_type;
	bool known = type == RTM_NEWADDR || type == RTM_DELADDR || type == RTM_NEWROUTE || type == RTM_DELROUTE ||
		     type == RTM_NEWLINK || type == RTM_SETLINK;

	if (!known)
		return -EOPNOTSUPP;
	if (!(current->process->credentials.cap_effective >> CAP_NET_ADMIN & 1))
		return -EPERM;
	switch (type) {
	case RTM_NEWADDR:
	case RTM_DELADDR: return change_address(request);
	case RTM_NEWROUTE:
	case RTM_DELROUTE: return change_route(request);
	default: return change_link(request);
	}
}
