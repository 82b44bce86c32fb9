/* The Internet checksum, for lwIP in the place of its own (checksum.c). */
#ifndef NET_LWIP_CHECKSUM_H
#define NET_LWIP_CHECKSUM_H

/** net_checksum() - the sum of RFC 1071 over @n bytes at any address, folded to 16 bits, not complemented. */
uint16_t net_checksum(const void *data, int n);

#endif
