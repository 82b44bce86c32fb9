/* Reads the map file of GNU ld: which input sections are in the kernel, and which objects they are from.
 *
 * After the line "Linker script and memory map", an output section begins in the first column and its input sections
 * are indented by one blank: name, address, size, file. A long name stands on a line of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"

static bool part_of(const char *output, enum part *ret)
{
	static const struct {
		const char *prefix;
		enum part part;
	} parts[] = {
		{ ".text", PART_TEXT },	      { ".rodata", PART_RODATA },   { ".note", PART_RODATA },
		{ ".dynsym", PART_RODATA },   { ".dynstr", PART_RODATA },   { ".hash", PART_RODATA },
		{ ".gnu", PART_RODATA },      { ".relr.dyn", PART_RODATA }, { ".rela", PART_RODATA },
		{ ".data.rel.ro", PART_RELRO }, { ".dynamic", PART_RELRO }, { ".got", PART_RELRO },
		{ ".data", PART_DATA },	      { ".bss", PART_BSS },
	};

	for (size_t i = 0; i < COUNT(parts); i++) {
		if (!strncmp(output, parts[i].prefix, strlen(parts[i].prefix))) {
			*ret = parts[i].part;
			return true;
		}
	}
	return false;
}

/* "…/kernel.a(core-log.o)" or "…/absent/udp.o"; NULL for anything else. */
static struct object *object_of(const struct component_set *set, const char *file)
{
	const char *open = strrchr(file, '(');

	if (open)
		return components_find_object(set, xstrndup(open + 1, strcspn(open + 1, ")")), false);
	return components_find_object(set, path_base(file), true);
}

static void add(const struct component_set *set, struct link_map *map, enum part part, const char *section,
		const char *where)
{
	unsigned long long address, size;
	int used = 0;
	struct placed *p;

	if (sscanf(where, " 0x%llx 0x%llx %n", &address, &size, &used) < 2 || !used || !size || !where[used])
		return;
	map->placed = xrealloc(map->placed, map->count + 1, sizeof(*map->placed));
	p = &map->placed[map->count++];
	*p = (struct placed){ .section = xstrdup(section), .part = part, .address = address, .size = size };
	p->object = object_of(set, where + used);
	if (p->object && !p->object->absent)
		strings_add_once(&map->components, p->object->component->name);
}

void map_read(const struct component_set *set, const char *path, struct link_map *map)
{
	struct buf text = { 0 };
	char *line, *next, *pending = NULL;
	enum part part = PART_TEXT;
	bool loaded = false;

	*map = (struct link_map){ 0 };
	must_read(path, &text);
	line = strstr(text.data, "\nLinker script and memory map\n");
	for (line = line ? line + 1 : NULL; line && *line; line = next) {
		size_t length;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (*line && *line != ' ') {
			loaded = part_of(line, &part);
			pending = NULL;
			continue;
		}
		if (!loaded || line[0] != ' ')
			continue;
		length = strcspn(line + 1, " ");
		if (line[1] != ' ' && line[1] != '*' && line[1] != '(') {
			char *name = xstrndup(line + 1, length);

			if (line[1 + length])
				add(set, map, part, name, line + 1 + length);
			pending = line[1 + length] ? NULL : name;
		} else if (line[1] == ' ' && pending) {
			add(set, map, part, pending, line);
			pending = NULL;
		}
	}
	if (!map->count)
		fail("%s: ld wrote a map that cannot be read", path);
	strings_sort(&map->components);
}
