/* The kernel command line: words split at blanks, double quotes keep blanks, a backslash in quotes keeps the next
 * character; "--" ends the parameters. Single-threaded, at start. */
#include <core/log.h>
#include <core/param.h>
#include <core/slab.h>
#include <linux/errno.h>

COMPONENT("start", "the way from the loader to the program");

#define PROGRAM_ARGS_MAX 4096

char **param_program_args;
unsigned param_program_arg_count;

int param_number(const char *text, uint64_t *out)
{
	unsigned base = 10, shift = 0;
	uint64_t v = 0;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	}
	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		unsigned digit = *text >= '0' && *text <= '9' ? (unsigned)(*text - '0') :
				 *text >= 'a' && *text <= 'f' ? (unsigned)(*text - 'a' + 10) :
				 *text >= 'A' && *text <= 'F' ? (unsigned)(*text - 'A' + 10) : 16;

		if (digit >= base)
			break;
		if (__builtin_mul_overflow(v, (uint64_t)base, &v) || __builtin_add_overflow(v, (uint64_t)digit, &v))
			return -ERANGE;
	}
	if (*text == 'k' || *text == 'K')
		shift = 10;
	else if (*text == 'm' || *text == 'M')
		shift = 20;
	else if (*text == 'g' || *text == 'G')
		shift = 30;
	if (shift)
		text++;
	if (*text)
		return -EINVAL;
	if (shift && v >> (64 - shift))
		return -ERANGE;
	*out = v << shift;
	return 0;
}

/* The next word, unquoted in place, ended with a zero; *at moves behind it. NULL at the end. */
static char *next_word(char **at)
{
	char *from = *at, *to, *word;
	bool quoted = false;

	while (*from == ' ' || *from == '\t' || *from == '\n')
		from++;
	if (!*from)
		return NULL;
	word = to = from;
	for (; *from && (quoted || (*from != ' ' && *from != '\t' && *from != '\n')); from++) {
		if (*from == '"')
			quoted = !quoted;
		else if (quoted && *from == '\\' && (from[1] == '"' || from[1] == '\\'))
			*to++ = *++from;
		else
			*to++ = *from;
	}
	*at = *from ? from + 1 : from;
	*to = '\0';
	return word;
}

static bool is_param(const struct boot_param *p, const char *word)
{
	size_t n = strlen(p->name);

	return strncmp(p->name, word, n) == 0 && (word[n] == '=' || word[n] == '\0');
}

static bool belongs_to_kernel(const char *word)
{
	set_for_each(boot_param, p)
		if (p->flags & PARAM_ANYWHERE && is_param(p, word))
			return true;
	return false;
}

static void handle(char *word)
{
	char *value = strchr(word, '=');
	bool known = false;

	if (value)
		*value++ = '\0';
	set_for_each(boot_param, p) {
		if (!is_param(p, word))
			continue;
		known = true;
		if (p->handle(value ? value : word + strlen(word)) != 0)
			log_warn("parameter %s: value \"%s\" is not usable", word, value ? value : "");
	}
	if (!known && strncmp(word, "whittle.", 8) == 0)
		log_warn("parameter %s is not known to this kernel", word);
}

void param_parse(char *text)
{
	char *word;

	while ((word = next_word(&text)) != NULL) {
		if (strcmp(word, "--") != 0) {
			handle(word);
			continue;
		}
		param_program_args = kmalloc_array(PROGRAM_ARGS_MAX + 1, sizeof(char *));
		if (!param_program_args)
			panic("no memory for the program's arguments");
		param_program_arg_count = 0;
		while ((word = next_word(&text)) != NULL) {
			if (belongs_to_kernel(word))
				handle(word);
			else if (param_program_arg_count < PROGRAM_ARGS_MAX)
				param_program_args[param_program_arg_count++] = word;
		}
		param_program_args[param_program_arg_count] = NULL;
	}
}
