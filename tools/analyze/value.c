/* The domain of values (value.h): sets that only grow, until they are too large and become unknown. */
#include "value.h"

#include <string.h>

const char value_mixed[] = "an address on one path and something else on another";

struct value value_unknown(const char *why, uint64_t at)
{
	return (struct value){ .unknown = why, .unknown_at = at };
}

struct value value_number(int64_t n)
{
	return (struct value){ .number_count = 1, .numbers = { n } };
}

struct value value_stack(int64_t offset)
{
	return (struct value){ .stack = true, .offset = offset };
}

struct value value_input(uint64_t entry, int where, int offset)
{
	return (struct value){ .input_count = 1, .inputs = { { .entry = entry, .where = where, .offset = offset } } };
}

struct value value_word(uint64_t word)
{
	return (struct value){ .word = word };
}

bool value_is_number(const struct value *v, int64_t *ret)
{
	if (v->unknown || v->stack || v->word || v->input_count || v->number_count != 1)
		return false;
	*ret = v->numbers[0];
	return true;
}

bool value_empty(const struct value *v)
{
	return !v->unknown && !v->stack && !v->word && !v->input_count && !v->number_count;
}

bool input_same(const struct input *a, const struct input *b)
{
	return a->entry == b->entry && a->where == b->where && a->offset == b->offset && a->memory == b->memory &&
	       a->beyond == b->beyond;
}

static bool become_unknown(struct value *a, const char *why)
{
	*a = value_unknown(why, 0);
	return true;
}

bool value_join(struct value *a, const struct value *b)
{
	bool changed = false;

	if (a->unknown || value_empty(b))
		return false;
	if (b->unknown) {
		*a = *b;
		return true;
	}
	if (value_empty(a)) {
		*a = *b;
		return true;
	}
	if (a->stack || b->stack || a->word || b->word) {
		if (a->stack == b->stack && a->offset == b->offset && a->word == b->word && !a->number_count &&
		    !b->number_count && !a->input_count && !b->input_count)
			return false;
		return become_unknown(a, value_mixed);
	}
	for (unsigned i = 0; i < b->number_count; i++) {
		unsigned j = 0;

		while (j < a->number_count && a->numbers[j] != b->numbers[i])
			j++;
		if (j < a->number_count)
			continue;
		if (a->number_count == VALUE_NUMBERS)
			return become_unknown(a, "more numbers than are followed");
		a->numbers[a->number_count++] = b->numbers[i];
		changed = true;
	}
	for (unsigned i = 0; i < b->input_count; i++) {
		unsigned j = 0;

		while (j < a->input_count && !input_same(&a->inputs[j], &b->inputs[i]))
			j++;
		if (j < a->input_count)
			continue;
		if (a->input_count == VALUE_INPUTS)
			return become_unknown(a, "more sources than are followed");
		a->inputs[a->input_count++] = b->inputs[i];
		changed = true;
	}
	return changed;
}

struct value value_map(const struct value *v, int64_t (*f)(int64_t n, int64_t with), int64_t with, const char *why, uint64_t at)
{
	struct value out = { 0 };

	if (v->unknown || value_empty(v))
		return *v;
	if (v->stack || v->word || v->input_count)
		return value_unknown(why, at);
	for (unsigned i = 0; i < v->number_count; i++) {
		struct value one = value_number(f(v->numbers[i], with));

		value_join(&out, &one);
	}
	return out;
}
