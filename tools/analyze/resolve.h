/* Values across calls: what a function's arguments can be, from all that call it. */
#ifndef TOOLS_ANALYZE_RESOLVE_H
#define TOOLS_ANALYZE_RESOLVE_H

#include "flow.h"

/** resolve_at() - what register @reg may hold before the instruction at @at of member @m, its callers asked as needed. */
struct value resolve_at(const struct reach *r, size_t m, uint64_t at, int reg);
/** resolve_forget() - drop what was remembered of the answers: more is reached now. */
void resolve_forget(void);

#endif
