/* What ss(8) is told of TCP sockets (sock_diag(7)). Under the network lock. */
#include "net/inet/diag.h"
#include "core/process.h"
#include "net/inet/stream.h"
#include "net/lwip/port.h"
#include "lwip/priv/tcp_priv.h"
#include <linux/errno.h>
#include <linux/tcp.h>

COMPONENT("sock-diag", "netlink sockets that list sockets, for ss");

const struct inet_diag_req_v2 *diag_request(const struct nlmsghdr *request)
{
	return request->nlmsg_len < NLMSG_LENGTH(sizeof(struct inet_diag_req_v2)) ? NULL : NLMSG_DATA(request);
}

static void set_address(__be32 to[4], const ip_addr_t *a)
{
	__builtin_memset(to, 0, 16);
	if (a && IP_IS_V6(a))
		__builtin_memcpy(to, ip_2_ip6(a)->addr, 16);
	else if (a)
		to[0] = ip4_addr_get_u32(ip_2_ip4(a));
}

bool diag_put(struct netlink_reply *r, const struct inet_diag_req_v2 *q, const struct diag_socket *d)
{
	unsigned family = IP_IS_V4(d->local) ? AF_INET : AF_INET6;
	struct inet_diag_msg *m;
	uint8_t bit = 0;

	if (q->sdiag_family != family || !(q->idiag_states >> d->state & 1))
		return false;
	m = netlink_begin(r, SOCK_DIAG_BY_FAMILY, NLM_F_MULTI, sizeof(*m));
	if (!m)
		return false;
	m->idiag_family = (uint8_t)family;
	m->idiag_state = (uint8_t)d->state;
	m->id.idiag_sport = lwip_htons(d->local_port);
	m->id.idiag_dport = lwip_htons(d->remote_port);
	set_address(m->id.idiag_src, d->local);
	set_address(m->id.idiag_dst, d->remote);
	if (family == AF_INET6 && IP_IS_V6(d->local) && ip6_addr_has_zone(ip_2_ip6(d->local)))
		m->id.idiag_if = ip6_addr_zone(ip_2_ip6(d->local));
	m->idiag_rqueue = d->receiving;
	m->idiag_wqueue = d->sending;
	if (d->socket) {
		m->idiag_uid = current->process->credentials.euid;
		m->idiag_inode = d->socket->file ? (uint32_t)file_number(d->socket->file) : 0;
		__builtin_memcpy(m->id.idiag_cookie, &m->idiag_inode, sizeof(m->idiag_inode));
		if (family == AF_INET6) {
			bit = (d->socket->options & SOCKET_OPTION_V6ONLY) != 0;
			netlink_attribute(r, INET_DIAG_SKV6ONLY, &bit, 1);
		}
	}
	netlink_attribute(r, INET_DIAG_SHUTDOWN, &(uint8_t){ 0 }, 1);
	return true;
}

static void put_listener(struct netlink_reply *r, const struct inet_diag_req_v2 *q, struct tcp_pcb_listen *l)
{
	const struct stream *st = l->callback_arg;
	struct diag_socket d = {
		.socket = st ? st->socket : NULL, .local = &l->local_ip, .local_port = l->local_port, .state = 10,
		.receiving = st ? st->accept_count : 0, .sending = st ? st->backlog : 0,
	};

	diag_put(r, q, &d);
}

static void put_connection(struct netlink_reply *r, const struct inet_diag_req_v2 *q, struct tcp_pcb *pcb)
{
	struct stream *st = pcb->state == SYN_RCVD ? NULL : pcb->callback_arg;
	struct diag_socket d = {
		.socket = st ? st->socket : NULL, .local = &pcb->local_ip, .remote = &pcb->remote_ip, .local_port = pcb->local_port,
		.remote_port = pcb->remote_port, .state = stream_state_number(pcb->state), .receiving = st ? st->received : 0,
		.sending = pcb->snd_lbb - pcb->lastack,
	};
	struct tcp_info info;

	if (!diag_put(r, q, &d))
		return;
	if (q->idiag_ext & 1 << (INET_DIAG_INFO - 1)) {
		stream_info(pcb, &info);
		netlink_attribute(r, INET_DIAG_INFO, &info, sizeof(info));
	}
	if (q->idiag_ext & 1 << (INET_DIAG_CONG - 1))
		netlink_attribute(r, INET_DIAG_CONG, "reno", 5);
}

static int dump_tcp(struct netlink_reply *r, const struct nlmsghdr *request)
{
	const struct inet_diag_req_v2 *q = diag_request(request);

	if (!q)
		return -EINVAL;
	net_lock();
	for (struct tcp_pcb_listen *l = tcp_listen_pcbs.listen_pcbs; l; l = l->next)
		put_listener(r, q, l);
	for (struct tcp_pcb *p = tcp_active_pcbs; p; p = p->next)
		put_connection(r, q, p);
	for (struct tcp_pcb *p = tcp_tw_pcbs; p; p = p->next)
		put_connection(r, q, p);
	net_unlock();
	return 0;
}
SET_ENTRY(sock_diag, tcp, struct sock_diag) = { "tcp", dump_tcp, AF_INET, IPPROTO_TCP, 0 };
