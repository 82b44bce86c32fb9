/* ELF files from anyone, given to `whittle analyze`: a sentence or an answer, in bounded time and memory.
 *
 * The tool keeps what it allocates until it ends, and ends where it fails: here (by the linker's --wrap) allocations are
 * counted and freed after each input, and fail() comes back. Libraries that a file asks for are not opened.
 */
#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tools/analyze/analysis.h"
#include "tools/analyze/cache.h"
#include "tools/analyze/callers.h"
#include "tools/analyze/resolve.h"

enum { SLOTS = 1 << 16, MOST_BYTES = 512 << 20 };

/* What is allocated: a table by address. */
static struct {
	void *at;
	size_t size;
} slots[SLOTS];
static size_t bytes, taken;
static jmp_buf stopped;

void *__real_calloc(size_t count, size_t size);
void *__real_reallocarray(void *p, size_t count, size_t size);
char *__real_strndup(const char *s, size_t n);
int __real_vasprintf(char **ret, const char *fmt, va_list args);
void __real_free(void *p);
int __real_file_read(const char *path, struct buf *b);
int __wrap_file_read(const char *path, struct buf *b);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_reallocarray(void *p, size_t count, size_t size);
char *__wrap_strndup(const char *s, size_t n);
int __wrap_vasprintf(char **ret, const char *fmt, va_list args);
void __wrap_free(void *p);
void __wrap_fail(const char *fmt, ...);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void remember(void *p, size_t size)
{
	size_t i = (uintptr_t)p / 16 % SLOTS;

	while (slots[i].at)
		i = (i + 1) % SLOTS;
	slots[i].at = p;
	slots[i].size = size;
	bytes += size;
	/* Of an input of at most 128 KiB. */
	assert(bytes < MOST_BYTES && ++taken < SLOTS / 2);
}

static bool forget(void *p)
{
	size_t i = (uintptr_t)p / 16 % SLOTS, hole;

	while (slots[i].at != p) {
		if (!slots[i].at)
			return false;
		i = (i + 1) % SLOTS;
	}
	bytes -= slots[i].size;
	taken--;
	slots[i].at = NULL;
	/* Those behind that would not be found across the hole move into it. */
	for (hole = i, i = (i + 1) % SLOTS; slots[i].at; i = (i + 1) % SLOTS) {
		size_t home = (uintptr_t)slots[i].at / 16 % SLOTS;

		if ((i - home) % SLOTS >= (i - hole) % SLOTS) {
			slots[hole] = slots[i];
			slots[i].at = NULL;
			hole = i;
		}
	}
	return true;
}

void *__wrap_calloc(size_t count, size_t size)
{
	void *p = __real_calloc(count, size);

	remember(p, count * size);
	return p;
}

void *__wrap_reallocarray(void *p, size_t count, size_t size)
{
	if (p)
		forget(p);
	p = __real_reallocarray(p, count, size);
	remember(p, count * size);
	return p;
}

char *__wrap_strndup(const char *s, size_t n)
{
	char *p = __real_strndup(s, n);

	remember(p, strlen(p));
	return p;
}

int __wrap_vasprintf(char **ret, const char *fmt, va_list args)
{
	int n = __real_vasprintf(ret, fmt, args);

	remember(*ret, (size_t)n);
	return n;
}

void __wrap_free(void *p)
{
	if (p)
		forget(p);
	__real_free(p);
}

void __wrap_fail(const char *fmt, ...)
{
	char sentence[4096];
	va_list args;

	va_start(args, fmt);
	assert(vsnprintf(sentence, sizeof(sentence), fmt, args) > 10);
	va_end(args);
	longjmp(stopped, 1);
}

/* No room behind the file but for the zero byte that file_read() promises, so that reading more is seen. */
int __wrap_file_read(const char *path, struct buf *b)
{
	struct buf whole = { 0 };
	int error = __real_file_read(path, &whole);

	if (!error) {
		b->data = xcalloc(whole.size + 1, 1);
		b->size = whole.size;
		if (whole.size)
			memcpy(b->data, whole.data, whole.size);
	}
	__wrap_free(whole.data);
	return error;
}

void cache_units(const struct binary *o, struct units *u)
{
	units_find(o, u);
}

/* The file alone. */
void closure_add(struct closure *c, const char *host, const char *guest)
{
	struct needed_file *f = xcalloc(1, sizeof(*f));
	const char *why = program_read(host, &f->elf);

	if (why)
		__wrap_fail("%s %s", host, why);
	f->host = xstrdup(host);
	f->guest = xstrdup(guest);
	f->role = "program";
	c->files = xcalloc(1, sizeof(f));
	c->files[c->count++] = f;
}

struct needed_file *closure_open(struct closure *c, struct needed_file *user, const char *name)
{
	(void)user;
	assert(c->count == 1 && strlen(name) < MOST_BYTES);
	return NULL;
}

char *closure_here(const struct closure *c, const char *path)
{
	(void)c;
	return xstrdup(path);
}

char *path_absolute(const char *path)
{
	return xstrdup(path);
}

static void forget_all(void)
{
	resolve_forget();
	callers_forget();
	for (size_t i = 0; i < SLOTS; i++) {
		if (slots[i].at)
			__real_free(slots[i].at);
		slots[i].at = NULL;
	}
	bytes = taken = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	static char path[32];
	struct analysis a = { 0 };

	if (fd < 0) {
		fd = memfd_create("input", 0);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	if (ftruncate(fd, 0) || pwrite(fd, data, size, 0) != (ssize_t)size)
		return 0;
	if (!setjmp(stopped)) {
		analysis_run(&a, path);
		for (size_t i = 0; i < a.site_count; i++) {
			assert(a.sites[i].member == 0 && a.sites[i].unknown_in == 0);
			reach_function(&a.reach, 0, a.sites[i].unknown_at);
		}
	}
	forget_all();
	return 0;
}
