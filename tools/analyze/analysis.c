/* The order of the work: read the closure, mark what is reached, follow what is opened by name, then ask each site that
 * is reached which numbers it can have.
 */
#include "analysis.h"

#include <stdlib.h>
#include <string.h>

#include "callers.h"
#include "calls.h"
#include "guards.h"
#include "recording.h"
#include "resolve.h"

static void say(const struct analysis *a, const char *what)
{
	if (a->progress)
		a->progress(what);
}

static void add_site(struct analysis *a, struct site s)
{
	if (!(a->site_count & (a->site_count + 1)))
		a->sites = xrealloc(a->sites, (a->site_count + 1) * 2, sizeof(s));
	a->sites[a->site_count++] = s;
}

static void ask_site(struct analysis *a, size_t m, uint32_t unit, uint64_t at)
{
	struct site s = { .member = (uint32_t)m, .unit = unit, .at = at };
	const char *policy;
	struct insn in;
	struct value v;

	if (!code_decode(&a->reach.members[m].o, at, &in))
		return;
	if (in.doors != DOOR_SYSCALL) {
		s.unknown = in.doors == DOOR_INT80 ? "enters by int $0x80, whose calls are those of 32-bit programs"
						   : "enters by sysenter, which 64-bit programs cannot";
		s.unknown_in = s.member;
		s.unknown_at = at;
		add_site(a, s);
		return;
	}
	v = resolve_at(&a->reach, m, at, RAX);
	s.unknown = v.unknown;
	s.unknown_at = v.unknown_at;
	s.unknown_in = v.unknown_in ? v.unknown_in - 1 : s.member;
	add_site(a, s);
	for (unsigned i = 0; i < v.number_count; i++) {
		/* The kernel looks at the lower half of the register. */
		uint32_t number = (uint32_t)v.numbers[i];

		if (number >= calls_limit() || !calls_name(number))
			continue;
		policy = guards_site(&a->reach.members[m], at, calls_name(number));
		if (policy)
			strings_add_once(&a->policies, policy);
		else if (!a->calls[number])
			a->calls[number] = (uint32_t)a->site_count;
	}
}

static void ask_sites(struct analysis *a)
{
	for (size_t i = 0; i < a->reach.count; i++) {
		const struct member *m = &a->reach.members[i];

		say(a, m->o.name);
		for (size_t j = 0; j < m->u.door_count; j++) {
			size_t unit;

			if (units_index(&m->u, m->u.doors[j], &unit) && m->u.at[unit].reached)
				ask_site(a, i, (uint32_t)unit, m->u.doors[j]);
		}
	}
}

/* Libraries that a run opened may be opened again. */
static void add_opened(struct analysis *a, const struct recording *seen)
{
	for (size_t i = 0; i < seen->paths.count; i++) {
		const char *path = seen->paths.at[i], *dot = strstr(path_base(path), ".so");

		if (*path == '/' && dot && (!dot[3] || dot[3] == '.') && file_exists(path))
			strings_add_once(&a->plugins, path);
	}
}

static void add_call(struct analysis *a, const char *name)
{
	long number = calls_number(name);

	if (number >= 0 && !a->calls[number])
		a->calls[number] = (uint32_t)a->site_count + 1;
}

/* Counts what was seen. Nobody sees the calls that a program makes through the vDSO, those that end it, and those that the
 * kernel makes in its name.
 */
static void add_recorded(struct analysis *a, const struct recording *seen)
{
	static const char *const unseen[] = { "clock_gettime", "clock_getres", "gettimeofday", "time", "getcpu", "exit",
					      "exit_group", "rt_sigreturn", "restart_syscall" };

	for (unsigned i = 0; seen->calls && i < calls_limit(); i++) {
		if (seen->calls[i])
			add_call(a, calls_name(i));
	}
	for (size_t i = 0; a->only_recorded && i < COUNT(unseen); i++)
		add_call(a, unseen[i]);
	for (size_t i = 0; seen->values && i < selector_count; i++) {
		for (size_t j = 0; j < seen->values[i].count; j++)
			argument_add(&a->arguments[i], seen->values[i].at[j]);
	}
	a->paths = seen->paths;
	if (a->only_recorded)
		a->unproven = "only what was seen";
}

/* What the code says. */
static void read_code(struct analysis *a, const char *path)
{
	struct reach *r = &a->reach;
	const char *host;

	r->closure.library_path = a->library_path;
	r->closure.root = a->root;
	host = a->root ? closure_here(&r->closure, path) : path;
	if (!host)
		fail("there is no program %s in %s", path, a->root);
	closure_add(&r->closure, host, a->root ? path : path_absolute(path));
	for (size_t i = 0; i < r->closure.count; i++) {
		say(a, r->closure.files[i]->host);
		reach_add(r, r->closure.files[i], false);
	}
	for (size_t i = 0; i < r->count; i++)
		reach_roots(r, i);
	reach_spread(r);
	analysis_open(a);
	callers_index(r);
	ask_sites(a);
}

void analysis_run(struct analysis *a, const char *path)
{
	struct recording seen = { 0 };

	for (size_t i = 0; i < a->recorded.count; i++)
		recording_read(&seen, a->recorded.at[i]);
	add_opened(a, &seen);
	a->calls = xcalloc(calls_limit(), sizeof(*a->calls));
	if (!a->only_recorded)
		read_code(a, path);
	analysis_arguments(a);
	add_recorded(a, &seen);
	a->complete = true;
	for (size_t i = 0; i < a->site_count; i++)
		a->complete &= !a->sites[i].unknown;
}
