/* The host's side of tests/unit/tap.h, compiled against the host's libc. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

bool ok(bool condition, const char *name, ...);
bool is(long long got, long long wanted, const char *name, ...);
bool is_text(const char *got, const char *wanted, const char *name, ...);
void note(const char *format, ...);
int tap_done(void);
void *host_alloc(size_t size, size_t align);
void host_free(void *p);
uint32_t host_random(void);
void *host_read_file(const char *path, size_t *ret_size);
int host_run(const char *command);
void host_log(const char *text);
void host_panic(const char *text) __attribute__((noreturn));

static unsigned points, failures;

__attribute__((constructor)) static void unbuffered(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
}

static bool point(bool condition, const char *name, va_list args)
{
	printf("%sok %u - ", condition ? "" : "not ", ++points);
	vprintf(name, args);
	putchar('\n');
	failures += !condition;
	return condition;
}

bool ok(bool condition, const char *name, ...)
{
	va_list args;

	va_start(args, name);
	point(condition, name, args);
	va_end(args);
	return condition;
}

bool is(long long got, long long wanted, const char *name, ...)
{
	va_list args;

	va_start(args, name);
	if (!point(got == wanted, name, args))
		printf("#   got %lld (%#llx), wanted %lld (%#llx)\n", got, got, wanted, wanted);
	va_end(args);
	return got == wanted;
}

bool is_text(const char *got, const char *wanted, const char *name, ...)
{
	bool same = got == wanted || (got && wanted && !strcmp(got, wanted));
	va_list args;

	va_start(args, name);
	if (!point(same, name, args))
		printf("#   got '%s', wanted '%s'\n", got ? got : "(null)", wanted ? wanted : "(null)");
	va_end(args);
	return same;
}

void note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("# ", stdout);
	vprintf(format, args);
	putchar('\n');
	va_end(args);
}

int tap_done(void)
{
	printf("1..%u\n", points);
	return failures ? 1 : 0;
}

void *host_alloc(size_t size, size_t align)
{
	void *p;

	if (posix_memalign(&p, align < sizeof(void *) ? sizeof(void *) : align, size ? size : 1))
		return NULL;
	return memset(p, 0, size);
}

void host_free(void *p)
{
	free(p);
}

uint32_t host_random(void)
{
	static uint64_t state;

	if (!state) {
		const char *seed = getenv("SEED");

		state = seed ? strtoull(seed, NULL, 0) : 20260101;
		printf("# SEED=%llu\n", (unsigned long long)state);
		state = state * 2 + 1;
	}
	/* A 64-bit linear congruence, its upper half: even enough to shuffle operations. */
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(state >> 32);
}

void *host_read_file(const char *path, size_t *ret_size)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	char *all;

	if (!f)
		return NULL;
	if (fstat(fileno(f), &st) || posix_memalign((void **)&all, 4096, (size_t)st.st_size + 1))
		abort();
	if (fread(all, 1, (size_t)st.st_size, f) != (size_t)st.st_size)
		abort();
	fclose(f);
	*ret_size = (size_t)st.st_size;
	return all;
}

static void remove_directory(void)
{
	int ignored = system("rm -rf \"$TMP\"");

	(void)ignored;
}

int host_run(const char *command)
{
	static char directory[] = "/tmp/whittle-unit-XXXXXX";
	static bool made;
	int status;

	if (!made) {
		if (!mkdtemp(directory))
			abort();
		setenv("TMP", directory, 1);
		atexit(remove_directory);
		made = true;
	}
	status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

void host_log(const char *text)
{
	printf("# log: %s\n", text);
}

void host_panic(const char *text)
{
	printf("Bail out! panic: %s\n", text);
	abort();
}
