/* What is in one or two kernels as a tree: floor, component, function (docs/ARCHITECTURE.md says what the floors are). */
#ifndef TOOLS_SIZE_TREE_H
#define TOOLS_SIZE_TREE_H

#include <jansson.h>

#include "tools/util/util.h"

/* Bytes are those of the file; the memory that a kernel clears for itself (.bss) is not in them. */
struct size_node {
	char *name;
	uint64_t a, b; /* bytes in the one kernel, and in the other */
	struct size_node **children; /* larger first */
	size_t count, capacity;
};

/** size_tree() - from the maps of kernels (tools/link/map_text.c). @b: of the other, or NULL. NULL: no map can be read. */
struct size_node *size_tree(const char *map_a, const char *map_b);
/** size_tree_json() - ["name", bytes, bytes of the other, [children…]]; the last only if there are any. */
json_t *size_tree_json(const struct size_node *node);
/** size_tree_print() - as a table; @other: with what differs, and nothing else. @functions: down to these. */
void size_tree_print(const struct size_node *root, bool other, bool functions);
/** size_html() - one page that shows the tree and needs nothing else. @b: what the other kernel is called, or NULL. */
void size_html(const struct size_node *root, const char *a, const char *b, struct buf *out);

#endif
