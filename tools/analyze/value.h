/* What a register or a word of the stack may hold at a point of a function: a set of numbers, and what was passed in. */
#ifndef TOOLS_ANALYZE_VALUE_H
#define TOOLS_ANALYZE_VALUE_H

#include "tools/util/util.h"

enum { VALUE_NUMBERS = 24, VALUE_INPUTS = 4 };

/* Registers 0 to 15 in the order of the instruction set (rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8 …). */
enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, INPUT_STACK, INPUT_VARIABLE };

/* What comes from outside of a function: what a register or a word at an offset from the stack pointer held where it was
 * entered, or what a variable of the object holds; or the word in memory at an offset from the address that those are.
 */
struct input {
	uint64_t entry; /* the address at which control came in; of INPUT_VARIABLE: the variable's */
	int32_t where;  /* a register, INPUT_STACK or INPUT_VARIABLE */
	int32_t offset; /* INPUT_STACK: from the stack pointer at entry */
	bool memory;    /* the word at `beyond` from the address that it held */
	int32_t beyond;
};

struct value {
	const char *unknown; /* not NULL: it may be anything, because of this */
	uint64_t unknown_at;
	uint32_t unknown_in; /* 1 + the member that unknown_at is an address of; 0: the one that was asked */
	uint8_t number_count, input_count;
	bool stack;    /* an address on the stack, offset from the stack pointer at entry */
	int64_t offset;
	uint64_t word; /* not 0: what the word of the object at this address holds */
	int64_t numbers[VALUE_NUMBERS];
	struct input inputs[VALUE_INPUTS];
};

bool input_same(const struct input *a, const struct input *b);

/** value_mixed - why a value is unknown that is an address on one path and something else on another. */
extern const char value_mixed[];

struct value value_unknown(const char *why, uint64_t at);
struct value value_number(int64_t n);
struct value value_stack(int64_t offset);
struct value value_input(uint64_t entry, int where, int offset);
struct value value_word(uint64_t word);
/** value_is_number() - whether it is one number exactly. */
bool value_is_number(const struct value *v, int64_t *ret);
/** value_empty() - nothing is known to arrive: no path leads here. */
bool value_empty(const struct value *v);
/** value_join() - add what @b may hold to @a. Return: whether @a changed. */
bool value_join(struct value *a, const struct value *b);
/** value_map() - apply @f to every number; anything else becomes unknown because of @why. */
struct value value_map(const struct value *v, int64_t (*f)(int64_t n, int64_t with), int64_t with, const char *why, uint64_t at);

#endif
