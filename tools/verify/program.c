/* What the program in an image can ask for, against the tables of its kernel: each call, code, family and kind of socket that
 * the analysis names, and that the components at hand offer, is an entry there. What they do not offer is listed: no kernel of
 * theirs could have it. A family that the profile leaves out is told, not counted as missing: it was not the fit that cut it.
 */
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "tools/analyze/calls.h"
#include "verify.h"

enum { TABLES = 7 };

/* The numbers that a table is asked for. */
struct asked {
	const char *table, *what;
	bool bounded, of_profile; /* of_profile: it is the profile's to say whether there is such a thing at all */
	int64_t numbers[512];
	size_t count;
};

static void ask(struct asked *q, int64_t number)
{
	for (size_t i = 0; i < q->count; i++) {
		if (q->numbers[i] == number)
			return;
	}
	if (q->count == COUNT(q->numbers))
		q->bounded = false;
	else
		q->numbers[q->count++] = number;
}

static bool asks(const struct asked *q, int64_t number)
{
	for (size_t i = 0; i < q->count; i++) {
		if (q->numbers[i] == number)
			return true;
	}
	return !q->bounded;
}

/* The values that an argument of a call can have; @mask: the part of them that chooses. */
static void ask_argument(struct asked *q, const struct analysis *a, const char *call, const char *name, int64_t mask)
{
	for (size_t i = 0; i < a->argument_count; i++) {
		const struct argument *arg = &a->arguments[i];

		if (strcmp(arg->call, call) || strcmp(arg->name, name) || !arg->used)
			continue;
		q->bounded &= arg->bounded;
		for (size_t j = 0; j < arg->count; j++)
			ask(q, arg->values[j] & mask);
	}
}

/* The part of an entry's number that a program chooses: of a kind of sockets its type, the protocol stands above. */
static uint32_t chosen(const char *table, uint64_t number)
{
	return (uint32_t)number & (!strcmp(table, "inet_protocol") ? UINT16_MAX : UINT32_MAX);
}

static uint32_t number_at(const struct verification *v, const struct kernel_header_set *set, size_t index)
{
	const void *p = kernel_file_at(&v->kernel, set->begin + index * set->stride + 16, 8);
	uint64_t number = UINT64_MAX;

	if (p)
		memcpy(&number, p, sizeof(number));
	return chosen(kernel_file_set_name(set), number);
}

static bool find_set(const struct verification *v, const char *table, struct kernel_header_set *ret)
{
	for (uint32_t i = 0; i < v->kernel.header.set_count && kernel_file_set(&v->kernel, i, ret); i++) {
		if (!strcmp(kernel_file_set_name(ret), table))
			return true;
	}
	return false;
}

static uint64_t function_bytes(const struct verification *v, const char *table, const char *name)
{
	json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(json_object_get(v->manifest, "kernel"), "tables"), table), i, entry) {
		const char *told = json_string_value(json_array_get(entry, 0));

		if (told && !strcmp(told, name))
			return (uint64_t)json_integer_value(json_array_get(entry, 3));
	}
	return 0;
}

static struct selection profile_of(const struct verification *v)
{
	struct selection selection = { 0 };
	json_t *name;
	size_t i;

	json_array_foreach(json_object_get(v->manifest, "for"), i, name) {
		if (json_string_value(name))
			strings_add(&selection.profiles, json_string_value(name));
	}
	return selection;
}

/* Where a call comes from, for people. */
static const char *from(const struct analysis *a, const char *table, int64_t number)
{
	const struct site *s;

	if (strcmp(table, "syscall") || number < 0 || number >= calls_limit() || !a->calls[number] ||
	    a->calls[number] > a->site_count)
		return "";
	s = &a->sites[a->calls[number] - 1];
	return format(" (%s of %s)", reach_function(&a->reach, s->member, s->at), a->reach.members[s->member].o.name);
}

static bool recorded(const struct verification *v)
{
	return !strcmp(manifest_text(v, "fit"), "recorded");
}

/* What is asked for and offered is there. @there: the numbers that the kernel's table has. */
static void check_asked(struct verification *v, const struct analysis *a, const struct asked *q, const struct asked *there)
{
	struct selection selection = profile_of(v);
	struct roots roots = { 0 };
	bool any = false;

	if (q->of_profile && v->set)
		roots = roots_select(v->set, &selection);
	for (size_t i = 0; v->set && i < v->set->entry_count; i++) {
		const struct entry *e = &v->set->entries[i];

		if (strcmp(e->set, q->table) || !asks(q, chosen(q->table, e->number)) || asks(there, chosen(q->table, e->number)))
			continue;
		if (q->of_profile && !strings_has(&roots.symbols, e->symbol))
			note(v, "the program can ask for the %s %s, which the profile leaves out", q->what, e->name);
		else if (recorded(v))
			note(v, "unproven, only what was seen is in the kernel: the program can ask for the %s %s%s", q->what,
			     e->name, from(a, q->table, e->number));
		else if (q->bounded)
			finding(v, "the program can ask for the %s %s%s, which is not in the kernel", q->what, e->name,
				from(a, q->table, e->number));
		else
			finding(v, "the program can ask for any %s, and the kernel has no %s", q->what, e->name);
	}
	for (size_t i = 0; i < q->count; i++) {
		bool offered = false;

		v->asked++;
		for (size_t j = 0; v->set && j < v->set->entry_count; j++)
			offered |= !strcmp(v->set->entries[j].set, q->table) && v->set->entries[j].number == q->numbers[i];
		any = asks(there, q->numbers[i]);
		if (strcmp(q->table, "syscall") || any || offered)
			continue;
		if (v->set)
			strings_add(&v->not_offered, calls_name(q->numbers[i]));
		else
			finding(v, "the program can ask for the %s %s%s, which is not in the kernel", q->what,
				calls_name(q->numbers[i]), from(a, q->table, q->numbers[i]));
	}
}

static void check_table(struct verification *v, const struct analysis *a, const struct asked *q)
{
	struct strings names = kernel_file_entries(&v->kernel, q->table);
	struct beyond *b = &v->beyond[v->beyond_count];
	struct asked *there = xcalloc(1, sizeof(*there));
	struct kernel_header_set set;

	there->bounded = true;
	if (!find_set(v, q->table, &set)) {
		finding(v, "the kernel has no table %s", q->table);
		return;
	}
	*b = (struct beyond){ .table = q->table };
	for (size_t i = 0; i < names.count; i++) {
		ask(there, number_at(v, &set, i));
		if (asks(q, number_at(v, &set, i)))
			continue;
		strings_add(&b->names, names.at[i]);
		b->bytes += set.stride + function_bytes(v, q->table, names.at[i]);
	}
	check_asked(v, a, q, there);
	v->beyond_count += b->names.count > 0;
}

static bool family_asked(const struct asked *families, int family)
{
	return asks(families, family);
}

static void tell_unbounded(struct verification *v, const struct analysis *a)
{
	for (size_t i = 0; i < a->site_count; i++) {
		const struct site *s = &a->sites[i];

		if (s->unknown)
			note(v, "not bounded: %s 0x%llx (%s) %s, so that every call counts", a->reach.members[s->member].o.name,
			     (unsigned long long)s->at, reach_function(&a->reach, s->member, s->at), s->unknown);
	}
	for (size_t i = 0; i < a->argument_count; i++) {
		if (a->arguments[i].used && !a->arguments[i].bounded)
			note(v, "not bounded: the %s of %s, so that every one counts", a->arguments[i].name, a->arguments[i].call);
	}
	for (size_t i = 0; i < a->unseen_count; i++)
		note(v, "not seen: %s 0x%llx (%s) %s", a->reach.members[a->unseen[i].member].o.name,
		     (unsigned long long)a->unseen[i].at, reach_function(&a->reach, a->unseen[i].member, a->unseen[i].at),
		     a->unseen[i].reason);
	for (size_t i = 0; i < a->reach.count; i++) {
		const struct binary *o = &a->reach.members[i].o;

		for (size_t j = 0; j < o->segment_count; j++) {
			if (o->segments[j].write && o->segments[j].execute)
				note(v, "%s asks for a segment that is writable and executable", o->name);
		}
	}
}

void verify_program(struct verification *v, const struct analysis *a)
{
	struct asked *q = xcalloc(TABLES, sizeof(*q)), *calls = &q[0], *families = &q[4], *kinds = &q[5];

	q[0] = (struct asked){ .table = "syscall", .what = "call", .bounded = a->complete };
	q[1] = (struct asked){ .table = "fcntl", .what = "command of fcntl", .bounded = true };
	q[2] = (struct asked){ .table = "prctl", .what = "option of prctl", .bounded = true };
	q[3] = (struct asked){ .table = "ioctl", .what = "request of ioctl", .bounded = true };
	q[4] = (struct asked){ .table = "socket_family", .what = "family of sockets", .bounded = true, .of_profile = true };
	q[5] = (struct asked){ .table = "inet_protocol", .what = "kind of IPv4 socket", .bounded = true, .of_profile = true };
	q[6] = (struct asked){ .table = "futex", .what = "operation of futex", .bounded = true };
	for (unsigned i = 0; i < calls_limit(); i++) {
		if (a->calls[i])
			ask(calls, i);
	}
	ask_argument(&q[1], a, "fcntl", "command", UINT32_MAX);
	ask_argument(&q[2], a, "prctl", "option", UINT32_MAX);
	ask_argument(&q[3], a, "ioctl", "request", UINT32_MAX);
	ask_argument(&q[6], a, "futex", "operation", FUTEX_CMD_MASK);
	ask_argument(families, a, "socket", "family", UINT32_MAX);
	ask_argument(families, a, "socketpair", "family", UINT32_MAX);
	if (family_asked(families, AF_INET) || family_asked(families, AF_INET6))
		ask_argument(kinds, a, "socket", "type", 0xf);
	v->analyzed = true;
	for (size_t i = 0; i < TABLES; i++)
		check_table(v, a, &q[i]);
	tell_unbounded(v, a);
}

void verify_analyze(struct verification *v)
{
	struct analysis *a = xcalloc(1, sizeof(*a));
	json_t *variable;
	size_t i;

	if (!v->root)
		return;
	a->root = v->root;
	json_array_foreach(json_object_get(v->manifest, "env"), i, variable) {
		const char *text = json_string_value(variable);

		if (text && !strncmp(text, "LD_LIBRARY_PATH=", 16))
			a->library_path = text + 16;
	}
	/* What was packed beside the program may be opened by name; of a whole root only what is named is looked at. */
	if (json_array_size(json_object_get(v->manifest, "libraries")) && json_array_size(json_object_get(v->manifest, "copy")))
		strings_add(&a->plugins, v->root);
	analysis_run(a, manifest_text(v, "program"));
	verify_program(v, a);
}
