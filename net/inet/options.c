/* Options of the levels SOL_IP and SOL_IPV6 (ip(7), ipv6(7)), for every kind of socket.
 *
 * An option is a word of struct inet_options that is set without a lock; the kinds apply it when they send. What has to
 * do with fragments and routes on the way (IP_MTU_DISCOVER, IP_RECVERR …) is remembered and read back: nothing is sent
 * that has to be cut on the way but datagrams larger than the MTU.
 */
#include "net/inet/inet.h"
#include "net/inet/device.h"
#include "net/lwip/port.h"
#include "lwip/ip.h"
#include "lwip/ip4_addr.h"
#include <linux/errno.h>
#include <linux/if.h>
#include <linux/in6.h>
#include <asm/socket.h>

COMPONENT("inet", "IPv4 and TCP sockets, over lwIP");

#define LOOPBACK_MTU 65536 /* as programs know it; lwIP counts to 65,535 */

int inet_option_int(const void *value, unsigned len, int *out)
{
	if (len >= sizeof(int))
		__builtin_memcpy(out, value, sizeof(int));
	else if (len >= 1)
		*out = *(const uint8_t *)value;
	else
		return -EINVAL;
	return 0;
}

/* Options that are control messages with what is received. Return: the bit, 0 for others. */
static uint32_t wanted(int level, int option)
{
	if (level == SOL_IP)
		switch (option) {
		case IP_PKTINFO: return INET_WANTS_PKTINFO;
		case IP_RECVTTL: return INET_WANTS_TTL;
		case IP_RECVTOS: return INET_WANTS_TOS;
		case IP_RECVORIGDSTADDR: return INET_WANTS_DST;
		default: return 0;
		}
	switch (option) {
	case IPV6_RECVPKTINFO: return INET_WANTS_PKTINFO6;
	case IPV6_RECVHOPLIMIT: return INET_WANTS_HOPS6;
	case IPV6_RECVTCLASS: return INET_WANTS_CLASS6;
	default: return 0;
	}
}

/* Bits that are only remembered. */
static bool *remembered(struct inet_options *o, int level, int option)
{
	if (level == SOL_IP)
		switch (option) {
		case IP_RECVERR: return &o->recverr;
		case IP_FREEBIND: return &o->freebind;
		case IP_TRANSPARENT: return &o->transparent;
		case IP_BIND_ADDRESS_NO_PORT: return &o->no_port;
		default: return NULL;
		}
	switch (option) {
	case IPV6_RECVERR: return &o->recverr;
	case IPV6_FREEBIND: return &o->freebind;
	case IPV6_TRANSPARENT: return &o->transparent;
	default: return NULL;
	}
}

/* IP_MULTICAST_IF takes three structures: an address, or an index behind one or two of them. */
static int set_group_interface(struct inet_options *o, const void *value, unsigned len)
{
	struct ip_mreqn m = { 0 };
	struct netif *found = NULL;

	if (len >= sizeof(struct ip_mreq))
		__builtin_memcpy(&m, value, MIN(len, sizeof(m)));
	else if (len >= sizeof(struct in_addr))
		__builtin_memcpy(&m.imr_address, value, sizeof(m.imr_address));
	else
		return -EINVAL;
	if (len < sizeof(m))
		m.imr_ifindex = 0;
	if (!m.imr_ifindex && !m.imr_address.s_addr) {
		o->group_interface = 0;
		o->group_source = 0;
		return 0;
	}
	net_lock();
	for (int i = LOOPBACK_INDEX; !found && inet_netif(i); i++)
		if (m.imr_ifindex ? i == m.imr_ifindex : ip4_addr_get_u32(netif_ip4_addr(inet_netif(i))) == m.imr_address.s_addr) {
			found = inet_netif(i);
			o->group_interface = (uint8_t)i;
		}
	net_unlock();
	if (!found)
		return m.imr_ifindex ? -ENODEV : -EADDRNOTAVAIL;
	o->group_source = m.imr_address.s_addr;
	return 0;
}

static int set_byte(uint8_t *to, int v, int least, int if_unset)
{
	if (v == -1)
		v = if_unset;
	if (v < least || v > UINT8_MAX)
		return -EINVAL;
	*to = (uint8_t)v;
	return 0;
}

static int set_ip(struct socket *s, struct inet_options *o, int option, const void *value, unsigned len, int v)
{
	switch (option) {
	case IP_TOS:
		o->tos = (uint8_t)v;
		return 0;
	case IP_TTL: return set_byte(&o->ttl, v, 1, IP_DEFAULT_TTL);
	case IP_MULTICAST_TTL: return s->type == SOCK_STREAM ? -EINVAL : set_byte(&o->group_ttl, v, 0, 1);
	case IP_MULTICAST_LOOP:
		o->group_loop = v;
		return 0;
	case IP_MULTICAST_IF: return s->type == SOCK_STREAM ? -ENOPROTOOPT : set_group_interface(o, value, len);
	case IP_MTU_DISCOVER:
		if (v < IP_PMTUDISC_DONT || v > IP_PMTUDISC_OMIT)
			return -EINVAL;
		o->discover = (uint8_t)v;
		return 0;
	case IP_HDRINCL:
		if (s->type != SOCK_RAW)
			return -ENOPROTOOPT;
		o->header_included = v;
		return 0;
	case IP_RECVOPTS: /* there never are options */
	case IP_RETOPTS:
	case IP_MULTICAST_ALL: return 0;
	default: return inet_group_option(s, o, SOL_IP, option, value, len);
	}
}

static int set_ip6(struct socket *s, struct inet_options *o, int option, const void *value, unsigned len, int v)
{
	struct netif *netif;

	switch (option) {
	case IPV6_V6ONLY:
		if (v)
			__atomic_or_fetch(&s->options, SOCKET_OPTION_V6ONLY, __ATOMIC_RELAXED);
		else
			__atomic_and_fetch(&s->options, ~SOCKET_OPTION_V6ONLY, __ATOMIC_RELAXED);
		return 0;
	case IPV6_UNICAST_HOPS: return set_byte(&o->ttl, v, 0, IP_DEFAULT_TTL);
	case IPV6_MULTICAST_HOPS: return s->type == SOCK_STREAM ? -ENOPROTOOPT : set_byte(&o->group_ttl, v, 0, 1);
	case IPV6_MULTICAST_LOOP:
		if (v != 0 && v != 1)
			return -EINVAL;
		o->group_loop = v;
		return 0;
	case IPV6_MULTICAST_IF:
		if (s->type == SOCK_STREAM)
			return -ENOPROTOOPT;
		net_lock();
		netif = v ? inet_netif(v) : NULL;
		net_unlock();
		if (v && !netif)
			return -ENODEV;
		o->group_interface = (uint8_t)v;
		return 0;
	case IPV6_TCLASS: return set_byte(&o->tos, v, 0, 0);
	case IPV6_MTU_DISCOVER:
		if (v < IPV6_PMTUDISC_DONT || v > IPV6_PMTUDISC_OMIT)
			return -EINVAL;
		o->discover = (uint8_t)v;
		return 0;
	case IPV6_AUTOFLOWLABEL:
	case IPV6_MULTICAST_ALL: return 0;
	default: return inet_group_option(s, o, SOL_IPV6, option, value, len);
	}
}

u8_t inet_lwip_index(const struct inet_options *o)
{
	struct netif *netif = o->device ? inet_netif(o->device) : NULL;

	return netif ? netif_get_index(netif) : NETIF_NO_INDEX;
}

/* socket(7): as many bytes of a name as there are; none lets go. */
static int bind_device(struct inet_options *o, const char *value, unsigned len)
{
	char name[IFNAMSIZ] = "", wanted[IFNAMSIZ] = "";
	int found = 0;

	__builtin_memcpy(wanted, value, MIN(len, IFNAMSIZ - 1u));
	if (!*wanted) {
		o->device = 0;
		return 0;
	}
	net_lock();
	for (int i = LOOPBACK_INDEX; !found && inet_netif(i); i++) {
		inet_interface_name(i, name);
		if (!strcmp(name, wanted))
			found = i;
	}
	net_unlock();
	if (!found)
		return -ENODEV;
	o->device = (uint8_t)found;
	return 0;
}

int inet_setsockopt(struct socket *s, struct inet_options *o, int level, int option, const void *value, unsigned len)
{
	int v = 0, r = inet_option_int(value, len, &v);
	uint32_t bit;
	bool *memory;

	if (level == SOL_SOCKET && option == SO_BINDTODEVICE)
		return bind_device(o, value, len);
	if (level == SOL_IPV6 ? s->family != AF_INET6 : level != SOL_IP)
		return -ENOPROTOOPT;
	if (r)
		return r;
	bit = wanted(level, option);
	memory = remembered(o, level, option);
	if (bit) {
		if (v)
			__atomic_or_fetch(&o->wants, bit, __ATOMIC_RELAXED);
		else
			__atomic_and_fetch(&o->wants, ~bit, __ATOMIC_RELAXED);
		return 0;
	}
	if (memory) {
		*memory = v;
		return 0;
	}
	return level == SOL_IP ? set_ip(s, o, option, value, len, v) : set_ip6(s, o, option, value, len, v);
}

static int get_ip(struct socket *s, const struct inet_options *o, int option, int *v)
{
	switch (option) {
	case IP_TOS: *v = o->tos; break;
	case IP_TTL: *v = o->ttl; break;
	case IP_MULTICAST_TTL: *v = o->group_ttl; break;
	case IP_MULTICAST_LOOP: *v = o->group_loop; break;
	case IP_MULTICAST_IF: *v = (int)o->group_source; break;
	case IP_MULTICAST_ALL: *v = 1; break;
	case IP_MTU_DISCOVER: *v = o->discover; break;
	case IP_HDRINCL:
		if (s->type != SOCK_RAW)
			return -ENOPROTOOPT;
		*v = o->header_included;
		break;
	case IP_RECVOPTS:
	case IP_RETOPTS: *v = 0; break;
	default: return -ENOPROTOOPT;
	}
	return 0;
}

static int get_ip6(struct socket *s, const struct inet_options *o, int option, int *v)
{
	switch (option) {
	case IPV6_V6ONLY: *v = (s->options & SOCKET_OPTION_V6ONLY) != 0; break;
	case IPV6_UNICAST_HOPS: *v = o->ttl; break;
	case IPV6_MULTICAST_HOPS: *v = o->group_ttl; break;
	case IPV6_MULTICAST_LOOP: *v = o->group_loop; break;
	case IPV6_MULTICAST_IF: *v = o->group_interface; break;
	case IPV6_MULTICAST_ALL: *v = 1; break;
	case IPV6_TCLASS: *v = o->tos; break;
	case IPV6_MTU_DISCOVER: *v = o->discover; break;
	case IPV6_AUTOFLOWLABEL: *v = 1; break;
	default: return -ENOPROTOOPT;
	}
	return 0;
}

int inet_get_mtu(int level, int option, const ip_addr_t *remote, void *value)
{
	int mtu = -ENOTCONN;

	if (!(level == SOL_IP && option == IP_MTU) && !(level == SOL_IPV6 && option == IPV6_MTU))
		return -ENOPROTOOPT;
	if (remote) {
		struct netif *netif;

		net_lock();
		netif = ip_route(IP4_ADDR_ANY, remote);
		mtu = !netif ? -ENETUNREACH : netif == &loopback ? LOOPBACK_MTU : netif->mtu;
		net_unlock();
	}
	if (mtu < 0)
		return mtu;
	__builtin_memcpy(value, &mtu, sizeof(mtu));
	return sizeof(mtu);
}

int inet_getsockopt(struct socket *s, const struct inet_options *o, int level, int option, void *value, unsigned len)
{
	uint32_t bit = wanted(level, option);
	const bool *memory = remembered((struct inet_options *)o, level, option);
	int v, r = 0;

	if (level == SOL_SOCKET && option == SO_BINDTODEVICE) {
		char name[IFNAMSIZ] = "";

		if (!o->device)
			return 0;
		if (len < IFNAMSIZ)
			return -EINVAL;
		inet_interface_name(o->device, name);
		__builtin_memcpy(value, name, sizeof(name));
		return (int)strlen(name) + 1;
	}
	if (level == SOL_IPV6 ? s->family != AF_INET6 : level != SOL_IP)
		return -ENOPROTOOPT;
	if (bit)
		v = (o->wants & bit) != 0;
	else if (memory)
		v = *memory;
	else
		r = level == SOL_IP ? get_ip(s, o, option, &v) : get_ip6(s, o, option, &v);
	if (r)
		return r;
	__builtin_memcpy(value, &v, sizeof(v));
	return sizeof(v);
}
