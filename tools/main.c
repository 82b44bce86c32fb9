/* whittle: builds Whittle kernels and images and runs them. This file finds the verb; each verb is a file of its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verbs.h"

static const struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *line;
} verbs[] = {
	{ "build", verb_build, "make an image: a kernel, a root file system with a program, and a manifest" },
	{ "run", verb_run, "start an image, or a program, in a virtual machine" },
	{ "export", verb_export, "write an image as other machines take it: an ISO, a disk for VMware, VirtualBox, Hyper-V" },
	{ "analyze", verb_analyze, "say what a program can ask of a kernel, from where, and how sure that is" },
	{ "verify", verb_verify, "prove from an image alone that its kernel has what its program can ask for" },
	{ "kernel", verb_kernel, "link a kernel alone" },
	{ "components", verb_components, "list what a kernel can be made of, and what it costs" },
	{ "profiles", verb_profiles, "list the profiles and what each holds" },
	{ "size", verb_size, "say what is in a kernel or image, by component" },
};

static int help(FILE *to)
{
	fprintf(to, "Usage: whittle VERB [OPTION...] ...\n\n");
	for (size_t i = 0; i < COUNT(verbs); i++)
		fprintf(to, "  %-12s %s\n", verbs[i].name, verbs[i].line);
	fprintf(to, "\n`whittle help VERB' tells more. Start with: whittle run /usr/bin/printf -- 'hello\\n'\n");
	return to == stdout ? 0 : 2;
}

static const struct verb *find(const char *name)
{
	struct strings names = { 0 };

	for (size_t i = 0; i < COUNT(verbs); i++) {
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
		strings_add(&names, verbs[i].name);
	}
	strings_add(&names, "help");
	fail("there is no verb %s%s (whittle help lists them)", name, nearest(name, &names));
}

int main(int argc, char **argv)
{
	const struct verb *verb;

	if (argc < 2)
		return help(stderr);
	if (!strcmp(argv[1], "--version")) {
		printf("whittle %s\n", TOOL_VERSION);
		return 0;
	}
	if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		char *ask[] = { NULL, (char[]){ "--help" }, NULL };

		if (argc < 3)
			return help(stdout);
		verb = find(argv[2]);
		ask[0] = format("whittle %s", verb->name);
		return verb->run(2, ask);
	}
	verb = find(argv[1]);
	argv[1] = format("whittle %s", verb->name);
	return verb->run(argc - 1, argv + 1);
}
