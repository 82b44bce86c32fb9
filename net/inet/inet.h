/* AF_INET: what its kinds of socket share (inet.c). */
#ifndef NET_INET_INET_H
#define NET_INET_INET_H

#include "net/socket.h"
#include "lwip/err.h"
#include "lwip/ip_addr.h"
#include "lwip/netif.h"
#include <linux/in.h>

/* A kind of socket: TCP, UDP … Entries of the set, so that a kernel holds those its program uses. */
struct inet_protocol {
	const char *name;
	int (*create)(struct socket *s, int protocol); /* sets ops and private; -ENOMEM */
	uint16_t type;                                 /* SOCK_* */
	uint16_t protocol;                             /* IPPROTO_*; 0: any */
	uint32_t is_default;                           /* for socket(AF_INET, type, 0) */
};
SET_DECLARE(inet_protocol, struct inet_protocol, 24);

/** inet_create() - the socket's kind from the set. For AF_INET, and AF_INET6 (net/inet6). */
int inet_create(struct socket *s, int type, int protocol);
/**
 * inet_address_in() - a program's address, as the family of @s has it. @port in host order.
 * AF_INET6: an IPv4-mapped one is of IPv4; :: is of any type where @s takes both. -EINVAL: too short; -EAFNOSUPPORT.
 */
int inet_address_in(const struct socket *s, const struct sockaddr *from, unsigned len, ip_addr_t *address,
		    uint16_t *port);
/** inet_address_out() - Return: its length. */
int inet_address_out(const struct socket *s, struct sockaddr_storage *to, const ip_addr_t *address, uint16_t port);
/** inet_any() - the address of a socket that is bound to none; of IPv4, IPv6 or both. */
const ip_addr_t *inet_any(const struct socket *s);
/** inet_connect_any() - what connecting to "any" means: the loopback. */
void inet_connect_any(ip_addr_t *address);
/** inet_error() - lwIP's error as a negative errno. */
int inet_error(err_t e);
/** inet_is_own() - an address that a socket may bind to: one of ours, any, a broadcast or multicast one. Network lock. */
bool inet_is_own(const ip_addr_t *address);
/** inet_source() - what a socket bound to no address sends from, to reach @to. NULL: no way there. Network lock. */
const ip_addr_t *inet_source(const ip_addr_t *to);
/** inet_ioctl() - SIOCGIF… and the like, for sockets of any family. -ENOTTY: not one of these. */
long inet_ioctl(unsigned cmd, unsigned long arg);


/** inet6_address_flags() - IFA_F_* of address @n of an interface. Network lock. */
uint8_t inet6_address_flags(const struct netif *netif, int n);
/** inet6_prefix_length() - of its addresses. lwIP knows no other. */
unsigned inet6_prefix_length(const struct netif *netif);

#define LOOPBACK_INDEX 1
/** inet_interface() - the number that programs know an interface by: lo is 1, eth0 is 2, and so on. Network lock. */
int inet_interface(const struct netif *netif);
/** inet_interface_name() - of the interface of that number; @name has room for IFNAMSIZ. */
void inet_interface_name(int index, char *name);
/** inet_netif() - the interface of that number, or NULL. Network lock. */
struct netif *inet_netif(int index);

/* What setsockopt() said at the levels SOL_IP and SOL_IPV6. A word each, written without a lock. */
struct inet_options {
	uint8_t tos, ttl;           /* of IPv6: traffic class, hops */
	uint8_t group_ttl;          /* of what goes to multicast groups */
	bool group_loop;            /* … comes back to this machine's own members */
	uint8_t group_interface;    /* … goes out by this interface; 0: as routes say */
	uint32_t group_source;      /* IP_MULTICAST_IF's address, as it is read back */
	uint8_t device;             /* SO_BINDTODEVICE: number of the interface, 0: none */
	uint8_t discover;           /* IP_MTU_DISCOVER: remembered */
	bool header_included;       /* IP_HDRINCL */
	bool recverr, freebind, transparent, no_port; /* remembered */
	uint32_t wants;             /* INET_WANTS_*: control messages with what is received */
	struct inet_group *groups;  /* owned: memberships (multicast.c); network lock */
};
#define INET_OPTIONS_DEFAULT { .ttl = IP_DEFAULT_TTL, .group_ttl = 1, .group_loop = true, .discover = IP_PMTUDISC_WANT }

#define INET_WANTS_PKTINFO  1u
#define INET_WANTS_TTL      2u
#define INET_WANTS_TOS      4u
#define INET_WANTS_DST      8u
#define INET_WANTS_PKTINFO6 16u
#define INET_WANTS_HOPS6    32u
#define INET_WANTS_CLASS6   64u

/** inet_lwip_index() - what lwIP calls the interface that a socket is bound to. Network lock. */
u8_t inet_lwip_index(const struct inet_options *o);
/** inet_setsockopt() - of the levels SOL_IP and SOL_IPV6, and SO_BINDTODEVICE. -ENOPROTOOPT: not one of theirs. */
int inet_setsockopt(struct socket *s, struct inet_options *o, int level, int option, const void *value, unsigned len);
int inet_getsockopt(struct socket *s, const struct inet_options *o, int level, int option, void *value, unsigned len);
/** inet_get_mtu() - getsockopt() of IP_MTU or IPV6_MTU, for a socket connected to @remote; NULL: to nobody. Takes the network
 * lock. Return: the option's length; -ENOTCONN; -ENOPROTOOPT: another option. */
int inet_get_mtu(int level, int option, const ip_addr_t *remote, void *value);
/* Of so_options of a control block, beside lwIP's. */
#define SOF_REUSEPORT 0x40u
/** inet_option_int() - an int, or a byte, as programs pass it to options of SOL_IP. -EINVAL. */
int inet_option_int(const void *value, unsigned len, int *out);

/* Membership in multicast groups (multicast.c); in a kernel without it, options that it does not know. */
int inet_group_option(struct socket *s, struct inet_options *o, int level, int option, const void *value, unsigned len);
/** inet_leave_groups() - the socket goes. Network lock held. */
void inet_leave_groups(struct inet_options *o);

#endif
