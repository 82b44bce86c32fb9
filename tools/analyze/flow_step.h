/* What one instruction does to what is known of registers and stack. Private to flow.c and resolve.c. */
#ifndef TOOLS_ANALYZE_FLOW_STEP_H
#define TOOLS_ANALYZE_FLOW_STEP_H

#include "flow.h"

/** flow_register() - the number of a register of any width (0 to 15, as in value.h), or -1; its width in bytes. */
int flow_register(x86_reg reg, unsigned *ret_width);
/** flow_operand() - what operand @op of the instruction decoded last holds, for a unit entered at @entry. */
struct value flow_operand(const struct binary *o, const struct state *s, const struct insn *in, const cs_x86_op *op,
			  uint64_t entry);
/** flow_step() - go over the instruction that code_decode() has just found as @in. @entry: where the unit was entered. */
void flow_step(const struct binary *o, struct state *s, const struct insn *in, uint64_t entry);

#endif
