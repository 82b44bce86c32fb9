/* Texts that grow, and the load average, of /proc. */
/* UNIT: fs/proc/text.c fs/proc/load.c */
#include <core/clock.h>
#include <fs/proc/text.h>
#include <fs/proc/usage.h>

#include "tests/unit/tap.h"

static bool reads(const struct text *t, const char *wanted)
{
	return t->length == strlen(wanted) && !memcmp(t->data, wanted, t->length);
}

static void texts(void)
{
	struct text t = { NULL, 0, 0, false };
	static char line[5000];
	bool right = true;

	text_add(&t, "%d %s", 42, "words");
	ok(reads(&t, "42 words"), "formatted");
	text_put(&t, "\0x", 2);
	is((long long)t.length, 10, "bytes, zeroes too");
	text_free(&t);
	text_escaped(&t, "a b\\c\nd", " \n");
	ok(reads(&t, "a\\040b\\c\\012d"), "special ones in octal");
	text_free(&t);
	text_put(&t, "line\n", 5);
	text_add(&t, "abc");
	text_column(&t, 5, 6);
	text_add(&t, "d");
	text_column(&t, 5, 6);
	ok(reads(&t, "line\nabc   d "), "columns");
	text_free(&t);
	memset(line, 'x', sizeof(line) - 1);
	for (unsigned n = 0; n < sizeof(line); n += 7) {
		text_add(&t, "%.*s", (int)n, line);
		right &= t.length == n && (n == 0 || (t.data[0] == 'x' && t.data[n - 1] == 'x'));
		text_free(&t);
	}
	ok(right, "of any length at once");
	for (unsigned i = 0; i < 20000; i++)
		text_add(&t, "%05u\n", i);
	for (unsigned i = 0; i < 20000; i++)
		right &= t.data[i * 6 + 4] == (char)('0' + i % 10) && t.data[i * 6 + 5] == '\n';
	ok(right && t.length == 120000, "and bit by bit");
	text_free(&t);
}

/* A span's average in hundredths. */
static long long load_of(const struct load *l, unsigned span)
{
	return (long long)((l->average[span] * 100 + (1ull << (LOAD_SHIFT - 1))) >> LOAD_SHIFT);
}

static void loads(void)
{
	struct load l = { { 0, 0, 0 }, 0, 0 }, steps = l;

	load_advance(&l, NSEC_PER_SEC / 2, NSEC_PER_SEC / 2);
	is((long long)l.time_ns, 0, "less than a second is left for later");
	load_advance(&l, 60 * NSEC_PER_SEC, 60 * NSEC_PER_SEC);
	is(load_of(&l, 0), 63, "a minute of work: 1 - 1/e in the first average");
	is(load_of(&l, 1), 18, "1 - e^(-1/5) in the second");
	is(load_of(&l, 2), 6, "1 - e^(-1/15) in the third");
	for (uint64_t s = 1; s <= 60; s++)
		load_advance(&steps, s * NSEC_PER_SEC, s * NSEC_PER_SEC);
	is(load_of(&steps, 0), 63, "asked each second it is the same");
	load_advance(&l, 660 * NSEC_PER_SEC, 60 * NSEC_PER_SEC);
	is(load_of(&l, 0), 0, "ten minutes without work");
	is(load_of(&l, 2), 3, "are not yet forgotten");
	load_advance(&l, 700 * NSEC_PER_SEC, 0);
	ok(l.run_ns == 0, "used time may shrink when a process ends");
	load_advance(&l, 1000000000 * NSEC_PER_SEC, 500000000 * NSEC_PER_SEC);
	is(load_of(&l, 2), 50, "thirty years, half of them at work");
}

int main(void)
{
	texts();
	loads();
	return tap_done();
}
