/* One instruction, as far as the analysis looks at it: capstone's answer, cut to what is used. */
#ifndef TOOLS_ANALYZE_CODE_H
#define TOOLS_ANALYZE_CODE_H

#include <capstone/capstone.h>

#include "binary.h"

enum flow_kind {
	FLOW_NEXT,     /* goes on behind itself */
	FLOW_BRANCH,   /* conditional jump to target, or goes on */
	FLOW_JUMP,     /* to target */
	FLOW_INDIRECT, /* jump to what a register or memory holds */
	FLOW_CALL,     /* calls target, and comes back */
	FLOW_CALL_INDIRECT,
	FLOW_RETURN,
	FLOW_STOP, /* never goes on: hlt, ud2, int3 */
};

struct insn {
	uint64_t at, target, memory; /* memory: the address a RIP-relative or absolute operand names, 0 for none */
	uint64_t immediate;          /* the last immediate operand, 0 for none */
	uint16_t id;                 /* x86_insn */
	uint8_t size, flow, doors;
	uint8_t width; /* of the operand in memory, in bytes */
	bool takes_address; /* lea: memory is not accessed here */
	bool has_immediate;
};

enum door { DOOR_NONE, DOOR_SYSCALL, DOOR_INT80, DOOR_SYSENTER };

/** code_decode() - the instruction at @at. Return: false when there is none; @in's cs_insn stays valid until the next. */
bool code_decode(const struct binary *o, uint64_t at, struct insn *ret);
/** code_last() - capstone's details of the instruction that code_decode() found last. */
const cs_insn *code_last(void);
csh code_handle(void);

/** code_padding() - whether it does nothing: what fills the space between functions and in front of loops. */
bool code_padding(const struct insn *in);
/** code_stub() - the word through which the stub at @at jumps (a PLT entry of whatever form), 0 when it is none. */
uint64_t code_stub(const struct binary *o, uint64_t at);

#endif
