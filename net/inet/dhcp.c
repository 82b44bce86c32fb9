/* DHCP (lwIP's client): addresses of cards that ip= leaves to it, and who answers names.
 *
 * The program starts when the first card has its address, and the others or a tenth of a second more, or after five
 * seconds without one; the client goes on by
 * itself: a tick a minute for leases, and two a second while an answer is waited for.
 */
#include "core/init.h"
#include "core/log.h"
#include "core/wait.h"
#include "net/inet/config.h"
#include "net/inet/device.h"
#include "net/inet/inet.h"
#include "net/lwip/port.h"
#include "net/lwip/timers.h"
#include "lwip/dhcp.h"
#include "lwip/dns.h"
#include "lwip/prot/dhcp.h"
#include "lwip/udp.h"

COMPONENT("dhcp", "DHCP: addresses for network cards");

#define START_WAIT_NS (5 * NSEC_PER_SEC)
#define OTHERS_WAIT_NS (NSEC_PER_SEC / 10) /* once the first card has its address, the others' */

static struct wait_queue configured = WAIT_QUEUE_INIT(configured);
static unsigned asked, answered; /* network lock, r: cards */

/* While an answer is waited for. */
static bool fine_tick(void)
{
	bool more = false;

	dhcp_fine_tmr();
	for_each_inet_device(d) {
		const struct dhcp *dhcp = netif_dhcp_data(&d->netif);

		more |= dhcp && dhcp->request_timeout;
	}
	return more;
}
static struct net_timer fine_timer = { .tick = fine_tick, .interval_ms = DHCP_FINE_TIMER_MSECS };

static bool coarse_tick(void)
{
	dhcp_coarse_tmr();
	net_timer_start(&fine_timer); /* it may have asked for more time */
	return true;
}
static struct net_timer coarse_timer = { .tick = coarse_tick, .interval_ms = DHCP_COARSE_TIMER_MSECS };

/* lwIP tells of name servers by this, its resolver's function; the resolver itself is the program's libc. */
void dns_setserver(u8_t number, const ip_addr_t *server)
{
	uint32_t address = server ? ip_addr_get_ip4_u32(server) : 0;

	if (number >= INET_SERVERS_MAX || inet_servers[number] == address)
		return;
	inet_servers[number] = address;
	inet_servers_touched();
}

static void dhcp_status(struct netif *netif)
{
	struct inet_device *d = netif->state;

	if (!d->automatic || d->configured || !dhcp_supplied_address(netif))
		return;
	/* The first card's router, whichever answers first. */
	if (!netif_default || inet_interface(netif_default) > inet_interface(netif))
		netif_set_default(netif);
	log_info("eth%u: address %u.%u.%u.%u by DHCP", d->index, ip4_addr1(netif_ip4_addr(netif)),
		 ip4_addr2(netif_ip4_addr(netif)), ip4_addr3(netif_ip4_addr(netif)), ip4_addr4(netif_ip4_addr(netif)));
	d->configured = true;
	WRITE_ONCE(answered, answered + 1);
	wait_queue_wake_all(&configured, 0);
}

static void dhcp_link_changed(struct inet_device *d)
{
	net_timer_start(&fine_timer); /* lwIP asks anew when the link is back */
}

/* The program has its own mind about the address. */
static void dhcp_end(struct inet_device *d)
{
	d->automatic = false;
	dhcp_stop(&d->netif);
}

static void inet_dhcp_start(void)
{
	net_lock();
	udp_init();
	for_each_inet_device(d) {
		if (!d->automatic)
			continue;
		netif_set_status_callback(&d->netif, dhcp_status);
		d->link_changed = dhcp_link_changed;
		d->address_given = dhcp_end;
		if (dhcp_start(&d->netif) != ERR_OK) {
			log_err("eth%u: DHCP does not start: no memory", d->index);
			continue;
		}
		asked++;
		net_timer_start(&fine_timer);
		net_timer_start(&coarse_timer);
	}
	net_unlock();
}
INITCALL(60, inet_dhcp_start);

static void inet_dhcp_wait(void)
{
	if (READ_ONCE(asked) && wait_event_until(&configured, READ_ONCE(answered), clock_monotonic_ns() + START_WAIT_NS, false))
		log_warn("no answer to DHCP within five seconds: the program starts without an address");
	if (READ_ONCE(answered) && READ_ONCE(answered) < asked)
		(void)wait_event_until(&configured, READ_ONCE(answered) == asked, clock_monotonic_ns() + OTHERS_WAIT_NS, false);
	inet_servers_changed();
}
INITCALL(80, inet_dhcp_wait);
