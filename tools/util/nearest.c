/* Which known names a mistyped word may have meant: edit distance with swapped neighbours, and common beginnings. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

#define LONGEST 64

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

static unsigned distance(const char *a, const char *b)
{
	unsigned d[LONGEST + 1][LONGEST + 1];
	size_t n = strlen(a), m = strlen(b);

	if (n > LONGEST || m > LONGEST)
		return LONGEST;
	for (unsigned i = 0; i <= n; i++)
		d[i][0] = i;
	for (unsigned j = 0; j <= m; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		for (size_t j = 1; j <= m; j++) {
			unsigned same = tolower(a[i - 1]) == tolower(b[j - 1]) ? 0 : 1;

			d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + same);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    d[i - 2][j - 2] + 1 < d[i][j])
				d[i][j] = d[i - 2][j - 2] + 1;
		}
	}
	return d[n][m];
}

/* Lower is nearer; LONGEST and more is not near at all. */
static unsigned score(const char *word, const char *name)
{
	size_t len = strlen(word);
	unsigned d = distance(word, name), allowed = len <= 3 ? 1 : len <= 6 ? 2 : (unsigned)len / 3;
	const char *colon = strchr(name, ':');

	if (d <= allowed)
		return d;
	if (len >= 3 && (!strncmp(word, name, len) || strstr(name, word)))
		return allowed + 1;
	if (colon && !strchr(word, ':') && distance(word, colon + 1) <= 1)
		return allowed + 1;
	return LONGEST;
}

const char *nearest(const char *word, const struct strings *names)
{
	const char *best[2] = { NULL, NULL };
	unsigned scores[2] = { LONGEST, LONGEST };

	for (size_t i = 0; i < names->count; i++) {
		unsigned s = score(word, names->at[i]);

		if (s < scores[0]) {
			scores[1] = scores[0];
			best[1] = best[0];
			scores[0] = s;
			best[0] = names->at[i];
		} else if (s < scores[1] && strcmp(names->at[i], best[0])) {
			scores[1] = s;
			best[1] = names->at[i];
		}
	}
	if (!best[0])
		return "";
	if (!best[1])
		return format(", did you mean %s?", best[0]);
	return format(", did you mean %s or %s?", best[0], best[1]);
}
