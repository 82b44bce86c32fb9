/* lwIP includes this; what it uses is in core/string.h. Sizes that the compiler knows are copied in line. */
#ifndef NET_LWIP_LIBC_STRING_H
#define NET_LWIP_LIBC_STRING_H
#include "core/string.h"
#define memcpy(to, from, n) __builtin_memcpy(to, from, n)
#define memset(to, byte, n) __builtin_memset(to, byte, n)
#endif
