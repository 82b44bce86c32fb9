/* Ticks under the network lock (timers.c). */
#ifndef NET_LWIP_TIMERS_H
#define NET_LWIP_TIMERS_H

#include <core/deferred.h>
#include <core/timer.h>

struct net_timer {
	struct timer timer;
	struct deferred work;
	bool (*tick)(void);   /* I; under the network lock. Return: go on */
	unsigned interval_ms; /* I */
	bool armed;           /* network lock */
};

/** net_timer_start() - tick every interval_ms until the tick says no; nothing if it does already. Network lock held. */
void net_timer_start(struct net_timer *t);
/** net_link_timer_start() - there is a card: addresses and fragments age from now on. */
void net_link_timer_start(void);
/** net_link_wake() - a frame came or went while the ticks were slow (net_link_slow). Network lock held. */
void net_link_wake(void);
extern bool net_link_slow; /* network lock */

#endif
