/* ICMP's word that nobody is there (RFC 792), with as much of the packet as RFC 1812, 4.3.2.3, wants quoted: lwIP's own, which is
 * compiled under another name, quotes eight bytes, and whoever reads its queue of errors wants its message back. Under the
 * network lock.
 */
#include "lwip/icmp.h"
#include "lwip/inet_chksum.h"
#include "lwip/ip.h"

COMPONENT("inet", "IPv4 and TCP sockets, over lwIP");

#define WHOLE_MAX 576u /* the answer, with its headers */

void icmp_dest_unreach(struct pbuf *p, enum icmp_dur_type code)
{
	u16_t n = (u16_t)LWIP_MIN(p->tot_len, WHOLE_MAX - IP_HLEN - sizeof(struct icmp_echo_hdr));
	struct pbuf *q = pbuf_alloc(PBUF_IP, (u16_t)(sizeof(struct icmp_echo_hdr) + n), PBUF_RAM);
	struct icmp_echo_hdr *h;
	struct netif *netif;
	ip4_addr_t to;

	if (!q)
		return;
	h = q->payload;
	*h = (struct icmp_echo_hdr){ .type = ICMP_DUR, .code = (u8_t)code };
	pbuf_copy_partial(p, h + 1, n, 0);
	ip4_addr_copy(to, ((const struct ip_hdr *)p->payload)->src);
	netif = ip4_route(&to);
	if (netif) {
		h->chksum = inet_chksum(h, q->len);
		ip4_output_if(q, NULL, &to, ICMP_TTL, 0, IP_PROTO_ICMP, netif);
	}
	pbuf_free(q);
}
