/* The table is made from <asm/unistd_64.h> (tools/tool.mk). */
#include "calls.h"

#include <string.h>

#include "tools/util/util.h"

static const char *const names[] = {
#include "calls.inc"
};

unsigned calls_limit(void)
{
	return COUNT(names);
}

const char *calls_name(long number)
{
	return number >= 0 && (size_t)number < COUNT(names) ? names[number] : NULL;
}

long calls_number(const char *name)
{
	for (size_t i = 0; i < COUNT(names); i++) {
		if (names[i] && !strcmp(names[i], name))
			return (long)i;
	}
	return -1;
}

unsigned calls_count(void)
{
	unsigned count = 0;

	for (size_t i = 0; i < COUNT(names); i++)
		count += names[i] != NULL;
	return count;
}
