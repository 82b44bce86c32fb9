/* AF_NETLINK (netlink(7)): sockets are netlink.c's, what NETLINK_ROUTE answers is route.c's. */
#ifndef NET_NETLINK_NETLINK_H
#define NET_NETLINK_NETLINK_H

#include "net/socket.h"
#include <linux/netlink.h>

/* One datagram that waits to be received: messages one behind another. */
struct netif;

struct netlink_datagram {
	struct netlink_datagram *next;
	uint32_t length;
	uint32_t group; /* RTNLGRP_* whose members get it; 0: an answer */
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
/** netlink_find() - the attribute of that type behind a header of @size bytes, checked to lie in the request; NULL. */
const struct nlattr *netlink_find(const struct nlmsghdr *request, size_t size, unsigned type);
static inline const void *netlink_data(const struct nlattr *a)
{
	return (const char *)a + NLA_HDRLEN;
}
static inline size_t netlink_length(const struct nlattr *a)
{
	return a->nla_len - (size_t)NLA_HDRLEN;
}

/** netlink_free() - a reply that nobody gets. */
void netlink_free(struct netlink_reply *r);
/** netlink_publish() - what @r holds, for every socket of NETLINK_ROUTE in @group (RTNLGRP_*); frees it. Context: any. */
void netlink_publish(struct netlink_reply *r, unsigned group);
/** netlink_watch() - somebody joined a group: changes are told from now on (notify.c). */
void netlink_watch(void);

/* Messages of NETLINK_ROUTE, for answers and for members of groups (route.c). Network lock held. */
void netlink_put_link(struct netlink_reply *r, struct netif *netif, unsigned type, unsigned flags, bool up);
void netlink_put_address4(struct netlink_reply *r, const struct netif *netif, unsigned type, unsigned flags, uint32_t address,
			  uint32_t mask);
void netlink_put_address6(struct netlink_reply *r, const struct netif *netif, unsigned type, unsigned flags, int n);
void netlink_put_route4(struct netlink_reply *r, const struct netif *netif, unsigned type, unsigned flags, uint32_t to,
			uint32_t mask, uint32_t gateway, uint32_t source);

/** netlink_change() - a request of NETLINK_ROUTE that changes something. 0 or -errno. Network lock held. */
int netlink_change(const struct nlmsghdr *request);
/** netlink_named() - the interface whose name a request has; NULL. Network lock held. */
struct netif *netlink_named(const struct nlmsghdr *request);

/* What a socket's protocol answers. Entries of the set. */
struct netlink_protocol {
	const char *name;
	/* Serve a request, checked to lie in its buffer. Return: 0: answered; -errno. */
	int (*serve)(struct netlink_reply *r, const struct nlmsghdr *request);
	uint64_t number; /* NETLINK_* */
};
SET_DECLARE(netlink_protocol, struct netlink_protocol, 24);

/* Sockets that NETLINK_SOCK_DIAG lists (sock_diag(7)). Entries of the set. */
struct sock_diag {
	const char *name;
	int (*dump)(struct netlink_reply *r, const struct nlmsghdr *request); /* 0 or -errno */
	uint16_t family;   /* AF_*; AF_INET: of AF_INET6, too */
	uint16_t protocol; /* IPPROTO_*; AF_UNIX: 0 */
	uint32_t reserved;
};
SET_DECLARE(sock_diag, struct sock_diag, 24);

#endif
