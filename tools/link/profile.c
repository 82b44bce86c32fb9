/* Profiles: short text files of roots, read in order (the syntax stands in profiles/x86_64/base). */
#include "profile.h"

#include <stdio.h>
#include <string.h>

#define DEEPEST 8 /* includes within includes: more is a circle */

static void read_file(const struct component_set *set, struct roots *roots, const char *name, unsigned depth,
		      char **ret_summary);

/* Adds or takes away the symbols that NAME stands for. Return: false when there is no such name. */
static bool apply(const struct component_set *set, struct roots *roots, const char *name, bool with)
{
	const struct component *c = components_find(set, name);
	const struct entry *one = components_find_entry(set, name);
	struct strings symbols = { 0 };

	if (one)
		strings_add(&symbols, one->symbol);
	else if (c)
		symbols = component_symbols(set, c);
	else
		return false;
	for (size_t i = 0; i < symbols.count; i++) {
		if (with)
			strings_add_once(&roots->symbols, symbols.at[i]);
		else
			strings_remove(&roots->symbols, symbols.at[i]);
	}
	return true;
}

/* Takes away what lies in a folder of the source tree: objects are named by their paths, with '-' for '/'. */
static bool take_folder(const struct component_set *set, struct roots *roots, const char *folder)
{
	char *prefix = xstrdup(folder);
	bool any = false;

	for (char *p = prefix; *p; p++)
		*p = *p == '/' ? '-' : *p;
	for (size_t i = 0; i < set->entry_count; i++) {
		const struct entry *e = &set->entries[i];

		if (strncmp(e->object->name, prefix, strlen(prefix)))
			continue;
		any = true;
		strings_remove(&roots->symbols, e->symbol);
	}
	return any;
}

static void add_set(const struct component_set *set, struct roots *roots, const char *name)
{
	for (size_t i = 0; i < set->entry_count; i++) {
		if (!strcmp(name, "*") || !strcmp(set->entries[i].set, name))
			strings_add_once(&roots->symbols, set->entries[i].symbol);
	}
}

static void read_line(const struct component_set *set, struct roots *roots, const char *where, char *line,
		      unsigned depth)
{
	char *rest, *word = strtok_r(line, " \t", &rest), *name = strtok_r(NULL, " \t", &rest);
	struct strings names;

	if (!word)
		return;
	if (!name || strtok_r(NULL, " \t", &rest))
		fail("%s: a line is a word and one name", where);
	if (!strcmp(word, "include")) {
		read_file(set, roots, name, depth + 1, NULL);
	} else if (!strcmp(word, "root")) {
		strings_add_once(&roots->symbols, name);
	} else if (!strcmp(word, "set") || !strcmp(word, "follow")) {
		if (strcmp(name, "*") && !strings_has(&set->sets, name))
			fail("%s: there is no linker set %s%s", where, name, nearest(name, &set->sets));
		if (*word == 's')
			add_set(set, roots, name);
		else
			strings_add_once(&roots->follow, name);
	} else if (!strcmp(word, "with") || !strcmp(word, "without")) {
		names = components_all_names(set);
		if (word[4] && name[strlen(name) - 1] == '/') {
			if (!take_folder(set, roots, name))
				fail("%s: no entry of a component lies in %s", where, name);
		} else if (!apply(set, roots, name, !word[4])) {
			fail("%s: there is no component %s%s", where, name, nearest(name, &names));
		}
	} else {
		fail("%s: %s is not a word of profiles", where, word);
	}
}

static void read_file(const struct component_set *set, struct roots *roots, const char *name, unsigned depth,
		      char **ret_summary)
{
	char *path = strchr(name, '/') ? xstrdup(name) : path_join(set->dir, format("profiles/%s", name));
	struct buf text = { 0 };
	char *rest, *line;
	unsigned number = 0;

	if (depth > DEEPEST)
		fail("profile %s: its includes go round in a circle", name);
	if (!strchr(name, '/') && !(depth && *name == '_') && !strings_has(&set->profiles, name))
		fail("there is no profile %s%s", name, nearest(name, &set->profiles));
	must_read(path, &text);
	for (line = text.data; line; line = rest) {
		rest = strchr(line, '\n');
		if (rest)
			*rest++ = '\0';
		number++;
		if (number == 1 && ret_summary)
			*ret_summary = xstrdup(line + strspn(line, "# "));
		line[strcspn(line, "#")] = '\0';
		read_line(set, roots, format("%s:%u", path, number), line, depth);
	}
}

unsigned profile_depth(const struct component_set *set, const char *name)
{
	struct buf text = { 0 };
	unsigned deepest = 0;
	char *rest;

	must_read(path_join(set->dir, format("profiles/%s", name)), &text);
	for (char *line = strtok_r(text.data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char included[64];
		unsigned depth;

		if (sscanf(line, "include %63s", included) != 1 || strchr(included, '/'))
			continue;
		depth = 1 + profile_depth(set, included);
		deepest = depth > deepest ? depth : deepest;
	}
	return deepest;
}

struct roots profile_read(const struct component_set *set, const char *name, char **ret_summary)
{
	struct roots roots = { 0 };

	read_file(set, &roots, name, 0, ret_summary);
	return roots;
}

static void check_known(const struct component_set *set, const char *name)
{
	struct strings names = components_all_names(set);

	if (!components_find(set, name) && !components_find_entry(set, name))
		fail("there is no component %s%s", name, nearest(name, &names));
}

static bool fit_keeps(const struct fit *fit, const struct entry *e)
{
	for (size_t i = 0; i < fit->count; i++) {
		const struct fit_set *s = &fit->sets[i];

		if (!s->bounded || strcmp(s->set, e->set))
			continue;
		for (size_t j = 0; j < s->count; j++) {
			if (s->numbers[j] == (e->number & (s->mask ? s->mask : UINT32_MAX)))
				return true;
		}
		return strings_has(&s->names, e->name);
	}
	return true;
}

/* Takes away what the program cannot ask for. */
static void cut_to_fit(const struct component_set *set, struct roots *roots, const struct fit *fit)
{
	for (size_t i = 0; i < set->entry_count; i++) {
		if (!fit_keeps(fit, &set->entries[i]))
			strings_remove(&roots->symbols, set->entries[i].symbol);
	}
	for (size_t i = 0; i < fit->unused.count; i++) {
		if (components_find(set, fit->unused.at[i]) || components_find_entry(set, fit->unused.at[i]))
			apply(set, roots, fit->unused.at[i], false);
		else
			strings_remove(&roots->symbols, fit->unused.at[i]);
	}
	for (size_t i = 0; i < fit->added.count; i++)
		apply(set, roots, fit->added.at[i], true);
}

struct roots roots_select(const struct component_set *set, const struct selection *selection)
{
	struct roots roots = { .export_all = selection->export_all };

	for (size_t i = 0; i < selection->profiles.count; i++)
		read_file(set, &roots, selection->profiles.at[i], 0, NULL);
	if (!selection->profiles.count)
		read_file(set, &roots, "all", 0, NULL);
	if (selection->fit)
		cut_to_fit(set, &roots, selection->fit);
	for (size_t i = 0; i < selection->with.count; i++) {
		const char *name = selection->with.at[i];
		const struct component *c = components_find(set, name);

		check_known(set, name);
		if (strings_has(&selection->without, name))
			fail("%s is asked for by --with and by --without", name);
		apply(set, &roots, name, true);
		if (c && !component_symbols(set, c).count)
			fail("component %s has no entry to start from: it comes along with what needs it", name);
	}
	for (size_t i = 0; i < selection->without.count; i++) {
		check_known(set, selection->without.at[i]);
		apply(set, &roots, selection->without.at[i], false);
		strings_add_once(&roots.without, selection->without.at[i]);
	}
	return roots;
}
