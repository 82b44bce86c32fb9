/* A TCP socket (stream.c: life and state; stream_io.c: bytes; stream_options.c). */
#ifndef NET_INET_STREAM_H
#define NET_INET_STREAM_H

#include "net/inet/inet.h"
#include "lwip/tcp.h"

struct tcp_seg;

enum stream_state {
	STREAM_FRESH,      /* also bound */
	STREAM_LISTENING,
	STREAM_CONNECTING,
	STREAM_CONNECTED,  /* was connected at least; pcb is NULL once TCP is done with it */
	STREAM_FAILED,     /* connect failed; may be tried again */
};

/* What setsockopt() said, for a control block that comes later (after connect failed; of an accepted connection). */
struct stream_options {
	bool nodelay, cork, keepalive;
	struct inet_options ip;
	uint32_t keep_idle, keep_interval, keep_count; /* s, s, probes */
	uint32_t user_timeout;                         /* ms */
	uint32_t defer_accept;                         /* s, as Linux rounds it */
	uint32_t syn_count, linger2, fast_open;        /* remembered only */
	uint32_t notsent_low;                          /* bytes; 0: no limit */
	uint32_t window_clamp;                         /* remembered only */
	uint16_t max_segment;                          /* 0: none */
	bool quick, at_once;                           /* TCP_QUICKACK: as it is read; acknowledge each segment at once */
};

/* Unmarked fields: network lock. Those marked r are read without it, one word each, and looked at again under it. */
struct stream {
	struct socket *socket;      /* parent; NULL: not accepted yet */
	struct tcp_pcb *pcb;        /* owned; NULL: TCP is done with it. STREAM_LISTENING: a struct tcp_pcb_listen */
	enum stream_state state;    /* r */
	bool unseen;                /* the next connect() says how the last one, which did not wait, went */
	bool fin;                   /* r: the peer sends no more */
	bool shut_read, shut_write; /* r */
	bool starved;               /* r: somebody found no space: tell when there is */
	enum { URGENT_NONE, URGENT_UNREAD, URGENT_READ } urgent; /* r: there is a byte out of band (stream_urgent.c) */
	uint32_t urgent_seq;        /* its number in the stream; network lock */
	uint32_t waits_since;       /* tcp_ticks when what is not acknowledged began to wait; network lock */
	uint16_t mss;               /* r: of the connection */
	uint32_t space;             /* r: bytes that may be sent now */
	uint32_t received;          /* r: bytes in head … tail */
	struct pbuf *head, *tail;   /* chained by next; reading: bytes up to tail are its holder's to look at */
	struct mutex reading;       /* RANK_SOCKET: one reader at a time */
	struct stream_options options;
	ip_addr_t local, remote;    /* r, as of the time it was connected */
	uint16_t local_port, remote_port;
	/* A listener's. */
	struct stream *accept_head, *accept_tail; /* r: connections that wait, by next */
	struct stream *deferred;                  /* TCP_DEFER_ACCEPT: connections without data yet, by next */
	unsigned accept_count, backlog;           /* both kinds are counted */
	/* A connection's. */
	struct stream *deferred_at; /* the listener that does not show it yet */
	uint32_t deferred_since;    /* tcp_ticks */
	struct stream *next;
};

extern const struct socket_ops stream_ops;

ssize_t stream_sendmsg(struct socket *s, struct io *io, struct socket_msg *m);
ssize_t stream_recvmsg(struct socket *s, struct io *io, struct socket_msg *m);
/** stream_received() - lwIP's call-back: data, or NULL at the end. Network lock held. */
err_t stream_received(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t error);
/** stream_acknowledged() - lwIP's call-back: @n bytes arrived at the peer. */
err_t stream_acknowledged(void *arg, struct tcp_pcb *pcb, u16_t n);
/** stream_drop() - free what was received and not read. Network lock held. */
void stream_drop(struct stream *st);
/** stream_consume() - @n bytes were read: free their buffers, open the window. stream->reading held. */
void stream_consume(struct stream *st, size_t n);

/* stream_urgent.c */
/** stream_mark_urgent() - the last byte of what was queued last is urgent (MSG_OOB). Network lock held. */
void stream_mark_urgent(struct tcp_pcb *pcb, struct tcp_seg *last);
/** stream_urgent_ahead() - bytes before the urgent one from the first unread on; UINT32_MAX: none ahead. Network lock held. */
uint32_t stream_urgent_ahead(const struct stream *st);
/** stream_skip_urgent() - an urgent byte is next, and not of the stream (no SO_OOBINLINE): take it out. stream->reading held. */
void stream_skip_urgent(struct stream *st);
ssize_t stream_recv_urgent(struct socket *s, struct io *io, struct socket_msg *m);

int stream_setsockopt(struct socket *s, int level, int option, const void *value, unsigned len);
int stream_getsockopt(struct socket *s, int level, int option, void *value, unsigned len);
void stream_option_changed(struct socket *s, int option);
/** stream_state_number() - Linux's TCP_… for lwIP's state. */
unsigned stream_state_number(unsigned state);
/** stream_info() - TCP_INFO of a connection. Network lock held. */
struct tcp_info;
void stream_info(const struct tcp_pcb *pcb, struct tcp_info *out);
/** stream_apply_options() - make @pcb what the options say. Network lock held. */
void stream_apply_options(struct stream *st, struct tcp_pcb *pcb);

/** stream_limits() - what TCP_MAXSEG says of a connection that is made. Network lock held. */
void stream_limits(struct stream *st, struct tcp_pcb *pcb);
/** net_tcp_offered_mss() - lwIP's tcp_eff_send_mss_netif(), where it offers a peer a segment's size (lwip.mk). */
u16_t net_tcp_offered_mss(u16_t most, struct netif *out, const ip_addr_t *remote);
/** stream_unsent_full() - TCP_NOTSENT_LOWAT: enough waits to be sent; tells when less does. */
bool stream_unsent_full(struct stream *st);

/* stream_defer.c. All with the network lock held. */
/** stream_defer() - keep an accepted connection back until data comes, or its time is over. */
void stream_defer(struct stream *listener, struct stream *st);
/** stream_undefer() - take it from those that are kept back. */
void stream_undefer(struct stream *st);
/** stream_show() - accept() may have it. */
void stream_show(struct stream *listener, struct stream *st);
/** stream_defer_over() - its time is over. */
bool stream_defer_over(const struct stream *st);
/** stream_defer_seconds() - seconds, as Linux counts them: in answers to a SYN that are sent again. */
uint32_t stream_defer_seconds(int wanted);

#endif
