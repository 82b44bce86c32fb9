/* CRC-32C: the check value of RFC 3720, B.4, and both ways of computing it agree. */
/* UNIT: core/crc32c.c */
#include <core/crc32c.h>

#include "tests/unit/tap.h"

static uint32_t bit_by_bit(uint32_t crc, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
	}
	return crc;
}

int main(void)
{
	static uint8_t bytes[5000];
	unsigned wrong = 0;

	is((uint32_t)~crc32c(~0u, "123456789", 9), 0xe3069283u, "of the digits");
	is((uint32_t)~crc32c(~0u, bytes, 32), 0x8a9136aau, "of 32 zeroes");
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)host_random();
	for (int i = 0; i < 300; i++) {
		size_t at = host_random() % 100, n = host_random() % (sizeof(bytes) - 100);

		wrong += crc32c(~0u, bytes + at, n) != bit_by_bit(~0u, bytes + at, n);
	}
	is(wrong, 0, "of random bytes, short and long");
	return tap_done();
}
