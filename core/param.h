/* Parameters of the kernel command line (core/param.c), Linux's names where Linux has them, ours as whittle.NAME.
 *
 *     BOOT_PARAM(loglevel, "loglevel", set_loglevel);
 *
 * The boot area's parameters are parsed first, then the loader's: the later wins. A handler is called once for each
 * time that its parameter occurs, before any initcall, with memory allocation at work.
 */
#ifndef CORE_PARAM_H
#define CORE_PARAM_H

struct boot_param {
	const char *name;                /* up to and without '=' */
	int (*handle)(char *value);      /* "" without '='; the text stays; 0, or -EINVAL: a warning names it */
	uint64_t flags;                  /* PARAM_* */
};
#define PARAM_ANYWHERE 1u /* also behind "--": QEMU's microvm appends its own at the very end */
SET_DECLARE(boot_param, struct boot_param, 24);

#define BOOT_PARAM(ident, text, fn) SET_ENTRY(boot_param, ident, struct boot_param) = { text, fn, 0 }
#define BOOT_PARAM_ANYWHERE(ident, text, fn)                                                        \
	SET_ENTRY(boot_param, ident, struct boot_param) = { text, fn, PARAM_ANYWHERE }

/** param_number() - a whole number, decimal or 0x, with K, M, G. Return: 0, -EINVAL, -ERANGE. */
int param_number(const char *text, uint64_t *out);

/** param_parse() - split @text and call the handlers. @text is kept and changed. Words behind "--" are collected. */
void param_parse(char *text);

/* What is behind "--": the program and its arguments; later ones replace earlier ones as a whole. */
extern char **param_program_args;
extern unsigned param_program_arg_count;

/* All that was given, as it was: the boot area's first, a blank between. For /proc/cmdline. */
extern const char *param_command_line;

#endif
