/* The answer as a page, as JSON, and as the way to one call. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis.h"
#include "calls.h"
#include "guards.h"

static const char *object_name(const struct analysis *a, uint32_t member)
{
	return a->reach.members[member].o.name;
}

static unsigned count_calls(const struct analysis *a)
{
	unsigned count = 0;

	for (unsigned i = 0; i < calls_limit(); i++)
		count += a->calls[i] != 0;
	return count;
}

static json_t *place_json(const struct analysis *a, uint32_t member, uint64_t at)
{
	return json_pack("{s:s, s:s, s:s}", "object", a->reach.members[member].file->host, "address",
			 format("0x%llx", (unsigned long long)at), "function", reach_function(&a->reach, member, at));
}

static json_t *calls_json(const struct analysis *a)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < calls_limit(); i++) {
		json_t *call;

		if (!a->calls[i])
			continue;
		call = json_pack("{s:s, s:i}", "name", calls_name(i), "number", (int)i);
		if (a->calls[i] <= a->site_count) {
			const struct site *s = &a->sites[a->calls[i] - 1];

			json_object_set_new(call, "from", place_json(a, s->member, s->at));
		} else {
			json_object_set_new(call, "from", json_string("recorded"));
		}
		json_array_append_new(list, call);
	}
	return list;
}

static json_t *unbounded_json(const struct analysis *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->site_count; i++) {
		const struct site *s = &a->sites[i];
		json_t *entry;

		if (!s->unknown)
			continue;
		entry = place_json(a, s->member, s->at);
		json_object_set_new(entry, "reason", json_string(s->unknown));
		json_object_set_new(entry, "because_of", place_json(a, s->unknown_in, s->unknown_at));
		json_array_append_new(list, entry);
	}
	return list;
}

static json_t *symbols_json(const struct analysis *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->reach.count; i++) {
		const struct member *m = &a->reach.members[i];
		bool *once = xcalloc(m->o.symbol_count, sizeof(*once));

		for (size_t j = 0; j < m->o.reloc_count; j++) {
			const struct reloc *r = &m->o.relocs[j];
			struct export found[1];

			if (r->kind != RELOC_SYMBOL || once[r->symbol] || !m->reached_relocs[j])
				continue;
			once[r->symbol] = true;
			if (reach_resolve(&a->reach, i, r->symbol, found, 1))
				json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "name", m->o.symbols[r->symbol].name, "used_by",
								      m->o.name, "object", object_name(a, found[0].member)));
		}
		free(once);
	}
	return list;
}

static json_t *arguments_json(const struct analysis *a)
{
	json_t *calls = json_object();

	for (size_t i = 0; i < a->argument_count; i++) {
		const struct argument *arg = &a->arguments[i];
		json_t *call = json_object_get(calls, arg->call), *values = json_array();

		if (!arg->used)
			continue;
		if (!call) {
			call = json_object();
			json_object_set_new(calls, arg->call, call);
		}
		for (size_t j = 0; j < arg->count; j++)
			json_array_append_new(values, json_integer(arg->values[j]));
		json_object_set_new(call, arg->name, json_pack("{s:b, s:o}", "bounded", arg->bounded, "values", values));
	}
	return calls;
}

/* What the answer rests on besides the code: guards that stayed closed. */
static struct strings assumptions(const struct analysis *a)
{
	struct strings list = { 0 };

	for (size_t i = 0; i < a->recorded.count; i++)
		strings_add(&list, format("recorded: what %s saw counts as found", a->recorded.at[i]));
	for (size_t i = 0; i < a->reach.deferred_count; i++) {
		const struct deferred *d = &a->reach.deferred[i];

		if (!a->reach.members[d->member].u.at[d->to].reached)
			strings_add_once(&list, guards_reason(d->guard));
	}
	for (size_t i = 0; i < a->policies.count; i++)
		strings_add_once(&list, a->policies.at[i]);
	if (!a->name_service)
		strings_add(&list, "policy: the name service has glibc's own modules, files and dns");
	return list;
}

void analysis_json(const struct analysis *a)
{
	json_t *objects = json_array(), *unseen = json_array(), *rests_on = json_array(), *report;
	struct strings list;

	for (size_t i = 0; i < a->reach.count; i++) {
		const struct member *m = &a->reach.members[i];

		json_array_append_new(objects, json_pack("{s:s, s:s, s:s, s:b}", "path", m->file->host, "role", m->file->role,
							 "build_id", m->o.build_id_size ? hex(m->o.build_id, m->o.build_id_size) : "",
							 "opened", m->plugin));
	}
	for (size_t i = 0; i < a->unseen_count; i++) {
		json_t *entry = place_json(a, a->unseen[i].member, a->unseen[i].at);

		json_object_set_new(entry, "reason", json_string(a->unseen[i].reason));
		json_array_append_new(unseen, entry);
	}
	list = assumptions(a);
	for (size_t i = 0; i < list.count; i++)
		json_array_append_new(rests_on, json_string(list.at[i]));
	report = json_pack("{s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "complete", a->complete, "objects", objects, "syscalls",
			   calls_json(a), "unbounded", unbounded_json(a), "unseen", unseen, "arguments", arguments_json(a),
			   "symbols", symbols_json(a), "rests_on", rests_on);
	json_dumpf(report, stdout, JSON_INDENT(2));
	putchar('\n');
}

/* How many functions of a member are reached, of how many. */
static void count_functions(const struct member *m, size_t *ret_reached, size_t *ret_all)
{
	*ret_reached = *ret_all = 0;
	for (size_t i = 0; i < m->u.count; i++) {
		*ret_all += m->u.at[i].kind == UNIT_CODE;
		*ret_reached += m->u.at[i].kind == UNIT_CODE && m->u.at[i].reached;
	}
}

static void print_calls(const struct analysis *a)
{
	unsigned column = 0;

	for (unsigned i = 0; i < calls_limit(); i++) {
		const char *name = calls_name(i);

		if (!a->calls[i])
			continue;
		if (column + strlen(name) + 2 > 100) {
			putchar('\n');
			column = 0;
		}
		printf("%s%s", column ? ", " : "  ", name);
		column += (unsigned)strlen(name) + 2;
	}
	putchar('\n');
}

static void print_assumptions(const struct analysis *a)
{
	struct strings list = assumptions(a);

	printf("\nrests on\n");
	for (size_t i = 0; i < list.count; i++)
		printf("  %s\n", list.at[i]);
	for (size_t i = 0; i < a->reach.count; i++) {
		const struct member *m = &a->reach.members[i];

		for (size_t j = 0; j < m->not_known.count; j++)
			printf("  not used, %s is another build: %s\n", m->o.name, m->not_known.at[j]);
	}
}

void analysis_print(const struct analysis *a, const char *path)
{
	size_t unbounded = 0;

	printf("%s can make %u of the %u calls of Linux 6.1%s\n\n", path, count_calls(a), calls_count(),
	       a->complete ? ":" : " that were found, and may make any other:");
	print_calls(a);
	printf("\n%-44s %20s %6s\n", "files", "functions reached", "sites");
	for (size_t i = 0; i < a->reach.count; i++) {
		size_t reached, all, sites = 0;

		count_functions(&a->reach.members[i], &reached, &all);
		for (size_t j = 0; j < a->site_count; j++)
			sites += a->sites[j].member == i;
		printf("  %-42s %9zu of %7zu %6zu%s\n", a->reach.members[i].file->host, reached, all, sites,
		       a->reach.members[i].plugin ? "  opened by name" : "");
	}
	printf("\narguments\n");
	for (size_t i = 0; i < a->argument_count; i++) {
		const struct argument *arg = &a->arguments[i];

		if (!arg->used)
			continue;
		printf("  %-10s %-10s", arg->call, arg->name);
		for (size_t j = 0; j < arg->count && arg->bounded; j++)
			printf(" 0x%llx", (unsigned long long)arg->values[j]);
		if (!arg->bounded && arg->why.unknown_in)
			printf(" any: %s, %s 0x%llx (%s)", arg->why.unknown, object_name(a, arg->why.unknown_in - 1),
			       (unsigned long long)arg->why.unknown_at,
			       reach_function(&a->reach, arg->why.unknown_in - 1, arg->why.unknown_at));
		else if (!arg->bounded)
			printf(" any");
		putchar('\n');
	}
	print_assumptions(a);
	for (size_t i = 0; i < a->site_count; i++) {
		const struct site *s = &a->sites[i];

		if (!s->unknown)
			continue;
		if (!unbounded++)
			printf("\nnot bounded\n");
		printf("  %s 0x%llx (%s): %s, %s 0x%llx (%s)\n", object_name(a, s->member), (unsigned long long)s->at,
		       reach_function(&a->reach, s->member, s->at), s->unknown, object_name(a, s->unknown_in),
		       (unsigned long long)s->unknown_at, reach_function(&a->reach, s->unknown_in, s->unknown_at));
	}
	for (size_t i = 0; i < a->unseen_count; i++) {
		const struct unseen *u = &a->unseen[i];

		if (!i)
			printf("\nnot seen (--plugins DIR declares what a program opens by name)\n");
		printf("  %s 0x%llx (%s) %s\n", object_name(a, u->member), (unsigned long long)u->at,
		       reach_function(&a->reach, u->member, u->at), u->reason);
	}
}

void analysis_why(const struct analysis *a, const char *call)
{
	long number = calls_number(call);
	const struct site *s;
	uint32_t m, unit;
	uint64_t at;

	if (number < 0)
		fail("Linux 6.1 has no call %s", call);
	if (!a->calls[number] || a->calls[number] > a->site_count)
		fail("the call %s was not found: nothing that is reached makes it", call);
	s = &a->sites[a->calls[number] - 1];
	m = s->member;
	unit = s->unit;
	at = s->at;
	printf("%s is made at %s 0x%llx\n", call, object_name(a, m), (unsigned long long)at);
	for (;;) {
		const struct unit *u = &a->reach.members[m].u.at[unit];

		printf("  %s of %s\n", u->kind == UNIT_CODE ? reach_function(&a->reach, m, u->start)
							      : format("data at 0x%llx", (unsigned long long)u->start),
		       object_name(a, m));
		if (!u->by_unit)
			break;
		printf("    named at 0x%llx by\n", (unsigned long long)u->by_place);
		m = u->by_object - 1;
		unit = u->by_unit - 1;
	}
	printf("    which the kernel or the loader enters\n");
}
