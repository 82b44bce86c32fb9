/* lwIP's time: in the place of its core/timeouts.c, so that a quiet machine is not woken, and a part that is not in
 * the kernel is not named here.
 *
 * TCP ticks only while there are connections. Address resolution and reassembly age by a slow tick while there is an
 * Ethernet card. DHCP has its own (net/inet/dhcp.c). Timers only raise deferred work; that takes the network lock.
 */
#include "net/lwip/timers.h"
#include "core/clock.h"
#include "net/inet/device.h"
#include "net/lwip/port.h"
#include "lwip/etharp.h"
#include "lwip/ip4_frag.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/sys.h"

COMPONENT("inet", "IPv4 and TCP sockets, over lwIP");

#define NSEC_PER_MSEC 1000000ull
#define RTO_MIN_TICKS 2 /* of TCP_SLOW_INTERVAL: a segment sent just before a tick is not late at that tick */

u32_t sys_now(void)
{
	return (u32_t)(clock_monotonic_ns() / NSEC_PER_MSEC);
}

static void timer_fired(struct timer *t)
{
	deferred_raise(&container_of(t, struct net_timer, timer)->work);
}

static void timer_work(struct deferred *d)
{
	struct net_timer *t = container_of(d, struct net_timer, work);

	net_lock();
	t->armed = false;
	if (t->tick())
		net_timer_start(t);
	net_unlock();
}

void net_timer_start(struct net_timer *t)
{
	if (t->armed)
		return;
	t->armed = true;
	t->timer.call = timer_fired;
	t->work.call = timer_work;
	timer_arm(&t->timer, clock_monotonic_ns() + t->interval_ms * NSEC_PER_MSEC);
}

static bool tcp_tick(void)
{
	/* What a card still holds counts as in flight to lwIP, which would not send it again. */
	net_poll_devices();
	for (struct tcp_pcb *p = tcp_active_pcbs; p; p = p->next)
		if (p->rto < RTO_MIN_TICKS)
			p->rto = RTO_MIN_TICKS;
	tcp_tmr();
	return tcp_active_pcbs || tcp_tw_pcbs;
}
static struct net_timer tcp_timer = { .tick = tcp_tick, .interval_ms = TCP_TMR_INTERVAL };

/* Called by lwIP when a connection comes into being. */
void tcp_timer_needed(void)
{
	if (!tcp_timer.armed && (tcp_active_pcbs || tcp_tw_pcbs))
		net_timer_start(&tcp_timer);
}

static bool link_tick(void)
{
	/* A card that found no memory for receive buffers has nothing to interrupt for: it tries again here. */
	net_poll_devices();
	etharp_tmr();
	ip_reass_tmr();
	inet6_tick();
	return true;
}
static struct net_timer link_timer = { .tick = link_tick, .interval_ms = ARP_TMR_INTERVAL };

void net_link_timer_start(void)
{
	net_timer_start(&link_timer);
}
