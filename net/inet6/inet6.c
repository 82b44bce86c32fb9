/* AF_INET6 (ipv6(7)): what makes lwIP's IPv6 part of a kernel. Sockets are those of net/inet, with longer addresses.
 *
 * The loopback interface is ::1. A card has a link-local address from its own, and asks routers for prefixes (SLAAC, RFC
 * 4862); both are usable about a second after the link is up, when nobody has objected to them. All under the network
 * lock. What is for a link-local address of our own turns around at its card's interface, as Linux has it. Left out: DHCPv6,
 * addresses for privacy (RFC 8981).
 */
#include "core/init.h"
#include "fs/proc/procfile.h"
#include "net/inet/device.h"
#include "net/inet/inet.h"
#include "net/inet6/inet6.h"
#include "net/lwip/port.h"
#include "lwip/ethip6.h"
#include "lwip/ip6_frag.h"
#include "lwip/mld6.h"
#include "lwip/nd6.h"
#include "arch/hooks.h"
#include <linux/if.h>

COMPONENT("inet6", "IPv6, over lwIP");

SOCKET_FAMILY(inet6, AF_INET6, inet_create);

#define MLD_TICKS (ND6_TMR_INTERVAL / MLD6_TMR_INTERVAL)

static err_t device_output6(struct netif *netif, struct pbuf *p, const ip6_addr_t *to)
{
	if (unlikely(ip6_addr_islinklocal(to) && netif_get_ip6_addr_match(netif, to) >= 0))
		return loopback_queue(netif, p);
	device_loops(netif, p);
	return ethip6_output(netif, p, to);
}

void inet6_device(struct inet_device *d)
{
	d->netif.output_ip6 = device_output6;
	d->netif.flags |= NETIF_FLAG_MLD6;
	netif_set_ip6_autoconfig_enabled(&d->netif, 1);
	netif_create_ip6_linklocal_address(&d->netif, 1);
}

void inet6_tick(void)
{
	nd6_tmr();
	ip6_reass_tmr();
	inet6_servers_tick();
	for (unsigned i = 0; i < MLD_TICKS; i++)
		mld6_tmr(); /* reports of groups are a second late at most, in exchange for nine wake-ups less */
}

struct netif *net_route6(const struct ip6_addr *to)
{
	if (ip6_addr_isloopback(to))
		return &loopback;
	for_each_inet_device(d)
		if (netif_get_ip6_addr_match(&d->netif, to) >= 0)
			return &loopback;
	return NULL;
}

static err_t loopback_output6(struct netif *netif, struct pbuf *p, const ip6_addr_t *to)
{
	return netif->output(netif, p, NULL);
}

static void inet6_loopback_init(void)
{
	net_lock();
	loopback.output_ip6 = loopback_output6;
	IP_ADDR6_HOST(&loopback.ip6_addr[0], 0, 0, 0, 1);
	netif_ip6_addr_set_state(&loopback, 0, IP6_ADDR_PREFERRED);
	loopback.flags |= NETIF_FLAG_MLD6;
	loopback.rs_count = 0; /* there is no router to ask for */
	net_unlock();
}
INITCALL(46, inet6_loopback_init);

/* Scopes as this file has them: bits of an address's type. */
static unsigned scope_bits(const ip6_addr_t *a)
{
	return ip6_addr_isloopback(a) ? 0x10 : ip6_addr_islinklocal(a) ? 0x20 : ip6_addr_issitelocal(a) ? 0x40 : 0;
}

static void show_addresses(struct text *out, const struct netif *netif)
{
	char name[IFNAMSIZ];
	int index = inet_interface(netif);

	inet_interface_name(index, name);
	for (s8_t n = 0; n < LWIP_IPV6_NUM_ADDRESSES; n++) {
		const ip6_addr_t *a = netif_ip6_addr(netif, n);

		if (ip6_addr_isinvalid(netif_ip6_addr_state(netif, n)))
			continue;
		text_add(out, "%08x%08x%08x%08x %02x %02x %02x %02x %8s\n", lwip_ntohl(a->addr[0]), lwip_ntohl(a->addr[1]),
			 lwip_ntohl(a->addr[2]), lwip_ntohl(a->addr[3]), (unsigned)index, inet6_prefix_length(netif),
			 scope_bits(a), inet6_address_flags(netif, n), name);
	}
}

static int show_if_inet6(struct text *out, const struct proc_target *of)
{
	net_lock();
	show_addresses(out, &loopback);
	for_each_inet_device(d)
		show_addresses(out, &d->netif);
	net_unlock();
	return 0;
}
PROC_FILE(net_if_inet6, "PID/net/if_inet6", show_if_inet6);
