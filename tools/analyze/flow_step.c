/* The transfer function: moves, address arithmetic, the stack, calls. An instruction that is not listed makes unknown
 * what capstone says that it writes. Intel SDM volume 2.
 */
#include "flow_step.h"

#include <string.h>

int flow_register(x86_reg reg, unsigned *ret_width)
{
	static const struct {
		x86_reg names[4]; /* 8, 4, 2, 1 bytes */
	} table[16] = {
		{ { X86_REG_RAX, X86_REG_EAX, X86_REG_AX, X86_REG_AL } },
		{ { X86_REG_RCX, X86_REG_ECX, X86_REG_CX, X86_REG_CL } },
		{ { X86_REG_RDX, X86_REG_EDX, X86_REG_DX, X86_REG_DL } },
		{ { X86_REG_RBX, X86_REG_EBX, X86_REG_BX, X86_REG_BL } },
		{ { X86_REG_RSP, X86_REG_ESP, X86_REG_SP, X86_REG_SPL } },
		{ { X86_REG_RBP, X86_REG_EBP, X86_REG_BP, X86_REG_BPL } },
		{ { X86_REG_RSI, X86_REG_ESI, X86_REG_SI, X86_REG_SIL } },
		{ { X86_REG_RDI, X86_REG_EDI, X86_REG_DI, X86_REG_DIL } },
		{ { X86_REG_R8, X86_REG_R8D, X86_REG_R8W, X86_REG_R8B } },
		{ { X86_REG_R9, X86_REG_R9D, X86_REG_R9W, X86_REG_R9B } },
		{ { X86_REG_R10, X86_REG_R10D, X86_REG_R10W, X86_REG_R10B } },
		{ { X86_REG_R11, X86_REG_R11D, X86_REG_R11W, X86_REG_R11B } },
		{ { X86_REG_R12, X86_REG_R12D, X86_REG_R12W, X86_REG_R12B } },
		{ { X86_REG_R13, X86_REG_R13D, X86_REG_R13W, X86_REG_R13B } },
		{ { X86_REG_R14, X86_REG_R14D, X86_REG_R14W, X86_REG_R14B } },
		{ { X86_REG_R15, X86_REG_R15D, X86_REG_R15W, X86_REG_R15B } },
	};

	for (int i = 0; i < 16; i++) {
		for (unsigned j = 0; j < 4; j++) {
			if (table[i].names[j] == reg) {
				*ret_width = 8u >> j;
				return i;
			}
		}
	}
	switch (reg) {
	case X86_REG_AH: *ret_width = 1; return RAX;
	case X86_REG_CH: *ret_width = 1; return RCX;
	case X86_REG_DH: *ret_width = 1; return RDX;
	case X86_REG_BH: *ret_width = 1; return RBX;
	default: return -1;
	}
}

static int64_t low_32(int64_t n, int64_t with)
{
	(void)with;
	return (int64_t)(uint32_t)n;
}

static int64_t sign_32(int64_t n, int64_t with)
{
	(void)with;
	return (int32_t)n;
}

static int64_t mask(int64_t n, int64_t with)
{
	return n & with;
}

static int64_t plus(int64_t n, int64_t with)
{
	return (int64_t)((uint64_t)n + (uint64_t)with);
}

static int64_t or_with(int64_t n, int64_t with)
{
	return n | with;
}

static int64_t xor_with(int64_t n, int64_t with)
{
	return n ^ with;
}

static int64_t shifted(int64_t n, int64_t with)
{
	return (int64_t)((uint64_t)n << (with & 63));
}

/* A 32-bit move of numbers drops their upper halves; of an argument it is taken as the whole, as the ABI has it. */
static struct value narrowed(const struct value *v, unsigned width)
{
	if (width == 4 && v->number_count && !v->input_count)
		return value_map(v, low_32, 0, "", 0);
	return *v;
}

/* The low 8 or 16 bits of a register replaced: hand-written code loads a number so after clearing the whole. */
static bool replace_low(struct state *s, const struct insn *in, const cs_x86 *x)
{
	unsigned width;
	int reg = flow_register(x->operands[0].reg, &width);
	int64_t low;

	if (x->operands[0].type != X86_OP_REG || x->operands[1].type != X86_OP_IMM || reg < 0 || width > 2 ||
	    x->operands[0].reg == X86_REG_AH || x->operands[0].reg == X86_REG_BH || x->operands[0].reg == X86_REG_CH ||
	    x->operands[0].reg == X86_REG_DH)
		return false;
	low = (1 << 8 * width) - 1;
	s->regs[reg] = value_map(&s->regs[reg], mask, ~low, "a part of a register", in->at);
	s->regs[reg] = value_map(&s->regs[reg], or_with, x->operands[1].imm & low, "a part of a register", in->at);
	return true;
}

static void forget_stack(struct state *s)
{
	s->cell_count = 0;
	s->lost = true;
}

static void remove_cells(struct state *s, int64_t offset, unsigned size)
{
	for (unsigned i = 0; i < s->cell_count;) {
		const struct cell *c = &s->cells[i];

		if (c->offset < offset + size && offset < c->offset + c->size)
			s->cells[i] = s->cells[--s->cell_count];
		else
			i++;
	}
}

static void store(struct state *s, int64_t offset, unsigned size, const struct value *v)
{
	remove_cells(s, offset, size);
	if (s->cell_count == FLOW_CELLS) {
		/* One goes to make room; that it is missing must not look like "as at entry". */
		s->cells[0] = s->cells[--s->cell_count];
		s->lost = true;
	}
	s->cells[s->cell_count++] = (struct cell){ .offset = offset, .size = (uint8_t)size, .value = *v };
}

struct value flow_load(const struct state *s, uint64_t entry, int64_t offset, unsigned size)
{
	for (unsigned i = 0; i < s->cell_count; i++) {
		const struct cell *c = &s->cells[i];

		if (c->offset == offset && c->size >= size)
			return narrowed(&c->value, size);
		if (c->offset < offset + size && offset < c->offset + c->size)
			return value_unknown("a part of a word on the stack", 0);
	}
	if (s->lost || s->escaped)
		return value_unknown("a word on the stack that is not followed", 0);
	return value_input(entry, INPUT_STACK, (int)offset);
}

/* The stack offset that an operand names: base on the stack, no index. */
static bool on_stack(const struct state *s, const x86_op_mem *mem, int64_t *ret)
{
	unsigned width;
	int base = flow_register(mem->base, &width);

	if (base < 0 || mem->index != X86_REG_INVALID || !s->regs[base].stack)
		return false;
	*ret = s->regs[base].offset + mem->disp;
	return true;
}

static bool constant_memory(const struct binary *o, uint64_t at, unsigned size, uint64_t *ret)
{
	const struct segment *seg = binary_segment(o, at);
	size_t i = binary_reloc_from(o, at);

	return seg && !seg->write && !(i < o->reloc_count && o->relocs[i].place < at + size) && binary_word(o, at, size, ret);
}

static struct value load(const struct binary *o, const struct state *s, const struct insn *in, const x86_op_mem *mem,
			 unsigned size, uint64_t entry)
{
	unsigned width;
	int base = flow_register(mem->base, &width);
	int64_t offset, at;
	uint64_t word;

	if (mem->segment != X86_REG_INVALID)
		return value_unknown("a thread's own variable", in->at);
	if (on_stack(s, mem, &offset))
		return flow_load(s, entry, offset, size);
	if (in->memory && mem->index == X86_REG_INVALID && (mem->base == X86_REG_RIP || mem->base == X86_REG_INVALID)) {
		const struct reloc *r = binary_reloc_at(o, in->memory);

		if (constant_memory(o, in->memory, size, &word))
			return value_number((int64_t)word);
		if (size == 8 && r && r->kind == RELOC_SYMBOL)
			return value_word(in->memory);
		return value_input(in->memory, INPUT_VARIABLE, 0);
	}
	if (base >= 0 && mem->index == X86_REG_INVALID && value_is_number(&s->regs[base], &at) &&
	    constant_memory(o, (uint64_t)(at + mem->disp), size, &word))
		return value_number((int64_t)word);
	if (base >= 0 && mem->index == X86_REG_INVALID && s->regs[base].input_count == 1 && !s->regs[base].number_count &&
	    !s->regs[base].unknown && !s->regs[base].inputs[0].memory) {
		struct value v = s->regs[base];

		v.inputs[0].memory = true;
		v.inputs[0].beyond = (int32_t)mem->disp;
		return v;
	}
	return value_unknown(mem->index != X86_REG_INVALID ? "an entry of a table" : "memory behind a pointer", in->at);
}

struct value flow_operand(const struct binary *o, const struct state *s, const struct insn *in, const cs_x86_op *op,
			  uint64_t entry)
{
	unsigned width;
	int reg;

	switch (op->type) {
	case X86_OP_IMM:
		return value_number(op->imm);
	case X86_OP_REG:
		reg = flow_register(op->reg, &width);
		if (reg >= 0 && width >= 4)
			return narrowed(&s->regs[reg], width);
		return value_unknown("a part of a register", in->at);
	case X86_OP_MEM:
		if (op->size == 4 || op->size == 8)
			return load(o, s, in, &op->mem, op->size, entry);
		return value_unknown("a part of a word in memory", in->at);
	default:
		return value_unknown("computed", in->at);
	}
}

/* Something is written where it is not known: another's address may be one of this stack's. */
static void store_elsewhere(struct state *s, const struct value *v)
{
	if (v->stack)
		s->escaped = true;
	if (s->escaped)
		forget_stack(s);
}

static void assign(struct state *s, const struct insn *in, const cs_x86_op *op, const struct value *v)
{
	unsigned width;
	int64_t offset;
	int reg;

	if (op->type == X86_OP_REG) {
		reg = flow_register(op->reg, &width);
		if (reg < 0)
			return;
		if (width >= 4)
			s->regs[reg] = width == 4 && v->stack ? value_unknown("a part of a register", in->at) : narrowed(v, width);
		else
			s->regs[reg] = value_unknown("a part of a register", in->at);
		return;
	}
	if (op->type != X86_OP_MEM)
		return;
	if (on_stack(s, &op->mem, &offset)) {
		struct value plain = op->size >= 4 ? *v : value_unknown("a part of a word on the stack", in->at);

		store(s, offset, op->size, &plain);
		if (v->stack && op->mem.base != X86_REG_RSP && op->mem.base != X86_REG_RBP)
			s->escaped = true;
	} else {
		unsigned base_width;
		int base = flow_register(op->mem.base, &base_width);

		/* An indexed write into an array on this very stack. */
		if (base >= 0 && s->regs[base].stack)
			forget_stack(s);
		store_elsewhere(s, v);
	}
}

static void push(struct state *s, const struct value *v, uint64_t at)
{
	if (!s->regs[RSP].stack) {
		forget_stack(s);
		s->regs[RSP] = value_unknown("the stack pointer", at);
		return;
	}
	s->regs[RSP].offset -= 8;
	store(s, s->regs[RSP].offset, 8, v);
}

static struct value pop(struct state *s, uint64_t entry, uint64_t at)
{
	struct value v;

	if (!s->regs[RSP].stack)
		return value_unknown("the stack", at);
	v = flow_load(s, entry, s->regs[RSP].offset, 8);
	s->regs[RSP].offset += 8;
	return v;
}

static void call(struct state *s, uint64_t at)
{
	static const uint8_t clobbered[] = { RAX, RCX, RDX, RSI, RDI, R8, R9, R10, R11 };
	static const uint8_t arguments[] = { RDI, RSI, RDX, RCX, R8, R9 };

	for (unsigned i = 0; i < COUNT(arguments); i++)
		s->escaped |= s->regs[arguments[i]].stack;
	if (s->escaped)
		forget_stack(s);
	for (unsigned i = 0; i < COUNT(clobbered); i++)
		s->regs[clobbered[i]] = value_unknown(i ? "a register that a call does not keep" : "what a function returned", at);
}

/* rsp or another register with an address on the stack, moved by a number. */
static bool move_stack(struct value *v, int64_t by)
{
	if (!v->stack)
		return false;
	v->offset += by;
	return true;
}

static void arithmetic(const struct binary *o, struct state *s, const struct insn *in, const cs_x86 *x, uint64_t entry)
{
	const cs_x86_op *to = &x->operands[0], *with = &x->operands[1];
	struct value v = flow_operand(o, s, in, to, entry), w = flow_operand(o, s, in, with, entry), out;
	int64_t n;

	if (to->type == X86_OP_REG && with->type == X86_OP_REG && to->reg == with->reg &&
	    (in->id == X86_INS_XOR || in->id == X86_INS_SUB)) {
		out = value_number(0);
	} else if (!value_is_number(&w, &n)) {
		out = value_unknown("computed", in->at);
	} else if (in->id == X86_INS_OR && n == -1) {
		out = value_number(-1);
	} else if (in->id == X86_INS_AND && n == 0) {
		out = value_number(0);
	} else if (in->id == X86_INS_AND && v.stack) {
		/* Aligned: a new base, with nothing known of where it lies relative to the old one. */
		forget_stack(s);
		out = value_stack((v.offset & n) - 0x100000);
	} else if ((in->id == X86_INS_ADD || in->id == X86_INS_SUB) && v.stack) {
		out = v;
		move_stack(&out, in->id == X86_INS_ADD ? n : -n);
	} else {
		int64_t (*f)(int64_t, int64_t) = in->id == X86_INS_ADD || in->id == X86_INS_SUB ? plus
						 : in->id == X86_INS_AND			    ? mask
						 : in->id == X86_INS_OR			    ? or_with
										    : xor_with;

		out = value_map(&v, f, in->id == X86_INS_SUB ? -n : n, "computed", in->at);
	}
	assign(s, in, to, &out);
}

static void lea(struct state *s, const struct insn *in, const cs_x86 *x)
{
	const x86_op_mem *mem = &x->operands[1].mem;
	struct value out = value_unknown("computed", in->at);
	unsigned width;
	int base = flow_register(mem->base, &width);
	int64_t n;

	if (mem->base == X86_REG_RIP) {
		out = value_number((int64_t)in->memory);
	} else if (mem->index == X86_REG_INVALID && base >= 0) {
		out = s->regs[base];
		if (!move_stack(&out, mem->disp))
			out = mem->disp ? value_map(&out, plus, mem->disp, "computed", in->at) : out;
	} else if (mem->base == X86_REG_INVALID && mem->index == X86_REG_INVALID) {
		out = value_number(mem->disp);
	} else if (base >= 0 && value_is_number(&s->regs[base], &n)) {
		int index = flow_register(mem->index, &width);
		int64_t i;

		if (index >= 0 && value_is_number(&s->regs[index], &i))
			out = value_number(n + i * mem->scale + mem->disp);
	}
	assign(s, in, &x->operands[0], &out);
}

static void forget_written(struct state *s, const struct insn *in, const cs_x86 *x)
{
	cs_regs read, write;
	uint8_t read_count, write_count;

	if (cs_regs_access(code_handle(), code_last(), read, &read_count, write, &write_count) == CS_ERR_OK) {
		for (unsigned i = 0; i < write_count; i++) {
			unsigned width;
			int reg = flow_register(write[i], &width);

			if (reg >= 0)
				s->regs[reg] = value_unknown("computed", in->at);
		}
	}
	for (unsigned i = 0; i < x->op_count; i++) {
		const cs_x86_op *op = &x->operands[i];
		struct value unknown = value_unknown("computed", in->at);

		if (op->type == X86_OP_MEM && op->access & CS_AC_WRITE)
			assign(s, in, op, &unknown);
	}
}

void flow_step(const struct binary *o, struct state *s, const struct insn *in, uint64_t entry)
{
	const cs_x86 *x = &code_last()->detail->x86;
	const cs_x86_op *op = x->operands;
	struct value v, w;

	switch (in->id) {
	case X86_INS_MOV:
	case X86_INS_MOVABS:
		if (replace_low(s, in, x))
			break;
		v = flow_operand(o, s, in, &op[1], entry);
		assign(s, in, &op[0], &v);
		break;
	case X86_INS_MOVSXD:
	case X86_INS_CDQE:
		v = in->id == X86_INS_CDQE ? s->regs[RAX] : flow_operand(o, s, in, &op[1], entry);
		if (v.number_count && !v.input_count)
			v = value_map(&v, sign_32, 0, "computed", in->at);
		if (in->id == X86_INS_CDQE)
			s->regs[RAX] = v;
		else
			assign(s, in, &op[0], &v);
		break;
	case X86_INS_LEA:
		lea(s, in, x);
		break;
	case X86_INS_XOR:
	case X86_INS_SUB:
	case X86_INS_ADD:
	case X86_INS_AND:
	case X86_INS_OR:
		arithmetic(o, s, in, x, entry);
		break;
	case X86_INS_SHL:
		v = flow_operand(o, s, in, &op[0], entry);
		v = x->op_count == 2 && op[1].type == X86_OP_IMM ? value_map(&v, shifted, op[1].imm, "computed", in->at)
								 : value_unknown("computed", in->at);
		assign(s, in, &op[0], &v);
		break;
	case X86_INS_PUSH:
		v = flow_operand(o, s, in, &op[0], entry);
		push(s, &v, in->at);
		break;
	case X86_INS_POP:
		v = pop(s, entry, in->at);
		assign(s, in, &op[0], &v);
		break;
	case X86_INS_LEAVE:
		s->regs[RSP] = s->regs[RBP];
		s->regs[RBP] = pop(s, entry, in->at);
		break;
	case X86_INS_XCHG:
		v = flow_operand(o, s, in, &op[0], entry);
		w = flow_operand(o, s, in, &op[1], entry);
		assign(s, in, &op[0], &w);
		assign(s, in, &op[1], &v);
		break;
	case X86_INS_CALL:
	case X86_INS_LCALL:
		call(s, in->at);
		break;
	case X86_INS_SYSCALL:
		s->regs[RAX] = value_unknown("what the kernel returned", in->at);
		s->regs[RCX] = s->regs[R11] = value_unknown("a register that the kernel does not keep", in->at);
		/* It may write through an address on the stack that it was given. */
		s->escaped |= s->regs[RDI].stack || s->regs[RSI].stack || s->regs[RDX].stack || s->regs[R10].stack;
		if (s->escaped)
			forget_stack(s);
		break;
	case X86_INS_CMP:
	case X86_INS_TEST:
	case X86_INS_NOP:
	case X86_INS_ENDBR64:
		break;
	default:
		if (x->op_count == 2 && !strncmp(code_last()->mnemonic, "cmov", 4)) {
			v = flow_operand(o, s, in, &op[0], entry);
			w = flow_operand(o, s, in, &op[1], entry);
			value_join(&v, &w);
			assign(s, in, &op[0], &v);
			break;
		}
		forget_written(s, in, x);
		break;
	}
}
