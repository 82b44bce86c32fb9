/* whittle build: an image from a program, a directory or a tar file. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/image/options.h"

struct options {
	struct image_request request;
	const char *output;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->request;
		return 0;
	case 'o':
		options->output = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (options->request.source)
			fail("%s comes after the program: arguments for the program stand after --", arg);
		options->request.source = arg;
		return 0;
	case ARGP_KEY_END:
		if (!options->request.source)
			fail("say what to build: a program, a directory or a tar file (whittle build --help)");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option own[] = {
	{ "output", 'o', "IMAGE", 0, "what to write (default: ./NAME.img)", 0 },
	{ 0 },
};
static const struct argp_child children[] = { { &image_argp, 0, NULL, 0 }, { 0 } };
const struct argp build_argp = {
	.options = own,
	.parser = parse,
	.children = children,
	.args_doc = "PROGRAM|DIR|TAR [-- ARGS...]",
	.doc = "Make an image: one file that holds a kernel and a root file system with a program.\v"
	       "A PROGRAM is packed with its interpreter and libraries, a DIR or TAR as it is; then the first word after -- is "
	       "the program. Beside IMAGE are left IMAGE.json (what is in it), IMAGE.debug (the kernel's symbols) and IMAGE.map. "
	       "qemu-system-x86_64 -M microvm -kernel IMAGE starts it, too.",
};

int verb_build(int argc, char **argv)
{
	struct options options = { 0 };
	struct stat st;

	parse_options(&build_argp, argc, argv, &options.request.args, &options);
	if (!options.output)
		options.output = image_default_name(&options.request);
	image_make(&options.request, options.output);
	outputs_commit();
	if (stat(options.output, &st) == 0)
		printf("%s: %lld bytes\n", options.output, (long long)st.st_size);
	printf("whittle run %s\n", options.output);
	return 0;
}
