/* /proc/net/udp (proc(5)); in a kernel with UDP only. */
#include "fs/proc/procfile.h"
#include "net/inet/proc.h"
#include "net/lwip/port.h"
#include "lwip/udp.h"

COMPONENT("udp", "UDP sockets");

#define STATE_OPEN   7u /* Linux's number of a socket that is not connected */
#define STATE_JOINED 1u

static int show_udp_of(struct text *out, bool six)
{
	unsigned index = 0;

	text_add(out, "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode");
	text_column(out, 0, 149);
	text_put(out, "\n", 1);
	net_lock();
	for (const struct udp_pcb *pcb = udp_pcbs; pcb; pcb = pcb->next) {
		bool connected = pcb->flags & UDP_FLAGS_CONNECTED;
		struct inet_shown s = {
			.index = index++,
			.local = &pcb->local_ip,
			.six = six,
			.local_port = pcb->local_port,
			.remote = connected ? &pcb->remote_ip : NULL,
			.remote_port = connected ? pcb->remote_port : 0,
			.state = connected ? STATE_JOINED : STATE_OPEN,
		};

		if (inet_shown_as_six(&pcb->local_ip) != six)
			continue;
		dgram_describe(pcb, &s);
		inet_show_socket(out, &s);
	}
	net_unlock();
	return 0;
}

static int show_udp(struct text *out, const struct proc_target *of)
{
	return show_udp_of(out, false);
}
PROC_FILE(net_udp, "PID/net/udp", show_udp);

static int show_udp6(struct text *out, const struct proc_target *of)
{
	return show_udp_of(out, true);
}
PROC_FILE(net_udp6, "PID/net/udp6", show_udp6);
