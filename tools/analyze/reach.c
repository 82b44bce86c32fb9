/* Marking (reach.h). Symbols are bound as a loader binds them: to the first definition in the order of loading, with the
 * version asked for; the loader's own to itself and, later, to that first one.
 */
#include "reach.h"

#include <stdlib.h>
#include <string.h>

#include "cache.h"
#include "callers.h"
#include "guards.h"

#define BUCKETS (1u << 18)

static uint32_t hash_name(const char *name)
{
	uint32_t h = 7;

	for (; *name; name++)
		h = h * 31 + (unsigned char)*name;
	return h;
}

static const struct symbol *exported(const struct reach *r, const struct export *e)
{
	return &r->members[e->member].o.symbols[e->symbol];
}

void reach_add(struct reach *r, const struct needed_file *file, bool plugin)
{
	struct member *m;
	const char *why;

	r->members = xrealloc(r->members, r->count + 1, sizeof(*r->members));
	m = &r->members[r->count];
	*m = (struct member){ .file = file, .plugin = plugin, .interpreter = !strcmp(file->role, "interpreter") };
	why = binary_read(&m->o, file->host);
	if (why)
		fail("%s %s", file->host, why);
	cache_units(&m->o, &m->u);
	m->reached_relocs = xcalloc(m->o.reloc_count, 1);
	for (size_t i = 0; i < m->o.reloc_count; i++) {
		if (m->o.relocs[i].kind != RELOC_COPY)
			continue;
		m->copied = xrealloc(m->copied, m->copied_count + 1, sizeof(*m->copied));
		m->copied[m->copied_count++] = (uint32_t)i;
	}
	guards_find(m);
	if (!r->heads)
		r->heads = xcalloc(BUCKETS, sizeof(*r->heads));
	for (size_t i = 0; i < m->o.symbol_count; i++) {
		const struct symbol *s = &m->o.symbols[i];
		uint32_t hash = hash_name(s->name), *head = &r->heads[hash % BUCKETS];

		if (!s->defined || !*s->name)
			continue;
		if (r->export_count == r->export_capacity) {
			r->export_capacity = r->export_capacity ? r->export_capacity * 2 : 4096;
			r->exports = xrealloc(r->exports, r->export_capacity, sizeof(*r->exports));
		}
		r->exports[r->export_count] = (struct export){ .member = (uint32_t)r->count, .symbol = (uint32_t)i, .hash = hash, .next = *head };
		*head = (uint32_t)++r->export_count;
	}
	r->count++;
}

static void mark_unit(struct reach *r, size_t m, size_t unit, struct place by)
{
	struct unit *u = &r->members[m].u.at[unit];

	if (u->reached)
		return;
	u->reached = true;
	u->by_object = by.member + 1;
	u->by_unit = by.unit + 1;
	u->by_place = by.at;
	if (r->work_count == r->work_capacity) {
		r->work_capacity = r->work_capacity ? r->work_capacity * 2 : 4096;
		r->work = xrealloc(r->work, r->work_capacity, sizeof(*r->work));
	}
	r->work[r->work_count].member = (uint32_t)m;
	r->work[r->work_count++].unit = (uint32_t)unit;
}

/* A quick look before code_stub(): endbr64, then "jmp *word(%rip)", perhaps with a prefix. */
static bool may_be_stub(const struct binary *o, uint64_t at)
{
	uint64_t rest;
	const uint8_t *p = binary_bytes(o, at, &rest);

	if (!p || rest < 12)
		return false;
	if (p[0] == 0xf3 && p[1] == 0x0f && p[2] == 0x1e && p[3] == 0xfa)
		p += 4;
	if (p[0] == 0xf2 || p[0] == 0x3e)
		p++;
	return p[0] == 0xff && p[1] == 0x25;
}

/* Put aside a way that a guard keeps closed. Return: whether it is. */
static bool deferred(struct reach *r, size_t m, size_t unit, struct place by)
{
	uint32_t guard;

	if (by.member != m || !r->members[m].cut_count || !guards_cut(&r->members[m], by.unit, unit, &guard))
		return false;
	if (!(r->deferred_count & (r->deferred_count + 1)))
		r->deferred = xrealloc(r->deferred, (r->deferred_count + 1) * 2, sizeof(*r->deferred));
	r->deferred[r->deferred_count++] = (struct deferred){
		.member = (uint32_t)m, .from = by.unit, .to = (uint32_t)unit, .guard = guard, .at = by.at
	};
	return true;
}

static void mark_address(struct reach *r, size_t m, uint64_t at, struct place by)
{
	const struct member *member = &r->members[m];
	size_t unit;
	uint64_t word;

	if (binary_is_code(&member->o, at) && may_be_stub(&member->o, at) && (word = code_stub(&member->o, at)))
		at = word;
	if (units_index(&member->u, at, &unit)) {
		if (!deferred(r, m, unit, by))
			mark_unit(r, m, unit, by);
	} else if (units_index(&member->u, at - 1, &unit)) { /* the end of an array that ends its segment */
		mark_unit(r, m, unit, by);
	}
}

static bool same_version(const struct symbol *wanted, const struct symbol *s)
{
	if (!wanted->version || !s->version)
		return !(s->flags & SYMBOL_HIDDEN_VERSION) || !wanted->version;
	return !strcmp(wanted->version, s->version);
}

size_t reach_resolve(const struct reach *r, size_t m, uint32_t index, struct export *ret, size_t max)
{
	const struct symbol *wanted = &r->members[m].o.symbols[index];
	const struct export *first = NULL, *own = NULL;
	uint32_t hash = hash_name(wanted->name);
	size_t count = 0;

	for (uint32_t i = r->heads[hash % BUCKETS]; i; i = r->exports[i - 1].next) {
		const struct export *e = &r->exports[i - 1];
		const struct symbol *s = exported(r, e);

		if (e->hash != hash || strcmp(s->name, wanted->name) || !same_version(wanted, s))
			continue;
		if (e->member == m)
			own = e;
		if (!first || e->member < first->member)
			first = e;
	}
	if (first && count < max)
		ret[count++] = *first;
	/* The loader's own symbols are bound to itself at first; a plugin's scope may begin with the plugin. */
	if (own && own != first && (r->members[m].interpreter || r->members[m].plugin) && count < max)
		ret[count++] = *own;
	return count;
}

static void mark_export(struct reach *r, const struct export *e, struct place by)
{
	mark_address(r, e->member, exported(r, e)->at, by);
}

static void mark_symbol(struct reach *r, size_t m, uint32_t index, struct place by)
{
	struct export found[2];
	size_t count = reach_resolve(r, m, index, found, COUNT(found));

	for (size_t i = 0; i < count; i++)
		mark_export(r, &found[i], by);
}

/* The original of an object that is copied into the program's own data. */
static void mark_original(struct reach *r, size_t m, uint32_t index, struct place by)
{
	const char *name = r->members[m].o.symbols[index].name;

	for (uint32_t i = r->heads[hash_name(name) % BUCKETS]; i; i = r->exports[i - 1].next) {
		const struct export *e = &r->exports[i - 1];

		if (e->member != m && !strcmp(exported(r, e)->name, name))
			mark_export(r, e, by);
	}
}

static void follow_reloc(struct reach *r, size_t m, const struct reloc *reloc, struct place by)
{
	struct member *member = &r->members[m];

	if (member->reached_relocs[reloc - member->o.relocs])
		return;
	member->reached_relocs[reloc - member->o.relocs] = 1;
	by.at = reloc->place;
	switch ((enum reloc_kind)reloc->kind) {
	case RELOC_LOCAL:
		/* A word that points to itself is __dso_handle, which the C runtime keeps for its identity. */
		if (reloc->target == reloc->place)
			break;
		mark_address(r, m, reloc->target, by);
		break;
	case RELOC_RESOLVER:
		mark_address(r, m, reloc->target, by);
		break;
	case RELOC_SYMBOL:
		mark_symbol(r, m, reloc->symbol, by);
		break;
	case RELOC_COPY:
		mark_original(r, m, reloc->symbol, by);
		break;
	}
}

static void follow_unwind(struct reach *r, size_t m, const struct unwind *w, struct place by)
{
	struct binary *o = &r->members[m].o;
	uint64_t *types;
	size_t count;

	if (w->personality)
		mark_address(r, m, w->personality, by);
	if (!w->lsda)
		return;
	count = binary_lsda_types(o, w->lsda, &types);
	for (size_t i = 0; i < count; i++)
		mark_address(r, m, types[i], by);
	free(types);
}

/* Whether control passes the end of @unit: not behind a call that never comes back. */
static bool runs_on(const struct reach *r, size_t m, const struct unit *unit)
{
	struct insn in;

	if (!unit->last_call || !code_decode(&r->members[m].o, unit->last_call, &in))
		return unit->falls_through;
	if (in.flow == FLOW_CALL)
		return callers_returns(r, m, in.target);
	return !in.memory || in.takes_address || callers_returns(r, m, in.memory);
}

/* Data that code reads or writes by name: that much is reached, not what lies beside it. A copied object is as large as
 * its symbol.
 */
static void follow_access(struct reach *r, size_t m, const struct ref *ref, struct place by)
{
	const struct binary *o = &r->members[m].o;

	for (size_t i = binary_reloc_from(o, ref->target > 7 ? ref->target - 7 : 0);
	     i < o->reloc_count && o->relocs[i].place < ref->target + ref->size; i++)
		follow_reloc(r, m, &o->relocs[i], by);
	for (size_t i = 0; i < r->members[m].copied_count; i++) {
		const struct reloc *copy = &o->relocs[r->members[m].copied[i]];

		if (ref->target >= copy->place && ref->target < copy->place + o->symbols[copy->symbol].size)
			follow_reloc(r, m, copy, by);
	}
}

static void follow(struct reach *r, size_t m, size_t index)
{
	struct member *member = &r->members[m];
	struct unit *unit = &member->u.at[index];
	struct place by = { .member = (uint32_t)m, .unit = (uint32_t)index };
	size_t data;

	if (unit->kind != UNIT_CODE) {
		for (size_t i = binary_reloc_from(&member->o, unit->start);
		     i < member->o.reloc_count && member->o.relocs[i].place < unit->end; i++)
			follow_reloc(r, m, &member->o.relocs[i], by);
		return;
	}
	for (uint32_t i = 0; i < unit->ref_count; i++) {
		const struct ref *ref = &member->u.refs[unit->first_ref + i];

		by.at = ref->from;
		if (ref->size && ref->kind != REF_ADDRESS && units_index(&member->u, ref->target, &data) &&
		    member->u.at[data].kind == UNIT_DATA)
			follow_access(r, m, ref, by);
		else
			mark_address(r, m, ref->target, by);
	}
	by.at = unit->start;
	if (unit->unwind)
		follow_unwind(r, m, &member->o.unwinds[unit->unwind - 1], by);
	if (index + 1 < member->u.count && member->u.at[index + 1].kind == UNIT_CODE && runs_on(r, m, unit))
		mark_unit(r, m, index + 1, by);
}

/* Ways that were put aside and have opened since. */
static void open_deferred(struct reach *r)
{
	for (size_t i = 0; i < r->deferred_count; i++) {
		const struct deferred *d = &r->deferred[i];

		if (guards_open(&r->members[d->member], d->guard))
			mark_unit(r, d->member, d->to, (struct place){ .member = d->member, .unit = d->from, .at = d->at });
	}
}

void reach_spread(struct reach *r)
{
	do {
		while (r->work_count) {
			r->work_count--;
			follow(r, r->work[r->work_count].member, r->work[r->work_count].unit);
		}
		open_deferred(r);
	} while (r->work_count);
}

static void mark_range(struct reach *r, size_t m, uint64_t start, uint64_t end, struct place by)
{
	size_t unit;

	for (uint64_t at = start; at < end && units_index(&r->members[m].u, at, &unit); at = r->members[m].u.at[unit].end)
		mark_unit(r, m, unit, by);
}

/* Somebody whom the analysis does not see calls @at. */
static void enter(struct reach *r, size_t m, uint64_t at, struct place by)
{
	struct member *member = &r->members[m];

	if (!(member->entered_count & (member->entered_count + 1)))
		member->entered = xrealloc(member->entered, (member->entered_count + 1) * 2, sizeof(at));
	member->entered[member->entered_count++] = at;
	mark_address(r, m, at, by);
}

void reach_roots(struct reach *r, size_t i)
{
	const struct binary *o = &r->members[i].o;
	struct place root = { .member = (uint32_t)-1, .unit = (uint32_t)-1 };

	/* A library's entry point, where it has one, is for those who run it as a program. */
	for (size_t j = !strcmp(r->members[i].file->role, "library") && o->ehdr.e_entry; j < o->entry_count; j++)
		enter(r, i, o->entries[j], root);
	for (size_t j = 0; j < COUNT(o->arrays); j++)
		mark_range(r, i, o->arrays[j].start, o->arrays[j].end, root);
	for (size_t j = 0; j < o->section_count; j++) {
		static const char *const called[] = { ".init_array", ".fini_array", ".preinit_array", ".ctors", ".dtors", ".init", ".fini" };

		for (size_t k = 0; k < COUNT(called); k++) {
			if (!strcmp(o->sections[j].name, called[k]))
				mark_range(r, i, o->sections[j].start, o->sections[j].end, root);
		}
	}
	for (size_t j = 0; j < o->reloc_count; j++) {
		const struct reloc *reloc = &o->relocs[j];
		struct export found[2];

		/* Resolvers run when their words are filled, whether these are used or not. */
		if (reloc->kind == RELOC_RESOLVER || (reloc->place >= o->tls_start && reloc->place < o->tls_end))
			follow_reloc(r, i, reloc, root);
		if (reloc->kind != RELOC_SYMBOL)
			continue;
		for (size_t k = reach_resolve(r, i, reloc->symbol, found, COUNT(found)); k; k--) {
			if (exported(r, &found[k - 1])->flags & SYMBOL_IFUNC)
				enter(r, found[k - 1].member, exported(r, &found[k - 1])->at, root);
		}
	}
}

bool reach_is_libc(const struct member *m)
{
	return m->interpreter || !strncmp(m->o.name, "libc.so", 7) || !strncmp(m->o.name, "libc.musl", 9);
}

bool reach_exported(struct reach *r, const char *name, struct place by, bool libc)
{
	uint32_t hash = hash_name(name);
	bool any = false;

	for (uint32_t i = r->heads[hash % BUCKETS]; i; i = r->exports[i - 1].next) {
		if (r->exports[i - 1].hash == hash && !strcmp(exported(r, &r->exports[i - 1])->name, name) &&
		    (libc || !reach_is_libc(&r->members[r->exports[i - 1].member]))) {
			enter(r, r->exports[i - 1].member, exported(r, &r->exports[i - 1])->at, by);
			any = true;
		}
	}
	return any;
}

void reach_all_exports(struct reach *r, size_t i)
{
	const struct binary *o = &r->members[i].o;
	struct place root = { .member = (uint32_t)-1, .unit = (uint32_t)-1 };

	for (size_t j = 0; j < o->symbol_count; j++) {
		if (o->symbols[j].defined)
			enter(r, i, o->symbols[j].at, root);
	}
}

static void name_at(struct reach *r, size_t m, uint64_t at, struct place by, bool libc)
{
	const char *name = binary_string(&r->members[m].o, at);

	by.at = at;
	if (name && *name && strnlen(name, 256) < 256)
		reach_exported(r, name, by, libc);
}

static bool names_table(const struct binary *o, const struct unit *u)
{
	return u->start < o->names_end && u->end > o->names_start;
}

/* The strings of a unit of data: each that begins it or stands behind the end of another. */
static void names_in(struct reach *r, size_t m, const struct unit *u, struct place by, bool libc)
{
	uint64_t rest;
	const char *p = (const char *)binary_bytes(&r->members[m].o, u->start, &rest);

	if (!p)
		return;
	if (u->end - u->start < rest)
		rest = u->end - u->start;
	for (uint64_t i = 0; i < rest; i++) {
		if (p[i] && (!i || !p[i - 1]))
			name_at(r, m, u->start + i, by, libc);
	}
}

/* And those whose addresses are named: linkers let a string end inside another. */
static void names_of(struct reach *r, size_t m, const struct unit *u, struct place by, bool libc)
{
	const struct member *member = &r->members[m];

	for (uint32_t i = 0; u->kind == UNIT_CODE && i < u->ref_count; i++) {
		const struct ref *ref = &member->u.refs[u->first_ref + i];

		if (ref->kind == REF_ADDRESS && !binary_is_code(&member->o, ref->target))
			name_at(r, m, ref->target, by, libc);
	}
	for (size_t i = binary_reloc_from(&member->o, u->start);
	     u->kind != UNIT_CODE && i < member->o.reloc_count && member->o.relocs[i].place < u->end; i++) {
		if (member->o.relocs[i].kind == RELOC_LOCAL)
			name_at(r, m, member->o.relocs[i].target, by, libc);
	}
}

void reach_names(struct reach *r, size_t i, bool libc)
{
	struct member *m = &r->members[i];

	for (size_t j = 0; j < m->u.count; j++) {
		struct unit *u = &m->u.at[j];
		struct place by = { .member = (uint32_t)i, .unit = (uint32_t)j };

		if (!u->reached || u->searched)
			continue;
		u->searched = true;
		names_of(r, i, u, by, libc);
		if (u->kind == UNIT_DATA && !names_table(&m->o, u))
			names_in(r, i, u, by, libc);
	}
}

bool reach_import(const struct reach *r, size_t m, const char *name, uint64_t *ret_word)
{
	const struct member *member = &r->members[m];

	for (size_t i = 0; i < member->o.reloc_count; i++) {
		const struct reloc *reloc = &member->o.relocs[i];

		if (reloc->kind == RELOC_SYMBOL && !strcmp(member->o.symbols[reloc->symbol].name, name)) {
			*ret_word = reloc->place;
			return member->reached_relocs[i];
		}
	}
	return false;
}

const char *reach_function(const struct reach *r, size_t m, uint64_t at)
{
	const struct binary *o = &r->members[m].o;
	const struct symbol *s = binary_function(o, at);
	size_t unit;

	if (s && units_index(&r->members[m].u, at, &unit) && r->members[m].u.at[unit].start < s->at + (s->size ? s->size : 1))
		return s->name;
	if (units_index(&r->members[m].u, at, &unit))
		at = r->members[m].u.at[unit].start;
	return format("0x%llx", (unsigned long long)at);
}
