/* The pieces that reachability counts in: a function with what it names, an object of data, a word of a table.
 *
 * Units of an object cover its segments without gaps, ordered by address. A unit is kept or dropped as a whole, so
 * making one larger is always safe: what no symbol or unwind range bounds belongs to the unit before it.
 */
#ifndef TOOLS_ANALYZE_UNITS_H
#define TOOLS_ANALYZE_UNITS_H

#include "code.h"

enum unit_kind { UNIT_CODE, UNIT_DATA, UNIT_WORD };

struct unit {
	uint64_t start, end;
	uint8_t kind;
	bool falls_through; /* code that may run on into the unit behind */
	uint64_t last_call; /* only behind this call, which is the last instruction; 0 when falls_through or neither */
	bool doors;         /* holds an instruction that enters the kernel */
	bool odd;           /* an indirect jump whose targets were not found */
	bool reached;
	bool searched; /* its strings were taken as names of symbols */
	uint32_t first_ref, ref_count;
	uint32_t unwind; /* 1 + index into binary.unwinds, 0 for none */
	/* What reached it first: the unit (1 + its index) of the object, by the instruction or place at from. */
	uint32_t by_object, by_unit;
	uint64_t by_place;
};

enum ref_kind {
	REF_CALL,
	REF_JUMP,
	REF_ADDRESS, /* the address is taken */
	REF_ACCESS,  /* the memory there is read or written */
	REF_TABLE,   /* an entry of a jump table that the unit reads */
};

struct ref {
	uint64_t from, target;
	uint8_t kind;
	uint8_t size; /* REF_ACCESS, and calls and jumps through memory: of what is read or written there, in bytes */
};

struct units {
	struct unit *at;
	size_t count;
	struct ref *refs;
	size_t ref_count;
	uint64_t *doors; /* addresses of instructions that enter the kernel, ascending */
	size_t door_count;
	uint64_t *named; /* addresses that code takes, ascending: nothing that begins at one goes on behind the next */
	size_t named_count;
};

/** units_find() - cut @o into units and read what each names. */
void units_find(const struct binary *o, struct units *u);
/** units_index() - the index of the unit that covers @at. Return: false when no segment does. */
bool units_index(const struct units *u, uint64_t at, size_t *ret);
/** units_next_named() - the first address behind @at that code takes. */
uint64_t units_next_named(const struct units *u, uint64_t at);

#endif
