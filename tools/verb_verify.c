/* whittle verify: prove from an image alone that its kernel has what its program can ask for, and say what else it has. */
#include <stdio.h>
#include <string.h>

#include "tools/verify/verify.h"
#include "verbs.h"

struct options {
	const char *image;
	bool json;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case OPTION_JSON:
		options->json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (options->image)
			fail("whittle verify takes one image, but was given %s too", arg);
		options->image = arg;
		return 0;
	case ARGP_KEY_END:
		if (!options->image)
			fail("say which image (whittle verify --help)");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option own[] = {
	{ "json", OPTION_JSON, NULL, 0, "for programs", 0 },
	{ 0 },
};
static const struct argp argp = {
	.options = own,
	.parser = parse,
	.args_doc = "IMAGE",
	.doc = "Prove from IMAGE alone that every call, code and family of sockets that its program can ask for is in its kernel's "
	       "tables and bound to its own function; that no page is writable and executable; that nothing is exported; that "
	       "the files are those that were packed. Say what the kernel holds beyond that, and what could not be bounded.\v"
	       "The program is analyzed as it lies in the image. If the components that the kernel was made of are at hand, it is "
	       "linked again and compared byte by byte. Exit status: 0 proved, 1 not (each finding is a line), 2 unusable input.",
};

static json_t *list(const struct strings *l)
{
	json_t *array = json_array();

	for (size_t i = 0; i < l->count; i++)
		json_array_append_new(array, json_string(l->at[i]));
	return array;
}

static void print_json(const struct verification *v)
{
	json_t *beyond = json_object(), *report;

	for (size_t i = 0; i < v->beyond_count; i++)
		json_object_set_new(beyond, v->beyond[i].table, json_pack("{s:o, s:I}", "entries", list(&v->beyond[i].names), "bytes",
									  (json_int_t)v->beyond[i].bytes));
	report = json_pack("{s:b, s:o, s:b, s:b, s:i, s:i, s:i, s:i, s:o, s:o, s:o, s:o}", "verified", v->findings.count == 0,
			   "findings", list(&v->findings), "analyzed", v->analyzed, "linked_again", v->relinked, "segments",
			   (int)v->segments, "entries", (int)v->entries, "files", (int)v->files, "asked", (int)v->asked, "beyond",
			   beyond, "exports", list(&v->exports), "not_offered", list(&v->not_offered), "notes", list(&v->notes));
	json_dumpf(report, stdout, JSON_INDENT(2));
	putchar('\n');
}

static void print_words(const char *title, const struct strings *l)
{
	size_t column = 0;

	printf("%s", title);
	for (size_t i = 0; i < l->count; i++) {
		size_t length = strlen(l->at[i]) + 2;

		if (!column || column + length > 96)
			printf("\n   "), column = 0;
		printf(" %s%s", l->at[i], i + 1 < l->count ? "," : "");
		column += length;
	}
	putchar('\n');
}

static void print(const struct verification *v)
{
	const char *fit = manifest_text(v, "fit");

	printf("%s: %s, %s%s\n\n", v->path, *manifest_text(v, "program") ? manifest_text(v, "program") : "no program",
	       v->manifest ? manifest_text(v, "tool") : "no manifest", *fit ? format(", cut to fit: %s", fit) : "");
	printf("  %-9s %u segments%s\n", "kernel", v->segments,
	       v->relinked ? ", byte for byte what its components give" : "");
	printf("  %-9s %u entries in %u tables, %u bound to their own function\n", "tables", v->entries, v->tables, v->functions);
	printf("  %-9s %s\n", "exports", v->exports.count ? format("%zu", v->exports.count) : "nothing");
	printf("  %-9s %u\n", "files", v->files);
	if (v->analyzed)
		printf("  %-9s can ask for %u calls, codes and families\n", "program", v->asked);
	else
		printf("  %-9s not analyzed\n", "program");
	for (size_t i = 0; i < v->beyond_count; i++)
		print_words(format("\nbeyond that the table %s holds %zu, %llu bytes", v->beyond[i].table, v->beyond[i].names.count,
				   (unsigned long long)v->beyond[i].bytes),
			    &v->beyond[i].names);
	if (v->not_offered.count)
		print_words(format("\nasked for, and no component has it: %zu calls, which answer ENOSYS", v->not_offered.count),
			    &v->not_offered);
	for (size_t i = 0; i < v->notes.count; i++)
		printf("%s  %s\n", i ? "" : "\nnot proved\n", v->notes.at[i]);
	for (size_t i = 0; i < v->findings.count; i++)
		printf("%s  %s\n", i ? "" : "\nwrong\n", v->findings.at[i]);
	if (v->findings.count)
		printf("\n%s is not what it should be: %zu findings\n", v->path, v->findings.count);
	else
		printf("\nverified: nothing that the program can ask for is missing\n");
}

int verb_verify(int argc, char **argv)
{
	struct options options = { 0 };
	struct verification v = { 0 };

	parse_options(&argp, argc, argv, NULL, &options);
	v.path = options.image;
	kernel_file_open(&v.kernel, options.image);
	if (components_at_hand())
		v.set = components_load();
	verify_kernel(&v);
	verify_link(&v);
	verify_files(&v);
	verify_analyze(&v);
	if (options.json)
		print_json(&v);
	else
		print(&v);
	return v.findings.count ? 1 : 0;
}
