/* The Internet checksum (RFC 1071): the sum of 16-bit words in ones' complement, eight bytes at a time.
 *
 * The sum does not depend on byte order or on the width it is added in, as long as carries come back in (RFC 1071,
 * section 2). Data may lie anywhere; the sum is that of words from the first byte on.
 */
#include "net/lwip/checksum.h"

COMPONENT("inet", "IPv4 and TCP sockets, over lwIP");

static inline uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}
static inline uint64_t add_carry(uint64_t sum, uint64_t v)
{
	sum += v;
	return sum + (sum < v);
}

uint16_t net_checksum(const void *data, int n)
{
	const uint8_t *p = data;
	uint64_t sum = 0, tail = 0;

	for (; n >= 32; n -= 32, p += 32) {
		sum = add_carry(sum, load64(p));
		sum = add_carry(sum, load64(p + 8));
		sum = add_carry(sum, load64(p + 16));
		sum = add_carry(sum, load64(p + 24));
	}
	for (; n >= 8; n -= 8, p += 8)
		sum = add_carry(sum, load64(p));
	if (n & 4) {
		uint32_t v;

		__builtin_memcpy(&v, p, sizeof(v));
		tail = v;
		p += 4;
	}
	if (n & 2) {
		uint16_t v;

		__builtin_memcpy(&v, p, sizeof(v));
		tail += v;
		p += 2;
	}
	if (n & 1)
		tail += __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? *p : (uint64_t)*p << 8;
	sum = add_carry(sum, tail);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}
