/* Forward data flow over the control-flow graph of one unit: what registers and stack may hold at each instruction. */
#ifndef TOOLS_ANALYZE_FLOW_H
#define TOOLS_ANALYZE_FLOW_H

#include "reach.h"
#include "value.h"

enum { FLOW_CELLS = 40 };

/* A word on the stack, at an offset from the stack pointer at entry. */
struct cell {
	int64_t offset;
	uint8_t size;
	struct value value;
};

struct state {
	struct value regs[16];
	struct cell cells[FLOW_CELLS];
	uint8_t cell_count;
	bool lost;    /* words of the stack were forgotten: one that is not in cells is unknown, not as at entry */
	bool escaped; /* somebody else has an address on this stack */
};

/** flow_visit_fn - called once for each instruction that can run, with what holds before it; code_last() is its own. */
typedef void flow_visit_fn(void *context, const struct insn *in, const struct state *before);

/** flow_run() - analyze unit @unit of member @m of @r, then visit its instructions in order. */
void flow_run(const struct reach *r, size_t m, size_t unit, flow_visit_fn *visit, void *context);
/** flow_load() - what the word of @size bytes at @offset of the stack holds in @s, for a function entered at @entry. */
struct value flow_load(const struct state *s, uint64_t entry, int64_t offset, unsigned size);

#endif
