/* An ELF program or library of the host, as far as its loader looks at it. */
#ifndef TOOLS_ELF_PROGRAM_H
#define TOOLS_ELF_PROGRAM_H

#include "tools/util/util.h"

struct program {
	char *interpreter; /* PT_INTERP, or NULL */
	struct strings needed;
	char *rpath, *runpath, *soname; /* or NULL */
	struct strings imports;         /* undefined dynamic symbols, without versions */
	bool library_flags;             /* DF_1_NODEFLIB: the default directories are not searched */
};

/**
 * program_read() - take an ELF file apart.
 * Return: NULL, or why it cannot run here: a phrase that goes on after the file's name ("is not an ELF program").
 */
const char *program_read(const char *path, struct program *p);

#endif
