/* Blocks, edges and the fixpoint (flow.h). Indirect jumps go to the entries of the tables that the unit reads; where
 * none was found, to every block of the unit. A block that nothing in sight jumps to (a handler of exceptions, a place
 * that another unit names) begins with everything as it was handed over there.
 */
#include "flow.h"

#include <stdlib.h>
#include <string.h>

#include "callers.h"
#include "flow_step.h"

/* What is larger than any function that a compiler made is not followed: everything in it may hold anything. */
enum { MOST_TARGETS = 100000, MOST_BLOCKS = 20000, MOST_ARRIVALS = 400 /* of each block */ };

struct block {
	uint64_t start, end;
	struct state *in; /* NULL until something arrives */
	bool queued;
};

struct flow {
	const struct reach *r;
	const struct binary *o;
	size_t m;
	const struct unit *unit;
	struct insn *code;
	size_t count, capacity;
	uint64_t *leaders;
	size_t leader_count;
	uint64_t *targets; /* of indirect jumps, as far as tables tell */
	size_t target_count;
	struct table {
		uint64_t by; /* the instruction that names it */
		size_t first, count;
	} *tables;
	size_t table_count;
	struct block *blocks;
	size_t block_count;
};

static void add_address(uint64_t **list, size_t *count, uint64_t at)
{
	if (!(*count & (*count + 1)))
		*list = xrealloc(*list, (*count + 1) * 2, sizeof(**list));
	(*list)[(*count)++] = at;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static int by_address(const void *a, const void *b)
{
	const struct insn *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

static bool in_unit(const struct flow *f, uint64_t at)
{
	return at >= f->unit->start && at < f->unit->end;
}

static bool ends_block(const struct insn *in)
{
	return in->flow != FLOW_NEXT && in->flow != FLOW_CALL && in->flow != FLOW_CALL_INDIRECT;
}

/* Entries of the table of offsets at @table that stay in the unit. */
static void read_offsets(struct flow *f, uint64_t table)
{
	uint64_t word, target, end = units_next_named(&f->r->members[f->m].u, table);

	for (uint64_t place = table; f->target_count <= MOST_TARGETS && place < end && binary_word(f->o, place, 4, &word);
	     place += 4) {
		target = table + (uint64_t)(int64_t)(int32_t)word;
		if (!binary_is_code(f->o, target))
			return;
		if (in_unit(f, target))
			add_address(&f->targets, &f->target_count, target);
	}
}

/* Entries of tables of addresses, as code that is not moved has them. */
static void read_words(struct flow *f, uint64_t table)
{
	uint64_t word;

	for (uint64_t place = table; f->target_count <= MOST_TARGETS && binary_word(f->o, place, 8, &word) && in_unit(f, word);
	     place += 8)
		add_address(&f->targets, &f->target_count, word);
}

static void read_table(struct flow *f, const struct insn *in)
{
	size_t first = f->target_count;

	if (f->target_count > MOST_TARGETS)
		return;
	read_offsets(f, in->memory);
	if (f->o->fixed)
		read_words(f, in->memory);
	f->tables = xrealloc(f->tables, f->table_count + 1, sizeof(*f->tables));
	f->tables[f->table_count++] = (struct table){ .by = in->at, .first = first, .count = f->target_count - first };
}

/* The table of the indirect jump @jump, if it is named, and an entry loaded, just before; else NULL: it may be any. */
static const struct table *table_of(const struct flow *f, const struct insn *jump)
{
	bool loaded = false;

	for (const struct insn *p = jump; p > f->code && jump - p < 6; p--) {
		const struct insn *in = p - 1;

		if (in->at + in->size != p->at || ends_block(in))
			return NULL;
		loaded |= in->id == X86_INS_MOVSXD;
		for (size_t i = 0; loaded && in->takes_address && i < f->table_count; i++) {
			if (f->tables[i].by == in->at && f->tables[i].count)
				return &f->tables[i];
		}
	}
	return NULL;
}

/* The unit's instructions, decoded as units.c did: from every place where a run of them begins. */
static void decode(struct flow *f)
{
	uint8_t *seen = xcalloc(f->unit->end - f->unit->start, 1);
	uint64_t *work = NULL;
	size_t work_count = 0;
	uint64_t at = f->unit->start, swept = at;
	struct insn in;

	add_address(&work, &work_count, at);
	add_address(&f->leaders, &f->leader_count, at);
	for (;;) {
		while (work_count) {
			at = work[--work_count];
			while (in_unit(f, at) && seen[at - f->unit->start] != 1 && code_decode(f->o, at, &in)) {
				seen[at - f->unit->start] = 1;
				for (unsigned i = 1; i < in.size && in_unit(f, at + i); i++)
					seen[at + i - f->unit->start] |= 2;
				if (f->count == f->capacity) {
					f->capacity = f->capacity ? f->capacity * 2 : 256;
					f->code = xrealloc(f->code, f->capacity, sizeof(*f->code));
				}
				f->code[f->count++] = in;
				if (in.target && in_unit(f, in.target) && in.flow != FLOW_CALL) {
					add_address(&work, &work_count, in.target);
					add_address(&f->leaders, &f->leader_count, in.target);
				}
				if (in.takes_address && !binary_is_code(f->o, in.memory))
					read_table(f, &in);
				at += in.size;
				if (ends_block(&in))
					add_address(&f->leaders, &f->leader_count, at);
				if (ends_block(&in) && in.flow != FLOW_BRANCH)
					break;
			}
		}
		while (in_unit(f, swept) && seen[swept - f->unit->start])
			swept++;
		at = swept;
		if (!in_unit(f, at))
			break;
		if (!code_decode(f->o, at, &in)) {
			seen[at - f->unit->start] = 2;
			continue;
		}
		if (code_padding(&in)) {
			for (unsigned i = 0; i < in.size && in_unit(f, at + i); i++)
				seen[at + i - f->unit->start] |= 2;
			continue;
		}
		add_address(&work, &work_count, at);
		add_address(&f->leaders, &f->leader_count, at);
	}
	free(seen);
	free(work);
	for (size_t i = 0; i < f->target_count; i++)
		add_address(&f->leaders, &f->leader_count, f->targets[i]);
	sort(f->code, f->count, sizeof(*f->code), by_address);
}

static const struct insn *insn_at(const struct flow *f, uint64_t at)
{
	struct insn key = { .at = at };

	return f->count ? bsearch(&key, f->code, f->count, sizeof(key), by_address) : NULL;
}

static struct block *block_at(const struct flow *f, uint64_t at)
{
	size_t low = 0, high = f->block_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (f->blocks[middle].start < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low < f->block_count && f->blocks[low].start == at ? &f->blocks[low] : NULL;
}

static void make_blocks(struct flow *f)
{
	sort(f->leaders, f->leader_count, sizeof(*f->leaders), by_value);
	f->blocks = xcalloc(f->leader_count, sizeof(*f->blocks));
	for (size_t i = 0; i < f->leader_count; i++) {
		if ((f->block_count && f->blocks[f->block_count - 1].start == f->leaders[i]) || !insn_at(f, f->leaders[i]))
			continue;
		if (f->block_count)
			f->blocks[f->block_count - 1].end = f->leaders[i];
		f->blocks[f->block_count++] = (struct block){ .start = f->leaders[i], .end = f->unit->end };
	}
}

/* Cells that both have stay, joined; one that only one has is forgotten, which makes the state lossy. */
static bool join_cells(struct state *to, const struct state *from)
{
	bool changed = false;

	for (unsigned i = 0; i < to->cell_count;) {
		struct cell *c = &to->cells[i];
		const struct cell *same = NULL;

		for (unsigned j = 0; j < from->cell_count; j++) {
			if (from->cells[j].offset == c->offset && from->cells[j].size == c->size)
				same = &from->cells[j];
		}
		if (same) {
			changed |= value_join(&c->value, &same->value);
			i++;
		} else {
			to->cells[i] = to->cells[--to->cell_count];
			if (!to->lost)
				changed = true;
			to->lost = true;
		}
	}
	for (unsigned j = 0; !to->lost && j < from->cell_count; j++) {
		bool known = false;

		for (unsigned i = 0; i < to->cell_count; i++)
			known |= to->cells[i].offset == from->cells[j].offset;
		if (!known)
			to->lost = changed = true;
	}
	if ((from->lost && !to->lost) || (from->escaped && !to->escaped))
		changed = true;
	to->lost |= from->lost;
	to->escaped |= from->escaped;
	return changed;
}

/* Cells that are not in use are most of a state. */
static void copy_state(struct state *to, const struct state *from)
{
	memcpy(to->regs, from->regs, sizeof(to->regs));
	memcpy(to->cells, from->cells, from->cell_count * sizeof(to->cells[0]));
	to->cell_count = from->cell_count;
	to->lost = from->lost;
	to->escaped = from->escaped;
}

static bool join_state(struct block *b, const struct state *from)
{
	bool changed = false;

	if (!b->in) {
		b->in = xcalloc(1, sizeof(*b->in));
		copy_state(b->in, from);
		return true;
	}
	for (unsigned i = 0; i < 16; i++)
		changed |= value_join(&b->in->regs[i], &from->regs[i]);
	return join_cells(b->in, from) | changed;
}

static void entry_state(struct state *s, uint64_t entry, bool stack_known)
{
	memset(s, 0, sizeof(*s));
	for (int i = 0; i < 16; i++)
		s->regs[i] = value_input(entry, i, 0);
	/* A jump into the middle finds the stack as the code around it keeps it; where none does, it begins here. */
	if (stack_known)
		s->regs[RSP] = value_stack(0);
	else
		memset(&s->regs[RSP], 0, sizeof(s->regs[RSP]));
	s->lost = !stack_known;
}

struct queue {
	struct block **at;
	size_t count, capacity;
	size_t arrivals; /* so far */
};

static bool too_large(const struct flow *f, const struct queue *q)
{
	return f->block_count > MOST_BLOCKS || f->target_count > MOST_TARGETS || q->arrivals > 10000 + MOST_ARRIVALS * f->block_count;
}

static void arrive(struct queue *q, struct block *b, const struct state *s)
{
	q->arrivals++;
	if (!b || !join_state(b, s) || b->queued)
		return;
	if (q->count == q->capacity) {
		q->capacity = q->capacity ? q->capacity * 2 : 64;
		q->at = xrealloc(q->at, q->capacity, sizeof(struct block *));
	}
	b->queued = true;
	q->at[q->count++] = b;
}

static void leave(struct flow *f, struct queue *q, const struct insn *last, const struct state *s)
{
	uint64_t next = last->at + last->size;
	const struct table *table;

	switch ((enum flow_kind)last->flow) {
	case FLOW_RETURN:
	case FLOW_STOP:
		return;
	case FLOW_BRANCH:
		arrive(q, block_at(f, last->target), s);
		arrive(q, block_at(f, next), s);
		return;
	case FLOW_JUMP:
		if (in_unit(f, last->target))
			arrive(q, block_at(f, last->target), s);
		return;
	case FLOW_INDIRECT:
		if (last->memory && !last->takes_address)
			return;
		table = table_of(f, last);
		for (size_t i = table ? table->first : 0; i < (table ? table->first + table->count : f->target_count); i++)
			arrive(q, block_at(f, f->targets[i]), s);
		for (size_t i = 0; !f->target_count && i < f->block_count; i++)
			arrive(q, &f->blocks[i], s);
		return;
	default:
		arrive(q, block_at(f, next), s);
	}
}

/* Whether what follows a call is reached: the callee, if it is known, can return. */
static bool comes_back(const struct flow *f, const struct insn *in)
{
	if (in->flow == FLOW_CALL)
		return callers_returns(f->r, f->m, in->target);
	return !in->memory || in->takes_address || callers_returns(f->r, f->m, in->memory);
}

/* Go through a block from its in-state. Return: false if its end is not reached. */
static bool through(struct flow *f, const struct block *b, struct state *s, const struct insn **ret_last,
		    flow_visit_fn *visit, void *context)
{
	struct insn key = { .at = b->start };
	const struct insn *p = bsearch(&key, f->code, f->count, sizeof(key), by_address), *end = f->code + f->count;
	uint64_t at = b->start;
	struct insn in;

	copy_state(s, b->in);
	if (value_empty(&s->regs[RSP]))
		s->regs[RSP] = value_stack(0);
	for (; p < end; p++) {
		if (p->at != at) /* instructions that overlap: the other one */
			continue;
		code_decode(f->o, at, &in);
		if (visit) {
			visit(context, p, s);
			code_decode(f->o, at, &in);
		}
		flow_step(f->o, s, &in, f->unit->start);
		*ret_last = p;
		at += p->size;
		if ((p->flow == FLOW_CALL || p->flow == FLOW_CALL_INDIRECT) && !comes_back(f, p))
			return false;
		if (ends_block(p) || at >= b->end)
			return true;
	}
	return true;
}

static void enter_from_outside(struct flow *f, struct queue *q)
{
	struct state *s = xcalloc(1, sizeof(*s));

	entry_state(s, f->unit->start, true);
	arrive(q, block_at(f, f->unit->start), s);
	/* Where other units jump to, and where nobody in sight does. */
	for (size_t i = 0; i < f->block_count; i++) {
		struct block *b = &f->blocks[i];

		if (b->start != f->unit->start && callers_enter(&f->r->members[f->m], b->start)) {
			entry_state(s, b->start, false);
			arrive(q, b, s);
		}
	}
	free(s);
}

static void work_off(struct flow *f, struct queue *q, struct state *s)
{
	while (q->count && !too_large(f, q)) {
		struct block *b = q->at[--q->count];
		const struct insn *last = NULL;

		b->queued = false;
		if (through(f, b, s, &last, NULL, NULL) && last)
			leave(f, q, last, s);
	}
}

static void know_nothing(struct state *s, const char *why, uint64_t at)
{
	memset(s, 0, sizeof(*s));
	for (int i = 0; i < 16; i++)
		s->regs[i] = value_unknown(why, at);
	s->regs[RSP] = value_stack(0);
	s->lost = true;
}

static void visit_blindly(struct flow *f, struct state *s, flow_visit_fn *visit, void *context)
{
	struct insn in;

	know_nothing(s, "a function too large to follow", f->unit->start);
	s->regs[RSP] = s->regs[RAX];
	for (size_t i = 0; i < f->count; i++) {
		code_decode(f->o, f->code[i].at, &in);
		visit(context, &f->code[i], s);
	}
}

void flow_run(const struct reach *r, size_t m, size_t unit, flow_visit_fn *visit, void *context)
{
	struct flow f = { .r = r, .o = &r->members[m].o, .m = m, .unit = &r->members[m].u.at[unit] };
	struct state *s = xcalloc(1, sizeof(*s));
	struct queue q = { 0 };

	decode(&f);
	make_blocks(&f);
	if (!too_large(&f, &q)) {
		enter_from_outside(&f, &q);
		work_off(&f, &q, s);
	}
	for (size_t i = 0; i < f.block_count && !too_large(&f, &q); i++) {
		if (f.blocks[i].in)
			continue;
		/* Only an unwinder or a jump that was not understood leads here. */
		know_nothing(s, "code that no jump in sight leads to", f.blocks[i].start);
		arrive(&q, &f.blocks[i], s);
		work_off(&f, &q, s);
	}
	for (size_t i = 0; i < f.block_count; i++) {
		const struct insn *last;

		if (f.blocks[i].in && !too_large(&f, &q))
			through(&f, &f.blocks[i], s, &last, visit, context);
		free(f.blocks[i].in);
	}
	if (too_large(&f, &q))
		visit_blindly(&f, s, visit, context);
	free(s);
	free(q.at);
	free(f.blocks);
	free(f.leaders);
	free(f.targets);
	free(f.tables);
	free(f.code);
}
