/* Reads maps into a tree and prints it (tree.h). */
#include "tree.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The floor of an object, by the first word of its name: sources are called after their folder. */
static const char *floor_of(const char *object)
{
	static const char *const floors[] = { "arch", "core", "mm", "drivers", "fs", "net", "exec", "abi" };
	size_t length = strcspn(object, "-");

	if (!strncmp(object, "lwip", length))
		return "net";
	for (size_t i = 0; i < COUNT(floors); i++) {
		if (object[length] == '-' && strlen(floors[i]) == length && !strncmp(object, floors[i], length))
			return floors[i];
	}
	return *object == '(' ? "(link)" : "(absent)";
}

/* What an input section holds: -ffunction-sections and -fdata-sections name it after the function or variable. */
static char *function_of(const char *section, const char *object)
{
	static const char *const prefixes[] = { ".text.hot.", ".text.", ".rodata.", ".data.rel.ro.local.", ".data.rel.ro.",
						".data.rel.local.", ".data.rel.", ".data.", ".percpu." };
	char *name;

	if (!strncmp(section, ".set.", 5)) {
		name = xstrdup(section + 5);
		name[strcspn(name, ".")] = ':';
		return name;
	}
	for (size_t i = 0; i < COUNT(prefixes); i++) {
		size_t length = strlen(prefixes[i]);

		if (strncmp(section, prefixes[i], length))
			continue;
		if (!strncmp(section + length, "str1.", 5) || !strncmp(section + length, "cst", 3))
			return format("(constants of %s)", xstrndup(object, strcspn(object, ".")));
		name = xstrndup(section + length, strcspn(section + length, "."));
		return name;
	}
	return format("%s of %s", section, xstrndup(object, strcspn(object, ".")));
}

static struct size_node *child(struct size_node *node, const char *name)
{
	struct size_node *c;

	for (size_t i = 0; i < node->count; i++) {
		if (!strcmp(node->children[i]->name, name))
			return node->children[i];
	}
	if (node->count == node->capacity) {
		node->capacity = node->capacity ? node->capacity * 2 : 8;
		node->children = xrealloc(node->children, node->capacity, sizeof(c));
	}
	c = xcalloc(1, sizeof(*c));
	c->name = xstrdup(name);
	node->children[node->count++] = c;
	return c;
}

static void add(struct size_node *node, bool other, uint64_t bytes)
{
	*(other ? &node->b : &node->a) += bytes;
}

static bool read_map(struct size_node *root, const char *path, bool other)
{
	struct buf map = { 0 };
	char *line, *rest, component[128] = "", object[256] = "";

	if (file_read(path, &map))
		return false;
	for (line = strtok_r(map.data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		struct size_node *floor, *part;
		char section[512], kind[16];
		unsigned long long bytes, address;

		if (sscanf(line, "component\t%127[^\t]", component) == 1 || sscanf(line, "object\t%255[^\t]", object) == 1 ||
		    sscanf(line, "section\t%511[^\t]\t%llu\t%llx\t%15s", section, &bytes, &address, kind) != 4 ||
		    !strcmp(kind, "bss"))
			continue;
		floor = child(root, floor_of(object));
		part = child(floor, component);
		add(root, other, bytes);
		add(floor, other, bytes);
		add(part, other, bytes);
		add(child(part, function_of(section, object)), other, bytes);
	}
	return true;
}

static uint64_t larger(const struct size_node *n)
{
	return n->a > n->b ? n->a : n->b;
}

static int by_size(const void *a, const void *b)
{
	const struct size_node *x = *(struct size_node *const *)a, *y = *(struct size_node *const *)b;

	if (larger(x) != larger(y))
		return larger(x) < larger(y) ? 1 : -1;
	return strcmp(x->name, y->name);
}

static void sort_tree(struct size_node *node)
{
	if (node->count)
		qsort(node->children, node->count, sizeof(*node->children), by_size);
	for (size_t i = 0; i < node->count; i++)
		sort_tree(node->children[i]);
}

struct size_node *size_tree(const char *map_a, const char *map_b)
{
	struct size_node *root = xcalloc(1, sizeof(*root));

	root->name = xstrdup("kernel");
	if (!read_map(root, map_a, false) || (map_b && !read_map(root, map_b, true)))
		return NULL;
	sort_tree(root);
	return root;
}

json_t *size_tree_json(const struct size_node *node)
{
	json_t *out = json_pack("[s, I, I]", node->name, (json_int_t)node->a, (json_int_t)node->b), *children;

	if (!node->count)
		return out;
	children = json_array();
	for (size_t i = 0; i < node->count; i++)
		json_array_append_new(children, size_tree_json(node->children[i]));
	json_array_append_new(out, children);
	return out;
}

/* A function that grew by what another lost is a difference, too: equal sums do not hide it. */
static bool differs(const struct size_node *node)
{
	if (node->a != node->b)
		return true;
	for (size_t i = 0; i < node->count; i++) {
		if (differs(node->children[i]))
			return true;
	}
	return false;
}

static void print_node(const struct size_node *node, unsigned depth, bool other, bool functions)
{
	if (depth == 3 && !functions)
		return;
	if (other && !differs(node))
		return;
	printf("%*s%-*s %9" PRIu64, (int)depth * 2, "", 44 - (int)depth * 2, node->name, node->a);
	if (other)
		printf(" %9" PRIu64 " %+9" PRId64, node->b, (int64_t)(node->b - node->a));
	putchar('\n');
	for (size_t i = 0; i < node->count; i++)
		print_node(node->children[i], depth + 1, other, functions);
}

void size_tree_print(const struct size_node *root, bool other, bool functions)
{
	printf("%-44s %9s%s\n", functions ? "floor, component, function" : "floor, component", "bytes",
	       other ? "     other difference" : "");
	print_node(root, 0, other, functions);
}
