/* What routers advertise beyond what lwIP takes from them: name servers (RDNSS, RFC 8106, 5.1), for /etc/resolv.conf.
 *
 * lwIP's nd6_input() is compiled under another name; ours sees each message before it, whose checksum was found right. All
 * under the network lock. Left out: search lists (DNSSL).
 */
#include "core/clock.h"
#include "core/kernel.h"
#include "core/log.h"
#include "net/inet/config.h"
#include "net/inet/inet.h"
#include "net/inet6/inet6.h"
#include "lwip/ip.h"
#include "lwip/nd6.h"
#include "lwip/priv/nd6_priv.h"
#include "lwip/prot/icmp6.h"
#include "lwip/prot/nd6.h"
#include <linux/if.h>

COMPONENT("inet6", "IPv6, over lwIP");

#define HOPS            255u /* of what comes from this link */
#define OPTION_UNIT     8u
#define LIFETIME_AT     4u /* in an option of name servers; the addresses follow */
#define ADDRESSES_AT    8u
#define FOREVER         UINT32_MAX
#define ADDRESS_TEXT    48u

struct server {
	ip6_addr_t address; /* with its zone */
	uint64_t until_ns;  /* CLOCK_MONOTONIC; 0: no server here */
};
static struct server servers[INET_SERVERS_MAX];

static void take_server(const ip6_addr_t *address, uint32_t seconds)
{
	uint64_t until = seconds == FOREVER ? UINT64_MAX : clock_monotonic_ns() + seconds * (uint64_t)NSEC_PER_SEC;
	struct server *place = &servers[0];
	bool known = false;

	for (unsigned i = 0; i < INET_SERVERS_MAX && !known; i++) {
		known = servers[i].until_ns && ip6_addr_cmp(&servers[i].address, address);
		if (known || servers[i].until_ns < place->until_ns)
			place = &servers[i];
	}
	if (!known && (!seconds || place->until_ns >= until))
		return;
	place->until_ns = seconds ? until : 0;
	if (known && seconds)
		return;
	ip6_addr_copy(place->address, *address);
	inet_servers_touched();
}

static void take_servers(struct pbuf *p, u16_t at, u16_t length, struct netif *from)
{
	uint32_t seconds;

	pbuf_copy_partial(p, &seconds, sizeof(seconds), (u16_t)(at + LIFETIME_AT));
	for (u16_t n = ADDRESSES_AT; length - n >= (int)sizeof(ip6_addr_p_t); n = (u16_t)(n + sizeof(ip6_addr_p_t))) {
		ip6_addr_t address = { 0 };

		pbuf_copy_partial(p, address.addr, sizeof(address.addr), (u16_t)(at + n));
		if (ip6_addr_isany(&address) || ip6_addr_ismulticast(&address))
			continue;
		ip6_addr_assign_zone(&address, IP6_UNICAST, from);
		take_server(&address, lwip_ntohl(seconds));
	}
}

void nd6_input(struct pbuf *p, struct netif *from)
{
	const struct ra_header *h = p->payload;

	/* RFC 4861, 6.1.2. */
	if (p->len >= sizeof(*h) && h->type == ICMP6_TYPE_RA && !h->code && ip6_addr_islinklocal(ip6_current_src_addr()) &&
	    IP6H_HOPLIM(ip6_current_header()) == HOPS) {
		for (u16_t at = sizeof(*h); p->tot_len - at >= (int)OPTION_UNIT;) {
			u16_t length = (u16_t)(pbuf_get_at(p, (u16_t)(at + 1)) * OPTION_UNIT);

			if (!length || length > p->tot_len - at)
				break;
			if (pbuf_get_at(p, at) == ND6_OPTION_TYPE_RDNSS)
				take_servers(p, at, length, from);
			at = (u16_t)(at + length);
		}
	}
	lwip_nd6_input(p, from);
}

void inet6_servers_tick(void)
{
	uint64_t now = clock_monotonic_ns();

	for (unsigned i = 0; i < INET_SERVERS_MAX; i++)
		if (servers[i].until_ns && servers[i].until_ns <= now) {
			servers[i].until_ns = 0;
			inet_servers_touched();
		}
}

size_t inet6_server_lines(char *out, size_t size, unsigned most)
{
	size_t n = 0;

	for (unsigned i = 0; i < INET_SERVERS_MAX && most; i++) {
		char text[ADDRESS_TEXT], zone[IFNAMSIZ] = "";

		if (!servers[i].until_ns || !ip6addr_ntoa_r(&servers[i].address, text, sizeof(text)))
			continue;
		for (char *c = text; *c; c++)
			if (*c >= 'A' && *c <= 'F')
				*c = (char)(*c + 'a' - 'A');
		if (ip6_addr_has_zone(&servers[i].address))
			inet_interface_name(ip6_addr_zone(&servers[i].address), zone);
		n += (size_t)format_text(out + n, size - n, "nameserver %s%s%s\n", text, *zone ? "%" : "", zone);
		most--;
	}
	return n;
}
