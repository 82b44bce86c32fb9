/* What lwIP asks of a compiler and a machine. */
#ifndef NET_LWIP_ARCH_CC_H
#define NET_LWIP_ARCH_CC_H

#include "core/log.h"
#include "core/slab.h"
#include "net/lwip/checksum.h"

#define LWIP_NO_INTTYPES_H 1
#define LWIP_NO_UNISTD_H   1
#define LWIP_NO_CTYPE_H    1
#define LWIP_NO_LIMITS_H   1
#define SSIZE_MAX          INT64_MAX
#define INT_MAX            0x7fffffff

#ifndef BYTE_ORDER
#define BYTE_ORDER __BYTE_ORDER__
#endif
#define LITTLE_ENDIAN __ORDER_LITTLE_ENDIAN__
#define BIG_ENDIAN    __ORDER_BIG_ENDIAN__

#define X8_F  "02x"
#define U16_F "u"
#define S16_F "d"
#define X16_F "x"
#define U32_F "u"
#define S32_F "d"
#define X32_F "x"
#define SZT_F "zu"

#define lwip_htons(x) __builtin_bswap16(x)
#define lwip_htonl(x) __builtin_bswap32(x)

#define SMEMCPY(to, from, n) __builtin_memcpy(to, from, n)

#define LWIP_PLATFORM_DIAG(x)   do { } while (0)
#define LWIP_PLATFORM_ASSERT(x) panic("lwIP: %s", x)

uint32_t net_random(void);
#define LWIP_RAND() net_random()

#endif
