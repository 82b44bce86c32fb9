/* System calls that the kernel prints: errors get their text, paths that were not found are collected (run.h).
 *
 * A line is "[pid N] name(arguments) = result", the first two words only where there are several threads. Paths relative
 * to a descriptor are not followed, those relative to the working directory only from the one that the program starts in.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

#define ERRORS 134
#define LETTERS "abcdefghijklmnopqrstuvwxyz0123456789_"

/* The call's name in @line, NULL if it is none. */
static char *call_of(char *line)
{
	char *name = line;

	if (!strncmp(line, "[pid ", 5)) {
		name = strstr(line, "] ");
		if (!name)
			return NULL;
		name += 2;
	}
	return strspn(name, LETTERS) && name[strspn(name, LETTERS)] == '(' ? name : NULL;
}

/* The name of the error that @line ends with, NULL if it is none. */
static const char *error_of(const char *line)
{
	static const char failed[] = "= -1 E";
	const char *at = NULL, *next = line;

	while ((next = strstr(next, failed)) != NULL)
		at = next++;
	if (!at)
		return NULL;
	at += strlen(failed) - 1;
	return strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == strlen(at) ? at : NULL;
}

static const char *text_of(const char *error)
{
	for (int i = 1; i < ERRORS; i++) {
		if (strerrorname_np(i) && !strcmp(strerrorname_np(i), error))
			return strerror(i);
	}
	return NULL;
}

/* The first path among the arguments, from the root; NULL if it cannot be told. */
static char *path_of(const struct trace *trace, const char *call)
{
	const char *from = strchr(call, '"'), *arguments = strchr(call, '(') + 1;
	struct buf path = { 0 };

	if (!from || from[1] == '"')
		return NULL;
	for (from++; *from && *from != '"'; from++) {
		if (*from == '\\' && from[1] != '"' && from[1] != '\\')
			return NULL;
		from += *from == '\\';
		buf_add(&path, from, 1);
	}
	if (!*from || !strncmp(from, "\"...", 4))
		return NULL;
	if (*path.data == '/')
		return path.data;
	if (*arguments != '"' && strncmp(arguments, "AT_FDCWD", 8))
		return NULL;
	return path_join(trace->request->directory ? trace->request->directory : "/", path.data);
}

static bool starts(const char *path, const char *with)
{
	return !strncmp(path, with, strlen(with));
}

/* Of file systems that the kernel makes itself nothing can be packed; and this machine's cache of libraries says nothing
 * of an image's. */
static void note_missing(struct trace *trace, const char *call)
{
	char *path = path_of(trace, call);

	if (path && !starts(path, "/proc/") && !starts(path, "/sys/") && !starts(path, "/dev/") &&
	    !starts(path, "/etc/ld.so."))
		strings_add_once(&trace->missing, path);
}

char *trace_line(struct trace *trace, char *line)
{
	const struct run_request *request = trace->request;
	const char *error, *text;
	char *call;

	if (request->record && recording_line(&trace->seen, line))
		return NULL;
	if (!request->strace && !request->missing)
		return line;
	call = call_of(line);
	error = call ? error_of(call) : NULL;
	if (!error)
		return line;
	if (request->missing && !strcmp(error, "ENOENT"))
		note_missing(trace, call);
	if (!request->strace)
		return NULL;
	text = text_of(error);
	return text ? format("%s (%s)", line, text) : line;
}

/* Where the dynamic linker looks for variants of libraries that few machines have. */
static bool is_variant(const char *path)
{
	return strstr(path, "/glibc-hwcaps/") || strstr(path, "/tls") || strstr(path, "/x86_64/") ||
	       !strcmp(path_base(path), "x86_64");
}

void trace_report(const struct trace *trace)
{
	struct strings here = { 0 }, gone = { 0 };

	if (trace->request->record)
		recording_write(&trace->seen, trace->request->record);
	if (!trace->request->missing)
		return;
	for (size_t i = 0; i < trace->missing.count; i++) {
		const char *path = trace->missing.at[i];

		if (file_exists(path))
			strings_add(&here, path);
		else if (!is_variant(path))
			strings_add(&gone, path);
	}
	if (!here.count && !gone.count)
		fprintf(stderr, "The program found every path that it sought.\n");
	if (here.count)
		fprintf(stderr, "Sought and not found; to pack what this machine has there:\n");
	for (size_t i = 0; i < here.count; i++)
		fprintf(stderr, "  --copy %s:%s\n", here.at[i], here.at[i]);
	if (gone.count)
		fprintf(stderr, "Sought and not found, nor on this machine:\n");
	for (size_t i = 0; i < gone.count; i++)
		fprintf(stderr, "  %s\n", gone.at[i]);
}
