/* lwIP's one lock, and what must happen before it is let go (net/lwip/port.c).
 *
 * All of lwIP, and everything that its call-backs touch, is under net_lock(): a spinlock of RANK_NET, so nothing under
 * it sleeps or copies from and to programs. Frames for ourselves and kicks of network cards are collected under the
 * lock and done when it is released, so that one kick serves many frames and no input runs within output.
 */
#ifndef NET_LWIP_PORT_H
#define NET_LWIP_PORT_H

#include <core/lock.h>

extern struct spinlock net_lock_;
extern uint32_t net_pending;

#define NET_PENDING_LOOPBACK 1u /* loopback_run() */
#define NET_PENDING_FLUSH    2u /* device_flush() */

void net_finish_(void);

static inline void net_lock(void)
{
	spin_lock(&net_lock_);
}
static inline void net_unlock(void)
{
	if (net_pending)
		net_finish_();
	spin_unlock(&net_lock_);
}

/** net_poll_devices() - take in what cards have received, and back what they have sent. Under the lock. */
void net_poll_devices(void);
/** net_cards_starve() - a card has no buffers to receive into, and found no memory for them. Under the lock. */
bool net_cards_starve(void);
/** device_flush() - kick the cards that were given frames. Under the lock. */
void device_flush(void);
/** loopback_run() - take in the packets that we sent to ourselves. Under the lock. */
void loopback_run(void);

#endif
