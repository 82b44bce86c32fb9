/* lwIP's time: in the place of its core/timeouts.c, so that a quiet machine is not woken, and a part that is not in
 * the kernel is not named here.
 *
 * TCP ticks while a connection has something to wait for: an acknowledgement to come or to send, a state that ends. When
 * none has, it sleeps until the first that keeps itself alive or leaves TIME_WAIT, and counts the ticks that it slept.
 * Addresses and fragments age by a tick a second while frames come and go, and by one in SLOW_TICKS seconds when none
 * did for a while. DHCP has its own (net/inet/dhcp.c). Timers only raise deferred work; that takes the network lock.
 */
#include "net/lwip/timers.h"
#include "core/clock.h"
#include "net/inet/device.h"
#include "net/lwip/port.h"
#include "lwip/etharp.h"
#include "lwip/igmp.h"
#include "lwip/ip4_frag.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/sys.h"
#include "arch/hooks.h"

COMPONENT("inet", "IPv4 and TCP sockets, over lwIP");

#define NSEC_PER_MSEC 1000000ull
#define RTO_MIN_TICKS 2 /* of TCP_SLOW_INTERVAL: a segment sent just before a tick is not late at that tick */
#define SLOW_NS       (TCP_SLOW_INTERVAL * NSEC_PER_MSEC)
#define NEVER_TICKS   UINT32_MAX
#define QUIET_TICKS   12u /* seconds without a frame; the longest that a protocol waits before it speaks is 10 (MLD) */
#define SLOW_TICKS    60u

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
	if (t->armed) {
		t->armed = false;
		if (t->tick())
			net_timer_start(t);
	}
	net_unlock();
}

static void arm(struct net_timer *t, uint64_t after_ns)
{
	t->armed = true;
	t->timer.call = timer_fired;
	t->work.call = timer_work;
	timer_arm(&t->timer, clock_monotonic_ns() + after_ns);
}

void net_timer_start(struct net_timer *t)
{
	if (!t->armed)
		arm(t, t->interval_ms * NSEC_PER_MSEC);
}

/* Sooner or later than it would. */
static void net_timer_move(struct net_timer *t, uint64_t after_ns)
{
	timer_cancel(&t->timer);
	arm(t, after_ns);
}

/* TCP. */

static bool tcp_tick(void);
static struct net_timer tcp_timer = { .tick = tcp_tick, .interval_ms = TCP_TMR_INTERVAL };
static bool tcp_ticking;          /* network lock: the timer is armed for the next tick, not for a later one */
static uint64_t tcp_slow_ns;      /* network lock: when tcp_ticks was right */

/* Ticks that passed while nobody looked. */
static void tcp_catch_up(uint32_t but)
{
	uint64_t passed = (clock_monotonic_ns() - tcp_slow_ns) / SLOW_NS;

	if (passed > but) {
		tcp_ticks += (u32_t)(passed - but);
		tcp_slow_ns += (passed - but) * SLOW_NS;
	}
}

static bool has_work(const struct tcp_pcb *p)
{
	return p->unsent || p->unacked || p->ooseq || p->refused_data || p->persist_backoff ||
	       (p->flags & (TF_ACK_DELAY | TF_ACK_NOW | TF_CLOSEPEND | TF_INFR)) ||
	       (p->state != ESTABLISHED && p->state != CLOSE_WAIT && (p->state != FIN_WAIT_2 || (p->flags & TF_RXCLOSED)));
}

/* Ticks until something is due @after ticks from when @p was last heard of. */
static uint32_t ticks_until(const struct tcp_pcb *p, uint32_t after)
{
	uint32_t since = tcp_ticks - p->tmr;

	return since > after ? 1 : after - since + 1;
}

/* In how many ticks the next thing is due; 0: something is under way. */
static uint32_t tcp_due(void)
{
	uint32_t due = NEVER_TICKS;

	for (const struct tcp_pcb *p = tcp_active_pcbs; p; p = p->next) {
		if (has_work(p))
			return 0;
		if (ip_get_option(p, SOF_KEEPALIVE))
			due = MIN(due, ticks_until(p, (p->keep_idle + p->keep_cnt_sent * p->keep_intvl) / TCP_SLOW_INTERVAL));
	}
	for (const struct tcp_pcb *p = tcp_tw_pcbs; p; p = p->next)
		due = MIN(due, ticks_until(p, 2 * TCP_MSL / TCP_SLOW_INTERVAL));
	return due;
}

/* lwIP's tcp_tmr(), which would count ticks that were missed as none. */
static bool tcp_tick(void)
{
	uint32_t due;

	/* What a card still holds counts as in flight to lwIP, which would not send it again. */
	net_poll_devices();
	for (struct tcp_pcb *p = tcp_active_pcbs, *next; p; p = next) {
		next = p->next;
		if (p->rto < RTO_MIN_TICKS)
			p->rto = RTO_MIN_TICKS;
		if (unlikely(net_tcp_gives_up(p)))
			tcp_abandon(p, 0);
	}
	tcp_fasttmr();
	if (clock_monotonic_ns() - tcp_slow_ns >= SLOW_NS) {
		tcp_catch_up(1);
		tcp_slow_ns += SLOW_NS;
		tcp_slowtmr();
	}
	due = tcp_due();
	tcp_ticking = !due;
	if (due && due != NEVER_TICKS)
		arm(&tcp_timer, due * SLOW_NS);
	return !due;
}

void net_tcp_busy(void)
{
	if (likely(tcp_ticking))
		return;
	tcp_catch_up(0);
	tcp_ticking = true;
	net_timer_move(&tcp_timer, TCP_TMR_INTERVAL * NSEC_PER_MSEC);
}

/* Called by lwIP when a connection comes into being. */
void tcp_timer_needed(void)
{
	if (tcp_active_pcbs || tcp_tw_pcbs)
		net_tcp_busy();
}

/* Interfaces. */

static bool link_tick(void);
static struct net_timer link_timer = { .tick = link_tick, .interval_ms = ARP_TMR_INTERVAL };
static uint64_t link_tick_ns, link_frames; /* network lock: the last tick, and what had gone through then */
static unsigned link_quiet;                /* network lock: ticks since frames were seen */
bool net_link_slow;

static uint64_t frames(void)
{
	uint64_t n = 0;

	for_each_inet_device(d)
		n += d->sent.packets + d->received.packets;
	return n;
}

static bool link_tick(void)
{
	uint64_t now = clock_monotonic_ns(), passed = (now - link_tick_ns) / (ARP_TMR_INTERVAL * NSEC_PER_MSEC), n = frames();

	link_tick_ns += passed * ARP_TMR_INTERVAL * NSEC_PER_MSEC;
	/* A card that found no memory for receive buffers has nothing to interrupt for: it tries again here. */
	net_poll_devices();
	for (passed = MIN(passed, (uint64_t)SLOW_TICKS); passed; passed--) {
		etharp_tmr();
		ip_reass_tmr();
		for (unsigned i = 0; i < ARP_TMR_INTERVAL / IGMP_TMR_INTERVAL; i++)
			igmp_tmr(); /* reports of groups are a second late at most, in exchange for nine wake-ups less */
		inet6_tick();
		link_quiet++;
	}
	if (n != link_frames || net_cards_starve())
		link_quiet = 0;
	link_frames = frames();
	net_link_slow = link_quiet > QUIET_TICKS;
	if (net_link_slow)
		arm(&link_timer, SLOW_TICKS * NSEC_PER_SEC);
	return !net_link_slow;
}

void net_link_wake(void)
{
	net_link_slow = false;
	link_quiet = 0;
	net_timer_move(&link_timer, NSEC_PER_MSEC * ARP_TMR_INTERVAL);
}

void net_link_timer_start(void)
{
	if (!link_timer.armed)
		link_tick_ns = clock_monotonic_ns();
	net_timer_start(&link_timer);
}
