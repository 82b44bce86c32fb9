/* Cutting an object into units, and decoding each unit of code: by recursive descent from its start and from what its
 * own jumps name; what that leaves is swept in order, since tables of jumps and handlers of exceptions lead there.
 */
#include "units.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_ROUNDS = 64 };

struct addresses {
	uint64_t *at;
	size_t count, capacity;
};

static int unwind_by_start(const void *a, const void *b)
{
	const struct unwind *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static void add(struct addresses *a, uint64_t at)
{
	if (a->count == a->capacity) {
		a->capacity = a->capacity ? a->capacity * 2 : 256;
		a->at = xrealloc(a->at, a->capacity, sizeof(*a->at));
	}
	a->at[a->count++] = at;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void sort_once(struct addresses *a)
{
	size_t kept = 0;

	sort(a->at, a->count, sizeof(*a->at), by_value);
	for (size_t i = 0; i < a->count; i++) {
		if (!kept || a->at[kept - 1] != a->at[i])
			a->at[kept++] = a->at[i];
	}
	a->count = kept;
}

/* Index of the first address >= @at. */
static size_t from(const struct addresses *a, uint64_t at)
{
	size_t low = 0, high = a->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (a->at[middle] < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The first address behind @at. */
static uint64_t after(const struct addresses *a, uint64_t at)
{
	size_t i = from(a, at + 1);

	return i < a->count ? a->at[i] : ~0ull;
}

uint64_t units_next_named(const struct units *u, uint64_t at)
{
	struct addresses named = { .at = u->named, .count = u->named_count };

	return after(&named, at);
}

bool units_index(const struct units *u, uint64_t at, size_t *ret)
{
	size_t low = 0, high = u->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (u->at[middle].start <= at)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || at >= u->at[low - 1].end)
		return false;
	*ret = low - 1;
	return true;
}

struct finder {
	const struct binary *o;
	struct units *u;
	size_t ref_capacity, door_capacity;
	struct addresses covered;
	bool bounded; /* symbols or unwind ranges cover the code */
	struct addresses starts; /* where units of code begin */
	uint8_t *seen;           /* per byte of the unit in work: 1 an instruction begins here, 2 one covers it */
	size_t seen_size;
	struct addresses work;
	struct addresses tables; /* addresses of read-only data that code takes: where jump tables may begin */
};

static void add_ref(struct finder *f, uint64_t at, uint64_t target, enum ref_kind kind, unsigned size)
{
	struct units *u = f->u;

	if (u->ref_count == f->ref_capacity) {
		f->ref_capacity = f->ref_capacity ? f->ref_capacity * 2 : 4096;
		u->refs = xrealloc(u->refs, f->ref_capacity, sizeof(*u->refs));
	}
	u->refs[u->ref_count++] = (struct ref){ .from = at, .target = target, .kind = kind, .size = (uint8_t)size };
}

static void add_door(struct finder *f, uint64_t at)
{
	struct units *u = f->u;

	if (u->door_count == f->door_capacity) {
		f->door_capacity = f->door_capacity ? f->door_capacity * 2 : 64;
		u->doors = xrealloc(u->doors, f->door_capacity, sizeof(*u->doors));
	}
	u->doors[u->door_count++] = at;
}

/* What decoding a unit told about it. */
struct manner {
	bool reads_tables, jumps;
	bool broken; /* a path ends in bytes that are no instruction, or jumps to where no code is */
};

/* One straight run of instructions from @at on; what its jumps name inside the unit goes to the work list. */
static void run(struct finder *f, struct unit *unit, uint64_t at, struct manner *how)
{
	const struct binary *o = f->o;
	uint64_t call = 0; /* the last instruction but padding, if it is one */
	struct insn in;

	while (at >= unit->start && at < unit->end && f->seen[at - unit->start] != 1) {
		if (!code_decode(o, at, &in)) {
			how->broken = true;
			return;
		}
		if (in.flow == FLOW_CALL || in.flow == FLOW_CALL_INDIRECT)
			call = at;
		else if (!code_padding(&in))
			call = 0;
		f->seen[at - unit->start] = 1;
		for (unsigned i = 1; i < in.size && at + i < unit->end; i++)
			f->seen[at + i - unit->start] |= 2;
		if (in.doors) {
			add_door(f, at);
			unit->doors = true;
		}
		if (in.target) {
			how->broken |= !binary_is_code(o, in.target);
			if (in.flow == FLOW_CALL || in.target < unit->start || in.target >= unit->end)
				add_ref(f, at, in.target, in.flow == FLOW_CALL ? REF_CALL : REF_JUMP, 0);
			if (in.target >= unit->start && in.target < unit->end)
				add(&f->work, in.target);
		}
		if (in.memory && binary_segment(o, in.memory)) {
			enum ref_kind kind = in.takes_address			 ? REF_ADDRESS
					     : in.flow == FLOW_CALL_INDIRECT ? REF_CALL
					     : in.flow == FLOW_INDIRECT	 ? REF_JUMP
									 : REF_ACCESS;

			add_ref(f, at, in.memory, kind, in.width);
			if (in.takes_address) {
				add(&f->tables, in.memory);
				if (in.memory >= unit->start && in.memory < unit->end)
					add(&f->work, in.memory);
			}
		}
		if (in.has_immediate && o->fixed && binary_segment(o, in.immediate)) {
			add_ref(f, at, in.immediate, REF_ADDRESS, 0);
			add(&f->tables, in.immediate);
		}
		how->reads_tables |= in.id == X86_INS_MOVSXD;
		how->jumps |= in.flow == FLOW_INDIRECT && !in.memory;
		at += in.size;
		if (in.flow == FLOW_JUMP || in.flow == FLOW_INDIRECT || in.flow == FLOW_RETURN || in.flow == FLOW_STOP)
			return;
	}
	if (at < unit->end)
		return;
	how->broken |= !binary_is_code(o, at);
	if (call && (!unit->last_call || unit->last_call == call) && !unit->falls_through)
		unit->last_call = call;
	else
		unit->falls_through = true;
	if (unit->falls_through)
		unit->last_call = 0;
}

static void descend(struct finder *f, struct unit *unit, struct manner *how)
{
	while (f->work.count) {
		uint64_t at = f->work.at[--f->work.count];

		run(f, unit, at, how);
	}
}

/* The ranges that unwind information and the sizes of functions cover, merged: pairs of start and end. */
static void find_covered(struct finder *f)
{
	const struct binary *o = f->o;
	struct unwind *all = xcalloc(o->unwind_count + o->local_count, sizeof(*all));
	size_t count = o->unwind_count;

	if (count)
		memcpy(all, o->unwinds, count * sizeof(*all));
	for (size_t i = 0; i < o->local_count; i++) {
		const struct symbol *s = &o->locals[i];

		if (s->flags & SYMBOL_FUNCTION && s->size)
			all[count++] = (struct unwind){ .start = s->at, .end = s->at + s->size };
	}
	sort(all, count, sizeof(*all), unwind_by_start);
	for (size_t i = 0; i < count; i++) {
		if (f->covered.count && all[i].start <= f->covered.at[f->covered.count - 1]) {
			if (all[i].end > f->covered.at[f->covered.count - 1])
				f->covered.at[f->covered.count - 1] = all[i].end;
			continue;
		}
		add(&f->covered, all[i].start);
		add(&f->covered, all[i].end);
	}
	free(all);
}

/* Ends lie at odd places of the list: an address is covered when the first bound behind it is an end. */
static bool covered(const struct finder *f, uint64_t at)
{
	return from(&f->covered, at + 1) & 1;
}

/* What no symbol and no unwind range covers, in an object where these cover the rest, may be tables that assembly keeps
 * beside its code: only what is named there is decoded, and if that does not hold together it is data.
 */
static bool doubtful(const struct finder *f, uint64_t at)
{
	return f->bounded && !covered(f, at);
}

static void sweep(struct finder *f, struct unit *unit, struct manner *how)
{
	struct insn in;

	for (uint64_t at = unit->start; at < unit->end;) {
		if (f->seen[at - unit->start] || doubtful(f, at)) {
			at++;
		} else if (!code_decode(f->o, at, &in)) {
			f->seen[at - unit->start] = 2;
			at++;
		} else if (code_padding(&in)) {
			for (unsigned i = 0; i < in.size && at + i < unit->end; i++)
				f->seen[at + i - unit->start] |= 2;
			at += in.size;
		} else {
			add(&f->work, at);
			descend(f, unit, how);
		}
	}
}

static void decode_unit(struct finder *f, struct unit *unit)
{
	uint64_t size = unit->end - unit->start;
	size_t doors = f->u->door_count;
	struct manner how = { 0 };

	if (size > f->seen_size) {
		f->seen_size = size * 2;
		f->seen = xrealloc(f->seen, f->seen_size, 1);
	}
	memset(f->seen, 0, size);
	unit->first_ref = (uint32_t)f->u->ref_count;
	f->work.count = 0;
	add(&f->work, unit->start);
	descend(f, unit, &how);
	if (doubtful(f, unit->start) && how.broken) {
		f->u->ref_count = unit->first_ref;
		f->u->door_count = doors;
		*unit = (struct unit){ .start = unit->start, .end = unit->end, .kind = UNIT_DATA };
		return;
	}
	sweep(f, unit, &how);
	unit->odd = how.jumps;
	unit->ref_count = (uint32_t)f->u->ref_count - unit->first_ref;
	/* Entries of tables are found when all code is decoded; until then the unit remembers that it reads some. */
	unit->by_place = how.reads_tables;
}

static bool words_of_their_own(const struct section *s)
{
	return !strcmp(s->name, ".got") || !strcmp(s->name, ".got.plt") || !strcmp(s->name, ".init_array") ||
	       !strcmp(s->name, ".fini_array");
}

static int unit_by_start(const void *a, const void *b)
{
	const struct unit *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static void add_unit(struct units *u, size_t *capacity, uint64_t start, uint64_t end, enum unit_kind kind)
{
	if (start >= end)
		return;
	if (u->count == *capacity) {
		*capacity = *capacity ? *capacity * 2 : 1024;
		u->at = xrealloc(u->at, *capacity, sizeof(*u->at));
	}
	u->at[u->count++] = (struct unit){ .start = start, .end = end, .kind = kind };
}

/* Data from @start to @end: objects and what lies between them where all are known, else one lump but for the slots. */
static void cut_data(const struct binary *o, struct units *u, size_t *capacity, uint64_t start, uint64_t end, bool words)
{
	uint64_t at = start;

	for (size_t i = binary_reloc_from(o, start); i < o->reloc_count && o->relocs[i].place < end; i++) {
		if (!words && !o->relocs[i].slot)
			continue;
		add_unit(u, capacity, at, o->relocs[i].place, UNIT_DATA);
		if (o->relocs[i].place >= at)
			add_unit(u, capacity, o->relocs[i].place, o->relocs[i].place + 8, UNIT_WORD);
		at = o->relocs[i].place + 8;
	}
	for (size_t i = o->bounded_data ? binary_local_from(o, at) : o->local_count; i < o->local_count && o->locals[i].at < end; i++) {
		const struct symbol *s = &o->locals[i];

		if (!(s->flags & SYMBOL_OBJECT) || !s->size || s->at < at || end - s->at < s->size)
			continue;
		add_unit(u, capacity, at, s->at, UNIT_DATA);
		add_unit(u, capacity, s->at, s->at + s->size, UNIT_DATA);
		at = s->at + s->size;
	}
	add_unit(u, capacity, at, end, UNIT_DATA);
}

static void cut_code(const struct addresses *starts, struct units *u, size_t *capacity, uint64_t start, uint64_t end)
{
	uint64_t at = start;

	for (size_t i = from(starts, start + 1); i < starts->count && starts->at[i] < end; i++) {
		add_unit(u, capacity, at, starts->at[i], UNIT_CODE);
		at = starts->at[i];
	}
	add_unit(u, capacity, at, end, UNIT_CODE);
}

static void cut(struct finder *f)
{
	const struct binary *o = f->o;
	size_t capacity = 0;

	f->u->count = 0;
	free(f->u->at);
	f->u->at = NULL;
	for (size_t i = 0; i < o->segment_count; i++) {
		const struct segment *s = &o->segments[i];
		uint64_t at = s->start;

		for (size_t j = 0; j < o->section_count; j++) {
			const struct section *c = &o->sections[j];
			uint64_t end = c->end < s->end ? c->end : s->end;

			if (c->start < at || c->start >= s->end)
				continue;
			add_unit(f->u, &capacity, at, c->start, UNIT_DATA);
			if (c->execute && s->execute)
				cut_code(&f->starts, f->u, &capacity, c->start, end < s->file_end ? end : s->file_end);
			else
				cut_data(o, f->u, &capacity, c->start, end, words_of_their_own(c));
			at = end;
		}
		if (s->execute && !o->section_count) {
			cut_code(&f->starts, f->u, &capacity, at, s->file_end);
			at = s->file_end;
		}
		if (at < s->end)
			cut_data(o, f->u, &capacity, at, s->end, false);
	}
	sort(f->u->at, f->u->count, sizeof(*f->u->at), unit_by_start);
}

static void decode_all(struct finder *f)
{
	f->u->ref_count = f->u->door_count = 0;
	f->tables.count = 0;
	for (size_t i = 0; i < f->u->count; i++) {
		if (f->u->at[i].kind == UNIT_CODE)
			decode_unit(f, &f->u->at[i]);
	}
	sort_once(&f->tables);
}

/* Functions that neither a symbol nor an unwind range announces: what is called, or whose address is taken. */
static bool more_starts(struct finder *f)
{
	const struct binary *o = f->o;
	size_t before = f->starts.count;

	for (size_t i = 0; i < f->u->ref_count; i++) {
		const struct ref *r = &f->u->refs[i];

		if (r->kind != REF_ACCESS && binary_is_code(o, r->target) && !covered(f, r->target))
			add(&f->starts, r->target);
	}
	for (size_t i = 0; i < o->reloc_count; i++) {
		const struct reloc *r = &o->relocs[i];

		if ((r->kind == RELOC_LOCAL || r->kind == RELOC_RESOLVER) && binary_is_code(o, r->target) &&
		    !covered(f, r->target))
			add(&f->starts, r->target);
	}
	sort_once(&f->starts);
	return f->starts.count != before;
}

/* The offsets of a table at @table, relative to it, as compilers write them for a switch: each names code. A table ends
 * where an offset does not, or where the next one begins; entries that stay inside the unit that reads it go on.
 */
static void read_table(struct finder *f, struct unit *unit, uint64_t at, uint64_t table)
{
	uint64_t end = after(&f->tables, table);

	for (uint64_t place = table; place < end; place += 4) {
		uint64_t word, target;
		size_t i;

		if (!binary_word(f->o, place, 4, &word))
			return;
		target = table + (uint64_t)(int64_t)(int32_t)word;
		if (!binary_is_code(f->o, target))
			return;
		unit->odd = false;
		if (target >= unit->start && target < unit->end)
			continue;
		if (!units_index(f->u, target, &i) || f->u->at[i].kind != UNIT_CODE)
			return;
		add_ref(f, at, target, REF_TABLE, 0);
	}
}

static void read_tables(struct finder *f)
{
	for (size_t i = 0; i < f->u->count; i++) {
		struct unit *unit = &f->u->at[i];
		uint32_t first = unit->first_ref, count = unit->ref_count, start = (uint32_t)f->u->ref_count;

		if (unit->kind != UNIT_CODE || !unit->by_place)
			continue;
		unit->by_place = 0;
		for (uint32_t j = first; j < first + count; j++) {
			const struct ref r = f->u->refs[j];

			if (r.kind == REF_ADDRESS && !binary_is_code(f->o, r.target))
				read_table(f, unit, r.from, r.target);
		}
		/* A unit's refs lie together: those before move behind, in front of the new ones. */
		if (f->u->ref_count == start)
			continue;
		for (uint32_t j = 0; j < count; j++) {
			const struct ref r = f->u->refs[first + j];

			add_ref(f, r.from, r.target, r.kind, r.size);
		}
		unit->first_ref = start;
		unit->ref_count = (uint32_t)f->u->ref_count - start;
	}
}

/* Each entry of a linkage table is a unit: one unwind range covers them all. */
static void stub_starts(struct finder *f, const struct section *s)
{
	for (uint64_t at = s->start; at < s->end; at += 8) {
		if (code_stub(f->o, at))
			add(&f->starts, at);
	}
}

void units_find(const struct binary *o, struct units *u)
{
	struct finder f = { .o = o, .u = u };
	unsigned rounds = 0;

	*u = (struct units){ 0 };
	f.bounded = o->unwind_count > 0;
	find_covered(&f);
	for (size_t i = 0; i < o->unwind_count; i++)
		add(&f.starts, o->unwinds[i].start);
	for (size_t i = 0; i < o->local_count; i++) {
		if (o->locals[i].flags & SYMBOL_FUNCTION)
			add(&f.starts, o->locals[i].at);
	}
	for (size_t i = 0; i < o->section_count; i++) {
		if (!strncmp(o->sections[i].name, ".plt", 4))
			stub_starts(&f, &o->sections[i]);
	}
	sort_once(&f.starts);
	do {
		/* Each time round names what the last one could not see; code that a compiler made needs a few. */
		if (rounds++ == MOST_ROUNDS)
			fail("%s is not understood: its code goes on to name more of itself, however often it is read", o->path);
		cut(&f);
		decode_all(&f);
	} while (more_starts(&f));
	read_tables(&f);
	for (size_t i = 0; i < o->unwind_count; i++) {
		size_t unit;

		if (!units_index(u, o->unwinds[i].start, &unit))
			continue;
		for (; unit < u->count && u->at[unit].start < o->unwinds[i].end; unit++)
			u->at[unit].unwind = (uint32_t)i + 1;
	}
	sort(u->doors, u->door_count, sizeof(*u->doors), by_value);
	free(f.covered.at);
	free(f.starts.at);
	free(f.work.at);
	u->named = f.tables.at;
	u->named_count = f.tables.count;
	free(f.seen);
}
