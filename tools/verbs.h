/* The verbs of `whittle`, and what their command lines share. */
#ifndef TOOLS_VERBS_H
#define TOOLS_VERBS_H

#include <argp.h>

#include "tools/link/link.h"

#define TOOL_VERSION "0.1"

/* Each takes argv[0] = "whittle VERB" and returns the exit status. */
int verb_kernel(int argc, char **argv);
int verb_components(int argc, char **argv);
int verb_profiles(int argc, char **argv);
int verb_size(int argc, char **argv);
int verb_build(int argc, char **argv);
int verb_run(int argc, char **argv);
int verb_export(int argc, char **argv);
int verb_analyze(int argc, char **argv);
int verb_verify(int argc, char **argv);

/** build_argp, run_argp - an application description (tools/description.h) may have the options of both. */
extern const struct argp build_argp, run_argp;
/** selection_argp - --for, --with, --without as a child parser; its input is a struct selection. */
extern const struct argp selection_argp;

/**
 * parse_options() - argp_parse(), after unknown options were refused in one sentence that offers near ones.
 * @rest: if not NULL, receives what follows "--" (NULL-terminated, NULL when there was no "--").
 */
void parse_options(const struct argp *argp, int argc, char **argv, char ***rest, void *input);

/** option_keys - keys of options without a letter. */
enum option_keys { OPTION_FOR = 0x100, OPTION_WITH, OPTION_WITHOUT, OPTION_JSON, OPTION_FIT, OPTION_RECORDED, OPTION_EXPORT, OPTION_FIRST_FREE };

#endif
