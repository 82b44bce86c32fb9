/* Which files a program needs to start: its interpreter and libraries, found as its own loader would. */
#ifndef TOOLS_IMAGE_CLOSURE_H
#define TOOLS_IMAGE_CLOSURE_H

#include "tools/elf/program.h"

struct needed_file {
	char *host, *guest;         /* where it is here, and where its users will look for it in the image */
	const char *role;           /* "program", "interpreter", "library", "copied" */
	struct program elf;
	struct needed_file *loader; /* what asked for it; NULL for a program */
};

struct closure {
	struct needed_file **files;
	size_t count;
	struct strings links;     /* pairs: a path in the image, the path that it is a symbolic link to */
	bool optional;            /* what is added at the moment may lack libraries */
	const char *library_path; /* LD_LIBRARY_PATH as the program will have it, or NULL */
	const char *root;         /* a directory of this machine that stands for /, or NULL: then this machine is searched */
};

/** closure_here() - where @path is on this machine: itself, or what it leads to within the root; NULL: nowhere there. */
char *closure_here(const struct closure *c, const char *path);
/** closure_add() - @host, which will be at @guest in the image, and all that it needs; fails on what is missing. */
void closure_add(struct closure *c, const char *host, const char *guest);
/**
 * closure_add_copied() - ELF files of a directory that is copied (@pairs: here, in the image), and what they need.
 * The program may never use some of them: what is missing is only said.
 */
void closure_add_copied(struct closure *c, const struct strings *pairs);
/**
 * closure_open() - the library @name that @user opens by dlopen(3), and what that needs. Left out where nothing has it.
 * Return: it, new or already there; or NULL.
 */
struct needed_file *closure_open(struct closure *c, struct needed_file *user, const char *name);
/** path_normal() - @path without ".", ".." and doubled slashes, by its words alone. */
char *path_normal(const char *path);
/** path_absolute() - the same from the root, were it relative to where the tool was started. */
char *path_absolute(const char *path);

#endif
