/* Lists of sockets of AF_INET for NETLINK_SOCK_DIAG (diag.c, diag_udp.c). */
#ifndef NET_INET_DIAG_H
#define NET_INET_DIAG_H

#include "net/inet/inet.h"
#include "net/netlink/netlink.h"
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>

struct diag_socket {
	const struct socket *socket;      /* NULL: nobody has it any more */
	const ip_addr_t *local, *remote;  /* remote NULL: none */
	uint16_t local_port, remote_port; /* host order */
	unsigned state;                   /* Linux's TCP_… */
	uint32_t receiving, sending;      /* Recv-Q, Send-Q */
};
/** diag_request() - the request, if it is whole; NULL. */
const struct inet_diag_req_v2 *diag_request(const struct nlmsghdr *request);
/** diag_put() - begin the message of one socket. Return: whether the request wants it. Network lock held. */
bool diag_put(struct netlink_reply *r, const struct inet_diag_req_v2 *q, const struct diag_socket *d);

#endif
