/* The link that makes a kernel (DESIGN.md, "How the link works"). */
#ifndef TOOLS_LINK_LINK_H
#define TOOLS_LINK_LINK_H

#include "profile.h"

/* Where a byte of the kernel went, for the map. */
enum part { PART_TEXT, PART_RODATA, PART_RELRO, PART_DATA, PART_BSS, PART_COUNT };

/* An input section that is in the kernel. */
struct placed {
	struct object *object; /* NULL: the tool's own identity object, or what ld made itself */
	char *section;
	enum part part;
	uint64_t address, size;
};

struct link_map {
	struct placed *placed;
	size_t count;
	struct strings components; /* that have a byte in the kernel, sorted */
};

/* A linked kernel. */
struct kernel {
	struct buf file;  /* stripped: what is started */
	struct buf debug; /* the same with symbols and DWARF */
	struct link_map map;
	struct roots roots;
	uint8_t id[32];
};

/** link_kernel() - select roots, link until the list of components in the kernel holds itself, check --without. */
void link_kernel(const struct component_set *set, const struct selection *selection, struct kernel *kernel);

/** link_again() - the kernel that @set gives for exactly these roots. Return: false when ld refuses. */
bool link_again(const struct component_set *set, const struct strings *roots, bool export_all,
		struct kernel *kernel);
/** map_read() - what ld's map file says is in the kernel. */
void map_read(const struct component_set *set, const char *path, struct link_map *map);
/** map_write() - the map by component, as text (map_text.c says how it looks). */
void map_write(const struct link_map *map, const char *title, struct buf *out);

/**
 * identity_write() - an object file with the component-set id, the names and what cut_table() made (sections .whittle.id,
 * .whittle.names, .whittle.cut).
 */
void identity_write(const char *path, const uint8_t id[32], const struct strings *names, const struct buf *cut);
/** cut_table() - what of the components the kernel does not hold, for it to say (include/whittle/cut.h). */
void cut_table(const struct component_set *set, const struct kernel *kernel, struct buf *out);
/** entry_placed() - whether the kernel holds @e. */
bool entry_placed(const struct kernel *kernel, const struct entry *e);
/** strip_kernel() - the loadable part of a linked kernel, with its program headers and without sections. */
void strip_kernel(const struct buf *debug, struct buf *out);
/** check_gaps() - fails when the kernel has a driver, and nothing that finds devices of its bus. */
void check_gaps(const struct component_set *set, const struct kernel *kernel);
/** why_present() - one sentence saying what in the kernel needs component or entry @name, which is there. */
char *why_present(const struct component_set *set, const struct kernel *kernel, const char *name);

#endif
