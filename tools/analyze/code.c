/* Decoding by capstone. */
#include "code.h"

#include <string.h>

static csh handle;
static cs_insn *last;

csh code_handle(void)
{
	if (!handle) {
		if (cs_open(CS_ARCH_X86, CS_MODE_64, &handle) != CS_ERR_OK)
			fail("capstone cannot decode x86-64 here: install libcapstone4");
		cs_option(handle, CS_OPT_DETAIL, CS_OPT_ON);
		last = cs_malloc(handle);
	}
	return handle;
}

const cs_insn *code_last(void)
{
	return last;
}

static void classify(struct insn *in, const cs_x86 *x)
{
	bool direct = x->op_count == 1 && x->operands[0].type == X86_OP_IMM;

	switch (last->id) {
	case X86_INS_CALL:
		in->flow = direct ? FLOW_CALL : FLOW_CALL_INDIRECT;
		break;
	case X86_INS_LCALL:
		in->flow = FLOW_CALL_INDIRECT;
		break;
	case X86_INS_JMP:
		in->flow = direct ? FLOW_JUMP : FLOW_INDIRECT;
		break;
	case X86_INS_LJMP:
		in->flow = FLOW_INDIRECT;
		break;
	case X86_INS_RET:
	case X86_INS_RETF:
	case X86_INS_RETFQ:
	case X86_INS_IRET:
	case X86_INS_IRETD:
	case X86_INS_IRETQ:
		in->flow = FLOW_RETURN;
		break;
	case X86_INS_HLT:
	case X86_INS_UD2:
	case X86_INS_UD0:
	case X86_INS_INT3:
		in->flow = FLOW_STOP;
		break;
	case X86_INS_SYSCALL:
		in->doors = DOOR_SYSCALL;
		break;
	case X86_INS_SYSENTER:
		in->doors = DOOR_SYSENTER;
		break;
	case X86_INS_INT:
		if (direct && x->operands[0].imm == 0x80)
			in->doors = DOOR_INT80;
		break;
	default:
		if (direct && (cs_insn_group(handle, last, X86_GRP_JUMP) || cs_insn_group(handle, last, X86_GRP_BRANCH_RELATIVE)))
			in->flow = FLOW_BRANCH;
		break;
	}
	if (in->flow == FLOW_CALL || in->flow == FLOW_JUMP || in->flow == FLOW_BRANCH)
		in->target = (uint64_t)x->operands[0].imm;
}

/* Instructions newer than capstone, with a VEX or EVEX prefix: how long they are and what they name, which follows from
 * the prefix and the ModRM byte alone (Intel SDM volume 2, 2.3 and 2.7). None of them jumps or enters the kernel.
 */
static bool decode_vector(const struct binary *o, uint64_t at, struct insn *in)
{
	uint8_t b[16] = { 0 };
	uint64_t rest;
	const uint8_t *p = binary_bytes(o, at, &rest);
	unsigned prefix, map, opcode, modrm, size;
	bool immediate;

	if (!p)
		return false;
	memcpy(b, p, rest < sizeof(b) ? rest : sizeof(b));
	if (b[0] == 0x62) {
		prefix = 4;
		map = b[1] & 7;
	} else if (b[0] == 0xc4) {
		prefix = 3;
		map = b[1] & 0x1f;
	} else if (b[0] == 0xc5) {
		prefix = 2;
		map = 1;
	} else {
		return false;
	}
	opcode = b[prefix];
	modrm = b[prefix + 1];
	size = prefix + 2;
	if (map == 0 || map > 6)
		return false;
	immediate = map == 3 || (map == 1 && ((opcode >= 0x70 && opcode <= 0x73) || opcode == 0xc2 ||
					      (opcode >= 0xc4 && opcode <= 0xc6)));
	if (modrm >> 6 != 3) {
		bool sib = (modrm & 7) == 4;
		unsigned base = sib ? b[size] & 7 : modrm & 7;

		size += sib;
		if (modrm >> 6 == 1) {
			size += 1;
		} else if (modrm >> 6 == 2 || base == 5) {
			int32_t disp;

			memcpy(&disp, b + size, 4);
			size += 4;
			in->width = 64;
			if (modrm >> 6 == 0 && !sib)
				in->memory = at + size + immediate + (uint64_t)(int64_t)disp;
		}
	}
	size += immediate;
	if (size > rest || size > 15)
		return false;
	in->size = (uint8_t)size;
	return true;
}

bool code_decode(const struct binary *o, uint64_t at, struct insn *in)
{
	uint64_t rest, address = at;
	const uint8_t *p = binary_bytes(o, at, &rest);
	size_t size = rest > 16 ? 16 : rest;
	const cs_x86 *x;

	code_handle();
	if (!p)
		return false;
	if (!cs_disasm_iter(handle, &p, &size, &address, last)) {
		*in = (struct insn){ .at = at };
		memset(last->detail, 0, sizeof(*last->detail));
		last->id = X86_INS_INVALID;
		return decode_vector(o, at, in);
	}
	*in = (struct insn){ .at = at, .size = (uint8_t)last->size, .id = (uint16_t)last->id };
	x = &last->detail->x86;
	classify(in, x);
	for (unsigned i = 0; i < x->op_count; i++) {
		const cs_x86_op *op = &x->operands[i];

		if (op->type == X86_OP_MEM && op->mem.segment == X86_REG_INVALID) {
			if (op->mem.base == X86_REG_RIP) {
				in->memory = at + in->size + (uint64_t)op->mem.disp;
				in->takes_address = last->id == X86_INS_LEA;
				in->width = op->size ? op->size : 64;
			} else if (o->fixed && op->mem.disp > 0) {
				in->memory = (uint64_t)op->mem.disp;
				in->width = op->size ? op->size : 64;
				/* With a register added, the address is only where something begins. */
				in->takes_address = last->id == X86_INS_LEA || op->mem.base != X86_REG_INVALID ||
						    op->mem.index != X86_REG_INVALID;
			}
		}
		if (op->type == X86_OP_IMM && !in->target) {
			in->immediate = (uint64_t)op->imm;
			in->has_immediate = true;
		}
	}
	return true;
}

uint64_t code_stub(const struct binary *o, uint64_t at)
{
	struct insn in;

	if (!code_decode(o, at, &in))
		return 0;
	if (in.id == X86_INS_ENDBR64 && !code_decode(o, at + in.size, &in))
		return 0;
	return in.flow == FLOW_INDIRECT && in.memory && !in.takes_address ? in.memory : 0;
}

bool code_padding(const struct insn *in)
{
	return in->id == X86_INS_NOP || in->id == X86_INS_INT3 || in->id == X86_INS_ENDBR64 ||
	       (in->id == X86_INS_XCHG && in->size <= 2 && !in->memory);
}
