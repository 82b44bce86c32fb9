/* AF_INET and AF_INET6 (ip(7), ipv6(7)): addresses and errors that its kinds of socket share. inet.h is the contract. */
#include "net/inet/inet.h"
#include "core/cut.h"
#include "core/log.h"
#include "net/inet/device.h"
#include "net/lwip/port.h"
#include "lwip/ip.h"
#include <linux/errno.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <whittle/cut.h>

COMPONENT("inet", "IPv4 and TCP sockets, over lwIP");

int inet_create(struct socket *s, int type, int protocol)
{
	bool type_known = false;

	set_for_each(inet_protocol, p) {
		if (p->type != type)
			continue;
		type_known = true;
		if (protocol ? p->protocol == protocol || !p->protocol : p->is_default)
			return p->create(s, protocol ? protocol : p->protocol);
	}
	if (!protocol)
		protocol = type == SOCK_STREAM ? IPPROTO_TCP : type == SOCK_DGRAM ? IPPROTO_UDP : 0;
	(void)cut_asked("inet_protocol", CUT_INET_PROTOCOL(type, type == SOCK_RAW ? 0 : protocol), ESOCKTNOSUPPORT);
	return type_known ? -EPROTONOSUPPORT : -ESOCKTNOSUPPORT;
}
SOCKET_FAMILY(inet, AF_INET, inet_create);

static int address6_in(const struct socket *s, const struct sockaddr *from, unsigned len, ip_addr_t *address,
		       uint16_t *port)
{
	const struct sockaddr_in6 *in = (const void *)from;
	ip6_addr_t a;

	if (len < offsetof(struct sockaddr_in6, sin6_scope_id)) /* the length of RFC 2133 */
		return -EINVAL;
	if (in->sin6_family != AF_INET6)
		return -EAFNOSUPPORT;
	__builtin_memcpy(a.addr, &in->sin6_addr, sizeof(a.addr));
	ip6_addr_clear_zone(&a);
	*port = lwip_ntohs(in->sin6_port);
	if (ip6_addr_isipv4mappedipv6(&a)) {
		if (s->options & SOCKET_OPTION_V6ONLY)
			return -ENETUNREACH;
		ip_addr_set_ip4_u32_val(*address, a.addr[3]);
		return 0;
	}
	if (ip6_addr_isany(&a)) {
		ip_addr_copy(*address, *inet_any(s));
		return 0;
	}
	if (ip6_addr_has_scope(&a, IP6_UNKNOWN)) {
		if (len < sizeof(*in) || !in->sin6_scope_id || in->sin6_scope_id > UINT8_MAX)
			return -EINVAL;
		ip6_addr_set_zone(&a, (u8_t)in->sin6_scope_id);
	}
	ip_addr_copy_from_ip6(*address, a);
	return 0;
}

int inet_address_in(const struct socket *s, const struct sockaddr *from, unsigned len, ip_addr_t *address,
		    uint16_t *port)
{
	const struct sockaddr_in *in = (const void *)from;

	if (s->family == AF_INET6)
		return address6_in(s, from, len, address, port);
	if (len < sizeof(*in))
		return -EINVAL;
	if (in->sin_family != AF_INET && !(in->sin_family == AF_UNSPEC && !in->sin_addr.s_addr))
		return -EAFNOSUPPORT;
	ip_addr_set_ip4_u32_val(*address, in->sin_addr.s_addr);
	*port = lwip_ntohs(in->sin_port);
	return 0;
}

static int address6_out(struct sockaddr_storage *to, const ip_addr_t *address, uint16_t port)
{
	struct sockaddr_in6 *in = (void *)to;

	*in = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = lwip_htons(port) };
	if (IP_IS_V6(address)) {
		__builtin_memcpy(&in->sin6_addr, ip_2_ip6(address)->addr, sizeof(in->sin6_addr));
		in->sin6_scope_id = ip6_addr_zone(ip_2_ip6(address));
	} else if (!ip_addr_isany(address)) {
		uint32_t mapped[4] = { 0, 0, PP_HTONL(0xffff), ip_addr_get_ip4_u32(address) };

		__builtin_memcpy(&in->sin6_addr, mapped, sizeof(in->sin6_addr));
	}
	return sizeof(*in);
}

int inet_address_out(const struct socket *s, struct sockaddr_storage *to, const ip_addr_t *address, uint16_t port)
{
	struct sockaddr_in *in = (void *)to;

	if (s->family == AF_INET6)
		return address6_out(to, address, port);
	*in = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = lwip_htons(port), .sin_addr = { ip4_addr_get_u32(ip_2_ip4(address)) },
	};
	return sizeof(*in);
}

const ip_addr_t *inet_any(const struct socket *s)
{
	static const ip_addr_t any6 = IPADDR6_INIT(0, 0, 0, 0);

	return s->family != AF_INET6 ? IP4_ADDR_ANY : s->options & SOCKET_OPTION_V6ONLY ? &any6 : IP_ANY_TYPE;
}

void inet_connect_any(ip_addr_t *address)
{
	ip_addr_set_loopback_val(!IP_IS_V4_VAL(*address), *address);
}

int inet_error(err_t e)
{
	switch (e) {
	case ERR_OK: return 0;
	case ERR_MEM: return -ENOBUFS;
	case ERR_BUF: return -ENOBUFS;
	case ERR_TIMEOUT: return -ETIMEDOUT;
	case ERR_RTE: return -ENETUNREACH;
	case ERR_INPROGRESS: return -EINPROGRESS;
	case ERR_USE: return -EADDRINUSE;
	case ERR_ALREADY: return -EALREADY;
	case ERR_ISCONN: return -EISCONN;
	case ERR_CONN: return -ENOTCONN;
	case ERR_RST: return -ECONNRESET;
	case ERR_ABRT: return -ETIMEDOUT; /* lwIP gave up by itself: nobody else aborts with a call-back set */
	case ERR_CLSD: return -ENOTCONN;
	case ERR_IF: return -ENETDOWN;
	default: return -EINVAL;
	}
}

static bool is_own6(const ip6_addr_t *a)
{
	if (ip6_addr_isany(a) || ip6_addr_isloopback(a) || ip6_addr_ismulticast(a))
		return true;
	for_each_inet_device(d)
		if (netif_get_ip6_addr_match(&d->netif, a) >= 0)
			return true;
	return false;
}

bool inet_is_own(const ip_addr_t *address)
{
	const ip4_addr_t *a = ip_2_ip4(address);

	if (IP_IS_V6(address))
		return is_own6(ip_2_ip6(address));
	if (ip4_addr_isany(a) || ip4_addr_isloopback(a) || ip4_addr_ismulticast(a))
		return true;
	for_each_inet_device(d)
		if (ip4_addr_cmp(a, netif_ip4_addr(&d->netif)) || ip4_addr_isbroadcast(a, &d->netif))
			return true;
	return false;
}

const ip_addr_t *inet_source(const ip_addr_t *to)
{
	struct netif *netif = ip_route(IP4_ADDR_ANY, to);

	/* Our own addresses are reached through the loopback, but as themselves. */
	if (netif == &loopback && !ip_addr_isloopback(to))
		return to;
	return netif ? ip_netif_get_local_ip(netif, to) : NULL;
}

uint8_t inet6_address_flags(const struct netif *netif, int n)
{
	uint8_t state = netif_ip6_addr_state(netif, n);
	/* Link-local ones and those that a program gave stay; those of a router's prefix live for a time. */
	uint8_t kept = netif_ip6_addr_isstatic(netif, n) ? IFA_F_PERMANENT : 0;

	if (ip6_addr_isduplicated(state))
		return kept | IFA_F_TENTATIVE | IFA_F_DADFAILED;
	return kept | (!ip6_addr_isvalid(state) ? IFA_F_TENTATIVE : ip6_addr_ispreferred(state) ? 0 : IFA_F_DEPRECATED);
}

unsigned inet6_prefix_length(const struct netif *netif)
{
	return netif == &loopback ? 128 : 64;
}

int inet_interface(const struct netif *netif)
{
	int index = LOOPBACK_INDEX;

	for_each_inet_device(d) {
		index++;
		if (&d->netif == netif)
			return index;
	}
	return LOOPBACK_INDEX;
}

void inet_interface_name(int index, char *name)
{
	if (index == LOOPBACK_INDEX)
		strscpy(name, "lo", IFNAMSIZ);
	else
		format_text(name, IFNAMSIZ, "eth%d", index - LOOPBACK_INDEX - 1);
}

struct netif *inet_netif(int index)
{
	int at = LOOPBACK_INDEX;

	if (index == LOOPBACK_INDEX)
		return &loopback;
	for_each_inet_device(d)
		if (++at == index)
			return &d->netif;
	return NULL;
}
