/* What the command lines of the verbs share: --for, --with, --without, and the words about options that are none. */
#include <string.h>

#include "verbs.h"

static error_t parse_selection(int key, char *arg, struct argp_state *state)
{
	struct selection *selection = state->input;

	switch (key) {
	case OPTION_FOR:
		strings_add(&selection->profiles, arg);
		return 0;
	case OPTION_WITH:
		strings_add(&selection->with, arg);
		return 0;
	case OPTION_WITHOUT:
		strings_add(&selection->without, arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option selection_options[] = {
	{ "for", OPTION_FOR, "PROFILE", 0, "what the kernel is for: a profile (default: all; `whittle profiles')", 0 },
	{ "with", OPTION_WITH, "NAME", 0, "add a component, or one entry as SET:NAME (`whittle components')", 0 },
	{ "without", OPTION_WITHOUT, "NAME", 0, "leave out a component or an entry; refused when others need it", 0 },
	{ 0 },
};

const struct argp selection_argp = { .options = selection_options, .parser = parse_selection };

static void list_options(const struct argp *argp, const struct argp_option **list, size_t *count)
{
	for (const struct argp_option *o = argp->options; o && (o->name || o->key || o->doc); o++)
		list[(*count)++] = o;
	for (const struct argp_child *c = argp->children; c && c->argp; c++)
		list_options(c->argp, list, count);
}

static void check_long(const char *verb, const char *word, const struct argp_option **options, size_t count,
		       bool *ret_takes)
{
	struct strings names = { 0 };
	size_t length = strcspn(word, "="), fits = 0;

	for (size_t i = 0; i < count; i++) {
		if (!options[i]->name)
			continue;
		strings_add(&names, options[i]->name);
		if (strncmp(options[i]->name, word, length))
			continue;
		fits++;
		*ret_takes = options[i]->arg && !word[length];
		if (strlen(options[i]->name) == length)
			return;
	}
	strings_add(&names, "help");
	strings_add(&names, "usage");
	if (!strncmp("help", word, length) || !strncmp("usage", word, length) || fits == 1)
		return;
	word = xstrndup(word, length);
	if (fits)
		fail("--%s may be several options (%s --help lists them)", word, verb);
	fail("there is no option --%s%s (%s --help lists them)", word, nearest(word, &names), verb);
}

static void check_short(const char *verb, const char *word, const struct argp_option **options, size_t count,
			bool *ret_takes)
{
	for (; *word; word++) {
		const struct argp_option *found = NULL;

		for (size_t i = 0; i < count; i++) {
			if (options[i]->key == *word)
				found = options[i];
		}
		if (!found && *word != '?')
			fail("there is no option -%c (%s --help lists them)", *word, verb);
		if (found && found->arg) {
			*ret_takes = !word[1];
			return;
		}
	}
}

void parse_options(const struct argp *argp, int argc, char **argv, char ***rest, void *input)
{
	const struct argp_option *options[64];
	size_t count = 0;
	int end = 1;

	list_options(argp, options, &count);
	for (; end < argc && strcmp(argv[end], "--"); end++) {
		bool takes = false;

		if (!strncmp(argv[end], "--", 2))
			check_long(argv[0], argv[end] + 2, options, count, &takes);
		else if (argv[end][0] == '-' && argv[end][1])
			check_short(argv[0], argv[end] + 1, options, count, &takes);
		if (takes && end + 1 >= argc)
			fail("%s needs a value (%s --help)", argv[end], argv[0]);
		end += takes;
	}
	if (rest)
		*rest = end < argc ? argv + end + 1 : NULL;
	else if (end < argc)
		fail("there is nothing to put after -- here (%s --help)", argv[0]);
	argp_err_exit_status = fail_status;
	argp_parse(argp, end, argv, 0, NULL, input);
}
