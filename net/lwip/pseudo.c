/* Checksums over buffers and pseudo headers (RFC 1071, RFC 8200 section 8.1): in the place of lwIP's core/inet_chksum.c.
 *
 * Each packet that comes in passes here, mostly in one buffer of IPv4: no loop and no call but that of the sum then.
 */
#include "net/lwip/checksum.h"
#include "lwip/inet_chksum.h"

COMPONENT("inet", "IPv4 and TCP sockets, over lwIP");

static uint64_t buffer_sum(const struct pbuf *p)
{
	uint64_t sum = net_checksum(p->payload, p->len);
	unsigned at = p->len;

	while (unlikely(p->len != p->tot_len)) {
		uint16_t part;

		p = p->next;
		part = net_checksum(p->payload, p->len);
		sum += at & 1 ? __builtin_bswap16(part) : part;
		at += p->len;
	}
	return sum;
}

static uint16_t finish(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~((sum & 0xffff) + (sum >> 16));
}

u16_t inet_chksum(const void *data, u16_t n)
{
	return (u16_t)~net_checksum(data, n);
}

u16_t inet_chksum_pbuf(struct pbuf *p)
{
	return finish(buffer_sum(p));
}

u16_t ip6_chksum_pseudo(struct pbuf *p, u8_t protocol, u16_t length, const ip6_addr_t *source, const ip6_addr_t *to)
{
	return finish(buffer_sum(p) + net_checksum(source->addr, sizeof(source->addr)) +
		      net_checksum(to->addr, sizeof(to->addr)) + lwip_htons(protocol) + lwip_htons(length));
}

u16_t ip_chksum_pseudo(struct pbuf *p, u8_t protocol, u16_t length, const ip_addr_t *source, const ip_addr_t *to)
{
	if (unlikely(IP_IS_V6(to)))
		return ip6_chksum_pseudo(p, protocol, length, ip_2_ip6(source), ip_2_ip6(to));
	return finish(buffer_sum(p) + ip_2_ip4(source)->addr + ip_2_ip4(to)->addr + lwip_htons(protocol) +
		      lwip_htons(length));
}
