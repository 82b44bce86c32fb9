/* What runs were seen to use: written by `whittle run --record`, added to an analysis by --recorded. A JSON object:
 *
 *   recorded   1, the format's version
 *   syscalls   a list of { "name", "number" }
 *   arguments  by call, by argument: { "values": [numbers] }, as `whittle analyze --json` has it
 *   paths      all that were handed to calls, as they were
 *
 * All are mandatory; lists may be empty.
 */
#ifndef TOOLS_ANALYZE_RECORDING_H
#define TOOLS_ANALYZE_RECORDING_H

#include "tools/util/util.h"

/* An argument that says which part of the kernel a call leads into. */
struct selector {
	const char *call, *name;
	int reg;        /* of value.h */
	unsigned place; /* among the call's arguments */
};
extern const struct selector selectors[];
extern const size_t selector_count;

struct recording {
	bool *calls;  /* by number; NULL: none yet */
	struct {
		int64_t *at;
		size_t count;
	} *values; /* by index in selectors */
	struct strings paths;
};

/** recording_line() - take in one of the kernel's messages. Return: false: it is not about this. */
bool recording_line(struct recording *r, const char *line);
void recording_write(const struct recording *r, const char *path);
/** recording_read() - add what @path holds. Fails with a sentence. */
void recording_read(struct recording *r, const char *path);

#endif
