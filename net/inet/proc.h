/* One line of /proc/net/tcp or udp (net/inet/proc.c). */
#ifndef NET_INET_PROC_H
#define NET_INET_PROC_H

#include "net/socket.h"
#include "lwip/ip_addr.h"

struct text;
struct udp_pcb;

struct inet_shown {
	unsigned index;
	const ip_addr_t *local, *remote;  /* NULL: none */
	bool six;                         /* a line of tcp6 or udp6 */
	uint16_t local_port, remote_port; /* host order */
	unsigned state;                   /* Linux's TCP_… */
	uint32_t sending, received;       /* bytes that wait */
	uint32_t retransmissions;
	const struct socket *socket;      /* NULL: nobody has it any more */
};
/** inet_shown_as_six() - a control block bound to @local belongs into the file of IPv6. */
static inline bool inet_shown_as_six(const ip_addr_t *local)
{
	return !IP_IS_V4(local);
}
/** inet_show_socket() - the network lock is held. */
void inet_show_socket(struct text *out, const struct inet_shown *s);
/** dgram_describe() - the socket that has @pcb, if one has, and what waits in it. The network lock is held. */
void dgram_describe(const struct udp_pcb *pcb, struct inet_shown *s);

#endif
