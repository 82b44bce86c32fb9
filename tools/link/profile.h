/* Which symbols a kernel starts from: profiles (profiles/ARCH, syntax in profiles/x86_64/base), --with, --without. */
#ifndef TOOLS_LINK_PROFILE_H
#define TOOLS_LINK_PROFILE_H

#include "components.h"

/* The entries of one linker set that a program can ask for. */
struct fit_set {
	const char *set;
	bool bounded; /* else every entry stays */
	uint32_t mask; /* the part of an entry's number that is compared; 0: all of it */
	int64_t *numbers;
	size_t count;
	struct strings names; /* entries that are told by their names */
};

/* What a program can ask for, for a kernel that holds just that (tools/analyze/fit.c). */
struct fit {
	struct fit_set sets[16];
	size_t count;
	const char *unproven; /* not NULL: how far the answer holds */
	struct strings unused; /* components that nothing the program asks for needs */
	struct strings added;  /* components that stand in for them */
};

/* What a kernel is asked to be. */
struct selection {
	const char *fit_mode;  /* --fit, or NULL */
	const struct fit *fit; /* what came of it; NULL cuts nothing */
	struct strings recorded; /* --recorded: files of what runs used */
	struct strings profiles; /* --for; empty means all */
	struct strings with, without;
	bool export_all;         /* --export all */
};

struct roots {
	struct strings symbols; /* what the link requires, in the order they were named */
	struct strings follow;  /* sets whose entries come with their object */
	struct strings without; /* components and SET:NAME entries that must not be in the kernel */
	bool export_all;        /* every global symbol of what is in the kernel is in its dynamic symbol table */
};

/** roots_select() - profiles and options turned into roots; fails on a name that is not there, offering near ones. */
struct roots roots_select(const struct component_set *set, const struct selection *selection);
/** profile_read() - the roots of one profile alone, and its first comment line. */
struct roots profile_read(const struct component_set *set, const char *name, char **ret_summary);
/** profile_depth() - how many files deep its includes go: 0 for a profile of its own lines alone. */
unsigned profile_depth(const struct component_set *set, const char *name);

#endif
