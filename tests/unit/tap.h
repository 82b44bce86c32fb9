/* TAP from a unit test: each check prints one point, tap_done() the plan. See tests/unit/README.
 *
 * No libc header is included here: a test is compiled like kernel code. Not for several threads.
 */
#ifndef TESTS_UNIT_TAP_H
#define TESTS_UNIT_TAP_H

/** ok() - one point. Return: @condition, so that a test can give up early. */
bool ok(bool condition, const char *name, ...) __printf(2, 3);
/** is() - two integers are equal; prints both if not. */
bool is(long long got, long long wanted, const char *name, ...) __printf(3, 4);
/** is_text() - two strings are equal; either may be NULL. */
bool is_text(const char *got, const char *wanted, const char *name, ...) __printf(3, 4);
/** note() - a comment line. */
void note(const char *format, ...) __printf(1, 2);
/** tap_done() - print the plan. Return: what main() returns. */
int tap_done(void);

/** host_alloc() - zeroed memory that ASan guards; host_free(NULL) does nothing. */
void *host_alloc(size_t size, size_t align);
void host_free(void *p);
/** host_random() - reproducible: seeded by $SEED, which the test prints; by default the same each time. */
uint32_t host_random(void);
/** host_read_file() - a whole file of the host, freed by the caller; NULL if it cannot be read. */
void *host_read_file(const char *path, size_t *ret_size);
/** host_run() - a shell command; $TMP is a directory of this test's. Return: its exit status. */
int host_run(const char *command);

#endif
