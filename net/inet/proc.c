/* What AF_INET shows in /proc/net and /proc/sys/net: connections of TCP, routes, the numbers in force (proc(5)).
 *
 * Addresses are written as a little-endian machine reads them from a packet, ports in order: so does Linux. */
#include "core/log.h"
#include "core/process.h"
#include "fs/proc/procfile.h"
#include "net/inet/device.h"
#include "net/inet/proc.h"
#include "net/inet/stream.h"
#include "net/lwip/port.h"
#include "lwip/priv/tcp_priv.h"

COMPONENT("inet", "IPv4 and TCP sockets, over lwIP");

static int show_net(struct text *out, const struct proc_target *of)
{
	text_add(out, "self/net");
	return 0;
}
PROC_LINK(net, "net", show_net, NULL);

static void add_address(struct text *out, const ip_addr_t *a, bool six)
{
	if (!six) {
		text_add(out, "%08X", a ? ip_addr_get_ip4_u32(a) : 0);
		return;
	}
	for (unsigned i = 0; i < 4; i++)
		text_add(out, "%08X", a && IP_IS_V6(a) ? ip_2_ip6(a)->addr[i] : 0);
}

void inet_show_socket(struct text *out, const struct inet_shown *s)
{
	size_t start = out->length;

	text_add(out, "%4u: ", s->index);
	add_address(out, s->local, s->six);
	text_add(out, ":%04X ", s->local_port);
	add_address(out, s->remote, s->six);
	text_add(out, ":%04X %02X %08X:%08X 00:00000000 %08X %5u        0 %lu 1 %016x", s->remote_port, s->state, s->sending, s->received, s->retransmissions,
		 current->process ? current->process->credentials.euid : 0, /* who asks is who has them all */
		 s->socket && s->socket->file ? (unsigned long)file_number(s->socket->file) : 0ul, 0);
	text_column(out, start, s->six ? 0 : 149);
	text_put(out, "\n", 1);
}

/* Linux's numbers of lwIP's states, in the order of those. */
static const uint8_t state_number[] = {
	[CLOSED] = 7, [LISTEN] = 10, [SYN_SENT] = 2, [SYN_RCVD] = 3, [ESTABLISHED] = 1, [FIN_WAIT_1] = 4,
	[FIN_WAIT_2] = 5, [CLOSE_WAIT] = 8, [CLOSING] = 11, [LAST_ACK] = 9, [TIME_WAIT] = 6,
};

static void show_listener(struct text *out, const struct tcp_pcb_listen *pcb, unsigned index)
{
	const struct stream *st = pcb->callback_arg;
	struct inet_shown s = {
		.index = index,
		.local = &pcb->local_ip,
		.six = inet_shown_as_six(&pcb->local_ip),
		.local_port = pcb->local_port,
		.state = state_number[LISTEN],
		.received = st ? st->accept_count : 0,
		.socket = st ? st->socket : NULL,
	};

	inet_show_socket(out, &s);
}

static void show_connection(struct text *out, const struct tcp_pcb *pcb, unsigned index)
{
	/* While the handshake is under way, it is the listener's. */
	const struct stream *st = pcb->state == SYN_RCVD ? NULL : pcb->callback_arg;
	struct inet_shown s = {
		.index = index,
		.local = &pcb->local_ip,
		.six = inet_shown_as_six(&pcb->local_ip),
		.remote = &pcb->remote_ip,
		.local_port = pcb->local_port,
		.remote_port = pcb->remote_port,
		.state = state_number[pcb->state],
		.sending = pcb->snd_lbb - pcb->lastack,
		.received = st ? st->received : 0,
		.retransmissions = pcb->nrtx,
		.socket = st ? st->socket : NULL,
	};

	inet_show_socket(out, &s);
}

static int show_tcp_of(struct text *out, bool six)
{
	unsigned index = 0;

	text_add(out, "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode");
	text_column(out, 0, 149);
	text_put(out, "\n", 1);
	net_lock();
	for (struct tcp_pcb_listen *l = tcp_listen_pcbs.listen_pcbs; l; l = l->next)
		if (inet_shown_as_six(&l->local_ip) == six)
			show_listener(out, l, index++);
	for (struct tcp_pcb *p = tcp_active_pcbs; p; p = p->next)
		if (inet_shown_as_six(&p->local_ip) == six)
			show_connection(out, p, index++);
	for (struct tcp_pcb *p = tcp_tw_pcbs; p; p = p->next)
		if (inet_shown_as_six(&p->local_ip) == six)
			show_connection(out, p, index++);
	net_unlock();
	return 0;
}

static int show_tcp(struct text *out, const struct proc_target *of)
{
	return show_tcp_of(out, false);
}
PROC_FILE(net_tcp, "PID/net/tcp", show_tcp);

static int show_tcp6(struct text *out, const struct proc_target *of)
{
	return show_tcp_of(out, true);
}
PROC_FILE(net_tcp6, "PID/net/tcp6", show_tcp6);

static int show_sockstat(struct text *out, const struct proc_target *of)
{
	unsigned used = 0, waiting = 0, orphans = 0;

	net_lock();
	for (const struct tcp_pcb_listen *l = tcp_listen_pcbs.listen_pcbs; l; l = l->next)
		used++;
	for (const struct tcp_pcb *p = tcp_active_pcbs; p; p = p->next) {
		used++;
		orphans += !p->callback_arg;
	}
	for (const struct tcp_pcb *p = tcp_tw_pcbs; p; p = p->next)
		waiting++;
	net_unlock();
	text_add(out, "sockets: used %u\nTCP: inuse %u orphan %u tw %u alloc %u mem 0\n", used, used, orphans, waiting, used + waiting);
	return 0;
}
PROC_FILE(net_sockstat, "PID/net/sockstat", show_sockstat);

static void add_route(struct text *out, unsigned device, uint32_t to, uint32_t gateway, uint32_t mask)
{
	text_add(out, "eth%u\t%08X\t%08X\t%04X\t0\t0\t0\t%08X\t0\t0\t0\n", device, to, gateway, gateway ? 3 : 1, mask);
}

static int show_route(struct text *out, const struct proc_target *of)
{
	text_add(out, "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n");
	net_lock();
	for_each_inet_device(d) {
		uint32_t address = ip4_addr_get_u32(netif_ip4_addr(&d->netif));
		uint32_t mask = ip4_addr_get_u32(netif_ip4_netmask(&d->netif));
		uint32_t gateway = ip4_addr_get_u32(netif_ip4_gw(&d->netif));

		if (gateway && &d->netif == netif_default)
			add_route(out, d->index, 0, gateway, 0);
		if (address)
			add_route(out, d->index, address & mask, 0, mask);
	}
	net_unlock();
	return 0;
}
PROC_FILE(net_route, "PID/net/route", show_route);

/* Columns without a counter behind them are things that do not happen here. */
static void add_interface(struct text *out, const char *name, const struct inet_count *received,
			  const struct inet_count *sent)
{
	text_add(out, "%6s: %7lu %7lu    0 %4lu    0     0          0         0 %8lu %7lu    0 %4lu    0     0       0          0\n",
		 name, (unsigned long)received->bytes, (unsigned long)received->packets, (unsigned long)received->dropped,
		 (unsigned long)sent->bytes, (unsigned long)sent->packets, (unsigned long)sent->dropped);
}

static int show_dev(struct text *out, const struct proc_target *of)
{
	char name[16];

	text_add(out, "Inter-|   Receive                                                |  Transmit\n"
		      " face |bytes    packets errs drop fifo frame compressed multicast"
		      "|bytes    packets errs drop fifo colls carrier compressed\n");
	net_lock();
	add_interface(out, "lo", &loopback_count, &loopback_count);
	for_each_inet_device(d) {
		format_text(name, sizeof(name), "eth%u", d->index);
		add_interface(out, name, &d->received, &d->sent);
	}
	net_unlock();
	return 0;
}
PROC_FILE(net_dev, "PID/net/dev", show_dev);

PROC_CONSTANT(sys_port_range, "sys/net/ipv4/ip_local_port_range", "32768\t60999\n"); /* lwipopts.h */
PROC_NUMBER(sys_keepalive_time, "sys/net/ipv4/tcp_keepalive_time", TCP_KEEPIDLE_DEFAULT / 1000);
PROC_NUMBER(sys_keepalive_intvl, "sys/net/ipv4/tcp_keepalive_intvl", TCP_KEEPINTVL_DEFAULT / 1000);
PROC_NUMBER(sys_keepalive_probes, "sys/net/ipv4/tcp_keepalive_probes", TCP_KEEPCNT_DEFAULT);
