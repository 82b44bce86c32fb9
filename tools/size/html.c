/* The page of `whittle size --html`: tools/size/page.html, which is within the tool, with the tree in it as JSON. */
#include <string.h>

#include "tree.h"

__asm__(".pushsection .rodata\nsize_page:\n\t.incbin \"tools/size/page.html\"\n\t.byte 0\n\t.popsection");
extern const char size_page[] __attribute__((visibility("hidden")));

void size_html(const struct size_node *root, const char *a, const char *b, struct buf *out)
{
	static const char mark[] = "/*DATA*/null";
	const char *at = strstr(size_page, mark);
	json_t *data = json_pack("{s:s, s:s?, s:o}", "a", a, "b", b, "tree", size_tree_json(root));
	char *text = json_dumps(data, JSON_COMPACT);

	buf_add(out, size_page, (size_t)(at - size_page));
	/* A name within a script must not end it. */
	for (const char *p = text; *p; p++)
		buf_printf(out, *p == '<' ? "\\u003c" : "%c", *p);
	buf_printf(out, "%s", at + strlen(mark));
}
