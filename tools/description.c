/* Reads application descriptions (description.h). */
#include "description.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "verbs.h"

/* Of a manifest: what came out, not what was asked for. */
static const char *const told[] = {
	"tool", "arch", "component_set_id", "program", "components", "sizes", "kernel", "root_sha256", "libraries",
	"files", "notes", "unproven",
};

static const struct argp_option *find(const struct argp *argp, const char *name)
{
	for (const struct argp_option *o = argp->options; o && (o->name || o->key || o->doc); o++) {
		const char *a = name, *b = o->name;

		while (b && *a && (*a == *b || (*a == '_' && *b == '-')))
			a++, b++;
		if (b && !*a && !*b)
			return o;
	}
	for (const struct argp_child *c = argp->children; c && c->argp; c++) {
		const struct argp_option *o = find(c->argp, name);

		if (o)
			return o;
	}
	return NULL;
}

static void list_names(const struct argp *argp, struct strings *names)
{
	for (const struct argp_option *o = argp->options; o && (o->name || o->key || o->doc); o++) {
		if (o->name)
			strings_add_once(names, o->name);
	}
	for (const struct argp_child *c = argp->children; c && c->argp; c++)
		list_names(c->argp, names);
}

_Noreturn static void refuse_key(const char *file, const char *key)
{
	struct strings names = { 0 };

	list_names(&build_argp, &names);
	list_names(&run_argp, &names);
	strings_add(&names, "source");
	strings_add(&names, "args");
	fail("%s: there is no option %s%s", file, key, nearest(key, &names));
}

static char *text_of(const char *file, const char *key, const json_t *value)
{
	if (json_is_string(value))
		return xstrdup(json_string_value(value));
	if (json_is_integer(value))
		return format("%lld", (long long)json_integer_value(value));
	fail("%s: the value of %s is no text, number or list of them", file, key);
}

static void add_value(const char *file, const struct argp_option *option, const json_t *value, struct strings *words)
{
	const char *name;
	json_t *member;

	if (json_is_array(value)) {
		for (size_t i = 0; i < json_array_size(value); i++)
			strings_add(words, format("--%s=%s", option->name, text_of(file, option->name, json_array_get(value, i))));
	} else if (json_is_object(value)) {
		json_object_foreach((json_t *)(uintptr_t)value, name, member)
			strings_add(words, format("--%s=%s=%s", option->name, name, text_of(file, option->name, member)));
	} else {
		strings_add(words, format("--%s=%s", option->name, text_of(file, option->name, value)));
	}
}

static void add_option(const char *file, const struct argp_option *option, const json_t *value, struct strings *words)
{
	if (option->arg)
		add_value(file, option, value, words);
	else if (json_is_true(value))
		strings_add(words, format("--%s", option->name));
	else if (!json_is_false(value))
		fail("%s: the value of %s is true or false", file, option->name);
}

static bool is_told(const char *key)
{
	for (size_t i = 0; i < COUNT(told); i++) {
		if (!strcmp(told[i], key))
			return true;
	}
	return false;
}

void description_read(const char *file, const struct argp *argp, struct description *d)
{
	json_error_t error;
	struct buf text = { 0 };
	const char *key;
	json_t *o, *value;

	must_read(file, &text);
	o = json_loadb(text.data ? text.data : "", text.size, JSON_REJECT_DUPLICATES, &error);
	if (!o)
		fail("%s is not JSON: line %d: %s", file, error.line, error.text);
	if (!json_is_object(o))
		fail("%s is not an application description: it is no JSON object", file);
	json_object_foreach(o, key, value) {
		const struct argp_option *option = find(argp, key);

		if (!strcmp(key, "source")) {
			d->source = text_of(file, key, value);
		} else if (!strcmp(key, "args")) {
			if (!json_is_array(value))
				fail("%s: args is a list", file);
			for (size_t i = 0; i < json_array_size(value); i++)
				strings_add(&d->args, text_of(file, key, json_array_get(value, i)));
			d->has_args = true;
		} else if (!strcmp(key, "file")) {
			fail("%s: a description cannot name another", file);
		} else if (option) {
			add_option(file, option, value, &d->options);
		} else if (!find(&build_argp, key) && !find(&run_argp, key) && !is_told(key)) {
			refuse_key(file, key);
		}
	}
	value = json_object_get(o, "program");
	if (value && !d->source)
		d->source = text_of(file, "program", value);
	else if (value)
		d->program = text_of(file, "program", value);
}

/* A directory or tar file holds many programs: there the first word after "--" says which. */
static bool names_program(const char *source)
{
	char magic[4] = "";
	FILE *f = fopen(source, "re");
	size_t n = f ? fread(magic, 1, sizeof(magic), f) : 0;

	if (f)
		fclose(f);
	return n == sizeof(magic) && !memcmp(magic, "\177ELF", 4);
}

char **description_rest(const struct description *d, const char *source)
{
	struct strings rest = { 0 };

	if (!d->has_args && !d->program)
		return NULL;
	if (d->program && source && file_exists(source) && !names_program(source))
		strings_add(&rest, d->program);
	for (size_t i = 0; i < d->args.count; i++)
		strings_add(&rest, d->args.at[i]);
	return rest.count || d->has_args ? (rest.at ? rest.at : xcalloc(1, sizeof(char *))) : NULL;
}
