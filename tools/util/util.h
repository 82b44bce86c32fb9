/* What every part of the tool uses: failing with one sentence, memory, strings, files, commands.
 *
 * The tool is a process that does one thing and ends: memory lives until then and is not freed piece by piece, and an
 * error that the user must act on ends it (fail()), removing the temporary files made so far.
 */
#ifndef TOOLS_UTIL_H
#define TOOLS_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PRINTF(n, m) __attribute__((format(printf, n, m)))
#define COUNT(a)     (sizeof(a) / sizeof((a)[0]))

/** fail_status - what fail() exits with: 2 (unusable input); `whittle run` sets 125. */
extern int fail_status;
/** fail() - print "whittle: SENTENCE" on stderr, remove temporary files, exit with fail_status. */
_Noreturn void fail(const char *fmt, ...) PRINTF(1, 2);
/** warn() - print "whittle: SENTENCE" on stderr and go on. */
void warn(const char *fmt, ...) PRINTF(1, 2);

void *xcalloc(size_t count, size_t size);
void *xrealloc(void *p, size_t count, size_t size);
/** sort() - qsort() that also takes NULL, where nothing was added. */
void sort(void *at, size_t count, size_t size, int (*compare)(const void *a, const void *b));
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
/** format() - a new string, as printf would print it. */
char *format(const char *fmt, ...) PRINTF(1, 2);

/** struct buf - bytes that grow; a zero byte that is not counted follows them. All zero is an empty one. */
struct buf {
	char *data;
	size_t size, capacity;
};
void buf_add(struct buf *b, const void *data, size_t size);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
/** buf_align() - add zero bytes up to a multiple of @align. */
void buf_align(struct buf *b, size_t align);

/** struct strings - a list of strings; at[count] is NULL once something was added. */
struct strings {
	char **at;
	size_t count, capacity;
};
void strings_add(struct strings *l, const char *s);
/** strings_add_once() - add unless it is there. Return: whether it was added. */
bool strings_add_once(struct strings *l, const char *s);
bool strings_has(const struct strings *l, const char *s);
bool strings_remove(struct strings *l, const char *s);
void strings_sort(struct strings *l);

/** nearest() - ", did you mean A or B?" for a mistyped @word, or "" when nothing in @names is near. */
const char *nearest(const char *word, const struct strings *names);

/** parse_size() - a size like 512M, 64k, 1G or bytes. Return: false when it is none. */
bool parse_size(const char *text, uint64_t *out);
/** parse_number() - a decimal number from @low to @high. */
bool parse_number(const char *text, unsigned long low, unsigned long high, unsigned long *out);

/** file_read() - a whole file into @b. Return: 0, or an errno. */
int file_read(const char *path, struct buf *b);
void must_read(const char *path, struct buf *b);
bool file_exists(const char *path);
#define TOOL_ARCH "x86_64" /* whose components and programs: the only one so far */
/** tool_dirs() - where the component set may be: beside the tool in a build, and where it is installed. */
void tool_dirs(char *dirs[2]);
/** path_join() - @dir/@name.   path_base(): the part after the last slash.   path_dir(): the part before, or ".". */
char *path_join(const char *dir, const char *name);
const char *path_base(const char *path);
char *path_dir(const char *path);
/** make_dirs() - make @path and what is above it. */
void make_dirs(const char *path);

/** temp_dir() - a new directory that is removed, with what is in it, when the tool ends. */
char *temp_dir(void);
/**
 * output_new() - a name beside @path to write to; it becomes @path when outputs_commit() is called after all is well,
 * and is removed when the tool ends before.
 */
char *output_new(const char *path);
void output_write(const char *path, const void *data, size_t size, unsigned mode);
void outputs_commit(void);

/**
 * command() - run a program and wait for it.
 * @argv: found by PATH.   @errors: what it printed on stderr, or NULL to let it through; stdout goes to stderr too.
 * Return: its exit status, 128 + N after signal N, -1 when it could not be started.
 */
int command(const char *const *argv, struct buf *errors);
/** first_line() - the first line of @b that is not empty, for a message. */
char *first_line(const struct buf *b);

void sha256(const void *data, size_t size, uint8_t out[32]);
char *hex(const uint8_t *data, size_t size);

#endif
