/* CRC-32C by the processor's own instruction. */
#ifndef ARCH_CRC32C_H
#define ARCH_CRC32C_H

/** arch_crc32c() - as crc32c(), for whole words of 8 bytes. Return: false: not on this processor, nothing was done. */
static inline bool arch_crc32c(uint32_t *crc, const void *data, size_t words)
{
	return false;
}

#endif
