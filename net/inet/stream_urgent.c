/* A byte out of band (tcp(7); RFC 6093): MSG_OOB, SO_OOBINLINE, SIOCATMARK.
 *
 * lwIP knows nothing of it: the pointer is written into the header of a queued segment, and read from that of a received
 * one before lwIP looks (its hook for each segment, net_tcp_urgent()). The byte stays in the stream's buffers, where a
 * reader stops before it and steps over it. As on Linux the pointer points behind the byte, and a newer one replaces an
 * older. Left out: SIGURG.
 */
#include "net/inet/stream.h"
#include "net/lwip/port.h"
#include "arch/hooks.h"
#include "lwip/priv/tcp_priv.h"

COMPONENT("inet", "IPv4 and TCP sockets, over lwIP");

void stream_mark_urgent(struct tcp_pcb *pcb, struct tcp_seg *last)
{
	TCPH_SET_FLAG(last->tcphdr, TCP_URG);
	last->tcphdr->urgp = lwip_htons(last->len);
}

/* lwIP's header is in host order by now. */
void net_tcp_urgent(struct tcp_pcb *pcb, const struct tcp_hdr *h)
{
	struct stream *st = pcb->callback_arg;
	uint32_t seq = h->seqno + lwip_ntohs(h->urgp) - 1;

	if (pcb->state < ESTABLISHED || !st || !lwip_ntohs(h->urgp))
		return;
	if (TCP_SEQ_LT(seq, pcb->rcv_nxt - st->received) || (st->urgent != URGENT_NONE && !TCP_SEQ_GT(seq, st->urgent_seq)))
		return;
	st->urgent_seq = seq;
	WRITE_ONCE(st->urgent, URGENT_UNREAD);
	if (st->socket)
		socket_wake(st->socket, EPOLLPRI);
}

uint32_t stream_urgent_ahead(const struct stream *st)
{
	uint32_t ahead;

	if (st->urgent == URGENT_NONE || !st->pcb)
		return UINT32_MAX;
	ahead = st->urgent_seq - (st->pcb->rcv_nxt - st->received);
	if (st->fin)
		ahead++; /* the end counts as a byte received */
	return ahead > INT32_MAX ? UINT32_MAX : ahead;
}

void stream_skip_urgent(struct stream *st)
{
	net_lock();
	if (stream_urgent_ahead(st) || !st->received) {
		net_unlock();
		return;
	}
	WRITE_ONCE(st->urgent, URGENT_NONE);
	net_unlock();
	stream_consume(st, 1);
}

/* The byte itself, if it has come. Return: 1, 0: not yet. */
static int urgent_byte(struct stream *st, char *out)
{
	uint32_t ahead = stream_urgent_ahead(st);

	if (ahead >= st->received)
		return 0;
	for (const struct pbuf *p = st->head; p; p = p->next) {
		if (ahead < p->len) {
			*out = ((const char *)p->payload)[ahead];
			return 1;
		}
		ahead -= p->len;
	}
	return 0;
}

ssize_t stream_recv_urgent(struct socket *s, struct io *io, struct socket_msg *m)
{
	struct stream *st = s->private;
	char byte;
	int there;

	m->flags |= MSG_DONTWAIT; /* it is never waited for */
	mutex_lock(&st->reading);
	net_lock();
	if ((s->options & SOCKET_OPTION_OOBINLINE) || st->urgent != URGENT_UNREAD) {
		net_unlock();
		mutex_unlock(&st->reading);
		return -EINVAL;
	}
	there = urgent_byte(st, &byte);
	if (there && !(m->flags & MSG_PEEK))
		WRITE_ONCE(st->urgent, URGENT_READ);
	net_unlock();
	mutex_unlock(&st->reading);
	if (!there)
		return -EAGAIN;
	m->flags_out |= MSG_OOB;
	return io->left && !io_put(io, &byte, 1) ? -EFAULT : 1;
}
