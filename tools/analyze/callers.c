/* The references of reached units turned around. A call through a stub or a word of the table counts for the word. */
#include "callers.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

static int by_target(const void *a, const void *b)
{
	const struct caller *x = a, *y = b;

	if (x->target != y->target)
		return x->target < y->target ? -1 : 1;
	return x->from < y->from ? -1 : x->from > y->from;
}

static void add(struct member *m, size_t *capacity, struct caller c)
{
	if (m->caller_count == *capacity) {
		*capacity = *capacity ? *capacity * 2 : 4096;
		m->callers = xrealloc(m->callers, *capacity, sizeof(c));
	}
	m->callers[m->caller_count++] = c;
}

static void index_member(struct member *m)
{
	size_t capacity = 0;

	m->caller_count = 0;
	for (size_t i = 0; i < m->u.count; i++) {
		const struct unit *u = &m->u.at[i];

		if (!u->reached || u->kind != UNIT_CODE)
			continue;
		if (code_stub(&m->o, u->start)) /* who calls a stub counts as calling what it leads to */
			continue;
		for (uint32_t j = 0; j < u->ref_count; j++) {
			const struct ref *ref = &m->u.refs[u->first_ref + j];
			uint64_t word = binary_is_code(&m->o, ref->target) ? code_stub(&m->o, ref->target) : 0;

			add(m, &capacity, (struct caller){ word ? word : ref->target, ref->from, (uint32_t)i, ref->kind });
		}
		if ((u->falls_through || u->last_call) && i + 1 < m->u.count)
			add(m, &capacity, (struct caller){ u->end, u->end, (uint32_t)i, REF_JUMP });
	}
	for (size_t i = 0; i < m->o.reloc_count; i++) {
		const struct reloc *r = &m->o.relocs[i];
		size_t unit;

		if (r->kind == RELOC_LOCAL && m->reached_relocs[i] && units_index(&m->u, r->place, &unit))
			add(m, &capacity, (struct caller){ r->target, r->place, (uint32_t)unit, REF_ADDRESS });
	}
	sort(m->callers, m->caller_count, sizeof(*m->callers), by_target);
}

void callers_index(struct reach *r)
{
	for (size_t i = 0; i < r->count; i++)
		index_member(&r->members[i]);
}

const struct caller *callers_from(const struct member *m, uint64_t target, size_t *ret_count)
{
	size_t low = 0, high = m->caller_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (m->callers[middle].target < target)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_count = m->caller_count - low;
	return m->caller_count ? m->callers + low : NULL;
}

const struct caller *callers_of(const struct member *m, uint64_t target, size_t *ret_count)
{
	size_t rest, count = 0;
	const struct caller *first = callers_from(m, target, &rest);

	while (count < rest && first[count].target == target)
		count++;
	*ret_count = count;
	return first;
}

bool callers_enter(const struct member *m, uint64_t at)
{
	size_t count;
	const struct caller *c = callers_of(m, at, &count);

	for (size_t i = 0; i < count; i++) {
		const struct unit *u = &m->u.at[c[i].unit];

		if (at < u->start || at >= u->end || c[i].kind == REF_CALL || c[i].kind == REF_ADDRESS)
			return true;
	}
	return false;
}

/* Functions of libraries that never return: what the C standard, POSIX and the C++ ABI say. */
static bool never_returns(const char *name)
{
	static const char *const names[] = {
		"abort", "exit", "_exit", "_Exit", "quick_exit", "__assert_fail", "__assert", "__assert_perror_fail",
		"__stack_chk_fail", "__fortify_fail", "__chk_fail", "__libc_start_main", "longjmp", "_longjmp", "siglongjmp",
		"__longjmp_chk", "pthread_exit", "__cxa_throw", "__cxa_rethrow", "__cxa_bad_cast", "__cxa_bad_typeid",
		"__cxa_throw_bad_array_new_length", "_Unwind_Resume", "_ZSt9terminatev", "err", "errx", "verr", "verrx",
		"__libc_fatal", "__cxa_call_unexpected", "__cxa_pure_virtual",
	};

	for (size_t i = 0; i < COUNT(names); i++) {
		if (!strcmp(names[i], name))
			return true;
	}
	return !strncmp(name, "_ZSt20__throw_", 14) || !strncmp(name, "_ZSt19__throw_", 14);
}

/* What is known so far, by member and address. */
struct answer {
	size_t m;
	uint64_t at;
	bool returns, in_work;
};

static void *answers;

static int compare(const void *a, const void *b)
{
	const struct answer *x = a, *y = b;

	if (x->m != y->m)
		return x->m < y->m ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* MOST_IN_ALL: instructions that all questions together look at; then a function is taken to return. */
enum { MOST_DEPTH = 40, MOST_STEPS = 20000, MOST_IN_ALL = 20000000 };

static unsigned long steps;

struct walk {
	const struct reach *r;
	unsigned depth;
	bool provisional; /* an answer "no" rests on a function still in work */
};

static bool returns(struct walk *w, size_t m, uint64_t at);

static bool word_returns(struct walk *w, size_t m, uint64_t word)
{
	const struct reloc *reloc = binary_reloc_at(&w->r->members[m].o, word);
	struct export found[2];

	if (!reloc)
		return true;
	if (reloc->kind != RELOC_SYMBOL)
		return true;
	if (never_returns(w->r->members[m].o.symbols[reloc->symbol].name))
		return false;
	if (!reach_resolve(w->r, m, reloc->symbol, found, COUNT(found)))
		return true;
	return returns(w, found[0].member, w->r->members[found[0].member].o.symbols[found[0].symbol].at);
}

/* The addresses where a walk through one function turned: a hash table that is emptied by making a new one. */
struct turns {
	uint64_t *at; /* capacity of them, a power of two; 0: free */
	size_t count, capacity;
};

/* Return: whether it was new. */
static bool turns_add(struct turns *t, uint64_t at)
{
	size_t i;

	if (t->count * 2 >= t->capacity) {
		struct turns more = { .capacity = t->capacity ? t->capacity * 4 : 64 };

		more.at = xcalloc(more.capacity, sizeof(*more.at));
		for (i = 0; i < t->capacity; i++) {
			if (t->at[i])
				turns_add(&more, t->at[i]);
		}
		free(t->at);
		*t = more;
	}
	for (i = at * 0x9e3779b97f4a7c15ull >> 32 & (t->capacity - 1); t->at[i]; i = (i + 1) & (t->capacity - 1)) {
		if (t->at[i] == at)
			return false;
	}
	t->at[i] = at;
	t->count++;
	return true;
}

/* Whether a return can be reached from @at, over calls that come back. */
static bool find_return(struct walk *w, size_t m, uint64_t at)
{
	const struct member *member = &w->r->members[m];
	uint64_t *work = NULL;
	struct turns seen = { 0 };
	size_t work_count = 0, capacity = 0, unit;
	struct insn in;
	bool found = false;

	if (!units_index(&member->u, at, &unit) || member->u.at[unit].kind != UNIT_CODE)
		return true;
	for (;;) {
		if (seen.count == MOST_STEPS || steps > MOST_IN_ALL)
			found = true;
		for (; !found && turns_add(&seen, at); at += in.size) {
			steps++;
			if (at >= member->u.at[unit].end) {
				found = returns(w, m, at);
				break;
			}
			if (!code_decode(&member->o, at, &in))
				break;
			if (in.flow == FLOW_RETURN)
				found = true;
			else if (in.flow == FLOW_INDIRECT)
				found = !in.memory || in.takes_address || word_returns(w, m, in.memory);
			else if (in.flow == FLOW_CALL && !returns(w, m, in.target))
				break;
			else if (in.flow == FLOW_CALL_INDIRECT && in.memory && !in.takes_address && !word_returns(w, m, in.memory))
				break;
			else if (in.flow == FLOW_JUMP || in.flow == FLOW_BRANCH) {
				if (in.target >= member->u.at[unit].start && in.target < member->u.at[unit].end) {
					if (work_count == capacity) {
						capacity = capacity ? capacity * 2 : 64;
						work = xrealloc(work, capacity, sizeof(*work));
					}
					work[work_count++] = in.target;
				} else if (returns(w, m, in.target)) {
					found = true;
				}
			}
			if (found || in.flow == FLOW_JUMP || in.flow == FLOW_INDIRECT || in.flow == FLOW_STOP)
				break;
		}
		if (found || !work_count)
			break;
		at = work[--work_count];
	}
	free(work);
	free(seen.at);
	return found;
}

static bool returns(struct walk *w, size_t m, uint64_t at)
{
	struct answer *a = xcalloc(1, sizeof(*a)), **there;
	uint64_t word = code_stub(&w->r->members[m].o, at);
	bool outer = w->provisional, result;

	if (word) {
		free(a);
		return word_returns(w, m, word);
	}
	a->m = m;
	a->at = at;
	there = tsearch(a, &answers, compare);
	if (*there != a) {
		free(a);
		w->provisional |= (*there)->in_work;
		return (*there)->returns;
	}
	if (w->depth == MOST_DEPTH) {
		tdelete(a, &answers, compare);
		free(a);
		return true;
	}
	a->in_work = true;
	w->depth++;
	w->provisional = false;
	result = find_return(w, m, at);
	w->depth--;
	a->in_work = false;
	a->returns = result;
	if (!result && w->provisional && w->depth) {
		tdelete(a, &answers, compare);
		free(a);
	}
	w->provisional = outer || (!result && w->provisional);
	return result;
}

bool callers_returns(const struct reach *r, size_t m, uint64_t at)
{
	struct walk w = { .r = r };

	if (!binary_is_code(&r->members[m].o, at))
		return word_returns(&w, m, at);
	return returns(&w, m, at);
}

void callers_forget(void)
{
	tdestroy(answers, free);
	answers = NULL;
	steps = 0;
}
