/* Recordings (recording.h): from the kernel's messages (abi/record.c), and as files. */
#include "recording.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "value.h"

const struct selector selectors[] = {
	{ "socket", "family", RDI, 0 },	   { "socket", "type", RSI, 1 },      { "socket", "protocol", RDX, 2 },
	{ "socketpair", "family", RDI, 0 }, { "setsockopt", "level", RSI, 1 }, { "setsockopt", "name", RDX, 2 },
	{ "getsockopt", "level", RSI, 1 },  { "getsockopt", "name", RDX, 2 },  { "ioctl", "request", RSI, 1 },
	{ "fcntl", "command", RSI, 1 },	   { "prctl", "option", RDI, 0 },
	{ "clone", "flags", RDI, 0 },	   { "futex", "operation", RSI, 1 },  { "madvise", "advice", RDX, 2 },
};
const size_t selector_count = COUNT(selectors);

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void start(struct recording *r)
{
	if (r->calls)
		return;
	r->calls = xcalloc(calls_limit(), sizeof(*r->calls));
	r->values = xcalloc(selector_count, sizeof(*r->values));
}

static void add_value(struct recording *r, size_t door, int64_t value)
{
	for (size_t i = 0; i < r->values[door].count; i++) {
		if (r->values[door].at[i] == value)
			return;
	}
	r->values[door].at = xrealloc(r->values[door].at, r->values[door].count + 1, sizeof(value));
	r->values[door].at[r->values[door].count++] = value;
	qsort(r->values[door].at, r->values[door].count, sizeof(value), by_value);
}

static void add_call(struct recording *r, const char *text)
{
	char *at;
	unsigned long number = strtoul(text, &at, 10);
	uint32_t arguments[6];

	for (size_t i = 0; i < COUNT(arguments); i++)
		arguments[i] = (uint32_t)strtoull(at, &at, 16);
	if (!calls_name((long)number))
		return;
	r->calls[number] = true;
	for (size_t i = 0; i < selector_count; i++) {
		if (!strcmp(selectors[i].call, calls_name((long)number)))
			add_value(r, i, arguments[selectors[i].place]);
	}
}

static void add_path(struct recording *r, const char *text)
{
	struct buf path = { 0 };

	for (; *text && *text != '"'; text++) {
		char c = *text;

		if (c == '\\' && text[1] && text[2] && text[3]) {
			c = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0'));
			text += 3;
		}
		buf_add(&path, &c, 1);
	}
	if (path.size)
		strings_add_once(&r->paths, path.data);
}

bool recording_line(struct recording *r, const char *line)
{
	static const char call[] = "recorded call ", path[] = "recorded path \"";

	start(r);
	if (!strncmp(line, call, strlen(call)))
		add_call(r, line + strlen(call));
	else if (!strncmp(line, path, strlen(path)))
		add_path(r, line + strlen(path));
	else
		return false;
	return true;
}

void recording_write(const struct recording *r, const char *path)
{
	json_t *calls = json_array(), *arguments = json_object(), *paths = json_array(), *all;
	struct strings sorted = { 0 };
	char *text;

	for (unsigned i = 0; r->calls && i < calls_limit(); i++) {
		if (r->calls[i])
			json_array_append_new(calls, json_pack("{s:s, s:i}", "name", calls_name(i), "number", (int)i));
	}
	for (size_t i = 0; r->values && i < selector_count; i++) {
		json_t *call = json_object_get(arguments, selectors[i].call), *values = json_array();

		if (!r->values[i].count)
			continue;
		if (!call) {
			call = json_object();
			json_object_set_new(arguments, selectors[i].call, call);
		}
		for (size_t j = 0; j < r->values[i].count; j++)
			json_array_append_new(values, json_integer(r->values[i].at[j]));
		json_object_set_new(call, selectors[i].name, json_pack("{s:o}", "values", values));
	}
	for (size_t i = 0; i < r->paths.count; i++)
		strings_add(&sorted, r->paths.at[i]);
	strings_sort(&sorted);
	for (size_t i = 0; i < sorted.count; i++) {
		json_t *one = json_string(sorted.at[i]); /* NULL: it is no UTF-8 */

		if (one)
			json_array_append_new(paths, one);
	}
	all = json_pack("{s:i, s:o, s:o, s:o}", "recorded", 1, "syscalls", calls, "arguments", arguments, "paths", paths);
	text = format("%s\n", json_dumps(all, JSON_INDENT(2)));
	output_write(path, text, strlen(text), 0644);
	outputs_commit();
}

static const json_t *member(const char *path, const json_t *o, const char *name, json_type type)
{
	const json_t *value = json_object_get(o, name);

	if (!value || json_typeof(value) != type)
		fail("%s is no recording: its \"%s\" is not there, or not what `whittle run --record' writes", path, name);
	return value;
}

void recording_read(struct recording *r, const char *path)
{
	struct buf text = { 0 };
	json_error_t error;
	const json_t *calls, *arguments, *paths;
	json_t *all;

	must_read(path, &text);
	all = json_loadb(text.data ? text.data : "", text.size, JSON_REJECT_DUPLICATES, &error);
	if (!all)
		fail("%s is not JSON: line %d: %s", path, error.line, error.text);
	if (json_integer_value(member(path, all, "recorded", JSON_INTEGER)) != 1)
		fail("%s is a recording of another version", path);
	calls = member(path, all, "syscalls", JSON_ARRAY);
	arguments = member(path, all, "arguments", JSON_OBJECT);
	paths = member(path, all, "paths", JSON_ARRAY);
	start(r);
	for (size_t i = 0; i < json_array_size(calls); i++) {
		long number = (long)json_integer_value(member(path, json_array_get(calls, i), "number", JSON_INTEGER));

		if (!calls_name(number))
			fail("%s: Linux 6.1 has no call %ld", path, number);
		r->calls[number] = true;
	}
	for (size_t i = 0; i < selector_count; i++) {
		const json_t *values = json_object_get(json_object_get(json_object_get(arguments, selectors[i].call), selectors[i].name),
						       "values");

		for (size_t j = 0; j < json_array_size(values); j++)
			add_value(r, i, json_integer_value(json_array_get(values, j)));
	}
	for (size_t i = 0; i < json_array_size(paths); i++) {
		if (json_is_string(json_array_get(paths, i)))
			strings_add_once(&r->paths, json_string_value(json_array_get(paths, i)));
	}
}
