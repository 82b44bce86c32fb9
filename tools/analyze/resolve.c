/* Asks the callers of a function for what they pass, and theirs in turn. A function whose address somebody holds, or
 * that the kernel or a loader enters, may be called with anything.
 */
#include "resolve.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "callers.h"
#include "flow_step.h"
#include "summaries.h"

enum { MOST_DEPTH = 24, MOST_QUESTIONS = 200000 };

static unsigned questions; /* that the one in work has led to */

/* States before interesting instructions of a unit, kept: several questions meet in the same units. */
struct snapshot {
	size_t m;
	uint64_t at;
	struct state *state;
};

static void *snapshots, *done_units;

struct unit_key {
	size_t m, unit;
};

static int compare_snapshots(const void *a, const void *b)
{
	const struct snapshot *x = a, *y = b;

	if (x->m != y->m)
		return x->m < y->m ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static int compare_units(const void *a, const void *b)
{
	const struct unit_key *x = a, *y = b;

	if (x->m != y->m)
		return x->m < y->m ? -1 : 1;
	return x->unit < y->unit ? -1 : x->unit > y->unit;
}

struct take {
	size_t m;
	const struct unit *unit;
};

static void visit(void *context, const struct insn *in, const struct state *before)
{
	const struct take *t = context;
	bool leaves = in->target && (in->flow == FLOW_CALL || in->target < t->unit->start || in->target >= t->unit->end);
	bool runs_on = in->at + in->size >= t->unit->end;
	struct snapshot *s, **there;

	if (!in->doors && !leaves && (!in->memory || in->takes_address) && in->flow != FLOW_CALL_INDIRECT && in->flow != FLOW_INDIRECT && !runs_on)
		return;
	s = xcalloc(1, sizeof(*s));
	s->m = t->m;
	s->at = in->at;
	there = tsearch(s, &snapshots, compare_snapshots);
	if (*there != s) {
		free(s);
		return;
	}
	s->state = xcalloc(1, sizeof(*s->state));
	*s->state = *before;
}

static const struct state *state_at(const struct reach *r, size_t m, uint64_t at)
{
	struct snapshot key = { .m = m, .at = at }, **found;
	struct unit_key *unit = xcalloc(1, sizeof(*unit)), **there;

	unit->m = m;
	if (!units_index(&r->members[m].u, at, &unit->unit))
		return NULL;
	there = tsearch(unit, &done_units, compare_units);
	if (*there == unit) {
		struct take t = { .m = m, .unit = &r->members[m].u.at[unit->unit] };

		flow_run(r, m, unit->unit, visit, &t);
	} else {
		free(unit);
	}
	found = tfind(&key, &snapshots, compare_snapshots);
	return found ? (*found)->state : NULL;
}

/* The questions on the way, so that recursion ends. */
struct asked {
	size_t m;
	struct input input;
	const struct asked *before;
	unsigned depth;
};

static struct value close_value(const struct reach *r, size_t m, const struct value *v, const struct asked *before);

static bool is_entered(const struct member *m, uint64_t entry)
{
	for (size_t i = 0; i < m->entered_count; i++) {
		if (m->entered[i] == entry)
			return true;
	}
	return false;
}

static struct value stack_word(const struct state *s, uint64_t unit_start, int64_t offset)
{
	if (!s->regs[RSP].stack)
		return value_unknown("an argument on a stack that is not followed", 0);
	return flow_load(s, unit_start, s->regs[RSP].offset + offset, 8);
}

/* The word at @beyond from the address @v, in the state @s of a unit that begins at @start. */
static struct value behind(const struct value *v, const struct input *in, const struct state *s, uint64_t start, uint64_t at)
{
	struct value word = *v;
	int64_t n;

	if (!in->memory || v->unknown)
		return word;
	if (v->stack && s)
		return flow_load(s, start, v->offset + in->beyond, 4);
	if (value_is_number(v, &n) && n == 0)
		return (struct value){ 0 }; /* nothing is behind NULL */
	if (v->input_count == 1 && !v->number_count && !v->inputs[0].memory) {
		word.inputs[0].memory = true;
		word.inputs[0].beyond = in->beyond;
		return word;
	}
	return value_unknown("memory behind a pointer", at);
}

/* What a caller at @from hands over as @in. */
static struct value handed_over(const struct reach *r, size_t m, const struct caller *c, const struct input *in)
{
	const struct unit *unit = &r->members[m].u.at[c->unit];
	const struct state *s;
	struct value v;

	if (c->from >= unit->end) {
		/* It runs on into the function from its last instruction, whose effect is not in the snapshot. */
		return value_unknown("handed on by the code in front", c->from);
	}
	s = state_at(r, m, c->from);
	if (!s)
		return (struct value){ 0 }; /* that call cannot be reached */
	if (in->where == INPUT_STACK)
		v = stack_word(s, unit->start, c->kind == REF_CALL ? in->offset - 8 : in->offset);
	else
		v = s->regs[in->where];
	return behind(&v, in, s, unit->start, c->from);
}

/* Code that loads a function's address from the linkage table and calls it by a register. */
struct loaded {
	const struct reach *r;
	size_t m;
	uint64_t word, start;
	const struct input *in;
	const struct asked *chain;
	struct value *out;
};

static bool holds(const struct state *s, int reg, uint64_t word)
{
	return s->regs[reg].word == word;
}

/* A call of __tls_get_addr(), which compilers place anywhere: it has one argument, other registers hold leftovers. */
static bool tls_lookup(const struct binary *o, const struct insn *in)
{
	uint64_t word = in->flow == FLOW_CALL ? code_stub(o, in->target) : 0;
	const struct reloc *reloc = word ? binary_reloc_at(o, word) : NULL;

	return reloc && reloc->kind == RELOC_SYMBOL && !strcmp(o->symbols[reloc->symbol].name, "__tls_get_addr");
}

static void visit_loaded(void *context, const struct insn *in, const struct state *before)
{
	static const uint8_t handed[] = { RDI, RSI, RDX, RCX, R8, R9 };
	const struct loaded *l = context;
	const cs_x86 *x = &code_last()->detail->x86;
	struct value v = { 0 };
	unsigned width;
	int reg = x->op_count ? flow_register(x->operands[0].reg, &width) : -1;
	bool by_register = x->op_count == 1 && x->operands[0].type == X86_OP_REG && reg >= 0;

	if (l->out->unknown)
		return;
	if (in->flow == FLOW_CALL_INDIRECT || in->flow == FLOW_INDIRECT) {
		if (by_register && holds(before, reg, l->word)) {
			v = l->in->where == INPUT_STACK
				    ? stack_word(before, l->start, in->flow == FLOW_INDIRECT ? l->in->offset : l->in->offset - 8)
				    : before->regs[l->in->where];
			v = behind(&v, l->in, before, l->start, in->at);
			v = close_value(l->r, l->m, &v, l->chain);
		} else if (by_register && before->regs[reg].unknown == value_mixed) {
			v = value_unknown("the function's address is one of several", in->at);
		}
	}
	if (in->flow == FLOW_CALL || in->flow == FLOW_CALL_INDIRECT || in->flow == FLOW_RETURN) {
		unsigned count = in->flow == FLOW_RETURN ? 0 : tls_lookup(&l->r->members[l->m].o, in) ? 1 : COUNT(handed);

		for (unsigned i = 0; i < count; i++) {
			if (holds(before, handed[i], l->word))
				v = value_unknown("the function's address is handed on", in->at);
		}
		if (in->flow == FLOW_RETURN && holds(before, RAX, l->word))
			v = value_unknown("the function's address is returned", in->at);
	}
	if (x->op_count == 2 && x->operands[0].type == X86_OP_MEM && x->operands[1].type == X86_OP_REG) {
		reg = flow_register(x->operands[1].reg, &width);
		if (reg >= 0 && holds(before, reg, l->word))
			v = value_unknown("the function's address is stored", in->at);
	}
	if (v.unknown && !v.unknown_in)
		v.unknown_in = (uint32_t)l->m + 1;
	value_join(l->out, &v);
}

static void ask(const struct reach *r, size_t m, uint64_t target, const struct input *in, const struct asked *chain,
		struct value *out)
{
	size_t count;
	const struct caller *c = callers_of(&r->members[m], target, &count);

	for (size_t i = 0; i < count && !out->unknown; i++) {
		struct value v;

		if (c[i].kind == REF_ACCESS && !binary_is_code(&r->members[m].o, target)) {
			struct loaded l = { .r = r, .m = m, .word = target, .in = in, .chain = chain, .out = out,
					    .start = r->members[m].u.at[c[i].unit].start };

			if (!i || c[i - 1].kind != REF_ACCESS || c[i - 1].unit != c[i].unit)
				flow_run(r, m, c[i].unit, visit_loaded, &l);
			continue;
		}
		if (c[i].kind == REF_ADDRESS || c[i].kind == REF_ACCESS) {
			if (in->where != RDI || in->memory || !summaries_number(&r->members[m], &v))
				v = value_unknown("the function's address is taken", c[i].from);
			v.unknown_in = (uint32_t)m + 1;
			value_join(out, &v);
			continue;
		}
		if (c[i].kind == REF_TABLE) {
			v = value_unknown("entered through a table", c[i].from);
			v.unknown_in = (uint32_t)m + 1;
			value_join(out, &v);
			continue;
		}
		v = handed_over(r, m, &c[i], in);
		v = close_value(r, m, &v, chain);
		value_join(out, &v);
	}
}

/* Everywhere that an exported function at @entry is bound to: words of all members. */
static void ask_importers(const struct reach *r, size_t m, const struct input *in, const struct asked *chain,
			  struct value *out)
{
	struct strings names = { 0 };

	for (size_t i = 0; i < r->members[m].o.symbol_count; i++) {
		const struct symbol *s = &r->members[m].o.symbols[i];

		if (s->defined && s->at == in->entry)
			strings_add_once(&names, s->name);
	}
	for (size_t i = 0; names.count && i < r->count && !out->unknown; i++) {
		const struct member *member = &r->members[i];

		for (size_t j = 0; j < member->o.reloc_count && !out->unknown; j++) {
			const struct reloc *reloc = &member->o.relocs[j];
			struct export found[2];
			size_t count;
			bool ours = false;

			if (reloc->kind != RELOC_SYMBOL || !strings_has(&names, member->o.symbols[reloc->symbol].name) ||
			    !member->reached_relocs[j])
				continue;
			count = reach_resolve(r, i, reloc->symbol, found, COUNT(found));
			for (size_t k = 0; k < count; k++)
				ours |= found[k].member == m && r->members[m].o.symbols[found[k].symbol].at == in->entry;
			if (!ours)
				continue;
			if (!reloc->slot) {
				*out = value_unknown("the function's address is stored in data", reloc->place);
				out->unknown_in = (uint32_t)i + 1;
				return;
			}
			ask(r, i, reloc->place, in, chain, out);
		}
	}
}

/* What a function's own variable holds: what the file says, and all that is stored in it by name. That no pointer leads
 * there is known only where the object's bounds are, and nobody takes its address.
 */
static void ask_variable(const struct reach *r, size_t m, const struct input *in, const struct asked *chain, struct value *out)
{
	const struct member *member = &r->members[m];
	struct value v, word;
	size_t unit, count;
	uint64_t initial = 0;

	if (!member->o.bounded_data || !units_index(&member->u, in->entry, &unit) || member->u.at[unit].kind == UNIT_CODE) {
		*out = value_unknown("a variable in memory", in->entry);
		return;
	}
	for (const struct caller *c = callers_from(member, member->u.at[unit].start, &count);
	     count && c->target < member->u.at[unit].end && !out->unknown; c++, count--) {
		const cs_x86_op *op = code_last()->detail->x86.operands;
		const struct state *s;
		struct insn access;

		if (c->kind == REF_ADDRESS || !code_decode(&member->o, c->from, &access)) {
			*out = value_unknown("a variable whose address is taken", c->from);
			return;
		}
		if (op[0].type != X86_OP_MEM || access.id == X86_INS_CMP || access.id == X86_INS_TEST ||
		    access.id == X86_INS_PUSH || access.flow != FLOW_NEXT)
			continue;
		s = state_at(r, m, c->from);
		if (!s)
			continue;
		code_decode(&member->o, c->from, &access);
		if (access.id != X86_INS_MOV || c->target != in->entry) {
			*out = value_unknown("a variable that is not only assigned", c->from);
			return;
		}
		v = flow_operand(&member->o, s, &access, &op[1], member->u.at[c->unit].start);
		word = behind(&v, in, s, member->u.at[c->unit].start, c->from);
		word = close_value(r, m, &word, chain);
		value_join(out, &word);
	}
	binary_word(&member->o, in->entry, 4, &initial);
	v = value_number((int64_t)initial);
	word = behind(&v, in, NULL, 0, in->entry);
	value_join(out, &word);
}

static struct value input_value(const struct reach *r, size_t m, const struct input *in, const struct asked *before)
{
	struct asked here = { .m = m, .input = *in, .before = before, .depth = before ? before->depth + 1 : 0 };
	struct value out = { 0 };

	for (const struct asked *a = before; a; a = a->before) {
		if (a->m == m && input_same(&a->input, in))
			return out; /* a loop adds nothing of its own */
	}
	if (here.depth > MOST_DEPTH || ++questions > MOST_QUESTIONS)
		return value_unknown("more calls deep than are followed", in->entry);
	if (in->where == INPUT_VARIABLE) {
		ask_variable(r, m, in, &here, &out);
		return out;
	}
	if (is_entered(&r->members[m], in->entry))
		return value_unknown("called from where the analysis does not see", in->entry);
	ask(r, m, in->entry, in, &here, &out);
	ask_importers(r, m, in, &here, &out);
	return out;
}

static struct value close_value(const struct reach *r, size_t m, const struct value *v, const struct asked *before)
{
	struct value out = *v;

	if (out.unknown && !out.unknown_in)
		out.unknown_in = (uint32_t)m + 1;
	if (v->unknown || !v->input_count)
		return out;
	out.input_count = 0;
	for (unsigned i = 0; i < v->input_count; i++) {
		struct value one = input_value(r, m, &v->inputs[i], before);

		if (one.unknown && !one.unknown_in)
			one.unknown_in = (uint32_t)m + 1;
		value_join(&out, &one);
	}
	return out;
}

/* What is behind variables that nothing sets is nothing: that code cannot run. */
static bool only_variables(const struct value *v)
{
	for (unsigned i = 0; i < v->input_count; i++) {
		if (v->inputs[i].where != INPUT_VARIABLE)
			return false;
	}
	return true;
}

struct value resolve_at(const struct reach *r, size_t m, uint64_t at, int reg)
{
	const struct state *s = state_at(r, m, at);
	struct value v;

	if (!s)
		return (struct value){ 0 };
	questions = 0;
	v = close_value(r, m, &s->regs[reg], NULL);
	if (value_empty(&v) && !only_variables(&s->regs[reg])) {
		v = value_unknown("nothing in sight calls it", at);
		v.unknown_in = (uint32_t)m + 1;
	}
	if (v.stack || v.word) {
		v = value_unknown(v.stack ? "an address on the stack" : "an address from the linkage table", at);
		v.unknown_in = (uint32_t)m + 1;
	}
	return v;
}

static void free_snapshot(void *p)
{
	struct snapshot *s = p;

	free(s->state);
	free(s);
}

void resolve_forget(void)
{
	tdestroy(snapshots, free_snapshot);
	tdestroy(done_units, free);
	snapshots = done_units = NULL;
}
