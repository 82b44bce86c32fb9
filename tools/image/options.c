/* The options that say what an image is (options.h). */
#include "options.h"

#include <string.h>

enum { OPTION_ROOT = OPTION_FIRST_FREE + 100, OPTION_COPY };

static enum root_place parse_place(const char *arg)
{
	static const char *const places[] = { "embed", "file", "none" };
	struct strings names = { 0 };

	for (unsigned i = 0; i < COUNT(places); i++) {
		if (!strcmp(arg, places[i]))
			return (enum root_place)i;
		strings_add(&names, places[i]);
	}
	fail("--root %s: it is one of embed, file, none%s", arg, nearest(arg, &names));
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct image_request *request = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &request->selection;
		return 0;
	case OPTION_ROOT:
		request->place = parse_place(arg);
		return 0;
	case OPTION_COPY:
		strings_add(&request->copies, arg);
		return 0;
	case 'e':
		strings_add(&request->env, arg);
		return 0;
	case 'w':
		request->directory = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
	{ "root", OPTION_ROOT, "WHERE", 0,
	  "the root file system: embed (in the image; the default), file (IMAGE.erofs beside it), none", 0 },
	{ "copy", OPTION_COPY, "HOST:GUEST", 0, "put a file or directory into the root; what a program needs comes along", 0 },
	{ "env", 'e', "NAME=VALUE", 0, "set a variable of the program's environment", 0 },
	{ "workdir", 'w', "DIR", 0, "the directory that the program starts in (default: /)", 0 },
	{ 0 },
};
static const struct argp_child children[] = { { &selection_argp, 0, NULL, 0 }, { 0 } };
const struct argp image_argp = { .options = options, .parser = parse, .children = children };
