/* Options of TCP sockets: tcp(7), ip(7), and those of socket(7) that TCP must know of. */
#include "net/inet/stream.h"
#include "net/lwip/port.h"
#include "lwip/priv/tcp_priv.h"
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/tcp.h>
#include <asm/socket.h>

COMPONENT("inet", "IPv4 and TCP sockets, over lwIP");

#define MSEC             1000u
#define SEGMENT_MIN      88    /* Linux's bounds of TCP_MAXSEG, and the least of TCP_WINDOW_CLAMP */
#define SEGMENT_MAX      32767
#define WINDOW_CLAMP_MIN 1152

void stream_apply_options(struct stream *st, struct tcp_pcb *pcb)
{
	const struct stream_options *o = &st->options;

	if (o->nodelay)
		tcp_nagle_disable(pcb);
	else
		tcp_nagle_enable(pcb);
	if (o->keepalive)
		ip_set_option(pcb, SOF_KEEPALIVE);
	else
		ip_reset_option(pcb, SOF_KEEPALIVE);
	pcb->keep_idle = o->keep_idle * MSEC;
	pcb->keep_intvl = o->keep_interval * MSEC;
	pcb->keep_cnt = o->keep_count;
	pcb->netif_idx = inet_lwip_index(&o->ip);
	pcb->tos = o->ip.tos;
	pcb->ttl = o->ip.ttl;
}

/* Apply to the connection, and send what was held back. */
static void options_changed(struct stream *st, bool push)
{
	net_lock();
	if (st->pcb && st->state != STREAM_LISTENING) {
		stream_apply_options(st, st->pcb);
		if (st->state == STREAM_CONNECTED) {
			if (st->options.at_once && (st->pcb->flags & TF_ACK_DELAY))
				tcp_ack_now(st->pcb);
			if (push || (st->pcb->flags & TF_ACK_NOW))
				tcp_output(st->pcb);
		}
	}
	net_unlock();
}

static int set_number(uint32_t *to, int value, int least, int most)
{
	if (value < least || value > most)
		return -EINVAL;
	*to = (uint32_t)value;
	return 0;
}

void stream_limits(struct stream *st, struct tcp_pcb *pcb)
{
	if (st->options.max_segment)
		pcb->mss = MIN(pcb->mss, st->options.max_segment);
}

bool stream_unsent_full(struct stream *st)
{
	bool full;

	net_lock();
	full = st->pcb && st->state == STREAM_CONNECTED && st->pcb->snd_lbb - st->pcb->snd_nxt >= st->options.notsent_low;
	if (full)
		st->starved = true;
	net_unlock();
	return full;
}

/* lwIP is about to tell @remote, a connection's, in a SYN which segments we take. */
u16_t net_tcp_offered_mss(u16_t most, struct netif *out, const ip_addr_t *remote)
{
	const struct tcp_pcb *pcb = container_of(remote, struct tcp_pcb, remote_ip);
	const struct stream *st = pcb->callback_arg; /* of one that came to a listener: the listener's */

	most = (tcp_eff_send_mss_netif)(most, out, remote);
	return st && st->options.max_segment ? MIN(most, st->options.max_segment) : most;
}

static int set_clamp(struct stream *st, int v)
{
	int r = 0;

	net_lock();
	if (v)
		st->options.window_clamp = (uint32_t)MAX(v, WINDOW_CLAMP_MIN);
	else if (st->state != STREAM_FRESH && st->state != STREAM_FAILED)
		r = -EINVAL;
	else
		st->options.window_clamp = 0;
	net_unlock();
	return r;
}

static int set_fast_open(struct stream *st, int option, int v)
{
	enum stream_state state = READ_ONCE(st->state);

	if (option == TCP_FASTOPEN_CONNECT) /* it waits for a cookie, which nobody gives: connect() stays as it is */
		return v < 0 || v > 1 || state != STREAM_FRESH ? -EINVAL : 0;
	if (v < 0 || (state != STREAM_FRESH && state != STREAM_LISTENING))
		return -EINVAL;
	st->options.fast_open = (uint32_t)v;
	return 0;
}

static int set_tcp(struct stream *st, int option, int v)
{
	struct stream_options *o = &st->options;

	switch (option) {
	case TCP_NODELAY:
		o->nodelay = v;
		return 0;
	case TCP_CORK:
		o->cork = v;
		return 0;
	case TCP_KEEPIDLE: return set_number(&o->keep_idle, v, 1, 32767);
	case TCP_KEEPINTVL: return set_number(&o->keep_interval, v, 1, 32767);
	case TCP_KEEPCNT: return set_number(&o->keep_count, v, 1, 127);
	case TCP_USER_TIMEOUT: return set_number(&o->user_timeout, v, 0, INT32_MAX);
	case TCP_DEFER_ACCEPT:
		o->defer_accept = stream_defer_seconds(v);
		return 0;
	case TCP_SYNCNT: return set_number(&o->syn_count, v, 1, 127);
	case TCP_LINGER2: return set_number(&o->linger2, v, INT32_MIN, INT32_MAX);
	case TCP_QUICKACK:
		o->quick = o->at_once = v;
		return 0;
	case TCP_MAXSEG:
		if (v && (v < SEGMENT_MIN || v > SEGMENT_MAX))
			return -EINVAL;
		o->max_segment = (uint16_t)v;
		return 0;
	case TCP_WINDOW_CLAMP: return set_clamp(st, v);
	case TCP_FASTOPEN:
	case TCP_FASTOPEN_CONNECT: return set_fast_open(st, option, v);
	case TCP_NOTSENT_LOWAT:
		WRITE_ONCE(o->notsent_low, (uint32_t)v);
		socket_wake(st->socket, EPOLLOUT | EPOLLWRNORM); /* there may be room by now */
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

int stream_setsockopt(struct socket *s, int level, int option, const void *value, unsigned len)
{
	struct stream *st = s->private;
	int v, r;

	if (level == SOL_TCP) {
		if (option == TCP_CONGESTION)
			return len >= 4 && !memcmp(value, "reno", 4) ? 0 : -ENOENT;
		if (len < sizeof(int))
			return -EINVAL;
		__builtin_memcpy(&v, value, sizeof(v));
		r = set_tcp(st, option, v);
		if (!r)
			options_changed(st, option == TCP_NODELAY || option == TCP_CORK);
		return r;
	}
	if (level == SOL_IPV6 && option == IPV6_V6ONLY && READ_ONCE(st->local_port))
		return -EINVAL;
	r = inet_setsockopt(s, &st->options.ip, level, option, value, len);
	if (!r)
		options_changed(st, false);
	return r;
}

/* By lwIP's enum tcp_state. */
unsigned stream_state_number(unsigned state)
{
	static const uint8_t number[] = { 7, 10, 2, 3, 1, 4, 5, 8, 11, 9, 6 };

	return number[state];
}

void stream_info(const struct tcp_pcb *pcb, struct tcp_info *out)
{
	*out = (struct tcp_info){ .tcpi_state = (uint8_t)stream_state_number(pcb->state) };
	out->tcpi_snd_mss = pcb->mss;
	out->tcpi_rcv_mss = pcb->mss;
	out->tcpi_advmss = pcb->mss;
	out->tcpi_pmtu = 1500;
	out->tcpi_rto = (uint32_t)pcb->rto * TCP_SLOW_INTERVAL * 1000u;
	out->tcpi_ato = TCP_TMR_INTERVAL * 1000u;
	out->tcpi_snd_cwnd = pcb->cwnd / (pcb->mss ? pcb->mss : 1);
	out->tcpi_snd_ssthresh = pcb->ssthresh / (pcb->mss ? pcb->mss : 1);
	out->tcpi_rcv_space = pcb->rcv_wnd;
	out->tcpi_retransmits = pcb->nrtx;
	out->tcpi_unacked = pcb->snd_queuelen;
	out->tcpi_rtt = (uint32_t)MAX(pcb->sa >> 3, 0) * TCP_SLOW_INTERVAL * 1000u;
	if (pcb->flags & TF_WND_SCALE) {
		out->tcpi_options |= TCPI_OPT_WSCALE;
		out->tcpi_snd_wscale = pcb->snd_scale & 15;
		out->tcpi_rcv_wscale = pcb->rcv_scale & 15;
	}
	if (pcb->flags & TF_SACK)
		out->tcpi_options |= TCPI_OPT_SACK;
}

/* tcp(7), TCP_INFO: what we know, in Linux's words. */
static int get_info(struct stream *st, void *value, unsigned len)
{
	struct tcp_info info = { .tcpi_state = 7 };

	net_lock();
	if (st->pcb && st->state != STREAM_LISTENING) {
		stream_info(st->pcb, &info);
	} else if (st->pcb) {
		info.tcpi_state = (uint8_t)stream_state_number(LISTEN);
		info.tcpi_unacked = st->accept_count;
		info.tcpi_sacked = st->backlog;
	}
	net_unlock();
	_Static_assert(sizeof(info) <= SOCKET_OPTION_MAX, "TCP_INFO");
	__builtin_memcpy(value, &info, sizeof(info));
	return (int)MIN((size_t)len, sizeof(info));
}

int stream_getsockopt(struct socket *s, int level, int option, void *value, unsigned len)
{
	struct stream *st = s->private;
	const struct stream_options *o = &st->options;
	uint32_t v;

	if (level != SOL_TCP) {
		int r = inet_get_mtu(level, option, READ_ONCE(st->state) == STREAM_CONNECTED ? &st->remote : NULL, value);

		return r != -ENOPROTOOPT ? r : inet_getsockopt(s, &o->ip, level, option, value, len);
	}
	switch (option) {
	case TCP_NODELAY: v = o->nodelay; break;
	case TCP_CORK: v = o->cork; break;
	case TCP_KEEPIDLE: v = o->keep_idle; break;
	case TCP_KEEPINTVL: v = o->keep_interval; break;
	case TCP_KEEPCNT: v = o->keep_count; break;
	case TCP_USER_TIMEOUT: v = o->user_timeout; break;
	case TCP_DEFER_ACCEPT: v = o->defer_accept; break;
	case TCP_SYNCNT: v = o->syn_count; break;
	case TCP_LINGER2: v = o->linger2; break;
	case TCP_MAXSEG: v = READ_ONCE(st->mss) ? READ_ONCE(st->mss) : o->max_segment ? o->max_segment : 536; break;
	case TCP_QUICKACK: v = o->quick; break;
	case TCP_FASTOPEN: v = o->fast_open; break;
	case TCP_FASTOPEN_CONNECT: v = 0; break;
	case TCP_NOTSENT_LOWAT: v = o->notsent_low; break;
	case TCP_WINDOW_CLAMP: v = o->window_clamp; break;
	case TCP_INFO: return get_info(st, value, len);
	case TCP_CONGESTION:
		__builtin_memcpy(value, "reno", 5);
		return 5;
	default: return -ENOPROTOOPT;
	}
	__builtin_memcpy(value, &v, sizeof(v));
	return sizeof(v);
}

void stream_option_changed(struct socket *s, int option)
{
	struct stream *st = s->private;

	if (option != SO_KEEPALIVE)
		return;
	st->options.keepalive = s->options & SOCKET_OPTION_KEEPALIVE;
	options_changed(st, false);
}
