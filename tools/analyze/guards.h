/* Ways inside glibc that open only when a feature is asked for: they count as open once what asks for it is reached. */
#ifndef TOOLS_ANALYZE_GUARDS_H
#define TOOLS_ANALYZE_GUARDS_H

#include "reach.h"

/** struct cut - a way from one unit of a member to another that guard number `guard` keeps. */
struct cut {
	uint32_t from, to;
	uint32_t guard;
};

/** guards_find() - fill the member's cuts: those whose code is the code that the argument was made for. */
void guards_find(struct member *m);
/** guards_cut() - the guard of the way from unit @from to @to of @m. Return: false if it is open. */
bool guards_cut(const struct member *m, size_t from, size_t to, uint32_t *ret_guard);
/** guards_open() - whether something is reached that guard @guard of @m waits for. */
bool guards_open(const struct member *m, uint32_t guard);
/**
 * guards_site() - whether the site at @at of @m makes @call only where a policy says it does not; known code alone.
 * Return: the policy, or NULL.
 */
const char *guards_site(struct member *m, uint64_t at, const char *call);
/** guards_reason() - why the way is closed otherwise: a clause for the report. */
const char *guards_reason(uint32_t guard);

#endif
