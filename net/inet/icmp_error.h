/* Errors that ICMP reports for UDP sockets (icmp_error.c). */
#ifndef NET_INET_ICMP_ERROR_H
#define NET_INET_ICMP_ERROR_H

#include "net/inet/tap.h"
#include "lwip/ip_addr.h"

extern struct inet_tap icmp_errors; /* on from the first socket on that is connected */

/** dgram_failed() - what a connected socket sent from @port to @remote, @remote_port met @error. Network lock held. */
void dgram_failed(const ip_addr_t *remote, uint16_t port, uint16_t remote_port, int error);

#endif
