/* Packets that wait at a socket that keeps their bounds: UDP, raw, ping (packet.c). */
#ifndef NET_INET_PACKET_H
#define NET_INET_PACKET_H

#include "net/inet/inet.h"

#define PACKET_COST 256u /* what one counts against SO_RCVBUF besides its bytes */

struct inet_packet {
	struct inet_packet *next;
	struct pbuf *p;       /* owned: what the program gets */
	ip_addr_t from, to;
	uint64_t when_ns;     /* CLOCK_REALTIME, if the socket asked for it */
	uint16_t port;
	uint8_t ttl, tos;
	uint8_t interface;    /* by which it came */
};

struct inet_queue {
	struct inet_packet *head, *tail; /* network lock; r: head */
	uint32_t waiting;                /* bytes, as SO_RCVBUF counts; network lock */
	struct inet_error *errors;       /* error_queue.c; network lock; r */
};

/** inet_queue_add() - queue the packet that lwIP works on, whose bytes for the program are @p; frees it if there is no room. */
void inet_queue_add(struct socket *s, struct inet_queue *q, struct pbuf *p, u16_t port);
/** inet_queue_receive() - recvmsg() of what waits first. -EAGAIN: nothing. */
ssize_t inet_queue_receive(struct socket *s, struct inet_queue *q, const struct inet_options *o, struct io *io,
			   struct socket_msg *m);
/** inet_packet_describe() - of the packet that lwIP works on: addresses, lifetime, time. Network lock held. */
void inet_packet_describe(struct inet_packet *g, const struct socket *s, u16_t port);
/** inet_packet_control() - the control messages that the socket asked for. */
void inet_packet_control(struct socket *s, const struct inet_options *o, struct socket_msg *m, const struct inet_packet *g);
/** inet_error_receive() - recvmsg() with MSG_ERRQUEUE. -EAGAIN: no error waits. */
ssize_t inet_error_receive(struct socket *s, struct inet_queue *q, const struct inet_options *o, struct io *io,
			   struct socket_msg *m);
/** inet_error_drop() - free the errors that wait. Network lock held. */
void inet_error_drop(struct inet_queue *q);
/** inet_queue_first() - bytes of what waits first: FIONREAD. */
long inet_queue_first(struct inet_queue *q);
/** inet_queue_drop() - free what waits. Network lock held. */
void inet_queue_drop(struct inet_queue *q);

/* What a message's control messages change for it alone. */
struct inet_send {
	const ip_addr_t *source; /* NULL: the socket's, or what the route says */
	ip_addr_t address;       /* what @source points to */
	struct netif *netif;     /* NULL: as routes say */
	uint8_t tos, ttl;
	bool whole;              /* not in fragments: IP_MTU_DISCOVER */
};
/** PBUF_FLAG_WHOLE - of a packet of IPv4 that goes out: routers may not cut it. Beside lwIP's flags of a pbuf. */
#define PBUF_FLAG_WHOLE 0x40u
/** inet_send_too_large() - a packet of @n bytes behind its IP header may not be cut, and is larger than *@mtu. Network lock held. */
bool inet_send_too_large(const struct inet_send *how, const ip_addr_t *to, size_t n, uint32_t *mtu);
/** inet_send_prepare() - from the options, for @to, and the control messages of @m. -EINVAL, -ENETUNREACH. Network lock. */
int inet_send_prepare(struct inet_send *out, const struct inet_options *o, const ip_addr_t *bound, const ip_addr_t *to,
		      const struct socket_msg *m);
/** inet_buffer() - room for @n bytes behind headers; *@bytes is where they go. The largest take two buffers. NULL. */
struct pbuf *inet_buffer(size_t n, struct pbuf **bytes);

#endif
