/* AF_NETLINK (netlink(7)): sockets are netlink.c's, what NETLINK_ROUTE answers is route.c's. */
#ifndef NET_NETLINK_NETLINK_H
#define NET_NETLINK_NETLINK_H

#include "net/socket.h"
#include <linux/netlink.h>

/* One datagram that waits to be received: messages one behind another. */
struct netlink_datagram {
	struct netlink_datagram *next;
	uint32_t length;
	_Alignas(NLMSG_ALIGNTO) char bytes[3072]; /* libcs read with a page at least */
};

/* What answers a request. Under the socket's lock; whatever else the writer holds. */
struct netlink_reply {
	struct netlink_datagram *head, *tail;
	struct nlmsghdr *message; /* being written; NULL: none yet, or no memory */
	uint32_t port, sequence;
	bool failed;              /* no memory */
};

/** netlink_begin() - a message with @size bytes of header behind its own, zeroed, for @flags see NLM_F_. NULL: no memory. */
void *netlink_begin(struct netlink_reply *r, unsigned type, unsigned flags, size_t size);
/** netlink_attribute() - append one to the message that was begun. */
void netlink_attribute(struct netlink_reply *r, unsigned type, const void *data, size_t n);
static inline void netlink_attribute_u32(struct netlink_reply *r, unsigned type, uint32_t value)
{
	netlink_attribute(r, type, &value, sizeof(value));
}
/** netlink_route() - serve a request of NETLINK_ROUTE, checked to lie in its buffer. Return: 0: answered; -errno. */
int netlink_route(struct netlink_reply *r, const struct nlmsghdr *request);

#endif
