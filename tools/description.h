/* An application description: a JSON object whose keys are long options of `whittle build` and `whittle run`.
 *
 *     { "source": "./server", "args": ["--port", "80"], "env": { "MODE": "fast" }, "memory": "64M", "publish": ["8080:80"] }
 *
 * A text or number is the option's value, a list gives it several times, an object gives NAME=VALUE for each member, true
 * gives an option that takes no value. "source" is the program, directory or tar file, "args" what stands after "--";
 * where there is no "source", "program" is it. What a manifest (IMAGE.json) says beyond that is passed over, and so are
 * options of the other verb, so that one description serves both.
 */
#ifndef TOOLS_DESCRIPTION_H
#define TOOLS_DESCRIPTION_H

#include <argp.h>

#include "tools/util/util.h"

struct description {
	struct strings options; /* --NAME=VALUE */
	char *source;           /* or NULL */
	char *program;          /* in the source, where that is a directory or tar file; or NULL */
	struct strings args;
	bool has_args;
};

/** description_read() - what @file says, as the options that @argp knows; fails on what is none of any verb. */
void description_read(const char *file, const struct argp *argp, struct description *d);
/** description_rest() - what follows "--" if the command line says nothing else; NULL: nothing. @source: what is named. */
char **description_rest(const struct description *d, const char *source);

#endif
