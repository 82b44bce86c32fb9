/* Quotes words as the kernel's command line has them: a word with blanks or quotes stands in double quotes, and within
 * them \" and \\ are " and \.
 */
#include "params.h"

#include <string.h>

void params_add(struct buf *text, const char *word)
{
	if (text->size)
		buf_add(text, " ", 1);
	if (*word && !strpbrk(word, " \t\n\r\v\f\"\\")) {
		buf_add(text, word, strlen(word));
		return;
	}
	buf_add(text, "\"", 1);
	for (; *word; word++) {
		if (*word == '"' || *word == '\\')
			buf_add(text, "\\", 1);
		buf_add(text, word, 1);
	}
	buf_add(text, "\"", 1);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* Takes the next word off @text. Return: false at the end. */
static bool next_word(const char **text, const char *end, struct buf *word)
{
	const char *p = *text;
	bool quoted = false;

	word->size = 0;
	while (p < end && is_blank(*p))
		p++;
	if (p == end)
		return false;
	for (; p < end && (quoted || !is_blank(*p)); p++) {
		if (*p == '"') {
			quoted = !quoted;
			continue;
		}
		if (quoted && *p == '\\' && p + 1 < end && (p[1] == '"' || p[1] == '\\'))
			p++;
		buf_add(word, p, 1);
	}
	buf_add(word, "", 0);
	*text = p;
	return true;
}

char *params_program(const char *text, size_t size)
{
	const char *end = text + size;
	struct buf word = { 0 };

	while (next_word(&text, end, &word)) {
		if (!strcmp(word.data, "--"))
			return next_word(&text, end, &word) ? xstrdup(word.data) : NULL;
	}
	return NULL;
}
