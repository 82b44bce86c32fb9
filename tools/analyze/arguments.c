/* Arguments that say which part of the kernel a call leads into: families of sockets, codes of ioctl, prctl, fcntl … */
#include <stdlib.h>
#include <string.h>

#include "analysis.h"
#include "calls.h"
#include "resolve.h"

static const struct {
	const char *call, *name;
	int reg;
} followed[] = {
	{ "socket", "family", RDI },	{ "socket", "type", RSI },     { "socket", "protocol", RDX },
	{ "socketpair", "family", RDI }, { "setsockopt", "level", RSI }, { "setsockopt", "name", RDX },
	{ "getsockopt", "level", RSI },	{ "getsockopt", "name", RDX }, { "ioctl", "request", RSI },
	{ "fcntl", "command", RSI },	{ "prctl", "option", RDI },    { "arch_prctl", "code", RDI },
	{ "clone", "flags", RDI },	{ "futex", "operation", RSI }, { "madvise", "advice", RDX },
};

static void add_values(struct argument *arg, const struct value *v)
{
	arg->used = true;
	if (v->unknown) {
		if (arg->bounded)
			arg->why = *v;
		arg->bounded = false;
		return;
	}
	for (unsigned i = 0; i < v->number_count; i++) {
		int64_t n = (int64_t)(uint32_t)v->numbers[i];
		size_t j = 0;

		while (j < arg->count && arg->values[j] != n)
			j++;
		if (j < arg->count)
			continue;
		arg->values = xrealloc(arg->values, arg->count + 1, sizeof(n));
		arg->values[arg->count++] = n;
	}
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

void analysis_arguments(struct analysis *a)
{
	a->argument_count = COUNT(followed);
	a->arguments = xcalloc(COUNT(followed), sizeof(*a->arguments));
	for (size_t i = 0; i < COUNT(followed); i++)
		a->arguments[i] = (struct argument){ .call = followed[i].call, .name = followed[i].name, .bounded = true };
	for (size_t s = 0; s < a->site_count; s++) {
		const struct site *site = &a->sites[s];
		struct value numbers;

		if (site->unknown) {
			for (size_t i = 0; i < COUNT(followed); i++) {
				a->arguments[i].used = true;
				a->arguments[i].bounded = false;
			}
			continue;
		}
		numbers = resolve_at(&a->reach, site->member, site->at, RAX);
		for (unsigned j = 0; j < numbers.number_count; j++) {
			const char *call = calls_name((long)(uint32_t)numbers.numbers[j]);

			for (size_t i = 0; call && i < COUNT(followed); i++) {
				struct value v;

				if (strcmp(followed[i].call, call))
					continue;
				v = resolve_at(&a->reach, site->member, site->at, followed[i].reg);
				add_values(&a->arguments[i], &v);
			}
		}
	}
	for (size_t i = 0; i < COUNT(followed); i++)
		if (a->arguments[i].count)
			sort(a->arguments[i].values, a->arguments[i].count, sizeof(int64_t), by_value);
}
