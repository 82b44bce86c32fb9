/* What ss(8) is told of UDP sockets (sock_diag(7)). Under the network lock. */
#include "net/inet/diag.h"
#include "net/inet/proc.h"
#include "net/lwip/port.h"
#include "lwip/udp.h"
#include <linux/errno.h>

COMPONENT("sock-diag", "netlink sockets that list sockets, for ss");

static int dump_udp(struct netlink_reply *r, const struct nlmsghdr *request)
{
	const struct inet_diag_req_v2 *q = diag_request(request);

	if (!q)
		return -EINVAL;
	net_lock();
	for (const struct udp_pcb *pcb = udp_pcbs; pcb; pcb = pcb->next) {
		bool connected = pcb->flags & UDP_FLAGS_CONNECTED;
		struct inet_shown shown = { 0 };
		struct diag_socket d = {
			.local = &pcb->local_ip, .local_port = pcb->local_port, .remote = connected ? &pcb->remote_ip : NULL,
			.remote_port = connected ? pcb->remote_port : 0, .state = connected ? 1 : 7,
		};

		dgram_describe(pcb, &shown);
		d.socket = shown.socket;
		d.receiving = shown.received;
		diag_put(r, q, &d);
	}
	net_unlock();
	return 0;
}
SET_ENTRY(sock_diag, udp, struct sock_diag) = { "udp", dump_udp, AF_INET, IPPROTO_UDP, 0 };
