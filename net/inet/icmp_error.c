/* ICMP's word that nobody listens (RFC 792, RFC 4443), for connected UDP sockets: they get ECONNREFUSED, as udp(7) says.
 *
 * lwIP throws these messages away: they are looked at before it. Nothing is until a socket was connected. Under the network
 * lock.
 */
#include "net/inet/icmp_error.h"
#include "lwip/icmp.h"
#include "lwip/ip.h"
#include "lwip/prot/icmp.h"
#include "lwip/prot/icmp6.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/ip6.h"
#include "lwip/prot/udp.h"
#include <linux/errno.h>

COMPONENT("udp", "UDP sockets");

#define ICMP_HEADER 8u
#define PORTS       4u /* of the UDP header that the message quotes */

static int error_of4(unsigned type, unsigned code)
{
	if (type != ICMP_DUR)
		return 0;
	return code == ICMP_DUR_PORT ? ECONNREFUSED : code == ICMP_DUR_PROTO ? ENOPROTOOPT : 0; /* others may pass */
}

static void input4(struct pbuf *p)
{
	const struct ip_hdr *ip = p->payload;
	u16_t at = IPH_HL_BYTES(ip);
	uint8_t head[2];
	struct ip_hdr inner;
	u16_t ports[2];
	ip_addr_t remote;
	int error;

	if (IPH_PROTO(ip) != IP_PROTO_ICMP || pbuf_copy_partial(p, head, sizeof(head), at) < sizeof(head))
		return;
	error = error_of4(head[0], head[1]);
	at = (u16_t)(at + ICMP_HEADER);
	if (!error || pbuf_copy_partial(p, &inner, sizeof(inner), at) < sizeof(inner) || IPH_PROTO(&inner) != IP_PROTO_UDP ||
	    (IPH_OFFSET(&inner) & PP_HTONS(IP_OFFMASK)) ||
	    pbuf_copy_partial(p, ports, PORTS, (u16_t)(at + IPH_HL_BYTES(&inner))) < PORTS)
		return;
	ip_addr_set_ip4_u32_val(remote, inner.dest.addr);
	dgram_failed(&remote, lwip_ntohs(ports[0]), lwip_ntohs(ports[1]), error);
}

static void input6(struct pbuf *p)
{
	const struct ip6_hdr *ip = p->payload;
	uint8_t head[2];
	struct ip6_hdr inner;
	u16_t ports[2];
	ip_addr_t remote;

	if (IP6H_NEXTH(ip) != IP6_NEXTH_ICMP6 || pbuf_copy_partial(p, head, sizeof(head), IP6_HLEN) < sizeof(head) ||
	    head[0] != ICMP6_TYPE_DUR || head[1] != ICMP6_DUR_PORT ||
	    pbuf_copy_partial(p, &inner, sizeof(inner), IP6_HLEN + ICMP_HEADER) < sizeof(inner) ||
	    IP6H_NEXTH(&inner) != IP6_NEXTH_UDP ||
	    pbuf_copy_partial(p, ports, PORTS, IP6_HLEN + ICMP_HEADER + IP6_HLEN) < PORTS)
		return;
	ip_addr_copy_from_ip6_packed(remote, inner.dest);
	dgram_failed(&remote, lwip_ntohs(ports[0]), lwip_ntohs(ports[1]), ECONNREFUSED);
}

static bool input(struct pbuf *p, struct netif *from)
{
	if (IP_HDR_GET_VERSION(p->payload) == 6)
		input6(p);
	else
		input4(p);
	return false;
}
struct inet_tap icmp_errors = { .input = input };
