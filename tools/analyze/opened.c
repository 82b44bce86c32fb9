/* What is opened by name while the program runs: libraries by dlopen(3), functions by dlsym(3), the modules of the name
 * service switch, plugins of the directories that the user names. Names that are strings are followed; a name that is
 * computed is reported, and every string of that object that names a library, or a function outside of the C library,
 * counts.
 */
#include <ftw.h>
#include <stdlib.h>
#include <string.h>

#include "analysis.h"
#include "callers.h"
#include "resolve.h"

static void add_unseen(struct analysis *a, size_t m, uint64_t at, const char *reason)
{
	for (size_t i = 0; i < a->unseen_count; i++) {
		if (a->unseen[i].member == m && a->unseen[i].at == at)
			return;
	}
	a->unseen = xrealloc(a->unseen, a->unseen_count + 1, sizeof(*a->unseen));
	a->unseen[a->unseen_count++] = (struct unseen){ .member = (uint32_t)m, .at = at, .reason = reason };
}

/* Members for the files that the closure has and the analysis has not. Return: whether there were any. */
static bool take_in(struct analysis *a, bool all_exports)
{
	struct reach *r = &a->reach;
	size_t first = r->count;

	for (size_t i = first; i < r->closure.count; i++) {
		if (a->progress)
			a->progress(r->closure.files[i]->host);
		reach_add(r, r->closure.files[i], true);
	}
	for (size_t i = first; i < r->count; i++) {
		reach_roots(r, i);
		if (all_exports)
			reach_all_exports(r, i);
	}
	reach_spread(r);
	return r->count > first;
}

static bool open_library(struct analysis *a, size_t m, const char *name)
{
	struct needed_file *user = a->reach.closure.files[m];

	if (!closure_open(&a->reach.closure, user, name))
		return false;
	return take_in(a, false);
}

/* The strings that look like libraries, where the name is computed. */
static bool open_strings(struct analysis *a, size_t m)
{
	bool any = false;

	for (size_t i = 0; i < a->reach.members[m].u.count; i++) {
		const struct unit *u = &a->reach.members[m].u.at[i];
		uint64_t rest;
		const char *p = (const char *)binary_bytes(&a->reach.members[m].o, u->start, &rest);

		if (u->kind != UNIT_DATA || !u->reached || !p || u->start == a->reach.members[m].o.names_start)
			continue;
		if (u->end - u->start < rest)
			rest = u->end - u->start;
		for (uint64_t at = 0; at < rest; at++) {
			size_t length = strnlen(p + at, rest - at);

			if (length > 3 && length < 256 && at + length < rest && strstr(p + at, ".so") && !strchr(p + at, '%') &&
			    !strchr(p + at, ' '))
				any |= open_library(a, m, p + at);
			/* Members may have moved. */
			p = (const char *)binary_bytes(&a->reach.members[m].o, a->reach.members[m].u.at[i].start, &rest);
			u = &a->reach.members[m].u.at[i];
			if (u->end - u->start < rest)
				rest = u->end - u->start;
			at += length;
		}
	}
	return any;
}

struct use {
	const char *function;
	int argument;
	bool library; /* the argument names a library, else a symbol */
};

static const struct use uses[] = {
	{ "dlopen", RDI, true },
	{ "dlmopen", RSI, true },
	{ "dlsym", RSI, false },
	{ "dlvsym", RSI, false },
};

/* One call of dlopen() and its like. Return: whether something new is reached. */
static bool follow_call(struct analysis *a, size_t m, const struct use *use, const struct caller *c)
{
	struct reach *r = &a->reach;
	struct value v = c->kind == REF_CALL || c->kind == REF_JUMP ? resolve_at(r, m, c->from, use->argument)
								     : value_unknown("its address is taken", c->from);
	struct place by = { .member = (uint32_t)m, .unit = c->unit, .at = c->from };
	bool any = false;

	if (v.unknown) {
		add_unseen(a, m, c->from, use->library ? "opens a library whose name is computed" : "looks up a symbol whose name is computed");
		if (use->library)
			any |= open_strings(a, m);
		else
			reach_names(r, m, false);
	}
	for (unsigned i = 0; i < v.number_count; i++) {
		const char *name = binary_string(&r->members[m].o, (uint64_t)v.numbers[i]);

		if (!name || !*name)
			continue;
		if (use->library)
			any |= open_library(a, m, name);
		else
			reach_exported(r, name, by, true);
	}
	any |= r->work_count > 0;
	reach_spread(r);
	return any;
}

static bool follow_uses(struct analysis *a, size_t m)
{
	bool any = false;

	for (size_t i = 0; i < COUNT(uses); i++) {
		const struct caller *c;
		struct caller *calls;
		uint64_t word;
		size_t count;

		if (!reach_import(&a->reach, m, uses[i].function, &word))
			continue;
		c = callers_of(&a->reach.members[m], word, &count);
		calls = xcalloc(count, sizeof(*calls));
		if (count)
			memcpy(calls, c, count * sizeof(*calls));
		for (size_t j = 0; j < count; j++)
			any |= follow_call(a, m, &uses[i], &calls[j]);
		free(calls);
	}
	return any;
}

/* Modules of nsswitch.conf besides those that are inside glibc, once a function that asks them is reached. */
static bool follow_name_service(struct analysis *a, size_t m)
{
	static const char *const asking[] = { "getpwnam_r", "getpwuid_r", "getpwent_r", "getgrnam_r", "getgrgid_r",
					      "getgrent_r", "initgroups", "getaddrinfo", "gethostbyname_r",
					      "gethostbyname2_r", "gethostbyaddr_r", "getservbyname_r", "getspnam_r" };
	const struct member *libc = &a->reach.members[m];
	struct buf conf = { 0 };
	char *word, *rest;
	bool asks = false, any = false;

	for (size_t i = 0; i < libc->o.symbol_count; i++) {
		size_t unit;

		for (size_t j = 0; j < COUNT(asking); j++) {
			asks |= libc->o.symbols[i].defined && !strcmp(libc->o.symbols[i].name, asking[j]) &&
				units_index(&libc->u, libc->o.symbols[i].at, &unit) && libc->u.at[unit].reached;
		}
	}
	if (!asks || !a->name_service)
		return false;
	must_read(a->name_service, &conf);
	for (char *line = strtok_r(conf.data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *more;

		line[strcspn(line, "#")] = '\0';
		if (!strchr(line, ':'))
			continue;
		for (word = strtok_r(strchr(line, ':') + 1, " \t", &more); word; word = strtok_r(NULL, " \t", &more)) {
			if (strcmp(word, "files") && strcmp(word, "dns") && *word != '[' &&
			    closure_open(&a->reach.closure, a->reach.closure.files[m], format("libnss_%s.so.2", word)))
				any |= take_in(a, true);
		}
	}
	free(conf.data);
	return any;
}

static struct analysis *walking;

static int add_plugin(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	const char *dot = strstr(path_base(path), ".so");
	/* A library's name, for the closure, is the one that it has in the root. */
	const char *name = walking->root ? path + strlen(walking->root) : path;
	struct program probe;

	(void)st;
	(void)ftw;
	if (type == FTW_F && dot && (!dot[3] || dot[3] == '.') && !program_read(path, &probe))
		closure_open(&walking->reach.closure, walking->reach.closure.files[0], name);
	return 0;
}

static void add_plugins(struct analysis *a)
{
	walking = a;
	for (size_t i = 0; i < a->plugins.count; i++) {
		if (nftw(a->plugins.at[i], add_plugin, 16, FTW_PHYS))
			fail("%s, given as what is opened by name, cannot be read", a->plugins.at[i]);
	}
	take_in(a, true);
}

void analysis_open(struct analysis *a)
{
	struct reach *r = &a->reach;
	bool any;

	add_plugins(a);
	do {
		any = false;
		/* The loader looks functions of the C library up by names that are strings in it. */
		for (size_t i = 0; i < r->count; i++) {
			if (r->members[i].interpreter)
				reach_names(r, i, true);
		}
		any |= r->work_count > 0;
		reach_spread(r);
		callers_index(r);
		for (size_t i = 0; i < r->count; i++)
			any |= reach_is_libc(&r->members[i]) ? follow_name_service(a, i) : follow_uses(a, i);
		resolve_forget();
	} while (any);
}
