/* Writes FILE.map: what a kernel holds, largest component first. Columns are separated by tabs:
 *
 *   component NAME BYTES text rodata relro data bss     BYTES is all but .bss: what the part costs in the file
 *   object    NAME BYTES                                within the component above
 *   section   NAME BYTES ADDRESS PART                   within the object above
 *
 * What ld makes itself (relocations, dynamic section) and the tool's names is component "(link)".
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"

static const char *const part_names[PART_COUNT] = { "text", "rodata", "relro", "data", "bss" };

struct sum {
	const char *name;
	uint64_t parts[PART_COUNT], file;
};

static const char *component_of(const struct placed *p)
{
	return p->object ? p->object->component->name : "(link)";
}

static const char *object_of(const struct placed *p)
{
	return p->object ? p->object->name : "(link)";
}

static int by_size(const void *a, const void *b)
{
	const struct sum *x = a, *y = b;

	if (x->file != y->file)
		return x->file < y->file ? 1 : -1;
	return strcmp(x->name, y->name);
}

/* Adds up what is placed, by object name within one component or, with @component NULL, by component. */
static struct sum *sum_up(const struct link_map *map, const char *component, size_t *ret_count)
{
	struct sum *sums = xcalloc(map->count + 1, sizeof(*sums));
	size_t count = 0;

	for (size_t i = 0; i < map->count; i++) {
		const struct placed *p = &map->placed[i];
		const char *name = component ? object_of(p) : component_of(p);
		size_t j = 0;

		if (component && strcmp(component_of(p), component))
			continue;
		while (j < count && strcmp(sums[j].name, name))
			j++;
		if (j == count)
			sums[count++].name = name;
		sums[j].parts[p->part] += p->size;
		if (p->part != PART_BSS)
			sums[j].file += p->size;
	}
	qsort(sums, count, sizeof(*sums), by_size);
	*ret_count = count;
	return sums;
}

static void write_object(const struct link_map *map, const char *component, const struct sum *object, struct buf *out)
{
	buf_printf(out, "object\t%s\t%" PRIu64 "\n", object->name, object->file);
	for (size_t i = 0; i < map->count; i++) {
		const struct placed *p = &map->placed[i];

		if (!strcmp(component_of(p), component) && !strcmp(object_of(p), object->name))
			buf_printf(out, "section\t%s\t%" PRIu64 "\t0x%" PRIx64 "\t%s\n", p->section, p->size,
				   p->address, part_names[p->part]);
	}
}

void map_write(const struct link_map *map, const char *title, struct buf *out)
{
	size_t count, object_count;
	struct sum *sums = sum_up(map, NULL, &count);

	buf_printf(out, "# whittle map 1: %s\n# component\tname\tbytes\ttext\trodata\trelro\tdata\tbss\n", title);
	for (size_t i = 0; i < count; i++) {
		struct sum *objects = sum_up(map, sums[i].name, &object_count);

		buf_printf(out, "component\t%s\t%" PRIu64, sums[i].name, sums[i].file);
		for (unsigned part = 0; part < PART_COUNT; part++)
			buf_printf(out, "\t%" PRIu64, sums[i].parts[part]);
		buf_printf(out, "\n");
		for (size_t j = 0; j < object_count; j++)
			write_object(map, sums[i].name, &objects[j], out);
	}
}
