/* What was cut out of a kernel: a table that the tool writes (tools/link/cut.c) and the kernel asks (core/cut.c), so that
 * what a program asks for all the same is said by name. Codes are found by a hash; two with the same one differ in
 * nothing but the name that is printed.
 */
#ifndef WHITTLE_CUT_H
#define WHITTLE_CUT_H

#include <stdint.h>

struct cut_entry {
	uint32_t key;  /* its complement once it was said */
	uint32_t name; /* offset from the table's first byte of what --with takes, behind "SET:"; zero-terminated */
};

/* Names lie behind the entries. */
struct cut_table {
	uint32_t count;
	struct cut_entry entries[];
};

/** cut_key() - of entry @number of the linker set @set; of a path, without a number. Never 0. */
static inline uint32_t cut_key(const char *set, uint32_t number)
{
	uint32_t key = 2166136261u; /* FNV-1a */

	for (; *set; set++)
		key = (key ^ (uint8_t)*set) * 16777619u;
	for (unsigned i = 0; i < 4; i++, number >>= 8)
		key = (key ^ (number & 0xff)) * 16777619u;
	return key ? key : 1;
}

/* What an entry of the set inet_protocol goes by: the type and, where it is not the type's usual one, the protocol. */
#define CUT_INET_PROTOCOL(type, protocol) ((uint32_t)(type) | (uint32_t)(protocol) << 16)

#endif
