/* whittle components, whittle profiles: what a kernel can be made of. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "verbs.h"

static error_t parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case OPTION_JSON:
		*(bool *)state->input = true;
		return 0;
	case ARGP_KEY_ARG:
		fail("%s takes no argument, but was given %s", state->name, arg);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
	{ "json", OPTION_JSON, NULL, 0, "for programs", 0 },
	{ 0 },
};

static size_t bytes_of(const struct component_set *set, const struct component *c)
{
	size_t bytes = 0;

	for (size_t i = 0; i < set->object_count; i++) {
		if (set->objects[i]->component == c && !set->objects[i]->absent)
			bytes += object_section_bytes(set->objects[i]);
	}
	return bytes;
}

static void print_json(json_t *value)
{
	json_dumpf(value, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(value);
}

static json_t *component_json(const struct component_set *set, const struct component *c)
{
	json_t *entries = json_array(), *objects = json_array();

	for (size_t i = 0; i < set->entry_count; i++) {
		const struct entry *e = &set->entries[i];

		if (e->object->component == c)
			json_array_append_new(entries, json_string(format("%s:%s", e->set, e->name)));
	}
	for (size_t i = 0; i < set->object_count; i++) {
		if (set->objects[i]->component == c && !set->objects[i]->absent)
			json_array_append_new(objects, json_string(set->objects[i]->name));
	}
	return json_pack("{s:s, s:s, s:I, s:o, s:o}", "name", c->name, "about", c->line, "bytes",
			 (json_int_t)bytes_of(set, c), "entries", entries, "objects", objects);
}

static void print_component(const struct component_set *set, const struct component *c)
{
	size_t column = 0;

	printf("%-16s %7zu  %s\n", c->name, bytes_of(set, c), c->line);
	for (size_t i = 0; i < set->entry_count; i++) {
		const struct entry *e = &set->entries[i];
		size_t width = strlen(e->set) + 1 + strlen(e->name) + 1;

		if (e->object->component != c)
			continue;
		if (column && column + width > 100) {
			putchar('\n');
			column = 0;
		}
		if (!column)
			column = (size_t)printf("%26s", "");
		column += (size_t)printf("%s:%s ", e->set, e->name);
	}
	if (column)
		putchar('\n');
}

int verb_components(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.doc = "List the components: name, the most bytes that it can cost, what it is, and its entries (SET:NAME). "
		       "--with and --without of other verbs take both kinds of names.",
	};
	bool json = false;
	struct component_set *set;
	json_t *list = json_array();

	parse_options(&argp, argc, argv, NULL, &json);
	set = components_load();
	for (size_t i = 0; i < set->component_count; i++) {
		if (json)
			json_array_append_new(list, component_json(set, set->components[i]));
		else
			print_component(set, set->components[i]);
	}
	if (json)
		print_json(json_pack("{s:s, s:s, s:o}", "arch", TOOL_ARCH, "id", hex(set->id, sizeof(set->id)),
				     "components", list));
	return 0;
}

int verb_profiles(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.doc = "List the profiles: name, kernel bytes, what it is for, and the components that it holds.",
	};
	bool json = false;
	struct component_set *set;
	json_t *list = json_array();

	parse_options(&argp, argc, argv, NULL, &json);
	set = components_load();
	for (size_t i = 0; i < set->profiles.count; i++) {
		struct selection selection = { 0 };
		struct kernel kernel = { 0 };
		json_t *names = json_array();
		char *summary = NULL;

		profile_read(set, set->profiles.at[i], &summary);
		strings_add(&selection.profiles, set->profiles.at[i]);
		link_kernel(set, &selection, &kernel);
		for (size_t j = 0; j < kernel.map.components.count; j++)
			json_array_append_new(names, json_string(kernel.map.components.at[j]));
		json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:o}", "name", set->profiles.at[i], "about",
						      summary, "bytes", (json_int_t)kernel.file.size, "components",
						      names));
		if (!json) {
			printf("%-14s %8zu  %s\n%24s ", set->profiles.at[i], kernel.file.size, summary, "");
			for (size_t j = 0; j < kernel.map.components.count; j++)
				printf(" %s", kernel.map.components.at[j]);
			putchar('\n');
		}
	}
	if (json)
		print_json(list);
	return 0;
}
