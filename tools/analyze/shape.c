/* Shapes by capstone's instruction numbers and operands (shape.h). */
#include "shape.h"

void shape_add(const struct member *m, size_t unit, struct buf *text)
{
	struct insn in;

	for (uint64_t at = m->u.at[unit].start; at < m->u.at[unit].end; at += in.size) {
		const cs_x86 *x;

		if (!code_decode(&m->o, at, &in))
			return;
		x = &code_last()->detail->x86;
		buf_printf(text, "%u", in.id);
		for (unsigned i = 0; in.id && i < x->op_count; i++) {
			const cs_x86_op *op = &x->operands[i];

			if (op->type == X86_OP_REG)
				buf_printf(text, " r%u", op->reg);
			else if (op->type == X86_OP_IMM && !in.target)
				buf_printf(text, " %lld", (long long)op->imm);
			else if (op->type == X86_OP_MEM)
				buf_printf(text, " m%u,%u,%d,%lld", op->mem.base, op->mem.index, op->mem.scale,
					   op->mem.base == X86_REG_RIP ? 0 : (long long)op->mem.disp);
		}
		buf_add(text, "\n", 1);
	}
}

char *shape_hash(const struct buf *text)
{
	uint8_t hash[32];

	sha256(text->data, text->size, hash);
	return hex(hash, 8);
}

char *shape_of_object(const struct member *m)
{
	struct buf text = { 0 };

	for (size_t i = 0; i < m->u.count; i++) {
		if (m->u.at[i].kind == UNIT_CODE && !code_stub(&m->o, m->u.at[i].start))
			shape_add(m, i, &text);
	}
	return shape_hash(&text);
}
