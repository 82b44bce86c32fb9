/* CRC-32C of a byte string (core/crc32c.c). */
#ifndef CORE_CRC32C_H
#define CORE_CRC32C_H

/** crc32c() - go on from @crc, which starts as ~0 in most formats; nothing is inverted at the end. */
uint32_t crc32c(uint32_t crc, const void *data, size_t n);

#endif
