/* What of a program and its libraries can run: reachability as a garbage collector counts it, over code and data.
 *
 * Roots are where the kernel and the loader enter. A unit that is reached reaches all that it names: what it calls, the
 * functions whose addresses it takes, the objects that it touches, and through those the functions that they point to.
 */
#ifndef TOOLS_ANALYZE_REACH_H
#define TOOLS_ANALYZE_REACH_H

#include "tools/image/closure.h"
#include "units.h"

/* A reached unit that names an address, or a word through which it calls. */
struct caller {
	uint64_t target, from;
	uint32_t unit;
	uint8_t kind; /* enum ref_kind; a relocation that stores the address is REF_ADDRESS */
};

struct member {
	struct binary o;
	struct units u;
	const struct needed_file *file;
	bool interpreter;
	bool plugin; /* opened by name while the program runs */
	uint8_t *reached_relocs; /* by relocation: whether what it points to is reached through it */
	uint64_t *entered; /* functions that are entered from outside: by a name that was looked up, as a root */
	size_t entered_count;
	uint32_t *copied; /* the relocations of kind RELOC_COPY */
	size_t copied_count;
	struct strings not_known; /* arguments that were not used since the code differs from what they were made for */
	char *shape; /* shape_of_object(), once somebody asked */
	struct cut *cuts; /* ways that guards.h keeps closed */
	size_t cut_count;
	struct caller *callers; /* by target; callers_index() makes them */
	size_t caller_count;
};

struct export {
	uint32_t member, symbol;
	uint32_t hash; /* of its name */
	uint32_t next; /* 1 + index of the next in the same bucket */
};

/* A way that is closed as long as nothing reaches what would open it. */
struct deferred {
	uint32_t member, from, to, guard;
	uint64_t at;
};

struct reach {
	struct closure closure;
	struct member *members;
	size_t count;
	struct export *exports;
	size_t export_count, export_capacity;
	uint32_t *heads; /* of chains of exports, by the hash of the name */
	struct {
		uint32_t member, unit;
	} *work;
	size_t work_count, work_capacity;
	struct deferred *deferred;
	size_t deferred_count;
};

/** struct place - who is speaking: an instruction or a word of data in a unit. */
struct place {
	uint32_t member, unit;
	uint64_t at;
};

/** reach_add() - read a file of the closure as a member. @plugin: its roots are marked when it is opened. */
void reach_add(struct reach *r, const struct needed_file *file, bool plugin);
/** reach_roots() - mark where loader and kernel enter member @i. */
void reach_roots(struct reach *r, size_t i);
/** reach_spread() - mark all that is reached from what is marked. */
void reach_spread(struct reach *r);
/**
 * reach_exported() - mark the exported symbol called @name in all members; @libc: in the C library as well.
 * Return: whether there was one.
 */
bool reach_exported(struct reach *r, const char *name, struct place by, bool libc);
/** reach_is_libc() - whether a member is the C library or its loader. */
bool reach_is_libc(const struct member *m);
/** reach_all_exports() - mark every function and object that member @i exports. */
void reach_all_exports(struct reach *r, size_t i);
/** reach_names() - mark every exported symbol that a string in member @i names; @libc: those of the C library as well. */
void reach_names(struct reach *r, size_t i, bool libc);
/**
 * reach_resolve() - the definitions that symbol @index of member @m may be bound to.
 * Return: how many; up to @max in @ret.
 */
size_t reach_resolve(const struct reach *r, size_t m, uint32_t index, struct export *ret, size_t max);
/** reach_import() - the word through which member @m reaches the imported @name, and whether it is reached. */
bool reach_import(const struct reach *r, size_t m, const char *name, uint64_t *ret_word);
/** reach_function() - the name of the function at @at: a symbol's, or "0x…". */
const char *reach_function(const struct reach *r, size_t m, uint64_t at);

#endif
