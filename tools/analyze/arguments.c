/* Arguments that say which part of the kernel a call leads into: families of sockets, codes of ioctl, prctl, fcntl … */
#include <stdlib.h>
#include <string.h>

#include "analysis.h"
#include "calls.h"
#include "recording.h"
#include "resolve.h"

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

void argument_add(struct argument *arg, int64_t value)
{
	arg->used = true;
	for (size_t i = 0; i < arg->count; i++) {
		if (arg->values[i] == value)
			return;
	}
	arg->values = xrealloc(arg->values, arg->count + 1, sizeof(value));
	arg->values[arg->count++] = value;
	qsort(arg->values, arg->count, sizeof(value), by_value);
}

static void add_values(struct argument *arg, const struct value *v)
{
	arg->used = true;
	if (v->unknown) {
		if (arg->bounded)
			arg->why = *v;
		arg->bounded = false;
		return;
	}
	for (unsigned i = 0; i < v->number_count; i++)
		argument_add(arg, (int64_t)(uint32_t)v->numbers[i]);
}

void analysis_arguments(struct analysis *a)
{
	a->argument_count = selector_count;
	a->arguments = xcalloc(selector_count, sizeof(*a->arguments));
	for (size_t i = 0; i < selector_count; i++)
		a->arguments[i] = (struct argument){ .call = selectors[i].call, .name = selectors[i].name, .bounded = true };
	for (size_t s = 0; s < a->site_count; s++) {
		const struct site *site = &a->sites[s];
		struct value numbers;

		if (site->unknown) {
			for (size_t i = 0; i < selector_count; i++) {
				a->arguments[i].used = true;
				a->arguments[i].bounded = false;
			}
			continue;
		}
		numbers = resolve_at(&a->reach, site->member, site->at, RAX);
		for (unsigned j = 0; j < numbers.number_count; j++) {
			const char *call = calls_name((long)(uint32_t)numbers.numbers[j]);

			for (size_t i = 0; call && i < selector_count; i++) {
				struct value v;

				if (strcmp(selectors[i].call, call))
					continue;
				v = resolve_at(&a->reach, site->member, site->at, selectors[i].reg);
				add_values(&a->arguments[i], &v);
			}
		}
	}
}
