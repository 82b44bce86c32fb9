/* format_text() writes what the C library's snprintf() does: every conversion with every flag, and into too little room. */
/* UNIT: core/format.c */
#include <core/log.h>

#include "tests/unit/tap.h"

int snprintf(char *to, size_t size, const char *format, ...);
int printf(const char *format, ...);

static const char *const flags[] = { "", "-", "0", "+", "#", "-0", "+0", "#0", "-+", "-#" };
static const char *const sizes[] = { "", "3", "9", "24", ".0", ".1", ".5", "12.7", "4.9" };
static const char *const kinds[] = { "d", "ld", "hd", "hhd", "zd", "u", "lu", "hu", "x", "lx", "X", "hhx" };
static const uint64_t values[] = { 0, 1, 9, 10, 255, 1000000, 0x7fffffff, 0x80000000, 0xffffffff, INT64_MAX, 1ull << 63, UINT64_MAX };

static unsigned wrong;

/* C gives '+' a meaning for signed numbers only, '#' for hexadecimal ones; of zero it leaves our "0x" out. */
static bool has_meaning(const char *flag, const char *kind, uint64_t v)
{
	bool is_signed = strchr(kind, 'd'), hexadecimal = strchr(kind, 'x') || strchr(kind, 'X');

	return (!strchr(flag, '+') || is_signed) && (!strchr(flag, '#') || (hexadecimal && (uint8_t)v));
}

static void same(const char *format, uint64_t v, size_t room)
{
	char ours[64], theirs[64];
	int n, m;

	memset(ours, 'z', sizeof(ours));
	memset(theirs, 'z', sizeof(theirs));
	n = format_text(ours, room, format, v);
	m = snprintf(theirs, room, format, v);
	if (n == m && !memcmp(ours, theirs, sizeof(ours)))
		return;
	if (!wrong++)
		printf("# %s of %lx in %lu: \"%.20s\", %d, not \"%.20s\", %d\n", format, (unsigned long)v, (unsigned long)room, ours,
		       n, theirs, m);
}

int main(void)
{
	char text[16];

	for (unsigned f = 0; f < ARRAY_SIZE(flags); f++)
		for (unsigned s = 0; s < ARRAY_SIZE(sizes); s++)
			for (unsigned k = 0; k < ARRAY_SIZE(kinds); k++)
				for (unsigned v = 0; v < ARRAY_SIZE(values); v++)
					for (size_t room = 0; room <= 48; room += 12) {
						char format[32];

						if (!has_meaning(flags[f], kinds[k], values[v]))
							continue;
						snprintf(format, sizeof(format), "<%%%s%s%s>", flags[f], sizes[s], kinds[k]);
						same(format, values[v], room);
					}
	is(wrong, 0, "numbers");
	is(format_text(text, sizeof(text), "%s|%5s|%-5s|%.2s", "a", "bc", "de", "fgh"), 16, "the length counts what does not fit");
	is(memcmp(text, "a|   bc|de   |f", 16), 0, "text, padded and cut");
	is(format_text(text, sizeof(text), "%c%%%*d%.*s", 'x', 4, 7, 2, "yz!"), 8, "widths and precisions as arguments");
	is(memcmp(text, "x%   7yz", 9), 0, "a character, a per cent sign");
	return tap_done();
}
