/* The Internet checksum: as the plain loop of RFC 1071 over any length and alignment. */
/* UNIT: net/lwip/checksum.c */
#include "tests/unit/tap.h"

#include "net/lwip/checksum.h"

static uint16_t plain(const uint8_t *p, int n)
{
	uint32_t sum = 0;

	for (int i = 0; i < n; i++)
		sum += i % 2 ? (uint32_t)p[i] << 8 : p[i];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

int main(void)
{
	uint8_t *bytes = host_alloc(2048, 16);
	unsigned wrong = 0;

	for (unsigned i = 0; i < 2048; i++)
		bytes[i] = (uint8_t)host_random();
	for (int n = 0; n < 200; n++)
		for (int at = 0; at < 16; at++)
			wrong += net_checksum(bytes + at, n) != plain(bytes + at, n);
	for (int i = 0; i < 500; i++) {
		int n = (int)(host_random() % 2000), at = (int)(host_random() % 48);

		wrong += net_checksum(bytes + at, n) != plain(bytes + at, n);
	}
	is(wrong, 0, "sums of random bytes");
	memset(bytes, 0xff, 2048);
	for (int n = 0; n < 2048; n++)
		wrong += net_checksum(bytes, n) != plain(bytes, n);
	is(wrong, 0, "sums that carry all the way");
	host_free(bytes);
	return tap_done();
}
