/* The component set: what the objects of the archive and of absent/ say about themselves (core/set.h). */
#ifndef TOOLS_LINK_COMPONENTS_H
#define TOOLS_LINK_COMPONENTS_H

#include <libelf.h>

#include "tools/util/util.h"

struct component {
	const char *name, *line;
};

struct object {
	char *name;                  /* of the archive member, or of the file in absent/ */
	struct component *component; /* one named after the file where the object does not say; "(absent)" */
	bool absent;                 /* a default for a part that may be left out */
	Elf *elf;
};

/* One entry of a linker set. */
struct entry {
	char *set, *name, *symbol;
	struct object *object;
	uint32_t number; /* the third word of the entry: of calls, codes, families and kinds of sockets what Linux calls them */
};

struct component_set {
	char *dir;
	struct component **components; /* by name */
	struct object **objects;
	struct entry *entries; /* by set and name */
	size_t component_count, object_count, entry_count;
	struct strings sets;     /* all that the linker script knows */
	struct strings profiles; /* names, sorted */
	uint8_t id[32];
};

/** components_load() - read the set of this tool; fails with a sentence when there is none. */
struct component_set *components_load(void);
/** components_at_hand() - whether there is a set that components_load() would read. */
bool components_at_hand(void);
struct component *components_find(const struct component_set *set, const char *name);
/** components_find_entry() - by "SET:NAME", or by "SET:NUMBER" where Linux numbers what the set holds. */
struct entry *components_find_entry(const struct component_set *set, const char *name);
struct object *components_find_object(const struct component_set *set, const char *member, bool absent);
/**
 * component_symbols() - what --with of a component requires: its entries; where it has none, but takes the place of an
 * absent object's default, a symbol of that object (the default's own name is one that the default satisfies).
 */
struct strings component_symbols(const struct component_set *set, const struct component *c);
/** components_all_names() - what --with and --without take, for suggestions. */
struct strings components_all_names(const struct component_set *set);
/** object_section_bytes() - bytes of the object's loaded sections, .bss included: the most that it can cost. */
size_t object_section_bytes(const struct object *object);

#endif
