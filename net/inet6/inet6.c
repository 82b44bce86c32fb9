/* AF_INET6 (ipv6(7)): what makes lwIP's IPv6 part of a kernel. Sockets are those of net/inet, with longer addresses.
 *
 * The loopback interface is ::1. A card has a link-local address from its own, and asks routers for prefixes (SLAAC, RFC
 * 4862); both are usable about a second after the link is up, when nobody has objected to them. All under the network
 * lock. Left out: DHCPv6, name servers by router advertisements, our own link-local addresses as destinations.
 */
#include "core/init.h"
#include "net/inet/device.h"
#include "net/inet/inet.h"
#include "net/lwip/port.h"
#include "lwip/ethip6.h"
#include "lwip/ip6_frag.h"
#include "lwip/mld6.h"
#include "lwip/nd6.h"
#include "arch/hooks.h"

COMPONENT("inet6", "IPv6, over lwIP");

SOCKET_FAMILY(inet6, AF_INET6, inet_create);

#define MLD_TICKS (ND6_TMR_INTERVAL / MLD6_TMR_INTERVAL)

static err_t device_output6(struct netif *netif, struct pbuf *p, const ip6_addr_t *to)
{
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
