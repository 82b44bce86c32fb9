/* CRC-32C by the processor's own instruction (Intel SDM 2A, CRC32), where it has SSE 4.2. */
#ifndef ARCH_CRC32C_H
#define ARCH_CRC32C_H

/** arch_crc32c() - as crc32c(), for whole words of 8 bytes. Return: false: not on this processor, nothing was done. */
static inline bool arch_crc32c(uint32_t *crc, const void *data, size_t words)
{
	const char *p = data;
	uint32_t a = 1, b, c = 0, d;
	uint64_t sum = *crc, word;

	__asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	if (!(c & 1u << 20))
		return false;
	for (; words; words--, p += 8) {
		memcpy(&word, p, 8);
		__asm__("crc32q %1, %0" : "+r"(sum) : "rm"(word));
	}
	*crc = (uint32_t)sum;
	return true;
}

#endif
