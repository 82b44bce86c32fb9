/* Errors that ICMP reports (RFC 792, RFC 4443): which packet of ours met what, in Linux's words (icmp(7), ip(7)).
 *
 * lwIP throws these messages away: sockets look at them before it (tap.h). What the network sends is checked here. Under the
 * network lock.
 */
#include "net/inet/icmp_error.h"
#include "lwip/icmp.h"
#include "lwip/ip.h"
#include "lwip/prot/icmp.h"
#include "lwip/prot/icmp6.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/ip6.h"
#include <linux/errno.h>
#include <linux/time.h>
#include <linux/errqueue.h>

COMPONENT("inet", "IPv4 and TCP sockets, over lwIP");

#define ICMP_HEADER   8u
#define INFO_AT       4u /* in it: a path's MTU */
#define ICMP_PROBLEM  12u

static const struct {
	uint8_t error, hard;
} unreachable4[] = {
	{ ENETUNREACH, 0 },  { EHOSTUNREACH, 0 }, { ENOPROTOOPT, 1 }, { ECONNREFUSED, 1 }, { EMSGSIZE, 0 },    { EOPNOTSUPP, 0 },
	{ ENETUNREACH, 1 },  { EHOSTDOWN, 1 },    { ENONET, 1 },      { ENETUNREACH, 1 },  { EHOSTUNREACH, 1 }, { ENETUNREACH, 0 },
	{ EHOSTUNREACH, 0 }, { EHOSTUNREACH, 1 }, { EHOSTUNREACH, 1 }, { EHOSTUNREACH, 1 },
}, unreachable6[] = {
	{ ENETUNREACH, 0 }, { EACCES, 1 }, { EHOSTUNREACH, 0 }, { EHOSTUNREACH, 0 }, { ECONNREFUSED, 1 }, { EACCES, 1 }, { EACCES, 1 },
};

static bool error_of4(struct icmp_error *e)
{
	switch (e->type) {
	case ICMP_DUR:
		if (e->code >= ARRAY_SIZE(unreachable4))
			return false;
		e->error = unreachable4[e->code].error;
		e->hard = unreachable4[e->code].hard;
		e->info = e->code == ICMP_DUR_FRAG ? e->info & UINT16_MAX : 0;
		return true;
	case ICMP_TE: e->error = EHOSTUNREACH; break;
	case ICMP_PROBLEM:
		e->error = EPROTO;
		e->hard = true;
		break;
	default: return false; /* source quench (4) too: Linux ignores it */
	}
	e->info = 0;
	return true;
}

static bool error_of6(struct icmp_error *e)
{
	switch (e->type) {
	case ICMP6_TYPE_DUR:
		e->error = e->code < ARRAY_SIZE(unreachable6) ? unreachable6[e->code].error : EPROTO;
		e->hard = e->code < ARRAY_SIZE(unreachable6) ? unreachable6[e->code].hard : 1;
		break;
	case ICMP6_TYPE_PTB:
		e->error = EMSGSIZE;
		return true;
	case ICMP6_TYPE_TE: e->error = EHOSTUNREACH; break;
	case ICMP6_TYPE_PP:
		e->error = EPROTO;
		e->hard = true;
		return true;
	default: return false;
	}
	e->info = 0;
	return true;
}

static bool parse4(struct pbuf *p, struct icmp_error *e)
{
	struct ip_hdr inner;

	if (pbuf_copy_partial(p, &inner, sizeof(inner), e->quoted_at) < sizeof(inner) || IPH_V(&inner) != 4 ||
	    IPH_HL_BYTES(&inner) < IP_HLEN || (IPH_OFFSET(&inner) & PP_HTONS(IP_OFFMASK)))
		return false;
	e->header_at = (u16_t)(e->quoted_at + IPH_HL_BYTES(&inner));
	e->protocol = IPH_PROTO(&inner);
	e->origin = SO_EE_ORIGIN_ICMP;
	ip_addr_set_ip4_u32_val(e->local, inner.src.addr);
	ip_addr_set_ip4_u32_val(e->remote, inner.dest.addr);
	return error_of4(e);
}

static bool parse6(struct pbuf *p, struct icmp_error *e)
{
	struct ip6_hdr inner;

	if (pbuf_copy_partial(p, &inner, sizeof(inner), e->quoted_at) < sizeof(inner) || IP6H_V(&inner) != 6)
		return false;
	e->header_at = (u16_t)(e->quoted_at + IP6_HLEN);
	e->protocol = IP6H_NEXTH(&inner);
	e->origin = SO_EE_ORIGIN_ICMP6;
	ip_addr_copy_from_ip6_packed(e->local, inner.src);
	ip_addr_copy_from_ip6_packed(e->remote, inner.dest);
	ip6_addr_assign_zone(ip_2_ip6(&e->local), IP6_UNICAST, ip_current_input_netif());
	ip6_addr_assign_zone(ip_2_ip6(&e->remote), IP6_UNKNOWN, ip_current_input_netif());
	return error_of6(e);
}

bool icmp_error_parse(struct pbuf *p, struct icmp_error *out)
{
	bool six = IP_HDR_GET_VERSION(p->payload) == 6;
	u16_t at = ip_current_header_tot_len();
	uint8_t head[ICMP_HEADER];
	uint32_t info;

	if ((six ? IP6H_NEXTH((const struct ip6_hdr *)p->payload) != IP6_NEXTH_ICMP6 :
		   IPH_PROTO((const struct ip_hdr *)p->payload) != IP_PROTO_ICMP) ||
	    pbuf_copy_partial(p, head, sizeof(head), at) < sizeof(head))
		return false;
	__builtin_memcpy(&info, head + INFO_AT, sizeof(info));
	*out = (struct icmp_error){
		.p = p, .type = head[0], .code = head[1], .info = lwip_ntohl(info), .quoted_at = (u16_t)(at + ICMP_HEADER),
	};
	ip_addr_copy(out->offender, *ip_current_src_addr());
	return six ? parse6(p, out) : parse4(p, out);
}
