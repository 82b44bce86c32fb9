/* Who calls, jumps to or takes an address, among what is reached; and which functions come back. */
#ifndef TOOLS_ANALYZE_CALLERS_H
#define TOOLS_ANALYZE_CALLERS_H

#include "reach.h"

/** callers_index() - make the lists of all members, once nothing more will be reached. */
void callers_index(struct reach *r);
/** callers_of() - those of @target in @m: a pointer into its list, their number in @ret_count. */
const struct caller *callers_of(const struct member *m, uint64_t target, size_t *ret_count);
/** callers_from() - those of @target and what lies behind it, to the end of the list. */
const struct caller *callers_from(const struct member *m, uint64_t target, size_t *ret_count);
/** callers_enter() - whether code outside of its unit jumps to @at, or somebody holds its address. */
bool callers_enter(const struct member *m, uint64_t at);
/** callers_returns() - whether the function at @at of member @m, or the one that the word there leads to, can return. */
bool callers_returns(const struct reach *r, size_t m, uint64_t at);
/** callers_forget() - another program's turn. */
void callers_forget(void);

#endif
