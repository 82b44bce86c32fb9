/* The proof that an image is what it should be, from its own bytes (docs/decisions/verify.md). */
#ifndef TOOLS_VERIFY_VERIFY_H
#define TOOLS_VERIFY_VERIFY_H

#include <jansson.h>

#include "tools/analyze/analysis.h"
#include "tools/elf/kernel_file.h"
#include "tools/link/link.h"

/* What a table holds that the program cannot ask for. */
struct beyond {
	const char *table;
	struct strings names;
	uint64_t bytes; /* of the entries, and of the functions that they are bound to */
};

struct verification {
	const char *path; /* of the image, as the user calls it */
	struct kernel_file kernel;
	json_t *manifest;                /* NULL: there is none that can be read */
	const struct component_set *set; /* those at hand; NULL: there are none */
	char *root;                      /* a directory with the files of the image, or NULL */
	struct strings findings;         /* what is wrong, a sentence each */
	struct strings notes;            /* what is not proved, or left out on request */
	struct strings exports;
	bool exports_all;        /* … as was asked for (--export all): not only what modules import */
	struct strings not_offered; /* what the program can ask for, and no component at hand has */
	struct beyond beyond[8];
	size_t beyond_count;
	unsigned segments, tables, entries, functions, files, asked; /* how much was looked at */
	bool relinked;                                    /* the kernel was linked again, and is the same */
	bool analyzed;
};

/** finding() - something is wrong.   note(): something is not proved. */
void finding(struct verification *v, const char *fmt, ...) PRINTF(2, 3);
void note(struct verification *v, const char *fmt, ...) PRINTF(2, 3);

/** verify_kernel() - the image as a file, its manifest, and the kernel in it. */
void verify_kernel(struct verification *v);
/** verify_tables() - every entry of every table, and the function it is bound to. Part of verify_kernel(). */
void verify_tables(struct verification *v);
/** verify_segments() - protections, bytes, what is exported. Part of verify_kernel(). */
void verify_segments(struct verification *v);
/** verify_link() - link the kernel again from the components at hand, if they are those that it was made of. */
void verify_link(struct verification *v);
/** verify_files() - unpack the root, and compare it with what the manifest says was packed. */
void verify_files(struct verification *v);
/** verify_program() - what @a found, against the tables of the kernel. */
void verify_program(struct verification *v, const struct analysis *a);
/** verify_analyze() - analyze the program as it lies in the image; then verify_program(). */
void verify_analyze(struct verification *v);
/** manifest_text() - a text of the manifest, or "". */
const char *manifest_text(const struct verification *v, const char *key);

#endif
