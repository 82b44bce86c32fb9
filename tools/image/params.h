/* The text of a PARAMS item (include/whittle/bootarea.h): kernel parameters, " -- ", the program and its arguments. */
#ifndef TOOLS_IMAGE_PARAMS_H
#define TOOLS_IMAGE_PARAMS_H

#include "tools/util/util.h"

/** params_add() - one word, quoted where it must be, after a blank unless it is the first. */
void params_add(struct buf *text, const char *word);
/** params_program() - the first word after "--", as it was before quoting; NULL when there is none. */
char *params_program(const char *text, size_t size);

#endif
