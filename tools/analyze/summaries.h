/* What is known of the arguments of functions that libraries call only through tables of pointers of their own. */
#ifndef TOOLS_ANALYZE_SUMMARIES_H
#define TOOLS_ANALYZE_SUMMARIES_H

#include "reach.h"
#include "value.h"

/** summaries_number() - the numbers that @m gives to syscall(2)'s wrappers. Return: false if it is not known code. */
bool summaries_number(struct member *m, struct value *ret);

#endif
