/* whittle kernel: link a kernel alone. Leaves FILE, FILE.debug (symbols and DWARF) and FILE.map (by component). */
#include <stdio.h>
#include <string.h>

#include "tools/analyze/analysis.h"
#include "verbs.h"

enum { OPTION_PLUGINS = OPTION_FIRST_FREE };

struct options {
	struct selection selection;
	const char *output, *program;
	struct strings plugins;
	bool verbose;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->selection;
		return 0;
	case 'o':
		options->output = arg;
		return 0;
	case 'v':
		options->verbose = true;
		return 0;
	case OPTION_PLUGINS:
		strings_add(&options->plugins, arg);
		return 0;
	case ARGP_KEY_ARG:
		if (options->program)
			fail("whittle kernel takes one program, but was given %s too", arg);
		options->program = arg;
		return 0;
	case ARGP_KEY_END:
		if (options->selection.fit_mode && !options->program)
			fail("--fit %s wants to know which program", options->selection.fit_mode);
		if (options->program && !options->selection.fit_mode)
			fail("whittle kernel was given %s: a program is for --fit program", options->program);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option own[] = {
	{ "output", 'o', "FILE", 0, "what to write (default: ./kernel-PROFILE.elf)", 0 },
	{ "plugins", OPTION_PLUGINS, "DIR", 0, "the program may open every library below DIR by name", 0 },
	{ "verbose", 'v', NULL, 0, "list the components that are in it", 0 },
	{ 0 },
};
static const struct argp_child children[] = { { &selection_argp, 0, NULL, 0 }, { 0 } };
static const struct argp argp = {
	.options = own,
	.parser = parse,
	.args_doc = "[PROGRAM]",
	.children = children,
	.doc = "Link a kernel from the components: what a profile starts from, and what that needs.\v"
	       "FILE.debug, with symbols and DWARF, and FILE.map, a map by component, are left beside FILE. "
	       "qemu-system-x86_64 -M microvm -kernel FILE -initrd ROOT.erofs -append '-- /bin/program args' starts it.",
};

int verb_kernel(int argc, char **argv)
{
	struct options options = { 0 };
	struct kernel kernel = { 0 };
	struct buf map = { 0 };

	parse_options(&argp, argc, argv, NULL, &options);
	if (options.selection.fit_mode) {
		struct analysis a = { .plugins = options.plugins };

		options.selection.fit = analysis_for(&options.selection, &a, options.program);
	}
	link_kernel(components_load(), &options.selection, &kernel);
	if (!options.output)
		options.output = format("kernel-%s.elf", options.selection.profiles.count
								 ? path_base(options.selection.profiles.at[0])
								 : "all");
	map_write(&kernel.map, path_base(options.output), &map);
	output_write(options.output, kernel.file.data, kernel.file.size, 0755);
	output_write(format("%s.debug", options.output), kernel.debug.data, kernel.debug.size, 0644);
	output_write(format("%s.map", options.output), map.data, map.size, 0644);
	outputs_commit();
	if (options.verbose) {
		for (size_t i = 0; i < kernel.map.components.count; i++)
			printf("%s\n", kernel.map.components.at[i]);
	}
	printf("%s: %zu bytes, %zu components\n", options.output, kernel.file.size, kernel.map.components.count);
	return 0;
}
