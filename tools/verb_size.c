/* whittle size: what is in a kernel or image, and what differs from another. The segments, sets and component names are read
 * from the file itself; the bytes of each part from FILE.map, where that is beside it.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/elf/kernel_file.h"
#include "tools/size/tree.h"
#include "verbs.h"

enum { OPTION_HTML = OPTION_FIRST_FREE };

struct options {
	const char *file, *other, *html;
	bool json, functions;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case OPTION_JSON:
		options->json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (options->other)
			fail("whittle size takes one file or two, but was given %s too", arg);
		*(options->file ? &options->other : &options->file) = arg;
		return 0;
	case OPTION_HTML:
		options->html = arg;
		return 0;
	case 'f':
		options->functions = true;
		return 0;
	case ARGP_KEY_END:
		if (!options->file)
			fail("say which kernel or image (whittle size --help)");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option own[] = {
	{ "json", OPTION_JSON, NULL, 0, "for programs", 0 },
	{ "html", OPTION_HTML, "FILE", 0, "draw it: one page that needs nothing else, to be opened in a browser", 0 },
	{ "functions", 'f', NULL, 0, "down to each function", 0 },
	{ 0 },
};
static const struct argp argp = {
	.options = own,
	.parser = parse,
	.args_doc = "A [B]",
	.doc = "Say what is in a kernel or image: its segments, its floors, components and what each costs, its linker sets. With "
	       "a second one: what differs, by floor, component and function.",
};

static json_t *segments(const struct kernel_file *k)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < k->ehdr.e_phnum; i++) {
		const Elf64_Phdr *ph = &k->ph[i];

		if (ph->p_type == PT_LOAD && ph->p_memsz)
			json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:I}", "name", kernel_file_segment_name(k, ph),
							      "address", format("0x%llx", (unsigned long long)ph->p_vaddr), "file",
							      (json_int_t)ph->p_filesz, "memory",
							      (json_int_t)ph->p_memsz));
	}
	return list;
}

/* The lines "component NAME BYTES text rodata relro data bss" of a map. */
static json_t *components(const struct kernel_file *k, const char *file)
{
	struct strings names = kernel_file_components(k);
	json_t *list = json_array();
	struct buf map = { 0 };
	char *line, *rest;

	if (file_read(format("%s.map", file), &map)) {
		for (size_t i = 0; i < names.count; i++)
			json_array_append_new(list, json_pack("{s:s}", "name", names.at[i]));
		return list;
	}
	for (line = strtok_r(map.data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		long long n[6];
		char name[64];

		if (sscanf(line, "component\t%63[^\t]\t%lld\t%lld\t%lld\t%lld\t%lld\t%lld", name, &n[0], &n[1], &n[2],
			   &n[3], &n[4], &n[5]) == 7)
			json_array_append_new(list, json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "name", name, "bytes",
							      (json_int_t)n[0], "text", (json_int_t)n[1], "rodata",
							      (json_int_t)n[2], "relro", (json_int_t)n[3], "data",
							      (json_int_t)n[4], "bss", (json_int_t)n[5]));
	}
	return list;
}

static json_t *sets(const struct kernel_file *k)
{
	json_t *all = json_object();
	struct kernel_header_set s;

	for (uint32_t i = 0; i < k->header.set_count && kernel_file_set(k, i, &s); i++) {
		struct strings names = kernel_file_entries(k, kernel_file_set_name(&s));
		json_t *list = json_array();

		for (size_t j = 0; j < names.count; j++)
			json_array_append_new(list, json_string(names.at[j]));
		json_object_set_new(all, kernel_file_set_name(&s), list);
	}
	return all;
}

static long long number(json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static void print(const char *file, json_t *report)
{
	json_t *item, *list = json_object_get(report, "components");
	const char *name;
	size_t i;

	printf("%s: %lld bytes, of which the kernel %lld; %lld KiB in memory\n\n", file, number(report, "bytes"),
	       number(report, "kernel_bytes"), number(report, "memory") / 1024);
	printf("%-18s %10s %10s\n", "segment", "file", "memory");
	json_array_foreach(json_object_get(report, "segments"), i, item)
		printf("%-18s %10lld %10lld\n", json_string_value(json_object_get(item, "name")), number(item, "file"),
		       number(item, "memory"));
	if (json_object_get(json_array_get(list, 0), "bytes"))
		printf("\n%-18s %8s %8s %8s %8s %8s %8s\n", "component", "bytes", "text", "rodata", "relro", "data", "bss");
	else
		printf("\ncomponents (%s.map, which says what each costs, is not there)\n", file);
	json_array_foreach(list, i, item) {
		printf("%-18s", json_string_value(json_object_get(item, "name")));
		if (json_object_get(item, "bytes"))
			printf(" %8lld %8lld %8lld %8lld %8lld %8lld", number(item, "bytes"), number(item, "text"),
			       number(item, "rodata"), number(item, "relro"), number(item, "data"), number(item, "bss"));
		putchar('\n');
	}
	printf("\n%-18s %8s\n", "linker set", "entries");
	json_object_foreach(json_object_get(report, "sets"), name, item) {
		if (json_array_size(item))
			printf("%-18s %8zu\n", name, json_array_size(item));
	}
}

/* The tree of one kernel or two; fails where a map is missing. */
static struct size_node *read_tree(const struct options *options)
{
	const char *other = options->other ? format("%s.map", options->other) : NULL;
	struct kernel_file k;

	if (options->other)
		kernel_file_open(&k, options->other);
	if (!file_exists(format("%s.map", options->file)))
		fail("%s.map, which says what each part costs, is not there", options->file);
	if (other && !file_exists(other))
		fail("%s, which says what each part costs, is not there", other);
	return size_tree(format("%s.map", options->file), other);
}

static void draw(const struct options *options)
{
	struct buf page = { 0 };

	size_html(read_tree(options), path_base(options->file), options->other ? path_base(options->other) : NULL, &page);
	output_write(options->html, page.data, page.size, 0644);
	outputs_commit();
	printf("%s: %zu bytes\n", options->html, page.size);
}

/* What differs between two. */
static void compare(const struct options *options)
{
	struct size_node *tree = read_tree(options);
	json_t *report;

	if (options->json) {
		report = json_pack("{s:s, s:s, s:o}", "a", options->file, "b", options->other, "tree", size_tree_json(tree));
		json_dumpf(report, stdout, JSON_INDENT(2));
		putchar('\n');
		return;
	}
	printf("%s, other: %s\n\n", options->file, options->other);
	size_tree_print(tree, true, true);
}

int verb_size(int argc, char **argv)
{
	struct options options = { 0 };
	struct kernel_file k;
	json_t *report;
	uint64_t kernel = 0;
	const void *id;

	parse_options(&argp, argc, argv, NULL, &options);
	kernel_file_open(&k, options.file);
	if (options.html) {
		draw(&options);
		return 0;
	}
	if (options.other) {
		compare(&options);
		return 0;
	}
	for (unsigned i = 0; i < k.ehdr.e_phnum; i++) {
		if (k.ph[i].p_type == PT_LOAD && k.ph[i].p_vaddr != k.base + k.header.bootarea &&
		    k.ph[i].p_offset + k.ph[i].p_filesz > kernel)
			kernel = k.ph[i].p_offset + k.ph[i].p_filesz;
	}
	id = kernel_file_at(&k, k.header.component_set_id, KERNEL_ID_BYTES);
	report = json_pack("{s:s, s:I, s:I, s:I, s:s, s:o, s:o, s:o}", "file", options.file, "bytes",
			   (json_int_t)k.file.size, "kernel_bytes", (json_int_t)kernel, "memory",
			   (json_int_t)(kernel_file_memory(&k) - k.ph[0].p_paddr), "component_set_id",
			   id ? hex(id, KERNEL_ID_BYTES) : "", "segments", segments(&k), "components",
			   components(&k, options.file), "sets", sets(&k));
	if (options.json) {
		json_dumpf(report, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		print(options.file, report);
		if (file_exists(format("%s.map", options.file))) {
			putchar('\n');
			size_tree_print(read_tree(&options), false, options.functions);
		}
	}
	return 0;
}
