/* AF_INET: what its kinds of socket share (inet.c). */
#ifndef NET_INET_INET_H
#define NET_INET_INET_H

#include "net/socket.h"
#include "lwip/err.h"
#include "lwip/ip_addr.h"
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

/* The fields of a protocol's control block that options of SOL_IP and SOL_SOCKET set. */
struct ip_pcb;
int inet_setsockopt_ip(struct ip_pcb *pcb, int option, const void *value, unsigned len);
int inet_getsockopt_ip(struct ip_pcb *pcb, int option, void *value, unsigned len);
/** inet_setsockopt_ip6() - those of SOL_IPV6: also of the socket itself. */
int inet_setsockopt_ip6(struct socket *s, struct ip_pcb *pcb, int option, const void *value, unsigned len);
int inet_getsockopt_ip6(struct socket *s, struct ip_pcb *pcb, int option, void *value, unsigned len);
/** inet_option_int() - an int, or a byte, as programs pass it to options of SOL_IP. -EINVAL. */
int inet_option_int(const void *value, unsigned len, int *out);

#endif
