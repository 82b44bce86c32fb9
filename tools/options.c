/* What the command lines of the verbs share: --for, --with, --without, descriptions, and the words about options that are
 * none. */
#include <string.h>

#include "description.h"
#include "verbs.h"

static error_t parse_selection(int key, char *arg, struct argp_state *state)
{
	struct selection *selection = state->input;

	switch (key) {
	case OPTION_FOR:
		strings_add(&selection->profiles, arg);
		return 0;
	case OPTION_FIT:
		if (strcmp(arg, "program") && strcmp(arg, "recorded"))
			fail("--fit takes program or recorded, not %s", arg);
		selection->fit_mode = arg;
		return 0;
	case OPTION_RECORDED:
		strings_add(&selection->recorded, arg);
		return 0;
	case OPTION_EXPORT:
		if (strcmp(arg, "all") && strcmp(arg, "none"))
			fail("--export takes all or none, not %s", arg);
		selection->export_all = *arg == 'a';
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
	{ "fit", OPTION_FIT, "program|recorded", 0,
	  "cut the kernel to what the program can ask for (`whittle analyze'), or only to what recordings saw", 0 },
	{ "recorded", OPTION_RECORDED, "FILE", 0, "for --fit: what a run used counts, too (`whittle run --record')", 0 },
	{ "with", OPTION_WITH, "NAME", 0, "add a component, or one entry as SET:NAME (`whittle components')", 0 },
	{ "without", OPTION_WITHOUT, "NAME", 0, "leave out a component or an entry; refused when others need it", 0 },
	{ "export", OPTION_EXPORT, "all|none", 0,
	  "symbols in the kernel's dynamic symbol table: all global ones, or none, as is the default", 0 },
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

/* What a word like -abc or --name=value ends with: an option that takes a value, and the part of it that is in the word. */
struct found {
	const struct argp_option *option; /* NULL: no value belongs to it */
	char *value;                      /* NULL: the next word is it */
};

static struct found check_long(const char *verb, char *word, const struct argp_option **options, size_t count)
{
	struct strings names = { 0 };
	struct found found = { 0 };
	size_t length = strcspn(word, "="), fits = 0;

	for (size_t i = 0; i < count; i++) {
		if (!options[i]->name)
			continue;
		strings_add(&names, options[i]->name);
		if (strncmp(options[i]->name, word, length))
			continue;
		fits++;
		found.option = options[i]->arg ? options[i] : NULL;
		found.value = word[length] ? word + length + 1 : NULL;
		if (strlen(options[i]->name) == length)
			return found;
	}
	strings_add(&names, "help");
	strings_add(&names, "usage");
	if (!strncmp("help", word, length) || !strncmp("usage", word, length) || fits == 1)
		return found;
	word = xstrndup(word, length);
	if (fits)
		fail("--%s may be several options (%s --help lists them)", word, verb);
	fail("there is no option --%s%s (%s --help lists them)", word, nearest(word, &names), verb);
}

static struct found check_short(const char *verb, char *word, const struct argp_option **options, size_t count)
{
	for (; *word; word++) {
		struct found found = { 0 };
		bool known = *word == '?';

		for (size_t i = 0; i < count; i++) {
			if (options[i]->key != *word)
				continue;
			known = true;
			found.option = options[i]->arg ? options[i] : NULL;
			found.value = word[1] ? word + 1 : NULL;
		}
		if (!known)
			fail("there is no option -%c (%s --help lists them)", *word, verb);
		if (found.option)
			return found;
	}
	return (struct found){ 0 };
}

/* The command line with what the description says before its own words, so that these win. */
static void add_described(const struct description *d, bool has_source, int argc, char **argv, struct strings *words)
{
	strings_add(words, argv[0]);
	for (size_t i = 0; i < d->options.count; i++)
		strings_add(words, d->options.at[i]);
	for (int i = 1; i < argc; i++)
		strings_add(words, argv[i]);
	if (!has_source && d->source)
		strings_add(words, d->source);
}

void parse_options(const struct argp *argp, int argc, char **argv, char ***rest, void *input)
{
	const struct argp_option *options[64];
	struct description described = { 0 };
	struct strings words = { 0 };
	const char *source = NULL;
	size_t count = 0;
	int end = 1;

	list_options(argp, options, &count);
	for (; end < argc && strcmp(argv[end], "--"); end++) {
		struct found found = { 0 };

		if (!strncmp(argv[end], "--", 2))
			found = check_long(argv[0], argv[end] + 2, options, count);
		else if (argv[end][0] == '-' && argv[end][1])
			found = check_short(argv[0], argv[end] + 1, options, count);
		else
			source = argv[end];
		if (!found.option)
			continue;
		if (!found.value && end + 1 >= argc)
			fail("%s needs a value (%s --help)", argv[end], argv[0]);
		if (!found.value)
			found.value = argv[++end];
		if (found.option->key == 'f')
			description_read(found.value, argp, &described);
	}
	add_described(&described, source, end, argv, &words);
	if (rest)
		*rest = end < argc ? argv + end + 1 : description_rest(&described, source ? source : described.source);
	else if (end < argc)
		fail("there is nothing to put after -- here (%s --help)", argv[0]);
	argp_err_exit_status = fail_status;
	argp_parse(argp, (int)words.count, words.at, 0, NULL, input);
}
