/* AF_INET (ip(7)): addresses, errors, and options that its kinds of socket share. inet.h is the contract. */
#include "net/inet/inet.h"
#include "net/inet/device.h"
#include "net/lwip/port.h"
#include "lwip/ip.h"
#include <linux/errno.h>
#include <linux/in.h>

COMPONENT("inet", "IPv4 and TCP sockets, over lwIP");

static int inet_create(struct socket *s, int type, int protocol)
{
	bool type_known = false;

	set_for_each(inet_protocol, p) {
		if (p->type != type)
			continue;
		type_known = true;
		if (protocol ? p->protocol == protocol || !p->protocol : p->is_default)
			return p->create(s, protocol ? protocol : p->protocol);
	}
	return type_known ? -EPROTONOSUPPORT : -ESOCKTNOSUPPORT;
}
SOCKET_FAMILY(inet, AF_INET, inet_create);

int inet_address_in(const struct sockaddr *from, unsigned len, ip_addr_t *address, uint16_t *port)
{
	const struct sockaddr_in *in = (const void *)from;

	if (len < sizeof(*in))
		return -EINVAL;
	if (in->sin_family != AF_INET && !(in->sin_family == AF_UNSPEC && !in->sin_addr.s_addr))
		return -EAFNOSUPPORT;
	ip_addr_set_ip4_u32(address, in->sin_addr.s_addr);
	*port = lwip_ntohs(in->sin_port);
	return 0;
}

int inet_address_out(struct sockaddr_storage *to, const ip_addr_t *address, uint16_t port)
{
	struct sockaddr_in *in = (void *)to;

	*in = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = lwip_htons(port), .sin_addr = { ip4_addr_get_u32(ip_2_ip4(address)) },
	};
	return sizeof(*in);
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

bool inet_is_own(const ip_addr_t *address)
{
	const ip4_addr_t *a = ip_2_ip4(address);

	if (ip4_addr_isany(a) || ip4_addr_isloopback(a) || ip4_addr_ismulticast(a))
		return true;
	for_each_inet_device(d)
		if (ip4_addr_cmp(a, netif_ip4_addr(&d->netif)) || ip4_addr_isbroadcast(a, &d->netif))
			return true;
	return false;
}

const ip4_addr_t *inet_source(const ip_addr_t *to)
{
	const struct netif *netif = ip_route(IP4_ADDR_ANY, to);

	/* Our own addresses are reached through the loopback, but as themselves. */
	if (netif == &loopback && !ip4_addr_isloopback(ip_2_ip4(to)))
		return ip_2_ip4(to);
	return netif ? netif_ip4_addr(netif) : NULL;
}

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

int inet_setsockopt_ip(struct ip_pcb *pcb, int option, const void *value, unsigned len)
{
	int v, r = inet_option_int(value, len, &v);

	switch (option) {
	case IP_TOS:
		if (!r)
			pcb->tos = (uint8_t)v;
		return r;
	case IP_TTL:
		if (!r && v != -1 && (v < 1 || v > 255))
			r = -EINVAL;
		if (!r)
			pcb->ttl = v == -1 ? IP_DEFAULT_TTL : (uint8_t)v;
		return r;
	case IP_MTU_DISCOVER: /* we never send what must be cut on the way but for datagrams larger than the MTU */
	case IP_RECVERR:
	case IP_FREEBIND:
	case IP_BIND_ADDRESS_NO_PORT:
		return r;
	default:
		return -ENOPROTOOPT;
	}
}

int inet_getsockopt_ip(struct ip_pcb *pcb, int option, void *value, unsigned len)
{
	int v;

	switch (option) {
	case IP_TOS: v = pcb->tos; break;
	case IP_TTL: v = pcb->ttl; break;
	case IP_MTU_DISCOVER: v = IP_PMTUDISC_DONT; break;
	case IP_RECVERR:
	case IP_FREEBIND:
	case IP_BIND_ADDRESS_NO_PORT: v = 0; break;
	case IP_MTU: v = 1500; break;
	default: return -ENOPROTOOPT;
	}
	__builtin_memcpy(value, &v, sizeof(v));
	return sizeof(v);
}
