/* whittle analyze: what a program can ask of a kernel, from where, and how sure that is. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/analyze/analysis.h"
#include "verbs.h"

enum { OPTION_WHY = OPTION_FIRST_FREE, OPTION_PLUGINS, OPTION_NSSWITCH };

struct options {
	const char *program, *why, *nsswitch;
	struct strings plugins, recorded;
	bool json;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case OPTION_JSON:
		options->json = true;
		return 0;
	case OPTION_WHY:
		options->why = arg;
		return 0;
	case OPTION_PLUGINS:
		strings_add(&options->plugins, arg);
		return 0;
	case OPTION_RECORDED:
		strings_add(&options->recorded, arg);
		return 0;
	case OPTION_NSSWITCH:
		options->nsswitch = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (options->program)
			fail("whittle analyze takes one program, but was given %s too", arg);
		options->program = arg;
		return 0;
	case ARGP_KEY_END:
		if (!options->program)
			fail("say which program (whittle analyze --help)");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option own[] = {
	{ "json", OPTION_JSON, NULL, 0, "for programs", 0 },
	{ "plugins", OPTION_PLUGINS, "DIR", 0, "the program may open every library below DIR by name", 0 },
	{ "recorded", OPTION_RECORDED, "FILE", 0, "what a run used counts, too (`whittle run --record')", 0 },
	{ "nsswitch", OPTION_NSSWITCH, "FILE", 0, "follow the modules that this nsswitch.conf names (default: files and dns)", 0 },
	{ "why", OPTION_WHY, "CALL", 0, "print the way from where the program is entered to what makes CALL", 0 },
	{ 0 },
};
static const struct argp argp = {
	.options = own,
	.parser = parse,
	.args_doc = "PROGRAM",
	.doc = "Read a program with its interpreter and libraries, and say which system calls any of it can make: every call "
	       "that can be reached from where the kernel enters. What cannot be bounded is named.",
};

static void progress(const char *what)
{
	fprintf(stderr, "\r\033[K%.70s", what);
	fflush(stderr);
}

int verb_analyze(int argc, char **argv)
{
	struct options options = { 0 };
	struct analysis a = { 0 };

	parse_options(&argp, argc, argv, NULL, &options);
	a.plugins = options.plugins;
	a.recorded = options.recorded;
	a.name_service = options.nsswitch;
	if (isatty(STDERR_FILENO))
		a.progress = progress;
	analysis_run(&a, options.program);
	if (a.progress)
		fputs("\r\033[K", stderr);
	if (options.why)
		analysis_why(&a, options.why);
	else if (options.json)
		analysis_json(&a);
	else
		analysis_print(&a, options.program);
	return a.complete ? 0 : 1;
}
