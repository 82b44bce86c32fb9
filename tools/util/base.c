/* Failing, memory, strings, numbers (util.h). */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

int fail_status = 2;

static void say(const char *fmt, va_list args)
{
	fflush(stdout);
	fputs("whittle: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
}

void fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(fmt, args);
	va_end(args);
	exit(fail_status);
}

void warn(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(fmt, args);
	va_end(args);
}

void *xcalloc(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size ? size : 1);

	if (!p)
		fail("out of memory");
	return p;
}

void *xrealloc(void *p, size_t count, size_t size)
{
	p = reallocarray(p, count ? count : 1, size ? size : 1);
	if (!p)
		fail("out of memory");
	return p;
}

void sort(void *at, size_t count, size_t size, int (*compare)(const void *a, const void *b))
{
	if (count > 1)
		qsort(at, count, size, compare);
}

char *xstrndup(const char *s, size_t n)
{
	char *copy = strndup(s, n);

	if (!copy)
		fail("out of memory");
	return copy;
}

char *xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}

char *format(const char *fmt, ...)
{
	va_list args;
	char *s;

	va_start(args, fmt);
	if (vasprintf(&s, fmt, args) < 0)
		fail("out of memory");
	va_end(args);
	return s;
}

void buf_add(struct buf *b, const void *data, size_t size)
{
	if (b->capacity - b->size <= size) {
		b->capacity = (b->size + size + 1) * 2;
		b->data = xrealloc(b->data, b->capacity, 1);
	}
	if (size)
		memcpy(b->data + b->size, data, size);
	b->size += size;
	b->data[b->size] = '\0';
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list args;
	char *s;
	int n;

	va_start(args, fmt);
	n = vasprintf(&s, fmt, args);
	va_end(args);
	if (n < 0)
		fail("out of memory");
	buf_add(b, s, (size_t)n);
	free(s);
}

void buf_align(struct buf *b, size_t align)
{
	static const char zeros[64];

	while (b->size % align) {
		size_t n = align - b->size % align;

		buf_add(b, zeros, n < sizeof(zeros) ? n : sizeof(zeros));
	}
}

void strings_add(struct strings *l, const char *s)
{
	if (l->count + 1 >= l->capacity) {
		l->capacity = l->capacity ? l->capacity * 2 : 16;
		l->at = xrealloc(l->at, l->capacity, sizeof(*l->at));
	}
	l->at[l->count++] = xstrdup(s);
	l->at[l->count] = NULL;
}

bool strings_has(const struct strings *l, const char *s)
{
	for (size_t i = 0; i < l->count; i++) {
		if (!strcmp(l->at[i], s))
			return true;
	}
	return false;
}

bool strings_add_once(struct strings *l, const char *s)
{
	if (strings_has(l, s))
		return false;
	strings_add(l, s);
	return true;
}

bool strings_remove(struct strings *l, const char *s)
{
	for (size_t i = 0; i < l->count; i++) {
		if (!strcmp(l->at[i], s)) {
			memmove(&l->at[i], &l->at[i + 1], (l->count - i) * sizeof(*l->at));
			l->count--;
			return true;
		}
	}
	return false;
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strings_sort(struct strings *l)
{
	if (l->count)
		qsort(l->at, l->count, sizeof(*l->at), compare_strings);
}

static char *line_of(const struct buf *b, size_t from, size_t to)
{
	while (from < to && (b->data[from] == ' ' || b->data[from] == '\t'))
		from++;
	return xstrndup(b->data + from, to - from);
}

char *first_line(const struct buf *b)
{
	size_t from = 0;

	for (size_t i = 0; i <= b->size; i++) {
		if (i < b->size && b->data[i] != '\n')
			continue;
		if (i > from)
			return line_of(b, from, i);
		from = i + 1;
	}
	return xstrdup("it did not say why");
}

bool parse_number(const char *text, unsigned long low, unsigned long high, unsigned long *out)
{
	char *end;
	unsigned long n;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno || *end || n < low || n > high)
		return false;
	*out = n;
	return true;
}

bool parse_size(const char *text, uint64_t *out)
{
	static const char units[] = "KMGT";
	char *digits;
	unsigned long n;
	size_t len = strspn(text, "0123456789");
	unsigned shift = 0;

	if (text[len]) {
		const char *unit = strchr(units, text[len] & ~0x20);

		if (!unit || (text[len + 1] && strcmp(text + len + 1, "B") && strcmp(text + len + 1, "iB")))
			return false;
		shift = 10 * (unsigned)(unit - units + 1);
	}
	digits = xstrndup(text, len);
	if (!parse_number(digits, 0, ~0ul >> shift, &n))
		return false;
	*out = (uint64_t)n << shift;
	return true;
}
