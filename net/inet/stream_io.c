/* Bytes of TCP sockets. One copy each way: from the program into the buffer that the card sends from, and from the
 * buffer that the card (or the loopback) received into to the program.
 *
 * Sending: buffers of one segment each are filled without a lock, then queued to lwIP together under it, as its
 * tcp_write() would do, and sent by one tcp_output(). Receiving: the call-back queues buffers; a reader, one at a time
 * (stream->reading), copies from them without the network lock, and takes that once to free them and open the window.
 */
#include "net/inet/stream.h"
#include "net/lwip/port.h"
#include "arch/hooks.h"
#include "lwip/priv/tcp_priv.h"

COMPONENT("inet", "IPv4 and TCP sockets, over lwIP");

#define CHUNK_MAX (64u * 1024) /* bytes that are copied before they are queued */
#define JOIN_MAX  512u         /* bytes that are copied again, to join a segment that waits */

err_t stream_received(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t error)
{
	struct stream *st = arg;
	struct pbuf *last;

	if (!st) { /* closed: lwIP resets if data comes */
		if (p)
			pbuf_free(p);
		return ERR_OK;
	}
	if (unlikely(st->deferred_at)) {
		struct stream *listener = st->deferred_at;

		stream_undefer(st);
		stream_show(listener, st);
	}
	if (unlikely(st->options.at_once))
		tcp_ack_now(pcb);
	if (!p) {
		st->fin = true;
		if (st->socket)
			socket_wake(st->socket, EPOLLIN | EPOLLRDNORM | EPOLLRDHUP | (st->shut_write ? EPOLLHUP : 0));
		return ERR_OK;
	}
	for (last = p; last->next;)
		last = last->next;
	st->received += p->tot_len;
	if (st->tail)
		__atomic_store_n(&st->tail->next, p, __ATOMIC_RELEASE); /* a reader follows it */
	else
		__atomic_store_n(&st->head, p, __ATOMIC_RELEASE);
	st->tail = last;
	if (st->socket)
		socket_wake(st->socket, EPOLLIN | EPOLLRDNORM);
	return ERR_OK;
}

void stream_drop(struct stream *st)
{
	while (st->head) {
		struct pbuf *p = st->head;

		st->head = p->next;
		p->next = NULL;
		pbuf_free(p);
	}
	st->tail = NULL;
	st->received = 0;
}

void stream_consume(struct stream *st, size_t n)
{
	size_t left = n;

	net_lock();
	st->received -= (uint32_t)n;
	while (st->head && left >= st->head->len) {
		struct pbuf *p = st->head;

		left -= p->len;
		st->head = p->next;
		if (!p->next)
			st->tail = NULL;
		p->next = NULL;
		pbuf_free(p);
	}
	if (left) {
		st->head->payload = (char *)st->head->payload + left;
		st->head->len = (u16_t)(st->head->len - left);
	}
	if (st->pcb) {
		for (; n > UINT16_MAX; n -= UINT16_MAX)
			tcp_recved(st->pcb, UINT16_MAX);
		tcp_recved(st->pcb, (u16_t)n);
	}
	net_unlock();
}

/* Why there is nothing to read. */
static ssize_t nothing(struct socket *s, struct stream *st)
{
	int r = socket_take_error(s);

	if (r)
		return r;
	if (READ_ONCE(st->state) == STREAM_CONNECTING)
		return -EAGAIN;
	if (READ_ONCE(st->state) != STREAM_CONNECTED)
		return -ENOTCONN;
	if (READ_ONCE(st->fin) || READ_ONCE(st->shut_read))
		return READ_ONCE(st->head) ? -EAGAIN : 0; /* data came in between */
	return -EAGAIN;
}

static inline size_t at_most(size_t a, size_t b, size_t c)
{
	a = MIN(a, b);
	return MIN(a, c);
}

/* How much may be read: up to the byte out of band. If that is next, it is stepped over, or read like others. */
static size_t until_urgent(struct socket *s, struct stream *st, const struct socket_msg *m)
{
	uint32_t ahead;

	net_lock();
	ahead = stream_urgent_ahead(st);
	if (!ahead && (s->options & SOCKET_OPTION_OOBINLINE) && !(m->flags & MSG_PEEK))
		WRITE_ONCE(st->urgent, URGENT_NONE);
	net_unlock();
	if (ahead)
		return ahead;
	if (!(s->options & SOCKET_OPTION_OOBINLINE))
		stream_skip_urgent(st);
	return SIZE_MAX;
}

ssize_t stream_recvmsg(struct socket *s, struct io *io, struct socket_msg *m)
{
	struct stream *st = s->private;
	struct pbuf *p = __atomic_load_n(&st->head, __ATOMIC_ACQUIRE);
	size_t done = 0, most = SIZE_MAX;

	if (unlikely(m->flags & MSG_OOB))
		return stream_recv_urgent(s, io, m);
	if (unlikely(m->flags & MSG_ERRQUEUE)) {
		m->flags |= MSG_DONTWAIT;
		return -EAGAIN;
	}
	if (!p)
		return nothing(s, st);
	mutex_lock(&st->reading);
	if (unlikely(READ_ONCE(st->urgent)))
		most = until_urgent(s, st, m);
	for (p = __atomic_load_n(&st->head, __ATOMIC_ACQUIRE); p && io->left && most > done;
	     p = __atomic_load_n(&p->next, __ATOMIC_ACQUIRE)) {
		size_t n = at_most(io->left, most - done, p->len), moved = n;

		if (unlikely(m->flags & MSG_TRUNC)) /* tcp(7): thrown away, not copied */
			io_skip(io, n);
		else
			moved = io_put(io, p->payload, n);
		done += moved;
		if (unlikely(moved < n))
			break;
	}
	if (done && !(m->flags & MSG_PEEK))
		stream_consume(st, done);
	mutex_unlock(&st->reading);
	if (done)
		return (ssize_t)done;
	return io->left ? p ? -EFAULT : -EAGAIN : 0; /* another reader was faster */
}

/* Space is reserved before bytes are copied, and given back when they are acknowledged. */
static size_t reserve(struct stream *st, size_t wanted)
{
	uint32_t space = READ_ONCE(st->space), n;

	do {
		n = (uint32_t)MIN(wanted, (size_t)space);
		if (!n)
			return 0;
	} while (!__atomic_compare_exchange_n(&st->space, &space, space - n, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return n;
}

static void unreserve(struct stream *st, size_t n)
{
	__atomic_fetch_add(&st->space, (uint32_t)n, __ATOMIC_RELAXED);
}

err_t stream_acknowledged(void *arg, struct tcp_pcb *pcb, u16_t n)
{
	struct stream *st = arg;

	if (!st)
		return ERR_OK;
	__atomic_fetch_add(&st->space, n, __ATOMIC_SEQ_CST); /* then look; stream_poll() and starve() look the other way */
	if (unlikely(st->starved) && st->space >= TCP_SNDLOWAT && st->socket) {
		st->starved = false;
		socket_wake(st->socket, EPOLLOUT | EPOLLWRNORM);
	}
	return ERR_OK;
}

/* Somebody will wait for space. Return: there is some by now. */
static bool starve(struct stream *st)
{
	WRITE_ONCE(st->starved, true);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return READ_ONCE(st->space) != 0;
}

/* Join the bytes of @p to the segment that waits last, if they are few and its buffer has room. Return: done. */
static bool join(struct tcp_pcb *pcb, struct tcp_seg *last, struct pbuf *p)
{
	u16_t n = p->len;
	struct pbuf *end = last->p;

	if (n > JOIN_MAX || n > pcb->unsent_oversize || last->len + n > pcb->mss || end->next ||
	    (TCPH_FLAGS(last->tcphdr) & (TCP_SYN | TCP_FIN)))
		return false;
	__builtin_memcpy((char *)end->payload + end->len, p->payload, n);
	end->len = (u16_t)(end->len + n);
	end->tot_len = end->len;
	last->len = (u16_t)(last->len + n);
	pcb->unsent_oversize = (u16_t)(pcb->unsent_oversize - n);
	pcb->snd_lbb += n;
	pcb->snd_buf -= n;
	pbuf_free(p);
	return true;
}

/* Queue one buffer as a segment behind @last. Return: the segment; NULL: no memory, @p is freed. */
static struct tcp_seg *append(struct tcp_pcb *pcb, struct tcp_seg *last, struct pbuf *p)
{
	u16_t n = p->len;
	struct tcp_seg *seg = pcb->snd_queuelen < TCP_SNDQUEUELEN_OVERFLOW ? memp_malloc(MEMP_TCP_SEG) : NULL;

	if (!seg) {
		pbuf_free(p);
		return NULL;
	}
	pbuf_add_header(p, TCP_HLEN);
	seg->next = NULL;
	seg->p = p;
	seg->len = n;
	seg->flags = 0;
	seg->tcphdr = p->payload;
	seg->tcphdr->src = lwip_htons(pcb->local_port);
	seg->tcphdr->dest = lwip_htons(pcb->remote_port);
	seg->tcphdr->seqno = lwip_htonl(pcb->snd_lbb);
	TCPH_HDRLEN_FLAGS_SET(seg->tcphdr, TCP_HLEN / 4, TCP_PSH);
	seg->tcphdr->urgp = 0;
	if (last)
		last->next = seg;
	else
		pcb->unsent = seg;
	pcb->unsent_oversize = 0;
	pcb->snd_lbb += n;
	pcb->snd_buf -= n;
	pcb->snd_queuelen++;
	return seg;
}

/* Remember what the buffer of the segment that waits last could still take, if it was never sent. */
static void note_room(struct tcp_pcb *pcb)
{
	struct tcp_seg *last = pcb->unsent;
	const struct pbuf *p;

	while (last->next)
		last = last->next;
	p = last->p;
	if (!p->next && (p->type_internal & PBUF_TYPE_FLAG_STRUCT_DATA_CONTIGUOUS) &&
	    TCP_SEQ_GEQ(lwip_ntohl(last->tcphdr->seqno), pcb->snd_nxt)) {
		size_t used = (size_t)((const char *)p->payload - (const char *)p) + p->len;

		pcb->unsent_oversize = (u16_t)MIN(kmalloc_usable(p) - used, (size_t)UINT16_MAX);
	}
}

/* Hand filled buffers, chained by next, to TCP. Return: bytes queued. Network lock held. */
static size_t queue(struct stream *st, struct pbuf *p, unsigned flags)
{
	bool more = (flags & MSG_MORE) || st->options.cork;
	struct tcp_pcb *pcb = st->pcb;
	struct tcp_seg *last = pcb->unsent;
	size_t done = 0;

	net_tcp_busy();
	if (unlikely(st->options.user_timeout) && !pcb->unacked && !pcb->unsent)
		st->waits_since = tcp_ticks;
	while (last && last->next)
		last = last->next;
	while (p) {
		struct pbuf *next = p->next;
		u16_t n = p->len;

		p->next = NULL;
		if (last && pcb->unsent_oversize && join(pcb, last, p)) {
			done += n;
		} else {
			struct tcp_seg *seg = append(pcb, last, p);

			if (unlikely(!seg)) {
				for (p = next; p; p = next) {
					next = p->next;
					p->next = NULL;
					pbuf_free(p);
				}
				break;
			}
			last = seg;
			done += n;
		}
		p = next;
	}
	if (unlikely(flags & MSG_OOB) && last && done)
		stream_mark_urgent(pcb, last);
	/* MSG_MORE: less than a segment waits for more; if none comes, lwIP's slow timer sends it. */
	if (likely(!more || !last || last != pcb->unsent || last->len >= pcb->mss))
		tcp_output(pcb);
	if (unlikely(pcb->unsent) && !pcb->unsent_oversize)
		note_room(pcb);
	return done;
}

/* Buffers of one segment each with @n bytes of @io. *@got: bytes in them. *@error: why there are fewer. */
static struct pbuf *fill(struct stream *st, struct io *io, size_t n, size_t *got, int *error)
{
	u16_t mss = READ_ONCE(st->mss);
	struct pbuf *first = NULL, **end = &first;

	*got = 0;
	while (n) {
		u16_t part = (u16_t)MIN(n, (size_t)mss);
		struct pbuf *p = pbuf_alloc(PBUF_TRANSPORT, part, PBUF_RAM);
		size_t moved;

		if (unlikely(!p)) {
			*error = -ENOMEM;
			break;
		}
		moved = io_get(io, p->payload, part);
		if (unlikely(moved < part)) {
			*error = -EFAULT;
			p->len = p->tot_len = (u16_t)moved;
			n = part;
			if (!moved) {
				pbuf_free(p);
				break;
			}
		}
		*got += moved;
		*end = p;
		end = &p->next;
		n -= part;
	}
	return first;
}

static ssize_t cannot_send(struct socket *s, struct stream *st)
{
	int r = socket_take_error(s);

	if (r)
		return r;
	return READ_ONCE(st->state) == STREAM_CONNECTING ? -EAGAIN : -EPIPE;
}

/* Less was queued than was taken from the program, of which @before is the place: what was not is there for the next time. */
static ssize_t fell_short(struct socket *s, struct stream *st, struct io *io, const struct io *before, size_t queued, size_t done)
{
	*io = *before;
	io_skip(io, queued);
	if (done)
		return (ssize_t)done;
	if (READ_ONCE(st->state) == STREAM_CONNECTED && !READ_ONCE(st->shut_write) && !READ_ONCE(s->error))
		return -ENOMEM;
	return cannot_send(s, st);
}

/* tcp(7): connect, then send. No server of ours gave a cookie to send with (RFC 7413), so nothing goes with the SYN. */
static int stream_fast_open(struct socket *s, struct socket_msg *m)
{
	int r;

	if (READ_ONCE(((struct stream *)s->private)->state) == STREAM_CONNECTED)
		return -EISCONN;
	if (!m->name)
		return 0;
	r = s->ops->connect(s, (const struct sockaddr *)m->name, m->name_len);
	if (r != -EINPROGRESS)
		return r;
	m->flags &= ~MSG_FASTOPEN; /* what is left is to send */
	return m->flags & MSG_DONTWAIT ? r : -EAGAIN;
}

ssize_t stream_sendmsg(struct socket *s, struct io *io, struct socket_msg *m)
{
	struct stream *st = s->private;
	size_t done = 0;

	if (unlikely(m->flags & MSG_FASTOPEN)) {
		int r = stream_fast_open(s, m);

		if (r)
			return r;
	}
	if (unlikely(READ_ONCE(st->state) != STREAM_CONNECTED || READ_ONCE(st->shut_write) || READ_ONCE(s->error)))
		return cannot_send(s, st);
	while (io->left) {
		size_t wanted = MIN(io->left, (size_t)CHUNK_MAX), n = reserve(st, wanted), got, queued = 0;
		struct io before = *io;
		int error = 0;
		struct pbuf *p;

		if (unlikely(st->options.notsent_low) && n && stream_unsent_full(st)) {
			unreserve(st, n);
			return done ? (ssize_t)done : -EAGAIN;
		}
		if (unlikely(!n)) {
			if (starve(st))
				continue;
			if (!READ_ONCE(st->pcb))
				return done ? (ssize_t)done : cannot_send(s, st);
			return done ? (ssize_t)done : -EAGAIN;
		}
		p = fill(st, io, n, &got, &error);
		if (unlikely(!p)) {
			unreserve(st, n);
			return done ? (ssize_t)done : error;
		}
		net_lock();
		if (likely(st->pcb && !st->shut_write))
			queued = queue(st, p, io->left ? m->flags & ~MSG_OOB : m->flags);
		else
			while (p) {
				struct pbuf *next = p->next;

				p->next = NULL;
				pbuf_free(p);
				p = next;
			}
		net_unlock();
		if (unlikely(queued < n))
			unreserve(st, n - queued);
		done += queued;
		if (unlikely(queued < got))
			return fell_short(s, st, io, &before, queued, done);
		if (unlikely(got < n))
			return (ssize_t)done; /* a fault, or no memory; the next call reports it */
	}
	return (ssize_t)done;
}
