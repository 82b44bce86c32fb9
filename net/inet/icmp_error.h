/* Errors that ICMP reports (icmp_error.c), and their queues at sockets (error_queue.c). Network lock held. */
#ifndef NET_INET_ICMP_ERROR_H
#define NET_INET_ICMP_ERROR_H

#include "net/inet/packet.h"

/* What an ICMP message says of a packet that we sent. */
struct icmp_error {
	struct pbuf *p;           /* borrowed: the message */
	u16_t quoted_at;          /* in it: the IP header of what we sent */
	u16_t header_at;          /* in it: what followed that header */
	uint8_t type, code, origin; /* SO_EE_ORIGIN_* */
	uint8_t protocol;         /* of what we sent */
	int error;                /* positive errno */
	bool hard;                /* nothing will get through */
	uint32_t info;            /* a path's MTU */
	ip_addr_t offender;       /* who says so */
	ip_addr_t local, remote;  /* from and to where we sent */
};

/** icmp_error_parse() - is @p, a packet that comes in, such a message? From a tap (tap.h). */
bool icmp_error_parse(struct pbuf *p, struct icmp_error *out);

/**
 * inet_error_queue() - for MSG_ERRQUEUE of a socket that asked for it (IP_RECVERR): what was sent to @port of @e->remote
 * met @e; @payload_at: where in the message the program's bytes begin.
 */
void inet_error_queue(struct socket *s, struct inet_queue *q, const struct icmp_error *e, uint16_t port, u16_t payload_at);
/** inet_error_local() - what was to be sent is larger than @mtu. */
void inet_error_local(struct socket *s, struct inet_queue *q, const ip_addr_t *to, uint16_t port, uint32_t mtu);

#endif
