/* The kernel command line. */
/* UNIT: core/param.c */
#include <core/log.h>
#include <core/param.h>
#include <core/slab.h>
#include <linux/errno.h>

#include "tests/unit/tap.h"

static char seen[1000];

static int note_value(char *value)
{
	size_t n = strlen(seen);

	format_text(seen + n, sizeof(seen) - n, "[%s]", value);
	return strcmp(value, "bad") == 0 ? -EINVAL : 0;
}

/* The set, as the linker script would make it. */
extern const struct boot_param params[];
const struct boot_param params[2] = { { "console", note_value, 0 }, { "virtio_mmio.device", note_value, PARAM_ANYWHERE } };
__asm__(".hidden set_begin_boot_param\n.hidden set_end_boot_param\n"
	".globl set_begin_boot_param, set_end_boot_param\n"
	".set set_begin_boot_param, params\n.set set_end_boot_param, params + 48\n");

static void line(const char *text, const char *values, const char *args)
{
	static char buf[1000], joined[1000];
	size_t n = 0;

	strscpy(buf, text, sizeof(buf));
	seen[0] = joined[0] = '\0';
	param_program_arg_count = 0;
	kfree(param_program_args);
	param_program_args = NULL;
	param_parse(buf);
	for (unsigned i = 0; i < param_program_arg_count; i++)
		n += (size_t)format_text(joined + n, sizeof(joined) - n, "[%s]", param_program_args[i]);
	is_text(seen, values, "parameters of: %s", text);
	is_text(joined, args, "program of: %s", text);
}

static void number(const char *text, int error, uint64_t value)
{
	uint64_t got = 0;

	is(param_number(text, &got), error, "\"%s\" as a number", text);
	if (!error)
		is((long long)got, (long long)value, "its value");
}

int main(void)
{
	line("", "", "");
	line("console=a", "[a]", "");
	line("  console=a\t console=b \n", "[a][b]", "");
	line("console", "[]", "");
	line("consoles=x other=1 console=y", "[y]", "");
	line("console=\"a b\" -- p", "[a b]", "[p]");
	line("\"console=a b\"", "[a b]", "");
	line("console=\"a \\\"q\\\" \\\\ \\n\"", "[a \"q\" \\ \\n]", "");
	line("-- /bin/p a \"b c\" \"\" d", "", "[/bin/p][a][b c][][d]");
	line("-- /bin/p a virtio_mmio.device=512@1:2 b", "[512@1:2]", "[/bin/p][a][b]");
	line("-- /bin/p console=z", "", "[/bin/p][console=z]");
	line("console=bad", "[bad]", "");
	line("console=\"never closed", "[never closed]", "");
	line("whittle.nosuch=1", "", "");
	number("0", 0, 0);
	number("123", 0, 123);
	number("0x1F", 0, 31);
	number("64K", 0, 65536);
	number("3m", 0, 3 << 20);
	number("2G", 0, 2ull << 30);
	number("18446744073709551615", 0, ~0ull);
	number("18446744073709551616", -ERANGE, 0);
	number("18446744073709551615K", -ERANGE, 0);
	number("", -EINVAL, 0);
	number("0x", -EINVAL, 0);
	number("12x", -EINVAL, 0);
	number("1KK", -EINVAL, 0);
	number("-1", -EINVAL, 0);
	kfree(param_program_args);
	return tap_done();
}
