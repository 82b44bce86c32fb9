/* lwIP's lock and its random numbers (port.h). */
#include "net/lwip/port.h"
#include "core/random.h"
#include "lwip/opt.h"

COMPONENT("inet", "IPv4 and TCP sockets, over lwIP");

struct spinlock net_lock_ = SPINLOCK_INIT(RANK_NET);
uint32_t net_pending; /* net lock: NET_PENDING_* */

void net_finish_(void)
{
	while (net_pending) {
		if (net_pending & NET_PENDING_LOOPBACK) {
			net_pending &= ~NET_PENDING_LOOPBACK;
			loopback_run();
		} else {
			net_pending &= ~NET_PENDING_FLUSH;
			device_flush();
		}
	}
}

uint32_t net_random(void)
{
	uint32_t r;

	random_bytes(&r, sizeof(r));
	return r;
}
